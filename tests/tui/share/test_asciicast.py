"""Recordings: what a player gets to see is what the screen showed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pyte
import pytest
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Label

from gradtui.model.names import SPEEDS
from gradtui.model.state import State
from gradtui.model.timeline import Grain
from gradtui.share.asciicast import Recorder, film, moments
from gradtui.text.formats import short
from gradtui_engine import Experiment
from tests.tui.helpers import timeline_of, trace_of

SMALL = Experiment(depth=3, width=4, batch=2)
SIZE = (50, 12)


class Numbers(Widget):
    """The gradients that are known at a step, in colours, in two scripts."""

    DEFAULT_CSS = "Numbers { border: round green; width: 100%; height: 100%; }"
    state = State(SMALL)

    def show(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.border_title = f"step {state.step}"
            self.refresh()

    def render_line(self, y: int) -> Strip:
        trace, known = trace_of(SMALL), timeline_of(SMALL).known[self.state.step]
        text = f"步 {self.state.step} {self.state.message}"
        if 0 < y <= len(trace.stages):
            stage = trace.stages[-y]
            text = f"层 {stage.index} ██▌ {short(stage.gradient_norm)}" if stage.index >= known else "·"
        return Strip([Segment(text, Style.parse("bold red on #102030"))]).adjust_cell_length(self.size.width)


class Small(App[None]):
    """An app with a state and a way to draw another one, as the film needs it."""

    state = State(SMALL, step=5)

    def compose(self) -> ComposeResult:
        yield Numbers()

    def show(self, state: State) -> None:
        self.screen_stack[0].query_one(Numbers).show(state)

    def on_key(self) -> None:
        self.state = replace(self.state, step=7)
        self.show(self.state)


Script = Callable[[Small, Pilot[None]], Awaitable[None]]


def play(script: Script) -> None:
    async def session() -> None:
        app = Small()
        async with app.run_test(size=SIZE) as pilot:
            app.show(app.state)
            await pilot.pause()
            await script(app, pilot)

    asyncio.run(session())


def on_screen(app: Small) -> list[str]:
    """The rows of text that the app shows."""
    return [strip.text for strip in app.screen_stack[0]._compositor.render_strips()]


def replayed(cast: str, until: float = float("inf")) -> list[str]:
    """The rows that a player shows at a time."""
    size = SIZE
    screen = pyte.Screen(*size)
    stream = pyte.Stream(screen)
    for seconds, kind, data in events(cast):
        if kind == "r":
            size = tuple(map(int, data.split("x")))  # type: ignore[assignment]
            screen.resize(size[1], size[0])
        elif seconds <= until:
            stream.feed(data)
    # A cell after a wide glyph is empty.
    return ["".join(screen.buffer[row][column].data for column in range(size[0])) for row in range(size[1])]


def header(cast: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cast.splitlines()[0])
    return found


def events(cast: str) -> list[tuple[float, str, str]]:
    return [tuple(json.loads(line)) for line in cast.splitlines()[1:]]


def made(states: list[State], while_at_it: Script | None = None) -> tuple[str, list[list[str]]]:
    """A film of the states, and what the screen shows at each of them."""
    found: list[Any] = []

    async def script(app: Small, pilot: Pilot[None]) -> None:
        rows = []
        for state in states:
            app.show(state)
            await pilot.pause()
            rows.append(on_screen(app))
        app.show(app.state)
        task = asyncio.create_task(film(app, states, app.show, lambda: app.state, "a title"))
        if while_at_it is not None:
            await while_at_it(app, pilot)
        found.extend((await task, rows))

    play(script)
    return found[0], found[1]


# -- the states of a playback ------------------------------------------------------------------------------


def test_a_playback_goes_from_the_first_step_to_the_last_without_leaving_one_out() -> None:
    timeline = timeline_of(SMALL)
    states = moments(State(SMALL, step=3, selected=1, message="copied"), timeline)
    assert [state.step for state in states] == list(range(timeline.last + 1))
    assert {(state.selected, state.message) for state in states} == {(None, "")}
    assert [state.playing for state in states] == [True] * timeline.last + [False]


def test_a_playback_by_stages_is_shorter_and_ends_at_the_same_step() -> None:
    timeline = timeline_of(SMALL)
    states = moments(State(SMALL, grain=Grain.STAGE), timeline)
    assert states[-1].step == timeline.last
    assert len(states) < timeline.last
    places = [(timeline.phases[state.step], timeline.places[state.step]) for state in states]
    assert all(one != other for one, other in pairwise(places))


@pytest.mark.parametrize("most", [2, 3, 7])
def test_a_long_playback_is_thinned_out_evenly(most: int) -> None:
    timeline = timeline_of(SMALL)
    steps = [state.step for state in moments(State(SMALL), timeline, most)]
    assert len(steps) == most
    assert (steps[0], steps[-1]) == (0, timeline.last)
    gaps = [other - one for one, other in pairwise(steps)]
    assert max(gaps) - min(gaps) <= 1


# -- films -------------------------------------------------------------------------------------------------


def test_a_player_shows_each_frame_as_the_screen_did() -> None:
    states = moments(State(SMALL), timeline_of(SMALL))
    cast, rows = made(states)
    assert len({tuple(each) for each in rows}) == len(states)
    at = 0.0
    for index, expected in enumerate(rows):
        assert replayed(cast, at) == expected, f"frame {index}"
        at = 1.0 if index == 0 else at + 1 / SPEEDS[states[0].speed]
        at = round(at, 6) + 1e-5
    assert replayed(cast) == rows[-1]


def test_a_film_lasts_as_long_as_the_playback_at_its_speed() -> None:
    slow, fast = (moments(State(SMALL, speed=speed), timeline_of(SMALL)) for speed in (0, 4))
    lengths = [events(made(states)[0])[-1][0] for states in (slow, fast)]
    frames = len(slow) - 2  # the first and the last stand for a time of their own
    assert lengths[0] - lengths[1] == pytest.approx(frames * (1 / SPEEDS[0] - 1 / SPEEDS[4]))


def test_a_film_is_an_asciicast_of_the_second_version() -> None:
    cast, _ = made(moments(State(SMALL), timeline_of(SMALL))[:3])
    found = header(cast)
    assert (found["version"], found["width"], found["height"], found["title"]) == (2, *SIZE, "a title")
    times = [seconds for seconds, _, _ in events(cast)]
    assert times == sorted(times)
    assert times[0] == 0.0
    assert {kind for _, kind, _ in events(cast)} == {"o"}


def test_a_film_of_the_same_states_is_the_same_film() -> None:
    states = moments(State(SMALL), timeline_of(SMALL))
    assert made(states)[0] == made(states)[0]


def test_rows_that_stay_are_not_drawn_again() -> None:
    state = State(SMALL)
    cast, rows = made([state, state, state])
    assert replayed(cast) == rows[0]
    assert sum(len(data) > 30 for _, _, data in events(cast)) == 1


def test_the_screen_is_as_it_was_when_the_film_is_done() -> None:
    async def script(app: Small, pilot: Pilot[None]) -> None:
        before = on_screen(app)
        shares: list[float] = []
        await film(app, moments(app.state, timeline_of(SMALL)), app.show, lambda: app.state, "", shares.append)
        await pilot.pause()
        assert on_screen(app) == before
        assert app._batch_count == 0
        assert shares == sorted(shares)
        assert shares[-1] == 1.0

    play(script)


def test_keys_are_served_while_a_film_is_made_and_do_not_get_into_it() -> None:
    async def press(app: Small, pilot: Pilot[None]) -> None:
        await pilot.press("x")
        assert app.state.step == 7

    states = moments(State(SMALL), timeline_of(SMALL))
    cast, rows = made(states, press)
    assert cast == made(states)[0]
    assert replayed(cast) == rows[-1]


def test_a_dialog_over_the_screen_is_not_in_the_film() -> None:
    class Dialog(ModalScreen[None]):
        def compose(self) -> ComposeResult:
            yield Label("a dialog")

    async def script(app: Small, pilot: Pilot[None]) -> None:
        await app.push_screen(Dialog())
        states = moments(app.state, timeline_of(SMALL))
        cast = await film(app, states, app.show, lambda: app.state, "")
        assert "a dialog" not in cast
        assert "步" in cast

    play(script)


def test_a_film_that_is_given_up_leaves_the_screen_as_it_was() -> None:
    async def script(app: Small, pilot: Pilot[None]) -> None:
        before = on_screen(app)
        states = moments(app.state, timeline_of(SMALL)) * 50
        task = asyncio.create_task(film(app, states, app.show, lambda: app.state, ""))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await pilot.pause()
        assert on_screen(app) == before
        assert app._batch_count == 0

    play(script)


def test_a_terminal_that_is_resized_is_resized_in_the_film() -> None:
    states = moments(State(SMALL), timeline_of(SMALL))

    async def script(app: Small, pilot: Pilot[None]) -> None:
        task = asyncio.create_task(film(app, states * 20, app.show, lambda: app.state, ""))
        await pilot.resize_terminal(40, 9)
        cast = await task
        assert [data for _, kind, data in events(cast) if kind == "r"] == ["40x9"]
        app.show(states[-1])
        await pilot.pause()
        assert replayed(cast) == on_screen(app)

    play(script)


# -- recordings of a session -------------------------------------------------------------------------------


def recorded(*texts: str) -> list[str]:
    """What a player is sent for what a terminal was sent."""
    recorder = Recorder(20, 3, lambda: 0.0, "")
    for text in texts:
        recorder.write(text)
    return [data for _, _, data in events(recorder.finish())][1:-1]


@pytest.mark.parametrize(
    "private",
    [
        "\x1b[6n", "\x1b[c", "\x1b[>c", "\x1b[?2026$p", "\x1b[?2026h", "\x1b[?1049h", "\x1b[?1000h", "\x1b[?1003l",
        "\x1b[?1004h", "\x1b[?2004h", "\x1b[?2048$p", "\x1b[>1u", "\x1b[<u", "\x1b[?u", "\x1b[14t", "\x1b[?25h", "\x07",
        "\x1b]52;c;c2VjcmV0\x07", "\x1b]11;?\x1b\\", "\x1b]0;title\x07", "\x1bP$q\x1b\\", "\x1b_Gi=31;AAAA\x1b\\",
        "\x1b(B",
    ],
)  # fmt: skip
def test_what_is_between_the_program_and_its_terminal_is_left_out(private: str) -> None:
    assert recorded(private) == []
    assert recorded(f"one{private}two") == ["onetwo"]


@pytest.mark.parametrize(
    "drawn",
    ["text ∂ 层", "\x1b[3;4H", "\x1b[2J", "\x1b[K", "\x1b[1;38;2;1;2;3m", "\x1b[0m", "\r\n", "\x1b]8;;http://a\x1b\\"],
)
def test_what_draws_is_kept(drawn: str) -> None:
    assert recorded(drawn) == [drawn]


def test_the_times_are_those_of_the_clock_since_the_start() -> None:
    times = iter([100.0, 100.0, 100.25, 103.5])
    recorder = Recorder(20, 3, lambda: next(times), "")
    recorder.write("one")
    assert [seconds for seconds, _, _ in events(recorder.finish())] == [0.0, 0.25, 3.5]

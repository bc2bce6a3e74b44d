"""Recordings: what a player gets to see is what the screen showed."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import pyte
import pytest
from rich.cells import set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from gradtui.model.names import SPEEDS
from gradtui.model.state import State
from gradtui.model.timeline import Grain
from gradtui.share.asciicast import Frame, Recorder, film, moments
from gradtui_engine import Experiment
from gradtui_engine.core.figures import short
from tests.tui.helpers import timeline_of, trace_of

SMALL = Experiment(depth=3, width=4, batch=2)
SIZE = (50, 12)


class Screen:
    """Draws the gradients that are known at a step, in colours, in two scripts; its size may change."""

    def __init__(self) -> None:
        self.size = SIZE
        self._console = Console(force_terminal=True, color_system="truecolor", _environ={})

    def draw(self, state: State) -> Frame:
        width, height = self.size
        style = Style.parse("bold red on #102030")
        strips = [Strip([Segment(text, style)]).adjust_cell_length(width) for text in self._texts(state)]
        return Frame(self.size, [strip.render(self._console) for strip in strips][:height])

    def rows(self, state: State) -> list[str]:
        """The rows of text that are to be seen."""
        width, height = self.size
        return [set_cell_size(text, width) for text in self._texts(state)][:height]

    def _texts(self, state: State) -> list[str]:
        trace, known = trace_of(SMALL), timeline_of(SMALL).known[state.step]
        texts = [f"步 {state.step} {state.message}"]
        for stage in reversed(trace.stages):
            texts.append(f"层 {stage.index} ██▌ {short(stage.gradient_norm)}" if stage.index >= known else "·")
        return texts + [""] * (SIZE[1] - len(texts))


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


def made(states: list[State]) -> tuple[str, list[list[str]]]:
    """A film of the states, and what the screen shows at each of them."""
    screen = Screen()
    return asyncio.run(film(states, screen.draw, "a title")), [screen.rows(state) for state in states]


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


def test_it_is_told_how_far_a_film_is_and_when_it_is_done() -> None:
    shares: list[float] = []
    states = moments(State(SMALL), timeline_of(SMALL))
    asyncio.run(film(states, Screen().draw, "", shares.append))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_others_have_their_turn_between_two_frames() -> None:
    states, turns = moments(State(SMALL), timeline_of(SMALL)), [0]

    async def other() -> None:
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    async def both() -> None:
        task = asyncio.create_task(other())
        await film(states, Screen().draw, "")
        task.cancel()

    asyncio.run(both())
    assert turns[0] >= len(states)


def test_a_terminal_that_is_resized_is_resized_in_the_film() -> None:
    states, screen = moments(State(SMALL), timeline_of(SMALL)), Screen()

    def draw(state: State) -> Frame:
        if state.step >= 5:
            screen.size = (40, 9)
        return screen.draw(state)

    cast = asyncio.run(film(states, draw, ""))
    assert [data for _, kind, data in events(cast) if kind == "r"] == ["40x9"]
    assert replayed(cast) == screen.rows(states[-1])


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

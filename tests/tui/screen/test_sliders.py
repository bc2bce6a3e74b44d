"""Sliders: what they can be moved to, what moving one shows, and how it is kept or taken back."""

from __future__ import annotations

import asyncio

import pytest
from textual.geometry import Region
from textual.widgets import Input, OptionList

from gradtui.model import events as e
from gradtui.model.state import State
from gradtui.screen.app import GradtuiApp
from gradtui.screen.dialogs.dialogs import Picker
from gradtui.screen.dialogs.slider import Slider, _Track
from gradtui.screen.dialogs.slides import SLIDES, Slide, track
from gradtui.text.spans import text_of, width_of
from gradtui.views.arrangement import arrange
from gradtui_engine import Experiment, simulate
from gradtui_engine.core.figures import short
from gradtui_engine.experiment.experiment import options
from gradtui_engine.rules.clipping import global_norm
from tests.examples import covering
from tests.tui.helpers import Pilot, play, settled, shown, until

SMALL = Experiment(depth=3, width=4, batch=4)
LSTM = Experiment(cell="lstm", data="gaussian", steps=6, width=4, batch=2, forget_bias=0.0)


@pytest.fixture(params=SLIDES.values(), ids=SLIDES.names)
def slide(request: pytest.FixtureRequest) -> Slide:
    row: Slide = request.param
    return row


def text(app: GradtuiApp) -> str:
    """What stands in the slider."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def typed(app: GradtuiApp) -> str:
    return app.screen.query_one(Input).value


# -- the table -------------------------------------------------------------------------------------------------


def test_every_notch_is_a_value_that_the_field_accepts_and_reads_back_to_itself(slide: Slide) -> None:
    kind = options()[slide.name].kind
    for notch in slide.notches:
        assert kind.check(notch) == notch
    assert list(slide.notches) == sorted(set(slide.notches))
    assert set(slide.stops) <= set(slide.notches)
    assert (slide.stops[0], slide.stops[-1]) == (slide.notches[0], slide.notches[-1])


def test_notches_and_stops_lead_from_end_to_end_and_back(slide: Slide) -> None:
    for step, places in ((slide.moved, slide.notches), (slide.leapt, slide.stops)):
        for by, way in ((1, places), (-1, places[::-1])):
            value, walked = way[0], [way[0]]
            for _ in way[1:]:
                value = step(value, by)
                walked.append(value)
            assert tuple(walked) == way
            assert step(value, by) == value, "at the end it stays"


def test_a_value_between_two_notches_goes_to_either_of_them(slide: Slide) -> None:
    for below, above in zip(slide.notches, slide.notches[1:], strict=False):
        between = (below + above) / 2
        assert (slide.moved(between, -1), slide.moved(between, 1)) == (below, above)
        assert slide.share(below) < slide.share(between) < slide.share(above)


def test_a_place_on_the_track_is_the_notch_that_is_drawn_there(slide: Slide) -> None:
    for notch in slide.notches:
        assert slide.at(slide.share(notch)) == notch
    assert (slide.at(-1), slide.at(2)) == (slide.notches[0], slide.notches[-1])


@pytest.mark.parametrize("width", [30, 40, 60])
def test_the_track_has_a_handle_where_the_value_is_and_its_ends_are_named(slide: Slide, width: int) -> None:
    for value in (slide.notches[0], slide.moved(None, 1), slide.notches[-1]):
        line, labels = track(slide, value, width)
        assert width_of(line) == width_of(labels) == width
        assert text_of(line).index("●") == round(slide.share(value) * (width - 1))
        assert [float(label) for label in text_of(labels).split()][:: len(text_of(labels).split()) - 1] == [
            slide.stops[0],
            slide.stops[-1],
        ]


# -- moving ----------------------------------------------------------------------------------------------------


def test_the_picture_and_the_sentence_follow_the_forget_bias_and_one_undo_leads_back() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("b", "right")
        await settled(app, pilot)
        assert isinstance(app.screen, Slider)
        assert app.state.experiment == LSTM.replace(forget_bias=0.25)
        await pilot.press("up", "up")
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.experiment.forget_bias == 4.0
        ratio = simulate(LSTM.replace(forget_bias=4.0)).outcome.ratio
        await pilot.pause()
        assert short(ratio) in text(app)
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.state.experiment.forget_bias == 4.0
        await pilot.press("u")
        assert app.state.experiment == LSTM

    play(script, LSTM)


def test_escape_takes_back_whatever_was_tried_and_undo_knows_nothing_of_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("d", "right", "right", "pageup", "escape")
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.experiment == app.state.experiment == SMALL
        assert app.state.past == ()

    play(script, SMALL)


def test_enter_without_a_move_gives_nothing_that_followed_from_other_fields() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("F", "end", "enter", "enter")
        await settled(app, pilot)
        assert app.state.experiment == SMALL
        assert app.state.past == ()

    play(script, SMALL)


def test_digits_are_typed_over_the_value_and_tried_at_once() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("d", "right", "7")
        assert typed(app) == "7"
        await until(pilot, lambda: app.state.experiment.depth == 7, "seven layers")
        await pilot.press("left")
        assert typed(app) == "6"
        await pilot.press("home")
        assert typed(app) == "1"

    play(script, SMALL)


def test_of_many_notches_the_last_one_is_what_is_computed_in_the_end() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("d", *["right"] * 12)
        wanted = int(typed(app))
        await until(pilot, lambda: app.state.loaded and app.state.experiment.depth == wanted, "the last one")
        assert app.record is not None
        assert app.record.experiment.depth == wanted
        assert wanted == 18

    play(script, SMALL.replace(depth=2))


def test_the_mouse_drags_the_handle() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("d")
        bar = app.screen.query_one(_Track)
        await pilot.mouse_down(bar, offset=(0, 0))
        assert typed(app) == "1"
        await pilot.hover(bar, offset=(bar.size.width - 1, 0))
        assert typed(app) == "200"
        await pilot.mouse_up(bar, offset=(bar.size.width - 1, 0))
        await pilot.hover(bar, offset=(3, 0))
        assert typed(app) == "200", "let go"
        await pilot.press("escape")

    play(script, SMALL)


# -- which fields, and whose -----------------------------------------------------------------------------------


def sliders(app: GradtuiApp) -> tuple[str, ...]:
    assert isinstance(app.screen, Picker)
    return app.screen._names


def test_the_list_has_what_acts_on_the_network_and_nothing_else() -> None:
    cases = {
        SMALL: {"depth", "width", "gain", "clip threshold", "learning rate"},
        SMALL.replace(sigma_w=1.0, activation="prelu", residual="scaled", optimizer="momentum"): {
            "depth", "width", "sigma w", "slope", "residual scale", "clip threshold", "learning rate", "momentum",
        },
        LSTM: {"width", "steps", "gain", "forget bias", "input bias", "clip threshold", "learning rate"},
        Experiment(cell="lstm", width=4, batch=2, pin_forget=1.0): {
            "width", "gain", "input bias", "pin forget", "clip threshold", "learning rate",
        },
    }  # fmt: skip

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for experiment, wanted in cases.items():
            app.send(e.Change(experiment))
            await settled(app, pilot)
            await pilot.press("F")
            assert set(sliders(app)) == wanted
            await pilot.press("escape")

    play(script, SMALL)


def test_a_clip_threshold_brings_its_clipping_along() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("F", "c", "enter", "left")
        await settled(app, pilot)
        assert app.state.experiment == SMALL.replace(clip="norm", clip_threshold=0.8)
        length = global_norm(simulate(SMALL).trace.parameter_gradients)
        assert length < 0.8
        assert f"the gradient is {short(length)} long" in text(app)
        assert "stays" in text(app)
        await pilot.press("down")
        await settled(app, pilot)
        await pilot.pause()
        assert f"the gradient is {short(length)} long" in text(app)
        assert "0.100" in text(app), "and is cut to that"
        await pilot.press("enter", "u")
        assert app.state.experiment == SMALL

    play(script, SMALL)


def test_while_bs_pane_has_the_focus_the_slider_moves_b_and_stands_beside_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        await pilot.press("tab", "d", "right")
        await until(pilot, lambda: app.jobs.idle, "B")
        assert app.state.experiment == SMALL
        assert dict(app.state.changes)["depth"] == 6
        assert "depth of B" in text(app)
        box = arrange(app.state, 80, 24)["side_b"]
        assert not app.screen.children[0].region.overlaps(Region(box.x, box.y, box.width, box.height))
        await pilot.press("escape")
        assert dict(app.state.changes)["depth"] == 5

    play(script, State(SMALL, changes=(("depth", 5),), view="compare", pane="side_a"))


def test_a_field_that_only_b_has_is_bs_whichever_pane_has_the_focus() -> None:
    """Of an RNN beside an LSTM only one has a forget gate."""
    rnn = Experiment(cell="rnn", data="gaussian", steps=6, width=4, batch=2)

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await settled(app, pilot)
        await pilot.press("b", "right")
        assert "forget bias of B" in text(app)
        assert app.state.experiment == rnn
        assert dict(app.state.changes) == {"cell": "lstm", "forget_bias": 1.25}
        await pilot.press("escape")
        assert app.state.changes == (("cell", "lstm"),)

    play(script, State(rnn, changes=(("cell", "lstm"),), view="compare", pane="side_a", cell="rnn"))


@covering(size=[(80, 24), (120, 36)], start=[SMALL, LSTM])
@pytest.mark.soak
def test_the_bars_stay_in_sight_beside_every_slider_and_list(start: Experiment, size: tuple[int, int]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        box = arrange(app.state, *size)["gradient"]
        bars = Region(box.x, box.y, box.width, box.height)
        for key in ("i", "D", "P", "W", "F", "E"):
            await pilot.press(key)
            frame = app.screen.children[0].region
            assert not frame.overlaps(bars), key
            assert app.screen.region.contains_region(frame), key
            await pilot.press("escape")

    play(script, start, size)


def test_the_list_of_initialisers_has_one_line_each_and_what_one_is_under_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("i")
        await pilot.pause()
        rows = app.screen.query_one(OptionList)
        assert rows.virtual_size.height == rows.option_count
        assert "W ~ N(0, 2 gain² / (fan_in + fan_out))" in text(app)
        assert "xavier_normal" in shown(app)

    play(script, SMALL)


def test_a_slider_that_is_being_closed_follows_the_screen_no_more() -> None:
    """Its parts are removed before it is: what is computed meanwhile must not look for them."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("d")
        await settled(app, pilot)
        assert isinstance(app.screen, Slider)
        app.pop_screen()
        for _ in range(300):
            await asyncio.sleep(0)
            for follow in list(app.followed_by):
                follow()

    play(script, SMALL)

"""The app under Pilot: keys in, screen out. What keys do to the experiment stands in test_app_experiments."""

from __future__ import annotations

import asyncio
import re

import pytest

from gradtui.model import events as e
from gradtui.model.names import OF_TOKENS, QUANTITIES, STORY, VIEWS
from gradtui.model.navigation import selected_stage
from gradtui.model.panes_of import panes_of, quantities_of
from gradtui.model.state import State
from gradtui.screen.app import GradtuiApp
from gradtui.screen.palette import THEMES
from gradtui_engine import Experiment
from tests.tui.helpers import (
    CASES,
    Pilot,
    click,
    pane_focused,
    panes_shown,
    play,
    settled,
    shown,
    texts,
    title_of,
    toasts,
    until,
)
from tests.tui.rows import row_of

SMALL = Experiment(depth=3, width=4, batch=4)


def test_it_opens_with_the_verdict_and_all_bars_without_a_key_pressed() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        text = shown(app)
        assert "▼ vanishing ×0.233 a layer" in text
        assert ", layer 1: 4.6e-19  first step « starved " in text
        assert "1.6e-20" in text, "the bar of the input has its number"
        assert not app.state.playing

    play(script)


def test_space_plays_backpropagation_down_to_the_input_and_stops() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("space")
        assert app.timeline is not None
        assert app.state.playing
        assert app.state.step >= app.timeline.loss
        for _ in range(len(app.timeline.phases)):
            app.send(e.Tick())
        assert (app.state.playing, app.state.step) == (False, app.timeline.arrived)
        await until(pilot, lambda: "■ backward · layer 1" in shown(app), "the end of playback")

    play(script)


def test_space_again_pauses() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("space", "space")
        here = app.state.step
        assert not app.state.playing
        app.send(e.Tick())
        await pilot.pause()
        assert app.state.step == here

    play(script)


def test_the_clock_itself_moves_the_cursor() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("+", "+", "space")
        await until(pilot, lambda: not app.state.playing, "the end of playback")
        assert app.timeline is not None
        assert app.state.step == app.timeline.arrived

    play(script, SMALL)


def test_steps_go_on_and_back_by_key() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("home", "n", "n", "full_stop", "N")
        assert app.state.step == 2
        await until(pilot, lambda: "■ forward · layer 2 · linear" in shown(app), "the place in the timeline")
        assert "why · forward · layer 2 · linear" in shown(app)
        await pilot.press("]")
        assert app.state.step == 12
        await pilot.press("[", "comma")
        assert app.state.step == 1

    play(script)


def test_arrows_select_a_stage_and_every_pane_shows_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("G", "down", "j")
        text = shown(app)
        (marked,) = re.findall(r"▸ +\S+ ", text)
        assert 28 in row_of(marked)[0]
        assert "from layer 29 to layer 28: " in text
        assert "∂L/∂h₂₈" in text
        await pilot.press("tab")
        await until(pilot, lambda: "layer 28 and the gradient" in shown(app), "the next pane beside the bars")

    play(script)


def test_tab_focuses_the_next_pane_and_shift_tab_the_one_before() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        found = []
        for key in ("tab", "tab", "tab", "shift+tab"):
            await pilot.press(key)
            found.append(app.state.pane)
        assert found == ["activation", "why", "gradient", "why"]

    play(script)


def test_digits_show_the_views_each_with_its_first_pane_focused_and_drawn() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for digit, view in enumerate(VIEWS[1:], 1):
            if view in STORY:
                continue  # there digits turn the pages
            await pilot.press(str(digit))
            await settled(app, pilot)
            assert app.state.view == view
            first = panes_of(app.state)[0]
            assert pane_focused(app) == [first]
            assert set(panes_shown(app)) <= set(panes_of(app.state))
            assert "computing" not in "".join(texts(app.canvas.blocks[first].lines))

    play(script, Experiment(cell="lstm", data="digits-rows", width=4), (120, 40))


def test_tab_brings_every_pane_of_every_view_into_sight() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for view in VIEWS:
            app.send(e.Show(view))
            for pane in panes_of(app.state):
                app.send(e.Focus(pane=pane))
                await pilot.pause()
                assert pane_focused(app) == [pane]

    play(script, SMALL, (60, 16))


def test_z_gives_the_focused_pane_the_whole_screen_and_takes_it_back() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("shift+tab", "z")
        assert panes_shown(app) == ["why"]
        await pilot.press("z")
        assert panes_shown(app) == ["gradient", "why"]
        await pilot.press("z", "escape")
        assert not app.state.zoomed

    play(script, SMALL)


def test_x_shows_every_quantity_in_turn_and_y_every_axis_and_the_title_says_so() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        titles = set()
        known = quantities_of(app.state)
        for _ in known:
            await pilot.press("x")
            titles.add(title_of(app, "gradient"))
        assert app.state.quantity == "gradient"
        assert len(titles) == len(known)
        assert set(QUANTITIES) - set(known) == set(OF_TOKENS), "an MLP has no tokens"
        for kind in ("log", "linear", "sign-log"):
            await pilot.press("y")
            assert f"· {kind} " in title_of(app, "gradient")

    play(script, SMALL, (120, 30))


def test_capital_l_holds_the_scale_when_another_network_comes() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("L")
        held = app.state.lock
        assert held is not None
        locked = f"log {held.label} · scale locked"
        await until(pilot, lambda: locked in title_of(app, "gradient"), "the held scale")
        app.send(e.Change(CASES["growing"]))
        await settled(app, pilot)
        assert locked in title_of(app, "gradient")
        await pilot.press("L")
        await until(pilot, lambda: "1e15 · scale auto" in title_of(app, "gradient"), "the scale of its own")

    play(script, SMALL, (120, 30))


def test_a_click_on_a_bar_selects_its_stage() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert app.timeline is not None
        # Frame, names of the columns, four lines of layer 3, the second one of layer 2.
        await click(app, pilot, "gradient", 8, 7)
        assert selected_stage(app.state, app.timeline) == 2
        assert app.state.pane == "gradient"
        await click(app, pilot, "why", 3, 1)
        assert app.state.pane == "why"

    play(script, SMALL)


def test_a_click_on_a_panes_border_focuses_it_and_picks_nothing() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await click(app, pilot, "why", 0, 0)
        assert (app.state.pane, app.state.selected) == ("why", None)
        width, height = app.canvas.blocks["gradient"].box.width, app.canvas.blocks["gradient"].box.height
        await click(app, pilot, "gradient", width - 1, height - 1)
        assert (app.state.pane, app.state.selected) == ("gradient", None)

    play(script, SMALL)


@pytest.mark.parametrize("block", ["header", "timeline", "footer"])
def test_a_click_beside_the_panes_changes_nothing(block: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before = app.state
        await click(app, pilot, block, 3, 0)
        assert app.state == before

    play(script, SMALL)


def test_a_click_on_a_column_selects_its_time_step_in_every_pane_over_time() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for pane in ("gradient", "gates"):
            await click(app, pilot, pane, 7 + 6 * 3, 2)
            assert app.state.selected == 3
            await pilot.press("end")

    play(script, Experiment(cell="lstm", data="digits-rows", width=4), (100, 30))


# -- the screen ----------------------------------------------------------------------------------------


def test_a_screen_that_is_too_small_says_what_it_needs_and_recovers() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        full = shown(app)
        await pilot.resize_terminal(50, 10)
        await until(pilot, lambda: "gradtui needs 60×16; this is 50×10" in shown(app), "the message")
        assert panes_shown(app) == []
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: shown(app) == full, "the full screen")

    play(script)


def test_on_every_screen_the_panes_stay_inside_and_the_bars_in_sight() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for width, height in ((60, 16), (200, 50), (112, 30), (81, 23)):
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda size=(width, height): app.size == size, "the new size")  # type: ignore[misc]
            for name, (box, _) in app.canvas.blocks.items():
                assert 0 <= box.x <= box.x + box.width <= width, f"{name} at {width}×{height}"
                assert 0 <= box.y <= box.y + box.height <= height, f"{name} at {width}×{height}"
            assert "gradient" in panes_shown(app)

    play(script, CASES["lstm"])


def test_t_changes_the_colours_and_no_text() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before, worn = shown(app), []
        for _ in THEMES:
            worn.append(app.theme)
            await pilot.press("t")
            await until(pilot, lambda: f"theme {app.theme}" in shown(app), "the theme's name")
        assert worn == list(THEMES), "our own come first"
        app.send(e.Message(""))
        await until(pilot, lambda: shown(app) == before, "the screen as it was")

    play(script, SMALL)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
def test_q_quits_with_status_0(key: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press(key)

    assert (play(script, SMALL).return_value or 0) == 0
    assert play(script, SMALL).is_running is False


@pytest.mark.parametrize("attempt", range(4))
def test_quitting_in_the_middle_of_playback_or_of_a_computation_is_quiet(attempt: int) -> None:
    """A frame that is due when the widgets are gone already must not be drawn."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        app.send(e.Faster(9))
        if attempt % 2:
            app.send(e.Change(Experiment(depth=300)))
        await pilot.press("space")
        app.exit(0)

    assert play(script, SMALL).return_value == 0


def test_ctrl_c_says_how_to_quit() -> None:
    """Who is used to ctrl+c must not be left with a program that does not react."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before = shown(app)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert not app.is_running or app.screen.query("Toast") or shown(app) != before

    play(script, SMALL)


def test_w_copies_the_command_that_opens_what_is_on_the_screen() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("w")
        assert app.clipboard == "gradtui --depth 3 --width 4 --batch 4"
        assert f"if it does not arrive: {app.clipboard}" in toasts(app)
        assert app.state.message == "", "said once"

    play(script, SMALL)


def test_where_one_pane_alone_has_room_its_title_says_which_of_how_many_it_is() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("6")
        await settled(app, pilot)
        for number in ("1/3 · where gradients", "2/3 · predicted", "3/3 · singular"):
            await until(pilot, lambda number=number: number in shown(app), number)
            await pilot.press("tab")
        await pilot.press("1")
        await settled(app, pilot)
        assert "1/3 · gradient" in shown(app), "beside the bars one pane has room"
        await pilot.resize_terminal(120, 36)
        await until(pilot, lambda: "1/3 · " not in shown(app), "all panes of an MLP in sight")
        await pilot.press("z")
        await until(pilot, lambda: "1/3 · gradient" in shown(app), "the maximised pane")

    play(script, SMALL)


def test_a_message_gives_way_to_the_dialog_that_opens_next() -> None:
    """Whoever answers a lesson's question by its letter is told about that key, and then opens the choices."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("b")
        assert app.state.message.startswith("forget bias is for lstm")
        await pilot.press("question_mark")
        assert app.state.message == ""
        assert "forget bias is for lstm" not in shown(app)

    play(script, SMALL)


def test_what_is_said_is_said_once_in_the_line_where_it_fits_else_over_the_screen() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for text, in_line in (
            ("x" * 79, True),
            ("x" * 80, False),
            ("说" * 39, True),
            ("说" * 40, False),
            ("a\nb", False),
        ):
            app.clear_notifications()
            app.say(text)
            await pilot.pause()
            assert (app.state.message == text, toasts(app) == text) == (in_line, not in_line), text

    play(script, SMALL, (80, 24))


def test_an_experiment_that_cannot_be_shown_ends_the_program_with_status_2() -> None:
    async def session() -> GradtuiApp:
        app = GradtuiApp(State(Experiment(data="csv:/no/such/table.csv")))
        async with app.run_test() as pilot:
            await until(pilot, lambda: app.return_value is not None, "the end")
        return app

    assert asyncio.run(session()).return_value == 2

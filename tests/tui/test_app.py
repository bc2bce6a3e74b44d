"""The app under Pilot: keys in, screen out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gradtui import state as s
from gradtui.app import GradtuiApp, Simulated
from gradtui.widgets import PaneWidget
from gradtui_engine import Experiment, simulate
from gradtui_engine.cells import CELLS

from .helpers import CASES, Pilot, play, settled, shown, until

SMALL = Experiment(depth=3, width=4, batch=4)


def test_it_opens_with_the_verdict_and_all_bars_without_a_key_pressed() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        text = shown(app)
        assert "▼ vanishing  ×0.233 a layer" in text
        assert "layer 1 gets 4.6e-19 of the output's gradient" in text
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
            app.send(s.Tick())
        assert (app.state.playing, app.state.step) == (False, app.timeline.arrived)
        await pilot.pause()
        assert "‖ backward · layer 1" in shown(app)

    play(script)


def test_space_again_pauses() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("space", "space")
        here = app.state.step
        assert not app.state.playing
        app.send(s.Tick())
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
        assert "‖ forward · layer 2 · linear" in shown(app)
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
        assert "▸ 28" in text
        assert "activations · layer 28" in text
        assert "∂L/∂h₂₈" in text

    play(script)


def test_tab_focuses_the_next_pane_and_shift_tab_the_one_before() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        found = []
        for key in ("tab", "tab", "tab", "shift+tab"):
            await pilot.press(key)
            found.append(app.state.pane)
        assert found == ["activation", "why", "gradient", "why"]

    play(script)


@pytest.mark.parametrize("digit", ["1", "2", "3", "4", "5"])
def test_a_digit_brings_its_pane_into_sight(digit: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press(digit)
        name = s.PANES["lstm"][int(digit) - 1]
        assert app.query_one(f"#{name}", PaneWidget).display
        assert app.query_one(f"#{name}", PaneWidget).has_class("focused")

    play(script, CASES["lstm"])


def test_z_gives_the_focused_pane_the_whole_screen_and_takes_it_back() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("3", "z")
        assert [pane.id for pane in app.query(PaneWidget) if pane.display] == ["why"]
        await pilot.press("z")
        assert [pane.id for pane in app.query(PaneWidget) if pane.display] == ["gradient", "activation", "why"]

    play(script)


def test_a_click_on_a_bar_selects_its_stage() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert app.timeline is not None
        await pilot.click("#gradient", offset=(8, 2))
        assert s.selected_stage(app.state, app.timeline) == 2
        assert app.state.pane == "gradient"
        await pilot.click("#why", offset=(3, 1))
        assert app.state.pane == "why"

    play(script, SMALL)


def test_a_click_on_a_column_selects_its_time_step_in_every_pane_over_time() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for pane in ("gradient", "gates"):
            await pilot.click(f"#{pane}", offset=(7 + 6 * 3, 2))
            assert app.state.selected == 3
            await pilot.press("end")

    play(script, Experiment(cell="lstm", data="digits-rows", width=4), (100, 30))


# -- experiments ---------------------------------------------------------------------------------------


def test_m_goes_through_all_networks_and_back_to_the_same_mlp() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert app.trace is not None
        mlp, found = app.trace.experiment, []
        for _ in CELLS:
            await pilot.press("m")
            await settled(app, pilot)
            found.append(app.trace.experiment.cell)
            assert f"{found[-1].upper()} " in shown(app)
            assert app.state.axis == app.trace.axis == CELLS[found[-1]].axis
        assert "lstm" in found
        assert sorted(found) == sorted(CELLS)
        assert app.trace.experiment == mlp
        assert "vanishing" in shown(app)

    play(script)


def test_capital_r_plays_again_with_a_new_seed_and_r_with_the_same() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("R")
        await settled(app, pilot)
        assert app.state.playing
        assert app.trace is not None
        assert (app.trace.experiment.seed, app.state.experiment.seed) == (1, 1)
        assert "seed 1" in shown(app)
        await pilot.press("space", "r")
        await settled(app, pilot)
        assert app.state.playing
        assert app.trace.experiment.seed == 1

    play(script)


def test_the_result_of_an_experiment_that_nobody_waits_for_any_more_is_dropped() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before = app.trace
        stale = Experiment(depth=2, width=3, batch=4)
        app.post_message(Simulated(stale, simulate(stale), ""))
        app.post_message(Simulated(stale, None, "stale"))
        await pilot.pause()
        assert app.trace is before
        assert app.state.experiment == SMALL
        assert "stale" not in shown(app)

    play(script, SMALL)


def test_of_two_changes_in_a_row_the_last_one_wins() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert app.change(depth=200) == ""
        assert app.change(depth=2) == ""
        await settled(app, pilot)
        assert app.trace is not None
        assert app.trace.experiment.depth == app.state.experiment.depth == 2

    play(script, SMALL)


def test_a_change_that_cannot_be_is_refused_in_words_and_nothing_changes() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        assert "depth: 0 given" in app.change(depth=0)
        assert app.state.experiment == SMALL
        assert app.state.loaded

    play(script, SMALL)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the working directory, so that its path is short."""
    monkeypatch.chdir(tmp_path)
    path = Path("table.csv")
    path.write_text("a,b,y\n1,2,3\n4,5,6\n7,8,10\n", encoding="utf-8")
    return path


def test_when_a_file_has_gone_a_message_says_so_and_the_old_trace_stays(table: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before = app.trace
        table.unlink()
        await pilot.press("R")
        await settled(app, pilot)
        assert "cannot be read" in shown(app)
        assert app.trace is before
        assert app.state.experiment == app.trace.experiment, "what is asked for is what is shown again"

    play(script, Experiment(depth=2, data=f"csv:{table}"))


def test_after_a_replay_that_failed_the_next_change_does_not_start_to_play(table: Path) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        content = table.read_text(encoding="utf-8")
        table.unlink()
        await pilot.press("r")
        await settled(app, pilot)
        table.write_text(content, encoding="utf-8")
        assert app.change(depth=3) == ""
        await settled(app, pilot)
        assert not app.state.playing

    play(script, Experiment(depth=2, data=f"csv:{table}"))


def test_a_size_that_is_too_big_is_said_and_the_old_trace_stays() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        before = app.trace
        assert "GiB" in app.change(width=65536)
        await settled(app, pilot)
        assert app.trace is before
        assert app.state.experiment == before.experiment if before else False

    play(script, SMALL)


# -- the screen ----------------------------------------------------------------------------------------


def test_a_screen_that_is_too_small_says_what_it_needs_and_recovers() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        full = shown(app)
        await pilot.resize_terminal(50, 10)
        await until(pilot, lambda: "gradtui needs 60×16; this is 50×10" in shown(app), "the message")
        assert not any(pane.display for pane in app.query(PaneWidget))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: shown(app) == full, "the full screen")

    play(script)


def test_on_every_screen_the_panes_stay_inside_and_the_bars_in_sight() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for width, height in ((60, 16), (200, 50), (112, 30), (81, 23)):
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda size=(width, height): app.size == size, "the new size")  # type: ignore[misc]
            for pane in app.query(PaneWidget):
                if pane.display:
                    assert app.screen.region.contains_region(pane.region), f"{pane.id} at {width}×{height}"
            assert app.query_one("#gradient", PaneWidget).display

    play(script, CASES["lstm"])


def test_t_changes_the_colours_and_no_text() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("n")
        before, theme = shown(app), app.theme
        for _ in app.available_themes:
            await pilot.press("t")
            assert f"theme {app.theme}" in shown(app)
        assert app.theme == theme, "all themes have come round"
        app.send(s.Message(""))
        assert shown(app) == before

    play(script)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
def test_q_quits_with_status_0(key: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press(key)

    assert (play(script, SMALL).return_value or 0) == 0
    assert play(script, SMALL).is_running is False


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
        assert f"copied: {app.clipboard}" in shown(app)

    play(script, SMALL)


def test_an_experiment_that_cannot_be_shown_ends_the_program_with_status_2() -> None:
    async def session() -> GradtuiApp:
        app = GradtuiApp(Experiment(data="csv:/no/such/table.csv"))
        async with app.run_test() as pilot:
            await until(pilot, lambda: app.return_value is not None, "the end")
        return app

    assert asyncio.run(session()).return_value == 2

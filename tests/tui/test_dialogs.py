"""The dialogs: each is opened, answered and left by key."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, Label, OptionList, Static

from gradtui.app import GradtuiApp
from gradtui.commands import COMMANDS, key_name
from gradtui.dialogs import Picker, Prompt
from gradtui.helping import Help
from gradtui.views.panes import TABLE
from gradtui_engine import Experiment
from gradtui_engine.activations import ACTIVATIONS

from .helpers import CASES, Pilot, play, settled, shown

SMALL = Experiment(depth=3, width=4, batch=4)


async def write(pilot: Pilot[int], text: str) -> None:
    """Type the text into the open prompt (whose value is selected) and press enter."""
    await pilot.press(*text, "enter")
    await pilot.pause()


async def open_field(app: GradtuiApp, pilot: Pilot[int], name: str) -> list[str]:
    """Open a field through the list of all of them; returns the list."""
    await pilot.press("f")
    rows = app.screen.query_one(OptionList)
    names = [str(rows.get_option_at_index(index).prompt).split()[0] for index in range(rows.option_count)]
    rows.highlighted = names.index(name)
    await pilot.press("enter")
    await pilot.pause()
    return names


def problem(app: GradtuiApp) -> str:
    return str(app.screen.query_one(".problem", Label).render())


# -- picker --------------------------------------------------------------------------------------------


def test_a_opens_a_list_and_moving_in_it_shows_what_would_be() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("a")
        assert isinstance(app.screen, Picker)
        rows = app.screen.query_one(OptionList)
        assert rows.option_count == len(ACTIVATIONS)
        assert ACTIVATIONS.names[rows.highlighted] == "sigmoid"
        await pilot.press("down")
        await settled(app, pilot)
        following = ACTIVATIONS.names[ACTIVATIONS.names.index("sigmoid") + 1]
        assert isinstance(app.screen, Picker), "the list stays open"
        assert app.trace is not None
        assert app.trace.experiment.activation == following
        assert following in shown(app)

    play(script, SMALL)


def test_escape_takes_the_preview_back() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("a", "down", "down", "escape")
        await settled(app, pilot)
        assert app.trace is not None
        assert app.trace.experiment == app.state.experiment == SMALL
        assert not isinstance(app.screen, Picker)

    play(script, SMALL)


def test_enter_keeps_what_is_highlighted() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("i", "home", "enter")
        await settled(app, pilot)
        assert app.trace is not None
        assert app.trace.experiment.init == "normal"
        assert not isinstance(app.screen, Picker)

    play(script, SMALL)


def test_a_field_of_the_other_network_is_explained_instead_of_opened() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("b")
        assert "forget bias is for lstm" in shown(app)
        await pilot.press("m")
        await settled(app, pilot)
        await pilot.press("a")
        assert "activation is for mlp" in shown(app)

    play(script)


def test_f_reaches_a_field_that_has_no_key() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        names = await open_field(app, pilot, "batch")
        assert "forget_bias" not in names, "that is for the LSTM"
        assert isinstance(app.screen, Prompt)
        await write(pilot, "7")
        await settled(app, pilot)
        assert app.trace is not None
        assert app.trace.experiment.batch == 7

    play(script, SMALL)


def test_a_users_own_table_is_chosen_by_its_path(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b,y\n1,2,3\n4,5,6\n", encoding="utf-8")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("D", "end", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Prompt)
        app.screen.query_one(Input).value = f"csv:{table}"
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.trace is not None
        assert app.trace.experiment.data == f"csv:{table}"

    play(script, Experiment(depth=2, width=4))


def test_leaving_the_question_for_a_path_takes_the_preview_of_data_back() -> None:
    """On the way down to csv:PATH the other data sets are shown; escape goes back to before the list."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("D", "down", "down", "end", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Prompt)
        await pilot.press("escape")
        await settled(app, pilot)
        assert app.trace is not None
        assert app.trace.experiment == app.state.experiment == SMALL

    play(script, SMALL)


@pytest.mark.parametrize("key", ["a", "d", "question_mark"])
def test_in_a_dialog_tab_leaves_the_panes_behind_it_alone(key: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press(key, "tab")
        assert app.state.pane == "gradient"

    play(script, SMALL)


# -- prompt --------------------------------------------------------------------------------------------


def test_d_refuses_0_in_words_keeps_what_was_typed_and_takes_5() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("d")
        assert app.screen.query_one(Input).value == "3"
        await write(pilot, "0")
        assert problem(app) == "0 given; allowed: a whole number from 1 to 10000"
        assert app.screen.query_one(Input).value == "0"
        assert app.state.experiment == SMALL
        await pilot.press("backspace")
        await write(pilot, "5")
        await settled(app, pilot)
        assert not isinstance(app.screen, Prompt)
        assert app.trace is not None
        assert len(app.trace.stages) == 6

    play(script, SMALL)


def test_what_is_typed_after_a_refusal_replaces_what_was_refused() -> None:
    """As at the start: the value is selected, so that 5 gives 5 and not 05."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("d")
        await write(pilot, "0")
        await pilot.press("5")
        assert app.screen.query_one(Input).value == "5"

    play(script, SMALL)


@pytest.mark.parametrize("text", ["", "abc", "-3", "1e3", "10001", " "])
def test_nothing_that_is_typed_gets_past_the_prompt(text: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("d")
        app.screen.query_one(Input).value = text
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Prompt)
        assert "allowed: a whole number from 1 to 10000" in problem(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.state.experiment == SMALL

    play(script, SMALL)


def test_a_problem_between_two_fields_is_said_in_the_prompt() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await open_field(app, pilot, "batch")
        await write(pilot, "1798")
        assert "1 to 1797, the samples of digits" in problem(app)

    play(script, SMALL)


def test_letters_typed_into_a_prompt_are_text_not_commands() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("u", "q", "m", "?", "R")
        assert app.screen.query_one(Input).value == "qm?R"
        assert app.state.experiment == SMALL
        await pilot.press("escape")

    play(script, SMALL)


# -- help and palette ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["escape", "q", "enter", "question_mark"])
def test_question_mark_opens_help_and_these_close_it(key: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        await pilot.press(key)
        await pilot.pause()
        assert not isinstance(app.screen, Help)
        assert app.is_running

    play(script, SMALL)


def test_help_names_every_key_and_explains_the_focused_pane_first() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("3", "question_mark")
        text = str(app.screen.query_one(Static).render())
        for each in COMMANDS:
            assert each.help in text
            assert " ".join(key_name(key) for key in each.keys) in text
        places = [text.index(TABLE[name].help) for name in ("why", "gradient", "activation")]
        assert places[0] == min(places)

    play(script, SMALL)


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
def test_the_palette_opens_and_offers_every_command_and_every_field(key: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press(key)
        assert isinstance(app.screen, CommandPalette)
        await pilot.press("escape")
        offered = {each.title for each in app.get_system_commands(app.screen)}
        assert {each.label for each in COMMANDS} <= offered
        assert "set learning rate" in offered

    play(script, SMALL)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 50)])
def test_every_dialog_stays_inside_the_screen(size: tuple[int, int]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        beyond = []
        for key in ("question_mark", "a", "i", "D", "d", "f"):
            await pilot.press(key)
            await pilot.pause()
            frame = app.screen.children[0]
            assert frame.region.height > 3
            assert app.screen.region.contains_region(frame.region)
            inside = app.screen.query("Input, OptionList")
            beyond += [f"{key}: {each}" for each in inside if not frame.region.contains_region(each.region)]
            await pilot.press("escape")
            await pilot.pause()
        assert beyond == []

    play(script, CASES["one layer"], size)

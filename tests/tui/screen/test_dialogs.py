"""The dialogs: each is opened, answered and left by key."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from textual.command import CommandPalette
from textual.widgets import Input, Label, OptionList

from gradtui.model import events as e
from gradtui.model.commands import COMMANDS
from gradtui.model.keys import key_name
from gradtui.model.names import VIEWS
from gradtui.screen.app import GradtuiApp
from gradtui.screen.dialogs.dialogs import Modal, Picker, Prompt
from gradtui.screen.dialogs.form import Form
from gradtui.screen.dialogs.helping import Help
from gradtui.screen.search import Search
from gradtui.text.language import speaking
from gradtui.views.catalogue import PANES
from gradtui_engine import Experiment
from gradtui_engine.rules.activations import ACTIVATIONS
from tests.examples import spread
from tests.tui.helpers import CASES, Pilot, play, settled, shown, until

SMALL = Experiment(depth=3, width=4, batch=4)


async def write(pilot: Pilot[int], text: str) -> None:
    """Type the text into the open prompt (whose value is selected) and press enter."""
    await pilot.press(*text, "enter")
    await pilot.pause()


async def open_field(app: GradtuiApp, pilot: Pilot[int], name: str) -> None:
    """Open a field, whether it has a key or not, as the palette does."""
    title = f"set {name.replace('_', ' ')}"
    next(each for each in app.get_system_commands(app.screen) if each.title == title).callback()
    await pilot.pause()


def problem(app: GradtuiApp) -> str:
    return str(app.screen.query_one(".problem", Label).render())


def test_a_dialog_that_is_left_twice_at_once_answers_once() -> None:
    """Enter behind escape in one packet: what is dismissed already must not take the main screen with it."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for key in ("a", "P", "f", "question_mark"):
            await pilot.press(key)
            dialog = app.screen
            assert isinstance(dialog, Modal)
            dialog.dismiss(None)
            dialog.dismiss(None)
            await pilot.pause()
            assert len(app.screen_stack) == 1

    play(script, SMALL)


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
        assert app.record is not None
        assert app.record.source.experiment.resolved.activation == following
        assert following in shown(app)

    play(script, SMALL)


def test_escape_takes_the_preview_back() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("a", "down", "down", "escape")
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.experiment == app.state.experiment == SMALL
        assert not isinstance(app.screen, Picker)

    play(script, SMALL)


def test_enter_keeps_what_is_highlighted() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("i", "home", "enter")
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.experiment.init == "normal"
        assert not isinstance(app.screen, Picker)

    play(script, SMALL)


def test_enter_gives_what_has_followed_from_other_fields_and_undo_takes_it_back() -> None:
    before = SMALL.replace(data="gaussian")
    assert (before.loss, before.resolved.loss) == (None, "mse")

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await open_field(app, pilot, "loss")
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.state.experiment == before.replace(loss="mse")
        assert app.state.experiment.replace(data="digits").resolved.loss == "mse", "it follows the data no more"
        await pilot.press("u")
        assert app.state.experiment == before

    play(script, before)


def test_a_field_of_the_other_network_is_explained_instead_of_opened() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("b")
        assert "forget bias is for lstm" in shown(app)
        await pilot.press("m")
        await settled(app, pilot)
        await pilot.press("a")
        assert "activation is for mlp" in shown(app)

    play(script)


def test_the_palette_reaches_a_field_that_has_no_key() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await open_field(app, pilot, "batch")
        assert isinstance(app.screen, Prompt)
        await write(pilot, "7")
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.source.experiment.resolved.batch == 7

    play(script, SMALL)


def test_f_opens_every_field_in_one_form_and_what_is_typed_there_is_shown_and_kept() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("f")
        assert isinstance(app.screen, Form)
        await pilot.press("/", *"batch", "enter", *"7")
        await until(
            pilot, lambda: app.record is not None and app.record.source.experiment.resolved.batch == 7, "7 samples"
        )
        assert isinstance(app.screen, Form), "it stays open"
        await pilot.press("enter")
        await settled(app, pilot)
        assert not isinstance(app.screen, Form)
        assert app.state.experiment == SMALL.replace(batch=7)
        await pilot.press("u")
        await settled(app, pilot)
        assert app.state.experiment == SMALL, "one undo leads back from all that was tried"

    play(script, SMALL)


def test_escape_in_the_form_takes_everything_back_that_was_tried() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("f", "/", *"batch", "enter", *"7")
        await until(pilot, lambda: app.state.experiment.batch == 7, "7 samples")
        await pilot.press("escape")
        assert isinstance(app.screen, Form), "the first one shows all fields again"
        await pilot.press("escape")
        await settled(app, pilot)
        assert not isinstance(app.screen, Form)
        assert app.record is not None
        assert app.record.experiment == app.state.experiment == SMALL
        assert app.state.past == ()

    play(script, SMALL)


def test_w_sets_the_width_and_digits_show_views() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("W")
        assert app.screen.query_one(Input).value == "4"
        await write(pilot, "6")
        await settled(app, pilot)
        assert app.state.experiment.width == 6
        found = []
        for digit in "123456789":
            app.send(e.Show("explore"))  # the story's pages have digits of their own
            await pilot.press(digit)
            found.append(app.state.view)
        assert tuple(found) == VIEWS[1:]

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
        assert app.record is not None
        assert app.record.source.experiment.resolved.data == f"csv:{table}"

    play(script, Experiment(depth=2, width=4))


def test_leaving_the_question_for_a_path_takes_the_preview_of_data_back() -> None:
    """On the way down to csv:PATH the other data sets are shown; escape goes back to before the list."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("D", "down", "down", "end", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Prompt)
        await pilot.press("escape")
        await settled(app, pilot)
        assert app.record is not None
        assert app.record.experiment == app.state.experiment == SMALL

    play(script, SMALL)


def test_in_a_dialog_tab_leaves_the_panes_behind_it_alone() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for key in ("a", "d", "question_mark"):
            await pilot.press(key)
            assert len(app.screen_stack) == 2, key
            await pilot.press("tab")
            assert app.state.pane == "gradient", key
            await pilot.press("escape")
            assert len(app.screen_stack) == 1, key

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
        assert app.record is not None
        assert len(app.record.stages) == 6

    play(script, SMALL)


def test_what_is_typed_after_a_refusal_replaces_what_was_refused() -> None:
    """As at the start: the value is selected, so that 5 gives 5 and not 05."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("d")
        await write(pilot, "0")
        await pilot.press("5")
        assert app.screen.query_one(Input).value == "5"

    play(script, SMALL)


def test_nothing_that_is_typed_gets_past_the_prompt() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for text in ("abc", "-3", "1e3", "10001"):
            await pilot.press("d")
            app.screen.query_one(Input).value = text
            await pilot.press("enter")
            assert isinstance(app.screen, Prompt), text
            assert "allowed: a whole number from 1 to 10000" in problem(app), text
            await pilot.press("escape")
            assert not isinstance(app.screen, Prompt), text
            assert app.state.experiment == SMALL, text

    play(script, SMALL)


def test_a_problem_between_two_fields_is_said_in_the_prompt() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await open_field(app, pilot, "batch")
        await write(pilot, "1798")
        assert "1 to 1797, the samples of digits" in problem(app)

    play(script, SMALL)


def test_letters_typed_into_a_prompt_are_text_not_commands() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("W", "q", "m", "?", "R")
        assert app.screen.query_one(Input).value == "qm?R"
        assert app.state.experiment == SMALL
        await pilot.press("escape")

    play(script, SMALL)


# -- help and palette ----------------------------------------------------------------------------------


def test_question_mark_opens_help_and_four_keys_close_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for key in ("escape", "q", "enter", "question_mark"):
            await pilot.press("question_mark")
            assert isinstance(app.screen, Help), key
            await pilot.press(key)
            assert not isinstance(app.screen, Help), key
            assert app.is_running, key

    play(script, SMALL)


def test_help_names_every_key_and_explains_the_focused_pane_first() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("tab", "tab", "question_mark")
        assert isinstance(app.screen, Help)
        printed = io.StringIO()
        Console(file=printed, width=400).print(app.screen._text())
        text = printed.getvalue()
        for each in COMMANDS:
            assert each.help in text
            assert " ".join(key_name(key) for key in each.keys) in text
        places = [text.index(PANES[name].help.split(".")[0]) for name in ("why", "gradient", "activation")]
        assert places[0] == min(places)

    play(script, SMALL)


def test_the_palette_opens_by_two_keys_and_offers_every_command_and_every_field() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for key in ("colon", "ctrl+p"):
            await pilot.press(key)
            assert isinstance(app.screen, CommandPalette), key
            await pilot.press("escape")
            assert not isinstance(app.screen, CommandPalette), key
        offered = {each.title for each in app.get_system_commands(app.screen)}
        assert {each.label for each in COMMANDS} <= offered
        assert "set learning rate" in offered

    play(script, SMALL)


def test_a_lesson_that_the_palette_finds_opens_from_every_view() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        hits = [hit async for hit in Search(app.screen).search("13-lstm-and-gru")]
        (hit,) = [hit for hit in hits if (hit.help or "").startswith("13-lstm-and-gru")]
        hit.command()
        await settled(app, pilot)
        assert app.state.lesson is not None
        assert app.state.lesson.lesson == "13-lstm-and-gru"

    play(script, SMALL)


@spread("size", [(60, 16), (80, 24), (200, 50)], 1)
def test_every_dialog_stays_inside_the_screen(size: tuple[int, int]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        beyond = []
        for key in ("question_mark", "a", "i", "D", "d", "W", "P", "e", "p"):
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


def test_where_not_all_keys_have_room_a_list_names_what_keeps_and_what_leaves() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("a")
        await pilot.pause()
        frame = app.screen.children[0]
        assert str(frame.border_subtitle) == "enter to keep, esc to go back"

    play(script, CASES["one layer"], (80, 24))


def test_what_is_told_of_a_name_is_broken_as_a_view_breaks_it() -> None:
    """A line with room for the next words has them: Rich would end it before each number of a Chinese sentence."""
    with speaking("zh"):

        async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
            await pilot.press("a")
            await pilot.pause()
            told = app.screen.query_one(".about", Label)
            lines = ["".join(part.text for part in strip).strip() for strip in told.render_lines(told.size.region)]
            assert any(line.startswith("f′ 至多 ¼：") for line in lines), lines

        play(script, CASES["mlp"], (80, 24))

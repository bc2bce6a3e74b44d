"""What a terminal sends can be lost, never end the program; what ends it is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.errors import NoWidget
from textual.widgets import OptionList

from gradtui.screen.app import GradtuiApp
from gradtui.screen.terminal.guard import is_textuals
from gradtui.share import failures
from gradtui_engine import Experiment
from tests.tui.helpers import Pilot, play
from tests.tui.screen.test_terminal import assert_restored
from tests.tui.terminal import Terminal

SMALL = Experiment(depth=3, width=4, batch=4)


def mouse(kind: type[events.MouseEvent], x: int, y: int, button: int = 1) -> events.MouseEvent:
    return kind(None, x, y, 0, 0, button, False, False, False, screen_x=x, screen_y=y)


def test_mouse_events_where_no_widget_is_are_lost() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for kind in (events.MouseMove, events.MouseDown, events.MouseUp, events.MouseScrollUp, events.MouseScrollDown):
            for x, y in ((10**9, 10**9), (-1, -1), (79, 24), (80, 23)):
                app.post_message(mouse(kind, x, y))
        await pilot.pause()
        assert app.is_running

    play(script, SMALL)


def test_what_textual_raises_for_input_is_lost_and_the_next_key_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the compositor does, where a widget has gone between the mouse's press and its move."""

    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        lost = list[int]()

        def nowhere(self: object, *given: object) -> object:
            lost.append(1)
            # The error itself has to come from Textual's code.
            return app.screen._compositor.find_widget(OptionList())

        for name in ("get_widget_at", "get_hover_widgets_at"):
            monkeypatch.setattr(type(app.screen), name, nowhere)
        monkeypatch.setattr(type(app.screen), "_handle_mouse_move", nowhere)
        for kind in (events.MouseMove, events.MouseDown, events.MouseUp):
            app.post_message(mouse(kind, 5, 5))
        await pilot.pause()
        assert lost
        await pilot.press("y")
        assert app.is_running

    play(script, SMALL)


def test_page_keys_in_a_list_that_shows_no_entry_are_lost() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("a")
        await pilot.resize_terminal(20, 2)
        for key in ("pagedown", "pageup", "end", "home", "down", "pagedown"):
            await pilot.press(key)
        await pilot.resize_terminal(80, 24)
        await pilot.press("escape")
        assert len(app.screen_stack) == 1

    play(script, SMALL)


@pytest.mark.parametrize("keys", [("ctrl+p", "ctrl+p"), ("colon", "ctrl+p"), ("ctrl+p", "colon", "ctrl+p")])
def test_the_palette_opens_once_however_often_its_keys_are_pressed(keys: tuple[str, ...]) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        for _ in range(2):
            for key in keys:
                app.post_message(events.Key(key, None))
            for _ in range(4):
                app.action_command_palette()
            await pilot.pause()
            assert len(app.screen_stack) == 2
            await pilot.press("escape")
            await pilot.pause()
        assert app.is_running

    play(script, SMALL)


def test_whose_error_it_is_says_the_code_that_raises_it() -> None:
    def failing() -> None:
        raise KeyError(0)

    for act, textuals in ((failing, False), (lambda: OptionList().get_option("none"), True), (lambda: [][0], False)):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            act()  # type: ignore[no-untyped-call]
        assert is_textuals(caught.value) is textuals
    assert not is_textuals(NoWidget())


# -- what ends the program -----------------------------------------------------------------------------

_FAILS = """
import gradtui.model.events as e, gradtui.model.update as s
kept = s.update
def update(state, event, timeline):
    if isinstance(event, e.NextAxis):
        raise RuntimeError("[red]no[/]")
    return kept(state, event, timeline)
s.update = update
"""


@pytest.mark.parametrize("debugs", ["", pytest.param("1", marks=pytest.mark.soak)])
def test_a_failure_of_ours_restores_the_terminal_and_is_one_line(tmp_path: Path, debugs: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(_FAILS)
    variables = {"PYTHONPATH": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), failures.DEBUG: debugs}
    with Terminal("--depth", "3", size=(60, 16), **variables) as terminal:
        terminal.shows("? help")
        terminal.press("y")
        assert terminal.ended() == failures.FAILED == 70
        assert_restored(terminal)
        last = terminal.wire.rpartition(b"\x1b[?1049l")[2].decode()
    told = tmp_path / "state" / "gradtui" / "failure.txt"
    line = f"gradtui: the program has failed: RuntimeError: [red]no[/]; what happened is in {told}\r\n"
    assert last.endswith(line)
    assert ("Traceback (most recent call last)" in last) == bool(debugs)
    assert last.count("\n") == 1 or debugs
    assert "╭" not in last
    kept = told.read_text()
    assert "--depth 3" in kept
    assert "Traceback (most recent call last)" in kept
    assert "sitecustomize.py" in kept


def test_where_no_file_can_be_written_the_line_says_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    assert failures.note(ValueError("a\nb" * 200)) == (
        f"gradtui: the program has failed: ValueError: {('a b' * 200)[: 160 - len('ValueError: ')]}…; "
        "with GRADTUI_DEBUG=1 it says where"
    )
    assert capsys.readouterr() == ("", "")

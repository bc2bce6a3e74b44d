"""The screen for visitors: what is closed, what is said instead, and what a crash leaves on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import json
import logging
import os
import signal
import warnings
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual import constants, events
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList

from gradtui.cli.settings_error import SettingsError
from gradtui.lessons import library
from gradtui.model.commands import COMMANDS, Command
from gradtui.model.keys import groups, key_table, offered, refusal
from gradtui.model.permissions import OPEN, REFUSALS, VISITOR, Permissions
from gradtui.model.state import State
from gradtui.screen.app import GradtuiApp
from gradtui.screen.dialogs.form import Form
from gradtui.screen.dialogs.helping import sections
from gradtui.screen.editing import prompt
from gradtui.screen.palette_entries import palette_entries
from gradtui.screen.terminal.driver import clamped
from gradtui.serve.kiosk import closed, crash, kiosk
from gradtui.serve.kiosk.closed import LEAST, MOST, KioskApp, KioskDriver
from gradtui.serve.kiosk.kiosk import environment_of, kiosk_app
from gradtui.text import glyphs, language
from gradtui.text.language import tr
from gradtui.views.catalogue import VIEWS
from gradtui.views.footers import hints
from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.data import csv_file, table
from gradtui_engine.data.datasets import CSV
from gradtui_engine.experiment.experiment import options
from tests.tui.helpers import settled, until

TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
CLOSED = [each for each in COMMANDS if VISITOR.refusal(each.needs)]
Script = Callable[[KioskApp, Pilot[int]], Awaitable[None]]


@pytest.fixture(autouse=True)
def _reopened() -> Iterator[None]:
    """A process is closed for good; this one has other tests to run."""
    variables, kept = dict(os.environ), {name: getattr(constants, name) for name in dir(constants) if name.isupper()}
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)}
    disabled = logging.root.manager.disable
    with warnings.catch_warnings():
        yield
    os.environ.clear()
    os.environ.update(variables)
    vars(constants).update(kept)
    for number, handler in handlers.items():
        signal.signal(number, handler)
    logging.disable(disabled)
    OPEN.enforce()
    language.use(language.ENGLISH)
    glyphs.use(glyphs.BLOCK)


def visit(script: Script, *arguments: str, log: io.StringIO | None = None) -> KioskApp:
    """A visitor's session without a terminal."""

    async def session() -> KioskApp:
        app = kiosk_app(["--depth", "3", "--width", "4", *arguments], TERMINAL, log)
        assert isinstance(app, KioskApp)
        async with app.run_test(size=(100, 30)) as pilot:
            await settled(app, pilot)
            await script(app, pilot)
        return app

    return asyncio.run(session())


def refused(*arguments: str) -> list[str]:
    """What is said of arguments that cannot be used."""
    with pytest.raises(SettingsError) as caught:
        kiosk_app(arguments, TERMINAL)
    return [f"{each.field}: {each.message}" for each in caught.value.problems]


# -- commands ----------------------------------------------------------------------------------------------


def test_files_and_the_shell_are_what_commands_need() -> None:
    assert {each.id for each in CLOSED} == {"export", "picture", "suspend"}
    assert {each.needs for each in COMMANDS} - {""} <= set(Permissions.__dataclass_fields__)
    assert all(each.needs in REFUSALS for each in CLOSED)


def test_on_a_machine_of_ones_own_nothing_is_closed() -> None:
    assert offered() == list(COMMANDS)
    assert all(OPEN.refusal(each.needs) == refusal(each, OPEN) == "" for each in COMMANDS)


def test_what_is_closed_is_offered_nowhere() -> None:
    names = {each.id for each in CLOSED}
    assert not names & {each.id for each in offered(VISITOR)}
    assert not names & {
        name for view in VIEWS for hint in hints(State(Experiment(), view=view), VISITOR) for name in hint.commands
    }
    assert not names & {each.id for commands in groups(VISITOR).values() for each in commands}
    helped = {text for section in sections(State(Experiment()), VISITOR) for _, text in section.rows}
    for each in CLOSED:
        assert each.help not in key_table(VISITOR)
        assert each.help in key_table()
        assert each.help not in helped


def test_the_palette_offers_what_is_open_and_nothing_of_textuals() -> None:
    async def script(app: KioskApp, pilot: Pilot[int]) -> None:
        offers = {entry.title for entry in palette_entries(app)}
        assert not offers & {each.label for each in CLOSED}
        assert {each.label for each in offered(VISITOR)} <= offers
        assert {each.title for each in app.get_system_commands(app.screen)} == offers

    visit(script)


@pytest.mark.parametrize("command", CLOSED, ids=lambda each: each.id)
def test_the_key_of_what_is_closed_says_why_in_one_sentence(command: Command) -> None:
    async def script(app: KioskApp, pilot: Pilot[int]) -> None:
        await pilot.press(*command.keys[:1])
        await pilot.pause()
        assert app.state.message == refusal(command, VISITOR) != ""
        assert "{" not in app.state.message
        assert not isinstance(app.screen, ModalScreen)

    visit(script)


def test_copying_without_a_clipboard_shows_the_command_and_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    async def script(app: KioskApp, pilot: Pilot[int]) -> None:
        os.environ["TERM"] = "linux"
        os.environ["XDG_STATE_HOME"] = str(tmp_path)
        await pilot.press("w")
        await pilot.pause()
        assert app.state.message.startswith("this terminal has no clipboard: gradtui ")

    visit(script)
    assert list(tmp_path.iterdir()) == []


# -- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["csv:/etc/passwd", "csv:table.csv", "csv:~/x", "csv:", "csv:PATH"])
@pytest.mark.parametrize("given", [["--data={}"], ["--data", "{}"], ["--b", "data={}"]], ids=lambda each: each[0])
def test_tables_are_refused_on_the_command_line_whatever_the_path(path: str, given: list[str]) -> None:
    problems = refused(*(each.format(path) for each in given))
    assert len(problems) == 1
    assert "files are not read here" in problems[0]


@pytest.mark.parametrize("name", ["/etc/passwd", "experiment.toml", "vanihsing", "..", "README"])
def test_an_experiment_out_of_a_file_is_refused_and_nothing_is_told_of_the_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiment.toml").write_text("depth = 3\n")
    problems = refused(name)
    assert len(problems) == 1
    assert problems[0].startswith("preset: no files are opened here; the presets are vanishing, ")
    assert name not in problems[0].removeprefix("preset: no files are opened here; the presets are ")


def test_a_preset_is_a_preset_even_where_a_file_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exploding").write_text("depth = 3\n")
    app = kiosk_app(["exploding"], TERMINAL)
    assert app.state.experiment.depth != 3


def test_no_experiment_can_be_made_of_a_table_and_no_table_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under all dialogs, presets and lessons: the engine itself refuses, before it looks at the path."""
    VISITOR.enforce()
    monkeypatch.setattr(csv_file, "path_of", lambda source: pytest.fail("looked at"))
    with pytest.raises(ExperimentError, match="files are not read here"):
        Experiment(data="csv:/etc/passwd")
    with pytest.raises(ExperimentError, match="files are not read here"):
        table.read("csv:/etc/passwd")
    kind = options()["data"].kind
    assert CSV not in kind.names
    assert "csv" not in kind.allowed


def test_the_list_of_data_has_no_table_and_the_prompt_refuses_one() -> None:
    async def script(app: KioskApp, pilot: Pilot[int]) -> None:
        before = app.state.experiment, app.state.changes
        app.action_command("data")
        await pilot.pause()
        shown = app.screen.query_one(OptionList).option_count
        assert shown == len(options()["data"].kind.names)
        await pilot.press("escape")
        prompt(app, "data", "csv:/etc/passwd", before)
        await pilot.pause()
        app.screen.query_one(Input).focus()
        await pilot.press("enter")
        await pilot.pause()
        said = " ".join(str(each.render()) for each in app.screen.query(Label))
        assert "files are not read here" in said
        assert app.state.experiment == before[0]

    visit(script)


def test_the_form_refuses_a_table_and_keeps_the_experiment() -> None:
    async def script(app: KioskApp, pilot: Pilot[int]) -> None:
        before = app.state.experiment
        app.action_command("form")
        await pilot.pause()
        form = app.screen
        assert isinstance(form, Form)
        form._edit("data", "csv:/etc/passwd")
        await pilot.pause()
        assert "files are not read here" in str(form._sheet.problems["data"])
        assert app.state.experiment == before

    visit(script)


def test_lessons_are_those_of_the_package_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path, tmp_path / "gradtui" / "lessons"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mine.md").write_text("# Mine\n")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert "mine" in library.names("en")
    VISITOR.enforce()
    assert "mine" not in library.names("en")
    monkeypatch.setenv(library.VARIABLE, str(tmp_path))
    assert "mine" not in library.names("en")
    assert library.find("mine", "en") is None
    assert len(library.names("en")) > 3


# -- the environment ---------------------------------------------------------------------------------------


def test_of_a_visitors_environment_only_what_describes_the_terminal_is_left() -> None:
    hostile = {
        "PATH": "/tmp", "HOME": "/home/x", "GRADTUI_CONFIG": "/tmp/x", "GRADTUI_LESSONS": "/tmp", "GRADTUI_FPS": "60",
        "TEXTUAL": "devtools", "TEXTUAL_LOG": "/tmp/log", "TEXTUAL_SCREENSHOT": "0", "PYTHONPATH": "/tmp",
        "XDG_CONFIG_HOME": "/tmp", "LD_PRELOAD": "x", "COLUMNS": "9999", "LINES": "9999", "EDITOR": "vi",
    }  # fmt: skip
    assert environment_of(hostile | TERMINAL) == TERMINAL | kiosk.ENVIRONMENT


@pytest.mark.parametrize("text", ["x" * 65, "xterm\x1b]0;x\x07", "a\nb"])
def test_a_variable_that_is_long_or_not_printable_is_dropped(text: str) -> None:
    assert "TERM" not in environment_of({"TERM": text})


def test_the_settings_of_the_account_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gradtui"
    folder.mkdir()
    (folder / "config.toml").write_text('theme = "no such theme"\n[keys]\nquit = "ctrl+t"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    app = kiosk_app(["--theme", "high-contrast"], os.environ | {"GRADTUI_NONSENSE": "1"})
    assert app.theme == "high-contrast"
    assert app.pacer.fps == 15


def test_options_and_the_visitors_locale_decide_the_language() -> None:
    kiosk_app([], TERMINAL | {"LC_ALL": "zh_CN.UTF-8"})
    assert language.current() == "zh"
    kiosk_app(["--lang", "en"], TERMINAL | {"LC_ALL": "zh_CN.UTF-8"})
    assert language.current() == "en"


def test_every_problem_of_the_arguments_comes_at_once() -> None:
    problems = refused("--depth", "0", "--data", "csv:x", "--view", "nowhere", "--thme", "x")
    assert {each.partition(":")[0] for each in problems} >= {"depth", "data", "--thme"}


# -- what Textual would do by itself -----------------------------------------------------------------------


def test_every_door_that_is_shut_is_one_that_textual_has() -> None:
    """A door under another name in another version of Textual would stand open unseen."""
    for shut, base in ((KioskApp, App), (KioskDriver, Driver)):
        doors = [name for name, each in vars(shut).items() if each is closed._nothing]
        assert len(doors) >= 2
        assert [name for name in doors if not hasattr(base, name)] == []
    for name in ("save_screenshot", "suspend", "notify"):
        assert hasattr(App, name)
    assert [name for name in closed._CONSTANTS if not hasattr(constants, name)] == []


def test_what_textual_can_write_open_or_stop_is_shut() -> None:
    """Whatever of Textual's app opens a file, a program or a shell has one of these words in its name."""
    words = ("screenshot", "deliver", "suspend", "open_url")
    found = {name for name, _ in inspect.getmembers(App, inspect.isfunction) if any(word in name for word in words)}
    # A picture as text, and what is told within the app.
    harmless = {"export_screenshot", "_suspend_signal", "_on_delivery_complete", "_on_delivery_failed"}
    # The only ways to it are shut.
    ways = {
        name for name, do in inspect.getmembers(App, inspect.isfunction) if "_deliver_binary" in do.__code__.co_names
    }
    assert ways <= vars(KioskApp).keys()
    assert found - harmless - vars(KioskApp).keys() - {"_deliver_binary"} == set()


def test_doors_do_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "kill", lambda pid, number: pytest.fail("a signal"))

    async def script(app: KioskApp, pilot: Pilot[int]) -> None:
        assert app.save_screenshot("x.svg", str(tmp_path)) == ""
        for action in ("screenshot", "suspend_process"):
            await app.run_action(action)
        app.deliver_text("x.txt")
        app.deliver_binary("x.bin")
        app.open_url("https://example.org")
        with app.suspend():
            pass

    visit(script)
    assert list(tmp_path.iterdir()) == []


def test_keys_lead_to_the_table_of_commands_and_to_nothing_else() -> None:
    async def script(app: KioskApp, pilot: Pilot[int]) -> None:
        actions = {each.action for bound in app._bindings.key_to_bindings.values() for each in bound}
        assert {each for each in actions if not each.startswith("key(")} <= {"quit", "help_quit", "command_palette"}
        assert app.features == frozenset()

    visit(script)


def test_what_a_visitor_has_typed_is_no_markup() -> None:
    async def script(app: KioskApp, pilot: Pilot[int]) -> None:
        app.notify("[@click=app.screenshot]here[/]")
        await pilot.pause()
        assert [each.markup for each in app._notifications] == [False]

    visit(script)


# -- sizes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [((80, 24), (80, 24)), ((20000, 20000), (300, 100)), ((0, 0), (20, 6)), ((2**32 - 1, 1), (300, 6))],
)
def test_a_window_has_20_to_300_columns_and_6_to_100_rows(
    given: tuple[int, int], wanted: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clamped(Size(*given), LEAST, MOST) == wanted
    told: list[Any] = []
    monkeypatch.setattr(LinuxDriver, "process_message", lambda self, message: told.append(message))
    monkeypatch.setattr(LinuxDriver, "_get_terminal_size", lambda self: given)
    driver = KioskDriver.__new__(KioskDriver)
    driver._owed, driver._holds = None, False
    driver.process_message(events.Resize.from_dimensions(given, (0, 0)))
    assert told == [], "a size that somebody types is none"
    assert driver._get_terminal_size() == wanted


# -- a crash -----------------------------------------------------------------------------------------------


def test_a_crash_is_one_line_for_the_visitor_and_all_of_it_for_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    log = io.StringIO()

    async def script(app: KioskApp, pilot: Pilot[int]) -> None:
        def fail() -> None:
            raise ValueError("/srv/secret/path")

        app.call_later(fail)
        with contextlib.suppress(Exception):
            await until(pilot, lambda: not app.is_running, "the end")

    with pytest.raises(ValueError, match="secret"):  # Pilot hands it on
        visit(script, log=log)
    said = capsys.readouterr()
    line = json.loads(log.getvalue())
    assert line["error"] == "ValueError('/srv/secret/path')"
    assert "Traceback" in line["traceback"]
    assert said.err.split() == tr(crash.FAILED, id=line["id"]).split()
    assert "secret" not in said.err + said.out


def test_each_failure_has_a_number_of_its_own_and_a_lost_log_harms_nobody() -> None:
    log = io.StringIO()
    log.close()
    first, second = (crash.note(ValueError("x"), log) for _ in range(2))
    assert first != second
    assert "x" not in first.replace("xt", "")


def test_a_log_that_is_not_open_is_said_with_everything_else() -> None:
    problems = refused("--log-fd", "999", "--depth", "0")
    assert [each.partition(":")[0] for each in problems] == ["depth", "--log-fd"]
    assert "999 is no open file" in problems[1]


def test_standard_streams_are_no_log() -> None:
    assert "allowed: a whole number from 3" in refused("--log-fd", "2")[0]


def test_the_app_is_gradtuis_own() -> None:
    app = kiosk_app(["--view", "lab", "--lang", "en"], TERMINAL)
    assert isinstance(app, GradtuiApp)
    assert app.state.view == "lab"
    assert app.permissions == VISITOR

"""What is in force, as `gradtui config` prints it, and what counts where a source is wrong."""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from gradtui.cli.config import config, show
from gradtui.cli.keymap import spelled
from gradtui.cli.reading import read
from gradtui.cli.settings import SETTINGS, SettingsInForce, load, survey
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.model.commands import BY_ID, COMMANDS
from tests.engine.helpers import fresh_python
from tests.tui.helpers import Command
from tests.tui.settings_cases import LOCALE, OTHER, every_setting, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_what_is_shown_is_toml_that_gives_the_same_settings(path: Path) -> None:
    path.write_text('theme = "nord"\n[keys]\nplay = ["f5", "\\""]\nzoom = []\nquit = "\\\\"\n', encoding="utf-8")
    loaded = load({"mouse": "false"}, LOCALE | {"GRADTUI_FPS": "9", "GRADTUI_COLOR": "256"}, path)
    text = show(loaded)
    assert tomllib.loads(text)["keys"] == {"play": ["f5", '"'], "zoom": [], "quit": ["\\"]}
    path.write_text(text, encoding="utf-8")
    again = load({}, {}, path)
    assert again.settings == loaded.settings
    assert all(again.sources[name] == "file" for name in SETTINGS)


@every_setting
def test_what_is_shown_tells_where_a_value_came_from_and_what_it_means(name: str, path: Path) -> None:
    def line(loaded: SettingsInForce) -> str:
        return next(line for line in show(loaded).splitlines() if line.startswith(f"{name} ="))

    text = OTHER[name][0]
    variable = f"GRADTUI_{name.upper()}"
    sources = {
        "default": load({}, LOCALE, path),
        variable: load({}, LOCALE | {variable: text}, path),
        "command line": load({name: text}, LOCALE, path),
    }
    path.write_text(f"{name} = {written(OTHER[name][1])}\n", encoding="utf-8")
    sources["file"] = load({}, LOCALE, path)
    for source, loaded in sources.items():
        shown = line(loaded)
        assert re.search(rf" # {source} · {re.escape(SETTINGS[name].help)}", shown), shown
        assert tomllib.loads(shown)[name] == getattr(loaded.settings, name)


def test_every_command_stands_among_the_keys_those_that_differ_as_values_the_others_as_comments(path: Path) -> None:
    path.write_text('[keys]\nplay = "f5"\nstep = ["n", "."]\n', encoding="utf-8")
    text = show(load({}, LOCALE, path)).partition("[keys]")[2]
    rows = [line for line in text.splitlines() if " = " in line]
    assert [re.match(r"(?:# )?(\w+) =", row)[1] for row in rows] == [each.id for each in COMMANDS]  # type: ignore[index]
    assert [row for row in rows if not row.startswith("#")] == [row for row in rows if row.startswith("play =")]
    everything = "\n".join(row.removeprefix("# ") for row in rows if not row.startswith("play"))
    path.write_text(f"[keys]\n{everything}\n", encoding="utf-8")
    assert load({}, LOCALE, path).settings.keys == {each.id: each.keys for each in COMMANDS if each.id != "play"}


def run_config(environment: Mapping[str, str], *arguments: str) -> str:
    out = io.StringIO()
    assert config(read(SUBCOMMANDS["config"], arguments), out, environment) == 0
    return out.getvalue()


def test_config_prints_the_path_or_the_settings_or_both(path: Path) -> None:
    environment = LOCALE | {"GRADTUI_CONFIG": str(path)}
    assert run_config(environment, "--path") == f"{path}\n"
    shown = run_config(environment, "--show", "--fps", "5")
    assert tomllib.loads(shown)["fps"] == 5
    assert str(path) not in shown
    both = run_config(environment)
    assert both.splitlines()[0] == f"# {path} (there is no such file yet)"
    assert both.partition("\n")[2] == run_config(environment, "--show")
    path.touch()
    assert run_config(environment, "--show", "--path").splitlines()[0] == f"# {path}"
    assert tomllib.loads(both)


def test_the_path_is_told_whatever_the_file_holds(path: Path) -> None:
    path.write_text("fps = ", encoding="utf-8")
    assert run_config(LOCALE | {"GRADTUI_CONFIG": str(path)}, "--path") == f"{path}\n"


def test_of_a_file_with_faults_config_says_each_and_shows_what_can_be_used(
    path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    path.write_text('fps = 0\ntheme = "nord"\nfoo = 1\n[keys]\nplay = "f5"\nzoom = "blub"\n', encoding="utf-8")
    monkeypatch.setenv("GRADTUI_CONFIG", str(path))
    for arguments in (["--show"], []):
        done = command("config", *arguments, "--lang", "en", "--speed", "30")
        assert done.status == 2
        assert [problem.split(": ")[:3] for problem in done.problems] == [
            ["gradtui config", str(path), name] for name in ("keys.zoom", "fps", "foo")
        ]
        shown = tomllib.loads(done.out)
        assert (shown["theme"], shown["speed"], shown["keys"]) == ("nord", 30, {"play": ["f5"]})
        assert shown["fps"] == SETTINGS["fps"].usual({})
    path.write_text("fps = ", encoding="utf-8")
    done = command("config", "--show", "--lang", "en")
    assert (done.status, len(done.problems)) == (2, 1)
    assert tomllib.loads(done.out)["theme"] == "gradtui"


def test_where_a_source_is_wrong_the_next_one_counts(path: Path) -> None:
    path.write_text("fps = 7\n", encoding="utf-8")
    loaded, found = survey({"fps": "x"}, LOCALE | {"GRADTUI_FPS": "y"}, path)
    assert (loaded.settings.fps, loaded.sources["fps"]) == (7, "file")
    assert sorted(each.field for each in found) == ["--fps", "GRADTUI_FPS"]


def test_keys_that_can_be_used_never_clash_with_the_tables_own(path: Path) -> None:
    """step takes play's key, which play gives up for one that is no key: so play keeps it, and step its own."""
    (play, *_), step = ((BY_ID[name].keys) for name in ("play", "step"))
    path.write_text(f'[keys]\nplay = "blub"\nstep = {written(spelled(play))}\nzoom = "f5"\n', encoding="utf-8")
    loaded, found = survey({}, LOCALE, path)
    assert found
    assert loaded.settings.keys == {"zoom": ("f5",)}
    assert play not in step


def test_a_file_that_the_environment_names_and_that_is_not_there_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADTUI_CONFIG", "nope.toml")
    done = command("run", "--depth", "0")
    assert done.status == 2
    assert "gradtui run: GRADTUI_CONFIG: nope.toml: there is no such file" in done.problems
    assert [problem.split(": ")[1] for problem in done.problems] == ["GRADTUI_CONFIG", "depth"]
    # What it prints may become the file.
    assert command("config").status == 0
    Path("nope.toml").touch()
    assert command("run", "--depth", "2").status == 0


def test_a_path_with_control_characters_cannot_break_the_toml(tmp_path: Path) -> None:
    environment = LOCALE | {"GRADTUI_CONFIG": str(tmp_path / "a\nfps = 3")}
    assert tomllib.loads(run_config(environment))["fps"] == 30


def test_settings_load_neither_textual_nor_what_only_some_settings_need() -> None:
    """Palettes take 20 ms, the table of commands as much: only who names a theme or a key waits for them."""
    code = (
        "import sys, pathlib, gradtui.cli.settings as settings\n"
        "settings.SETTINGS['lang'].told(), settings.load({'lang': 'zh'}, {}, pathlib.Path('/no/such/file'))\n"
        "names = ('textual', 'rich', 'platformdirs', 'gradtui.screen.palette',"
        " 'gradtui.model.commands', 'gradtui.model.state')\n"
        "print([name for name in names if name in sys.modules])"
    )
    assert fresh_python(code) == "[]"

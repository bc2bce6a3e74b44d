"""Settings: command line before environment before file before default, every problem at once, and what is in force."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies
from textual.theme import BUILTIN_THEMES

from gradtui import cli_commands, glyphs, language, palette, state
from gradtui.arguments import parse, parser
from gradtui.commands import BY_ID, COMMANDS
from gradtui.config import config, show
from gradtui.keymap import spelled
from gradtui.lessons.library import VARIABLE
from gradtui.settings import (
    COLOUR_SYSTEMS,
    SETTINGS,
    Loaded,
    Settings,
    SettingsError,
    config_path,
    given_of,
    load,
    survey,
    switches,
)

from ..engine.helpers import drawn, fresh_python
from .helpers import Command

LOCALE = {"LANG": "en_GB.UTF-8"}
#: For every setting a value that is no default, as text and as TOML gives it.
OTHER: dict[str, tuple[str, Any]] = {
    "lang": ("zh", "zh"),
    "theme": ("high-contrast", "high-contrast"),
    "glyphs": ("braille", "braille"),
    "color": ("256", "256"),
    "fps": ("7", 7),
    "speed": ("60", 60),
    "reduced_motion": ("true", True),
    "mouse": ("false", False),
}
#: And one that differs from that too.
THIRD: dict[str, tuple[str, Any]] = {
    "lang": ("en", "en"),
    "theme": ("nord", "nord"),
    "glyphs": ("ascii", "ascii"),
    "color": ("truecolor", "truecolor"),
    "fps": ("8", 8),
    "speed": ("1", 1),
    "reduced_motion": ("false", False),
    "mouse": ("true", True),
}
every_setting = pytest.mark.parametrize("name", SETTINGS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def problems(
    path: Path, text: str = "", given: Mapping[str, str] | None = None, environment: Mapping[str, str] = LOCALE
) -> list[str]:
    """Every problem that such settings are refused for, without the folder of the file."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(given or {}, environment, path)
    found = [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]
    assert all(len(line) < 600 and "\n" not in line for line in found)
    return found


def written(value: Any) -> str:
    return json.dumps(value)


# -- the table ---------------------------------------------------------------------------------------------


def test_the_settings_are_the_tables_rows_and_the_keys() -> None:
    assert [each.name for each in dataclasses.fields(Settings)] == [*SETTINGS, "keys"]
    assert list(OTHER) == list(THIRD) == list(SETTINGS)


@every_setting
def test_a_default_is_a_value_that_is_allowed(name: str, path: Path) -> None:
    value = getattr(load({}, LOCALE, path).settings, name)
    assert SETTINGS[name].kind.check(value) == value


def test_the_names_are_those_of_the_modules_that_they_choose_from() -> None:
    assert SETTINGS["lang"].kind.names == tuple(language.LANGUAGES)
    assert SETTINGS["glyphs"].kind.names == glyphs.GLYPHS
    assert set(palette.THEMES) <= set(SETTINGS["theme"].kind.names) <= {*palette.THEMES, *BUILTIN_THEMES}
    assert all(name in SETTINGS["theme"].kind.allowed for name in palette.THEMES)
    # textual.constants.COLOR_SYSTEM goes to Rich, which knows these.
    assert set(COLOUR_SYSTEMS.values()) == {"auto", "standard", "256", "truecolor"}


def test_the_defaults_are_those_of_the_screen(path: Path) -> None:
    settings = load({}, LOCALE, path).settings
    assert settings.speed == state.SPEEDS[state.State.__dataclass_fields__["speed"].default]
    assert settings.theme == palette.DEFAULT
    assert (settings.mouse, settings.reduced_motion, settings.color) == (True, False, "auto")


@pytest.mark.parametrize(
    ("environment", "name", "value"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "lang", "zh"),
        ({"LANG": "de_DE.UTF-8"}, "lang", "en"),
        ({"LANG": "en_GB.UTF-8"}, "glyphs", "block"),
        ({"LANG": "en_GB.ISO-8859-1"}, "glyphs", "ascii"),
        ({}, "fps", 30),
        ({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, "fps", 12),
    ],
)
def test_a_default_fits_the_terminal(environment: dict[str, str], name: str, value: Any, path: Path) -> None:
    loaded = load({}, environment, path)
    assert getattr(loaded.settings, name) == value
    assert loaded.sources[name] == "default"


# -- sources -----------------------------------------------------------------------------------------------


@every_setting
def test_each_source_comes_before_the_next(name: str, path: Path) -> None:
    text, value = OTHER[name]
    third, third_value = THIRD[name]
    variable = {f"GRADTUI_{name.upper()}": text}
    path.write_text(f"{name} = {written(value)}\n", encoding="utf-8")

    def found(given: dict[str, str], environment: dict[str, str]) -> tuple[Any, str]:
        loaded = load(given, LOCALE | environment, path)
        return getattr(loaded.settings, name), loaded.sources[name]

    assert found({}, {}) == (value, "file")
    assert found({}, {f"GRADTUI_{name.upper()}": third}) == (third_value, f"GRADTUI_{name.upper()}")
    assert found({name: third}, variable) == (third_value, "command line")
    path.unlink()
    assert found({}, variable) == (value, f"GRADTUI_{name.upper()}")
    assert found({}, {})[1] == "default"


@given(strategies.data())
@drawn(60)
def test_the_first_source_that_says_something_wins(data: strategies.DataObject) -> None:
    """Against the rule written as plain dictionaries, one over the other."""
    names = strategies.sets(strategies.sampled_from(list(SETTINGS)))
    in_file, in_environment, on_line = (data.draw(names) for _ in range(3))
    document = "".join(f"{name} = {written(OTHER[name][1])}\n" for name in sorted(in_file))
    environment = LOCALE | {f"GRADTUI_{name.upper()}": THIRD[name][0] for name in in_environment}
    given_texts = {name: OTHER[name][0] for name in on_line}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        defaults = dataclasses.asdict(load({}, LOCALE, path).settings)
        path.write_text(document, encoding="utf-8")
        loaded = load(given_texts, environment, path)
    wanted = defaults | {name: OTHER[name][1] for name in in_file} | {name: THIRD[name][1] for name in in_environment}
    assert dataclasses.asdict(loaded.settings) == wanted | {name: OTHER[name][1] for name in on_line}


def test_a_missing_file_and_an_empty_one_say_nothing(path: Path) -> None:
    missing = load({}, LOCALE, path)
    path.touch()
    assert load({}, LOCALE, path) == missing
    assert load({}, LOCALE, path / "below" / "a file") == dataclasses.replace(missing, path=path / "below" / "a file")


def test_an_empty_variable_is_not_set(path: Path) -> None:
    assert load({}, LOCALE | {"GRADTUI_FPS": ""}, path).sources["fps"] == "default"


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("Yes", True), ("on", True), ("TRUE", True), ("0", False), ("no", False)]
)
def test_a_truth_value_in_the_environment_has_many_spellings(text: str, value: bool, path: Path) -> None:
    assert load({}, LOCALE | {"GRADTUI_REDUCED_MOTION": text}, path).settings.reduced_motion is value


def test_colours_may_be_a_number_in_the_file(path: Path) -> None:
    path.write_text("color = 16\n", encoding="utf-8")
    assert load({}, LOCALE, path).settings.color == "16"


def test_keys_of_the_file_are_read_under_textuals_names(path: Path) -> None:
    path.write_text('[keys]\nplay = "F5"\nzoom = []\nstep = ["n", "."]\n', encoding="utf-8")
    loaded = load({}, LOCALE, path)
    assert loaded.settings.keys == {"play": ("f5",), "zoom": (), "step": ("n", "full_stop")}
    assert loaded.sources["play"] == "file"


def test_the_file_is_in_the_users_configuration_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_path({}) == tmp_path / "gradtui" / "config.toml"
    assert config_path({"GRADTUI_CONFIG": "/etc/other.toml"}) == Path("/etc/other.toml")
    assert config_path({"GRADTUI_CONFIG": "~/mine.toml"}) == Path.home() / "mine.toml"


# -- what cannot be used -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("fpz = 3", ["config.toml: fpz", "'fpz' is unknown", "did you mean 'fps'?"]),
        ("fps = 61", ["config.toml: fps", "61 given", "from 1 to 60"]),
        ("fps = 30.0", ["config.toml: fps", "30.0 given"]),
        ('fps = "30"', ["config.toml: fps", "'30' given"]),
        ("fps = true", ["True given"]),
        ("speed = 3", ["config.toml: speed", "3 given", "1, 2, 4, 8, 15, 30, 60"]),
        ("speed = true", ["speed", "True given"]),
        ('theme = "gradtuy"', ["theme", "'gradtuy' is unknown", "did you mean 'gradtui'?", "nord"]),
        ('lang = "cn"', ["lang", "'cn' is unknown", "en, zh"]),
        ("color = 8", ["color", "'8' is unknown", "auto, 16, 256, truecolor"]),
        ("color = true", ["color", "True given"]),
        ("mouse = 1", ["mouse", "1 given; allowed: true, false"]),
        ('mouse = "no"', ["mouse", "'no' given"]),
        ("[glyphs]\na = 1", ["glyphs", "given"]),
        ("keys = 3", ["config.toml: keys", "3 given", "[keys]"]),
        ("[keys]\nplya = 'x'", ["config.toml: keys.plya", "did you mean 'play'?"]),
        ("[keys]\nplay = 'blub'", ["config.toml: keys.play", "'blub' is no key"]),
        ("[keys]\nquit = []", ["config.toml: keys.quit", "has to keep a key"]),
        ("fps = ", ["config.toml: is not TOML"]),
        ('"a\\nb" = 3', ["is unknown"]),
    ],
)
def test_a_problem_of_the_file_names_file_field_and_what_is_allowed(text: str, parts: list[str], path: Path) -> None:
    (problem,) = problems(path, text)
    assert all(part in problem for part in parts), problem


@pytest.mark.parametrize(
    ("variable", "text", "parts"),
    [
        ("GRADTUI_FPS", "many", ["'many' given", "from 1 to 60"]),
        ("GRADTUI_SPEED", "3", ["3 given", "1, 2, 4"]),
        ("GRADTUI_SPEED", "fast", ["'fast' given", "1, 2, 4"]),
        ("GRADTUI_MOUSE", "perhaps", ["'perhaps' given", "true, false", "yes, no"]),
        ("GRADTUI_GLYPHS", "brail", ["did you mean 'braille'?"]),
        ("GRADTUI_FSP", "3", ["'GRADTUI_FSP' is unknown", "did you mean 'GRADTUI_FPS'?"]),
        ("GRADTUI_", "3", ["'GRADTUI_' is unknown"]),
        ("GRADTUI_KEYS", "x", ["is unknown"]),
    ],
)
def test_a_problem_of_the_environment_names_the_variable(
    variable: str, text: str, parts: list[str], path: Path
) -> None:
    (problem,) = problems(path, environment=LOCALE | {variable: text})
    assert problem.startswith(f"{variable}: ")
    assert all(part in problem for part in parts), problem


def test_a_problem_of_the_command_line_names_the_option(path: Path) -> None:
    (problem,) = problems(path, given={"fps": "0"})
    assert problem == "--fps: 0 given; allowed: a whole number from 1 to 60"


def test_variables_of_ours_that_are_no_settings_are_known(path: Path) -> None:
    assert load({}, LOCALE | {"GRADTUI_CONFIG": "x", VARIABLE: "y", "GRADTUIX": "z"}, path)


def test_the_problems_of_all_sources_come_at_once_even_where_a_better_source_wins(path: Path) -> None:
    found = problems(
        path,
        'fps = 0\nlang = "xx"\nunknown = 1\n[keys]\nplay = "n"\nquit = []\n',
        {"fps": "x", "speed": "5"},
        LOCALE | {"GRADTUI_FPS": "y", "GRADTUI_OTHER": "1"},
    )
    assert sorted(line.split(": ")[0] if line[0] != "c" else ": ".join(line.split(": ")[:2]) for line in found) == [
        "--fps", "--speed", "GRADTUI_FPS", "GRADTUI_OTHER", "config.toml: fps", "config.toml: keys.play",
        "config.toml: keys.quit", "config.toml: lang", "config.toml: unknown",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (lambda path: path.mkdir(), ["cannot be read", "directory"]),
        (lambda path: path.write_bytes(b"# \xff\n"), ["is not UTF-8 text"]),
        (lambda path: path.write_bytes(b"\x00"), ["is not TOML"]),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_problem(make: Any, parts: list[str], path: Path) -> None:
    make(path)
    with pytest.raises(SettingsError) as caught:
        load({}, LOCALE, path)
    (problem,) = caught.value.problems
    assert problem.field == str(path)
    assert all(part in problem.message for part in parts), problem


def test_a_name_that_is_too_long_for_a_file_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load({}, LOCALE, tmp_path / ("x" * 300))


# -- the command line --------------------------------------------------------------------------------------


def read(*arguments: str) -> dict[str, str]:
    return given_of(parse(parser("gradtui", "", switches()), arguments).switches)


@every_setting
def test_every_setting_has_an_option(name: str) -> None:
    option = f"--{name.replace('_', '-')}"
    text, value = OTHER[name]
    if isinstance(value, bool):
        assert read(option) == {name: "true"}
        assert read(f"--no-{option[2:]}") == {name: "false"}
    else:
        assert read(option, text) == read(f"{option}={text}") == {name: text}


def test_options_that_are_not_given_say_nothing() -> None:
    assert read() == {}
    assert read("--no-mouse", "--lang", "zh") == {"lang": "zh", "mouse": "false"}


def test_a_command_may_take_only_some_settings() -> None:
    assert [flag for flag, _ in switches(("lang", "glyphs"))] == ["--lang", "--glyphs"]


def test_the_help_says_what_is_allowed() -> None:
    text = " ".join(parser("gradtui", "", switches()).format_help().split())
    for part in (
        "language: en, zh",
        "block, braille, ascii",
        "auto, 16, 256, truecolor",
        "--no-mouse",
        "high-contrast",
    ):
        assert part in text


# -- what is in force --------------------------------------------------------------------------------------


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
    def line(loaded: Loaded) -> str:
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
    usage = parse(parser("gradtui config", "", [*cli_commands.COMMANDS["config"].switches, *switches()]), arguments)
    out = io.StringIO()
    assert config(usage.switches, out, environment) == 0
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
        assert shown["fps"] == SETTINGS["fps"].default({})
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
        "import sys, pathlib, gradtui.settings as settings\n"
        "settings.switches(('lang',)), settings.load({'lang': 'zh'}, {}, pathlib.Path('/no/such/file'))\n"
        "names = ('textual', 'rich', 'platformdirs', 'gradtui.palette', 'gradtui.commands', 'gradtui.state')\n"
        "print([name for name in names if name in sys.modules])"
    )
    assert fresh_python(code) == "[]"

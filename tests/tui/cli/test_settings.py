"""Settings: command line before environment before file before default."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies
from textual.theme import BUILTIN_THEMES

from gradtui.cli.arguments import help_of, rows_of
from gradtui.cli.settings import COLOUR_SYSTEMS, SETTINGS, Settings, config_path, load
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.model import state
from gradtui.screen import palette
from gradtui.text import glyphs, language
from tests.engine.helpers import drawn
from tests.tui.helpers import words_of
from tests.tui.settings_cases import LOCALE, OTHER, THIRD, every_setting, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


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


# -- the command line --------------------------------------------------------------------------------------


def read(*arguments: str) -> dict[str, str]:
    return words_of("", *arguments).settings


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
    assert [row.name for row in rows_of(SUBCOMMANDS["run"]) if row.name in SETTINGS] == ["lang", "glyphs"]
    assert [row.name for row in rows_of(SUBCOMMANDS["config"]) if row.name in SETTINGS] == list(SETTINGS)


def test_the_help_says_what_is_allowed() -> None:
    text = " ".join(help_of(SUBCOMMANDS["config"]).split())
    for part in (
        "language: en, zh",
        "block, braille, ascii",
        "auto, 16, 256, truecolor",
        "--no-mouse",
        "high-contrast",
    ):
        assert part in text

"""Settings that cannot be used: every problem at once, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gradtui.cli.settings import load
from gradtui.cli.settings_error import SettingsError
from gradtui.lessons.library import VARIABLE
from tests.tui.settings_cases import LOCALE


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

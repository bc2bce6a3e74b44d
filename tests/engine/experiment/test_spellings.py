"""The three spellings of an experiment: Python, TOML, command line."""

from __future__ import annotations

import datetime
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from gradtui_engine import Experiment
from gradtui_engine.core.options import flag
from gradtui_engine.experiment.experiment import options
from tests.engine.helpers import drawn, refused
from tests.engine.strategies import valid_experiments

AWKWARD = [
    "csv:my data/table 1.csv",
    "csv:it's.csv",
    'csv:"quoted" \\ back.csv',
    "csv:# not a comment.csv",
    "csv:$HOME/`x`;&|<>*?.csv",
    "csv:Größe/データ.csv",
    "csv:line\nbreak\ttab.csv",
    "csv: ",
    "csv:--width",
]


def parsed(arguments: list[str]) -> Experiment:
    """What a command line means: pairs of an option and its text, each read by its field's kind."""
    names = {flag(name): name for name in options()}
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return Experiment(**{names[key]: options()[names[key]].kind.parse(text) for key, text in pairs})


# -- round trips -------------------------------------------------------------------------------------------


@drawn(200)
@given(valid_experiments())
def test_an_experiment_comes_back_from_its_toml(experiment: Experiment) -> None:
    text = experiment.to_toml()
    assert Experiment.from_toml(text) == experiment
    assert Experiment.from_toml(text).to_toml() == text
    assert tomllib.loads(text) == experiment.given()


@drawn(200)
@given(valid_experiments())
def test_an_experiment_comes_back_from_its_arguments(experiment: Experiment) -> None:
    arguments = experiment.to_arguments()
    assert parsed(arguments) == experiment
    assert arguments[::2] == [flag(name) for name in options() if getattr(experiment, name) != options()[name].default]


@drawn(100)
@given(valid_experiments())
def test_an_experiment_comes_back_from_what_was_given(experiment: Experiment) -> None:
    assert Experiment.from_mapping(json.loads(json.dumps(experiment.given()))) == experiment


@drawn(100)
@given(valid_experiments())
def test_an_experiment_comes_back_from_its_mapping(experiment: Experiment) -> None:
    mapping = experiment.to_mapping()
    assert list(mapping) == list(options())
    assert Experiment.from_mapping(mapping) == experiment


@pytest.mark.parametrize("source", AWKWARD)
def test_an_awkward_path_survives_toml_and_a_posix_shell(source: str) -> None:
    experiment = Experiment(cell="lstm", data=source, width=9)
    assert Experiment.from_toml(experiment.to_toml()).data == source
    program, *arguments = shlex.split(experiment.to_command())
    assert program == "gradtui"
    assert parsed(arguments) == experiment


def test_the_command_has_only_what_differs_from_the_defaults() -> None:
    assert Experiment().to_command() == "gradtui"
    assert Experiment(cell="lstm").to_command() == "gradtui --cell lstm"
    assert Experiment(cell="lstm", forget_bias=2.0, width=32).to_command() == (
        "gradtui --cell lstm --width 32 --forget-bias 2.0"
    )
    assert Experiment(data="gaussian", inputs=8).to_command() == "gradtui --data gaussian --inputs 8"
    assert Experiment(data="digits", batch=64).to_command() == "gradtui --data digits --batch 64"
    assert Experiment(width=64, gain=1.0).to_command() == "gradtui", "a default is no news"
    assert Experiment(width=(64, 32)).to_command() == "gradtui --width 64,32"


# -- TOML --------------------------------------------------------------------------------------------------


def test_the_toml_names_every_field_with_a_comment() -> None:
    for experiment in (Experiment(), Experiment(cell="lstm"), Experiment(data="csv:table.csv")):
        lines = experiment.to_toml().splitlines()[1:]
        fields = options()
        assert [line.lstrip("# ").split(" ")[0] for line in lines] == list(fields)
        for line, each in zip(lines, fields.values(), strict=True):
            assert f"# {each.help}" in line
            assert line.endswith(f"(not used by {experiment.cell})") == (not each.applies_to(experiment.cell))
        values = tomllib.loads(experiment.to_toml())
        assert values == experiment.given()
        # Without its first #, a comment is the line that gives what the field comes to.
        whole = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines if not re.match(r"# \w+ = *#", line)))
        known = {name: getattr(experiment.resolved, name) for name in options()}
        assert whole == {name: value for name, value in known.items() if value is not None}


def test_an_empty_toml_is_the_default_experiment() -> None:
    assert Experiment.from_toml("") == Experiment()
    assert Experiment.from_toml("# nothing\n") == Experiment()


def test_a_path_is_read_and_a_string_is_toml_itself(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("width = 5\n", encoding="utf-8")
    assert Experiment.from_toml(path) == Experiment.from_toml("width = 5") == Experiment(width=5)


def test_every_problem_of_a_toml_is_reported_at_once_the_unknown_fields_too() -> None:
    problems = refused(Experiment.from_toml, 'widht = 5\ndepth = 0\nactivation = "rleu"\nforget-bais = 1.0')
    assert [problem.split(":")[0] for problem in problems] == ["widht", "forget-bais", "depth", "activation"]
    assert "did you mean 'width'?" in problems[0]
    assert "did you mean 'forget_bias'?" in problems[1]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("width = true", "width"),
        ('width = "7"', "width"),
        ("width = 7.0", "width"),
        ("width = 1979-05-27", "width"),
        ("width = [0]", "width"),
        ("width = [1.5]", "width"),
        ("width = []", "width"),
        ("depth = [1]", "depth"),
        ("gain = nan", "gain"),
        ("gain = inf", "gain"),
        ("gain = '1'", "gain"),
        ("[width]\nunits = 3", "width"),
        ("[network]\nwidth = 3", "network"),
        ("data = ''", "data"),
    ],
)
def test_a_toml_value_of_the_wrong_type_is_a_problem_of_its_field(text: str, name: str) -> None:
    (problem,) = refused(Experiment.from_toml, text)
    assert problem.startswith(f"{name}: ")


@pytest.mark.parametrize(
    "text",
    [
        "width",
        "width = ",
        "width = 5\nwidth = 6",
        "= 5",
        "width = 05",
        "width = " + "1" * 5000,
        "width = " + "[" * 100_000,
        "a\0b",
    ],
    ids=["no value", "no number", "twice", "no name", "octal", "5000 digits", "deep", "NUL"],
)
def test_malformed_toml_is_one_problem_and_no_other_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    for source, name in ((text, "TOML"), (path, str(path))):
        (problem,) = refused(Experiment.from_toml, source)
        assert problem.startswith(f"{name}: is not TOML: ")
        assert len(problem) < 300


def test_a_toml_file_that_cannot_be_read_is_one_problem_with_its_path(tmp_path: Path) -> None:
    binary = tmp_path / "latin.toml"
    binary.write_bytes(b"# caf\xe9\n")
    cases = [
        (tmp_path / "missing.toml", "cannot be read: No such file or directory"),
        (tmp_path, "cannot be read: Is a directory"),
        (binary, "is not UTF-8 text (byte 5)"),
    ]
    for path, message in cases:
        assert refused(Experiment.from_toml, path) == [f"{path}: {message}"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_toml_file_is_read_as_any_editor_writes_it(encoding: str, ending: str, tmp_path: Path) -> None:
    """Notepad writes a byte order mark, PowerShell's > UTF-16."""
    path = tmp_path / "run.toml"
    path.write_bytes(f"depth = 4{ending}# σ_w{ending}sigma_w = 1.5{ending}".encode(encoding))
    assert Experiment.from_toml(path) == Experiment(depth=4, sigma_w=1.5)
    assert Experiment.from_toml("\ufeffdepth = 4") == Experiment(depth=4)


@pytest.mark.parametrize("value", [datetime.date(2020, 1, 1), {"units": 3}, {3}, None])
def test_a_mapping_with_a_value_of_a_strange_type_is_refused(value: Any) -> None:
    (problem,) = refused(Experiment.from_mapping, {"width": value})
    assert problem.startswith(f"width: {value!r} given; allowed: a whole number")

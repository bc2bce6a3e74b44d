"""An option is one row, and everything that is told of it anywhere is told by the row."""

from __future__ import annotations

import argparse
import itertools
import tomllib
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment
from gradtui_engine.core.fields import Choice, Integer, Number, OneOf, Rejected, Switch, Text
from gradtui_engine.core.options import Manner, Option, option, options_of, read, toml_value
from gradtui_engine.core.problems import Problem
from gradtui_engine.experiment.experiment import options
from tests.engine.helpers import drawn
from tests.engine.strategies import accepted
from tests.examples import in_one

TOLD = Manner(allowed="; ", default=True)


@dataclass(frozen=True)
class Table:
    """One of each kind."""

    depth: int = option(30, "hidden layers", Integer(1, 100), ("mlp",))
    speed: int = option(4, "steps a second", OneOf(lambda: (1, 2, 4)))
    loss: str | None = option(None, "the loss", Choice(lambda: ("mse", "bce"), "csv:"))
    gain: float = option(1.0, "a factor of 50 % and more", Number(0.0, 10.0))
    log_file: str | None = option(None, "where the log goes", Text("FILE"))
    json: bool = option(False, "a document", Switch())
    mouse: bool = option(True, "the mouse works", Switch(can_be_off=True))
    names: tuple[str, ...] = option((), "names", Text("NAME"), many=True)
    a_class: bool = option(False, "a class comes", Switch(), flag="--class")
    plain: int = 3


ROWS = options_of(Table, manner=TOLD)


def test_the_options_of_a_table_are_its_fields_that_have_one() -> None:
    assert list(ROWS) == ["depth", "speed", "loss", "gain", "log_file", "json", "mouse", "names", "a_class"]
    assert all(row.name == name for name, row in ROWS.items())
    assert Table() == Table(**{name: row.default for name, row in ROWS.items()})


@pytest.mark.parametrize(
    ("name", "flags", "usage", "told"),
    [
        ("depth", ("--depth",), "--depth N", "hidden layers [mlp] (default 30)"),
        ("loss", ("--loss",), "--loss NAME", "the loss; mse, bce"),
        ("log_file", ("--log-file",), "--log-file FILE", "where the log goes"),
        ("mouse", ("--mouse", "--no-mouse"), "--mouse", "the mouse works (default True)"),
        ("a_class", ("--class",), "--class", "a class comes (default False)"),
    ],
)
def test_a_row_says_what_it_is_called_and_what_it_means(
    name: str, flags: tuple[str, ...], usage: str, told: str
) -> None:
    row = ROWS[name]
    assert (row.flags, row.usage, row.told()) == (flags, usage, told)


def test_a_family_tells_ranges_and_defaults_or_leaves_them() -> None:
    plain, of_numbers = options_of(Table), options_of(Table, manner=Manner(allowed=": ", of_numbers=True))
    assert plain["depth"].told() == "hidden layers [mlp]"
    assert of_numbers["speed"].told() == "steps a second: 1, 2, 4"
    assert of_numbers["json"].told() == "a document"


def parsed(*words: str) -> dict[str, Any]:
    """The texts that argparse, which writes the help with the rows, finds by them too; what is not given is None."""
    parser = argparse.ArgumentParser()
    for row in ROWS.values():
        flag, more = row.words_for_argparse()
        parser.add_argument(flag, **more)
    assert "50 %" in parser.format_help()
    return {name: value for name, value in vars(parser.parse_args(words)).items() if value is not None}


def test_argparse_takes_every_row_and_keeps_texts() -> None:
    assert parsed() == {}
    assert parsed("--depth", "x", "--no-mouse", "--class") == {"depth": "x", "mouse": False, "a_class": True}


@given(st.data())
@drawn(60)
def test_a_value_is_read_back_from_its_own_arguments(data: st.DataObject) -> None:
    values = {
        name: data.draw(accepted(ROWS[name].kind)) for name in ("depth", "loss", "gain") if data.draw(st.booleans())
    }
    values |= {name: data.draw(st.booleans()) for name in ("json", "mouse")}
    texts = {name: row.arguments(values.get(name)) for name, row in ROWS.items()}
    texts["names"] = ROWS["names"].arguments(("a", "b"))
    assert texts["names"] == ["--names", "a", "--names", "b"]
    words = [word for name in ROWS if name != "names" for word in texts[name]]
    # One after the other, and a switch that is off by default says nothing.
    joined = [f"{flag}={text}" for flag, text in itertools.pairwise(words) if not text.startswith("--")]
    switches = [word for word in words if word in ("--json", "--mouse", "--no-mouse")]
    problems: list[Problem] = []
    assert read(ROWS.values(), parsed(*joined, *switches), problems) == {
        name: value for name, value in values.items() if (name, value) != ("json", False)
    }
    assert problems == []


def test_what_cannot_be_read_is_left_out_and_every_problem_told() -> None:
    problems: list[Problem] = []
    assert read(ROWS.values(), {"depth": "0", "loss": "bce", "speed": "3", "json": True}, problems) == {
        "loss": "bce",
        "json": True,
    }
    assert [str(problem) for problem in problems] == [
        "--depth: 0 given; allowed: a whole number from 1 to 100",
        "--speed: 3 given; allowed: 1, 2, 4",
    ]


@pytest.mark.parametrize("text", ["", "x", "1.5", "3", "true", "9" * 5000])
def test_one_of_a_few_numbers_is_read_as_a_number_in_a_range_is(text: str) -> None:
    for kind in (OneOf(lambda: (1, 2, 4)), Integer(10, 20)):
        with pytest.raises(Rejected, match=f"given; allowed: {kind.allowed}"):
            kind.parse(text)
        with pytest.raises(Rejected):
            kind.check(True)


@given(st.text())
@drawn(200)
def test_a_text_in_toml_is_the_text(text: str) -> None:
    assert tomllib.loads(Option("name", "", Text("TEXT")).toml(text)) == {"name": text}


@pytest.mark.parametrize("value", [0, 7, 1e30, 5e-324, 0.1, True, False, ["a", '"'], []])
def test_a_value_in_toml_is_the_value(value: object) -> None:
    assert tomllib.loads(f"x = {toml_value(value)}") == {"x": value}


@in_one("name", list(options()))
def test_every_field_of_the_form_reads_its_default_and_its_choices(name: str) -> None:
    row = options()[name]
    assert row.read_or_left_out(row.default_text) == row.default == Experiment.__dataclass_fields__[name].default
    assert ("" in row.choices) == (row.is_optional and bool(row.kind.names))

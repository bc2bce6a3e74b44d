"""Texts that the engine composes: plain English for everybody, template and values for who speaks another language."""

from __future__ import annotations

import ast
import copy
import functools
import importlib
import pickle
import pkgutil
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import gradtui_engine
from gradtui_engine import Experiment, ExperimentError, Message, Problem, Site, build, simulate
from gradtui_engine.analysis.jacobian import jacobian, spectra
from gradtui_engine.analysis.published_figures import figures
from gradtui_engine.core.fields import Integer, Rejected
from gradtui_engine.core.fields import given as shown
from gradtui_engine.core.table import Table
from gradtui_engine.data.reading import Columns
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.spelling import read_toml
from gradtui_engine.training.doctor import examine
from tests.engine.helpers import drawn, small
from tests.engine.strategies import small_experiments
from tests.examples import in_one
from tests.tooling import tool

NESTED = Message("{place} gets {share}", place=Message("layer {number}", number=1), share="0.1")


def leaves(text: str) -> Iterator[str]:
    """The plain texts that a message is made of, templates aside: what a translator can only look up, or leave."""
    if isinstance(text, Message):
        for value in text.values.values():
            if isinstance(value, str):
                yield from leaves(value)
    else:
        yield text


def names() -> set[str]:
    """Every word that is a name in the program: of a row, an option, a file's column."""
    found = set(options())
    for each in options().values():
        found.update(each.kind.names)
    return found


@functools.cache
def prose() -> set[str]:
    """What the catalogues have of the sources: 2 s of reading, which no worker spends on collecting the tests."""
    texts = tool("texts")
    return {text.english for module in texts.modules() for text in texts.texts_of(module)}


NAMES = names()


def can_be_said_otherwise(text: str) -> bool:
    """No sentence is left in English: a plain text is in the tables, or a number, symbols, a name, names, or quoted."""
    return all(
        leaf in prose()
        or " " not in leaf
        or not re.search("[a-z]{2}", leaf)  # 1 − f
        or leaf[0] in "'\""
        or all(word in NAMES for word in leaf.split(", "))
        for leaf in leaves(text)
    )


# -- the message itself ------------------------------------------------------------------------------------


def test_a_message_is_its_english_text() -> None:
    assert NESTED == "layer 1 gets 0.1"
    assert hash(NESTED) == hash("layer 1 gets 0.1")
    assert isinstance(NESTED, str)
    assert f"{NESTED}!" == "layer 1 gets 0.1!"


def test_a_message_without_values_may_hold_braces() -> None:
    assert Message("a {set}") == "a {set}"


def test_a_value_may_hold_braces_and_have_any_name() -> None:
    found = Message("{template} {cls} {self}", template="{x}", cls="{", self="}")
    assert found == "{x} { }"


@pytest.mark.parametrize("again", [lambda each: pickle.loads(pickle.dumps(each)), copy.copy, copy.deepcopy])
def test_a_message_comes_back_from_pickling_and_copying(again: Any) -> None:
    found = again(NESTED)
    assert type(found) is Message
    assert (found, found.template, found.values) == (NESTED, NESTED.template, NESTED.values)
    assert found.values["place"].template == "layer {number}"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_outcome_comes_back_from_pickling_with_its_messages(protocol: int) -> None:
    outcome = simulate(Experiment(depth=30)).outcome
    again = pickle.loads(pickle.dumps(outcome, protocol))
    assert again == outcome
    assert [again.message.template, again.rule.template, again.site.template] == [
        outcome.signal.message.template, outcome.signal.rule.template, outcome.signal.site.template,
    ]  # fmt: skip


def test_a_refusal_comes_back_from_pickling_with_its_messages() -> None:
    error = pickle.loads(pickle.dumps(refusal(activation="rleu")))
    (problem,) = error.problems
    assert problem.message.values["match"] == "'relu'"


# -- templates ---------------------------------------------------------------------------------------------


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in Path(gradtui_engine.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Message":
                yield f"{path.name}:{node.lineno}", node


def test_every_template_stands_in_the_code_as_a_literal_and_names_its_values() -> None:
    count = 0
    for place, call in calls():
        if place.startswith("message.py"):
            continue  # comes back from pickling
        count += 1
        template = call.args[0]
        assert isinstance(template, ast.Constant), place
        assert isinstance(template.value, str), place
        fields = {name for _, name, _, _ in string.Formatter().parse(template.value) if name is not None}
        given_names = {each.arg for each in call.keywords}
        if None not in given_names:  # no **values
            assert fields == given_names, place
        assert all(name.isidentifier() for name in fields), place
    assert count > 50


# -- what is said of a run ---------------------------------------------------------------------------------


@drawn(60)
@given(small_experiments())
def test_the_diagnosis_and_the_theory_of_any_experiment_are_messages(experiment: Experiment) -> None:
    trace = simulate(experiment)
    outcome = trace.outcome
    for text in (outcome.signal.message, outcome.signal.rule, trace.theory.note):
        assert isinstance(text, Message)
        assert text == text.template.format(**text.values)
        assert can_be_said_otherwise(text)
    assert can_be_said_otherwise(outcome.signal.site)


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "linear", "gain": 1e30, "depth": 10, "dtype": "float32"},
        {"activation": "tanh", "gain": 20.0, "depth": 3},
        {"init": "constant", "depth": 4, "activation": "tanh"},
        {"activation": "relu", "gain": 3.0, "depth": 10},
        {"data": "gaussian", "depth": 3, "loss": "mse", "learning_rate": 1e30, "gain": 1e30, "activation": "linear"},
    ],
)
def test_every_kind_of_diagnosis_is_a_message_and_so_is_what_each_remedy_came_to(changes: dict[str, Any]) -> None:
    report = examine(Experiment(**changes), training=0)
    outcome = report.before.outcome
    assert isinstance(outcome.signal.message, Message)
    for text in (
        outcome.signal.message,
        outcome.signal.rule,
        outcome.signal.site,
        *(trial.text for trial in report.trials),
    ):
        assert can_be_said_otherwise(text), text
    assert all(trial.effect in prose() and trial.remedy.name in prose() for trial in report.trials)


@pytest.mark.soak
def test_the_figures_names_can_be_said_otherwise() -> None:
    formulas = (": q*", ": √χ")
    assert all(isinstance(each.name, Message) or each.name.endswith(formulas) for each in figures())


def test_a_place_is_a_message_and_a_part_is_looked_up() -> None:
    layer, time, output = Site("linear", layer=3), Site("cell", time=4), Site("output")
    assert isinstance(layer.place, Message)
    assert (layer.place.template, layer.place.values) == ("layer {number}", {"number": 3})
    assert isinstance(time.place, Message)
    assert (time.place.template, time.place.values) == ("t = {number}", {"number": 4})
    assert output.place == "output"
    assert "output" in prose()
    whole = str(layer)
    assert isinstance(whole, Message)
    assert whole.template == "{place} · {part}"


@drawn(60)
@given(small_experiments())
def test_every_site_of_every_program_can_be_said_otherwise(experiment: Experiment) -> None:
    trace = simulate(experiment)
    for step in trace.steps:
        assert can_be_said_otherwise(str(step.site))
        assert set(leaves(step.site.part)) <= prose()
        assert str(step.phase) in prose()
    assert {name for stage in trace.stages for name in stage.factors} <= prose()


# -- what is refused ---------------------------------------------------------------------------------------


def refusal(**fields: Any) -> ExperimentError:
    with pytest.raises(ExperimentError) as caught:
        build(Experiment(**fields))
    return caught.value


WRONG: list[dict[str, Any]] = [
    {"activation": "rleu", "depth": 0, "width": 10**50, "gain": "x", "seed": "y" * 100, "init": 3, "data": "csv:"},
    {"activation": "?", "momentum": 7.0, "residual_scale": None, "slope": float("nan")},
    {"cell": "lstm", "data": "moons"},
    {"batch": 2000},
    {"cell": "lstm", "data": "digits-rows", "steps": 9},
    {"inputs": 9},
    {"cell": "rnn", "activation": "sigmoid"},
    {"cell": "lstm", "init": "lsuv"},
    {"norm": "batch", "batch": 1},
    {"data": "gaussian", "loss": "cross_entropy"},
    {"data": "gaussian", "loss": "bce"},
    {"depth": 10_000, "width": 1000, "batch": 1000},
    {"cell": "lstm", "width": 65_536},
]


@pytest.mark.parametrize("fields", WRONG)
def test_every_problem_of_an_experiment_is_a_message(fields: dict[str, Any]) -> None:
    for problem in refusal(**fields).problems:
        assert isinstance(problem.message, Message), problem
        assert can_be_said_otherwise(problem.message), problem
        assert type(str(problem)) is str


@in_one("name", options())
def test_every_field_refuses_with_a_message(name: str) -> None:
    for wrong in (" ", "") if isinstance(options()[name].kind, Columns) else ("?", "?" * 100):
        with pytest.raises(Rejected) as caught:
            options()[name].kind.parse(wrong)
        assert isinstance(caught.value.message, Message)
        assert str(caught.value) == caught.value.message
        assert can_be_said_otherwise(caught.value.message), caught.value.message


FILES = {
    "": "has 0 rows; needed: at least one row of data under a header",
    "a\n1\n2\n": "has no input beside the target a; --window N makes a series of it: N rows as the steps, "
    "the next as the target",
    "a,b\n1\n": "line 2 has 1 columns; the table has 2",
    "a,b\n1,2\n3,1e999\n": "line 3, column 'b': '1e999' is not a finite number; correct it, or --drop b",
    "a,b\n ,1\n2,3\n": "column 'a' has gaps in 1 of 2 rows (line 2: ''): --missing mean fills them, --missing drop "
    "leaves the rows out, --drop a the column",
    "a,b\n1,\n2,3\n": "the target 'b' has gaps in 1 of 2 rows (line 2): --missing drop leaves the rows out",
    "a,b\n1,5\n2,5\n": "the target 'b' is '5' in all 2 rows: nothing to learn; --target COLUMN takes another",
    'a,b\n"1,2\n': "is not CSV: unexpected end of data",
}


@pytest.mark.parametrize("text", FILES)
def test_what_is_wrong_with_a_file_is_a_message(text: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    (problem,) = refusal(data=f"csv:{path}").problems
    assert isinstance(problem.message, Message)
    assert problem.message.endswith(FILES[text])


@pytest.mark.parametrize("name", ["q", "tabel.csv", "", "nul\0"])
def test_a_file_that_cannot_be_read_is_refused_with_a_message(name: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    (problem,) = refusal(data=f"csv:{tmp_path / name}").problems
    assert isinstance(problem.message, Message)
    assert ("match" in problem.message.values) == (name == "tabel.csv")


@pytest.mark.parametrize("source", ["a = ", "a = 1" + "0" * 5000, Path("absent.toml"), "a = " + "[" * 100_000])
def test_what_is_wrong_with_toml_is_a_message(source: str | Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        read_toml(source)
    assert all(isinstance(problem.message, Message) for problem in caught.value.problems)


def test_a_jacobian_is_refused_with_messages() -> None:
    batch = simulate(small("mlp", norm="batch"))
    wide = simulate(Experiment(depth=1, width=1025, batch=1))
    stacked = simulate(small("lstm", layers=2))
    found: list[Problem] = []
    for refused in (
        lambda: jacobian(batch, 1, 3, sample=99), lambda: jacobian(wide), lambda: jacobian(stacked),
        lambda: spectra(wide),
    ):  # fmt: skip
        with pytest.raises(ExperimentError) as caught:
            refused()
        found += caught.value.problems
    assert {each.field for each in found} == {"stages", "sample", "norm", "width", "layers", "jacobian"}
    assert all(isinstance(each.message, Message) for each in found)


def test_what_a_field_allows_is_a_message_inside_the_refusal() -> None:
    with pytest.raises(Rejected) as caught:
        Integer(1, 100).check(0)
    message = caught.value.message
    assert isinstance(message, Message)
    assert message.template == "{given} given; allowed: {allowed}"
    allowed = message.values["allowed"]
    assert isinstance(allowed, Message)
    assert (allowed.template, allowed.values) == (
        "a whole number from {minimum} to {maximum}", {"minimum": 1, "maximum": 100},
    )  # fmt: skip


def test_a_value_that_would_fill_the_screen_is_shown_by_its_beginning() -> None:
    assert shown("ab") == "'ab'"
    assert shown("x" * 100) == "'" + "x" * 39 + "… (102 characters)"


# -- the tables' own texts ---------------------------------------------------------------------------------

#: Text fields of rows that are the same in every language. A formula with words in it is a Message.
_SAME = {
    "name", "symbol", "gate", "formula", "derivative_formula", "backward_formula", "source", "axis", "loss",
    "default_data", "default_activation", "default_norm", "default_residual", "default_block",
    "twin", "definition", "parts", "theory", "unit", "when", "part", "key",
    "description", "proper_name", "remedy", "lesson", "operation", "recurrent", "trained", "function", "heading",
}  # fmt: skip
_WORDS = re.compile(r"\b(if|where|mean (?:of|over)|as|of the|all|then)\b")


def tables() -> list[Table[Any]]:
    found: dict[int, Table[Any]] = {}
    for each in pkgutil.walk_packages(gradtui_engine.__path__, "gradtui_engine."):
        module = importlib.import_module(each.name)
        found |= {id(each): each for each in vars(module).values() if isinstance(each, Table)}
    return list(found.values())


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.title)
def test_every_text_field_of_every_row_is_english_or_the_same_in_every_language(table: Table[Any]) -> None:
    """A new field of prose must say that it is one, or nobody will translate it."""
    for row in table.values():
        for name, kind in type(row).__annotations__.items():
            text = getattr(row, name)
            if not isinstance(text, str) or name in _SAME:
                continue
            assert kind == "English", name
            assert not text or text in prose(), text


# What an operation computes is printed for programmers alone.
@pytest.mark.parametrize(
    "table", [table for table in tables() if table.title != "operation"], ids=lambda table: table.title
)
def test_a_formula_with_words_is_a_message(table: Table[Any]) -> None:
    for row in table.values():
        for name in ("formula", "derivative_formula", "backward_formula"):
            text = getattr(row, name, "")
            assert isinstance(text, Message) or not _WORDS.search(text), text


def test_every_options_help_and_every_source_is_among_them() -> None:
    for option in options().values():
        assert getattr(option.help, "template", option.help) in prose()
    assert simulate(small("mlp")).outcome.signal.source in prose()

"""The experiment in a line, and the verdict in one."""

from __future__ import annotations

from typing import Any

import pytest

from gradtui.text import glyphs
from gradtui.text.summary import MARKS, answer_lines, describe, describe_source, kind_name
from gradtui_engine import Experiment
from gradtui_engine.analysis.outcome import KINDS, QUESTIONS
from gradtui_engine.cells.table import CELLS
from tests.tui.helpers import CASES, trace_of


def test_the_experiment_line_names_network_shape_init_data_batch_and_seed() -> None:
    assert describe_source(trace_of(CASES["mlp"]).source) == (
        "MLP 30×64 · sigmoid · xavier_normal · digits · batch 64 · seed 0"
    )
    assert describe_source(trace_of(CASES["lstm"]).source) == (
        "LSTM 64 steps × 64 · forget bias 1 · xavier_normal · digits-pixels · batch 64 · seed 0"
    )


def test_the_experiment_line_says_what_differs_from_the_usual() -> None:
    unusual = describe(Experiment(gain=2.5, dtype="float32").resolved)
    assert "xavier_normal ×2.5" in unusual
    assert "float32" in unusual
    assert "batch" not in describe(Experiment().resolved, detail=1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "batch 64 · seed 0"),
        ({"learning_rate": 0.03}, "batch 64 · rate 0.03 · seed 0"),
        ({"optimizer": "adamw"}, "batch 64 · adamw · seed 0"),
        ({"optimizer": "adam", "learning_rate": 0.01}, "batch 64 · adam · rate 0.01 · seed 0"),
    ],
)
def test_the_experiment_line_names_an_optimiser_and_a_rate_that_are_not_the_usual_ones(
    fields: dict[str, Any], said: str
) -> None:
    resolved = Experiment(**fields).resolved
    assert describe(resolved).endswith(said)
    assert describe(resolved, 2).endswith(said.replace("batch 64", "digits"))
    assert not {"rate", "adam", "adamw"} & set(describe(resolved, 1).split())


@pytest.mark.parametrize("cell", CELLS)
def test_the_experiment_line_never_says_none(cell: str) -> None:
    """Of a CSV file, the batch and the steps are known only when it has been read."""
    assert "None" not in describe(Experiment(cell=cell, data="csv:table.csv").resolved)


@pytest.mark.parametrize("name", CASES)
def test_each_question_has_a_line_with_mark_kind_and_message_or_why_it_was_not_asked(name: str) -> None:
    outcome = trace_of(CASES[name]).outcome
    lines = answer_lines(outcome)
    assert len(lines) == len(QUESTIONS)
    for line, answer in zip(lines, outcome.answers, strict=False):
        question = QUESTIONS[answer.question]
        assert line == f"{MARKS[answer.kind]} {question} {kind_name(answer.kind)}: {answer.message}"
    assert lines[-1] == "– does it learn? not asked: this is one iteration"


def test_every_kind_of_outcome_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(KINDS)
    assert len(set(MARKS.values())) == len(MARKS)


def test_in_ascii_too_no_other_mark_looks_like_that_of_a_healthy_network() -> None:
    with glyphs.drawing(glyphs.ASCII):
        drawn = {kind: glyphs.render(mark) for kind, mark in MARKS.items()}
    assert [kind for kind, mark in drawn.items() if mark == drawn["healthy"]] == ["healthy"]
    assert all(mark.isascii() for mark in drawn.values())


@pytest.mark.parametrize(
    ("cell", "written"),
    [("transformer", "Transformer 30×64"), ("mingru", "minGRU 64 steps"), ("lru", "LRU 64 steps")],
)
def test_networks_are_called_as_papers_write_them(cell: str, written: str) -> None:
    assert describe(Experiment(cell=cell).resolved).startswith(written)

"""Numbers as short text, shares as percentages, one-line summaries."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradtui.text.formats import percent, power_of_ten, short, subscript
from gradtui.text.summary import MARKS, describe, describe_source, verdict_line
from gradtui_engine import Experiment
from gradtui_engine.analysis.diagnosis import KINDS
from gradtui_engine.cells.table import CELLS
from tests.engine.helpers import drawn
from tests.tui.helpers import CASES, trace_of

#: From subnormal numbers to the largest.
POSITIVE = st.floats(5e-324, 1.7e308) | st.floats(-323, 308).map(lambda exponent: 10.0**exponent)


@drawn(500)
@given(POSITIVE)
@example(5e-324)
@example(1e-320)
@example(1.7e308)
@example(9.994e-3)
@example(9.9951e-3)
@example(0.0999951)
@example(0.99995)
@example(999.4999)
@example(999.5)
def test_a_positive_number_is_never_0_fits_in_8_characters_and_is_right_to_5_percent(value: float) -> None:
    text = short(value)
    assert len(text) <= 8
    assert float(text) > 0
    if value > 1e-300:
        assert math.isclose(float(text), value, rel_tol=0.051)


@drawn(200)
@given(POSITIVE)
def test_a_negative_number_is_the_positive_one_with_a_minus(value: float) -> None:
    assert short(-value) == "-" + short(value)


@drawn(300)
@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_a_larger_number_never_reads_smaller(one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert float(short(small)) <= float(short(large))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (-0.0, "0"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (1.0, "1.00"),
        (0.25, "0.250"),
        (0.0362, "0.0362"),
        (-0.5, "-0.500"),
        (12.345, "12.3"),
        (123.4, "123"),
        (1234.0, "1.2e3"),
        (2.2e-12, "2.2e-12"),
        (1.4e30, "1.4e30"),
        (1e-320, "1.0e-320"),
        (1e300, "1.0e300"),
    ],
)
def test_short_reads_as_in_a_textbook(value: float | None, text: str) -> None:
    assert short(value) == text


@drawn(300)
@given(st.integers(1, 20_000), st.data())
@example(200, None)
def test_some_is_never_0_percent_and_not_all_is_never_100_percent(size: int, data: st.DataObject | None) -> None:
    """A share of so many units: one of 200 is neither none nor, turned round, all but none."""
    some = 1 if data is None else data.draw(st.integers(0, size))
    for count in (some, size - some):
        text = percent(count / size)
        assert (text == "0 %") == (count == 0), f"{count} of {size}"
        assert (text == "100 %") == (count == size), f"{count} of {size}"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.25, "25 %"), (1e-9, "<1 %"), (0.9999, ">99 %"), (math.nan, "nan"), (None, "–")],
)
def test_percent_rounds_to_whole_percents(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_subscripts_and_axis_labels() -> None:
    assert subscript(120) == "₁₂₀"
    assert subscript(-1) == "₋₁"
    assert [power_of_ten(exponent) for exponent in (-18, 0, 3)] == ["1e-18", "1", "1e3"]


# -- summaries -----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("cell", CELLS)
def test_the_experiment_line_never_says_none(cell: str) -> None:
    """Of a CSV file, the batch and the steps are known only when it has been read."""
    assert "None" not in describe(Experiment(cell=cell, data="csv:table.csv").resolved)


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_starts_with_the_mark_and_the_kind(name: str) -> None:
    outcome = trace_of(CASES[name]).outcome
    line = verdict_line(outcome)
    assert line.startswith(f"{MARKS[outcome.kind]} ")
    assert line == f"{MARKS[outcome.kind]} {outcome.kind.replace('_', '-')}: {outcome.message}"


def test_every_kind_of_outcome_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(KINDS)
    assert len(set(MARKS.values())) == len(MARKS)

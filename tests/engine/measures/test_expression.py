"""The text of a measure: one spelling of what was meant, whoever wrote it."""

from __future__ import annotations

import pytest

from gradtui_engine.core.fields import Rejected
from gradtui_engine.measures.expression import expression
from gradtui_engine.measures.table import MEASURES


@pytest.mark.parametrize(
    ("text", "is_read_as"),
    [
        ("gradient at 3", "gradient@3"),
        ("gradient 3", "gradient@3"),
        ("gradient @ 3", "gradient@3"),
        ("gradient@003", "gradient@3"),
        ("iterations_to 0.04", "iterations_to@0.04"),
        ("iterations-to at 1e-3", "iterations_to@1e-3"),
        ("half-life", "half_life"),
        ("half life", "half_life"),
        ("dead share", "dead_units"),
        ("condition", "condition_number"),
        ("ratio[last]", "ratio[last]"),
        ("b.factor at first / factor first", "b.factor@first / factor@first"),
    ],
)
def test_a_measure_has_one_spelling_whoever_wrote_it(text: str, is_read_as: str) -> None:
    assert expression(text).text == is_read_as
    assert expression(is_read_as).text == is_read_as


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ratoi", "did you mean 'ratio'"),
        ("acuracy", "did you mean 'accuracy'"),
        ("gradient at 3 4", "no measure"),
        ("gradient", "gradient@first"),
        ("iterations_to", "iterations_to@0.5"),
        ("iterations_to@x", "iterations_to@0.5"),
        ("ratio at 3", "without @3"),
        ("", "no measure"),
    ],
)
def test_what_is_no_measure_is_refused_with_what_is_near(text: str, says: str) -> None:
    with pytest.raises(Rejected) as error:
        expression(text)
    assert says in str(error.value)


def test_where_a_training_is_looked_at_loss_is_the_one_at_its_end() -> None:
    assert expression("loss").trained.top.row is MEASURES["end_loss"]
    assert expression("loss / guess").trained.text == "end_loss / guess"
    # What is said to be of an iteration, and every other measure, stays what it is.
    assert expression("loss[3]").trained == expression("loss[3]")
    assert all(
        expression(text).trained == expression(text) for text in ("ratio", "accuracy", "gradient@1", "condition_number")
    )

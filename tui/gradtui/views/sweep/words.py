"""What axes, measures and cells are called on the screen: measures by their texts, numbers in three digits."""

from __future__ import annotations

import functools

from gradtui_engine.measures.expression import Expression, expression

from ...model.sweep_cells import SweepCells
from ...text import sweep_words
from ...text.language import tr
from ...text.sweep_words import axis_name
from ...text.sweep_words import brief_value as value_text

__all__ = ["axis_name", "brief", "measure_name", "measured", "place_text", "read", "value_text"]


@functools.lru_cache(maxsize=64)
def read(measure: str) -> Expression:
    """A measure that has been read before: it is right."""
    return expression(measure)


def place_text(cells: SweepCells, place: tuple[int, int]) -> str:
    """gain 1.41, depth 30"""
    sweep = cells.sweep
    said = [f"{axis_name(sweep.x)} {value_text(sweep.x.values[place[0]])}"]
    if sweep.y is not None:
        said.append(f"{axis_name(sweep.y)} {value_text(sweep.y.values[place[1]])}")
    return tr(", ").join(said)


def measure_name(measure: str) -> str:
    """What is measured, in words."""
    return sweep_words.measure_name(read(measure))


def brief(measure: str) -> str:
    """The measure as one writes it: ratio, factor@first."""
    return measure.replace("_", " ")


def measured(measure: str, value: object) -> str:
    """A number of a measure as it is shown: 2.2e-12, 43 %, vanishing; a dash where there is none."""
    return sweep_words.measured(read(measure), value)

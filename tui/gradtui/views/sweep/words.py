"""What axes, measures and cells are called."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

from gradtui_engine.core.figures import exact, percent, short
from gradtui_engine.measures.expression import Expression, Operand, expression
from gradtui_engine.measures.of_run import Measure
from gradtui_engine.measures.of_training import OfTraining

from ...model.sweep_cells import SweepCells
from ...text.describe import FIELD_NAMES, TRAINING_NAMES, field_name
from ...text.language import tr
from ...text.summary import kind_name

if TYPE_CHECKING:
    from gradtui_engine.sweeps.axis import Axis

#: Fields that have a symbol which everybody writes.
_SYMBOLS = {"sigma_w": "σ_w", "sigma_b": "σ_b", "learning_rate_1": "η_1", "learning_rate_2": "η_2"}


@functools.lru_cache(maxsize=64)
def read(measure: str) -> Expression:
    """A measure that has been read before: it is right."""
    return expression(measure)


def named(field: str) -> str:
    """A field of the experiment or of the training."""
    if field in _SYMBOLS:
        return _SYMBOLS[field]
    return field_name(field) if field in FIELD_NAMES or field in TRAINING_NAMES else field.replace("_", " ")


def axis_name(axis: Axis) -> str:
    return ", ".join(named(field) for field in axis.fields)


def value_text(value: object) -> str:
    """A value of an axis."""
    if value is None:
        return tr("auto")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    # As one would type it, to three digits: 0.5, 1.41, 1e-05.
    return str(value) if isinstance(value, int) else exact(float(f"{value:.3g}"))


def place_text(cells: SweepCells, place: tuple[int, int]) -> str:
    """gain 1.41, depth 30"""
    sweep = cells.sweep
    said = [f"{axis_name(sweep.x)} {value_text(sweep.x.values[place[0]])}"]
    if sweep.y is not None:
        said.append(f"{axis_name(sweep.y)} {value_text(sweep.y.values[place[1]])}")
    return tr(", ").join(said)


def measure_name(measure: str) -> str:
    """What is measured, in words."""
    read_one = read(measure)
    whole = _operand(read_one.top)
    return whole if read_one.under is None else f"{whole} / {_operand(read_one.under)}"


def _operand(operand: Operand) -> str:
    said = tr(operand.row.label)
    if operand.place:
        said = tr("{measure} at {place}", measure=said, place=tr(operand.place))
    return tr("{measure}, iteration {number}", measure=said, number=operand.iteration) if operand.iteration else said


def brief(measure: str) -> str:
    """The measure as one writes it: ratio, factor@first."""
    return measure.replace("_", " ")


def measured(measure: str, value: object) -> str:
    """A number of a measure as it is shown: 2.2e-12, 43 %, vanishing; a dash where there is none."""
    if isinstance(value, str):
        return kind_name(value)
    if not isinstance(value, int | float):
        return short(None)
    row = read(measure).top.row
    if read(measure).under is None:
        if isinstance(row, OfTraining) and row.whole and math.isfinite(value):
            return str(round(value))
        if isinstance(row, OfTraining | Measure) and row.share:
            return percent(value)
    return short(float(value))

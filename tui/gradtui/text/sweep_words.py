"""What the axes, measures and cells of a sweep are called."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradtui_engine.core.figures import exact, percent, rounded, short
from gradtui_engine.measures.expression import Expression, Operand
from gradtui_engine.measures.of_run import Measure
from gradtui_engine.measures.of_training import OfTraining

from .describe import FIELD_NAMES, TRAINING_NAMES, field_name
from .language import ENGLISH, current, tr
from .summary import kind_name

if TYPE_CHECKING:
    from gradtui_engine.sweeps.axis import Axis

#: Fields that have a symbol which everybody writes.
_SYMBOLS = {"sigma_w": "σ_w", "sigma_b": "σ_b", "learning_rate_1": "η_1", "learning_rate_2": "η_2"}


def named(field: str) -> str:
    """A field of the experiment or of the training."""
    if field in _SYMBOLS:
        return _SYMBOLS[field]
    return field_name(field) if field in FIELD_NAMES or field in TRAINING_NAMES else field.replace("_", " ")


def axis_name(axis: Axis) -> str:
    return tr(", ").join(named(field) for field in axis.fields)


def value_text(value: object) -> str:
    """A value of an axis, as it was set."""
    if value is None:
        return tr("auto")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return str(value) if isinstance(value, int) else exact(value)


def brief_value(value: object) -> str:
    """A value of an axis in three digits, without zeros at the end: 0.5, 1.41, 1e-5."""
    return rounded(value, 3) if isinstance(value, float) else value_text(value)


def measure_name(wanted: Expression) -> str:
    """What is measured, in words."""
    whole = _operand(wanted.top)
    return whole if wanted.under is None else f"{whole} / {_operand(wanted.under)}"


def measure_note(wanted: Expression) -> str:
    """The sentence of the table that says what it is, which is in English; empty of a ratio of two."""
    return wanted.top.row.description if wanted.under is None and current() == ENGLISH else ""


def _operand(operand: Operand) -> str:
    said = tr(operand.row.label)
    if operand.place:
        said = tr("{measure} at {place}", measure=said, place=tr(operand.place))
    return tr("{measure}, iteration {number}", measure=said, number=operand.iteration) if operand.iteration else said


def is_share(wanted: Expression) -> bool:
    row = wanted.top.row
    return wanted.under is None and isinstance(row, OfTraining | Measure) and row.share


def is_whole(wanted: Expression) -> bool:
    return wanted.under is None and isinstance(wanted.top.row, OfTraining) and wanted.top.row.whole


def measured(wanted: Expression, value: object) -> str:
    """A number of a measure as it is shown: 2.2e-12, 43 %, vanishing; a dash where there is none."""
    if isinstance(value, str):
        return kind_name(value)
    if not isinstance(value, int | float):
        return short(None)
    if is_whole(wanted) and math.isfinite(value):
        return str(round(value))
    return percent(value) if is_share(wanted) else short(float(value))

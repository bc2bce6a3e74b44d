"""What the shades of a plane span, and the shade of each of its cells: one scale of A and of B.

Where a verdict goes with the number (what arrives of the gradient) the hue says what that means, and the shade how much
it is; else the shade alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradtui_engine.core.figures import percent, power_of_ten, short
from gradtui_engine.core.message import English
from gradtui_engine.core.thresholds import EXPLODED, VANISHED
from gradtui_engine.measures.of_run import Measure
from gradtui_engine.measures.of_training import OfTraining

from ...model.sweep_cells import Place, SweepCells
from ...text.heat import LEVELS, Array, levels
from ...text.language import tr
from ...text.scale import LinearScale, LogScale, Scale
from ...text.spans import Span
from ...text.summary import kind_name
from .words import read

if TYPE_CHECKING:
    from gradtui_engine.sweeps.cell import Cell

#: A cell's shade: its hue (a style's name, "heat" where it has no verdict) and its level; None of a cell that has not
#: been computed. A cell without a number has NO_NUMBER.
Shade = tuple[str, int]
NO_NUMBER: Shade = ("broken", 4)
#: Measures whose numbers are powers: norms, and shares of norms.
_LOGARITHMIC = (
    "ratio", "loss", "loss_after_update", "total_gradient", "clipped_gradient", "gradient", "cell_gradient",
    "running_product", "update_ratio", "activation_std", "end_loss", "worst_loss", "condition", "condition_number",
)  # fmt: skip
#: The hue of what is a name instead of a number; others are grey.
_HUES = {
    "healthy": "healthy", "trained": "healthy", "falling": "healthy",
    "vanishing": "vanishing", "dead": "vanishing", "saturated": "vanishing", "stalled": "vanishing",
    "still": "vanishing", "starved": "vanishing", "cut_off": "vanishing",
    "exploding": "exploding", "overshooting": "exploding", "off_scale": "exploding", "diverging": "exploding",
    "diverged": "broken", "non_finite": "broken", "symmetric": "broken",
}  # fmt: skip
_LEVEL_OF_NAMES = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a number means: under the first bound the first of the hues, from it on the next …, and their names, where
    those are not the verdict's."""

    bounds: tuple[float, ...]
    hues: tuple[str, ...]
    names: tuple[English, ...] = ()

    def kinds(self, numbers: Array) -> Array:
        """The place of each number's hue."""
        with np.errstate(invalid="ignore"):
            found: Array = sum((numbers >= bound).astype(np.int8) for bound in self.bounds)  # type: ignore[assignment]
        return found


#: The measure that is 0 or 1, and the levels of both.
_BINARY, _LEVELS_OF_BINARY = "trains", (4, 7)
#: Measures with a verdict, by name: the rule of `thresholds.crossed`; whether it trains (Sohl-Dickstein 2024).
_TRAINS = ("exploding", "healthy")
JUDGEMENTS: dict[str, Judgement] = {
    "ratio": Judgement((VANISHED, math.nextafter(EXPLODED, math.inf)), ("vanishing", "healthy", "exploding")),
    "trains": Judgement((0.5,), _TRAINS, ("fails", "trains")),
    "trainability": Judgement((0.0,), _TRAINS, ("fails", "trains")),
}


@dataclass(frozen=True, slots=True)
class Shades:
    """The scale of a measure's plane, and the verdict that goes with it, if any; low and high are powers of ten where
    log."""

    measure: str
    scale: Scale
    judgement: Judgement | None

    @property
    def log(self) -> bool:
        return self.scale.kind == "log"

    @property
    def binary(self) -> list[Shade]:
        """Of a measure that is 0 or 1 both shades: the verdict is all that there is to see."""
        if self.measure != _BINARY or self.judgement is None:
            return []
        return list(zip(self.judgement.hues, _LEVELS_OF_BINARY, strict=True))

    def of(self, numbers: Array) -> list[list[Shade | None]]:
        """The shade of each number; None of what is none."""
        shown, known = _levels(numbers, self.scale), np.isfinite(numbers)
        judgement = self.judgement
        kinds = None if judgement is None else judgement.kinds(numbers)
        rows, columns = numbers.shape
        if self.binary:
            shown = np.where(numbers >= 0.5, _LEVELS_OF_BINARY[1], _LEVELS_OF_BINARY[0])
        return [
            [
                ("heat" if judgement is None or kinds is None else judgement.hues[kinds[row, column]],
                 int(shown[row, column]))
                if known[row, column] else None
                for column in range(columns)
            ]
            for row in range(rows)
        ]  # fmt: skip


def _levels(numbers: Array, scale: Scale) -> Array:
    """0 … LEVELS−1 of the scale: of what is beyond it the last one."""
    if scale.kind == "log":
        with np.errstate(all="ignore"):
            values = np.log10(np.maximum(numbers, 0.0))
    else:
        values = numbers
    low, high = float(scale.low), float(scale.high)
    return levels(np.clip(np.nan_to_num(values, nan=low, posinf=high, neginf=low), low, high), low, high)


def is_share(measure: str) -> bool:
    row = read(measure)
    return row.under is None and isinstance(row.top.row, OfTraining | Measure) and row.top.row.share


def judgement_of(measure: str) -> Judgement | None:
    """What its numbers mean, where that is known."""
    return JUDGEMENTS.get(read(measure).text)


def shades_of(measure: str, planes: Sequence[SweepCells], kind: str = "", lock: Scale | None = None) -> Shades:
    """The scale that all of these planes share. kind: another axis than the measure's own; lock: one that is held."""
    found = [number for plane in planes for number in plane.numbers(measure).ravel().tolist() if math.isfinite(number)]
    scale = _scale(measure, found, kind)
    if lock is not None and lock.kind == scale.kind:
        scale = lock
    return Shades(measure, scale, judgement_of(measure))


def _scale(measure: str, found: list[float], kind: str) -> Scale:
    positive = [number for number in found if number > 0]
    wants_log = kind == "log" or (kind != "linear" and read(measure).top.row.name in _LOGARITHMIC)
    if wants_log and (positive or not found) and all(number >= 0 for number in found):
        exponents = [math.log10(number) for number in positive] or [0.0]
        least, most = math.floor(min(exponents)), math.ceil(max(exponents))
        if judgement_of(measure) is not None:
            least, most = min(least, -4), max(most, 0)
        return LogScale(min(least, most - 1), most)
    if is_share(measure) or measure == "trains":
        return LinearScale(0.0, 1.0)
    if measure == "trainability":
        return LinearScale(-1.0, 1.0)
    if not found:
        return LinearScale(0.0, 1.0)
    low, high = min(found), max(found)
    return LinearScale(low, high if high > low else low + 1.0)


def shaded(cells: SweepCells, shades: Shades) -> dict[Place, Shade]:
    """The shade of every cell that is there: of one without a number a shade of its own."""
    numbers = cells.numbers(shades.measure)
    found = shades.of(numbers)
    names = cells.names(shades.measure)
    given: dict[Place, Shade] = {}
    for place, cell in cells.cells.items():
        shade = None if _lacks(cell, shades.measure) else found[place[1]][place[0]]
        if place in names:
            shade = (_HUES.get(names[place], "heat"), _LEVEL_OF_NAMES)
        given[place] = NO_NUMBER if shade is None else shade
    return given


def _lacks(cell: Cell, measure: str) -> bool:
    """Whether a cell is shown without a number: there is none, it is not finite, or it is of a training that failed,
    and says nothing."""
    value = cell.values.get(measure)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return True
    one = read(measure)
    failures_count = one.top.row.name in _OF_FAILURES
    return bool(cell.reason) and one.trained.trains and not failures_count


#: What is measured of a training that failed as well: that it did is the number.
_OF_FAILURES = ("trains", "trainability", "diverged_at", "worst_loss", "learning")
#: Why there is no number, in a word or two: by how the reason begins.
_BRIEF: tuple[tuple[str, English], ...] = (
    ("diverged", "diverged"),
    ("not enough memory", "no memory"),
    ("the process that computed it", "its process died"),
    ("", "no number"),
)


def brief_reason(reason: str) -> str:
    """Why there is no number, in a word or two."""
    return next(brief for start, brief in _BRIEF if str(reason).startswith(start))


def reasons(cells: SweepCells, measure: str) -> Mapping[str, int]:
    """Why cells have no number of a measure, in a word or two each, and how many."""
    return Counter(brief_reason(cell.reason) for cell in cells.cells.values() if _lacks(cell, measure))


def meanings(shades: Shades, hues: set[str]) -> list[Span]:
    """The hues that are drawn, and what each says."""
    judgement = shades.judgement
    if judgement is None:
        return []
    names = [tr(name) for name in judgement.names] or [kind_name(hue) for hue in judgement.hues]
    return [(hue, name) for hue, name in zip(judgement.hues, names, strict=True) if hue in hues]


def hues_along(shades: Shades) -> list[str]:
    """The hue of each level of the scale."""
    if shades.judgement is None:
        return ["heat"] * LEVELS
    low, high = float(shades.scale.low), float(shades.scale.high)
    middles = low + (high - low) * (np.arange(LEVELS) + 0.5) / LEVELS
    with np.errstate(over="ignore"):
        numbers = 10.0**middles if shades.log else middles
    return [shade[0] if shade is not None else "heat" for shade in shades.of(numbers[None, :])[0]]


def ends(shades: Shades) -> tuple[str, str]:
    low, high = shades.scale.low, shades.scale.high
    if shades.log:
        return power_of_ten(round(low)), power_of_ten(round(high))
    return (percent(low), percent(high)) if is_share(shades.measure) else (short(low), short(high))

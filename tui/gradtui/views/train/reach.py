"""Reach: what share of the last step's gradient gets so many steps back, iteration by iteration.

‖∂L/∂h_(T−k)‖ / ‖∂L/∂h_T‖, of ∂L/∂c where there is a cell state. A network remembers what its gradient reaches: this is
where a long dependency comes to be learned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from gradtui_engine import TrainingSnapshot
from gradtui_engine.core.figures import power_of_ten, short
from gradtui_engine.core.thresholds import VANISHED_TEXT
from gradtui_engine.training.reach import horizon
from gradtui_engine.training.reach import reach as reach_of

from ...text.axis_words import AXIS_WORDS
from ...text.dots import Canvas, Curve
from ...text.heat import Array
from ...text.language import plural, tr
from ...text.spans import Line, first_fit, first_title, page, width_of, wrap
from ..frame.iteration_axis import IterationAxis
from ..frame.training_sides import Side, Sides, at
from .words import called, waiting

#: A log axis goes at least so far down: what arrives whole lies flat at the top.
_LEAST_DECADES = 4
#: Columns of the numbers beside the curves, and those of the pane from which on they stand there.
_SIDE, _SIDE_FROM = 24, 64
#: How many lags have a curve; beside them, or under them, each has its number at the cursor.
_CURVES, _CURVES_NARROW = 3, 2
_STYLES = ("curve_1", "curve_2", "label")
#: Columns between two of the letters on a curve.
_LETTERS = 24


@dataclass(frozen=True, eq=False)
class Reached:
    """A curve: the side, how many steps back, and log10 of the share in every iteration."""

    side: Side
    lag: int
    shares: Array
    letter: str
    style: str

    def share(self, iteration: int) -> float:
        return float(10.0 ** self.shares[at(self.side, iteration)])

    def said_at(self, iteration: int) -> str:
        """The share in an iteration; a dash where it has none."""
        return short(self.share(iteration) if iteration < len(self.shares) else None)


def lags(steps: int) -> list[int]:
    """The longest one, from the last step to the first, and a half and a quarter of it."""
    longest = steps - 1
    return [lag for lag in dict.fromkeys(longest // 2**number for number in range(_CURVES)) if lag > 0]


def curves(sides: Sides, width: int = _SIDE_FROM) -> list[Reached]:
    """Of one network several lags, as many as a pane of this width names; of A and B the longest one of each."""
    most = 1 if sides.raced else _CURVES if width >= _SIDE_FROM else _CURVES_NARROW
    found: list[Reached] = []
    for side in sides:
        chosen = lags(side.snapshot.columns["gradient"].shape[1] - 1)[:most]
        # Of a recorded training nobody knows whether every step has a loss of its own.
        shares = reach_of(side.snapshot, chosen) if isinstance(side.snapshot, TrainingSnapshot) else None
        if shares is None:
            continue
        for number, lag in enumerate(chosen):
            letter, style = (side.letter, side.style) if sides.raced else (str(number + 1), _STYLES[number])
            found.append(Reached(side, lag, shares[:, number], letter, style))
    return found


def _symbol(sides: Sides) -> str:
    """∂L/∂c of a cell state, else ∂L/∂h; of A and of B where they differ."""
    symbols = ["∂L/∂c" if "cell_gradient" in side.snapshot.columns else "∂L/∂h" for side in sides]
    return tr(", ").join(dict.fromkeys(symbols)) or "∂L/∂h"


def horizons(sides: Sides) -> dict[str, int]:
    """How far back, at the cursor, every step gets 1e-3 or more, by the side's letter; −1 where no number is finite."""
    found = {}
    for side in sides:
        if not isinstance(side.snapshot, TrainingSnapshot):
            continue
        place = at(side, sides.iteration)
        # That one iteration's: of all of them it would be 2 ms for a frame.
        here = {name: column[place : place + 1] for name, column in side.snapshot.columns.items()}
        reached = horizon(replace(side.snapshot, count=1, columns=here))
        if reached is not None:
            found[side.letter] = int(reached[0])
    return found


def _far(sides: Sides) -> str:
    """39 steps, A 12, B 39 steps: how far back it reaches; nothing where nobody can say."""
    found = horizons(sides)
    if not found:
        return ""
    *others, (letter, last) = found.items()
    steps = AXIS_WORDS["time"].counted(max(last, 0))
    if not sides.raced:
        return steps
    return tr(", ").join([*(f"{name} {max(lag, 0)}" for name, lag in others), f"{letter} {steps}"])


def title(sides: Sides, width: int) -> str:
    symbol, far = _symbol(sides), _far(sides)
    whole = tr("reach: the share of the last step's {symbol} that gets so many steps back", symbol=symbol)
    if not far:
        return first_title(width, whole, tr("reach: what gets so far back"), tr("reach"))
    share = tr("{limit} of the gradient gets {far} back", limit=VANISHED_TEXT, far=far)
    return first_title(
        width,
        f"{whole} · {share}",
        tr("reach: {share}", share=share),
        tr("reach: {far} back", far=far),
        tr("reach"),
    )


def view(sides: Sides, width: int, height: int) -> list[Line]:
    found = curves(sides, width)
    if not found:
        return page(wrap(_nothing(sides), width), width, height)
    bounds = _bounds(found)
    margin, axis, side = place_of(sides, width, height)
    below = [] if side else [_brief(row, sides) for row in found]
    foot = [_one_line(below, width)] if below and height >= 4 else []
    rows = height - 1 - len(foot)
    lines: list[Line] = []
    if rows > 0:
        lines = _plot(found, sides, axis, bounds, margin, rows)
        beside = [_beside(row, sides, side) for row in found] if side else []
        for line, numbers in zip(lines, beside, strict=False):
            line += [("  ", "text"), *numbers]
    ruler: Line = [(" " * margin, "label"), *axis.ruler(sides.count, sides.iteration, sides.marks)]
    return page([*lines, ruler, *foot], width, height)


def _nothing(sides: Sides) -> str:
    if any(side.training is not None and side.training.experiment.resolved.readout == "all" for side in sides):
        return tr(
            "Every step has a loss of its own: what a step gets is the sum of all that come back from later ones."
        )
    if sides.started:
        return tr("One step has nothing to reach back to.")
    return waiting(sides, "Here: how much of the gradient gets so many steps back, iteration by iteration.")


def place_of(sides: Sides, width: int, height: int) -> tuple[int, IterationAxis, int]:
    """Cells of the labels on the left, the axis, and the cells of the numbers on the right."""
    low, high = _bounds(curves(sides, width))
    margin = max(len(power_of_ten(low)), len(power_of_ten(high)), 1) + 1
    side = _SIDE if width >= _SIDE_FROM else 0
    cells = max(1, width - margin - (side + 2 if side else 0))
    return margin, sides.axis(cells), side


def iteration_at(sides: Sides, width: int, height: int, x: int) -> int | None:
    """The iteration under a column of the pane (a mouse click)."""
    if not curves(sides):
        return None
    margin, axis, _ = place_of(sides, width, height)
    found = axis.iteration_at(x - margin)
    return min(found, sides.count - 1) if found is not None else None


def _bounds(found: list[Reached]) -> tuple[int, int]:
    """Whole powers of ten around every share, and 1."""
    low, high = 0.0, 0.0
    for row in found:
        finite = row.shares[np.isfinite(row.shares)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return min(math.floor(low), -_LEAST_DECADES), math.ceil(high)


def _plot(
    found: list[Reached], sides: Sides, axis: IterationAxis, bounds: tuple[int, int], margin: int, rows: int
) -> list[Line]:
    low, high = bounds
    canvas = Canvas(axis.cells, rows, (float(low), float(high)))
    canvas.level(0.0, "reference")
    for row in reversed(found):  # the longest lag on top
        canvas.draw(Curve(*axis.least_and_most(row.shares), row.style, row.letter))
    for number, row in enumerate(found):
        means = axis.means(row.shares)
        for column in {*range(_LETTERS // 4 + number * _LETTERS // len(found), len(means), _LETTERS), len(means) - 1}:
            if math.isfinite(means[column]):
                canvas.put(column, float(means[column]), row.letter, row.style)
    canvas.cursor(axis.cell(sides.iteration))
    labels = {0: power_of_ten(high), canvas.row(0.0): "1", rows - 1: power_of_ten(low)}
    return [
        [(labels.get(number, "").rjust(margin - 1) + " ", "label"), *line] for number, line in enumerate(canvas.lines())
    ]


def _beside(row: Reached, sides: Sides, width: int) -> Line:
    """1 99 steps back 0.24: the share at the cursor."""
    share = row.said_at(sides.iteration)
    return first_fit(
        width,
        *(
            [(f"{row.letter} ", row.style), (f"{text} ", "text"), (share, "strong")]
            for text in (plural("1 step back", "{count} steps back", row.lag), tr("{count} back", count=row.lag))
        ),
    )


def _brief(row: Reached, sides: Sides) -> Line:
    back = tr("{count} back", count=row.lag)
    return [(f"{row.letter} ", row.style), (f"{back} {row.said_at(sides.iteration)}", "text")]


def _one_line(parts: list[Line], width: int) -> Line:
    """As many of them as fit, whole."""
    line: Line = []
    for part in parts:
        longer: Line = [*line, *([("   ", "text")] if line else []), *part]
        if width_of(longer) > width:
            break
        line = longer
    return line


def said(sides: Sides) -> list[str]:
    """Each share at the first iteration, at the cursor and at the last one."""
    found = curves(sides)
    if not found:
        return [_nothing(sides)]
    return [
        tr(
            "{side}, {back}: {first} of it at first, {here} at {moment}, {last} at the last one",
            side=row.side.letter,
            back=plural("1 step back", "{count} steps back", row.lag),
            first=short(row.share(0)),
            here=short(row.share(sides.iteration)),
            moment=called(row.side, at(row.side, sides.iteration)),
            last=short(row.share(row.side.snapshot.count - 1)),
        )
        for row in found
    ]

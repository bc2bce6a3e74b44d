"""The error of both while they train on the same data with the same random numbers: who was right."""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine.core.figures import short

from ...model.keys import shown_keys
from ...model.trainings import iterations_of
from ...text.dots import ACROSS, Canvas, Curve, named
from ...text.language import tr
from ...text.spans import Line, first_fit, first_title, page, width_of, wrap
from ..frame.iteration_axis import IterationAxis
from ..frame.scene import Scene
from ..frame.training_sides import Sides
from . import words
from .sides import Both, Side

#: Cells of the words at the end of a curve, by the width of the pane from which on there is room for them.
_ENDS = ((110, 38), (70, 26))


def title(scene: Scene, width: int) -> str:
    count = iterations_of(scene.state)
    at = tr("iteration {number} of {count}", number=scene.state.iteration, count=count)
    guess = Sides.of(scene).guess
    dashed = "" if guess is None else tr("╌ guessing {loss}", loss=short(guess))
    whole = tr("loss, how wrong they are, while both train: same data, same random numbers")
    forms = ((whole, dashed, at), (tr("loss while both train"), dashed, at), (tr("loss while both train"), at), (at,))
    return first_title(width, *(" · ".join(part for part in form if part) for form in forms))


def view(scene: Scene, width: int, height: int) -> list[Line]:
    train, both = Sides.of(scene), Both.of(scene)
    if train.refused:
        return page(wrap(train.refused, width, "broken"), width, height)
    if not any(side.at is not None for side in both):
        return page(_before(train, width), width, height)
    ends = next((cells for least, cells in _ENDS if width >= least), 0)
    top = _top(train, both)
    margin = max(len(short(value)) for value in (top, train.guess or 0.0)) + 1
    axis = IterationAxis(max(iterations_of(scene.state), 1), max(width - margin - ends, 1))
    canvas = Canvas(axis.cells, max(height - 1, 1), (0.0, top))
    if train.guess is not None:
        canvas.level(train.guess, "reference")
    for side in both:
        _draw(canvas, axis, side, top)
    labels = {canvas.rows - 1: short(0.0), 0: short(top)}
    if train.guess is not None:
        labels[canvas.row(train.guess)] = short(train.guess)
    said = _ends(scene, both, canvas, ends) if ends else {}
    lines: list[Line] = [
        [(labels.get(row, "").rjust(margin - 1) + " ", "label"), *line, *said.get(row, [])]
        for row, line in enumerate(canvas.lines())
    ]
    count = max(side.at + 1 for side in both if side.at is not None)
    lines.append([(" " * margin, "label"), *axis.ruler(count, scene.state.iteration)])
    return page(lines, width, height)


def _before(train: Sides, width: int) -> list[Line]:
    """What to press, and what the error of guessing is."""
    lines = wrap(
        tr("{key} runs the multiplication down both columns, and then trains both.", key=shown_keys("play")), width
    )
    if train.guess is not None:
        lines += wrap(
            tr("Who learns gets under a loss of {loss}, that of guessing.", loss=short(train.guess)), width, "dim"
        )
    return lines


def _top(train: Sides, both: Both) -> float:
    """The upper end of the axis, whose lower one is 0: a little above guessing and the first errors of both."""
    firsts = [float(side.snapshot.columns["loss"][0]) for side in both if side.snapshot is not None]
    guess = train.guess if train.guess is not None else max(firsts)
    # What starts with more than twice that leaves the plot at its upper edge, and the others their room.
    return 1.1 * max([guess, *(min(first, 2 * guess) for first in firsts if math.isfinite(first))])


def _draw(canvas: Canvas, axis: IterationAxis, side: Side, top: float) -> None:
    if side.at is None or side.snapshot is None:
        return
    losses = side.snapshot.columns["loss"][: side.at + 1]
    least, most = axis.least_and_most(losses)
    canvas.draw(Curve(np.minimum(least, top), np.minimum(most, top), side.colour, "b" if side.scene.is_b else "a"))
    # ▲ where all of a cell's losses lie beyond the upper edge.
    beyond = np.fmin.reduceat(least, np.arange(0, len(least), ACROSS)) > top
    for column in np.flatnonzero(beyond).tolist():
        canvas.put(column, top, "▲", side.colour)
    if not math.isfinite(losses[-1]):
        canvas.put(axis.cell(side.at), top, "▲", side.colour)


def _ends(scene: Scene, both: Both, canvas: Canvas, cells: int) -> dict[int, Line]:
    """The name of each curve and what has become of it, at its end: on a row of its own each."""
    wanted: list[tuple[int, Line]] = []
    for side in both:
        if side.at is None or side.snapshot is None:
            continue
        loss = float(side.snapshot.columns["loss"][side.at])
        row = canvas.row(loss) if math.isfinite(loss) else 0
        name = f" {named('b' if side.scene.is_b else 'a', words.brief(scene.state, side))}"
        texts = (f"{name}: {words.result(side)}", f"{name}: {words.result_in_brief(side)}", name)
        wanted.append((row, first_fit(cells, *([(text, side.colour)] for text in texts))))
    wanted.sort(key=lambda end: end[0])
    rows: dict[int, Line] = {}
    free = 0
    for number, (row, line) in enumerate(wanted):
        left = len(wanted) - number - 1
        here = max(free, min(row, canvas.rows - 1 - left))
        rows[here], free = line, here + 1
    return {row: line for row, line in rows.items() if row < canvas.rows and width_of(line) <= cells}

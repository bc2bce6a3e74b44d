"""The loss of every iteration, of A and B on one axis: does it learn? And the numbers at the cursor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gradtui_engine.core.figures import loss_text, percent, rounded, short
from gradtui_engine.data.datasets import find
from gradtui_engine.recordings.snapshot import RecordingSnapshot
from gradtui_engine.training.evaluation import Validation

from ...text.dots import ACROSS, Canvas, Curve
from ...text.heat import Array
from ...text.language import tr
from ...text.spans import Line, first_fit, first_title, page, wrap
from ...text.table_words import off_by, own_number
from ..frame.iteration_axis import IterationAxis
from ..frame.loss_scale import LossScale, scale_of
from ..frame.step_axis import StepAxis
from ..frame.training_sides import Side, Sides, at
from .quantities import once
from .words import absent, branched, nothing_yet, verdicts

#: Columns of the numbers beside the plot, by the columns of the pane from which on they have them.
_SIDES = ((110, 34), (70, 25))
#: Columns between two of the letters that stand on a curve.
_LETTERS = 24
#: Columns from one mark of a validation to the next, at the least.
_APART = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where the plot stands in the pane: cells of the labels on its left, of the plot, of the numbers on its right."""

    margin: int
    axis: IterationAxis
    side: int


def title(sides: Sides, width: int) -> str:
    if not sides.started:
        return first_title(width, tr("loss, iteration by iteration"), tr("loss"))
    found = " · ".join(verdicts(sides))
    axis = tr("log") if scale_of(sides).log else tr("linear")
    return first_title(
        width,
        tr("loss, step by step · {axis} axis · {verdicts}", axis=axis, verdicts=found)
        if sides.steps is not None
        else tr("loss, iteration by iteration · {axis} axis · {verdicts}", axis=axis, verdicts=found),
        tr("loss · {axis} · {verdicts}", axis=axis, verdicts=found),
        tr("loss · {verdicts}", verdicts=found),
        tr("loss"),
    )


def view(sides: Sides, width: int, height: int) -> list[Line]:
    if not sides.started:
        return page(wrap(nothing_yet(sides), width), width, height)
    place = place_of(sides, width)
    numbers = _numbers(sides, place.side, height) if place.side else []
    plot = _plot(sides, place, height)
    lines: list[Line] = []
    for row, line in enumerate(plot):
        beside = numbers[row] if row < len(numbers) else []
        lines.append([*line, ("  ", "text"), *beside] if beside else line)
    return page(lines, width, height)


def place_of(sides: Sides, width: int) -> Place:
    """Where the plot stands in a pane of this width."""
    scale = scale_of(sides)
    marked = (*scale.ends(), *([sides.guess] if sides.guess is not None else []))
    margin = max(len(short(loss)) for loss in marked) + 1
    side = next((columns for least, columns in _SIDES if width >= least), 0)
    cells = max(1, width - margin - (side + 2 if side else 0))
    return Place(margin, sides.axis(cells), side)


def iteration_at(sides: Sides, width: int, x: int) -> int | None:
    """The iteration under a column of the pane (a mouse click)."""
    if not sides.started:
        return None
    place = place_of(sides, width)
    found = place.axis.iteration_at(x - place.margin)
    return min(found, sides.count - 1) if found is not None else None


# -- the plot ----------------------------------------------------------------------------------------------


def _plot(sides: Sides, place: Place, height: int) -> list[Line]:
    """The curves, and under them the axis of the iterations."""
    axis, rows = place.axis, height - 1
    if rows < 1:
        return [[(" " * place.margin, "label"), *axis.ruler(sides.count, sides.iteration, sides.marks)]]
    scale = scale_of(sides)
    canvas = Canvas(axis.cells, rows, (scale.low, scale.high))
    if sides.guess is not None:
        canvas.level(scale.place(sides.guess), "reference")
    for side in sides:
        _draw(canvas, axis, scale, side)
    for side in sides:
        _validations(canvas, axis, scale, side)
    if sides.raced:
        for number, side in enumerate(sides):
            _letters(canvas, axis, scale, side, number)
    canvas.cursor(axis.cell(sides.iteration))
    for side in sides:
        _end(canvas, axis, scale, side)
    labels = _labels(sides, rows)
    margins = [(labels.get(row, "").rjust(place.margin - 1) + " ", "label") for row in range(rows)]
    lines: list[Line] = [[margin, *line] for margin, line in zip(margins, canvas.lines(), strict=True)]
    return [*lines, [(" " * place.margin, "label"), *axis.ruler(sides.count, sides.iteration, sides.marks)]]


def _labels(sides: Sides, rows: int) -> dict[int, str]:
    """The numbers on the left: the ends of the axis and the loss of guessing."""
    scale = scale_of(sides)
    low, high = scale.ends()
    labels = {rows - 1: short(low), 0: short(high)}
    if sides.guess is not None:
        canvas = Canvas(1, rows, (scale.low, scale.high))
        labels[canvas.row(scale.place(sides.guess))] = short(sides.guess)
    return labels


def _draw(canvas: Canvas, axis: IterationAxis, scale: LossScale, side: Side) -> None:
    least, most = _extremes(axis, side)
    if scale.log:
        with np.errstate(all="ignore"):
            least, most = np.log10(least), np.log10(most)
    canvas.draw(Curve(least, most, side.style, side.letter))


def _extremes(axis: IterationAxis, side: Side) -> tuple[Array, Array]:
    """The smallest and the largest loss in each column of dots."""
    if isinstance(axis, StepAxis) and isinstance(side.snapshot, RecordingSnapshot):
        # Of a million losses 10 ms: frames of one snapshot are many while the cursor moves.
        losses = side.snapshot.every_loss
        return once(side.snapshot, ("loss", axis), lambda: axis.extremes(*losses))
    return axis.least_and_most(side.snapshot.columns["loss"])


def _validations(canvas: Canvas, axis: IterationAxis, scale: LossScale, side: Side) -> None:
    """A mark for each validation; of very many, for those that leave the curve between them to be seen."""
    free = 0
    for row in side.snapshot.validations:
        # The last one is after the last iteration: it stands in its column.
        column = axis.cell(min(row.iteration, axis.total - 1))
        if math.isfinite(row.loss) and column >= free:
            canvas.put(column, scale.place(row.loss), side.mark, side.style)
            free = column + _APART


def _letters(canvas: Canvas, axis: IterationAxis, scale: LossScale, side: Side, number: int) -> None:
    """The letter on the curve, every so many columns: told apart without colour."""
    means = axis.means(side.snapshot.columns["loss"])
    last = len(means) - 1
    for column in {*range(_LETTERS // 4 + number * _LETTERS // 2, len(means), _LETTERS), last}:
        value = float(means[column])
        if math.isfinite(value):
            canvas.put(column, scale.place(value), side.letter, side.style)


def _end(canvas: Canvas, axis: IterationAxis, scale: LossScale, side: Side) -> None:
    """▲ in each column that goes beyond the upper edge; ✗ where it diverged."""
    _, most = _extremes(axis, side)
    beyond = np.flatnonzero(most > scale.ends()[1] * (1 + 1e-9)) // ACROSS
    for column in beyond.tolist():
        canvas.cells[0][column] = ("▲", side.style)
    outcome = side.snapshot.outcome
    if outcome is None or outcome.kind != "diverged":
        return
    start = axis.cell(side.snapshot.count - 1)
    canvas.cells[0][start] = ("✗", "broken")


# -- the numbers at the cursor -------------------------------------------------------------------------------


def _numbers(sides: Sides, width: int, height: int) -> list[Line]:
    """Of each side the loss, and that on held-out samples; the rate; what the line of guessing is."""
    if sides.steps is None:
        whole = tr("iteration {number} of {count}", number=sides.iteration, count=sides.total)
    else:
        whole = tr("step {number} of {count}", number=sides.number, count=sides.steps.end)
    head = first_fit(width, [(whole, "cursor")], [(sides.whereabouts, "cursor")])
    lines = [head]
    for side in sides:
        if sides.b_is_a and side.letter == "B":
            continue  # its numbers are A's
        if side not in sides.here:
            lines.append(first_fit(width, *([(text, side.style)] for text in absent(side))))
            continue
        lines.append(_of_batch(side, sides, width))
        held_out = _held_out(side, sides, width)
        if held_out:
            lines.append(held_out)
    lines += [line for side in sides.here if (line := _off_by(side, sides, width))]
    lines += [line for text in branched(sides) for line in wrap(text, width, "strong")]
    rate: Line = [(tr("rate {value}", value=_rates(sides)), "text")]
    # What guessing costs nobody knows of a recorded training.
    rest = [rate, _guess(sides, width)] if sides.guess is not None else [rate]
    if len(lines) + len(rest) <= height:
        return [*lines, *rest]
    return [*lines, rest[-1]] if len(lines) + 1 <= height else lines


def _of_batch(side: Side, sides: Sides, width: int) -> Line:
    """A 0.134 · 96 % right: the loss of the cursor's batch."""
    place = at(side, sides.iteration)
    loss, accuracy = (float(side.snapshot.columns[name][place]) for name in ("loss", "accuracy"))
    head: Line = [(f"{side.letter} ", side.style)] if sides.raced else []
    said = tr("loss {loss}", loss=loss_text(loss))
    if math.isnan(accuracy):
        return [*head, (said, _style_of(loss))]
    share = percent(accuracy)
    return first_fit(
        width,
        *([*head, (f"{said} · {text}", _style_of(loss))] for text in (tr("{share} right", share=share), share)),
    )


def _style_of(loss: float) -> str:
    return "strong" if math.isfinite(loss) else "broken"


def _held_out(side: Side, sides: Sides, width: int) -> Line:
    """+ held out at 50: 0.146 · 95 %: the last validation before the cursor, and when it was."""
    row = validated(side, sides.iteration)
    if row is None:
        return []
    long, brief = (
        tr("held out at {number}: {loss}", number=row.iteration, loss=loss)
        for loss in (loss_text(row.loss), short(row.loss))
    )
    share = f" · {percent(row.accuracy)}" if row.accuracy is not None else ""
    bare = tr("held out {loss}", loss=short(row.loss))
    # Words shorten before numbers do.
    texts = (f"{long}{share}", f"{brief}{share}", long, brief, f"{bare}{share}", bare, short(row.loss))
    return first_fit(width, *([(f"{side.mark} ", side.style), (text, "text")] for text in texts))


def _off_by(side: Side, sides: Sides, width: int) -> Line:
    """off by 12.4 in the units of price: of what is held out, else of the cursor's batch."""
    yardstick, row = side.yardstick, validated(side, sides.iteration)
    if yardstick is None:
        return []
    loss = row.loss if row is not None else float(side.snapshot.columns["loss"][at(side, sides.iteration)])
    head: Line = [(f"{side.letter} ", side.style)] if sides.raced else []
    own = own_number(yardstick, loss)
    texts = (
        tr("off by {distance}", distance=off_by(yardstick, loss)),
        tr("off by {number} in the units of {target}", number=own, target=yardstick.target),
        tr("off by {number}", number=own),
    )
    return first_fit(width, *([*head, (text, "text")] for text in texts))


def validated(side: Side, iteration: int) -> Validation | None:
    """The last validation before an iteration, or after the last one, where the cursor stands on it."""
    count = side.snapshot.count
    limit = count if iteration >= count - 1 else iteration
    return next((row for row in reversed(side.snapshot.validations) if row.iteration <= limit), None)


def _rates(sides: Sides) -> str:
    """The learning rate at the cursor; each side's where they differ."""
    rates = {
        side.letter: float(side.snapshot.columns["learning_rate"][at(side, sides.iteration)]) for side in sides.here
    }
    if len(set(rates.values())) == 1:
        return rounded(next(iter(rates.values())), 3)
    return " ".join(f"{letter} {rounded(rate, 2)}" for letter, rate in rates.items())


def _guess(sides: Sides, width: int) -> Line:
    """What the dashed line is: guessing, or of a task the best that needs no memory."""
    loss = short(sides.guess)
    if has_baseline(sides):
        texts = (tr("without any memory {loss}", loss=loss), tr("no memory {loss}", loss=loss))
    else:
        texts = (tr("answering without looking {loss}", loss=loss), tr("guessing {loss}", loss=loss))
    return first_fit(width, *([("╌ ", "reference"), (text, "label")] for text in texts))


def has_baseline(sides: Sides) -> bool:
    """Whether guessing is a task's own baseline: the best answer that remembers nothing."""
    trainings = [side.training for side in sides if side.training is not None]
    return any(find(training.experiment.resolved.data).baseline is not None for training in trainings)


def said(sides: Sides) -> list[str]:
    """The losses in sentences: at every validation, or at a few iterations where there is none."""
    if not sides.started:
        return [nothing_yet(sides)]
    lines = []
    if sides.guess is not None:
        lines.append(tr("Answering without looking costs {loss}.", loss=loss_text(sides.guess)))
    for side in sides:
        outcome = side.snapshot.outcome
        if outcome is not None:
            lines.append(tr("{side}: {message}.", side=side.letter, message=tr(outcome.message)))
        losses = side.snapshot.columns["loss"]
        rows = {row.iteration: row for row in side.snapshot.validations}
        few = rows or dict.fromkeys(np.linspace(0, len(losses) - 1, 9).astype(int).tolist())
        for iteration, row in few.items():
            loss = loss_text(float(losses[min(iteration, len(losses) - 1)]))
            facts = [tr("loss {loss}", loss=loss)]
            if row is not None:
                facts.append(tr("held out {loss}", loss=loss_text(row.loss)))
                if row.accuracy is not None:
                    facts.append(tr("{share} right", share=percent(row.accuracy)))
            called = {"number": iteration if sides.steps is None else sides.steps[iteration]}
            words = "iteration {number}: {facts}" if sides.steps is None else "step {number}: {facts}"
            lines.append(tr(words, **called, facts=tr(", ").join(facts)))
    return lines

"""What a user's table was understood as: in a line, in sentences, and at length."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradtui_engine.core.figures import counted, exact, rounded, short
from gradtui_engine.data.datasets import understood
from gradtui_engine.data.target_scales import TARGET_SCALES

from .language import plural, tr

if TYPE_CHECKING:
    from gradtui_engine.data.target_scales import Scale
    from gradtui_engine.data.understood import ColumnAbout, Understood
    from gradtui_engine.data.yardstick import Yardstick
    from gradtui_engine.experiment.resolved import Resolved

#: Names of classes that are told; more would fill the line.
_MOST_NAMES = 6
#: A cell of a preview is cut to so many letters.
_CELL = 14


def table_notes(resolved: Resolved, scaled: bool) -> Iterator[str]:
    """What the file of an experiment was understood as, and what was guessed. Raises ExperimentError.

    scaled: whether numbers as the target are scaled where nothing is said of it.
    """
    about = understood(resolved.request())
    if about is not None:
        yield from told(about, scaled)


def told(about: Understood, scaled: bool = True) -> Iterator[str]:
    """The line, what was guessed, and the scale of a target of numbers."""
    yield in_a_line(about)
    yield from notes(about)
    if scaled and about.scale is not None and about.std:
        yield scale(about.scale)


def in_a_line(about: Understood) -> str:
    """120 rows, 4 inputs, target species: 3 classes."""
    if about.window is None:
        parts = [
            plural("1 row", "{count} rows", about.rows),
            plural("1 input", "{count} inputs", len(about.inputs)),
        ]
    else:
        parts = [
            plural("1 window", "{count} windows", about.samples),
            plural("1 step", "{count} steps", about.window),
            plural("1 variable", "{count} variables", len(about.inputs)),
        ]
    return tr("{sizes}, target {name}: {what}", sizes=tr(", ").join(parts), name=about.target, what=_target(about))


def _target(about: Understood) -> str:
    if about.classes:
        return plural("1 class", "{count} classes", len(about.classes))
    return tr("numbers from {low} to {high}", low=exact(about.low), high=exact(about.high))


def scale(used: Scale) -> str:
    """What becomes of numbers as the target."""
    return tr(
        TARGET_SCALES[used.name].told,
        centre=exact(used.centre), unit=exact(used.unit), low=exact(used.centre), high=exact(used.centre + used.unit),
    )  # fmt: skip


def guessed(about: Understood) -> str:
    """What answering without looking costs in the target's own units."""
    return tr(
        "always to answer the mean, {mean}, is off by {std} (root mean square)",
        mean=exact(about.mean), std=exact(about.std),
    )  # fmt: skip


def own_number(yardstick: Yardstick, loss: float) -> str:
    """A loss as a distance in the target's own units: 5312, where short numbers would have 5.3e3."""
    own = yardstick.own(loss)
    return exact(float(rounded(own, 4))) if math.isfinite(own) else short(own)


def off_by(yardstick: Yardstick, loss: float) -> str:
    """A loss as a distance: 0.31 of a standard deviation, 12.4 in the units of price."""
    own = tr("{number} in the units of {target}", number=own_number(yardstick, loss), target=yardstick.target)
    if yardstick.scale is None:
        return own
    unit = tr(TARGET_SCALES[yardstick.scale.name].unit, number=rounded(yardstick.scaled(loss), 3))
    return tr(", ").join([unit, own])


def notes(about: Understood) -> Iterator[str]:
    """What was guessed, each with the option that overrules it."""
    return map(tr, about.notes)


def classes(about: Understood) -> str:
    """Each class with its rows, the most frequent first."""
    most = sorted(about.classes, key=lambda row: -row[1])
    total = sum(count for _, count in most)
    told = [f"{name} {counted(count)} ({rounded(100 * count / total, 3)} %)" for name, count in most[:_MOST_NAMES]]
    return tr(", ").join([*told, *(["…"] if len(most) > _MOST_NAMES else [])])


def rows_of_columns(about: Understood) -> list[list[str]]:
    """A row of cells for every column, under a header."""
    head = ["", tr("column"), tr("holds"), tr("becomes"), tr("gaps"), tr("values")]
    return [head, *(_row(column) for column in about.columns)]


def _row(column: ColumnAbout) -> list[str]:
    if column.low is not None and column.high is not None and not column.words:
        values = tr("{low} to {high}", low=exact(column.low), high=exact(column.high)) + f" {column.unit}".rstrip()
    elif column.words:
        values = tr(", ").join(f"{word} {count}" for word, count in column.words)
        values += tr(", ") + "…" if column.distinct > len(column.words) else ""
    else:
        values = plural("1 different", "{count} different", column.distinct)
    return [str(column.number), column.name, tr(column.kind), tr(column.becomes), str(column.missing or ""), values]


def preview(about: Understood, most: int) -> list[list[str]]:
    """The first rows as they were read, under the names of the columns; of many columns the first and the last."""
    rows = [[column.name for column in about.columns], *(list(row) for row in about.preview)]
    if len(rows[0]) > most:
        half = most // 2
        rows = [[*row[:half], "…", *row[-half:]] for row in rows]
    return [[cell if len(cell) <= _CELL else cell[: _CELL - 1] + "…" for cell in row] for row in rows]

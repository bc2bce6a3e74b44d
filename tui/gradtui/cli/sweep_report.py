"""What `gradtui sweep` prints: what was swept, a table or a picture of each measure, theory's words, and what has no
number, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradtui_engine.core.figures import counted, short
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.cell import Cell
from gradtui_engine.sweeps.document import in_order
from gradtui_engine.sweeps.sweep import Sweep

from ..text.language import plural, tr
from ..text.spans import text_of, wrap
from ..text.summary import describe
from ..text.sweep_words import axis_name, brief_value, is_share, measure_name, measure_note, measured, value_text
from .columns import aligned
from .sweep_grid import Grid, axes_in_words
from .sweep_theory import Theory, theory_of

#: Reasons that are told, the most frequent first; of more the rest is counted.
_REASONS = 5


@dataclass(frozen=True)
class Swept:
    """A sweep and the cells that there are of it; seconds that it took."""

    sweep: Sweep
    cells: Mapping[tuple[int, int], Cell]
    seconds: float
    interrupted: bool = False

    @property
    def total(self) -> int:
        columns, rows = self.sweep.shape
        return columns * rows


def report(swept: Swept, width: int) -> list[str]:
    """The lines of a sweep."""
    sweep = swept.sweep
    lines = [*_wrapped(describe(sweep.base.resolved), width), *_wrapped(_swept(sweep), width)]
    if not swept.cells:
        return [*lines, "", *_ends(swept, width)]
    if sweep.y is None:
        lines += ["", *_line_of(swept, width)]
    else:
        theory = theory_of(sweep)
        for measure in sweep.measures:
            lines += ["", *_plane(swept, measure, sweep.y, theory, width)]
        lines += ["", *(line for told in theory.told for line in _wrapped(told, width))] if theory.told else []
    return [*lines, "", *_ends(swept, width)]


def _wrapped(text: str, width: int) -> list[str]:
    return [text_of(line) for line in wrap(text, width)]


def _swept(sweep: Sweep) -> str:
    """σ_w 0.6 … 2.2 (17) × depth 10 … 50 (9) · each trained for 200 iterations · medians of 3 seeds."""
    axes = [_axis(axis) for axis in (sweep.x, sweep.y) if axis is not None]
    parts = [" × ".join(axes)]
    if sweep.training is not None:
        fields = {*sweep.x.fields, *(sweep.y.fields if sweep.y is not None else ())}
        if "iterations" in fields:
            parts.append(tr("each trained"))
        else:
            parts.append(
                plural("each trained for 1 iteration", "each trained for {count} iterations", sweep.training.iterations)
            )
    else:
        parts.append(tr("the first gradient of each"))
    if sweep.repeats:
        parts.append(plural("1 seed", "medians of {count} seeds", len(sweep.repeats)))
    return " · ".join(parts)


def _axis(axis: Axis) -> str:
    if not axis.numeric:
        return f"{axis_name(axis)} {tr(', ').join(map(value_text, axis.values))}"
    ends = f"{value_text(axis.values[0])} … {value_text(axis.values[-1])}"
    return tr("{name} {ends} ({count})", name=axis_name(axis), ends=ends, count=len(axis.values))


# -- numbers -----------------------------------------------------------------------------------------------


def _plane(swept: Swept, measure: str, y: Axis, theory: Theory, width: int) -> list[str]:
    x = swept.sweep.x
    numbers = {place: cell.values.get(measure) for place, cell in swept.cells.items()}
    title = tr("{measure}; {axes}", measure=_titled(swept.sweep, measure), axes=axes_in_words(x, y))
    return [
        *_wrapped(title, width),
        *Grid(swept.sweep.expressions[measure], x, y, numbers, theory.passing).lines(width),
    ]


def _titled(sweep: Sweep, measure: str) -> str:
    wanted = sweep.expressions[measure]
    note, name = measure_note(wanted), measure_name(wanted)
    named = tr("{name}, %", name=name) if is_share(wanted) else name
    if not note or note.removeprefix("the ").startswith(name):
        return note or named
    return tr("{name}: {note}", name=named, note=note)


def _line_of(swept: Swept, width: int) -> list[str]:
    """A row for each value of x."""
    sweep = swept.sweep
    wanted = sweep.expressions
    lines = [line for measure in sweep.measures for line in _wrapped(_titled(sweep, measure), width)]
    rows = [[axis_name(sweep.x), *map(measure_name, wanted.values())]]
    for cell in in_order(swept.cells.values()):
        numbers = [measured(row, cell.values.get(name)) for name, row in wanted.items()]
        rows.append([value_text(sweep.x.values[cell.i]), *numbers])
    table = aligned(rows)
    if max(map(len, table)) > width:
        rows[0][1:] = sweep.measures
        table = aligned(rows)
    return [*lines, *table]


# -- the end -----------------------------------------------------------------------------------------------


def _ends(swept: Swept, width: int) -> Iterator[str]:
    yield from reasons(swept.cells.values(), swept.sweep, width)
    count, known = len(swept.cells), sum(cell.known for cell in swept.cells.values())
    if swept.interrupted and count < swept.total:
        text = tr(
            "interrupted after {count} of {all} cells: this is what there is",
            count=counted(count), all=counted(swept.total),
        )  # fmt: skip
    else:
        text = plural("1 cell", "{count} cells", count)
    text = tr("{cells}; {seconds} s", cells=text, seconds=short(swept.seconds))
    yield from _wrapped(tr("{cells}; {count} were known", cells=text, count=counted(known)) if known else text, width)


def reasons(cells: Collection[Cell], sweep: Sweep, width: int) -> Iterator[str]:
    """Why cells have no finite number: each reason once, with how many have it, and where the first of them is."""
    found: dict[str, list[Cell]] = {}
    for cell in in_order(cells):
        if cell.reason:
            found.setdefault(cell.reason, []).append(cell)
    told = sorted(found.items(), key=lambda item: -len(item[1]))
    for reason, having in told[:_REASONS]:
        text = tr(
            "{cells} ({place}): {reason}",
            cells=plural("1 cell", "{count} cells", len(having)), place=place_of(having[0], sweep), reason=tr(reason),
        )  # fmt: skip
        yield from _wrapped(text, width)
    if len(told) > _REASONS:
        rest = sum(len(having) for _, having in told[_REASONS:])
        yield plural("and 1 cell for another reason", "and {count} cells for other reasons", rest)


def place_of(cell: Cell, sweep: Sweep) -> str:
    """σ_w 1.4, depth 30."""
    axes: Sequence[tuple[Axis | None, int]] = ((sweep.x, cell.i), (sweep.y, cell.j))
    said = [f"{axis_name(axis)} {brief_value(axis.values[at])}" for axis, at in axes if axis is not None]
    return tr(", ").join(said)

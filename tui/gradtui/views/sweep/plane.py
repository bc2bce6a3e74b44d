"""The plane of a sweep: a heat map of x to the right and y upwards, theory's curves over it, the cursor in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...model import events as e
from ...model.sweep_cells import Place, SweepCells
from ...text import glyphs
from ...text.heat import LEVELS
from ...text.language import tr
from ...text.spans import Line, Span, first_fit, first_title, page, runs, width_of, wrap
from ..frame.pointer import Events
from . import line
from .characters import NONE, character, dense, wide
from .geometry import Geometry, positions
from .planes import Planes
from .shades import NO_NUMBER, Shade, Shades, ends, hues_along, meanings, reasons, shaded
from .words import axis_name, brief, measure_name, measured, place_text, value_text

if TYPE_CHECKING:
    pass

#: Lines from which on the axes are named over the plane, from which on the shades are explained, and the curves.
_NAMES_FROM, _LEGEND_FROM, _CURVES_FROM = 7, 5, 10
#: The cursor; of ASCII's own, whose + is a shade.
_CURSOR, _CURSOR_ASCII = "┼", "@"
#: What theory's curves are drawn in, in order: lines, and points. No two are alike, in ASCII neither: o O * ^.
_LINES = (("●", "curve_1"), ("○", "curve_2"), ("◆", "strong"), ("▲", "strong"))
_POINTS = (("◆", "curve_1"), ("▲", "curve_1"))
#: What follows the first words of a curve's name.
_REST = re.compile("[,:，：].*")


def letter(planes: Planes, pane: str) -> str:
    """A or B, where there are both."""
    return ("B" if pane == "sweep_b" else "A") if planes.plan.b is not None or pane == "sweep_b" else ""


def title(planes: Planes, pane: str, width: int) -> str:
    cells, measure = planes.cells(pane), planes.measure(pane)
    head = letter(planes, pane)
    head = f"{head} · " if head else ""
    if planes.problem or cells is None:
        return first_title(width, f"{head}{tr('sweep')}", tr("sweep"), head[:1] or "-")
    sweep = cells.sweep
    name, axes = measure_name(measure), axis_name(sweep.x)
    if sweep.y is not None:
        axes = tr("{x} across, {y} up", x=axis_name(sweep.x), y=axis_name(sweep.y))
    value = measured(measure, _value(cells, planes.spot, measure))
    here = tr("{place}: {value}", place=place_text(cells, planes.spot), value=value)
    return first_title(
        width,
        f"{head}{name} · {axes} · {here}",
        f"{head}{name} · {here}",
        f"{head}{name} · {axes}",
        f"{head}{name}",
        f"{head}{brief(measure)}",
        brief(measure),
        head[:1] or "-",
    )


def _value(cells: SweepCells, place: Place, measure: str) -> object:
    cell = cells.cells.get(place)
    return None if cell is None else cell.values.get(measure)


# -- the map -----------------------------------------------------------------------------------------------


def view(planes: Planes, pane: str, width: int, height: int) -> list[Line]:
    cells = planes.cells(pane)
    if planes.problem:
        return page(wrap(tr(planes.problem), width, "broken"), width, height)
    if cells is None:
        return page(wrap(tr(planes.plan.problem_of_b) or tr("there is no B"), width), width, height)
    if cells.sweep.y is None:
        return line.view(planes, pane, width, height)
    drawn = Drawn.of(planes, pane, cells, width, height)
    return page(drawn.lines(), width, height)


@dataclass(frozen=True)
class Drawn:
    """A plane at a size: where its parts stand."""

    planes: Planes
    pane: str
    cells: SweepCells
    width: int
    rows: int
    margin: int
    above: int
    below: int
    geometry: Geometry

    @classmethod
    def of(cls, planes: Planes, pane: str, cells: SweepCells, width: int, height: int) -> Drawn:
        up = cells.sweep.y
        assert up is not None
        margin = 2 + max(wide(value_text(value)) for value in up.values)
        if margin > width // 2:
            margin = 0
        above = int(height >= _NAMES_FROM)
        # Where cells may lack a number from the start, so that the map stands still when one does.
        # Of two planes both have the line, so that they stand at one height.
        fails = any(one.sweep.training is not None or reasons(one, planes.measure(pane)) for one in planes.both)
        says = fails or bool(planes.curves or planes.curves_of_b)
        below = (height >= 2) + (height >= _LEGEND_FROM) + (says and height >= _CURVES_FROM)
        halves = 2 if glyphs.current() == glyphs.BLOCK else 1
        columns, rows = cells.sweep.shape
        room = max(1, height - above - below)
        geometry = Geometry.of(columns, rows, max(1, width - margin), room, halves)
        return cls(planes, pane, cells, width, height, margin, above, below, geometry)

    @property
    def shades(self) -> Shades:
        return self.planes.shades(self.pane)

    def lines(self) -> list[Line]:
        shades = self.shades
        found = shaded(self.cells, shades)
        rows = self._map(found)
        curves = self._draw_curves(rows)
        column, row = self.planes.spot
        x, y = self.geometry.middle(column, row)
        rows[y][x] = (_CURSOR_ASCII if glyphs.current() == glyphs.ASCII else _CURSOR, "cursor")
        labels = self._row_labels()
        lines: list[Line] = [self._names()] if self.above else []
        for number, spans in enumerate(rows):
            text, style = labels.get(number, ("", "label"))
            label = f"{' ' * (self.margin - 1 - wide(text))}{text} " if self.margin else ""
            lines.append([(label, style), *runs(spans)])
        if self.below:
            lines.append(self._ticks())
        if self.below > 1:
            legend = self._legend(shades, found)
            # Where the curves have no line of their own, they stand behind the shades as far as there is room.
            lines.append(legend if self.below > 2 else [*legend, *self._beside(curves, self.width - width_of(legend))])
        if self.below > 2:
            lines.append(self._said(curves))
        return lines

    # -- the cells

    def _map(self, found: dict[Place, Shade]) -> list[list[Span]]:
        geometry, rows = self.geometry, []
        stands: dict[Place, Shade | None] = {}

        def shade(place: Place) -> Shade | None:
            if place not in stands:
                nearest = self.cells.stand_in(place)
                stands[place] = None if nearest is None else found[nearest]
            return stands[place]

        across = [geometry.column_at(x) for x in range(geometry.width)]
        for number in range(geometry.height):
            at = [geometry.row_at(point) for point in geometry.points_of(number)]
            drawn = {
                column: character([None if row is None else shade((column, row)) for row in at])
                for column in dict.fromkeys(across) if column is not None
            }  # fmt: skip
            rows.append([drawn[column] for column in across if column is not None])
        return rows

    def _row_labels(self) -> dict[int, Span]:
        """Line → the value of y that stands there; where there is no room for all of them every second, third …, and
        the cursor's in any case."""
        up, geometry = self.cells.sweep.y, self.geometry
        assert up is not None
        labels: dict[int, Span] = {}
        here = self.planes.spot[1]
        labels[geometry.middle(0, here)[1]] = ("▸" + value_text(up.values[here]), "cursor")
        for row in (0, geometry.rows - 1, *range(geometry.rows)):
            labels.setdefault(geometry.middle(0, row)[1], (value_text(up.values[row]), "label"))
        return labels

    def _ticks(self) -> Line:
        """The values of x under their columns: the cursor's first of all, then the ends, then as many as fit between
        them at even distances."""
        across, geometry = self.cells.sweep.x, self.geometry
        here, last = self.planes.spot[0], geometry.columns - 1
        room = self.width - self.margin
        taken: list[tuple[int, str, str]] = []
        even = _evenly(last, room // (2 + max(wide(value_text(value)) for value in across.values)))
        for column in dict.fromkeys((here, 0, last, *even)):
            text = value_text(across.values[column])
            text, style = (f"▴{text}", "cursor") if column == here else (text, "label")
            size = wide(text)
            start = geometry.middle(column, 0)[0] - (0 if column == here else (size - 1) // 2)
            start = max(0, min(start, room - size))
            if size <= room and all(start + size < at or at + wide(other) < start for at, other, _ in taken):
                taken.append((start, text, style))
        spans: Line = [(" " * self.margin, "label")]
        end = 0
        for start, text, style in sorted(taken):
            spans += [(" " * (start - end), "label"), (text, style)]
            end = start + wide(text)
        return spans

    def _names(self) -> Line:
        """What the axes are, and how far it is."""
        sweep, cells = self.cells.sweep, self.cells
        assert sweep.y is not None
        up, across = axis_name(sweep.y), axis_name(sweep.x)
        log = tr("log")
        up, across = f"{up} ↑{f' {log}' * sweep.y.log}", f"{across} →{f' {log}' * sweep.x.log}"
        merged = tr("some of {columns} × {rows} cells", columns=sweep.shape[0], rows=sweep.shape[1])
        said: Line = [(f" {up}   {across}", "label")]
        done: Line = [(f"   {len(cells.cells)}/{cells.total}", "dim")]
        some: Line = [(f"   {merged}", "dim")] if self.geometry.merged else []
        return first_fit(self.width, [*said, *done, *some], [*said, *done], said, [(f"{up} {across}", "label")], [])

    # -- theory

    def _draw_curves(self, rows: list[list[Span]]) -> list[tuple[str, str, str, str]]:
        """Theory's curves over the map; of each that is seen its glyph, style, name and source."""
        sweep = self.cells.sweep
        assert sweep.y is not None
        told = []
        # The first one on top.
        for number, curve in reversed(list(enumerate(self.planes.curves_of(self.pane)))):
            looks = _LINES if curve.joined else _POINTS
            look = looks[number % len(looks)]
            points = np.array(curve.points, dtype=np.float64).reshape(-1, 2)
            if curve.joined:
                points = dense(points, sweep)
            across = positions(sweep.x.values, sweep.x.log, points[:, 0])
            up = positions(sweep.y.values, sweep.y.log, points[:, 1])
            known = np.isfinite(across) & np.isfinite(up)
            across, up = across[known], up[known]
            columns, lines = self.geometry.place(across, up)
            for x, y in zip(columns.tolist(), lines.tolist(), strict=True):
                if 0 <= x < self.geometry.width and 0 <= y < self.geometry.height:
                    rows[int(y)][int(x)] = look
            told.append((*look, tr(curve.name), curve.source))
        seen = {span for row in rows for span in row}
        return [curve for curve in reversed(told) if curve[:2] in seen]

    # -- the legend

    def _legend(self, shades: Shades, found: dict[Place, Shade]) -> Line:
        low, high = ends(shades)
        hues = hues_along(shades)
        shown = shades.binary or list(zip(hues, range(LEVELS), strict=True))
        swatches: Line = runs([character([shade] * self.geometry.halves) for shade in shown])
        line: Line = [(" " * min(self.margin, 1), "label"), (f"{low} ", "label"), *swatches, (f" {high}", "label")]
        named: Line = [(f"   {text}", hue) for hue, text in meanings(shades, {hue for hue, _ in found.values()})]
        without = sum(shade == NO_NUMBER for shade in found.values())
        none: Line = [(f"   {NONE} {tr('{count} without a number', count=without)}", "broken")] if without else []
        held: Line = [(f"   {tr('scale locked')}", "label")] if self.planes.lock is not None else []
        return first_fit(
            self.width, [*line, *none, *named, *held], [*line, *none, *named], [*line, *none], line,
            [(f"{low} … {high}", "label")],
        )  # fmt: skip

    def _said(self, curves: list[tuple[str, str, str, str]]) -> Line:
        """Theory's curves by name; else why cells have no number."""
        forms: list[Line] = [
            self._named([(*look, f"{name} ({source})" if source else name) for *look, name, source in curves]),
            self._named([(*look, name) for *look, name, _ in curves]),
            *(self._named([(*look, _REST.sub("", name)) for *look, name, _ in curves[:count]])
              for count in range(len(curves), 0, -1)),
        ]  # fmt: skip
        why = reasons(self.cells, self.shades.measure)
        said = " · ".join(f"{tr(reason)} {count}" for reason, count in why.items())
        none: Line = [(f"{'   ' * bool(curves)}{NONE} {said}", "label")] if why else []
        return first_fit(self.width, *([*form, *none] for form in forms[:3]), *forms, [])

    def _beside(self, curves: list[tuple[str, str, str, str]], room: int) -> Line:
        """Theory's curves by their first words, in what is left of a line."""
        briefly = [(glyph, style, _REST.sub("", name)) for glyph, style, name, _ in curves]
        forms = [[("  ", "label"), *self._named(briefly[:count])] for count in range(len(briefly), 0, -1)]
        return first_fit(room, *forms, [])

    def _named(self, curves: Sequence[tuple[str, ...]]) -> Line:
        line: Line = [(" " * min(self.margin, 1), "label")]
        for number, (glyph, style, text) in enumerate(curves):
            line += [(f"{'   ' * bool(number)}{glyph} ", style), (text, "label")]
        return line


def _evenly(last: int, most: int) -> range:
    """Columns from 0 on at one distance, about `most` of them at the most: the last one is among them, if it can be."""
    least = max(1, -(-last // max(most - 1, 1)))
    step = next((step for step in range(least, 2 * least + 1) if last % step == 0), least)
    return range(0, last + 1, step)


# -- what is under the mouse, and in words -----------------------------------------------------------------


def click(planes: Planes, pane: str, width: int, height: int, x: int, y: int) -> Events:
    """The cell under a character of the pane's inside."""
    cells = planes.cells(pane)
    if planes.problem or cells is None:
        return []
    if cells.sweep.y is None:
        column = line.column_at(planes, pane, width, height, x)
        return [] if column is None else [e.ToCell(column=column)]
    drawn = Drawn.of(planes, pane, cells, width, height)
    geometry, row = drawn.geometry, y - drawn.above
    if not 0 <= row < geometry.height:
        return []
    column = geometry.column_at(x - drawn.margin)
    place = geometry.row_at(geometry.points_of(row)[0])
    if place is None:
        place = geometry.row_at(geometry.points_of(row)[-1])
    return [] if column is None or place is None else [e.ToCell(column=column, row=place)]


def said(planes: Planes, pane: str) -> list[str]:
    """The plane line by line, y's last value first; what theory says, and why cells have no number."""
    cells, measure = planes.cells(pane), planes.measure(pane)
    if planes.problem or cells is None:
        return [tr(planes.problem or planes.plan.problem_of_b) or tr("there is no B")]
    sweep = cells.sweep
    lines = [tr("{measure}: {done} of {count} cells are there.", measure=measure_name(measure), done=len(cells.cells),
                count=cells.total)]  # fmt: skip
    lines.append(tr("{axis}: {values}", axis=axis_name(sweep.x), values=tr(", ").join(map(value_text, sweep.x.values))))
    rows = range(sweep.shape[1])
    for row in reversed(rows):
        values = tr(", ").join(
            measured(measure, _value(cells, (column, row), measure)) for column in range(sweep.shape[0])
        )
        if sweep.y is None:
            lines.append(values)
        else:
            head = f"{axis_name(sweep.y)} {value_text(sweep.y.values[row])}"
            lines.append(tr("{place}: {values}", place=head, values=values))
    for curve in planes.curves_of(pane):
        name = tr(curve.name)
        lines.append(tr("Theory: {name} ({source}).", name=name, source=curve.source))
    why = reasons(cells, measure)
    lines += [tr("{count} cells: {reason}", count=count, reason=tr(reason)) for reason, count in why.items()]
    return lines

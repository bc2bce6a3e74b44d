"""A plane of numbers as text: rows of y upwards, columns of x to the right, each number where there is room for it,
else a shade; where theory's curves cross a row, their marks stand between its cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len

from gradtui_engine.core.figures import NONE, power_of_ten, rounded, short
from gradtui_engine.core.numerics import Array
from gradtui_engine.measures.expression import Expression
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.cell import Number

from ..text.glyphs import render
from ..text.heat import LEVELS, finite_range, heat_rows
from ..text.language import tr
from ..text.spans import text_of
from ..text.summary import kind_name
from ..text.sweep_words import axis_name, brief_value, is_share, is_whole, measured
from .sweep_theory import Passing, marks_in

#: From such a ratio of the largest to the smallest number on powers of ten say more than digits.
_WIDE = 1e3
#: Rows and columns of a picture, at the most: of more every second, third … is shown.
_MOST_ROWS = 40

Plane = Mapping[tuple[int, int], Number]


@dataclass(frozen=True)
class Grid:
    """The numbers of a measure over the plane, and where theory's curves pass."""

    measure: Expression
    x: Axis
    y: Axis
    numbers: Plane
    passing: Sequence[Passing] = ()

    def lines(self, width: int) -> list[str]:
        """Numbers if they fit, or their powers of ten, or shades."""
        for form in self._forms():
            lines = self._numbers(form, width)
            if lines is not None:
                return lines
        return self._shades(width)

    # -- numbers -------------------------------------------------------------------------------------------

    def _forms(self) -> list[_Form]:
        names = list(dict.fromkeys(value for value in self.numbers.values() if isinstance(value, str)))
        if names:
            letters = _letters(names)
            told = tr(", ").join(f"{letters[name]} {kind_name(name)}" for name in names)
            return [_Form(lambda value: letters[value] if isinstance(value, str) else NONE, told, letters=True)]
        if is_share(self.measure):
            return [_Form(_percentage, "%")]
        if is_whole(self.measure):
            return [_Form(lambda value: measured(self.measure, value), "")]
        plain = _Form(lambda value: short(value if isinstance(value, float) else None), "")
        powers = _Form(_power, tr("in powers of ten: {example} is {number}", example="-12", number=power_of_ten(-12)))
        return [powers, plain] if self._spans_much() else [plain]

    def _spans_much(self) -> bool:
        sizes = [value for value in self._finite() if value > 0]
        return (
            bool(sizes) and len(sizes) == len([v for v in self._finite() if v != 0]) and max(sizes) > _WIDE * min(sizes)
        )

    def _finite(self) -> list[float]:
        return [value for value in self.numbers.values() if isinstance(value, float) and math.isfinite(value)]

    def _numbers(self, form: _Form, width: int) -> list[str] | None:
        """None where there is no room."""
        columns, rows = len(self.x.values), _spread(len(self.y.values), _MOST_ROWS)
        texts = {place: form.text(value) for place, value in self.numbers.items()}
        cells = [[texts.get((i, j), "") for i in range(columns)] for j in rows]
        heads = [brief_value(value) for value in self.x.values]
        room = max((cell_len(render(text)) for row in cells for text in row), default=1)
        labels = self._labels(rows)
        margin = max(map(cell_len, labels)) + 1
        # Where the labels of the columns are wider than what is in them, every second or third has one.
        # A name cannot be told from its neighbours, as a number can: each has its own, above letters too.
        close = columns > _EVERY or (form.letters and not any(isinstance(value, str) for value in self.x.values))
        least = room if close else max(room, *map(cell_len, heads))
        if margin + columns * (least + 1) > width:
            least = room
        if margin + columns * (least + 1) > width:
            return None
        lines = []
        for j, row in zip(reversed(rows), reversed(cells), strict=True):
            marks = marks_in(self.passing, j)
            line = f"{labels[rows.index(j)]:>{margin - 1}}"
            for i, text in enumerate(row):
                line += marks.get(i - 1, " ") + _right(text, least)
            lines.append((line + marks.get(columns - 1, "")).rstrip())
        lines.append(_foot(heads, margin - 1, least + 1))
        return [*lines, form.told] if form.told and form.told != "%" else lines

    def _labels(self, rows: Sequence[int]) -> list[str]:
        return [brief_value(self.y.values[j]) for j in rows]

    # -- shades --------------------------------------------------------------------------------------------

    def _shades(self, width: int) -> list[str]:
        rows = _spread(len(self.y.values), _MOST_ROWS)
        labels = self._labels(rows)
        margin = max(map(cell_len, labels)) + 1
        chosen = _spread(len(self.x.values), max(2, width - margin))
        wide = max(1, (width - margin) // len(chosen))
        values, log = self._values(rows, chosen)
        low, high = finite_range(values)
        high = high if high > low else low + 1.0
        lines = []
        for place, j in reversed(list(enumerate(rows))):
            shown = text_of(heat_rows(np.repeat(values[place : place + 1], wide, axis=1), low, high)[0])
            texts = list(shown)
            for at, i in enumerate(chosen):
                if (i, j) not in self.numbers:
                    texts[at * wide : (at + 1) * wide] = "." * wide
            for behind, mark in marks_in(self.passing, j).items():
                if behind in chosen:
                    texts[min((chosen.index(behind) + 1) * wide, len(texts)) - 1] = mark
            lines.append(f"{labels[place]:>{margin - 1}} " + render("".join(texts)))
        lines.append(_foot([brief_value(self.x.values[i]) for i in chosen], margin - 1, wide))
        ends = [power_of_ten(round(end)) if log else measured(self.measure, end) for end in (low, high)]
        shades = render(text_of(heat_rows(np.arange(LEVELS, dtype=float)[None], 0.0, float(LEVELS))[0]))
        lines.append(tr("shades: {low} |{shades}| {high}", low=ends[0], shades=shades, high=ends[1]))
        if (~np.isfinite(values)).any():
            lines[-1] = tr("{legend}; not finite: !", legend=lines[-1])
        left_out = [f"1/{n}" for n in {len(self.x.values) // len(chosen), len(self.y.values) // len(rows)} if n > 1]
        return [*lines, *([tr("of the cells {shares} are shown", shares=tr(", ").join(left_out))] if left_out else [])]

    def _values(self, rows: Sequence[int], columns: Sequence[int]) -> tuple[Array, bool]:
        values = np.full((len(rows), len(columns)), np.nan)
        for at, j in enumerate(rows):
            for to, i in enumerate(columns):
                value = self.numbers.get((i, j))
                values[at, to] = value if isinstance(value, float) else np.nan
        if not self._spans_much():
            return values, False
        with np.errstate(all="ignore"):
            logs = np.log10(values)
        # A gradient of 0 is the darkest shade there is.
        least = logs[np.isfinite(logs)].min()
        return np.where(values == 0, least, logs), True


#: So many columns, at the most, have a label each, whatever stands in them.
_EVERY = 20


@dataclass(frozen=True)
class _Form:
    """How a number is written; told: what a reader has to know of that. letters: of one character."""

    text: Callable[[Number], str]
    told: str
    letters: bool = False


def _percentage(value: Number) -> str:
    return measured_share(value) if isinstance(value, float) else NONE


def measured_share(value: float) -> str:
    """Without the sign, which stands above them all."""
    return rounded(round(100 * value), 3) if math.isfinite(value) else short(value)


def _power(value: Number) -> str:
    """The power of ten of a number; of 0 there is none, however small: -inf."""
    if not isinstance(value, float) or not math.isfinite(value):
        return short(value if isinstance(value, float) else None)
    return short(-math.inf) if value == 0 else str(round(math.log10(value)))


def _letters(names: Sequence[str]) -> dict[str, str]:
    """A letter for each name, its first one where that is free."""
    letters: dict[str, str] = {}
    for name in names:
        free = (letter for letter in (*name, *name.upper(), *"0123456789") if letter not in letters.values())
        letters[name] = next(free)
    return letters


def _spread(count: int, most: int) -> list[int]:
    """All, or every second, third … of so many, so that they are no more than that."""
    return list(range(0, count, math.ceil(count / most)))


def _right(text: str, width: int) -> str:
    shown = render(text)
    return " " * (width - cell_len(shown)) + shown


def _foot(heads: Sequence[str], margin: int, wide: int) -> str:
    """The values of x under their columns, as many as there is room for."""
    line = ""
    for place, head in enumerate(heads):
        end = margin + (place + 1) * wide
        start = end - cell_len(head)
        if start > cell_len(line) or (start >= 0 and not line):
            line += " " * (start - cell_len(line)) + head
    return line


def axes_in_words(x: Axis, y: Axis) -> str:
    """depth upwards, σ_w to the right."""
    return tr("{y} upwards, {x} to the right", y=axis_name(y), x=axis_name(x))

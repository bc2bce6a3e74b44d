"""The axes that bars share: logarithmic, linear, and logarithmic to both sides of 0."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gradtui_engine.core.figures import power_of_ten, short

#: A log axis goes at least so many decades below 1: bars that are alike look alike, and a cure is seen as one.
LEAST_DECADES = 4
#: float64 goes from 4.9e-324 (subnormal) to 1.8e308: whole decades around them.
LEAST_POWER, MOST_POWER = -324, 309
#: Eighths of a cell, from empty to full: across and up.
ACROSS = " ▏▎▍▌▋▊▉█"
UP = " ▁▂▃▄▅▆▇█"
#: The same in ASCII, where a whole terminal has nothing else (`glyphs` has the one for screens).
_PLAIN = str.maketrans(ACROSS, " ...--==#")


class Scale(Hashable, Protocol):
    """Values as places from 0 (the axis' low end) to 1 (its high end). Bars start at the place `origin`."""

    @property
    def kind(self) -> str: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def label(self) -> str: ...
    @property
    def ends(self) -> tuple[str, str]: ...
    @property
    def origin(self) -> float: ...
    def position(self, value: float) -> float: ...


@dataclass(frozen=True, slots=True)
class LogScale:
    """Powers of ten from `low` to `high`, which always hold 1 = 10⁰."""

    low: int
    high: int
    kind = "log"
    origin = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> LogScale:
        """The smallest whole powers of ten around the positive finite values and 1."""
        exponents = [math.log10(value) for value in values if value > 0 and math.isfinite(value)]
        low = math.floor(min([*exponents, 0.0]))
        high = math.ceil(max([*exponents, 0.0]))
        return cls(min(low, -LEAST_DECADES), high)

    @property
    def ends(self) -> tuple[str, str]:
        return power_of_ten(self.low), power_of_ten(self.high)

    @property
    def label(self) -> str:
        return f"{self.ends[0]} … {self.ends[1]}"

    def position(self, value: float) -> float:
        """Where a value lies, 0 (low) to 1 (high). 0 and NaN lie at 0, inf at 1."""
        if math.isnan(value) or value <= 0:
            return 0.0
        if math.isinf(value):
            return 1.0
        return min(1.0, max(0.0, (math.log10(value) - self.low) / (self.high - self.low)))

    def reference(self, cells: int) -> int:
        """The cell of the reference line at 1, in a bar of so many cells."""
        return cell_of(self, 1.0, cells)

    def bar(self, value: float, cells: int, blocks: bool = True) -> str:
        """A horizontal bar with the reference line, where the bar does not cover it: one of 1 ends at the line."""
        text = bar(marked(self, 1.0, cells), value, cells)
        if not blocks:
            text = text.translate(_PLAIN)
        mark = self.reference(cells)
        if text[mark] == " ":
            text = text[:mark] + ("│" if blocks else "|") + text[mark + 1 :]
        return text


@dataclass(frozen=True, slots=True)
class LinearScale:
    """From `low` to `high`, which hold 0; bars start at 0."""

    low: float
    high: float
    kind = "linear"

    @classmethod
    def of(cls, values: Iterable[float]) -> LinearScale:
        finite = [value for value in values if math.isfinite(value)]
        low, high = _nice(min([*finite, 0.0])), _nice(max([*finite, 0.0]))
        # Below 1e-300 numbers lose their digits, and a quarter of the smallest is 0.
        return cls(low, high if high - low > 1e-300 else low + 1.0)

    @property
    def ends(self) -> tuple[str, str]:
        return short(self.low), short(self.high)

    @property
    def label(self) -> str:
        return f"{self.ends[0]} … {self.ends[1]}"

    @property
    def origin(self) -> float:
        return self.position(0.0)

    def position(self, value: float) -> float:
        if math.isnan(value):
            return self.position(0.0)
        # In quarters: the span of the largest numbers is a number too.
        share = (value * 0.25 - self.low * 0.25) / (self.high * 0.25 - self.low * 0.25)
        return min(1.0, max(0.0, share))


@dataclass(frozen=True, slots=True)
class SignLogScale:
    """Logarithmic to both sides of 0, from ±10^low (at the middle) to ±10^high; bars start in the middle."""

    low: int
    high: int
    kind = "sign-log"
    origin = 0.5

    @classmethod
    def of(cls, values: Iterable[float]) -> SignLogScale:
        scale = LogScale.of([abs(value) for value in values])
        return cls(scale.low, scale.high)

    @property
    def ends(self) -> tuple[str, str]:
        return f"-{power_of_ten(self.high)}", power_of_ten(self.high)

    @property
    def label(self) -> str:
        return f"{self.ends[0]} … ±{power_of_ten(self.low)} … {self.ends[1]}"

    def position(self, value: float) -> float:
        half = LogScale(self.low, self.high).position(abs(value)) / 2
        return 0.5 - half if value < 0 else 0.5 + half


#: Eighths of a cell by which a bar of less ends before a reference line, and one of more behind it, at the least: as
#: dots are quarters of a cell, one eighth more would look like none.
_LESS, _MORE = 1, 2


@dataclass(frozen=True, slots=True)
class Marked:
    """A scale in so many cells on which `reference` lies in the middle of its cell, as the line that marks it does.

    To both sides it is stretched by half a cell at most; a bar of the reference ends exactly at the line.
    """

    scale: LogScale | LinearScale | SignLogScale
    reference: float
    cells: int

    @property
    def kind(self) -> str:
        return self.scale.kind

    @property
    def low(self) -> float:
        return self.scale.low

    @property
    def high(self) -> float:
        return self.scale.high

    @property
    def label(self) -> str:
        return self.scale.label

    @property
    def ends(self) -> tuple[str, str]:
        return self.scale.ends

    @property
    def origin(self) -> float:
        """At the edge of its cell, where bars start."""
        return math.floor(self.scale.origin * self.cells) / self.cells

    def position(self, value: float) -> float:
        middle = cell_of(self.scale, self.reference, self.cells) + 0.5
        if math.isclose(value, self.reference, rel_tol=1e-9):
            return middle / self.cells
        place, start, mark = self.scale.position(value), self.scale.origin, self.scale.position(self.reference)
        if place <= start:
            return place * self.origin / start if start else 0.0
        if value < self.reference:
            first = self.origin * self.cells
            cell = first + (middle - first) * (place - start) / (mark - start)
            return min(cell, middle - _LESS / 8) / self.cells
        beyond = (place - mark) / (1.0 - mark) if mark < 1.0 else 1.0
        return max(middle + (self.cells - middle) * beyond, middle + _MORE / 8) / self.cells


def marked(scale: Scale, reference: float | None, cells: int) -> Scale:
    """The scale with the middle of a cell at a reference line; as it is where bars start there, or there is none."""
    if reference is None or not isinstance(scale, LogScale | LinearScale | SignLogScale):
        return scale
    return Marked(scale, reference, cells) if scale.position(reference) > scale.origin else scale


SCALES: dict[str, type[LogScale] | type[LinearScale] | type[SignLogScale]] = {
    "log": LogScale,
    "linear": LinearScale,
    "sign-log": SignLogScale,
}


def scale_of(kind: str, values: Iterable[float]) -> Scale:
    """A scale of this kind that holds the values."""
    return SCALES[kind].of(values)


def spelled(scale: Scale) -> str:
    """The scale in words, which `read` understands: log:-18:0, linear:0.0:0.5."""
    return f"{scale.kind}:{scale.low!r}:{scale.high!r}"


def read(text: str) -> Scale:
    """The scale of KIND:LOW:HIGH, else ValueError: 0 (of a log axis 10⁰) lies on every one that is drawn."""
    kind, *ends = text.split(":")
    if kind not in SCALES or len(ends) != 2:
        raise ValueError(text)
    if kind == "linear":
        low, high = map(float, ends)
        if low <= 0.0 <= high and low < high and math.isfinite(low) and math.isfinite(high):
            return LinearScale(low, high)
    else:
        start, end = map(int, ends)
        if LEAST_POWER <= start <= 0 <= end <= MOST_POWER and start < end:
            return LogScale(start, end) if kind == "log" else SignLogScale(start, end)
    raise ValueError(text)


def cell_of(scale: Scale, value: float, cells: int) -> int:
    """The cell where a value lies, in a bar of so many cells."""
    return min(cells - 1, math.floor(scale.position(value) * cells))


def across(length: int) -> str:
    """A bar to the right, so many eighths of a cell long."""
    full, part = divmod(length, 8)
    return ACROSS[8] * full + (ACROSS[part] if part else "")


def upwards(lengths: Sequence[int], rows: int) -> list[str]:
    """Bars upwards side by side, each so many eighths of a cell long: a text for each row, the top one first."""
    return ["".join([UP[min(8, max(0, length - 8 * row))] for length in lengths]) for row in range(rows - 1, -1, -1)]


def counted(counts: Sequence[int], rows: int) -> list[int]:
    """The lengths of a histogram's bars: the largest fills all rows, one that is not empty shows at least an eighth."""
    most = max([1, *counts])
    return [max(math.ceil(count / most * rows * 8), int(count > 0)) for count in counts]


def bar(scale: Scale, value: float, cells: int) -> str:
    """A horizontal bar from the origin to the value; one that is not 0 is at least one eighth (leftwards one half)."""
    start, end = scale.origin * cells * 8, scale.position(value) * cells * 8
    first = int(start / 8)  # the cell of the origin, where a line that marks 0 stands
    if end >= start:
        length = max(round(end - start), 1 if abs(value) > 0 else 0)
        return (" " * first + across(length))[:cells].ljust(cells)
    # Leftwards there are no eighths: the glyphs fill from the left. Halves do.
    full, part = divmod(max(round((start - end) / 4), 1), 2)
    return ("▐" * part + "█" * full).rjust(first)[-first:].ljust(cells) if first else " " * cells


#: What a half bar has of a cell that a whole bar fills in part: it has no eighths.
_FILLED = frozenset("▌▋▊▉█▐")


def halves(upper: str, lower: str) -> str:
    """Two bars across in one row of half blocks, of the texts of `bar`; one that is not 0 shows at least a cell."""
    rows = []
    for text in (upper, lower):
        filled = [glyph in _FILLED for glyph in text]
        if text.strip() and not any(filled):
            filled[len(text) - len(text.lstrip())] = True
        rows.append(filled)
    return "".join([" ▄▀█"[2 * one + two] for one, two in zip(*rows, strict=True)])


def columns(scale: Scale, value: float, height: int) -> str:
    """A vertical bar from the origin to the value, from its lowest cell to its highest: one glyph per cell."""
    start, end = scale.origin * height * 8, scale.position(value) * height * 8
    first = int(start / 8)
    if end >= start:
        length = max(round(end - start), 1 if abs(value) > 0 else 0)
        full, part = divmod(length, 8)
        return (" " * first + UP[8] * full + (UP[part] if part else "")).ljust(height)[:height]
    filled = min(max(round((start - end) / 8), 1), first)
    return ("█" * filled).rjust(first).ljust(height)


def _nice(value: float) -> float:
    """The next of 1, 2, 5 × 10ⁿ away from 0."""
    if value == 0.0:
        return 0.0
    exponent = math.floor(math.log10(abs(value)))
    if exponent >= 308 or exponent < -300:
        return value
    unit = 10.0**exponent
    rounded = next((step * unit for step in (1, 2, 5, 10) if step * unit >= abs(value) * (1 - 1e-9)), abs(value))
    # A value a hair above a round number is still on the axis.
    return math.copysign(max(rounded, abs(value)), value)


def finite(values: Sequence[float | None]) -> list[float]:
    """The values that have a place on an axis."""
    return [value for value in values if value is not None and math.isfinite(value)]

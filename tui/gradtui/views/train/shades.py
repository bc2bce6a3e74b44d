"""What the shades of the maps span: one scale of A and of B, on which neither hides the other.

0 alone is blank: what is little has the lowest shade. Where one of two diverged, the iterations of its divergence do
not count, or all others would share one shade: their cells are marked as beyond the scale.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from gradtui_engine.core.figures import percent, power_of_ten, short
from gradtui_engine.core.message import English
from gradtui_engine.core.thresholds import EXPLODED, VANISHED

from ...text.heat import LEVELS, SHADES, Array, heat_cells, levels
from ...text.language import tr
from ...text.scale import LEAST_POWER, MOST_POWER, LinearScale, LogScale, Scale
from ...text.spans import Line, Span, first_fit, runs
from ...text.summary import kind_name
from ..frame.training_sides import Side, Sides, thrown_off
from .quantities import Band, bands, once, quantity_of

#: The first level that is not blank: what is not 0 has it at the least.
_LEAST = -(-(LEVELS - 1) // (len(SHADES) - 1))
#: A value over ten times the mean of its column is a spike: one decade.
_SPIKE = 1.0
SPIKE_MARK, BEYOND_MARK, NO_NUMBER = "▲", "◆", "!"
#: What the marks are, those first that matter most.

_MARKS: dict[str, English] = {
    BEYOND_MARK: "{mark} beyond",
    NO_NUMBER: "{mark} no number",
    " ": "blank: 0",
    SPIKE_MARK: "{mark} one of them over ten times the mean",
}

Range = tuple[float, float]


def range_of(sides: Sides) -> Range:
    """What the shades span, of A and of B: the scale that is held where it suits them, else that of all values."""
    scale = scale_of(sides)
    if sides.lock is not None and sides.lock.kind == scale.kind:
        scale = sides.lock
    return float(scale.low), float(scale.high)


def scale_of(sides: Sides) -> Scale:
    """Whole powers of ten around all values and 1; 0 and 1 of a share; else from 0 on, or to 0."""
    found = [(side, band) for side in sides for band in bands(side.snapshot, sides.quantity, sides.axis_kind)]
    values = [end for side, band in found for end in _ends(side, band, sides)]
    if any(band.log for _, band in found):
        least = LogScale.of([]).low
        low, high = math.floor(min([*values, least])), math.ceil(max([*values, 0.0]))
        return LogScale(max(low, LEAST_POWER), min(high, MOST_POWER))
    return LinearScale(0.0, 1.0) if quantity_of(sides.quantity).share else LinearScale.of(values)


def _ends(side: Side, band: Band, sides: Sides) -> tuple[float, ...]:
    """The smallest and the largest; of two, if this one diverged, of what came before."""
    sound = sound_of(side) if sides.raced else side.snapshot.count
    if sound == side.snapshot.count:
        return band.bounds or ()
    return once(side.snapshot, (band.name, band.log, "sound"), lambda: _finite_ends(band.values[:sound]))


def _finite_ends(values: Array) -> tuple[float, ...]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else ()


def sound_of(side: Side) -> int:
    """So many iterations came before the divergence: all of them where there was none."""
    outcome, count = side.snapshot.outcome, side.snapshot.count
    if outcome is None or outcome.kind != "diverged":
        return count
    beyond = thrown_off(side.snapshot)
    return count if beyond is None else beyond


def exceeded(sides: Sides) -> bool:
    """Whether some value, of A or of B, is beyond the scale: both maps are drawn alike."""
    high = range_of(sides)[1]
    found = (band for side in sides for band in bands(side.snapshot, sides.quantity, sides.axis_kind))
    return any(band.bounds is not None and band.bounds[1] > high for band in found)


# -- cells -------------------------------------------------------------------------------------------------


def shaded(band: Band, means: Array, most: Array | None, bounds: Range, arriving: Array | None) -> list[list[Span]]:
    """A row of cells for each stage, from the means of each column; marks where most is a spike, or beyond.

    arriving is the gradient at the output, of each column, where the verdict judges this one by it: (columns, 1).
    """
    # No gradient at all, as a logarithm, is −inf; what is not a number stays one.
    nothing = np.isneginf(means) if band.log else means == 0.0
    shades = shown_levels(np.where(nothing, bounds[0], means), nothing, *bounds).T
    health = None if arriving is None else _health(band, means, arriving)
    rows = _cells(shades, health)
    with np.errstate(invalid="ignore"):
        if band.log and most is not None:
            spikes = (most > means + _SPIKE) & np.isfinite(means)
            # In the colour of the largest one.
            largest = shown_levels(most, nothing & ~spikes, *bounds).T
            _mark(
                rows, spikes, SPIKE_MARK, _cells(largest, None if arriving is None else _health(band, most, arriving))
            )
        beyond = np.isfinite(means) & (means > bounds[1])
        _mark(rows, beyond, BEYOND_MARK, _cells(np.full(shades.shape, LEVELS - 1), health))
    return rows


def _cells(shades: Array, health: Array | None) -> list[list[Span]]:
    """The shade says how much; the colour, where the verdict has one, what that means."""
    if health is None:
        return [heat_cells(row) for row in shades.tolist()]
    return [
        [(glyph, _VERDICTS[kind] if level >= 0 else style)
         for (glyph, style), level, kind in zip(heat_cells(levels), levels, kinds, strict=True)]
        for levels, kinds in zip(shades.tolist(), health.T.tolist(), strict=True)
    ]  # fmt: skip


#: What a gradient is to that at the output: under the lower threshold, between both, over the upper one.
_VERDICTS = ("vanishing", "healthy", "exploding")


def _health(band: Band, values: Array, arriving: Array) -> Array:
    """The place of each in _VERDICTS: the rule of the verdict (`thresholds.crossed`), cell by cell."""
    with np.errstate(all="ignore"):
        relative = values - arriving if band.log else np.log10(values / arriving)
        # 0 of nothing (nan) counts as vanished.
        return (relative >= math.log10(VANISHED)).astype(np.int8) + (relative > math.log10(EXPLODED))


def _mark(rows: list[list[Span]], where: Array, mark: str, worn: list[list[Span]]) -> None:
    for column, row in np.argwhere(where).tolist():
        rows[row][column] = (mark, worn[row][column][1])


def shown_levels(values: Array, nothing: Array, low: float, high: float) -> Array:
    """Each value as a level that is seen, from low on; blank where there is nothing, −1 where it is not finite."""
    share = _LEAST / (LEVELS - _LEAST)
    start = low - (high - low) * share
    found = levels(values, start, high)
    return np.where(nothing, 0, np.where(found >= 0, np.maximum(found, _LEAST), found))


# -- in words ----------------------------------------------------------------------------------------------


def scale_words(band: Band, bounds: Range) -> str:
    """log 1e-18 … 1: what the shades span."""
    low, high = _marked(band, bounds)
    return f"{tr('log') if band.log else tr('linear')} {low} … {high}"


def _marked(band: Band, bounds: Range) -> tuple[str, str]:
    """The ends of the scale, as they are written."""
    if band.log:
        return power_of_ten(round(bounds[0])), power_of_ten(round(bounds[1]))
    low, high = (percent(end) if is_share(band) else short(end) for end in bounds)
    return low, high


def is_share(band: Band) -> bool:
    """Whether it is written in percent."""
    return band.name in ("activation_saturated", "activation_dead")


def legend(band: Band, bounds: Range, width: int, drawn: Collection[Span], first: Sequence[str] = ()) -> Line:
    """The shades, `first`, what the marks and colours are that are drawn, and that blank is 0: as much as fits."""
    low, high = _marked(band, bounds)
    line: Line = [(f"{low} ", "label"), *runs(heat_cells(list(range(_LEAST, LEVELS)))), (f" {high}", "label")]
    glyphs, styles = {" ", *(glyph for glyph, _ in drawn)}, {style for glyph, style in drawn if glyph != " "}
    said: Line = [
        *((text, "label") for text in first),
        *((tr(text, mark=mark), "label") for mark, text in _MARKS.items() if mark in glyphs),
        *((kind_name(kind), kind) for kind in _VERDICTS if kind in styles),
    ]
    longer = [[*line, *((f"   {text}", style) for text, style in said[:count])] for count in range(len(said), -1, -1)]
    return first_fit(width, *longer)

"""Shades of two values in one cell, one above the other: four dots each, so that they can be told without colour."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui_engine.core.figures import short

from .heat import LEVELS, levels
from .spans import Line

#: Dots of the upper and of the lower half of a cell, from none to all four.
_UPPER = (0x00, 0x01, 0x11, 0x13, 0x1B)
_LOWER = (0x00, 0x04, 0x84, 0xC4, 0xE4)
_MOST = len(_UPPER) - 1
_BRAILLE = 0x2800
_CELLS = {
    (upper, lower): (
        chr(_BRAILLE + _UPPER[upper] + _LOWER[lower]) if upper + lower else " ",
        f"heat{max(upper, lower) * (LEVELS - 1) // _MOST}",
    )
    for upper, lower in itertools.product(range(_MOST + 1), repeat=2)
}


def pair_rows(values: NDArray[Any], high: float) -> list[Line]:
    """A line for every two rows of values from 0 to `high` > 0; the last may be alone. What is not finite is a !."""
    steps = levels(values, 0.0, high)
    shades = np.where(steps < 0, -1, (steps + 1) * _MOST // LEVELS)
    if len(shades) % 2:
        shades = np.concatenate([shades, np.zeros((1, shades.shape[1]), shades.dtype)])
    return [_line(upper, lower) for upper, lower in zip(shades[::2].tolist(), shades[1::2].tolist(), strict=True)]


def pair_legend(low: float, high: float) -> Line:
    """What the shades mean: low, both halves from empty to full, high."""
    steps = list(range(_MOST + 1))
    return [(f"{short(low)} ", "label"), *_line(steps, steps), (f" {short(high)}", "label")]


def _line(upper: list[int], lower: list[int]) -> Line:
    """Neighbours of one shade are one span."""
    line: Line = []
    for pair, same in itertools.groupby(zip(upper, lower, strict=True)):
        text, style = ("!", "broken") if min(pair) < 0 else _CELLS[pair]
        line.append((text * len(list(same)), style))
    return line

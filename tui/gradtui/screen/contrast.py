"""Contrast of two colours by WCAG 2.2, and colours that have enough of it."""

from __future__ import annotations

from collections.abc import Sequence

#: Steps towards white or black in which a colour is made readable: each is under what is noticed.
_STEPS = 50


def blended(start: str, end: str, share: float) -> str:
    """The colour so far on the way from one to the other, in sRGB."""
    parts = (round(a + (b - a) * share) for a, b in zip(_parts(start), _parts(end), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def contrast(one: str, two: str) -> float:
    """(L₁ + 0.05) / (L₂ + 0.05) of the lighter over the darker, L the relative luminance: 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, backgrounds: Sequence[str], least: float, dark: bool) -> str:
    """The colour, or the nearest on its way to white (black on what is light) that has enough contrast."""
    end = "#ffffff" if dark else "#000000"
    way = (blended(colour, end, step / _STEPS) for step in range(_STEPS + 1))
    return next((shade for shade in way if all(contrast(shade, behind) >= least for behind in backgrounds)), end)


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
              for share in (part / 255 for part in _parts(colour))]  # fmt: skip
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

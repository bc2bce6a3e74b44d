"""What a colour looks like, by published formulas: contrast, differences, and what the colour-blind see."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

from rich.style import Style

from gradtui.text.meanings import MEANINGS, NEUTRAL

Linear = tuple[float, float, float]

#: What a person with that deficiency, at full strength, sees of linear RGB (Machado, Oliveira & Fernandes 2009).
SEEN: dict[str, tuple[Linear, Linear, Linear]] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
#: The least difference of two colours that mean different things: twenty times what is just noticed where large fields
#: touch (ΔE2000 of 1; Luo, Cui & Rigg 2001), as glyphs are thin and stand apart. Of marks of ⅓°, the smallest that
#: Stone, Szafir & Setlur (2014) measured, half of the viewers need 14 in CIE L*a*b* along b (5.35 + 2.87/size); a cell
#: is 0.23° wide, and a difference of blue and yellow counts for less in ΔE2000 than there.
LEAST = 20.0
#: In the theme for the colour-blind, for every kind of eye: a search for seven hues of such names with 4.5 : 1
#: beside four greys found no more than 16.
LEAST_FOR_ALL = 14.0
#: On backgrounds that are not ours: what is made lighter until it can be read there loses some of its hue.
LEAST_ON_FOREIGN = 19.0


def linear(colour: str) -> Linear:
    """sRGB to linear light (IEC 61966-2-1)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def luminance(colour: str) -> float:
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one: str, two: str) -> float:
    """WCAG 2.2: (L1 + 0.05) / (L2 + 0.05), the lighter on top."""
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def lab(light: Linear) -> Linear:
    """Linear sRGB to CIE L*a*b* under D65."""
    rows = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
    white = (0.95047, 1.0, 1.08883)
    x, y, z = (
        sum(a * b for a, b in zip(row, light, strict=True)) / most for row, most in zip(rows, white, strict=True)
    )
    fx, fy, fz = (each ** (1 / 3) if each > 216 / 24389 else (24389 / 27 * each + 16) / 116 for each in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def as_seen(colour: str, seen: str) -> Linear:
    """A colour as a person sees it, in CIE L*a*b*."""
    light = linear(colour)
    red, green, blue = (sum(a * b for a, b in zip(row, light, strict=True)) for row in SEEN[seen])
    return lab((min(1.0, max(0.0, red)), min(1.0, max(0.0, green)), min(1.0, max(0.0, blue))))


def difference(one: str, two: str, seen: str = "normal") -> float:
    """CIEDE2000 of two colours as a person sees them."""
    return ciede2000(as_seen(one, seen), as_seen(two, seen))


def ciede2000(one: Linear, two: Linear) -> float:
    """Of two colours in CIE L*a*b* (Luo, Cui & Rigg 2001; as written by Sharma, Wu & Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, two
    chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(chroma**7 / (chroma**7 + 25**7)))
    c1, c2 = math.hypot(a1 * (1 + g), b1), math.hypot(a2 * (1 + g), b2)
    h1, h2 = (math.degrees(math.atan2(b, a * (1 + g))) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    light, c = (l1 + l2) / 2, (c1 + c2) / 2
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    cosines = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    t = 1 + sum(weight * math.cos(math.radians(times * hue + shift)) for weight, times, shift in cosines)
    s_l = 1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2)
    d_c = (c2 - c1) / (1 + 0.045 * c)
    d_h = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn) / 2) / (1 + 0.015 * c * t)
    rotation = -2 * math.sqrt(c**7 / (c**7 + 25**7)) * math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2))))
    return math.sqrt(((l2 - l1) / s_l) ** 2 + d_c**2 + d_h**2 + rotation * d_c * d_h)


def colour_of(style: Style) -> str:
    assert style.color is not None
    return style.color.get_truecolor().hex


def near(styles: Mapping[str, Style], least: float, seen: str = "normal") -> dict[tuple[str, str], float]:
    """Pairs of meanings, and of a meaning and what has none, that are too much alike."""
    colours = {name: colour_of(styles[name]) for name in (*MEANINGS, *NEUTRAL)}
    # The first curve is as bright as what is to be seen best: white, or black.
    hues = [name for name in MEANINGS if name != "curve_1"]
    pairs = [*itertools.combinations(MEANINGS, 2), *itertools.product(hues, NEUTRAL)]
    differences = {pair: difference(colours[pair[0]], colours[pair[1]], seen) for pair in pairs}
    return {pair: round(found, 1) for pair, found in differences.items() if found < least}

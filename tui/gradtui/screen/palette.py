"""The palettes: style names of the views to terminal styles, one palette per theme of our own."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style

from gradtui_engine.core.message import English

from ..text.heat import LEVELS

_Ends = tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Colours:
    """A theme: what the views' style names look like on its background, and what Textual's own widgets take.

    Colour only repeats what glyphs and numbers say. heat is the foreground of heat maps: low, middle, high.
    """

    name: str
    dark: bool
    background: str
    surface: str
    help: English
    styles: Mapping[str, str]
    heat: _Ends


# The gates share colours with what plays their part elsewhere.
def _with_gates(styles: dict[str, str], forget: str, input: str, output: str, candidate: str) -> dict[str, str]:
    gates = {"forget": forget, "input": input, "output": output, "candidate": candidate}
    return styles | {f"gate_{name}": colour for name, colour in gates.items()}


# Blue to orange for vanishing and exploding stays apart for people who do not tell red from green.
_DARK = _with_gates(
    {
        "text": "#d8dee9", "label": "#8f9bb3", "dim": "#7b879d", "strong": "bold #ffffff", "brand": "bold #ffd166",
        "formula": "bold #8bd5ff", "message": "bold #ffd166", "key": "bold #ffd166", "cursor": "bold #ffd166",
        "reference": "#7b879d", "healthy": "#5ad1a0", "vanishing": "#6ea8fe", "exploding": "#ff9f5a",
        "broken": "bold #ff6f8a", "cell": "#5ad1a0", "hidden": "#8bb8e8", "histogram": "#8bd5ff",
        "forward": "#8bd5ff", "backward": "#ff9f5a",
    },
    "#5ad1a0", "#8bd5ff", "#ffd166", "#d3a6ff",
)  # fmt: skip
_LIGHT = _with_gates(
    {
        "text": "#1f2430", "label": "#4a5468", "dim": "#5f697d", "strong": "bold #000000", "brand": "bold #7a4f00",
        "formula": "bold #00558f", "message": "bold #7a4f00", "key": "bold #7a4f00", "cursor": "bold #a04000",
        "reference": "#5f697d", "healthy": "#006b45", "vanishing": "#1f5fd0", "exploding": "#a84300",
        "broken": "bold #b00030", "cell": "#006b45", "hidden": "#2f669f", "histogram": "#00659f",
        "forward": "#00659f", "backward": "#a84300",
    },
    "#006b45", "#00659f", "#7a4f00", "#6a3fb0",
)  # fmt: skip
# Every colour at least 7 : 1 on black (WCAG 2.2, level AAA).
_CONTRAST = _with_gates(
    {
        "text": "#ffffff", "label": "#e0e0e0", "dim": "#c0c0c0", "strong": "bold #ffffff", "brand": "bold #ffff00",
        "formula": "bold #00ffff", "message": "bold #ffff00", "key": "bold #ffff00", "cursor": "bold #ffff00",
        "reference": "#c0c0c0", "healthy": "#00ff80", "vanishing": "#80c0ff", "exploding": "#ffb060",
        "broken": "bold #ff9090", "cell": "#00ff80", "hidden": "#a0d0ff", "histogram": "#00ffff",
        "forward": "#00ffff", "backward": "#ffb060",
    },
    "#00ff80", "#00ffff", "#ffff00", "#e0b0ff",
)  # fmt: skip
# The colours of Okabe & Ito (2008), which people with every kind of colour blindness tell apart; their vermilion a
# little lighter, for 4.5 : 1. Orange would be too near yellow where red and green look alike (ΔE 17 instead of 29).
_COLOUR_BLIND = _with_gates(
    {
        "text": "#e6e6e6", "label": "#b0b0b0", "dim": "#909090", "strong": "bold #ffffff", "brand": "bold #f0e442",
        "formula": "bold #56b4e9", "message": "bold #f0e442", "key": "bold #f0e442", "cursor": "bold #f0e442",
        "reference": "#909090", "healthy": "#f0e442", "vanishing": "#56b4e9", "exploding": "#e06a10",
        "broken": "bold #cc79a7", "cell": "#f0e442", "hidden": "#56b4e9", "histogram": "#56b4e9",
        "forward": "#56b4e9", "backward": "#e69f00",
    },
    "#f0e442", "#56b4e9", "#e69f00", "#dd9fc0",
)  # fmt: skip

THEMES = {
    row.name: row
    for row in (
        Colours("gradtui", True, "#101318", "#181c24", "dark: blue shrinks, orange grows, green is healthy", _DARK,
                ((58, 96, 180), (128, 136, 150), (255, 190, 90))),
        Colours("gradtui-light", False, "#fafafa", "#eceff4", "the same on a light background", _LIGHT,
                ((30, 70, 160), (100, 106, 118), (150, 70, 0))),
        Colours("high-contrast", True, "#000000", "#000000", "every colour at least 7 : 1 on black", _CONTRAST,
                ((120, 170, 255), (200, 200, 200), (255, 220, 120))),
        Colours("colour-blind", True, "#101010", "#1a1a1a", "Okabe and Ito's colours: blue, vermilion, yellow",
                _COLOUR_BLIND,
                ((86, 180, 233), (150, 150, 150), (230, 159, 0))),
    )
}  # fmt: skip
DEFAULT = "gradtui"


def _blend(ends: _Ends, share: float) -> str:
    low, middle, high = ends
    start, end, part = (low, middle, share * 2) if share < 0.5 else (middle, high, share * 2 - 1)
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


@functools.cache
def palette(theme: str, dark: bool) -> dict[str, Style]:
    """Every style name that a view may use; for a theme that is not ours the one that suits its background."""
    colours = THEMES.get(theme) or THEMES[DEFAULT if dark else "gradtui-light"]
    styles = {name: Style.parse(text) for name, text in colours.styles.items()}
    for level in range(LEVELS):
        styles[f"heat{level}"] = Style.parse(_blend(colours.heat, level / (LEVELS - 1)))
    return styles

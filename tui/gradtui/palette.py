"""The palette: style names of the views to terminal styles, for dark and light themes."""

from __future__ import annotations

import functools

from rich.style import Style

from .views.heat import LEVELS

# Colour only repeats what glyphs and numbers say. Blue to orange for vanishing and exploding stays apart for
# people who do not tell red from green.
_DARK = {
    "text": "#d8dee9",
    "label": "#8f9bb3",
    "dim": "#6b778d",
    "strong": "bold #ffffff",
    "brand": "bold #ffd166",
    "formula": "bold #8bd5ff",
    "message": "bold #ffd166",
    "key": "bold #ffd166",
    "cursor": "bold #ffd166",
    "reference": "#6b778d",
    "healthy": "#5ad1a0",
    "vanishing": "#6ea8fe",
    "exploding": "#ff9f5a",
    "broken": "bold #ff5c7a",
    "cell": "#5ad1a0",
    "hidden": "#8bb8e8",
    "histogram": "#8bd5ff",
    "forward": "#8bd5ff",
    "backward": "#ff9f5a",
    "gate_f": "#5ad1a0",
    "gate_i": "#8bd5ff",
    "gate_o": "#ffd166",
    "gate_g": "#d3a6ff",
    "gate_z": "#5ad1a0",
    "gate_r": "#8bd5ff",
    "gate_n": "#d3a6ff",
}
_LIGHT = {
    "text": "#1f2430",
    "label": "#5a6478",
    "dim": "#8a93a5",
    "strong": "bold #000000",
    "brand": "bold #8a5a00",
    "formula": "bold #00558f",
    "message": "bold #8a5a00",
    "key": "bold #8a5a00",
    "cursor": "bold #a04d00",
    "reference": "#8a93a5",
    "healthy": "#00734a",
    "vanishing": "#1f5fd0",
    "exploding": "#b84a00",
    "broken": "bold #b00030",
    "cell": "#00734a",
    "hidden": "#2f6fb0",
    "histogram": "#00659f",
    "forward": "#00659f",
    "backward": "#b84a00",
    "gate_f": "#00734a",
    "gate_i": "#00659f",
    "gate_o": "#8a5a00",
    "gate_g": "#6a3fb0",
    "gate_z": "#00734a",
    "gate_r": "#00659f",
    "gate_n": "#6a3fb0",
}
# Cold to warm, through grey, for heat maps: (low, middle, high) of the foreground.
_HEAT_DARK = ((58, 96, 180), (128, 136, 150), (255, 190, 90))
_HEAT_LIGHT = ((30, 70, 160), (120, 126, 138), (176, 84, 0))


def _blend(ends: tuple[tuple[int, int, int], ...], share: float) -> str:
    low, middle, high = ends
    start, end, part = (low, middle, share * 2) if share < 0.5 else (middle, high, share * 2 - 1)
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


@functools.cache
def palette(dark: bool) -> dict[str, Style]:
    """Every style name that a view may use."""
    named = _DARK if dark else _LIGHT
    heat = _HEAT_DARK if dark else _HEAT_LIGHT
    styles = {name: Style.parse(text) for name, text in named.items()}
    for level in range(LEVELS):
        styles[f"heat{level}"] = Style.parse(_blend(heat, level / (LEVELS - 1)))
    return styles

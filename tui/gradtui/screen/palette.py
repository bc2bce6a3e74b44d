"""The palettes: the views' styles (`text.meanings`) as terminal styles, one palette per theme of our own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.style import Style

from gradtui_engine.core.message import English

from ..text.heat import LEVELS
from ..text.meanings import MEANINGS
from .contrast import blended, readable


@dataclass(frozen=True, slots=True)
class Colours:
    """A theme: what the views' styles look like on its backgrounds, and what Textual's own widgets take.

    Colour only repeats what glyphs and numbers say. greys are text, label, dim and strong; shades the ends of heat
    maps, little and much: grey as well, as a value is no verdict.
    """

    name: str
    dark: bool
    background: str
    surface: str
    help: English
    hues: Mapping[str, str]
    greys: tuple[str, str, str, str]
    shades: tuple[str, str]

    @property
    def styles(self) -> dict[str, str]:
        """Every style but heat maps' as Rich writes it."""
        return {**self.hues, **_neutral(*self.greys)}


def _neutral(text: str, label: str, dim: str, strong: str) -> dict[str, str]:
    bold = f"bold {strong}"
    return {
        "text": text, "label": label, "dim": dim, "reference": dim, "strong": bold, "brand": bold, "message": bold,
        "formula": f"bold {text}",
    }  # fmt: skip


def _hues(
    healthy: str, vanishing: str, exploding: str, broken: str, cursor: str, key: str, curve_1: str, curve_2: str
) -> dict[str, str]:
    """In the order of the table of meanings; what is to be found at once is bold."""
    colours = (healthy, vanishing, exploding, broken, cursor, key, curve_1, curve_2)
    bold = ("broken", "cursor", "key")
    return {name: f"{'bold ' * (name in bold)}{colour}" for name, colour in zip(MEANINGS, colours, strict=True)}


#: The hues of each are the least ΔE2000 20 apart, from the greys too; a test has the numbers and the reason. The
#: first of two curves is white, or black: as bright as anything, so that the second alone needs a hue.
THEMES = {
    row.name: row
    for row in (
        Colours(
            "gradtui", True, "#101318", "#181c24", "dark: blue is too little, orange too much, green healthy",
            _hues("#4ccf5c", "#5499ff", "#df7f1a", "#ff5c7c", "#ffe566", "#d98aff", "#ffffff", "#3fdcdc"),
            ("#dadce0", "#a4a7ac", "#8b8e94", "#ffffff"), ("#6c7076", "#ffffff"),
        ),
        Colours(
            "gradtui-light", False, "#fafafa", "#eceff4", "the same on a light background",
            _hues("#0b7a1e", "#0f4be6", "#992900", "#cc2952", "#6b5a00", "#9a16ae", "#000000", "#00777a"),
            ("#202226", "#4d5056", "#63666c", "#000000"), ("#8c8f94", "#000000"),
        ),
        # Every colour at least 7 : 1 on black (WCAG 2.2, level AAA).
        Colours(
            "high-contrast", True, "#000000", "#000000", "every colour at least 7 : 1 on black",
            _hues("#2bff4d", "#55a4ff", "#e19d0e", "#ff6f86", "#ffff00", "#dd8cff", "#ffffff", "#00e5e5"),
            ("#ffffff", "#e0e0e0", "#c0c0c0", "#ffffff"), ("#989898", "#ffffff"),
        ),
        # Found by a search for what people with each kind of colour blindness tell apart (the least of all pairs, hues
        # and greys, is ΔE2000 14; with the colours of Okabe and Ito, 2008, it is 7, and their blue has 3.4 : 1). Blue,
        # orange and yellow are as theirs; the others differ in lightness, which everybody sees.
        Colours(
            "colour-blind", True, "#101010", "#1a1a1a", "colours that every kind of colour blindness tells apart",
            _hues("#82b200", "#4895ff", "#ffae96", "#ff0970", "#ffe630", "#a76faa", "#ffffff", "#43dafb"),
            ("#dcdcdc", "#a0a0a0", "#8c8c8c", "#ffffff"), ("#6c6c6c", "#ffffff"),
        ),
    )
}  # fmt: skip
DEFAULT = "gradtui"
#: The least contrast of text and of graphics on a theme that is not ours (WCAG 2.2, level AA).
_LEAST, _LEAST_OF_SHADES = 4.5, 3.0
#: Where the background is the terminal's own, so are the colours: six hues and what is bold or faint.
_ANSI = {
    **_hues("green", "bright_blue", "red", "magenta", "yellow", "cyan", "default", "dim default"),
    **_neutral("default", "default", "default", "default"),
}


class Styles(dict[str, Style]):
    """The styles of a theme by name; and those of two points in one character, `vanishing3/heat7`: the upper one in
    front of the lower one, which may be left out. Each is made when it is asked for first: there are over 1,000.
    """

    def __init__(self, styles: Mapping[str, Style], point: Callable[[str, int], str]) -> None:
        super().__init__(styles)
        self._point = point

    def __missing__(self, name: str) -> Style:
        upper, divided, lower = name.partition("/")
        if not divided:
            raise KeyError(name)
        style = self[name] = Style(color=self._colour(upper), bgcolor=self._colour(lower) if lower else None)
        return style

    def _colour(self, shade: str) -> str:
        return self._point(shade.rstrip("0123456789"), int(shade[-1]))


#: How much of its colour the lowest level has, on the background: it is told from what is empty.
_FAINTEST = 0.2
#: The greys of a terminal's own colours, from little to much.
_ANSI_GREYS = ("black", "bright_black", "bright_black", "white", "bright_white")


def _points(colours: Colours, background: str) -> Callable[[str, int], str]:
    """The colour of a point by its hue and its level: on its way from the background to the hue."""
    ends = {name: text.rpartition(" ")[2] for name, text in colours.hues.items()} | {"heat": colours.shades[1]}

    def point(hue: str, level: int) -> str:
        return blended(background, ends[hue], _FAINTEST + (1 - _FAINTEST) * level / (LEVELS - 1))

    return point


def _ansi_point(hue: str, level: int) -> str:
    if hue == "heat":
        return _ANSI_GREYS[level * (len(_ANSI_GREYS) - 1) // (LEVELS - 1)]
    return _ANSI[hue].rpartition(" ")[2]


@functools.cache
def palette(theme: str, dark: bool, background: str = "", surface: str = "") -> dict[str, Style]:
    """Every style that a view may use.

    For a theme that is not ours, on these backgrounds, the one of ours that suits them: made lighter, or darker, where
    it could not be read there.
    """
    own = THEMES.get(theme)
    colours = own or THEMES[DEFAULT if dark else "gradtui-light"]
    shades = {f"heat{level}": blended(*colours.shades, level / (LEVELS - 1)) for level in range(LEVELS)}
    if background.startswith("ansi"):
        plain = {name: Style.parse(text) for name, text in (_ANSI | dict.fromkeys(shades, "default")).items()}
        return Styles(plain, _ansi_point)
    written = colours.styles | shades
    if own is None and background:
        behind = background, surface or background
        written = {name: _readable_on(behind, text, dark, name in shades) for name, text in written.items()}
    points = _points(colours, background or colours.background)
    return Styles({name: Style.parse(text) for name, text in written.items()}, points)


def _readable_on(backgrounds: tuple[str, str], text: str, dark: bool, is_shade: bool) -> str:
    bold, _, colour = text.rpartition(" ")
    return f"{bold} {readable(colour, backgrounds, _LEAST_OF_SHADES if is_shade else _LEAST, dark)}".strip()

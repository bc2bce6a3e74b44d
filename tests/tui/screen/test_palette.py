"""The themes: contrast by WCAG 2.2's formula, colours apart for the colour-blind, and meaning that needs no colour."""

from __future__ import annotations

import itertools

import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.color import Color

from gradtui.screen.palette import DEFAULT, THEMES, Colours, palette
from gradtui.screen.themes import textual_theme
from gradtui.text import glyphs
from gradtui.text.heat import LEVELS
from gradtui.text.summary import MARKS

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda each: each.name)
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
#: The least difference of two colours that mean different things, in CIE L*a*b*: some nine times what is just
#: noticed side by side (2.3, Mahy et al. 1994), as the glyphs are thin and stand apart.
LEAST = 20.0


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


def difference(one: str, two: str, seen: str) -> float:
    """ΔE (CIE 1976) of two colours as a person sees them."""

    def as_seen(colour: str) -> Linear:
        light = linear(colour)
        red, green, blue = (sum(a * b for a, b in zip(row, light, strict=True)) for row in SEEN[seen])
        return lab((min(1.0, max(0.0, red)), min(1.0, max(0.0, green)), min(1.0, max(0.0, blue))))

    return sum((a - b) ** 2 for a, b in zip(as_seen(one), as_seen(two), strict=True)) ** 0.5


def colour_of(style: Style) -> str:
    assert style.color is not None
    return style.color.get_truecolor().hex


def test_the_formulas_give_what_is_known() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lab(linear("#ff0000")) == pytest.approx((53.24, 80.09, 67.20), abs=0.02)
    assert difference("#ff0000", "#4d4400", "deuteranopia") < difference("#ff0000", "#4d4400", "normal")


@themes
def test_every_text_can_be_read_on_the_themes_backgrounds(theme: Colours) -> None:
    """4.5 : 1 (level AA), and 7 : 1 (AAA) where contrast is the point; on panes and in dialogs."""
    least = 7.0 if theme.name == "high-contrast" else 4.5
    styles = {name: style for name, style in palette(theme.name, theme.dark).items() if not name.startswith("heat")}
    poor = {
        (name, background): round(found, 2)
        for name, style in styles.items()
        for background in (theme.background, theme.surface)
        if (found := contrast(colour_of(style), background)) < least
    }
    assert poor == {}


@themes
def test_every_shade_of_a_heat_map_can_be_seen(theme: Colours) -> None:
    """3 : 1 is for graphics; the number of dots in a shade says the same without any colour."""
    least = 7.0 if theme.name == "high-contrast" else 3.0
    shades = [colour_of(palette(theme.name, theme.dark)[f"heat{level}"]) for level in range(LEVELS)]
    assert len(set(shades)) == LEVELS
    assert min(contrast(shade, theme.background) for shade in shades) >= least


@pytest.mark.parametrize("seen", SEEN)
def test_the_colour_blind_theme_keeps_the_verdicts_apart_for_everyone(seen: str) -> None:
    styles = palette("colour-blind", True)
    colours = {name: colour_of(styles[name]) for name in ("vanishing", "exploding", "healthy", "broken")}
    near = {
        pair: round(found, 1)
        for pair in itertools.combinations(colours, 2)
        if (found := difference(colours[pair[0]], colours[pair[1]], seen)) < LEAST
    }
    assert near == {}


@themes
def test_vanishing_and_exploding_are_apart_in_every_theme_for_everyone(theme: Colours) -> None:
    styles = palette(theme.name, theme.dark)
    one, two = colour_of(styles["vanishing"]), colour_of(styles["exploding"])
    assert min(difference(one, two, seen) for seen in SEEN) > 3 * LEAST


@pytest.mark.parametrize("system", [ColorSystem.STANDARD, ColorSystem.EIGHT_BIT], ids=lambda each: each.name)
@themes
def test_with_16_or_256_colours_nothing_takes_the_backgrounds_colour(theme: Colours, system: ColorSystem) -> None:
    background = Style.parse(f"on {theme.background}").bgcolor
    assert background is not None
    for name, style in palette(theme.name, theme.dark).items():
        assert style.color is not None
        assert style.color.downgrade(system) != background.downgrade(system), name


@pytest.mark.parametrize("glyph_set", glyphs.GLYPHS)
def test_each_verdict_has_a_mark_of_its_own_in_every_set_of_glyphs(glyph_set: str) -> None:
    """What has no colour, or 16, still tells them apart."""
    glyphs.use(glyph_set)
    try:
        marks = [glyphs.render(mark) for mark in MARKS.values()]
    finally:
        glyphs.use(glyphs.BLOCK)
    assert len(set(marks)) == len(MARKS)
    assert all(len(mark) == 1 for mark in marks)


@themes
def test_textuals_own_widgets_wear_the_same_colours(theme: Colours) -> None:
    worn = textual_theme(theme)
    styles = palette(theme.name, theme.dark)
    assert (worn.name, worn.dark, worn.background) == (theme.name, theme.dark, theme.background)
    for part, style in (("error", "broken"), ("warning", "exploding"), ("success", "healthy"), ("foreground", "text")):
        assert Color.parse(getattr(worn, part)).hex.lower() == colour_of(styles[style]).lower()


def test_the_default_is_a_theme_and_each_says_what_it_is() -> None:
    assert DEFAULT in THEMES
    assert all(theme.help for theme in THEMES.values())
    assert {theme.dark for theme in THEMES.values()} == {True, False}

"""The themes: contrast by WCAG 2.2's formula, colours apart for the colour-blind, and meaning that needs no colour."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from gradtui.screen.palette import DEFAULT, THEMES, Colours, palette
from gradtui.screen.themes import styles_of, textual_theme
from gradtui.text import glyphs
from gradtui.text.heat import LEVELS
from gradtui.text.meanings import MEANINGS, NEUTRAL
from gradtui.text.summary import MARKS

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda each: each.name)
foreign = pytest.mark.parametrize("name", [name for name in BUILTIN_THEMES if not name.startswith("ansi")])
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
#: touch (ΔE2000 of 1; Luo, Cui & Rigg 2001), as glyphs are thin and stand apart. For marks of a cell's width, 0.23°,
#: half of the viewers need 18 in CIE L*a*b* along b, the worst axis (5.3 + 2.9/size; Stone, Szafir & Setlur 2014).
LEAST = 20.0
#: In the theme for the colour-blind, for every kind of eye: a search over all of sRGB with 4.5 : 1 for seven hues
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


def test_the_formulas_give_what_is_known() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lab(linear("#ff0000")) == pytest.approx((53.24, 80.09, 67.20), abs=0.02)
    assert difference("#ff0000", "#4d4400", "deuteranopia") < difference("#ff0000", "#4d4400", "normal")


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_are_those_of_the_published_pairs(one: Linear, two: Linear, expected: float) -> None:
    """Rows of table 1 in Sharma, Wu & Dalal (2005), hues on both sides of 0° among them."""
    assert ciede2000(one, two) == pytest.approx(expected, abs=5e-5)
    assert ciede2000(two, one) == pytest.approx(expected, abs=5e-5)


def least(theme: Colours) -> float:
    """The contrast that text needs: level AA, and AAA where contrast is the point."""
    return 7.0 if theme.name == "high-contrast" else 4.5


@themes
def test_every_text_can_be_read_on_the_themes_backgrounds(theme: Colours) -> None:
    """4.5 : 1 (level AA), and 7 : 1 (AAA) where contrast is the point; on panes and in dialogs."""
    styles = {name: style for name, style in palette(theme.name, theme.dark).items() if not name.startswith("heat")}
    poor = {
        (name, background): round(found, 2)
        for name, style in styles.items()
        for background in (theme.background, theme.surface)
        if (found := contrast(colour_of(style), background)) < least(theme)
    }
    assert poor == {}


@themes
def test_every_shade_of_a_heat_map_can_be_seen(theme: Colours) -> None:
    """3 : 1 is for graphics; the number of dots in a shade says the same without any colour."""
    least = 7.0 if theme.name == "high-contrast" else 3.0
    shades = [colour_of(palette(theme.name, theme.dark)[f"heat{level}"]) for level in range(LEVELS)]
    assert len(set(shades)) == LEVELS
    assert min(contrast(shade, theme.background) for shade in shades) >= least


def near(styles: Mapping[str, Style], least: float, seen: str = "normal") -> dict[tuple[str, str], float]:
    """Pairs of meanings, and of a meaning and what has none, that are too much alike."""
    colours = {name: colour_of(styles[name]) for name in (*MEANINGS, *NEUTRAL)}
    # The first curve is as bright as what is to be seen best: white, or black.
    hues = [name for name in MEANINGS if name != "curve_1"]
    pairs = [*itertools.combinations(MEANINGS, 2), *itertools.product(hues, NEUTRAL)]
    differences = {pair: difference(colours[pair[0]], colours[pair[1]], seen) for pair in pairs}
    return {pair: round(found, 1) for pair, found in differences.items() if found < least}


@themes
def test_no_two_meanings_look_alike_and_none_looks_like_what_has_none(theme: Colours) -> None:
    assert near(palette(theme.name, theme.dark), LEAST) == {}


@pytest.mark.parametrize("seen", SEEN)
def test_in_the_theme_for_the_colour_blind_everyone_tells_the_meanings_apart(seen: str) -> None:
    assert near(palette("colour-blind", True), LEAST_FOR_ALL, seen) == {}


@themes
def test_what_has_no_meaning_is_grey(theme: Colours) -> None:
    """No hue to be taken for a meaning: chroma under 5, where the hues have 25 and more. Heat maps too."""
    styles = palette(theme.name, theme.dark)

    def chroma(name: str) -> float:
        _, a, b = as_seen(colour_of(styles[name]), "normal")
        return math.hypot(a, b)

    grey = {name: round(chroma(name), 1) for name in styles if name not in {*MEANINGS, "backward"} or name == "curve_1"}
    assert {name for name, found in grey.items() if found > 5} == set()
    assert min(chroma(name) for name in MEANINGS if name != "curve_1") > 25


@foreign
def test_on_textuals_own_themes_everything_can_be_read_and_told_apart(name: str) -> None:
    """Ours are made lighter, or darker, where its background asks for that."""
    theme = BUILTIN_THEMES[name]
    styles, drawn = styles_of(theme), theme.to_color_system().generate()
    behind = [Color.parse(drawn[part]).hex for part in ("background", "surface")]
    poor = {
        (style, background)
        for style, background in itertools.product(styles, behind)
        if contrast(colour_of(styles[style]), background) < (3.0 if style.startswith("heat") else 4.5)
    }
    assert poor == set()
    assert near(styles, LEAST_ON_FOREIGN) == {}


@pytest.mark.parametrize("name", ["ansi-dark", "ansi-light"])
def test_where_the_terminals_own_colours_are_worn_none_is_worn_by_two_meanings(name: str) -> None:
    styles = styles_of(BUILTIN_THEMES[name])
    looks = [(styles[each].color, styles[each].dim) for each in MEANINGS]
    assert len(set(looks)) == len(MEANINGS)
    assert {styles[each].color.name for each in NEUTRAL} == {"default"}  # type: ignore[union-attr]


@themes
def test_vanishing_and_exploding_are_apart_in_every_theme_for_everyone(theme: Colours) -> None:
    """What the program is about: blue and orange are what all eyes tell apart best."""
    styles = palette(theme.name, theme.dark)
    one, two = colour_of(styles["vanishing"]), colour_of(styles["exploding"])
    assert min(difference(one, two, seen) for seen in SEEN) > 2 * LEAST


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
    worn_as = {"error": "broken", "accent": "key", "foreground": "text"}
    for part, style in worn_as.items():
        assert Color.parse(getattr(worn, part)).hex.lower() == colour_of(styles[style]).lower()
    assert worn.variables["block-cursor-background"] == colour_of(styles["cursor"])
    assert contrast(worn.variables["block-cursor-background"], worn.variables["block-cursor-foreground"]) >= least(
        theme
    )


@themes
def test_what_textual_draws_has_no_colour_of_another_meaning(theme: Colours) -> None:
    """A frame, a scroll bar, a toast or a warning is grey; a mistake is what is wrong, a choice where one is."""
    drawn = textual_theme(theme).to_color_system().generate()
    for part in ("primary", "secondary", "success", "warning", "border", "scrollbar", "scrollbar-active", "foreground"):
        _, a, b = as_seen(Color.parse(drawn[part]).hex.lower(), "normal")
        assert math.hypot(a, b) < 5, part


def test_the_default_is_a_theme_and_each_says_what_it_is() -> None:
    assert DEFAULT in THEMES
    assert all(theme.help for theme in THEMES.values())
    assert {theme.dark for theme in THEMES.values()} == {True, False}

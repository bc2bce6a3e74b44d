"""The themes: contrast by WCAG 2.2's formula, colours apart for the colour-blind, and meaning that needs no colour."""

from __future__ import annotations

import itertools
import math

import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES

from gradtui.screen.app import GradtuiApp
from gradtui.screen.palette import DEFAULT, THEMES, Colours, palette
from gradtui.screen.themes import styles_of, textual_theme
from gradtui.text import glyphs
from gradtui.text.heat import LEVELS
from gradtui.text.meanings import MEANINGS, NEUTRAL
from gradtui.text.summary import MARKS
from tests.tui.colours import (
    LEAST,
    LEAST_FOR_ALL,
    LEAST_ON_FOREIGN,
    SEEN,
    Linear,
    as_seen,
    ciede2000,
    colour_of,
    contrast,
    difference,
    lab,
    linear,
    near,
)
from tests.tui.helpers import play, until

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda each: each.name)
foreign = pytest.mark.parametrize("name", [name for name in BUILTIN_THEMES if not name.startswith("ansi")])


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


@pytest.mark.parametrize("system", [ColorSystem.STANDARD, ColorSystem.EIGHT_BIT], ids=lambda each: each.name)
@themes
def test_with_16_or_256_colours_too_no_two_meanings_share_one(theme: Colours, system: ColorSystem) -> None:
    """Of 16 the colour-blind theme has too few: what all eyes tell apart are shades between them."""
    if (theme.name, system) == ("colour-blind", ColorSystem.STANDARD):
        verdicts = ("healthy", "vanishing", "exploding", "broken", "cursor")
    else:
        verdicts = tuple(MEANINGS)
    styles = palette(theme.name, theme.dark)
    worn = [styles[name].color.downgrade(system).number for name in verdicts]  # type: ignore[union-attr]
    assert len(set(worn)) == len(worn), dict(zip(verdicts, worn, strict=True))


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


@pytest.mark.parametrize("theme", [*THEMES, *(name for name in BUILTIN_THEMES if not name.startswith("ansi"))])
def test_titles_and_lesser_texts_of_textuals_can_be_read(theme: str) -> None:
    """A pane's title, a dialog's explanation, an input that is empty: 60 % of black or white over what is behind."""
    worn = textual_theme(THEMES[theme]) if theme in THEMES else BUILTIN_THEMES[theme]
    drawn = worn.to_color_system().generate()
    assert drawn["text-muted"] == "auto 60%"
    for part in ("background", "surface"):
        behind = Color.parse(drawn[part])
        text = behind + behind.get_contrast_text(0.6)
        assert contrast(text.hex.lower(), behind.hex.lower()) >= (7.0 if theme == "high-contrast" else 4.5)


def test_a_theme_is_worn_at_once_whoever_changes_it() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        app.theme = "gradtui-light"
        wanted = colour_of(palette("gradtui-light", False)["brand"])
        await until(pilot, lambda: brand(app) == wanted, "the other theme's colours")

    def brand(app: GradtuiApp) -> str:
        row = next(iter(app.canvas.render_lines(Region(0, 0, 120, 1))))
        return next(colour_of(each.style) for each in row if each.style and "gradtui" in each.text)

    play(script, size=(120, 36))

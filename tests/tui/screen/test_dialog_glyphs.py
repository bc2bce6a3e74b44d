"""Dialogs, the palette and toasts draw only what the chosen set of glyphs promises, and speak the language."""

from __future__ import annotations

import pytest
from textual.command import CommandList, CommandPalette
from textual.widgets import Input

from gradtui.screen.app import GradtuiApp
from gradtui.text import glyphs, language
from gradtui_engine import Experiment
from tests.examples import spread
from tests.tui.helpers import Pilot, play, until
from tests.tui.screens import foreign

SMALL = Experiment(depth=3, width=4, batch=4)
#: What opens something over the screen: help, pickers, prompts, the form, the page of plain text.
KEYS = ("question_mark", "a", "i", "D", "d", "W", "P", "e", "p", "f", "F", "E")


def seen(app: GradtuiApp) -> str:
    """The whole screen, with what lies over the panes."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def search(app: GradtuiApp, text: str) -> None:
    app.screen.query_one(Input).value = text


@spread("name", [glyphs.ASCII, glyphs.BRAILLE], 1)
def test_whatever_is_opened_is_drawn_in_the_chosen_glyphs(name: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        app.notify("no such file", title="not possible", severity="error")
        for key in KEYS:
            base = app.screen
            await pilot.press(key)
            await until(pilot, lambda: app.screen is not base, f"what {key} opens")  # noqa: B023
            assert foreign(seen(app)) == set(), key
            for _ in range(3):  # scroll bars end elsewhere
                await pilot.press("down")
                assert foreign(seen(app)) == set(), key
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is base, "the screen")  # noqa: B023

    with glyphs.drawing(name):
        play(script, SMALL)


@pytest.mark.parametrize("name", glyphs.GLYPHS)
def test_the_palette_is_drawn_in_the_chosen_glyphs_and_finds_what_is_written_with_symbols(name: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette), "the palette")
        assert "a command, field, preset" in seen(app)
        assert foreign(seen(app)) == set()
        search(app, "sigma w")
        await until(pilot, lambda: "set sigma w" in seen(app), "the field")
        assert glyphs.render("N(0, σ_w² / fan_in)") in seen(app)
        assert foreign(seen(app)) == set()

    with glyphs.drawing(name):
        play(script, SMALL)


@pytest.mark.parametrize(("code", "words"), [("en", "nothing is called so"), ("zh", "没有这样的名称")])
def test_the_palette_says_in_the_readers_language_that_it_found_nothing(code: str, words: str) -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette), "the palette")
        search(app, "qqqqq")
        await until(pilot, lambda: words in seen(app), "the answer")
        assert app.screen.query_one(CommandList).option_count == 1

    with language.speaking(code):
        play(script, SMALL)


@pytest.mark.usefixtures("chinese")
def test_in_chinese_the_palette_finds_a_field_by_either_name() -> None:
    async def script(app: GradtuiApp, pilot: Pilot[int]) -> None:
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette), "the palette")
        for typed in ("learning rate", "学习率"):
            search(app, typed)
            await until(pilot, lambda: "设置 学习率 learning rate" in seen(app), "the field")
            search(app, "")
            await until(pilot, lambda: "设置 学习率 learning rate" not in seen(app), "the whole list")

    play(script, SMALL)

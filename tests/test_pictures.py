"""The pictures of the README: what the tool makes, what the screen shows, one for every view."""

from __future__ import annotations

import asyncio
import functools
import re
from xml.etree import ElementTree

import pytest

from gradtui.model.commands import BY_ID
from gradtui.model.names import VIEWS
from gradtui.views.catalogue import VIEWS as VIEW_ROWS
from tests.svg_lines import NAME, lines_of
from tests.tooling import ROOT, tool

DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOOL = tool("pictures")
PICTURES = {each.name: each for each in TOOL.PICTURES}


text_of = functools.cache(lines_of)


def drawn(name: str) -> tuple[str, ...]:
    return text_of((DOCS / f"{name}.svg").read_text(encoding="utf-8"))


def test_the_pictures_of_the_readme_are_those_that_the_tool_makes() -> None:
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", README)
    made = {*PICTURES, TOOL.FILM}
    assert sorted(path for _, path in shown) == sorted(f"docs/{name}.svg" for name in made)
    assert all(len(text) > 20 for text, _ in shown), "a picture says in words what it shows"
    assert {path.stem for path in DOCS.glob("*.svg")} == made
    assert shown[0][1] == f"docs/{TOOL.FILM}.svg", "README opens with what moves"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_no_other_shows(name: str) -> None:
    picture = PICTURES[name]
    assert len(drawn(name)) == picture.size[1]
    assert max(map(len, drawn(name))) == picture.size[0]
    assert picture.shows
    for text in picture.shows:
        assert {each for each in PICTURES if text in "\n".join(drawn(each))} == {name}


def test_every_view_has_a_picture_that_its_digit_leads_to() -> None:
    digits = {view: BY_ID[f"view_{view}"].keys[-1] for view in VIEWS}
    pressed = {key for picture in PICTURES.values() for key in picture.keys} | set(TOOL.OPENS)
    # Explore is there from the start.
    assert {view for view, key in digits.items() if key not in pressed} == {"explore"}
    headings = re.findall(r"^\*\*(\d) · (.+?)\*\*", README, re.MULTILINE)
    assert [(digit, label.lower()) for digit, label in headings] == [
        (digits[view], VIEW_ROWS[view].label) for view in VIEWS
    ]


@pytest.mark.parametrize("name", ["compare", "lesson"])
def test_a_picture_is_what_the_screen_shows_today(name: str) -> None:
    svg = asyncio.run(TOOL.take(PICTURES[name]))
    assert text_of(svg) == drawn(name)


def test_the_film_is_small_moves_and_ends_with_what_was_learnt() -> None:
    path = DOCS / f"{TOOL.FILM}.svg"
    svg = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 600_000
    root = ElementTree.fromstring(svg)
    style = "".join(each.text or "" for each in root.iter(f"{NAME}style"))
    assert "prefers-reduced-motion" in style
    hidden = set(re.findall(r"^\.(m\d+)\{visibility:hidden\}", style, re.MULTILINE))
    still = [
        each
        for group in root.iter(f"{NAME}g")
        if group.get("class") not in hidden
        for each in group.findall(f"{NAME}text")
    ]
    texts = " ".join(each.text or "" for each in still)
    for shown in ("30 layers of sigmoid", "% right", "399"):
        assert shown in texts


def test_two_runs_of_a_picture_give_the_same_file() -> None:
    take = TOOL.take
    one, two = (asyncio.run(take(PICTURES["idea"])) for _ in range(2))
    assert one == two

"""Contact sheets: words choose them, and a sheet is its pictures side by side, each with its label."""

from __future__ import annotations

import shutil
import sys
from xml.etree import ElementTree

import pytest

from gradtui.model.names import VIEWS
from gradtui.model.pairs import PAIRS
from gradtui.views.catalogue import VIEWS as VIEW_ROWS
from tests.svg_lines import NAME
from tests.tooling import ROOT, tool

tool("pictures")
sys.path.insert(0, str(ROOT / "tools"))
TOOL = tool("contact")


def test_words_choose_sheets() -> None:
    names = [sheet.name for sheet in TOOL.sheets(["80x24", "zh"])]
    assert len(names) == 3 * 2
    assert all(name.startswith("80x24-zh-") for name in names)
    assert len(list(TOOL.sheets([]))) == 3 * 2 * 3 * 2


def test_every_view_and_every_pair_is_on_a_sheet() -> None:
    labels = " ".join(screen.label for screen in TOOL.SCREENS)
    assert all(VIEW_ROWS[view].label in labels for view in VIEWS)
    stories = [screen.keys[-1] for screen in TOOL.SCREENS if screen.keys[0] == "0"]
    assert stories == [str(number) for number in range(1, len(PAIRS) + 2)]


def test_a_sheet_is_its_pictures_side_by_side() -> None:
    picture = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 300"><rect width="1"/></svg>'
    svg, (width, height) = TOOL.tiled([("a < b", picture), ("two", picture), ("three", picture)], columns=2)
    root = ElementTree.fromstring(svg)
    places = [
        tuple(float(each.get(name, "nan")) for name in ("x", "y", "width", "height"))
        for each in root.findall(f"{NAME}svg")
    ]
    assert [place[2:] for place in places] == [(600, 300)] * 3
    assert places[0][1] == places[1][1] < places[2][1]
    assert places[0][0] == places[2][0] < places[1][0]
    assert all(x + wide <= width and y + tall <= height for x, y, wide, tall in places)
    assert [each.text for each in root.findall(f"{NAME}text")] == ["a < b", "two", "three"]


def test_a_word_that_means_nothing_and_a_missing_renderer_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["contact.py", "81x24"])
    assert TOOL.main() == 2
    assert "81x24: no such word; words are 120x36, 200x50, 80x24, ascii" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["contact.py"])
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert TOOL.main() == 2
    assert "need chromium or rsvg-convert" in capsys.readouterr().out

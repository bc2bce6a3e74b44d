"""Where backpropagation is truncated a wall stands in the panes over time, and a spectrum lies on the unit disc."""

from __future__ import annotations

import pytest

from gradtui.views.catalogue import PANES
from gradtui.views.frame.timeaxis import MARGIN, WALL
from gradtui_engine import Experiment
from tests.tui.helpers import scene_of, texts

CUT = Experiment(cell="lstm", data="gaussian", steps=30, width=4, batch=3, truncate=10)


@pytest.mark.parametrize("selected", [3, 10, 20])
def test_the_bars_have_a_wall_in_the_column_of_every_cut(selected: int) -> None:
    lines = texts(PANES["gradient"].view(scene_of(CUT, view="explore", selected=selected), 49, 9))
    top = lines[1][MARGIN:]
    assert [place for place, glyph in enumerate(top) if glyph == WALL] == [10, 20]


def test_without_truncation_there_is_none() -> None:
    lines = texts(PANES["gradient"].view(scene_of(CUT.replace(truncate=None), view="explore"), 49, 9))
    assert not any(WALL in line for line in lines)


def test_every_eigenvalue_is_a_point_of_the_disc_and_the_chosen_unit_says_its_own() -> None:
    scene = scene_of(Experiment(cell="lru", data="gaussian", steps=9, width=3, batch=2), view="explore", selected=4)
    lines = texts(PANES["activation"].view(scene, 70, 18))
    drawn = "".join(lines[:-2])
    assert drawn.count("●") == 1
    assert drawn.count("•") <= 2
    assert lines[-2].startswith("unit 1: |λ| 0.9")

"""Where backpropagation is truncated a wall stands in the panes over time, and a spectrum lies on the unit disc."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from gradtui.views.catalogue import PANES
from gradtui.views.frame.timeaxis import MARGIN, WALL, TimeAxis
from gradtui.views.train import heat
from gradtui_engine import Experiment
from tests.tui.helpers import scene_of, texts
from tests.tui.views.train.snapshots import GRU, sides, snapshot

CUT = Experiment(cell="lstm", data="gaussian", steps=30, width=4, batch=3, truncate=10)


@pytest.mark.parametrize("selected", [3, 10, 20])
def test_the_bars_have_a_wall_in_the_column_of_every_cut(selected: int) -> None:
    lines = texts(PANES["gradient"].view(scene_of(CUT, view="explore", selected=selected), 49, 9))
    top = lines[1][MARGIN:]
    assert [place for place, glyph in enumerate(top) if glyph == WALL] == [10, 20]


@pytest.mark.parametrize("pane", ["gradient", "gates"])
def test_without_truncation_there_is_none(pane: str) -> None:
    lines = texts(PANES[pane].view(scene_of(CUT.replace(truncate=None), view="explore"), 49, 20))
    assert not any(WALL in line for line in lines)


@pytest.mark.parametrize("selected", [3, 10, 20])
def test_the_gates_have_a_wall_above_the_bar_of_every_cut(selected: int) -> None:
    lines = texts(PANES["gates"].view(scene_of(CUT, view="explore", selected=selected), 49, 20))
    # i, o and the candidate are about half open: their upper lines are free.
    walled = [[place for place, glyph in enumerate(line[MARGIN:37]) if glyph == WALL] for line in lines]
    assert walled.count([10, 20]) >= 3
    assert {*itertools.chain(*walled)} == {10, 20}


def test_the_ruler_has_a_wall_where_it_has_no_number() -> None:
    cut = frozenset(range(4, 30, 4))
    (_, *cells) = TimeAxis.of(31, 49).ruler(16, walls=cut)
    shown = "".join(text for text, _ in cells)
    numbers = {int(text): place.start() for place in re.finditer(r"\d+", shown) if (text := place.group())}
    assert numbers == {0: 0, 8: 8, 16: 17, 22: 22, 30: 29}
    assert [place for place, glyph in enumerate(shown) if glyph == WALL] == [4, 12, 20]


def test_the_map_of_a_training_has_a_wall_beside_the_stage_of_every_cut() -> None:
    cut = GRU.replace(truncate=3)
    given = sides(snapshot([1.0, 1.0], experiment=cut, gradient=np.zeros((2, 10))), stage=6)
    lines = texts(heat.view(given, "A", 70, 12))
    assert [line.split(heat.WALL)[0].strip() for line in lines[:10] if heat.WALL in line] == ["▸6", "3"]
    assert "━ cut: truncate 3" in lines[-1]
    free = texts(heat.view(sides(snapshot([1.0, 1.0], experiment=GRU, gradient=np.zeros((2, 10)))), "A", 70, 12))
    assert not any(heat.WALL in line for line in free[:10])


def test_every_eigenvalue_is_a_point_of_the_disc_and_the_chosen_unit_says_its_own() -> None:
    scene = scene_of(Experiment(cell="lru", data="gaussian", steps=9, width=3, batch=2), view="explore", selected=4)
    lines = texts(PANES["activation"].view(scene, 70, 18))
    drawn = "".join(lines[:-2])
    assert drawn.count("●") == 1
    assert drawn.count("•") <= 2
    assert lines[-2].startswith("unit 1: |λ| 0.9")

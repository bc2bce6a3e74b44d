"""At the cursor: the verdict first, then what the update does; and where the panes of Train stand."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from gradtui.model.panes_of import panes_of
from gradtui.model.state import State
from gradtui.views.frame.layout import Box
from gradtui.views.frame.training_sides import Sides
from gradtui.views.train import moment
from gradtui.views.train.layout import arrange
from gradtui_engine import Experiment
from tests.tui.helpers import assert_page, texts
from tests.tui.views.train.snapshots import MLP, sides, snapshot, training_of


def shown(given: Sides, width: int = 100, height: int = 9) -> str:
    lines = moment.view(given, width, height)
    assert_page(lines, width, height, "moment")
    return " ".join(" ".join(texts(lines)).split())


def ratios(*values: float) -> Any:
    """Update / weight of the four weights of the network, biases moving a lot."""
    return np.tile([each for value in values for each in (value, 50.0)], (30, 1))


def test_it_says_what_has_become_of_it_and_what_enter_opens() -> None:
    given = sides(snapshot(np.linspace(2.3, 0.1, 30)), iteration=12)
    assert "learns: after 30 iterations" in shown(given)
    assert "enter: backpropagation of iteration 12" in shown(given)
    assert moment.title(given, 60) == "at the cursor · iteration 12"


def test_of_a_side_that_has_ended_it_says_so_and_that_enter_opens_its_last_iteration() -> None:
    a = snapshot([2.5, 9.0, math.nan], broken=True, done=True, iterations=40)
    said = shown(sides(a, snapshot(np.full(40, 2.3)), iteration=39), 200)
    assert "A ended at iteration 2" in said
    assert "enter: backpropagation step by step, of A iteration 2, its last, of B iteration 39" in said
    assert "A · rate" not in said
    assert "B · rate 0.1" in said


@pytest.mark.parametrize("height", range(2, 8))
def test_where_there_is_no_room_for_all_of_it_the_last_line_says_so(height: int) -> None:
    given = sides(snapshot(np.linspace(2.3, 0.1, 30)), snapshot(np.full(30, 2.3)))
    rows = texts(moment.view(given, 58, height))
    assert rows[-1].rstrip().endswith("… z shows all")
    assert "…" not in "".join(rows[:-1])
    assert "…" not in shown(given, 58, 20)


def test_verdicts_stay_where_there_is_no_room_for_everything() -> None:
    a, b = snapshot(np.linspace(2.3, 0.1, 30)), snapshot(np.full(30, 2.3))
    for height in (2, 3, 4, 5):
        said = shown(sides(a, b), 200, height)
        assert "A · learns: after" in said
        assert "B · learns nothing" in said


@pytest.mark.parametrize(
    ("values", "judged"),
    [
        ((1e-3, 2e-3, 1e-3, 1e-3), "about 1e-3 is usual"),
        ((0.5, 1e-3, 1e-3, 1e-3), "the largest overwrites what was learnt"),
        ((1e-9, 1e-3, 1e-3, 1e-3), "where it is least, hardly anything is learned"),
        ((1e-9, 1e-8, 1e-8, 1e-9), "nothing moves"),
    ],
)
def test_the_update_is_judged_by_the_weights_and_not_by_the_biases(values: tuple[float, ...], judged: str) -> None:
    said = shown(sides(snapshot(np.full(30, 2.3), update_ratio=ratios(*values)), iteration=3))
    assert judged in said
    assert "bias" not in said
    assert f"in layers.{1 + values.index(max(values))}.weight" in said


def test_an_update_that_is_not_finite_is_said_to_be() -> None:
    broken = snapshot(np.full(30, 2.3), update_ratio=np.full((30, 8), math.nan))
    assert "update / weight: not a finite number" in shown(sides(broken))


def test_rate_and_schedule_are_those_in_force_at_the_cursor() -> None:
    training = training_of(MLP, 30).replace(schedule="cosine", clip="norm", clip_threshold=2.0)
    rates = np.array([training.learning_rate(iteration) for iteration in range(30)])
    given = dataclasses.replace(snapshot(np.full(30, 2.3), learning_rate=rates), training=training)
    assert f"rate {0.1 * 0.5 * (1 + math.cos(math.pi * 0.5)):.3g} · cosine: η · ½" in shown(sides(given, iteration=15))
    assert "clipped by norm 2" in shown(sides(given))


def test_a_branch_says_from_where_on_it_is_another() -> None:
    training = training_of(MLP, 30).replace(turns=("12:learning-rate=0.01",))
    given = dataclasses.replace(snapshot(np.full(30, 2.3)), training=training)
    assert "from 12:learning-rate=0.01" in shown(sides(given, iteration=20))
    assert "from 12" not in shown(sides(given, iteration=5))


def test_what_a_and_b_have_in_common_is_said_once() -> None:
    a, b = snapshot(np.full(30, 2.3)), snapshot(np.full(30, 2.3))
    assert shown(sides(a, b), 200).count("rate 0.1") == 1
    assert shown(sides(a, snapshot(np.full(30, 2.3), learning_rate=np.full(30, 0.2))), 200).count("rate 0.") == 2


def test_in_words_every_weight_has_its_update() -> None:
    said = moment.said(sides(snapshot(np.full(30, 2.3), update_ratio=ratios(1e-1, 1e-2, 1e-3, 1e-4))))
    assert "layers.4.weight: update / weight 1.0e-4" in said
    assert not any("bias" in line for line in said)


@pytest.mark.parametrize("width", [1, 6, 10, 38, 118])
def test_it_fills_any_size(width: int) -> None:
    for given in (sides(snapshot([2.0])), sides(snapshot([math.nan], broken=True)), Sides(None, None, 0, 1, 9)):
        for height in (1, 2, 3, 7):
            assert_page(moment.view(given, width, height), width, height, f"{width}×{height}")


# -- where the panes stand ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "changes", "panes"),
    [
        ("mlp", (), ["loss", "map_a", "moment"]),
        ("mlp", (("residual", "add"),), ["loss", "map_a", "map_b", "moment"]),
        ("rnn", (), ["loss", "map_a", "reach", "moment"]),
        ("lstm", (), ["loss", "map_a", "opening", "reach", "moment"]),
    ],
)
def test_there_are_panes_for_what_there_is(cell: str, changes: Any, panes: list[str]) -> None:
    state = State(Experiment(cell=cell), changes, cell=cell, view="train", pane="loss")
    assert list(panes_of(state)) == panes
    tall = arrange(state, Box(0, 2, 120, 32))
    assert set(tall) == set(panes)
    for width, height in ((60, 12), (80, 20), (99, 30), (120, 32), (200, 46), (300, 90)):
        for pane in panes:
            focused = State(Experiment(cell=cell), changes, cell=cell, view="train", pane=pane)
            boxes = arrange(focused, Box(0, 2, width, height))
            assert {"loss", pane} <= boxes.keys()
            assert sum(box.width * box.height for box in boxes.values()) == width * height, "no cell is left over"
            assert min(box.height for box in boxes.values()) >= 6


def test_at_80_by_24_the_loss_and_both_maps_are_seen_at_once() -> None:
    state = State(Experiment(), (("residual", "add"),), view="train", pane="loss")
    assert set(arrange(state, Box(0, 2, 80, 20))) == {"loss", "map_a", "map_b"}

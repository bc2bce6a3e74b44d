"""The plane of all networks with an activation, and for gated cells the half-life of the direct path."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from gradtui.views.frame.scene import Scene
from gradtui.views.frame.timeaxis import MARGIN
from gradtui_engine import Experiment
from tests.examples import spread
from tests.tui.helpers import CASES
from tests.tui.theories import said, scene, shown

ORDER, CHAOS = "·▒▓█", "'-x%"


def map_rows(found: Scene, width: int = 106, height: int = 36) -> list[str]:
    """The cells of the map, the lowest row first."""
    lines = shown(found, "plane", width, height)
    axis = next(index for index, line in enumerate(lines) if re.fullmatch(r"\s+0(\s+[\d.]+){4}", line.rstrip()))
    return [line[MARGIN:] for line in reversed(lines[:axis])]


@pytest.mark.parametrize(
    ("activation", "sigma_w", "sigma_b", "most"),
    [("tanh", 1.3, 0.3, 4), ("tanh", 0.0, 0.0, 4), ("relu", 3.99, 1.99, 4), ("sigmoid", 9.0, 3.0, 16)],
)
def test_the_network_is_marked_in_its_cell(activation: str, sigma_w: float, sigma_b: float, most: float) -> None:
    rows = map_rows(scene(Experiment(activation=activation, sigma_w=sigma_w, sigma_b=sigma_b, depth=3, width=8)))
    found = [(row, column) for row, text in enumerate(rows) for column, glyph in enumerate(text) if glyph == "◆"]
    assert found == [(math.floor(sigma_b / (most / 2) * len(rows)), math.floor(sigma_w / most * 100))]


@pytest.mark.parametrize(
    ("sigma_w", "sigma_b", "arrow", "row"), [(30.0, 0.0, "▶", 0), (30.0, 5.0, "▶", -1), (1.0, 5.0, "▲", -1)]
)
def test_a_network_off_the_plane_is_an_arrow_at_the_border_with_its_numbers(
    sigma_w: float, sigma_b: float, arrow: str, row: int
) -> None:
    rows = map_rows(scene(Experiment(activation="tanh", sigma_w=sigma_w, sigma_b=sigma_b, depth=3, width=8)))
    numbers = re.search(rf"◆ (\S+), (\S+) {arrow}", rows[row])
    assert numbers is not None
    assert (float(numbers[1]), float(numbers[2])) == (sigma_w, sigma_b)
    assert rows[row].endswith(arrow) or arrow == "▲"


def test_relus_edge_of_chaos_is_a_straight_line_at_root_two() -> None:
    rows = map_rows(scene(Experiment(activation="relu", depth=3, width=8)))
    assert {row.index("┃") for row in rows} == {math.floor(math.sqrt(2) / 4 * 100)}


@spread("activation", ["tanh", "sigmoid", "gelu", "softsign"], 2)
def test_order_and_chaos_are_told_apart_by_their_glyphs_and_the_line_between_them(activation: str) -> None:
    for row in map_rows(scene(Experiment(activation=activation, init="constant", depth=3, width=8))):
        left, right = row.split("┃")
        bare_left, bare_right = (re.sub(r" \w+: \w+ ", "", side) for side in (left, right))
        assert set(bare_left) <= {*ORDER}
        assert set(bare_right) <= {*CHAOS, "━"}
        # The nearer the edge, the deeper: the levels go up to it and down behind it.
        up = [ORDER.index(glyph) for glyph in bare_left]
        down = [CHAOS.index(glyph) for glyph in bare_right if glyph != "━"]
        assert up == sorted(up)
        assert activation != "tanh" or down == sorted(down, reverse=True)


def test_the_regions_are_named() -> None:
    text = "".join(map_rows(scene(Experiment(activation="tanh", depth=3, width=8))))
    assert "ordered: vanishing" in text
    assert "chaotic: exploding" in text


def test_the_reading_has_the_published_figures_beside_the_measured_factor() -> None:
    found = scene(Experiment())
    text = said(found, "plane")
    # THEORY.md: √χ 0.23605 at σ_w 1, so χ 0.05572 and 1/|ln χ| 0.3463.
    assert "σ_w 1.00 and σ_b 0: χ 0.0557, the gradient's factor √χ 0.236 a layer; ordered: it vanishes" in text
    assert "depth scale 0.346 layers" in text
    measured = (found.stages[1].gradient_norm / found.stages[30].gradient_norm) ** (1 / 29)
    assert f"measured: a factor of {measured:.3f} a layer on average" in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"activation": "relu", "init": "he_normal"}, "at the edge of chaos"),
        ({"activation": "relu", "init": "he_normal", "gain": 2.0}, "chaotic: it explodes"),
        ({"norm": "layer"}, "this network without norm and skips"),
        ({"norm": "batch"}, "limit of a large batch"),
        ({"init": "constant"}, "no mean-field theory for init constant"),
        ({"cell": "rnn", "data": "digits-rows"}, "with its input as a bias"),
        ({"cell": "lstm", "data": "digits-rows"}, "no σ_w–σ_b plane"),
    ],
)
def test_the_plane_says_what_holds(fields: dict[str, Any], words: str) -> None:
    assert words in said(scene(Experiment(depth=4, width=8, **fields)), "plane")


def test_the_input_of_an_rnn_drives_it_as_a_bias_of_the_same_variance_would() -> None:
    found = scene(Experiment(cell="rnn", data="gaussian", steps=5, width=64, inputs=16, sigma_w=0.5, sigma_b=0.3))
    # Gaussian inputs of variance 1: σ_b² + σ_w² · 1, as far as 1,024 weights and 5,120 numbers are of variance 1.
    number = re.search(r"biases of σ_b ([\d.]+)", said(found, "plane"))
    assert number is not None
    assert float(number[1]) == pytest.approx(math.hypot(0.3, 0.5), rel=0.1)


# -- the half-life of a gated cell -------------------------------------------------------------------------


def gate_rows(found: Scene) -> list[str]:
    """The cells of the bars, 100 columns from −4 to 8."""
    lines = shown(found, "plane", 106, 30)
    axis = next(index for index, line in enumerate(lines) if line[MARGIN:].startswith("-4"))
    return [line[MARGIN:] for line in lines[:axis]]


def test_a_gates_half_life_stands_over_its_bias() -> None:
    found = scene(Experiment(cell="lstm", forget_bias=2.0))
    text = said(found, "plane")
    assert "bias 2: f = σ(2) = 0.881, half-life 5.46 steps; 3.0e-4 is left after 64" in text
    (column,) = [row.index("◆") for row in gate_rows(found) if "◆" in row]
    assert column == (2 + 4) * 100 // 12


def test_the_bias_that_outlasts_the_sequence_does() -> None:
    numbers = re.search(
        r"outlast all 64 steps, f must be ([\d.]+): a bias of ([\d.]+)", said(scene(CASES["lstm"]), "plane")
    )
    assert numbers is not None
    assert float(numbers[1]) ** 64 == pytest.approx(0.5, rel=5e-3)  # four digits of f are 64 · 5e-5 of f^64
    assert (1 / (1 + math.exp(-float(numbers[2])))) ** 64 == pytest.approx(0.5, rel=5e-3)


def test_the_half_life_only_grows_with_the_bias() -> None:
    rows = gate_rows(scene(CASES["lstm"]))
    heights = [sum(row[column] not in " ─" for row in rows) for column in range(100)]
    assert heights == sorted(heights)
    assert heights[-1] > heights[0]

"""The plane of all networks with an activation, and for gated cells the half-life of the direct path."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from tests.examples import spread
from tests.tui.graphs import Found, dots_of, graph_in
from tests.tui.helpers import CASES, texts
from tests.tui.theories import PANES, said, scene, shown

ORDER, CHAOS = "·", "×"


def the_map(found: Scene, width: int = 106, height: int = 36) -> Found:
    return graph_in(shown(found, "plane", width, height))


@pytest.mark.parametrize(
    ("activation", "sigma_w", "sigma_b", "most"),
    [("tanh", 1.3, 0.3, 4), ("tanh", 0.0, 0.0, 4), ("relu", 3.99, 1.99, 4), ("sigmoid", 9.0, 3.0, 16)],
)
@pytest.mark.soak
def test_the_network_is_marked_in_its_cell(activation: str, sigma_w: float, sigma_b: float, most: float) -> None:
    found = the_map(scene(Experiment(activation=activation, sigma_w=sigma_w, sigma_b=sigma_b, depth=3, width=8)))
    ((column, row),) = found.places("◆")
    right, high = found.x[f"{most:g}"], found.y["0"]
    assert column == pytest.approx(sigma_w / most * right, abs=1)
    assert high - row == pytest.approx(sigma_b / (most / 2) * high, abs=1)
    assert "this network" in "".join(found.rows) or "here" in "".join(found.rows)


@pytest.mark.parametrize(
    ("sigma_w", "sigma_b", "arrow", "row"), [(30.0, 0.0, "▶", -1), (30.0, 5.0, "▶", 0), (1.0, 5.0, "▲", 0)]
)
def test_a_network_off_the_plane_is_an_arrow_at_the_border_with_its_numbers(
    sigma_w: float, sigma_b: float, arrow: str, row: int
) -> None:
    rows = the_map(scene(Experiment(activation="tanh", sigma_w=sigma_w, sigma_b=sigma_b, depth=3, width=8))).rows
    numbers = re.search(rf"◆ (\S+), (\S+) {arrow}", rows[row])
    assert numbers is not None
    assert (float(numbers[1]), float(numbers[2])) == (sigma_w, sigma_b)
    assert rows[row].rstrip().endswith(arrow) or arrow == "▲"


def edge_of(found: Scene) -> dict[int, set[int]]:
    """Row of dots → the columns of dots in which the edge of chaos is."""
    lines = PANES["plane"].view(found, 106, 36)
    edge: dict[int, set[int]] = {}
    for column, row in dots_of(
        [[(glyph, style) for text, style in line for glyph in text] for line in lines], "strong"
    ):
        edge.setdefault(row, set()).add(column)
    return edge


def test_relus_edge_of_chaos_is_a_straight_line_at_root_two() -> None:
    found = scene(Experiment(activation="relu", depth=3, width=8))
    columns = set.union(*edge_of(found).values())
    graph = the_map(found)
    margin = shown(found, "plane", 106, 36)[0].index("┤") + 1
    assert max(columns) - min(columns) <= 1
    assert (min(columns) / 2 - margin) / graph.x["4"] == pytest.approx(math.sqrt(2) / 4, abs=0.01)


@spread("activation", ["tanh", "sigmoid", "gelu", "softsign"], 2)
def test_order_and_chaos_are_told_apart_by_their_glyphs_and_the_line_between_them(activation: str) -> None:
    found = scene(Experiment(activation=activation, init="constant", depth=3, width=8))
    edge = edge_of(found)
    lines = shown(found, "plane", 106, 36)
    seen = {ORDER: 0, CHAOS: 0}
    for row, line in enumerate(lines[: next(number for number, line in enumerate(lines) if "└" in line)]):
        columns = [column // 2 for dots in range(4 * row, 4 * row + 4) for column in edge.get(dots, ())]
        assert columns, row
        assert line.rfind(ORDER) < min(columns)
        assert CHAOS not in line or line.index(CHAOS) > max(columns)
        for glyph in seen:
            seen[glyph] += line.count(glyph)
    assert min(seen.values()) > 20


def test_the_regions_are_named() -> None:
    text = "".join(the_map(scene(Experiment(activation="tanh", depth=3, width=8))).rows)
    assert "ordered: gradients vanish" in text
    assert "chaotic: gradients explode" in text


@pytest.mark.parametrize("depth", [5, 40])
@pytest.mark.soak
def test_between_the_fainter_lines_a_signal_reaches_all_layers(depth: int) -> None:
    """Of a linear network χ = σ_w²: 6 depth scales are the depth at σ_w = e^(± 3/depth)."""
    found = scene(Experiment(activation="linear", depth=depth, width=8))
    lines = PANES["plane"].view(found, 146, 36)
    cells = [[(glyph, style) for text, style in line for glyph in text] for line in lines]
    margin = texts(lines)[0].index("┤") + 1
    right = graph_in(texts(lines)).x["4"]
    columns = {(column / 2 - margin) / right * 4 for column, row in dots_of(cells, "reference") if 8 < row < 40}
    for wanted in (math.exp(-3 / depth), math.exp(3 / depth)):
        assert min(abs(column - wanted) for column in columns) < 0.04
    assert f"a signal reaches all {depth} layers" in said(found, "plane", 146, 36)


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


@pytest.mark.soak
def test_a_gates_half_life_stands_over_its_bias() -> None:
    found = scene(Experiment(cell="lstm", forget_bias=2.0))
    text = said(found, "plane")
    assert "bias 2: f = σ(2) = 0.881, half-life 5.46 steps; 3.0e-4 is left after 64" in text
    graph = the_map(found, 106, 30)
    ((column, row),) = graph.places("◆")
    assert column == graph.x["2"]
    decade = (graph.y["1"] - graph.y["1e4"]) / 4
    assert graph.y["1"] - row == pytest.approx(math.log10(5.46) * decade, abs=1.1)


def test_the_bias_that_outlasts_the_sequence_does() -> None:
    numbers = re.search(
        r"outlast all 64 steps, f must be ([\d.]+): a bias of ([\d.]+)", said(scene(CASES["lstm"]), "plane")
    )
    assert numbers is not None
    assert float(numbers[1]) ** 64 == pytest.approx(0.5, rel=5e-3)  # four digits of f are 64 · 5e-5 of f^64
    assert (1 / (1 + math.exp(-float(numbers[2])))) ** 64 == pytest.approx(0.5, rel=5e-3)


def test_the_half_life_only_grows_with_the_bias() -> None:
    lines = PANES["plane"].view(scene(CASES["lstm"]), 106, 30)
    found = dots_of([[(glyph, style) for text, style in line for glyph in text] for line in lines], "curve_1")
    heights = [-min(row for at, row in found if at == column) for column in sorted({at for at, _ in found})]
    assert heights == sorted(heights)
    assert heights[-1] > heights[0] + 40


@pytest.mark.parametrize(("width", "height"), [(76, 18), (56, 30), (106, 36)])
def test_names_cut_no_line_and_the_edges_name_is_beside_the_edge(width: int, height: int) -> None:
    """Each row of the plane of sigmoid shows the edge between the two lines that a signal's reach has."""
    rows = the_map(scene(Experiment()), width, height).rows
    lines = [[match.span() for match in re.finditer("[\u2801-\u28ff]+", row)] for row in rows]
    assert [len(found) for found in lines] == [3] * len(rows)
    (row,) = (number for number, text in enumerate(rows) if "edge" in text)
    at = re.search("edge( of chaos)?", rows[row])
    assert at is not None
    gaps = [max(start - at.end(), at.start() - end) for start, end in lines[row]]
    assert min(gaps) == gaps[1] <= 2
    assert any("explode" in text for text in rows)


# -- the ring of a linear recurrence -----------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(76, 18), (106, 30), (56, 14)])
def test_an_lru_stands_on_its_ring_over_the_half_life_and_not_on_the_plane_of_the_weights(
    width: int, height: int
) -> None:
    found = scene(Experiment(cell="lru", data="digits-rows", width=8, r_min=0.5, r_max=0.99))
    text = said(found, "plane", width, height)
    assert "chaos" not in text
    graph = the_map(found, width, height)
    (low,), (high,) = graph.places("▶"), graph.places("◀")
    # |λ| 0.9 has half of what is left after 6.6 steps; across, 1 − |λ| falls tenfold from label to label.
    wide = (graph.x["0.9999"] - graph.x["0.9"]) / 3
    for (column, _), radius in ((low, 0.5), (high, 0.99)):
        assert column == pytest.approx(graph.x["0.9"] + wide * (-math.log10(1 - radius) - 1), abs=1.1)
    assert low[1] > high[1]


def test_the_factor_that_outlasts_the_sequence_does() -> None:
    found = scene(Experiment(cell="lru", data="digits-rows", width=8))
    number = re.search(r"outlast all 8 steps, \|λ\| must be ([\d.]+)", said(found, "plane"))
    assert number is not None
    assert float(number[1]) ** 8 == pytest.approx(0.5, rel=1e-3)

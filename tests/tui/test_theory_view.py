"""The Theory view: what its panes say and where its marks stand, at every size and in every glyph set."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from gradtui import glyphs, language
from gradtui.needs import Failed, Need
from gradtui.palette import THEMES, palette
from gradtui.theory_needs import PlaneOf, SpectraOf, needs
from gradtui.views import theory, theory_depth, theory_readout, theory_spectrum
from gradtui.views.scene import Scene
from gradtui.views.timeaxis import MARGIN, TimeAxis
from gradtui_engine import Experiment
from gradtui_engine.jacobian import MOST_UNITS, Spectra

from .helpers import CASES, assert_page, cut_numbers, scene_of, texts

PANES = {
    "plane": (theory.plane_title, theory.plane_view),
    "depth": (theory_depth.title, theory_depth.view),
    "spectrum": (theory_spectrum.title, theory_spectrum.view),
}
SIZES = ((60, 14), (80, 20), (120, 36), (200, 46))
TINY = ((10, 1), (10, 6), (23, 10), (34, 18), (58, 3), (30, 10), (29, 9))
THEORY_CASES = CASES | {
    "off the plane": Experiment(activation="tanh", sigma_w=30.0, sigma_b=5.0, depth=8, width=8),
    "batch norm": Experiment(norm="batch", activation="relu", depth=5, width=8),
    "no variance": Experiment(init="constant", depth=5, width=8),
    "wider than a Jacobian": Experiment(depth=2, width=MOST_UNITS + 1, batch=2, init="zeros"),
    "never forgets": Experiment(cell="lstm", pin_forget=1.0, data="digits-rows", width=4),
    "always forgets": Experiment(cell="gru", pin_forget=0.0, data="digits-rows", width=4),
}

cases = pytest.mark.parametrize("name", THEORY_CASES)


@functools.cache
def computed(need: Need) -> Any:
    return need.compute(lambda share: None)


def scene(experiment: Experiment, ready: bool = True, **fields: Any) -> Scene:
    found = scene_of(experiment, view="theory", pane="plane", **fields)
    results = {need: computed(need) for need in needs(found.state)} if ready else {}
    return replace(found, results=results)


def with_spectra(experiment: Experiment, found: Spectra | Failed) -> Scene:
    return replace(scene(experiment, ready=False), results={SpectraOf(experiment): found})


def shown(found: Scene, pane: str, width: int = 100, height: int = 30) -> list[str]:
    return texts(PANES[pane][1](found, width, height))


def said(found: Scene, pane: str, width: int = 100, height: int = 30) -> str:
    """The pane's text in one line, so that a sentence is found wherever it is broken."""
    return " ".join(" ".join(shown(found, pane, width, height)).split())


@pytest.fixture(params=[glyphs.BLOCK, glyphs.BRAILLE, glyphs.ASCII])
def glyph_set(request: pytest.FixtureRequest) -> Iterator[str]:
    glyphs.use(request.param)
    yield request.param
    glyphs.use(glyphs.BLOCK)


# -- every pane, every experiment, every size --------------------------------------------------------------


@cases
@pytest.mark.parametrize("ready", [True, False], ids=["computed", "computing"])
def test_every_pane_fills_its_place_and_cuts_no_number(name: str, ready: bool, glyph_set: str) -> None:
    found = scene(THEORY_CASES[name], ready)
    for pane, (_, view) in PANES.items():
        for width, height in (*SIZES, *TINY):
            lines = view(found, width, height)
            where = f"{pane}, {width}×{height}"
            assert_page(lines, width, height, where)
            if (width, height) in SIZES:
                assert [cut for line in texts(lines) for cut in cut_numbers(line)] == [], where


@cases
def test_ascii_is_ascii(name: str) -> None:
    glyphs.use(glyphs.ASCII)
    try:
        found = scene(THEORY_CASES[name])
        for pane, (title, _) in PANES.items():
            assert "".join([title(found, 70), *shown(found, pane, 80, 20)]).isascii()
    finally:
        glyphs.use(glyphs.BLOCK)


@cases
def test_the_panes_fill_their_places_in_chinese(name: str) -> None:
    language.use("zh")
    try:
        found = scene(THEORY_CASES[name])
        for pane, (title, view) in PANES.items():
            for width, height in SIZES:
                assert_page(view(found, width, height), width, height, pane)
                assert 0 < cell_len(title(found, width - 4)) <= width - 4
    finally:
        language.use(language.ENGLISH)


@cases
def test_titles_fit_and_styles_are_in_every_theme(name: str) -> None:
    found = scene(THEORY_CASES[name])
    known = set.intersection(*(set(palette(theme, dark)) for theme in THEMES for dark in (True, False)))
    for title, view in PANES.values():
        assert all(0 < cell_len(title(found, width)) <= width for width in range(6, 120))
        assert {style for line in view(found, 120, 36) for _, style in line} <= known


@cases
def test_what_is_not_computed_yet_is_said_and_the_rest_is_drawn(name: str) -> None:
    found = scene(THEORY_CASES[name], ready=False)
    assert "computing the exact Jacobian" in said(found, "spectrum")
    if PlaneOf.of(found.trace.experiment) is not None:
        waiting = said(found, "plane")
        assert "computing the plane of" in waiting
        assert "edge of chaos" in waiting
        nothing = found.trace.outcome.kind != "non_finite" and math.isnan(found.trace.profile.geometric_mean)
        assert ("measured: no gradient arrives" if nothing else "measured: a factor of") in waiting
    # Without a gradient at the output there is no factor, and with one layer no average.
    no_average = len(found.stages) <= 2 or found.stages[-1].gradient_norm == 0
    assert "on average a factor of" in said(found, "depth") or no_average


# -- the plane ---------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "gelu", "softsign"])
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


# -- along depth -------------------------------------------------------------------------------------------


def bands(found: Scene) -> list[str]:
    """The lines of both bands."""
    lines = shown(found, "depth")
    return lines[: next(index for index, line in enumerate(lines) if "▴" in line)]


def test_where_theory_is_exact_predicted_and_measured_are_in_one_place() -> None:
    found = scene(Experiment(cell="lstm", pin_forget=0.9, data="digits-rows", width=8))
    drawn = "".join(line[MARGIN : MARGIN + len(TimeAxis.of(9, 100).columns)] for line in bands(found))
    assert set("■◇") & set(drawn) == set()
    assert drawn.count("◆") == 8 + 9  # a factor for every step, a product for every stage
    assert "on average a factor of 0.900 a step, predicted 0.900" in said(found, "depth")


def test_the_product_ends_where_theory_has_no_factor() -> None:
    # Batch norm has none for the input: nine products are predicted from layer 10 down, the input's is measured only.
    found = scene(Experiment(norm="batch", activation="relu", depth=10))
    drawn = "".join(line[MARGIN + 2] for line in bands(found))  # the input's column
    assert drawn.count("■") == 2
    assert not {*"◇◆"} & {*drawn}


@pytest.mark.parametrize(
    ("rate", "reach", "words"),
    [
        (-0.25, 12, "reach: 6 depth scales, 12.0 of 20 layers"),
        (0.25, 12, "the gradient has grown over e³ = 20 times"),
        (-0.1, 30, "no less than the 20 that there are"),
        (0.0, None, "no depth is too much"),
    ],
)
def test_a_signal_reaches_six_depth_scales(rate: float, reach: int | None, words: str) -> None:
    # A linear network of σ_w = e^r has ln χ = 2r: a depth scale is 1/(2r).
    found = scene(Experiment(activation="linear", sigma_w=math.exp(rate), depth=20, width=16))
    assert words in said(found, "depth")
    (line,) = [line for line in shown(found, "depth") if line.startswith("reach ")]
    columns = TimeAxis.of(21, 100).columns
    assert line.count("━") == sum(stage <= (reach or 20) for stage in columns)


def test_no_theory_leaves_the_measured_marks_and_the_reason() -> None:
    found = scene(CASES["lstm"])
    text = said(found, "depth")
    assert "◇" not in text
    assert "no closed form for free gates" in text


# -- the spectrum ------------------------------------------------------------------------------------------


def test_orthogonal_linear_layers_are_an_isometry() -> None:
    # Saxe et al. 2014.
    found = scene(Experiment(activation="linear", init="orthogonal", depth=20))
    assert "64 of 64 (100 %) lie within a factor of 2 of 1" in said(found, "spectrum")
    bars = [style for line in theory_spectrum.view(found, 100, 30)[1:8] for text, style in line if "█" in text]
    assert set(bars) == {"healthy"}


def test_the_numbers_are_those_of_the_singular_values() -> None:
    values = np.array([100.0] * 4 + [1.0] * 8 + [1e-3] * 2)
    experiment = Experiment(depth=2, width=14, batch=2)
    found = with_spectra(experiment, Spectra(0, values, (values, values)))
    text = said(found, "spectrum")
    assert "largest 100 median 1.00 smallest 1.0e-3 condition number 1.0e5" in text
    assert "8 of 14 (57 %) lie within a factor of 2 of 1" in text
    assert "rounding" not in text
    # The tallest bar holds the eight ones, and is half as high again at the fours'.
    rows = [line[MARGIN:82] for line in shown(found, "spectrum")[1:]]
    rows = rows[: next(index for index, row in enumerate(rows) if row.startswith("1e-3─"))]
    assert [sum(row.count("█") > 0 for row in (line[:20], line[40:55], line[70:76])) for line in rows[-1:]] == [3]
    heights = [sum(set(row[part]) & set("▁▂▃▄▅▆▇█") != set() for row in rows) for part in (slice(0, 20), slice(20, 60))]
    assert heights[1] == len(rows)
    assert heights[0] == math.ceil(len(rows) * 2 / 8)


def test_what_is_under_rounding_is_not_shown_as_a_number() -> None:
    values = np.array([1.0, 0.5, 1e-17, 0.0])
    experiment = Experiment(depth=2, width=4, batch=2)
    text = said(with_spectra(experiment, Spectra(0, values, (values, values))), "spectrum")
    # Four numbers of ε = 2.2e-16.
    assert "smallest <8.9e-16 condition number >1.1e15" in text
    assert "2 are 0 or lost in rounding, under 8.9e-16" in text
    assert "1.0e-17" not in text


@pytest.mark.parametrize(("number", "words"), [(0.0, "all 4 singular values are 0"), (math.nan, "not finite")])
def test_a_jacobian_of_nothing_and_one_of_nonsense_are_said(number: float, words: str) -> None:
    values = np.full(4, number)
    experiment = Experiment(depth=2, width=4, batch=2)
    assert words in said(with_spectra(experiment, Spectra(0, values, (values, values))), "spectrum")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"norm": "batch"}, "norm: batch norm ties the samples together: there is no Jacobian per sample"),
        (
            {"cell": "gru", "layers": 2, "data": "digits-rows"},
            "layers: 2 given; the Jacobian over time is of one",
        ),
        ({"width": MOST_UNITS + 1, "init": "zeros", "batch": 1}, f"2 stages of {MOST_UNITS + 1} units"),
    ],
)
def test_where_there_is_no_jacobian_the_reason_is_said(fields: dict[str, Any], words: str) -> None:
    found = scene(Experiment(**({"depth": 2, "width": 8} | fields)))
    assert words in said(found, "spectrum")


# -- what is computed --------------------------------------------------------------------------------------


def test_a_plane_is_shared_by_all_networks_of_an_activation() -> None:
    one, other = (
        PlaneOf.of(Experiment(activation="relu", depth=depth, slope=slope)) for depth, slope in ((2, 0.5), (9, None))
    )
    assert one == other == PlaneOf("relu")
    assert PlaneOf.of(Experiment(activation="prelu", slope=0.5)) == PlaneOf("prelu", 0.5)


def test_gated_cells_need_no_plane_and_every_network_its_spectra() -> None:
    for experiment in (Experiment(), Experiment(cell="rnn"), Experiment(cell="lstm"), Experiment(cell="gru")):
        wanted = needs(scene_of(experiment).state)
        assert SpectraOf(experiment) in wanted
        assert any(isinstance(need, PlaneOf) for need in wanted) == (experiment.cell in ("mlp", "rnn"))
        assert len({*wanted}) == len(wanted)


class Cancelled(Exception):
    pass


def test_the_worker_can_end_the_plane() -> None:
    def watch(share: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        PlaneOf("tanh").compute(watch)


# -- in sentences ------------------------------------------------------------------------------------------


@cases
@pytest.mark.parametrize("ready", [True, False], ids=["computed", "computing"])
def test_the_panes_in_sentences_have_no_drawing(name: str, ready: bool) -> None:
    found = scene(THEORY_CASES[name], ready)
    for read in (theory_readout.plane, theory_readout.depth, theory_readout.spectrum):
        lines = list(read(found))
        assert lines
        assert not {*"█▓▒░┃━■◇◆▲▼"} & {*"".join(lines)}


def test_in_sentences_every_stage_has_its_factors_from_the_output_down() -> None:
    found = scene(Experiment(activation="linear", init="orthogonal", gain=0.5, depth=4))
    lines = list(theory_readout.depth(found))[-4:]
    assert [line.split(":")[0] for line in lines] == ["layer 3", "layer 2", "layer 1", "the input"]
    # Orthogonal layers halve every gradient, which is what theory says.
    assert lines[1] == "layer 2: factor 0.500, predicted 0.500, product 0.250"
    assert "largest 0.125, median 0.125, smallest 0.125" in next(iter(theory_readout.spectrum(found)))


# -- where the gradient is exactly 0, after 1000 layers --------------------------------------------------------


def test_a_factor_of_nothing_is_a_dash_and_not_a_broken_number() -> None:
    found = scene(Experiment(depth=1000, width=8), selected=1)
    assert math.isnan(found.stages[1].factor or 0.0)
    lines = texts(theory_depth.view(found, 120, 30))
    assert any(line.rstrip().endswith(" ■ –") for line in lines)
    assert not any("nan" in line or "!" in line for line in lines)
    said = list(theory_readout.depth(found))
    assert any(line.startswith("layer 1: factor –, ") for line in said)
    assert not any("nan" in line for line in said)


def test_the_axis_label_of_the_smallest_numbers_is_whole() -> None:
    """1e-324 takes six cells, and the axis does not move for it."""
    found = scene(Experiment(depth=1000, width=8), selected=1)
    lines = texts(theory_depth.view(found, 120, 30))
    (line,) = (line for line in lines if "e-324" in line)
    assert line.startswith("1e-324")
    assert line[MARGIN] in "◇◆■"

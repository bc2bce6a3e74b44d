"""The Theory view: what its panes say and where its marks stand, at every size and in every glyph set."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from gradtui.model.needs import Simulation
from gradtui.model.theory_needs import PlaneOf, SpectraOf, needs
from gradtui.screen.palette import THEMES, palette
from gradtui.text import glyphs, language
from gradtui.views.frame.plots import FIRST
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.timeaxis import MARGIN, TimeAxis
from gradtui.views.theory import depth, plane_or_gate, spectrum
from gradtui.views.theory import depth as theory_depth
from gradtui_engine import Experiment
from gradtui_engine.analysis.jacobian import MOST_UNITS, Spectra
from tests.examples import covering
from tests.tui.helpers import CASES, assert_page, cut_numbers, scene_of, texts
from tests.tui.theories import PANES, THEORY_CASES, cases, said, scene, shown, with_spectra

SIZES = ((60, 14), (80, 20), (120, 36), (200, 46))
TINY = ((10, 1), (10, 6), (23, 10), (34, 18), (58, 3), (30, 10), (29, 9))


@pytest.fixture(params=[glyphs.BLOCK, glyphs.BRAILLE, glyphs.ASCII])
def glyph_set(request: pytest.FixtureRequest) -> Iterator[str]:
    glyphs.use(request.param)
    yield request.param
    glyphs.use(glyphs.BLOCK)


# -- every pane, every experiment, every size --------------------------------------------------------------


@covering(
    name=THEORY_CASES,
    ready=[True, False],
    glyph_set=[glyphs.BLOCK, glyphs.BRAILLE, glyphs.ASCII],
    indirect=["glyph_set"],
)
def test_every_pane_fills_its_place_and_cuts_no_number(name: str, ready: bool, glyph_set: str) -> None:
    found = scene(THEORY_CASES[name], ready)
    for pane, row in PANES.items():
        for width, height in (*SIZES, *TINY):
            lines = row.view(found, width, height)
            where = f"{pane}, {width}×{height}"
            assert_page(lines, width, height, where)
            if (width, height) in SIZES:
                assert [cut for line in texts(lines) for cut in cut_numbers(line)] == [], where


@cases
def test_ascii_is_ascii(name: str) -> None:
    glyphs.use(glyphs.ASCII)
    try:
        found = scene(THEORY_CASES[name])
        for pane, row in PANES.items():
            assert "".join([row.title(found, 70), *shown(found, pane, 80, 20)]).isascii()
    finally:
        glyphs.use(glyphs.BLOCK)


@cases
def test_the_panes_fill_their_places_in_chinese(name: str) -> None:
    language.use("zh")
    try:
        found = scene(THEORY_CASES[name])
        for pane, row in PANES.items():
            for width, height in SIZES:
                assert_page(row.view(found, width, height), width, height, pane)
                assert 0 < cell_len(row.title(found, width - 4)) <= width - 4
    finally:
        language.use(language.ENGLISH)


@cases
def test_titles_fit_and_styles_are_in_every_theme(name: str) -> None:
    found = scene(THEORY_CASES[name])
    known = set.intersection(*(set(palette(theme, dark)) for theme in THEMES for dark in (True, False)))
    for row in PANES.values():
        assert all(0 < cell_len(row.title(found, width)) <= width for width in range(6, 120))
        assert {style for line in row.view(found, 120, 36) for _, style in line} <= known


@cases
def test_what_is_not_computed_yet_is_said_and_the_rest_is_drawn(name: str) -> None:
    found = scene(THEORY_CASES[name], ready=False)
    assert "computing the exact Jacobian" in said(found, "spectrum")
    if PlaneOf.of(found.record.resolved) is not None:
        waiting = said(found, "plane")
        assert "computing the plane of" in waiting
        assert "edge of chaos" in waiting
        nothing = found.record.outcome.kind != "non_finite" and math.isnan(found.record.decay.geometric_mean)
        assert ("measured: no gradient arrives" if nothing else "measured: a factor of") in waiting
    # Without a gradient at the output there is no factor, and with one layer no average.
    no_average = len(found.stages) <= 2 or found.stages[-1].gradient_norm == 0
    assert "on average a factor of" in said(found, "depth") or no_average


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


def test_no_reach_is_claimed_of_a_driven_rnn_whose_factors_are_under_1_while_theory_without_input_is_critical() -> None:
    found = scene(Experiment(cell="rnn", data="gaussian", steps=20, width=16, batch=16))
    assert found.record.theory.regime == "critical"
    assert found.record.decay.geometric_mean < 0.9
    assert "reach" not in said(found, "depth")
    assert "no depth is too much" not in said(found, "depth")


def test_no_theory_leaves_the_measured_marks_and_the_reason() -> None:
    found = scene(CASES["lstm"])
    text = said(found, "depth")
    assert "◇" not in text
    assert "no closed form for free gates; pin f (pin_forget)" in text
    assert "pin z (pin_forget)" in said(scene(CASES["gru"]), "depth")


# -- the spectrum ------------------------------------------------------------------------------------------


def test_orthogonal_linear_layers_are_an_isometry() -> None:
    # Saxe et al. 2014.
    found = scene(Experiment(activation="linear", init="orthogonal", depth=20))
    assert "64 of 64 (100 %) lie within a factor of 2 of 1" in said(found, "spectrum")
    bars = [style for line in spectrum.view(found, 100, 30)[1:8] for text, style in line if "█" in text]
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
        PlaneOf.of(Experiment(activation="relu", depth=depth, slope=slope).resolved)
        for depth, slope in ((2, 0.5), (9, None))
    )
    assert one == other == PlaneOf("relu")
    assert PlaneOf.of(Experiment(activation="prelu", slope=0.5).resolved) == PlaneOf("prelu", 0.5)


def test_gated_cells_need_no_plane_and_every_network_its_spectra() -> None:
    for experiment in (Experiment(), Experiment(cell="rnn"), Experiment(cell="lstm"), Experiment(cell="gru")):
        wanted = needs(scene_of(experiment).state)
        assert SpectraOf(Simulation(experiment)) in wanted
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
    for read in (plane_or_gate.plane_said, depth.said, spectrum.said):
        lines = list(read(found))
        assert lines
        assert not {*"█▓▒░┃━■◇◆▲▼"} & {*"".join(lines)}


def test_in_sentences_every_stage_has_its_factors_from_the_output_down() -> None:
    found = scene(Experiment(activation="linear", init="orthogonal", gain=0.5, depth=4))
    lines = list(depth.said(found))[-4:]
    assert [line.split(":")[0] for line in lines] == ["layer 3", "layer 2", "layer 1", "the input"]
    # Orthogonal layers halve every gradient, which is what theory says.
    assert lines[1] == "layer 2: factor 0.500, predicted 0.500, product 0.250"
    assert "largest 0.125, median 0.125, smallest 0.125" in next(iter(spectrum.said(found)))


# -- where the gradient is exactly 0, after 1000 layers --------------------------------------------------------


def test_a_factor_of_nothing_is_a_dash_and_not_a_broken_number() -> None:
    # In float32 a factor of 0.26 a layer is nothing after 75 of them.
    found = scene(Experiment(depth=120, width=8, dtype="float32"), selected=1)
    assert math.isnan(found.stages[1].factor or 0.0)
    lines = texts(theory_depth.view(found, 120, 30))
    assert any(line.rstrip().endswith(" ■ –") for line in lines)
    assert not any("nan" in line or "!" in line for line in lines)
    said = list(depth.said(found))
    assert any(line.startswith("layer 1: factor –, ") for line in said)
    assert not any("nan" in line for line in said)


@pytest.mark.soak
def test_the_axis_label_of_the_smallest_numbers_is_whole() -> None:
    """1e-324 takes six cells, and the axis does not move for it."""
    found = scene(Experiment(depth=1000, width=8), selected=1)
    lines = texts(theory_depth.view(found, 120, 30))
    (line,) = (line for line in lines if "e-324" in line)
    assert line.startswith("1e-324")
    assert line[MARGIN] in "◇◆■"


def test_what_is_predicted_is_marks_and_what_was_measured_a_line() -> None:
    """Where both are the same number the line goes on between the marks."""
    spans = [span for line in PANES["depth"].view(scene(Experiment(depth=30, width=8)), 60, 16) for span in line]
    dotted = [(text, style) for text, style in spans if any("\u2801" <= glyph <= "\u28ff" for glyph in text)]
    assert {style for _, style in dotted} == {FIRST}
    assert sum(text.count("◇") + text.count("◆") for text, _ in spans) >= 10
    assert sum(len(text) for text, _ in dotted) > 40


def test_the_mean_of_the_singular_values_is_seen_on_the_line_of_the_largest() -> None:
    lines = shown(scene(Experiment(depth=30, width=8)), "spectrum", 60, 18)
    # Beside the band and in the legend it stands once each.
    assert "".join(lines).count("■") >= 4 + 2

"""The lab: the network's own pre-activations on the curve, and numbers that anyone can work out from the trace."""

from __future__ import annotations

import gc
import re
import weakref
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gradtui.model.events import Tick, TogglePlay
from gradtui.model.panes_of import LISTS
from gradtui.model.update import update
from gradtui.text import glyphs
from gradtui.text.spans import text_of
from gradtui.views.arrangement import arrange
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui.views.lab import curve as lab_curve
from gradtui.views.lab import rows as lab_rows
from gradtui.views.lab import slopes
from gradtui.views.lab.curve import said as curve_said
from gradtui.views.lab.rows import said as rows_said
from gradtui_engine import Experiment, simulate
from gradtui_engine.core.figures import short
from gradtui_engine.rules.activations import ACTIVATIONS
from tests.examples import covering
from tests.tui.graphs import dots_of, graph_in
from tests.tui.helpers import CASES, assert_page, cut_numbers, scene_of, scene_with, texts, timeline_of

VIEWS = (lab_curve, slopes, lab_rows)
#: What is left inside of frames on 60×14, 80×20, 120×36 and 200×46, of the whole screen and of parts of it.
SIZES = ((18, 4), (28, 9), (38, 12), (58, 12), (78, 18), (60, 33), (118, 34), (198, 44))
SIGMOID = Experiment(depth=6, width=16, gain=4.0)
LSTM = Experiment(cell="lstm", data="digits-rows", width=8, forget_bias=1.0)


def shown(module: ModuleType, scene: Scene, width: int = 100, height: int = 30) -> str:
    return "\n".join(text.rstrip() for text in texts(module.view(scene, width, height)))


def number_after(text: str, words: str) -> str:
    """The number that stands after the words, as it is printed."""
    found = re.search(re.escape(words) + r"\s*(-?[\d.]+(?:e-?\d+)?)", text)
    assert found, f"no number after {words!r} in\n{text}"
    return found[1]


# -- every pane --------------------------------------------------------------------------------------------


@covering(name=CASES, fields=[{}, {"selected": 0}, {"selected": 1, "unit": 9_999, "row": "mish"}, {"row": "tanh"}])
def test_every_pane_fills_its_room_and_cuts_no_number(name: str, fields: dict[str, object]) -> None:
    scene = scene_of(CASES[name], **fields)
    for width, height in SIZES:
        for module in VIEWS:
            lines = module.view(scene, width, height)
            where = f"{module.__name__} of {name} at {width}×{height}"
            assert_page(lines, width, height, where)
            assert not [cut for text in texts(lines) for cut in cut_numbers(text)], where
            assert module.title(scene, width)


@pytest.mark.parametrize("module", VIEWS)
def test_every_pane_is_there_in_ascii(module: ModuleType) -> None:
    glyphs.use(glyphs.ASCII)
    try:
        lines = module.view(scene_of(SIGMOID, selected=3), 70, 20)
        assert_page(lines, 70, 20, module.__name__)
        assert all(text.isascii() for text in texts(lines))
        assert sum(bool(text.strip()) for text in texts(lines)) >= 10
    finally:
        glyphs.use(glyphs.BLOCK)


def test_a_trace_that_is_gone_leaves_nothing_behind() -> None:
    gc.freeze()  # what other tests have left is not looked at, of which there may be a million objects
    trace = simulate(Experiment(depth=2, width=3, batch=2))
    scene = scene_of(CASES["one layer"])
    other = Scene(trace, scene.timeline, scene.state)
    for module in VIEWS:
        module.view(other, 60, 12)
    gone = weakref.ref(trace)
    del trace, other
    gc.collect()
    assert gone() is None


# -- curve -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [0, 7, 15])
def test_the_units_pre_activations_stand_under_the_axis(unit: int) -> None:
    scene = scene_of(SIGMOID, selected=4, unit=unit)
    lines = texts(lab_curve.view(scene, 78, 24))
    axis = next(number for number, text in enumerate(lines) if "└" in text)
    margin = lines[axis].index("└") + 1
    found = {column - margin for column, glyph in enumerate(lines[axis + 1]) if glyph == "●"}
    assert found == set(columns_of(scene.listed.values["z/4"][:, unit], scene, len(lines[axis].rstrip()) - margin))


def columns_of(z: np.ndarray[Any, Any], scene: Scene, columns: int) -> list[int]:
    """Two columns of dots a cell, from −bound to bound."""
    bound = max(6.0, 1.05 * float(np.abs(scene.listed.values["z/4"]).max()))
    return [round((float(each) + bound) / (2 * bound) * (2 * columns - 1)) // 2 for each in z.ravel()]


@pytest.mark.parametrize("size", [(47, 18), (78, 20), (120, 40)])
def test_the_peak_of_sigmoids_slope_is_a_bump_of_a_quarter(size: tuple[int, int]) -> None:
    """Measured against the labels of the axis: f and f′ are on one scale."""
    lines = lab_curve.view(scene_of(Experiment(depth=3), selected=2), *size)
    found = graph_in(texts(lines))
    cells = [[(glyph, style) for text, style in line for glyph in text] for line in lines]
    start = next(row for row, line in enumerate(texts(lines)) if "│" in line or "┤" in line)
    top = min(row for _, row in dots_of(cells, "curve_2")) - 4 * start
    unit = 4 * (found.y["0"] - found.y["1"])
    assert (4 * found.y["0"] + 3 - top) / unit == pytest.approx(0.25, abs=6 / unit)
    assert any("0.250" in row for row in found.rows)
    assert found.rows[0].rstrip().endswith("f") or found.rows[1].rstrip().endswith("f")


def test_the_axis_is_as_wide_as_the_pre_activations_need() -> None:
    narrow = shown(lab_curve, scene_of(Experiment(depth=3), selected=2)).splitlines()[-1]
    assert narrow.split() == ["-6", "-3", "0", "3", "6"]
    wide = scene_of(Experiment(activation="relu", gain=40.0, depth=3), selected=3)
    most = float(np.abs(wide.listed.values["z/3"]).max())
    ends = [float(each) for each in shown(lab_curve, wide).splitlines()[-1].split()]
    assert most / 3 < max(ends) <= 1.05 * most
    assert min(ends) == -max(ends)


def test_the_rug_counts_all_units_pre_activations() -> None:
    """The highest bar stands where most z are, and there is none where there is no z."""
    scene = scene_of(SIGMOID, selected=4)
    lines = texts(lab_curve.view(scene, 78, 14))
    axis = next(line for line in lines if "└" in line)
    rug, margin = lines[-2], axis.index("└") + 1
    cells = len(axis.rstrip()) - margin
    counts = np.bincount(columns_of(scene.listed.values["z/4"], scene, cells), minlength=cells)
    assert rug[margin + int(counts.argmax())] == "█"
    assert [glyph != " " for glyph in rug[margin : margin + cells]] == [count > 0 for count in counts.tolist()]


@pytest.mark.parametrize("row", ["sigmoid", "tanh", "relu", "mish"])
@pytest.mark.parametrize("set_of_glyphs", glyphs.GLYPHS)
def test_f_and_its_slope_are_named_at_their_ends(row: str, set_of_glyphs: str) -> None:
    with glyphs.drawing(set_of_glyphs):
        lines = lab_curve.view(scene_of(SIGMOID, selected=4, row=row), 78, 20)
    slope = "f'" if set_of_glyphs != glyphs.BLOCK else "f′"
    spans = [(text.strip(), style) for line in lines[1:15] for text, style in line]
    assert spans.count((slope, "curve_2")) == 1
    # In ASCII f is drawn in its letter.
    assert spans.count(("f", "curve_1")) == 1 or set_of_glyphs == glyphs.ASCII


def test_titles_say_which_row_which_stage_and_which_unit() -> None:
    own = lab_curve.title(scene_of(SIGMOID, selected=4, unit=6), 78)
    assert own == "f and f′ · sigmoid · layer 4 · unit 7 of 16"
    foreign = lab_curve.title(scene_of(SIGMOID, selected=4, row="relu"), 78)
    assert foreign == "f and f′ · if: relu instead of sigmoid · layer 4 · unit 1 of 16"
    assert "sigmoid of the forget gate" in lab_curve.title(scene_of(LSTM, selected=3), 78)
    assert "tanh of the candidate" in lab_curve.title(scene_of(LSTM, selected=3, row="tanh"), 78)
    # The input has no activation.
    assert "layer 1" in lab_curve.title(scene_of(SIGMOID, selected=0), 78)


def test_pre_activations_without_a_place_on_the_axis_are_counted() -> None:
    scene = scene_of(CASES["overflow"], selected=60)
    z = scene.listed.values["z/60"]
    lost = int(z.size - np.isfinite(z).sum())
    assert lost
    assert f"{lost} of {z.size} z are not finite" in shown(lab_curve, scene)
    assert "not finite" not in shown(lab_curve, scene_of(SIGMOID))


# -- reading -----------------------------------------------------------------------------------------------


def test_the_measured_slopes_are_those_of_the_trace() -> None:
    scene = scene_of(SIGMOID, selected=4, unit=2)
    a = 1 / (1 + np.exp(-scene.listed.values["z/4"]))
    slope = a * (1 - a)
    text = shown(slopes, scene)
    assert number_after(text, "of the gradient:") == short(float(np.sqrt(np.mean(slope**2))))
    assert number_after(text, "\nE f′²") == short(float(np.mean(slope**2)))
    assert number_after(text, "mean f′") == short(float(slope.mean()))
    assert number_after(text, "unit 3: z from") == short(float(scene.listed.values["z/4"][:, 2].min()))
    share = float(np.mean((a < 0.015) | (a > 0.985)))
    assert 0.01 < share < 0.99
    assert f"saturated {share:.0%}".replace("%", " %") in text
    assert ACTIVATIONS["sigmoid"].note[:40] in text


def test_the_factor_is_weights_times_slope_beside_the_measured_one() -> None:
    scene = scene_of(SIGMOID, selected=4)
    a = scene.listed.values["h/4"]
    weight = scene.listed.parameters["layers.4.weight"]
    spread = float(np.sqrt((weight**2).sum() / weight.shape[0]))
    share = float(np.sqrt(np.mean((a * (1 - a)) ** 2)))
    text = shown(slopes, scene)
    assert f"= {short(spread)} × {short(share)} = {short(spread * share)}" in text
    stage = scene.stages[3]
    assert number_after(text, "\nmeasured") == short(stage.factor)
    assert f"weight {short(stage.factors['weight'])} × activation {short(stage.factors['activation'])}" in text


def test_with_a_skip_the_measured_parts_are_the_branchs() -> None:
    scene = scene_of(Experiment(residual="add", activation="relu", depth=5), selected=3)
    stage = scene.stages[2]
    text = shown(slopes, scene)
    assert f"measured {short(stage.factor)} with the skip; branch {short(stage.factors['branch'])} = weight" in text


def test_another_row_is_said_under_an_if_with_the_real_z() -> None:
    scene = scene_of(SIGMOID, selected=4, row="relu")
    z = scene.listed.values["z/4"]
    text = shown(slopes, scene)
    assert text.startswith("if: relu at the z that sigmoid really got")
    assert number_after(text, "of the gradient:") == short(float(np.sqrt((z > 0).mean())))
    assert "if the weights stayed" in text
    assert f"measured, with sigmoid: {short(scene.stages[3].factor)}" in text
    assert "if" not in shown(slopes, scene_of(SIGMOID, selected=4)).split("\n", 1)[0]


def test_choosing_the_networks_own_row_is_no_if() -> None:
    named = shown(slopes, scene_of(SIGMOID, selected=4, row="sigmoid"))
    assert named == shown(slopes, scene_of(SIGMOID, selected=4))


def test_the_predicted_slope_is_that_of_a_normal_z_of_the_same_size() -> None:
    scene = scene_of(Experiment(activation="relu", init="he_normal"), selected=5)
    text = shown(slopes, scene)
    assert "E f′² 0.500 predicted" in text
    assert number_after(text, "E z² =") == short(float(np.mean(scene.listed.values["z/5"] ** 2)))


def test_of_a_gated_cell_the_direct_paths_factor_is_the_gate() -> None:
    scene = scene_of(LSTM, selected=3)
    gate = scene.listed.values["gates/3"][:, 8:16]
    text = shown(slopes, scene)
    assert number_after(text, "direct path: × the gate itself,") == short(float(gate.mean()))
    assert number_after(text, "mean f′") == short(float((gate * (1 - gate)).mean()))
    candidate = scene.listed.values["gates/3"][:, 16:24]
    other = shown(slopes, scene_of(LSTM, selected=3, row="tanh"))
    assert number_after(other, "mean f′") == short(float((1 - candidate**2).mean()))
    assert "if:" not in other


def test_of_a_gate_that_is_what_is_forgotten_the_factor_is_one_less_it() -> None:
    scene = scene_of(LSTM.replace(cell="mgu"), selected=3)
    forget = scene.listed.values["gates/3"][:, :8]
    text = shown(slopes, scene)
    assert number_after(text, "direct path: × 1 − f,") == short(float((1 - forget).mean()))


def test_a_pinned_gate_has_no_say() -> None:
    scene = scene_of(LSTM.replace(pin_forget=1.0), selected=3)
    assert "the gate is pinned at 1, so that its f′ is 0" in shown(slopes, scene)
    for pane in (slopes, lab_rows):
        assert "were the gate free" in pane.title(scene, 100)
    assert "sigmoid of the pinned forget gate" in lab_curve.title(scene, 100)
    # Its candidate is as free as ever.
    free = scene_of(LSTM.replace(pin_forget=1.0), selected=3, row="tanh")
    assert "pinned" not in shown(slopes, free)
    assert "free" not in lab_rows.title(free, 100)


def test_the_learned_slope_is_the_networks_own() -> None:
    scene = scene_of(Experiment(activation="prelu", slope=0.6, depth=3), selected=2)
    off = float((scene.listed.values["z/2"] <= 0).mean())
    assert number_after(shown(slopes, scene), "of the gradient:") == short(float(np.sqrt(1 - off + off * 0.36)))
    # Another network's prelu starts at 0.25.
    other = scene_of(SIGMOID, selected=4, row="prelu")
    off = float((other.listed.values["z/4"] <= 0).mean())
    assert number_after(shown(slopes, other), "of the gradient:") == short(float(np.sqrt(1 - off + off / 16)))


# -- rows --------------------------------------------------------------------------------------------------


def test_the_list_is_what_the_arrows_walk_through() -> None:
    scene = scene_of(SIGMOID, selected=4)
    field, rows = LISTS["lab"]
    assert (field, rows(scene.state)) == ("row", lab_rows.ITEMS)
    lines = shown(lab_rows, scene, height=len(lab_rows.ITEMS)).splitlines()
    assert lines[0].startswith("▸ its own: sigmoid")
    assert [line.split()[0] for line in lines[1:]] == list(ACTIVATIONS.names)


def test_on_the_smallest_usual_screen_the_networks_own_row_and_the_area_under_the_slope_are_named() -> None:
    scene = scene_of(Experiment(activation="relu"), selected=4, view="lab")
    boxes = arrange(scene.state, 80, 24)
    rows, drawn = (
        texts(PANES[name].view(scene, boxes[name].width - 2, boxes[name].height - 2)) for name in ("rows", "curve")
    )
    assert rows[0].startswith("▸ its own: relu ")
    assert not any("(" in line for line in rows)
    assert "░ f′ where 9 of 10 lie" in drawn[0]


@pytest.mark.parametrize("row", ["", "linear", "relu", "softsign", "sin"])
@pytest.mark.parametrize("height", [1, 4, 9, 19, 40])
def test_the_selected_row_is_marked_and_in_sight(row: str, height: int) -> None:
    scene = scene_of(SIGMOID, selected=4, row=row)
    lines = texts(lab_rows.view(scene, 58, height))
    marked = [(y, line) for y, line in enumerate(lines) if line.startswith("▸")]
    assert len(marked) == 1
    y, line = marked[0]
    assert (row or "its own") in line
    assert lab_rows.item_at(scene, y, height) == lab_rows.ITEMS.index(row)


@pytest.mark.parametrize("height", [3, 10, 30])
def test_every_line_of_the_list_is_the_item_that_the_mouse_gets_there(height: int) -> None:
    scene = scene_of(SIGMOID, row="gelu")
    for y, line in enumerate(texts(lab_rows.view(scene, 58, height))):
        item = lab_rows.item_at(scene, y, height)
        if item is None:
            assert not line.strip()
        else:
            assert (lab_rows.ITEMS[item] or "its own") in line
    assert lab_rows.item_at(scene, height, height) is None
    assert lab_rows.item_at(scene, -1, height) is None


def test_the_bars_are_as_long_as_their_numbers() -> None:
    scene = scene_of(SIGMOID, selected=4)
    z = scene.listed.values["z/4"]
    lines = shown(lab_rows, scene, width=120, height=19).splitlines()
    lengths, values = {}, {}
    for line in lines[1:]:
        name = line.split()[0]
        values[name] = float(line.split()[-1])
        lengths[name] = sum("▏▎▍▌▋▊▉█".index(glyph) + 1 for glyph in line if glyph in "▏▎▍▌▋▊▉█")
    assert values["linear"] == 1.0
    assert values["relu"] == pytest.approx(float(np.sqrt((z > 0).mean())), abs=5e-4)
    for name, value in values.items():
        assert lengths[name] == pytest.approx(value * lengths["linear"], abs=2.5)


def test_numbers_stay_where_formulas_and_bars_have_no_room() -> None:
    scene = scene_of(SIGMOID, selected=4)
    wide, narrow = (shown(lab_rows, scene, width, 19).splitlines() for width in (120, 30))
    assert [line.split()[-1] for line in wide] == [line.split()[-1] for line in narrow]
    assert "max(0, z)" in wide[4]
    assert "max" not in narrow[4]


def test_of_very_many_pre_activations_the_list_reads_a_part_and_says_so() -> None:
    scene = scene_of(Experiment(depth=1, width=400, batch=100))
    assert "one z in 3" in lab_rows.title(scene, 80)
    assert "one z in" not in lab_rows.title(scene_of(SIGMOID), 80)
    exact = float(np.sqrt((scene.listed.values["z/1"] > 0).mean()))
    line = next(text_of(line) for line in lab_rows.view(scene, 80, 19) if "relu " in text_of(line))
    assert float(line.split()[-1]) == pytest.approx(exact, abs=0.02)


# -- in words ----------------------------------------------------------------------------------------------


def test_the_lab_in_words_has_the_numbers_of_the_lab() -> None:
    scene = scene_of(SIGMOID, selected=4, unit=2, row="relu")
    z = scene.listed.values["z/4"]
    curve, rows = list(curve_said(scene)), list(rows_said(scene))
    assert curve[0] == "if: relu at the z that sigmoid really got"
    assert f"unit 3: z from {short(float(z[:, 2].min()))} to {short(float(z[:, 2].max()))}" in curve
    assert f"relu, selected: {short(float(np.sqrt((z > 0).mean())))}" in rows
    assert len(rows) == len(ACTIVATIONS)


def test_the_lists_title_says_in_every_width_and_set_of_glyphs_what_the_numbers_are() -> None:
    scene = scene_of(Experiment(depth=4, width=8, batch=8), view="lab")
    for width in range(14, 80):
        for glyph_set in glyphs.GLYPHS:
            glyphs.use(glyph_set)
            try:
                assert re.match("what (each )?f leaves", lab_rows.title(scene, width))
            finally:
                glyphs.use(glyphs.BLOCK)


def test_on_a_large_screen_the_curve_has_the_height_and_the_reading_stands_under_the_list() -> None:
    large, usual = (arrange(scene_of(SIGMOID, view="lab").state, *size) for size in ((200, 50), (120, 36)))
    assert large["curve"].height == large["rows"].height + large["reading"].height
    assert large["reading"].x == large["rows"].x
    assert usual["reading"].x == usual["curve"].x


def test_playback_goes_from_layer_to_layer_in_the_lab() -> None:
    """From the loss on each layer's own pre-activations come up, the last one first."""
    state = replace(scene_of(SIGMOID, view="lab").state, pane="curve", selected=None)
    timeline = timeline_of(SIGMOID)
    state = update(replace(state, step=timeline.arrived), TogglePlay(), timeline)
    seen = []
    while state.playing:
        title = lab_curve.title(scene_with(state), 78)
        seen += [title] if title not in seen else []
        state = update(state, Tick(1), timeline)
    assert seen == [f"f and f′ · sigmoid · layer {layer} · unit 1 of 16" for layer in range(6, 0, -1)]

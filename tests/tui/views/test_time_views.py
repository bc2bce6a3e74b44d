"""The panes over time: one axis, one cursor, columns as high as the logarithm."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.model.state import State
from gradtui.model.timeline import Timeline
from gradtui.text.scale import UP
from gradtui.text.spans import text_of, width_of
from gradtui.views.explore import paths
from gradtui.views.explore.cell import cell_view
from gradtui.views.explore.cells.table import WORDS
from gradtui.views.explore.gates import gates_title, gates_view
from gradtui.views.frame.bar_data import bars_of
from gradtui.views.frame.bars import view as columns
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.timeaxis import MARGIN, RIGHT, TimeAxis
from gradtui_engine import Experiment, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.figures import power_of_ten, short
from tests.engine.helpers import drawn
from tests.tui.helpers import CASES, moments, scene_of, texts, timeline_of, trace_of
from tests.tui.rows import log_length

over_time = pytest.mark.parametrize("name", [name for name, each in CASES.items() if each.resolved.kind.over_time])
gated = pytest.mark.parametrize("name", [name for name, each in CASES.items() if CELLS[each.cell].gates])
axes = given(st.integers(2, 400), st.integers(30, 220))


# -- the axis ------------------------------------------------------------------------------------------


@drawn(300)
@axes
def test_time_runs_from_the_first_stage_to_the_last_and_fits(stages: int, width: int) -> None:
    axis = TimeAxis.of(stages, width)
    assert axis.columns[0] == 0
    assert stages - axis.stride <= axis.columns[-1] <= stages - 1, "the last column has the last stage"
    assert list(axis.columns) == sorted(axis.columns)
    assert MARGIN + len(axis.columns) <= width


@drawn(300)
@axes
def test_columns_stand_for_as_many_stages_each_and_none_is_left_out(stages: int, width: int) -> None:
    axis = TimeAxis.of(stages, width)
    groups = list(range(0, stages, axis.stride))
    counts = [axis.columns.count(stage) for stage in groups]
    assert sum(counts) == len(axis.columns)
    assert min(counts) >= 1
    assert max(counts) - min(counts) <= 1
    # One stage fewer in a column, and they would not fit beside the numbers.
    assert axis.stride == 1 or math.ceil(stages / (axis.stride - 1)) > max(8, width - MARGIN - RIGHT)


def test_64_steps_and_their_start_have_a_column_each_at_80_columns() -> None:
    assert TimeAxis.of(65, 78).columns == tuple(range(65))


@drawn(300)
@axes
def test_a_click_on_a_column_finds_its_stage_and_beside_the_axis_none(stages: int, width: int) -> None:
    axis = TimeAxis.of(stages, width)
    clicked = [axis.stage_at(MARGIN + index) for index in range(len(axis.columns))]
    assert clicked == list(axis.columns)
    assert axis.stage_at(MARGIN - 1) is None
    assert axis.stage_at(MARGIN + len(axis.columns)) is None


@drawn(300)
@axes
def test_every_selection_marks_the_columns_that_have_it(stages: int, width: int) -> None:
    axis = TimeAxis.of(stages, width)
    for selected in {0, stages // 3, stages // 2, stages - 1}:
        first, last = axis.span(selected)
        marked = set(axis.columns[first:last])
        assert marked == {selected // axis.stride * axis.stride}
        assert axis.columns[:first].count(min(marked)) == axis.columns[last:].count(min(marked)) == 0


@drawn(300)
@given(st.integers(2, 400), st.integers(30, 220), st.data())
def test_the_ruler_shows_whole_numbers_each_where_its_stage_is(stages: int, width: int, data: st.DataObject) -> None:
    selected = data.draw(st.integers(0, stages - 1))
    axis = TimeAxis.of(stages, width)
    values = [("∂c 0.0108", "cell")] if data.draw(st.booleans()) else []
    line = axis.ruler(selected, values)
    text = text_of(line)
    assert width_of(line) <= width
    several = f" {axis.stride} a column"
    assert text.endswith(several) == (axis.stride > 1)
    # Under the last column the number stands behind it, where the values have their room.
    whole = text.removesuffix(several) if axis.stride > 1 else text
    text = text[: MARGIN + len(axis.columns)]
    # The mark stands under its column, on either side of what is written there.
    mark = text.index("▴")
    assert axis.columns[mark - MARGIN] == selected // axis.stride * axis.stride
    assert axis.columns[: mark - MARGIN].count(axis.columns[mark - MARGIN]) == 0
    assert re.search(rf"(▴{selected}|(^| ){selected}▴)( |$)", whole) or len(axis.columns) < 2 * len(str(selected)) + 1
    for found in re.finditer(r"(?<![▴.])\b\d+\b(?![▴.])", whole):
        if found.start() >= len(text):
            continue
        stage = int(found.group())
        assert stage in axis.columns
        latest = len(text) - len(found.group())
        assert found.start() == min(MARGIN + axis.columns.index(stage), latest)


def test_rulers_drawn_by_hand() -> None:
    """Five stages in 38 cells: 6 for labels, 12 for numbers, so 4 columns a stage."""
    axis = TimeAxis.of(5, 38)
    assert text_of(axis.ruler(2)) == "    t 0   1   ▴2  3   4   "
    assert text_of(axis.ruler(1, [("∂c 0.5", "")])) == "    t 0   ▴1  ∂c 0.5  4   "
    assert text_of(axis.ruler(4, [("∂c 0.5", "")])) == "    t 0   1   2   3   ▴4  ∂c 0.5"
    assert text_of(TimeAxis.of(100, 38).ruler(42)) == "    t 0    25 ▴42   70  95 5 a column"


# -- gradients as columns ------------------------------------------------------------------------------


def bands(scene: Scene, width: int, height: int) -> dict[str, list[str]]:
    """The lines of ∂c, if the cell has one, and of ∂h, without labels and numbers."""
    size = len(TimeAxis.of(len(scene.stages), width).columns)
    lines = [text[MARGIN : MARGIN + size] for text in texts(columns(scene, width, height))]
    if not scene.listed.program.cells:
        return {"∂h": lines[:-1]}
    rows = (height - 1) // 2
    return {"∂c": lines[:rows], "∂h": lines[-1 - rows : -1]}


def values_of(scene: Scene, band: str) -> list[float]:
    """The numbers that a band shows, stage by stage."""
    return [stage.gradient_norm if band == "∂h" else stage.cell_gradient_norm or 0.0 for stage in scene.stages]


@over_time
@pytest.mark.parametrize("height", [6, 13, 40])
def test_a_columns_height_is_proportional_to_log10_of_the_gradient(name: str, height: int) -> None:
    scene = scene_of(CASES[name])
    low, high = bars_of(scene).scale.low, bars_of(scene).scale.high
    stages = TimeAxis.of(len(scene.stages), 78).columns
    for name_, band in bands(scene, 78, height).items():
        for column, stage in enumerate(stages):
            height_shown = sum(UP.index(line[column]) for line in band if line[column] in UP) / 8
            value = values_of(scene, name_)[stage]
            wanted = log_length(value, low, high, len(band))
            assert height_shown == pytest.approx(wanted, abs=1 / 15)


@over_time
def test_no_column_before_the_gradient_has_arrived_at_its_step(name: str) -> None:
    timeline = timeline_of(CASES[name])
    stages = TimeAxis.of(timeline.stage_count, 78).columns
    for step in moments(timeline).values():
        scene = scene_of(CASES[name], step=step)
        for name_, band in bands(scene, 78, 13).items():
            for column, stage in enumerate(stages):
                glyphs = {line[column] for line in band}
                # dL/dc_t is complete only after step t's own backward pass, one step after dL/dh_t.
                known = timeline.known[step]
                if stage < known + (name_ == "∂c" and known > 0):
                    assert glyphs <= set(" ·─")
                elif values_of(scene, name_)[stage] > 0:
                    assert glyphs & set(UP[1:])


@over_time
def test_the_numbers_of_the_selected_step_stand_at_the_cursor(name: str) -> None:
    count = timeline_of(CASES[name]).stage_count
    for selected in {0, count // 2, count - 1}:
        scene = scene_of(CASES[name], selected=selected)
        stage = scene.stages[selected]
        for width in (58, 78, 110):
            text = texts(columns(scene, width, 12))[-1] + " "
            assert re.search(rf"▴{selected}\s|\s{selected}▴", text)
            assert re.search(rf"∂h {re.escape(short(stage.gradient_norm))}\s", text)
            if stage.cell_gradient_norm is not None:
                assert re.search(rf"∂c {re.escape(short(stage.cell_gradient_norm))}\s", text)


def test_before_it_has_arrived_the_selected_step_has_no_number() -> None:
    text = "\n".join(texts(columns(scene_of(CASES["lstm"], step=0, selected=5), 78, 12)))
    assert "∂c –" in text
    assert "∂h –" in text


@pytest.mark.parametrize("height", [6, 7, 13, 20, 40])
def test_the_line_that_marks_1_is_labelled_1_whatever_the_axis(height: int) -> None:
    """Columns that grow past 1: the reference line lies under the top, and its label beside it."""
    trace = simulate(Experiment(cell="lstm", data="gaussian", steps=30, gain=3.0, seed=1, width=16, batch=8))
    timeline = Timeline.of(trace)
    state = State(trace.experiment, cell=trace.experiment.cell, step=0, loaded=True)
    scene = Scene(trace, timeline, state)
    assert bars_of(scene).scale.high > 0, "this experiment grows past 1"
    lines = texts(columns(scene, 78, height))
    marked = [line[:MARGIN].strip() for line in lines if "──" in line]
    assert marked
    assert set(marked) <= {"1", ""}, (
        f"the line at 1 is labelled {marked}, the axis ends at {bars_of(scene).scale.label}"
    )


@over_time
def test_the_upper_band_is_labelled_with_both_ends_of_the_axis(name: str) -> None:
    scene = scene_of(CASES[name])
    labels = [text[:MARGIN].strip() for text in texts(columns(scene, 78, 20))][
        : 10 if scene.listed.program.cells else 19
    ]
    assert power_of_ten(bars_of(scene).scale.low) in labels
    assert power_of_ten(bars_of(scene).scale.high) in labels


# -- cell state and gates ------------------------------------------------------------------------------


@gated
def test_all_panes_over_time_put_the_cursor_into_the_same_columns(name: str) -> None:
    count = timeline_of(CASES[name]).stage_count
    for selected in {1, count // 2, count - 1}:
        scene = scene_of(CASES[name], selected=selected)
        for width in (58, 78, 110):
            stages = TimeAxis.of(count, width).columns
            here = max(stage for stage in stages if stage <= selected)
            wanted = {MARGIN + column for column, stage in enumerate(stages) if stage == here}
            for line in gates_view(scene, width, len(WORDS[scene.state.cell].gates)):
                start, found = 0, set()
                for text, style in line:
                    if style == "cursor":
                        found |= set(range(start, start + len(text)))
                    start += len(text)
                assert found == wanted


@gated
def test_the_gates_pane_has_a_line_per_gate_with_its_mean_at_the_selected_step(name: str) -> None:
    count = timeline_of(CASES[name]).stage_count
    for selected in {1, count // 2, count - 1}:
        scene = scene_of(CASES[name], selected=selected)
        gates = scene.listed.values[f"gates/{selected}"]
        rows, cell = WORDS[scene.state.cell].gates, CELLS[scene.state.cell]
        size = gates.shape[1] // len(rows)
        for text, gate in zip(texts(gates_view(scene, 140, len(rows))), rows, strict=True):
            block = cell.block(gate.letter)
            mean = float(gates[:, block * size : (block + 1) * size].mean())
            assert re.match(rf"\s+{gate.letter}\s.* +{re.escape(short(mean))}( {gate.meaning[0]}|\s*$)", text)


def test_the_gates_are_in_pytorchs_order_of_blocks() -> None:
    letters = {name: "".join(gate.letter for gate in CELLS[name].gates) for name in ("lstm", "gru")}
    assert letters == {"lstm": "ifgo", "gru": "rzn"}


def test_every_cell_over_time_has_its_words_and_each_of_its_gates_has_some() -> None:
    assert WORDS.keys() == {name for name, cell in CELLS.items() if cell.over_time}
    for name, words in WORDS.items():
        assert sorted(gate.letter for gate in words.gates) == sorted(gate.letter for gate in CELLS[name].gates)


@gated
def test_a_gates_meaning_is_whole_or_left_out(name: str) -> None:
    for width in (58, 78, 110, 198):
        assert "…" not in "".join(texts(gates_view(scene_of(CASES[name]), width, 4)))


def test_a_gate_that_is_wide_open_fills_its_cell_and_a_shut_one_hardly_shows() -> None:
    scene = scene_of(Experiment(cell="lstm", forget_bias=1000.0, data="digits-rows"), selected=4)
    forget = texts(gates_view(scene, 110, 4))[0][MARGIN:]
    assert set(forget.split()[0]) == {"█"}
    shut = scene_of(Experiment(cell="lstm", forget_bias=-1000.0, data="digits-rows"), selected=4)
    assert set(texts(gates_view(shut, 110, 4))[0][MARGIN:].split()[0]) == {"▁"}


@pytest.mark.parametrize(("height", "each"), [(65, 1), (80, 1), (33, 2), (40, 2), (18, 4), (11, 8), (2, 64)])
def test_all_units_are_shown_at_every_height_one_two_or_more_in_a_line(height: int, each: int) -> None:
    lines = texts(cell_view(scene_of(CASES["lstm"], unit=0), 110, height))
    labels = [line[:MARGIN].strip("▸ ") for line in lines[: 64 // each]]
    assert labels == [str(first) for first in range(1, 65, each)]
    foot = next(line for line in lines[64 // each :] if line.strip())
    assert "64 units" in foot
    assert (f"{each} in a line: the largest of {each // 2} above, of {each // 2} below" in foot) == (each > 2)
    if height > 64 // each + 1:
        assert not lines[64 // each].strip(), "the key is no line of the map"


def _dots(glyph: str, half: int) -> int:
    """How many dots of a half (0 the upper one) of a braille cell are set."""
    bits = ord(glyph) - 0x2800 if glyph != " " else 0
    return sum(bool(bits & bit) for bit in ((0x01, 0x08, 0x02, 0x10), (0x04, 0x20, 0x40, 0x80))[half])


@pytest.mark.parametrize("height", [33, 18])
def test_half_a_line_has_the_more_dots_the_larger_c_is(height: int) -> None:
    """Of each group of units the largest |c| of sample 1, in four steps up to the 98th percentile."""
    c = np.stack([trace_of(CASES["lstm"]).values[f"c/{time}"][0] for time in range(65)])
    bound = max(map(abs, np.percentile(c, (2, 98)).tolist()))
    lines = texts(cell_view(scene_of(CASES["lstm"]), 110, height))
    stages = TimeAxis.of(65, 110).columns
    each = 1 if height == 33 else 2
    for group in range(64 // each):
        line = lines[group // 2][MARGIN:]
        for column, stage in enumerate(stages):
            largest = float(np.abs(c[stage, group * each : (group + 1) * each]).max())
            step = min(8, int(largest / bound * 9))
            assert _dots(line[column], group % 2) == (step + 1) * 4 // 9


@pytest.mark.parametrize("name", ["lstm", "gru", "mgu", "mingru"])
def test_a_gate_in_several_lines_is_as_high_as_its_mean(name: str) -> None:
    scene = scene_of(CASES[name], selected=2)
    cell = CELLS[CASES[name].cell]
    rows, size = WORDS[CASES[name].cell].gates, CASES[name].width
    lines = texts(gates_view(scene, 120, 4 * len(rows)))
    column = MARGIN + TimeAxis.of(len(scene.stages), 120).columns.index(5)
    gates = scene.listed.values["gates/5"].astype(float)
    for place, gate in enumerate(rows):
        band = lines[4 * place : 4 * place + 4]
        assert band[0].split()[:2] == [gate.letter, "1"]
        block = cell.block(gate.letter)
        mean = float(gates[:, block * size : (block + 1) * size].mean())
        signed = cell.gates[block].signed
        assert band[3].split()[0] == ("-1" if signed else "0")
        if signed:
            # From the middle line: half of the band is 1.
            up, down = (sum(_filled(line[column]) for line in half) for half in (band[:2], band[2:]))
            assert up == pytest.approx(max(mean * 2, 1 / 8), abs=1 / 15)
            assert down == pytest.approx(max(-mean * 2, 0.0), abs=1 / 4)
            continue
        height = sum(UP.index(line[column]) for line in band) / 8
        assert height == pytest.approx(mean * 4, abs=1 / 15)


def _filled(glyph: str) -> float:
    return 0.5 if glyph == "▀" else UP.index(glyph) / 8


def test_a_candidate_of_nearly_0_is_a_line_in_the_middle_and_the_title_says_that_it_has_a_sign() -> None:
    """From −1 it would be a bar half full, as a gate of ½ is."""
    scene = scene_of(Experiment(cell="lstm", data="digits-pixels"), selected=1)
    lines = texts(gates_view(scene, 110, 8))
    assert set(lines[6][MARGIN:].split()[0]) == {"▁"}
    assert lines[7].split() == ["-1"]
    assert "g candidate −1 … 1" in gates_title(scene, 110)


@pytest.mark.parametrize("height", [2, 5, 11, 70])
def test_the_selected_unit_is_in_sight_and_marked_with_its_c_at_the_selected_step(height: int) -> None:
    trace = trace_of(CASES["lstm"])
    for unit in (0, 3, 40, 63):
        lines = texts(cell_view(scene_of(CASES["lstm"], selected=9, unit=unit), 110, height))
        (marked,) = (line for line in lines if "▸" in line)
        assert marked[:MARGIN].strip() == f"▸{unit + 1}"
        assert f"  c {short(float(trace.values['c/9'][0, unit]))} " in marked


@pytest.mark.parametrize("name", [name for name, each in CASES.items() if each.cell == "lstm"])
def test_a_units_two_paths_add_up_to_its_cell_state(name: str) -> None:
    trace = trace_of(CASES[name])
    size, count = CASES[name].width, len(trace.stages)
    for time, unit in {(1, 0), (count // 2, size // 2), (count - 1, size - 1)} - {(0, 0)}:
        i, f, g, _ = np.split(trace.values[f"gates/{time}"][0].astype(float), 4)
        before, after = (float(trace.values[f"c/{at}"][0, unit]) for at in (time - 1, time))
        first, second, *_ = texts(paths.view(scene_of(CASES[name], selected=time, unit=unit), 78, 5))
        kept, written = f[unit] * before, i[unit] * g[unit]
        assert first.startswith(f"c {short(after)} = f·c {short(kept)} + i·g {short(written)}")
        if math.isfinite(kept + written):
            assert kept + written == pytest.approx(after, rel=1e-5, abs=1e-30)
        factors = trace.stages[time - 1].factors
        if factors["direct"] is None:  # 0/0: where the cell is saturated no gradient is left
            assert "its parts are not known: no gradient arrives at the next stage" in second
            continue
        assert f"direct ×{short(factors['direct'])} " in second
        assert f"gates ×{short(factors['gates'])} " in second


def test_a_cell_state_that_remembers_keeps_its_shade() -> None:
    """Without input (i = 0 would be the same) nothing changes c: the initial 0 stays empty."""
    scene = scene_of(Experiment(cell="lstm", init="zeros", data="digits-rows"), selected=8)
    for line in texts(cell_view(scene, 78, 5))[:4]:
        assert set(line[MARGIN : MARGIN + 9 * 6]) == {" "}

"""The bars as rows: one per stage on one axis, its number beside it, nothing before it has been computed."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest

from gradtui.model.names import OF_TOKENS, QUANTITIES
from gradtui.model.state import State
from gradtui.model.timeline import Timeline
from gradtui.text import glyphs, language
from gradtui.text.scale import ACROSS
from gradtui.views.frame.bar_data import bars_of
from gradtui.views.frame.bars import stage_at, title, view
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.timeaxis import MARGIN, TimeAxis
from gradtui_engine import Experiment, Network, Run, build
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.figures import short
from tests.tui.helpers import CASES, cut_numbers, moments, scene_of, texts, timeline_of, trace_of
from tests.tui.rows import body, log_length, parts, row_of

#: With one gradient per stage, and with two: ∂L/∂c and ∂L/∂h.
ONE, TWO = ([name for name in CASES if CELLS[CASES[name].cell].has_cell_state == two] for two in (False, True))

one_bar = pytest.mark.parametrize("name", ONE)
two_bars = pytest.mark.parametrize("name", TWO)


def bar(text: str) -> float:
    """Length of a bar in cells, without the reference line."""
    text = text.split("│")[0].rstrip()
    return sum(1.0 if glyph == "█" else ACROSS.index(glyph) / 8 for glyph in text)


@one_bar
@pytest.mark.parametrize("width", [23, 34, 70])
def test_beside_each_bar_stands_its_number(name: str, width: int) -> None:
    scene = scene_of(CASES[name], rows=True)
    for stage, (_, text) in parts(scene, width, 40).items():
        assert text.split()[0] == short(scene.stages[stage].gradient_norm)


@one_bar
def test_with_room_the_factor_stands_beside_the_number(name: str) -> None:
    """Of several stages the product of theirs; a dash where nothing arrives that could be multiplied."""
    scene = scene_of(CASES[name], rows=True)
    last, broken = len(scene.stages) - 1, scene.record.outcome.kind == "non_finite"
    for text in body(scene, 70, 40):
        row, _ = row_of(text)
        factors = [scene.stages[stage].factor for stage in row.stages if stage < last]
        known = [factor for factor in factors if factor is not None and (broken or not math.isnan(factor))]
        wanted = [f"×{short(math.prod(known))}" if known else "–"] if factors else []
        assert parts(scene, 70, 40)[row.low][1].split()[1:] == wanted


@one_bar
def test_a_bars_length_is_proportional_to_log10_of_the_gradient(name: str) -> None:
    """From 1e-low, the left end of the axis, to the right end: to an eighth of a cell."""
    scene = scene_of(CASES[name], rows=True)
    low, high = bars_of(scene).scale.low, bars_of(scene).scale.high
    for width in (34, 70):
        for stage, (text, _) in parts(scene, width, 40).items():
            value = scene.stages[stage].gradient_norm
            if value > 0 and math.isfinite(value):
                wanted = log_length(value, low, high, len(text))
                assert bar(text) == pytest.approx(wanted, abs=1 / 15)
            else:
                assert bar(text) == 0


@one_bar
def test_the_reference_line_stands_in_one_column_wherever_no_bar_covers_it(name: str) -> None:
    scene = scene_of(CASES[name], rows=True)
    for step in moments(timeline_of(CASES[name])).values():
        bars = [text for text, _ in parts(scene_of(CASES[name], step=step, rows=True), 70, 40).values()]
        room = len(bars[0])
        mark = min(
            room - 1,
            math.floor(room * -bars_of(scene).scale.low / (bars_of(scene).scale.high - bars_of(scene).scale.low)),
        )
        for text in bars:
            assert text[mark] == "│" or bar(text) > mark
            assert text.count("│") <= 1


@pytest.mark.parametrize("name", CASES)
def test_no_bar_and_no_number_before_the_gradient_has_arrived(name: str) -> None:
    timeline = timeline_of(CASES[name])
    for step in moments(timeline).values():
        scene = scene_of(CASES[name], step=step, rows=True)
        for text in body(scene, 78, 60):
            row, label = row_of(text)
            behind = text[label:]
            if row.low < timeline.known[step]:
                assert set(behind) <= set(" ·│▀"), text
            else:
                assert any(each.isalnum() for each in behind), text


def test_during_playback_the_bars_fill_from_the_output_down() -> None:
    timeline = timeline_of(CASES["mlp"])
    for step in range(timeline.loss, timeline.last):
        bars = parts(scene_of(CASES["mlp"], step=step), 70, 40)
        filled = [stage for stage, (_, text) in bars.items() if text.strip()]
        assert filled == list(range(30, timeline.known[step] - 1, -1))


def test_the_axis_stays_the_same_during_playback() -> None:
    timeline = timeline_of(CASES["growing"])
    assert len({bars_of(scene_of(CASES["growing"], step=step)).scale for step in range(timeline.last)}) == 1


# -- which stages get a row ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mlp", "1000 layers", "300 steps"])
@pytest.mark.parametrize("height", [4, 12, 18, 40])
def test_the_rows_stay_the_same_while_the_cursor_and_the_selection_move(name: str, height: int) -> None:
    timeline = timeline_of(CASES[name])
    labels = {
        tuple(row_of(text)[0] for text in body(scene_of(CASES[name], rows=True, **fields), 78, height))
        for fields in (
            {"step": timeline.loss},
            {"selected": 0},
            {"selected": 1},
            {"selected": timeline.stage_count - 1},
        )
    }
    assert len(labels) == 1


@pytest.mark.parametrize("height", [4, 5, 12, 18, 40])
def test_a_number_times_the_next_rows_factor_is_the_next_number(height: int) -> None:
    """As a calculator has it: of two digits a number is up to 5 % beside, of three a factor up to half a percent."""
    numbers = [text.split() for _, text in parts(scene_of(CASES["mlp"], rows=True), 78, height).values()]
    for (above, *_), (below, factor) in itertools.pairwise(numbers):
        assert float(above) * float(factor.removeprefix("×")) == pytest.approx(float(below), rel=0.11)


def test_the_line_over_the_bars_says_how_many_stages_a_row_has() -> None:
    for name, height, said in (("mlp", 14, "3 layers a row: what is left after them"), ("mlp", 40, "  "),
                               ("lstm", 20, "4 steps a row")):  # fmt: skip
        assert said in texts(view(scene_of(CASES[name], rows=True), 90, height))[0]
    assert "a row" not in texts(view(scene_of(CASES["mlp"], rows=True), 90, 40))[0]


def test_two_stages_in_a_row_are_half_bars_each_as_long_as_its_own_number() -> None:
    """Layers 30 and 29 in one row: ▀ is the upper one alone, ▄ the lower, █ both."""
    scene = scene_of(CASES["mlp"], rows=True)
    low, high = bars_of(scene).scale.low, bars_of(scene).scale.high
    rows = [row_of(text)[0] for text in body(scene, 78, 20)]
    assert [len(row.stages) for row in rows] == [2] * 15 + [1]
    for row, (text, _) in zip(rows[:-1], parts(scene, 78, 20).values(), strict=False):
        for stage, half in ((row.high, "▀"), (row.low, "▄")):
            length = sum(glyph in (half, "█") for glyph in text)
            assert length == pytest.approx(
                log_length(scene.stages[stage].gradient_norm, low, high, len(text)), abs=0.5 + 1 / 16
            )


def test_of_two_stages_in_a_row_the_upper_one_is_drawn_before_the_lower_one_is_known() -> None:
    timeline = timeline_of(CASES["mlp"])
    step = next(step for step in range(timeline.last) if timeline.known[step] == 28)
    lines = body(scene_of(CASES["mlp"], rows=True, step=step), 78, 20)
    assert set(lines[1][8:50]) >= {"▀"}
    assert "█" not in lines[1]
    assert not any(glyph.isalnum() for glyph in lines[1][8:]), "its number is that of the lower one"


@pytest.mark.parametrize(("height", "tall"), [(9, 1), (13, 2), (20, 3), (26, 4), (60, 4)])
def test_where_there_are_more_lines_than_stages_a_row_is_tall_with_air_under_it(height: int, tall: int) -> None:
    """Six stages: the bar goes on in every line of its row, and the last one is half of it, ▀."""
    scene = scene_of(Experiment(depth=5, width=8, batch=4), selected=2)
    lines = texts(view(scene, 70, height))[1:]
    starts = [y for y, line in enumerate(lines) if line[:5].strip(" ▸")]
    assert starts == [tall * place for place in range(6)]
    for start in starts[:-1]:
        bars = [line[5:35].split("│")[0].rstrip() for line in lines[start : start + tall]]
        assert all(bar.strip("▏▎▍▌▋▊▉█") == "" for bar in bars[:-1])
        assert len(set(bars[: max(1, tall - 1)])) == 1
        if tall > 1:
            assert set(bars[-1]) <= {"▀", " "}
            assert abs(len(bars[-1]) - len(bars[0])) <= 1


@pytest.mark.parametrize("name", CASES)
def test_one_row_is_marked_and_it_is_the_selected_stages(name: str) -> None:
    count = timeline_of(CASES[name]).stage_count
    for selected in {0, count // 3, count - 1}:
        scene = scene_of(CASES[name], selected=selected, rows=True)
        marked = [text for text in body(scene, 78, 18) if "▸" in text]
        assert len(marked) == 1
        assert selected in row_of(marked[0])[0]


@pytest.mark.parametrize("tongue", language.LANGUAGES)
def test_the_names_of_the_columns_are_whole_in_every_language(tongue: str) -> None:
    with language.speaking(tongue):
        head = texts(view(scene_of(CASES["mlp"]), 70, 40))[0]
        assert "…" not in head
        assert head.rstrip().endswith(language.tr("factor"))


# -- over time, turned into rows -----------------------------------------------------------------------


@two_bars
def test_turned_over_time_has_a_number_for_c_and_one_for_h(name: str) -> None:
    scene = scene_of(CASES[name], rows=True)
    for width in (58, 78, 110):
        for text in body(scene, width, 12):
            stage = scene.stages[row_of(text)[0].low]
            numbers = [word for word in text.replace("▸", " ").split()[1:] if not set(word) <= set(ACROSS + "│▀▄")]
            assert numbers == [short(stage.cell_gradient_norm), short(stage.gradient_norm)]


def test_the_title_names_the_two_bars_of_a_row_in_their_order() -> None:
    """The left bar is ∂L/∂c, the right one ∂L/∂h: nothing else on the screen says so."""
    text = title(scene_of(CASES["lstm"], rows=True), 100)
    assert text.index("∂L/∂c") < text.index("∂L/∂h")


# -- the names of the columns --------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [name for name in QUANTITIES if name not in OF_TOKENS])
@pytest.mark.parametrize("name", ["mlp", "lstm"])
def test_from_8_rows_on_the_columns_of_numbers_have_their_names_on_top(name: str, quantity: str) -> None:
    # Zeros are counted in 16 bits alone.
    experiment = CASES[name].replace(dtype="float16") if quantity == "zeros" else CASES[name]
    scene = scene_of(experiment, quantity=quantity, rows=True)
    if quantity == "update" and scene.over_time:
        return
    for width in (34, 58, 70, 110):
        head, *rows = texts(view(scene, width, 8))
        for series in bars_of(scene).series:
            # The name ends where the numbers end.
            end = head.index(series.symbol) + len(series.symbol)
            assert all(text[end : end + 1] in ("", " ") and text[end - 1] != " " for text in rows), f"{width}: {head!r}"
        assert not any(
            series.symbol in text for series in bars_of(scene).series for text in texts(view(scene, width, 7))
        )


def test_the_column_of_factors_is_named_where_there_is_one() -> None:
    for width, named in ((40, False), (70, True)):
        assert texts(view(scene_of(CASES["mlp"]), width, 20))[0].rstrip().endswith("factor") == named


# -- the mouse -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("height", [3, 7, 8, 18, 40])
@pytest.mark.parametrize("name", ["mlp", "1000 layers", "one layer"])
def test_a_click_finds_the_stage_of_the_row_that_was_hit(name: str, height: int) -> None:
    scene = scene_of(CASES[name], selected=1)
    labelled = set(body(scene, 70, height))
    stage = None
    for y, text in enumerate(texts(view(scene, 70, height))):
        # A tall row has its label in the first of its lines.
        stage = row_of(text)[0].low if text in labelled else stage if text.strip() else None
        assert stage_at(scene, 70, height, 20, y) == stage


# -- drawn by hand -------------------------------------------------------------------------------------


def tenfold() -> Network:
    """Three linear layers of W = I/10, and a target such that ‖∂L/∂h₃‖ = 0.5: then 0.05, 0.005, 0.0005 below."""
    network = build(Experiment(depth=3, width=4, activation="linear", data="gaussian", inputs=4, batch=2))
    parameters = {name: np.zeros_like(array) for name, array in network.parameters.items()}
    for layer in (1, 2, 3):
        parameters[f"layers.{layer}.weight"] = np.eye(4) / 10
    parameters["output.weight"] = np.array([[1.0, 0.0, 0.0, 0.0]])
    output = Network(network.experiment, network.program, parameters, network.batch).run().values["output"]
    # ∂L/∂o = 2 (o − target) / 2 samples: 0.3 and −0.4 have norm 0.5.
    batch = dataclasses.replace(network.batch, target=output - np.array([[0.3], [-0.4]]))
    return Network(network.experiment, network.program, parameters, batch)


def test_a_tenfold_decay_drawn_by_hand() -> None:
    """The axis goes from 1e-4 to 1, which is in the middle of the last of 16 cells: 3.875 cells to a decade.

    log10 0.5 = −0.301, so 14.3 cells and 3.875 less a layer.
    """
    network = tenfold()
    trace = Run.of(network.run())
    timeline = Timeline.of(trace)
    state = State(network.experiment, step=timeline.arrived, loaded=True)
    assert texts(view(Scene(trace, timeline, state), 30, 4)) == [
        "   3 ██████████████▍│    0.500",
        "   2 ██████████▌    │   0.0500",
        "▸  1 ██████▋        │   5.0e-3",
        "   0 ██▊            │   5.0e-4",
    ]
    waiting = dataclasses.replace(state, step=timeline.loss + 3)
    assert texts(view(Scene(trace, timeline, waiting), 30, 4)) == [
        "▸  3 ██████████████▍│    0.500",
        "   2 ·              │         ",
        "   1 ·              │         ",
        "   0 ·              │         ",
    ]


def test_a_factor_of_nothing_is_a_dash() -> None:
    """0/0 is no fault of the network: nan is for numbers that broke."""
    for quantity in ("gradient", "factor"):
        scene = scene_of(Experiment(depth=1000, width=8), rows=True, quantity=quantity)
        assert math.isnan(scene.stages[0].factor or 0.0)
        assert parts(scene, 70, 12)[0][1].split()[-1] == "–"


@pytest.mark.parametrize("step", ["loss", "half way"])
def test_a_time_step_that_is_still_to_come_has_a_dot_below_and_the_line_of_1_above(step: str) -> None:
    experiment = CASES["rnn"]
    scene = scene_of(experiment, step=moments(timeline_of(experiment))[step])
    lines = texts(view(scene, 100, 12))
    coming = [index for index, stage in enumerate(TimeAxis.of(len(scene.stages), 100).columns) if stage < scene.known]
    mark = next(line for line in lines if line[:MARGIN].strip() == "1")
    assert len(coming) > 3
    assert {lines[-2][MARGIN + index] for index in coming} == {"·"}
    assert {mark[MARGIN + index] for index in coming} == {"─"}


def test_the_number_at_the_cursor_over_time_is_whole() -> None:
    experiment = CASES["300 steps"]
    for code in ("en", "zh"):
        language.use(code)
        try:
            for quantity in QUANTITIES:
                for stage in (0, 1, 150, 300):
                    scene = scene_of(experiment, quantity=quantity, selected=stage)
                    for width in (60, 80, 120):
                        text = "\n".join(texts(view(scene, width, 12)))
                        assert not cut_numbers(text), text
                        assert "…" not in text, text
        finally:
            language.use("en")


def test_the_smallest_gradients_stand_at_the_cursor_and_leave_the_axis_where_it_is() -> None:
    """∂h 1.1e-310 and its axis' 1e-324 are the longest that there are."""
    experiment = Experiment(cell="rnn", gain=1e-3, steps=300, data="gaussian", width=4, batch=2)
    norms = [stage.gradient_norm for stage in trace_of(experiment).stages]
    stage = next(index for index, each in enumerate(norms) if 0 < each < 1e-100)
    lines = texts(view(scene_of(experiment, selected=stage), 80, 12))
    assert f"∂h {short(norms[stage])} " in lines[-1]
    assert "…" not in "".join(lines)
    assert {len(line) for line in lines} == {80}
    (lowest,) = (line for line in lines if line.strip().startswith("1e-3"))
    assert lowest[MARGIN - 1 :].lstrip("0123456789")[:1] in "·▁▂▃▄▅▆▇█ "


def test_the_mark_of_the_reference_is_named_as_it_is_drawn() -> None:
    lstm = Experiment(cell="lstm", data="gaussian", steps=6, width=8, batch=8)
    for rows, mark in ((False, "─"), (True, "│")):
        scene = scene_of(lstm, rows=rows, quantity="factor")
        assert title(scene, 300).endswith(f"{mark} marks 1")
        drawn = [span for line in view(scene, 80, 16) for span in line if span[1] == "reference"]
        assert any(mark in text for text, _ in drawn)


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        (CASES["lstm"], "‖∂L/∂c‖ falls to the left: healthy"),
        (CASES["rnn"], "‖∂L/∂h‖ falls to the left: vanishing"),
        (CASES["lstm"].replace(forget_bias=5.0), "‖∂L/∂c‖ rises to the left: healthy"),
    ],
)
def test_over_time_the_title_says_that_the_bars_fall_and_whether_that_is_good(
    experiment: Experiment, said: str
) -> None:
    scene = scene_of(experiment)
    assert scene.record.outcome.signal.kind == said.rpartition(" ")[2]
    for width in (68, 110, 200):
        assert title(scene, width).endswith(said)
        assert " to the left" not in title(scene_of(experiment, rows=True), width), "rows have no left end"


def test_where_the_axis_has_no_room_the_title_still_says_what_is_drawn() -> None:
    """In ASCII the ellipsis is three cells, and "gradient" was left out for the axis."""
    with glyphs.drawing("ascii"):
        assert title(scene_of(CASES["mlp"]), 22).startswith("gradient")

"""Compare: A and B on one scale under one cursor, in every order; clicks on both. The words: `test_difference`."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest

from gradtui.model.changes import differences, other
from gradtui.model.names import QUANTITIES
from gradtui.model.needs import Failed, Simulation
from gradtui.model.state import State
from gradtui.text.scale import LogScale
from gradtui.text.summary import describe
from gradtui.views.arrangement import arrange
from gradtui.views.catalogue import PANES as TABLE
from gradtui.views.compare.pictures import stage_at
from gradtui.views.compare.sides import sides
from gradtui.views.frame import bars
from gradtui.views.frame.bar_data import bars_of, own_scale
from gradtui_engine import Experiment
from gradtui_engine.core.figures import short
from tests.examples import in_one
from tests.tui.helpers import SIZES, assert_page, cut_numbers, texts, timeline_of, trace_of
from tests.tui.pairs import LSTM, PAIRS, RNN, A, compared, pairs, text

PANES = ("side_a", "side_b", "both", "difference")


# -- one scale, one cursor -----------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", QUANTITIES)
@pairs
def test_a_and_b_share_one_scale_that_holds_both(name: str, quantity: str) -> None:
    scene = compared(*PAIRS[name], quantity=quantity)
    a, b = sides(scene)
    assert b is not None
    assert bars_of(a).scale == bars_of(b).scale
    swapped = dataclasses.replace(b, state=scene.state, given_scale=None)
    assert own_scale(scene, swapped) == own_scale(swapped, scene)


def test_one_bar_is_as_much_longer_than_the_other_as_its_value_says() -> None:
    """Stage 1 of B has the longer bar: on a scale of its own each would fill the same width."""
    scene = compared(A, (("activation", "relu"),))

    def bar(pane: str) -> int:
        line = next(each for each in text(scene, pane).splitlines() if re.match(r"[▸ ]*1 ", each))
        return line.count("█")

    assert bar("side_a") < bar("side_b")


@pairs
def test_the_cursor_of_b_stands_in_the_same_phase_and_its_gradient_has_come_as_far(name: str) -> None:
    a, changes = PAIRS[name]
    b = other(a, changes)
    assert b is not None
    mine, theirs = timeline_of(a), timeline_of(b)
    scene = compared(a, changes)
    for step in range(mine.last + 1):
        moved = dataclasses.replace(scene, state=dataclasses.replace(scene.state, step=step))
        assert moved.other is not None
        there = moved.other.state.step
        if mine.phases[step] in theirs.phases:
            assert theirs.phases[there] == mine.phases[step]
        if mine.phases[step] == "backward":
            lowest = min(known for known in theirs.known if known >= min(mine.known[step], theirs.stage_count))
            assert theirs.known[there] == lowest, "as far as A's, or the nearest place before"


@pairs
def test_going_on_and_back_the_cursor_of_b_never_turns_round(name: str) -> None:
    a, changes = PAIRS[name]
    b = other(a, changes)
    assert b is not None
    mine, theirs = timeline_of(a), timeline_of(b)
    there = [theirs.locate(mine, step) for step in range(mine.last + 1)]
    assert there == sorted(there)
    assert (there[0] <= theirs.loss, there[mine.arrived]) == (True, theirs.arrived)


def test_a_scale_that_is_held_is_said_in_every_order() -> None:
    for fields in ({}, {"interleaved": True}):
        scene = compared(*PAIRS["relu"], lock=LogScale(-9, 2), **fields)
        for pane in ("both",) if fields else ("side_a", "side_b"):
            assert "log 1e-9 … 1e2 · scale locked" in TABLE[pane].title(scene, 80)


@in_one("width", range(8, 130, 3))
@pairs
def test_the_titles_of_a_and_b_say_as_much_as_each_other(name: str, width: int) -> None:
    scene = compared(*PAIRS[name])
    one, two = (TABLE[pane].title(scene, width) for pane in ("side_a", "side_b"))
    assert one.count(" · log ") == two.count(" · log ")
    assert (len(one) > 1) == (len(two) > 1)
    assert scene.other is not None
    described = [describe(trace.resolved, 1).rpartition(" · ")[0] for trace in (scene.record, scene.other.record)]
    assert (described[0] in one) == (described[1] in two)


@pytest.mark.parametrize("size", [(60, 16), *SIZES])
@pytest.mark.parametrize(("name", "symbols"), [("lstm", ("∂h", "∂c")), ("rnn", ("∂c", "∂h")), ("gates", ("∂c", "∂c"))])
def test_over_time_a_and_b_have_strips_of_one_height_on_one_axis_each_with_its_ends_labelled(
    name: str, symbols: tuple[str, str], size: tuple[int, int]
) -> None:
    """Of an RNN beside an LSTM one strip each, of what its verdict follows; of two LSTMs two strips each."""
    scene = compared(*({**PAIRS, "gates": (LSTM, (("forget_bias", 4.0),))}[name]))
    found = []
    for pane, symbol in zip(("side_a", "side_b"), symbols, strict=True):
        box = arrange(scene.state, *size).get(pane)
        assert box is not None
        lines = texts(TABLE[pane].view(scene, box.width - 2, box.height - 2))[:-1]
        named = [line for line in lines if re.search(r"∂[ch]|∂L/∂[ch]", line)]
        assert len(named) == (2 if name == "gates" else 1)
        assert re.search(rf"{symbol}|{symbol.replace('∂', '∂L/∂')}", named[0])
        found.append([line[:5].strip() for line in lines])
    # The ends of the axis stand in the same rows on both sides; 1 keeps its own where it lies in the first or last.
    assert found[0] == found[1]
    rows = len(found[0]) // (2 if name == "gates" else 1)
    ends = bars_of(sides(scene)[0]).scale.ends
    assert found[0][0] in ("1", ends[1])
    assert rows < 2 or found[0][rows - 1] in ("1", ends[0])


@pytest.mark.parametrize("interleaved", [False, True])
def test_each_on_an_axis_of_its_own_the_title_says_so_and_the_scales_are_those_of_the_records(
    interleaved: bool,
) -> None:
    scene = compared(A, (("depth", 60),), own_axes=True, interleaved=interleaved)
    a, b = sides(scene)
    assert b is not None
    assert bars_of(a).scale == own_scale(a) != bars_of(b).scale == own_scale(b)
    for pane in ("both",) if interleaved else ("side_a", "side_b"):
        assert "own axis: log 1e-" in TABLE[pane].title(scene, 76)
    assert "Each on an axis of its own: their lengths cannot be compared. Y: one axis" in text(scene, "difference")


def test_a_story_that_is_a_sliver_of_the_shared_axis_is_said_and_a_flat_one_is_not() -> None:
    """Of 6 layers the gradient falls by 1e-4 or so, of 60 by 1e-37; a cured one is flat, which is its story."""
    said = re.search(
        r"All of A is 1/(\d+) of this axis\. Y: own axes", text(compared(A, (("depth", 60),)), "difference")
    )
    assert said is not None
    norms = [stage.gradient_norm for stage in trace_of(A).stages]
    axis = bars_of(sides(compared(A, (("depth", 60),)))[0]).scale
    assert int(said[1]) == round((axis.high - axis.low) / math.log10(max(norms) / min(norms)))
    cured = Experiment(activation="relu", init="he_normal")
    for a, changes in ((Experiment(), differences(Experiment(), cured)), (A, (("activation", "relu"),))):
        assert "All of" not in text(compared(a, changes), "difference")


# -- no B ----------------------------------------------------------------------------------------------


def test_without_changes_the_keys_of_the_cures_are_pointed_out() -> None:
    scene = compared(A)
    assert text(scene, "side_b").startswith("B is A so far.")
    assert text(scene, "both") == text(scene, "side_a"), "A alone"
    assert "cures off: activation [A]" in text(scene, "difference")


def test_a_b_that_is_on_its_way_impossible_or_too_large_is_told_apart() -> None:
    changes = (("norm", "batch"),)
    scene = compared(A, changes)
    pending = dataclasses.replace(scene, results={})
    assert text(pending, "side_b") == "computing …"
    assert "computing …" in text(pending, "difference")
    b = other(A, changes)
    assert b is not None
    failed = dataclasses.replace(scene, results={Simulation(b): Failed("too large, says the engine")})
    assert text(failed, "side_b") == "too large, says the engine"
    impossible = compared(A.replace(batch=1), changes)
    assert text(impossible, "side_b").startswith("B is not possible")


# -- rows and clicks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["relu", "deeper", "less deep"])
def test_interleaved_each_stage_has_a_row_of_a_above_one_of_b(name: str) -> None:
    a, changes = PAIRS[name]
    b = other(a, changes)
    assert b is not None
    rows = text(compared(a, changes, interleaved=True), "both", height=30).splitlines()
    assert [re.sub(r"^[▸ ]*\d* *", "", row)[0] for row in rows] == ["A", "B"] * (len(rows) // 2)
    numbers = [int(row.lstrip("▸ ").split()[0]) for row in rows[::2]]
    assert numbers == list(range(min(len(trace_of(a).stages), len(trace_of(b).stages)) - 1, -1, -1))
    for number, one, two in zip(numbers, rows[::2], rows[1::2], strict=True):
        assert f" {short(trace_of(a).stages[number].gradient_norm)}" in one
        assert f" {short(trace_of(b).stages[number].gradient_norm)}" in two
    assert sum(row.startswith("▸") for row in rows) == 1


@pytest.mark.parametrize("pane", ["side_a", "side_b", "both"])
@pytest.mark.parametrize("height", [5, 12, 30])
@pytest.mark.parametrize("name", ["relu", "deeper", "less deep"])
def test_a_click_on_a_row_finds_the_stage_that_is_written_there(name: str, pane: str, height: int) -> None:
    scene = compared(*PAIRS[name], interleaved=pane == "both")
    lines = texts(TABLE[pane].view(scene, 60, height))
    number = -1
    for y, line in enumerate(lines):
        # Of several stages the lowest one, where the value stands.
        found = re.match(r"[▸ ]*(?:\d+–)?(\d+) (?!layers a row)", line)
        # The bar of a tall row goes on below it; B's row stands under A's.
        goes_on = re.match(r" +(B |[▏▎▍▌▋▊▉█▀▄│])", line)
        number = int(found[1]) if found else (number if goes_on else -1)
        clicked = stage_at(scene, pane, 60, height, 20, y)
        assert clicked == (number if number >= 0 else None), (y, line)


@pytest.mark.parametrize("name", ["lstm", "longer", "lstm of an mlp"])
def test_a_click_in_bs_pane_finds_bs_stage_where_b_has_another_axis(name: str) -> None:
    scene = compared(*PAIRS[name])
    _, b = sides(scene)
    assert b is not None
    found = [stage_at(scene, "side_b", 100, 10, x, 3) for x in range(100)]
    assert found == [bars.stage_at(b, 100, 10, x, 3) for x in range(100)]
    # The last column of 201 steps has three of them, and is known by the first.
    last = {"longer": 198}.get(name, len(b.stages) - 1)
    assert max(each for each in found if each is not None) == last


@pytest.mark.parametrize("size", SIZES)
@pairs
def test_every_pane_is_a_page_at_every_size_and_no_number_is_cut(name: str, size: tuple[int, int]) -> None:
    width, height = size[0] - 2, (size[1] - 4) // 2
    for interleaved in (False, True):
        scene = compared(*PAIRS[name], interleaved=interleaved)
        for pane in PANES:
            lines = TABLE[pane].view(scene, width, height)
            assert_page(lines, width, height, f"{name} {pane}")
            assert cut_numbers("\n".join(texts(lines))) == []
            TABLE[pane].title(scene, width)


@pytest.mark.parametrize("size", [(60, 16), (66, 20), *SIZES])
@pytest.mark.parametrize("name", ["lstm", "rnn", "longer"])
def test_over_time_no_number_is_cut_in_the_panes_that_the_screen_has_for_columns_and_for_rows(
    name: str, size: tuple[int, int]
) -> None:
    for rows, interleaved in ((False, False), (True, False), (True, True)):
        scene = compared(*PAIRS[name], rows=rows, interleaved=interleaved)
        for pane, box in arrange(scene.state, *size).items():
            lines = texts(TABLE[pane].view(scene, box.width - 2, box.height - 2))
            assert cut_numbers("\n".join(lines)) == [], (pane, box)


def test_interleaved_an_lstm_and_an_rnn_have_bars_of_one_length() -> None:
    scene = compared(RNN, (("cell", "lstm"),), rows=True, interleaved=True)
    a, b = sides(scene)
    assert b is not None
    scale = own_scale(a, b)
    axes = []
    for side, line in zip((a, b), texts(TABLE["both"].view(scene, 100, 40))[:2], strict=True):
        # Of the LSTM what its verdict follows, ∂L/∂c; of the RNN ∂L/∂h.
        value = side.stages[-1].cell_gradient_norm or side.stages[-1].gradient_norm
        assert f" {short(value)} " in line
        axes.append(line.count("█") / scale.position(value))  # as long as the whole axis, but for the last cell
    assert axes[0] == pytest.approx(axes[1], rel=0.05)


def test_b_is_looked_up_under_the_state_that_asked_for_it() -> None:
    """The trace on the screen may still be another one's: B belongs to it then, or is not there."""
    scene = compared(A, (("activation", "relu"),))
    state: State = dataclasses.replace(scene.state, changes=(("activation", "tanh"),))
    assert dataclasses.replace(scene, state=state).other is None

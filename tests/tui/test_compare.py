"""Compare: A and B on one scale under one cursor, and the difference in words that are true."""

from __future__ import annotations

import dataclasses
import re

import pytest

from gradtui.cures import CURES, toggled
from gradtui.events import Changes
from gradtui.formats import short
from gradtui.needs import Failed, Simulation, other
from gradtui.scale import LogScale
from gradtui.state import State
from gradtui.summary import describe
from gradtui.tables import QUANTITIES
from gradtui.views import bars, compare, status
from gradtui.views.layout import arrange
from gradtui.views.panes import TABLE
from gradtui.views.scene import Scene
from gradtui_engine import Experiment

from .helpers import SIZES, assert_page, cut_numbers, scene_of, texts, timeline_of, trace_of

A = Experiment(depth=6, width=16, batch=16)
RNN = Experiment(cell="rnn", data="gaussian", steps=12, width=8, batch=8)
LSTM = RNN.replace(cell="lstm")
HEALTHY = Experiment(depth=6, width=16, batch=16, activation="relu", init="he_normal")
OVERFLOW = Experiment(depth=6, width=16, batch=16, activation="linear", gain=1e30, dtype="float32")
PANES = ("side_a", "side_b", "both", "difference")

#: A, and what B differs in: a cure, another shape, another network, the same network.
PAIRS: dict[str, tuple[Experiment, Changes]] = {
    "relu": (A, (("activation", "relu"),)),
    "deeper": (A, (("depth", 40),)),
    "less deep": (A, (("depth", 2),)),
    "clip": (A, (("clip", "norm"),)),
    "lstm": (RNN, (("cell", "lstm"),)),
    "rnn": (LSTM, (("cell", "rnn"),)),
    "lstm of an mlp": (A, (("cell", "lstm"), ("data", "gaussian"), ("steps", 9))),
    "longer": (RNN, (("steps", 200),)),
    "overflow": (OVERFLOW, (("clip", "value"),)),
    "huge": (A, (("gain", 1e6),)),
}
pairs = pytest.mark.parametrize("name", PAIRS)


def compared(a: Experiment, changes: Changes = (), **fields: object) -> Scene:
    return scene_of(a, changes, view="compare", **fields)


def text(scene: Scene, pane: str, width: int = 118, height: int = 20) -> str:
    return "\n".join(line.rstrip() for line in texts(TABLE[pane].view(scene, width, height))).strip()


# -- one scale, one cursor -----------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", QUANTITIES)
@pairs
def test_a_and_b_share_one_scale_that_holds_both(name: str, quantity: str) -> None:
    scene = compared(*PAIRS[name], quantity=quantity)
    a, b = compare.sides(scene)
    assert b is not None
    assert bars.bars_of(a).scale == bars.bars_of(b).scale
    swapped = dataclasses.replace(b, state=scene.state, given_scale=None)
    assert bars.own_scale(scene, swapped) == bars.own_scale(swapped, scene)


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


# -- the words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (A, A.replace(activation="relu"), "activation sigmoid → relu"),
        (A, A.replace(norm="batch", residual="add"), "norm none → batch, residual none → add"),
        (A, A.replace(batch=8), "batch 16 → 8"),
        (A, A.replace(gain=0.5), "gain 1 → 0.5"),
        (A, A.replace(sigma_w=1.5), "sigma w – → 1.5"),
        (A, A.replace(optimizer="adam"), "optimizer sgd → adam"),
        (RNN, LSTM, "cell rnn → lstm"),
        (LSTM, RNN, "cell lstm → rnn"),
        (RNN, LSTM.replace(forget_bias=4.0), "cell rnn → lstm, forget bias – → 4"),
        (RNN, LSTM.replace(activation="relu"), "cell rnn → lstm"),
        (A, A, "nothing"),
    ],
)
def test_the_difference_is_said_in_words_without_what_only_follows(a: Experiment, b: Experiment, expected: str) -> None:
    assert compare.differing(a, b) == expected


def test_the_pane_says_what_differs_and_the_verdicts_of_both() -> None:
    scene = compared(A, (("activation", "relu"), ("init", "he_normal")))
    shown = text(scene, "difference")
    assert "B differs from A in: activation sigmoid → relu, init xavier_normal → he_normal" in shown
    outcome = trace_of(A).outcome
    assert f"A ▼ vanishing  ×{short(outcome.average_factor)} a layer" in shown
    assert "B ● healthy" in shown


@pytest.mark.parametrize("selected", [None, 3, 6])
@pairs
def test_the_ratio_is_that_of_the_two_gradients(name: str, selected: int | None) -> None:
    a, changes = PAIRS[name]
    b = other(a, changes)
    assert b is not None
    scene = compared(a, changes, selected=selected)
    shown = text(scene, "difference")
    if trace_of(a).axis != trace_of(b).axis:
        assert "times" not in shown, "a layer and a time step are not the same stage"
        return
    for stage in {0 if scene.over_time else 1, scene.stage} & set(range(len(trace_of(b).stages))):
        one, two = trace_of(a).stages[stage].gradient_norm, trace_of(b).stages[stage].gradient_norm
        if one == two:
            expected = f"{scene.name(stage)}: ‖∂L/∂h‖ {short(one)} in both"
        else:
            expected = f"{scene.name(stage)}: ‖∂L/∂h‖ {short(one)} → {short(two)}"
            if 0 < one < float("inf") and 0 < two < float("inf"):
                expected += f", {short(two / one)} times"
        assert expected in shown


SAME = "Every ‖∂L/∂h‖ is the same to the last digit: this change acts on no factor."
WORSE = "Honestly: this is no cure here. A was healthy, B is not."
NOT_YET = "Honestly: no cure yet. B is not healthy either."


@pytest.mark.parametrize(
    ("a", "changes", "expected"),
    [
        (A, (("clip", "norm"),), SAME),
        (A, (("optimizer", "adam"),), SAME),
        (HEALTHY, (("clip", "value"),), SAME),
        (OVERFLOW, (("clip", "value"),), SAME),
        (HEALTHY, (("activation", "sigmoid"), ("depth", 30)), WORSE),
        (A, (("init", "orthogonal"), ("width", 8)), NOT_YET),
        (A, (("gain", 1e6),), NOT_YET),
        (A, (("activation", "relu"), ("init", "he_normal")), ""),
        (HEALTHY, (("residual", "scaled"),), ""),
    ],
)
def test_what_a_person_would_otherwise_believe_is_said_exactly_when_it_is_so(
    a: Experiment, changes: Changes, expected: str
) -> None:
    b = other(a, changes)
    assert b is not None
    norms = [[repr(stage.gradient_norm) for stage in trace_of(each).stages] for each in (a, b)]
    healthy = trace_of(a).outcome.healthy, trace_of(b).outcome.healthy
    truth = SAME if norms[0] == norms[1] else {(True, False): WORSE, (False, False): NOT_YET}.get(healthy, "")
    assert truth == expected, "the case is what it is meant to be"
    shown = text(compared(a, changes), "difference")
    assert [each for each in (SAME, WORSE, NOT_YET) if each in shown] == ([expected] if expected else [])


@pytest.mark.parametrize("height", [3, 5, 7])
@pytest.mark.parametrize("width", [58, 78, 118])
def test_the_difference_in_numbers_the_honest_sentence_and_bs_verdict_stand_in_the_smallest_pane_too(
    width: int, height: int
) -> None:
    many = (("width", 8), ("norm_position", "after"), ("optimizer", "adam"), ("batch", 17), ("seed", 12345))
    every = (
        *(("activation", "tanh"), ("init", "orthogonal"), ("gain", 0.1), ("norm", "none"), ("residual", "none")),
        *(("clip", "value"), ("width", 8)),
    )
    for changes, sentence in (
        (many, "Honestly: no cure yet."),
        (every, "Honestly: no cure yet."),
        ((("clip", "norm"),), "Every ‖∂L/∂h‖ is the same"),
    ):
        lines = text(compared(A.replace(gain=0.3), changes), "difference", width, height).splitlines()
        assert len(lines) == height or (height == 7 and len(lines) >= 5)
        assert any(line.startswith(sentence) for line in lines)
        assert any(line.startswith("B ▼ vanishing") for line in lines)
        assert any(re.match(r"layer 1: ‖∂L/∂h‖ \S+ (→ \S+, \S+ times|in both)$", line) for line in lines)
        if height >= 5:
            assert lines[-1].startswith("in B:")
            assert lines[0].startswith("B differs from A in: ")
            whole = changes != many or "seed 0 → 12345" in " ".join(lines[:2])
            assert whole or lines[0].endswith(" …") or lines[1].endswith(" …"), (
                "what does not fit shows that it goes on"
            )


def test_at_80_by_24_all_that_differs_is_said_before_what_stands_elsewhere_too() -> None:
    every = (("activation", "relu"), ("init", "he_normal"), ("norm", "layer"), ("residual", "scaled"), ("clip", "norm"))
    lines = text(compared(A, every, selected=4), "difference", 78, 5).splitlines()
    assert "residual none → scaled, clip none → norm" in " ".join(lines[:2])
    assert [line[:8] for line in lines[2:]] == ["B ● heal", "layer 1:", "in B: ✓A"]


@pytest.mark.parametrize("columns", [24, 40, 58])
def test_cures_that_do_not_fit_go_on_in_the_next_line_or_show_that_there_are_more(columns: int) -> None:
    scene = compared(A, (("activation", "relu"), ("clip", "norm")))
    whole = text(scene, "difference", 118, 20).splitlines()[-1]
    tall = text(scene, "difference", columns, 40).splitlines()
    start = next(place for place, line in enumerate(tall) if line.startswith("in B:"))
    assert " ".join(" ".join(tall[start:]).split()) == whole
    low = text(scene, "difference", columns, 5).splitlines()
    assert len(tall) == start + 1 or not low[-1].startswith("in B:") or low[-1].endswith(" …")


def test_where_no_gradient_is_left_on_either_side_no_factor_is_said_to_be_untouched() -> None:
    dead = A.replace(init="zeros", activation="relu")
    shown = text(compared(dead, (("activation", "tanh"),)), "difference")
    assert "Honestly: no cure. Every ‖∂L/∂h‖ is 0, in A and in B." in shown
    assert SAME not in shown


def test_a_scale_that_is_held_is_said_in_every_order() -> None:
    for fields in ({}, {"interleaved": True}):
        scene = compared(*PAIRS["relu"], lock=LogScale(-9, 2), **fields)
        for pane in ("both",) if fields else ("side_a", "side_b"):
            assert "log 1e-9 … 1e2 · scale locked" in TABLE[pane].title(scene, 80)


@pytest.mark.parametrize("width", range(8, 130, 3))
@pairs
def test_the_titles_of_a_and_b_say_as_much_as_each_other(name: str, width: int) -> None:
    scene = compared(*PAIRS[name])
    one, two = (TABLE[pane].title(scene, width) for pane in ("side_a", "side_b"))
    assert one.count(" · log ") == two.count(" · log ")
    assert (len(one) > 1) == (len(two) > 1)
    assert scene.other is not None
    described = [describe(trace.experiment, 1).rpartition(" · ")[0] for trace in (scene.trace, scene.other.trace)]
    assert (described[0] in one) == (described[1] in two)


def test_each_cures_key_stands_there_and_what_b_has_is_marked() -> None:
    shown = text(compared(A, (("activation", "relu"), ("clip", "norm"))), "difference").splitlines()[-1]
    assert shown == "in B: ✓A activation ·I init ·M norm ·S skip ✓C clipping"
    of_rnn = text(compared(RNN, (("activation", "relu"),)), "difference").splitlines()[-1]
    assert of_rnn == "in B: ✓A activation ·I init ·B LSTM gates ·C clipping"


@pytest.mark.parametrize(
    ("cell", "label", "fields"),
    [("lstm", "forget gate", {"forget_bias"}), ("gru", "pin gate z", {"pin_forget"}), ("rnn", "LSTM gates", {"cell"})],
)
def test_the_gates_key_is_called_what_it_does_to_this_cell(cell: str, label: str, fields: set[str]) -> None:
    experiment = RNN.replace(cell=cell)
    changes = toggled(CURES["gate"], experiment, ())
    assert changes is not None
    assert {name for name, _ in changes} == fields
    scene = compared(experiment, changes)
    assert f"✓B {label} " in text(scene, "difference").splitlines()[-1]
    assert f"B {label} " in texts([status.footer(scene.state, 200)])[0]


@pairs
def test_the_verdicts_are_the_headers_word_for_word(name: str) -> None:
    scene = compared(*PAIRS[name])
    header = texts(status.header(scene, 100))[1].strip()
    assert header in text(scene, "difference", 99).splitlines()


# -- no B ----------------------------------------------------------------------------------------------


def test_without_changes_the_keys_of_the_cures_are_pointed_out() -> None:
    scene = compared(A)
    assert text(scene, "side_b").startswith("B is A so far.")
    assert text(scene, "both") == text(scene, "side_a"), "A alone"
    assert "·A activation" in text(scene, "difference")


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
        found = re.match(r"[▸ ]*(\d+) ", line[:5])
        number = int(found[1]) if found else (number if line[5:6] == "B" or line[4:5] == "B" else -1)
        clicked = compare.stage_at(scene, pane, 60, height, 20, y)
        assert clicked == (number if number >= 0 else None), (y, line)


@pytest.mark.parametrize("name", ["lstm", "longer", "lstm of an mlp"])
def test_a_click_in_bs_pane_finds_bs_stage_where_b_has_another_axis(name: str) -> None:
    scene = compared(*PAIRS[name])
    _, b = compare.sides(scene)
    assert b is not None
    found = [compare.stage_at(scene, "side_b", 100, 10, x, 3) for x in range(100)]
    assert found == [bars.stage_at(b, 100, 10, x, 3) for x in range(100)]
    assert max(each for each in found if each is not None) == len(b.stages) - 1


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
    a, b = compare.sides(scene)
    assert b is not None
    scale = bars.own_scale(a, b)
    axes = []
    for side, line in zip((a, b), texts(TABLE["both"].view(scene, 100, 40))[:2], strict=True):
        value = side.stages[-1].gradient_norm
        assert f" {short(value)} " in line
        axes.append(line.count("█") / scale.position(value))  # as long as the whole axis, but for the last cell
    assert axes[0] == pytest.approx(axes[1], rel=0.05)


def test_b_is_looked_up_under_the_state_that_asked_for_it() -> None:
    """The trace on the screen may still be another one's: B belongs to it then, or is not there."""
    scene = compared(A, (("activation", "relu"),))
    state: State = dataclasses.replace(scene.state, changes=(("activation", "tanh"),))
    assert dataclasses.replace(scene, state=state).other is None

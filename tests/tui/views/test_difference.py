"""Compare's words: what B differs in, what became of both, and by how much; true, and whole where rows are few."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest

from gradtui.model.changes import differences, other
from gradtui.model.cure_keys import CURES, toggled
from gradtui.model.keys import shown_keys
from gradtui.model.state import Changes
from gradtui.text.spans import text_of
from gradtui.views import status
from gradtui.views.compare.pictures import reads
from gradtui.views.compare.switches import switches
from gradtui.views.frame.differing import differing
from gradtui.views.frame.verdict import verdict
from gradtui_engine import Experiment, Training
from gradtui_engine.core.figures import ratio_text, short
from tests.tui.helpers import texts, trace_of
from tests.tui.pairs import HEALTHY, LSTM, OVERFLOW, PAIRS, RNN, A, compared, pairs, text


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
    assert differing(a, b) == expected


def test_what_a_branch_changes_on_the_way_is_a_difference() -> None:
    turns = Training(experiment=A, turns=("40:learning-rate=0.1,clip=norm",)).turns
    assert differing(A, A, turns) == "from iteration 40 on rate 0.1, clip norm"
    scene = compared(A, (("activation", "relu"),))
    scene = dataclasses.replace(scene, state=dataclasses.replace(scene.state, turns=("40:learning-rate=0.1",)))
    assert "activation sigmoid → relu, from iteration 40 on rate 0.1" in text(scene, "difference")
    branched = compared(A, (("learning_rate", 0.2),))
    state = dataclasses.replace(branched.state, changes=(), turns=("40:learning-rate=0.1",))
    assert "Before iteration 40 B is A." in text(dataclasses.replace(branched, state=state), "difference")
    assert "acts on no factor" in text(branched, "difference")
    assert reads(branched) != reads(dataclasses.replace(branched, state=state)), "drawn anew"


def test_the_pane_says_what_differs_and_the_verdicts_of_both() -> None:
    scene = compared(A, (("activation", "relu"), ("init", "he_normal")))
    shown = text(scene, "difference")
    assert "B differs from A in: activation sigmoid → relu, init xavier_normal → he_normal" in shown
    outcome = trace_of(A).outcome
    assert "A signal" not in shown, "A's verdict is the header's"
    header = texts(status.header(scene, 200))[1]
    assert f"A signal ▼ vanishing ×{short(outcome.average_factor)} a layer" in header
    assert "B signal ● healthy" in shown


@pairs
def test_what_arrives_is_compared_by_the_numbers_of_both_verdicts(name: str) -> None:
    a, changes = PAIRS[name]
    b = other(a, changes)
    assert b is not None
    scene = compared(a, changes)
    shown = " ".join(text(scene, "difference", 300).split())
    if trace_of(a).axis != trace_of(b).axis:
        assert "B gets" not in shown, "a layer and a time step are not the same stage"
        return
    one, two = (trace_of(each).outcome.ratio for each in (a, b))
    more = re.search(r"B gets (\S+) times as much gradient as A, (\S+) beside (\S+)", shown)
    less = re.search(r"B gets (?:1/(\S+)|(\S+)) of A's gradient, (\S+) beside (\S+)", shown)
    apart = math.isfinite(one) and math.isfinite(two) and one != two and one > 0 < two
    assert (more is not None, less is not None) == (apart and two > one, apart and two < one)
    if more is not None:
        assert more.groups()[1:] == (ratio_text(two), ratio_text(one))
        assert float(more[1].replace(",", "")) == pytest.approx(two / one, rel=0.05), "two digits"
    elif less is not None:
        assert less.groups()[2:] == (ratio_text(two), ratio_text(one))
        share = 1 / float(less[1].replace(",", "")) if less[1] else float(less[2])
        assert share == pytest.approx(two / one, rel=0.05)
    elif two == 0 < one:
        assert f"B gets no gradient, A {ratio_text(one)}" in shown
    else:
        expected = (
            f"get as much gradient, {ratio_text(one)}"
            if one == two
            else f"A gets {ratio_text(one)}, B {ratio_text(two)}"
        )
        assert expected in shown


@pytest.mark.parametrize(("a", "b"), [(RNN, LSTM), (LSTM, RNN), (A, A.replace(activation="relu"))])
def test_the_selected_stage_has_the_numbers_of_the_bars_of_what_each_verdict_follows(
    a: Experiment, b: Experiment
) -> None:
    scene = compared(a, differences(a, b), selected=4)
    numbers = []
    for each in (a, b):
        stage = trace_of(each).stages[4]
        cell = stage.cell_gradient_norm
        numbers.append(f"‖∂L/∂h‖ {short(stage.gradient_norm)}" if cell is None else f"‖∂L/∂c‖ {short(cell)}")
    said = f"{numbers[0]} in A, {numbers[1]} in B"
    assert said in text(scene, "difference", 118, 20)
    drawn = text(scene, "side_a", 118, 20) + text(scene, "side_b", 118, 20)
    for number in numbers:
        assert number.replace("‖∂L/", "").replace("‖", "") in drawn or number.split()[-1] in drawn


SAME = "Every ‖∂L/∂h‖ is the same to the last digit: this change acts on no factor."
WORSE = "No cure: A's signal arrives healthy, B's is vanishing."
NOT_YET = "Not cured yet: B is not healthy either."
FURTHER = "B is worse than A, and neither is healthy."
HALF = "Half a cure: B's gradient arrives, but its first step does no good: diverging."


@pytest.mark.parametrize(
    ("a", "changes", "expected"),
    [
        (A, (("clip", "norm"),), SAME),
        (A, (("optimizer", "adam"),), SAME),
        (HEALTHY, (("clip", "value"),), SAME),
        (OVERFLOW, (("clip", "value"),), SAME),
        (HEALTHY, (("activation", "sigmoid"), ("depth", 30)), WORSE),
        (A, (("init", "orthogonal"), ("width", 8)), NOT_YET),
        (A, (("gain", 1e6),), FURTHER),
        (Experiment(activation="relu"), (("activation", "sigmoid"),), FURTHER),
        (A, (("activation", "relu"), ("init", "he_normal")), ""),
        (HEALTHY, (("residual", "scaled"),), ""),
        (A, (("activation", "relu"), ("init", "he_normal"), ("learning_rate", 100.0)), HALF),
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
    left = [trace_of(each).stages[1].gradient_norm / (trace_of(each).stages[-1].gradient_norm or 1) for each in (a, b)]
    if truth == NOT_YET and 1e-3 <= left[1] <= 1e3:
        truth = HALF
    if truth == NOT_YET and left[1] < left[0] / 10:
        truth = FURTHER
    assert truth == expected, "the case is what it is meant to be"
    shown = text(compared(a, changes), "difference")
    assert [each for each in (SAME, WORSE, NOT_YET, FURTHER, HALF) if each in shown] == ([expected] if expected else [])


def test_one_that_arrives_and_does_harm_is_not_called_unhealthy_beside_a_healthy_signal() -> None:
    """ "B ● healthy" and "B is not" stood in two lines of one pane: what is worse is said to be the first step."""
    changes: Changes = (("residual", "scaled"), ("learning_rate", 100.0))
    b = other(HEALTHY, changes)
    assert b is not None
    outcome = trace_of(b).outcome
    assert (outcome.signal.kind, outcome.first_step is not None and outcome.first_step.kind) == ("healthy", "diverging")
    shown = text(compared(HEALTHY, changes), "difference")
    assert "B signal ● healthy" in shown
    assert "first step » diverging" in shown
    said = "No cure: the signal arrives in both; B's first step is worse: diverging."
    assert said in " ".join(shown.split())


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
        (many, "Not cured yet:"),
        (every, "Not cured yet:"),
        ((("clip", "norm"),), "Every ‖∂L/∂h‖ is the same"),
    ):
        lines = text(compared(A.replace(gain=0.3), changes), "difference", width, height).splitlines()
        assert len(lines) == height or (height == 7 and len(lines) >= 5)
        assert any(line.startswith(sentence) for line in lines)
        assert any(line.startswith("B signal ▼ vanishing") for line in lines)
        assert any(
            re.match(r"layer 1: (B gets \S+ (%|times|of) .*gradient|A and B get as much gradient)", line)
            for line in lines
        )
        if height >= 5:
            assert any(line.startswith(("cures o", "on: ", "off: ", "disease")) for line in lines)
            assert lines[0].startswith(("B differs from A in: ", "B differs in: "))
            whole = changes != many or re.search("seed (0 → )?12345", " ".join(lines[:2])) is not None
            assert whole or lines[0].endswith(" …") or lines[1].endswith(" …"), (
                "what does not fit shows that it goes on"
            )


def test_at_80_by_24_all_that_differs_is_said_before_what_stands_elsewhere_too() -> None:
    every = (("activation", "relu"), ("init", "he_normal"), ("norm", "layer"), ("residual", "scaled"), ("clip", "norm"))
    lines = text(compared(A, every, selected=4), "difference", 78, 5).splitlines()
    assert "residual none → scaled, clip none → norm" in " ".join(lines[:2])
    assert [line[:9] for line in lines[2:]] == ["B signal ", "layer 1: ", "cures on:"]


def cure_key(name: str) -> str:
    return shown_keys(f"cure_{name}")


_HE = A.replace(activation="relu", init="he_normal")


@pytest.mark.parametrize("rows", [5, 7])
@pytest.mark.parametrize(
    ("a", "changes"),
    [
        (A, ()),
        (A, (("activation", "relu"), ("init", "he_normal"))),
        (A, (("activation", "relu"), ("init", "he_normal"), ("norm", "layer"))),
        (A.replace(activation="relu"), (("init", "he_normal"),)),
        (_HE.replace(gain=1.5), (("clip", "norm"),)),
        (_HE, (("activation", "sigmoid"), ("norm", "batch"), ("residual", "scaled"))),
        (RNN, ()),
        (RNN, (("activation", "relu"), ("clip", "norm"))),
        (LSTM, (("clip", "norm"),)),
    ],
)
def test_at_80_by_24_every_key_of_a_cure_and_every_difference_can_be_read(
    a: Experiment, changes: Changes, rows: int
) -> None:
    shown = text(compared(a, changes), "difference", 78, rows)
    assert "…" not in shown
    for cure in CURES.values():
        scene = compared(a, changes)
        assert (f"[{cure_key(cure.id)}]" in shown) == (f"[{cure_key(cure.id)}]" in text(scene, "difference", 200, 30))
    b = other(a, changes) or a
    for field, _ in differences(a, b):
        assert str(getattr(b, field)) in shown


@pytest.mark.parametrize("columns", [24, 40, 58])
def test_cures_that_do_not_fit_go_on_in_the_next_line_or_show_that_there_are_more(columns: int) -> None:
    scene = compared(A, (("activation", "relu"), ("clip", "norm")))
    whole = text(scene, "difference", 118, 20).splitlines()[-1]
    tall = text(scene, "difference", columns, 40).splitlines()
    start = next(place for place, line in enumerate(tall) if line.startswith("cures on:"))
    assert " ".join(" ".join(tall[start:]).split()) == " ".join(whole.split())
    low = text(scene, "difference", columns, 5).splitlines()
    assert len(tall) == start + 1 or not low[-1].startswith("cures on:") or low[-1].endswith(" …")


def test_where_no_gradient_is_left_on_either_side_no_factor_is_said_to_be_untouched() -> None:
    dead = A.replace(init="zeros", activation="relu")
    shown = text(compared(dead, (("activation", "tanh"),)), "difference")
    assert "No cure: no gradient arrives anywhere, in A or in B (every ‖∂L/∂h‖ is 0)." in shown
    assert SAME not in shown


def test_each_cure_is_on_or_off_in_words_with_its_key_in_brackets() -> None:
    shown = text(compared(A, (("activation", "relu"), ("clip", "norm"))), "difference").splitlines()[-1]
    assert shown == "cures on: ✓activation [A]  ✓clipping [C]   off: init [I]  norm [M]  skip [S]"
    of_rnn = text(compared(RNN, (("activation", "relu"),)), "difference").splitlines()[-1]
    assert of_rnn == "cures on: ✓activation [A]   off: init [I]  LSTM gates [B]  clipping [C]"


@pytest.mark.parametrize("name", PAIRS)
def test_where_letters_are_keys_no_network_is_called_by_one(name: str) -> None:
    lines = switches(compared(*PAIRS[name]), 118)
    named = "".join(span for line in lines for span, style in line if style != "key")
    assert not re.search(r"\b[AB]\b", named)


@pytest.mark.parametrize(
    ("cell", "label", "fields"),
    [
        ("lstm", "forget gate", {"forget_bias"}),
        ("gru", "update gate", {"update_bias"}),
        ("mgu", "update gate", {"update_bias"}),
        ("rnn", "LSTM gates", {"cell", "forget_bias"}),
    ],
)
def test_the_gates_key_is_called_what_it_does_to_this_cell(cell: str, label: str, fields: set[str]) -> None:
    experiment = RNN.replace(cell=cell)
    changes = toggled(CURES["gate"], experiment, ())
    assert changes is not None
    assert {name for name, _ in changes} == fields
    scene = compared(experiment, changes)
    assert f"cures on: ✓{label} [B]" in text(scene, "difference").splitlines()[-1]
    assert f"B {label} " in texts([status.footer(scene.state, 200)])[0]


@pairs
def test_the_verdicts_are_the_headers_word_for_word(name: str) -> None:
    scene = compared(*PAIRS[name])
    assert scene.other is not None
    header = texts(status.header(scene, 100))[1].strip()
    assert header == text_of(verdict(scene, 99, "A")).strip()
    assert text_of(verdict(scene.other, 99, "B")).strip() in text(scene, "difference", 99).splitlines()


@pytest.mark.parametrize(
    ("a", "changes", "said"),
    [
        (Experiment(cell="gru", data="gaussian", steps=6), (("cell", "lstm"),), "cures off: *.* forget gate [B]"),
        (Experiment(activation="relu"), (("activation", "sigmoid"),), "disease on: sigmoid [A]"),
        (Experiment(activation="relu"), (), "a disease to switch on: sigmoid [A]"),
        (Experiment(activation="relu"), (("activation", "tanh"),), "disease on: tanh [A]"),
        (Experiment(), (("activation", "relu"),), "cures on: ✓activation [A]"),
    ],
)
def test_cure_and_disease_are_told_apart_and_only_what_b_has_of_the_cure_is_ticked(
    a: Experiment, changes: Changes, said: str
) -> None:
    shown = " ".join(text(compared(a, changes), "difference").split())
    head, _, rest = said.partition("*.*")
    assert head in shown
    assert rest in shown
    assert shown.count("✓") == said.count("✓")

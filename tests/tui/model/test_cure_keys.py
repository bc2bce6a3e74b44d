"""The cures' keys: what each makes of B, over every cell and over whatever A and B are."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.model.changes import differences, other
from gradtui.model.cure_keys import CURES, Cure, is_on, toggled
from gradtui.model.state import Changes
from gradtui_engine import Experiment
from gradtui_engine.cells.table import CELLS
from gradtui_engine.experiment.resolved import Resolved
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.initialisers import INITIALISERS
from tests.engine.helpers import drawn
from tests.engine.strategies import small_experiments, valid_experiments
from tests.tui.helpers import trace_of

KEYS = st.sampled_from(tuple(CURES.values()))
#: More than the longest cycle: so many presses of one key come back to where they began.
MANY = 8


def cycle(cure: Cure, a: Experiment, changes: Changes = ()) -> list[Changes]:
    """What B's changes are after each press of a cure's key, until it is off."""
    found: list[Changes] = []
    for _ in range(MANY):
        following = toggled(cure, a, changes)
        if following is None:
            return found
        found.append(following)
        changes = following
        if not is_on(cure, changes):
            return found
    raise AssertionError(f"{cure.id} never ends: {found}")


def fields(changes: list[Changes]) -> list[dict[str, Any]]:
    return [dict(each) for each in changes]


@pytest.mark.parametrize(
    ("cure", "cell", "expected"),
    [
        ("activation", "mlp", [{"activation": "relu"}, {}]),
        ("activation", "rnn", [{"activation": "relu"}, {}]),
        ("activation", "lstm", []),
        ("activation", "gru", []),
        ("norm", "mlp", [{"norm": "batch"}, {"norm": "layer"}, {"norm": "rms"}, {}]),
        ("norm", "lstm", []),
        (
            "residual",
            "mlp",
            [
                {"residual": "add"},
                {"residual": "scaled"},
                {"residual": "rezero"},
                {"residual": "highway", "highway_bias": -4.0},
                {},
            ],
        ),
        ("residual", "rnn", []),
        ("residual", "lru", []),
        ("activation", "lru", []),
        ("gate", "mlp", []),
        ("gate", "lstm", [{"forget_bias": 2.0}, {"forget_bias": 4.0}, {"pin_forget": 1.0}, {}]),
        ("gate", "gru", [{"update_bias": 2.0}, {"update_bias": 4.0}, {"pin_forget": 1.0}, {}]),
        ("gate", "mgu", [{"update_bias": 2.0}, {"update_bias": 4.0}, {"pin_forget": 0.0}, {}]),
        ("gate", "mingru", [{"update_bias": 2.0}, {"update_bias": 4.0}, {"pin_forget": 0.0}, {}]),
        ("gate", "rnn", [{"cell": "lstm", "forget_bias": 4.0}, {"cell": "lstm"}, {}]),
        ("clip", "mlp", [{"clip": "norm"}, {"clip": "value"}, {}]),
        ("clip", "gru", [{"clip": "norm"}, {"clip": "value"}, {}]),
        ("init", "rnn", [{"init": "orthogonal"}, {}]),
    ],
)
def test_a_cures_key_goes_through_its_choices_and_back_to_none(
    cure: str, cell: str, expected: list[dict[str, Any]]
) -> None:
    assert fields(cycle(CURES[cure], Experiment(cell=cell))) == expected
    assert expected or CURES[cure].why_none(Experiment(cell=cell)), "where there is none, it says why"


def test_of_a_recurrence_without_gates_the_activations_key_speaks_of_no_gate() -> None:
    assert "gates" in CURES["activation"].why_none(Experiment(cell="gru"))
    said = CURES["activation"].why_none(Experiment(cell="lru"))
    assert "linear" in said
    assert "gates" not in said


def test_the_initialiser_that_fits_is_that_of_bs_activation() -> None:
    """Xavier's rule is A's already, with sigmoid's gain of 1: only orthogonal is something else."""
    a = Experiment()
    assert fields(cycle(CURES["init"], a)) == [{"init": "orthogonal", "gain": "auto"}, {}]
    relu = (("activation", "relu"),)
    names = [each.get("init") for each in fields(cycle(CURES["init"], a, relu))]
    assert names == ["he_normal", "orthogonal", None]


def test_where_a_has_the_cure_the_key_takes_it_away() -> None:
    def last(cure: str, a: Experiment) -> dict[str, Any]:
        return fields(cycle(CURES[cure], a))[-2]

    assert last("norm", Experiment(norm="batch")) == {"norm": "none"}
    assert last("residual", Experiment(residual="add")) == {"residual": "none"}
    assert last("activation", Experiment(activation="relu")) == {"activation": "sigmoid"}
    assert last("clip", Experiment(clip="norm", clip_threshold=0.1)) == {"clip": "none"}
    assert last("gate", Experiment(cell="lstm", forget_bias=4.0)) == {"forget_bias": 0.0}
    assert last("gate", Experiment(cell="lstm", pin_forget=1.0)) == {"forget_bias": 0.0, "pin_forget": None}
    assert last("gate", Experiment(cell="gru", pin_forget=1.0)) == {"pin_forget": None}


def test_a_choice_that_cannot_be_is_passed_over() -> None:
    """One sample has no variance: batch norm is not for it, the others are."""
    assert fields(cycle(CURES["norm"], Experiment(batch=1))) == [{"norm": "layer"}, {"norm": "rms"}, {}]


def test_a_gate_that_is_pinned_has_no_use_for_a_bias_alone() -> None:
    pinned = Experiment(cell="lstm", pin_forget=0.5)
    assert {"forget_bias": 2.0, "pin_forget": None} in fields(cycle(CURES["gate"], pinned))


def test_an_rnn_that_became_an_lstm_in_b_has_no_activation_to_cure() -> None:
    a = Experiment(cell="rnn")
    lstm = toggled(CURES["gate"], a, ())
    assert lstm is not None
    assert toggled(CURES["activation"], a, lstm) is None


def test_a_cure_that_the_network_in_a_no_longer_knows_can_still_be_switched_off() -> None:
    assert toggled(CURES["norm"], Experiment(cell="lstm"), (("norm", "batch"),)) == ()


def test_where_b_is_impossible_anyway_the_key_gives_what_is_then_refused_in_words() -> None:
    a, broken = Experiment(batch=1), (("norm", "batch"),)
    assert other(a, broken) is None
    assert toggled(CURES["residual"], a, broken) == (("norm", "batch"), ("residual", "add"))


def with_number(experiment: Experiment) -> Resolved:
    """What it comes to, a gain of `auto` as the number that it is."""
    return dataclasses.replace(experiment.resolved, gain=experiment.resolved.gain_value)


def test_what_has_a_cure_is_said_by_the_rows() -> None:
    heals = {
        name: {row for row in rows if CURES[name].heals(Experiment(**{name: row}))}
        for name, rows in (("activation", ACTIVATIONS), ("init", INITIALISERS))
    }
    assert heals["activation"] == {name for name, row in ACTIVATIONS.items() if row.rectifies}
    assert heals["activation"] == {"relu", "leaky_relu", "prelu", "relu6"}
    assert heals["init"] == {name for name, row in INITIALISERS.items() if row.keeps_scale}
    assert not heals["init"] & {"constant", "zeros", "uniform"}


@drawn(150)
@given(valid_experiments(), KEYS)
def test_every_choice_makes_another_network_and_pressing_on_gives_a_again(a: Experiment, cure: Cure) -> None:
    steps = cycle(cure, a)
    assert not steps or steps[-1] == ()
    for changes in steps[:-1]:
        b = other(a, changes)
        assert b is not None, changes
        assert with_number(b) != with_number(a), changes
        assert all(getattr(a.resolved, name) != value for name, value in changes), "no field that A has already"
        assert is_on(cure, changes)


@drawn(150)
@given(small_experiments(), st.lists(KEYS, max_size=8))
def test_whatever_is_pressed_b_can_be_and_each_key_leaves_the_other_cures_alone(
    a: Experiment, keys: list[Cure]
) -> None:
    changes: Changes = ()
    for cure in keys:
        following = toggled(cure, a, changes)
        if following is None:
            continue
        kept = [pair for pair in following if pair[0] not in cure.fields]
        assert kept == [pair for pair in changes if pair[0] not in cure.fields]
        changes = following
        assert other(a, changes) is not None, changes
    for cure in CURES.values():
        while is_on(cure, changes):
            rest = cycle(cure, a, changes)
            changes = rest[-1]
    assert changes == ()
    assert other(a, changes) == a


def test_two_cures_are_both_there_whichever_came_first() -> None:
    a = Experiment()
    for first, second in (("activation", "residual"), ("residual", "activation")):
        one = toggled(CURES[first], a, ())
        assert one is not None
        both = toggled(CURES[second], a, one)
        assert both is not None
        assert dict(both) == {"activation": "relu", "residual": "add"}
        assert [name for name, cure in CURES.items() if is_on(cure, both)] == ["activation", "residual"]


def test_an_activation_is_no_gate() -> None:
    assert not is_on(CURES["gate"], (("activation", "relu"),))


@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("clip", ["norm", "value"])
def test_clipping_changes_no_factor_to_the_last_digit(cell: str, clip: str) -> None:
    small: dict[str, Any] = {"width": 4, "batch": 4, "depth": 5} | ({} if cell == "mlp" else {"data": "digits-rows"})
    a = Experiment(cell=cell, **small)
    changes = next(each for each in cycle(CURES["clip"], a) if dict(each)["clip"] == clip)
    b = other(a, (*changes, ("clip_threshold", 1e-6)))
    assert b is not None
    stages = zip(trace_of(a).stages, trace_of(b).stages, strict=True)
    assert all((one.factor, one.gradient_norm) == (two.factor, two.gradient_norm) for one, two in stages)


@drawn(60)
@given(valid_experiments(), valid_experiments())
def test_the_differences_lead_from_a_to_b_and_none_of_them_is_needless(a: Experiment, b: Experiment) -> None:
    found = differences(a, b)
    for name, value in found:
        assert getattr(b, name) == value != getattr(a, name)
        assert other(a, tuple(pair for pair in found if pair[0] != name)) != b
    assert other(a, found) == b


def test_what_only_follows_is_no_difference() -> None:
    assert differences(Experiment(cell="rnn"), Experiment(cell="lstm")) == (("cell", "lstm"),)
    assert differences(Experiment(), Experiment(optimizer="adam")) == (("optimizer", "adam"),)


def test_a_key_neither_throws_a_given_cell_away_nor_makes_a_given_activation_the_disease() -> None:
    lstm = (("cell", "lstm"),)
    assert toggled(CURES["gate"], Experiment(cell="gru"), lstm) == (*lstm, ("forget_bias", 2.0))
    assert toggled(CURES["activation"], Experiment(activation="relu"), (("activation", "tanh"),)) == ()

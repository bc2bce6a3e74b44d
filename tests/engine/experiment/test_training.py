"""The Training: its spellings, what its fields come to together, and what it refuses."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, ExperimentError, Training
from gradtui_engine.experiment.training import Turn, allowed_batches, options
from tests.engine.helpers import drawn, refused
from tests.engine.strategies import accepted, valid_experiments

_TURNING = {
    "learning_rate": st.floats(0.0, 1e30), "clip": st.sampled_from(["none", "value", "norm", "layer", "adaptive"]),
    "clip_threshold": st.floats(1e-9, 1e9), "schedule": accepted(options()["schedule"].kind),
    "step_every": st.integers(1, 10**7), "step_factor": st.floats(0.0, 1e3),
}  # fmt: skip


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    names = draw(st.lists(st.sampled_from(sorted(_TURNING)), min_size=1, max_size=3, unique=True))
    return Turn(draw(st.integers(0, 10**6)), tuple((name, draw(_TURNING[name])) for name in names))


@st.composite
def valid_trainings(draw: st.DrawFn) -> Training:
    """Any training: each field over its whole range."""
    experiment = draw(valid_experiments())
    fields = {
        name: draw((st.none() | accepted(row.kind)) if row.is_optional else accepted(row.kind))
        for name, row in options().items()
        if not row.many and name not in ("batches", "warmup")
    }
    return Training(
        experiment=experiment, **fields, batches=draw(st.none() | st.sampled_from(allowed_batches(experiment))),
        warmup=draw(st.integers(0, fields["iterations"])), turns=tuple(draw(st.lists(turns(), max_size=3))),
    )  # fmt: skip


@drawn(60)
@given(training=valid_trainings())
def test_every_training_is_the_same_after_a_file_a_mapping_and_a_copy(training: Training) -> None:
    again = Training.from_toml(training.to_toml())
    assert again == training
    assert hash(again) == hash(training)
    assert again.to_toml() == training.to_toml()
    fields = Experiment.from_toml(training.experiment.to_toml())
    assert fields == training.experiment
    assert Training(experiment=training.experiment, **training.given()) == training
    assert pickle.loads(pickle.dumps(training)) == training == copy.deepcopy(training)
    assert training.replace() == training


@drawn(60)
@given(training=valid_trainings(), k=st.integers(0, 2 * 10**6))
def test_the_rate_is_a_number_at_every_iteration(training: Training, k: int) -> None:
    rate = training.learning_rate(k)
    assert rate >= 0.0
    now = training.in_force(k)
    assert not now.turns
    known = {name: value for turn in training.turns if turn.iteration <= k for name, value in turn.changes}
    for name, value in known.items():
        assert getattr(now if name in options() else now.experiment, name) == value


@pytest.mark.parametrize(
    ("plan", "shares"),
    [
        ({}, [1.0] * 10),
        ({"warmup": 4}, [0.25, 0.5, 0.75] + [1.0] * 7),
        # Without a warmup of its own: a tenth.
        ({"schedule": "warmup"}, [1.0] * 10),
        ({"schedule": "warmup", "iterations": 20}, [0.5] + [1.0] * 19),
        ({"schedule": "cosine", "iterations": 4}, [1.0, (2 + math.sqrt(2)) / 4, 0.5, (2 - math.sqrt(2)) / 4]),
        # The half wave begins where the warmup ends, and would be at 0 after the last iteration.
        ({"schedule": "cosine", "iterations": 6, "warmup": 2}, [0.5, 1.0, 1.0, (2 + math.sqrt(2)) / 4, 0.5,
                                                               (2 - math.sqrt(2)) / 4]),
        ({"schedule": "step", "step_every": 3}, [1.0] * 3 + [0.1] * 3 + [0.01] * 3 + [0.001]),
        # Steps are counted from the end of the warmup.
        ({"schedule": "step", "step_every": 3, "step_factor": 0.5, "warmup": 2}, [0.5, 1.0] + [1.0] * 3 + [0.5] * 3
         + [0.25] * 2),
        # A third of them without a number.
        ({"schedule": "step", "step_factor": 0.0}, [1.0] * 3 + [0.0] * 7),
        ({"schedule": "cosine", "warmup": 10}, [k / 10 for k in range(1, 11)]),
        ({"turns": ("4:schedule=step,step-every=2,step-factor=0.5", "6:step-every=5")},
         [1.0] * 4 + [0.25] * 2 + [0.5] * 4),
    ],
)  # fmt: skip
def test_fields_together(plan: dict[str, Any], shares: list[float]) -> None:
    training = Training(**({"iterations": 10} | plan))
    rates = [training.learning_rate(k) / 0.1 for k in range(training.iterations)]
    assert rates == pytest.approx(shares, rel=1e-12, abs=1e-15)


def test_turns_are_in_order_the_later_one_wins_and_one_beyond_the_end_does_nothing() -> None:
    training = Training(iterations=10, turns=("7:clip=none", "3:learning-rate=0.5,clip=norm", "50:learning-rate=9"))
    assert [turn.iteration for turn in training.turns] == [3, 7, 50]
    found = [(training.learning_rate(k), training.in_force(k).experiment.clip) for k in (0, 2, 3, 6, 7, 9)]
    assert found == [(0.1, "none"), (0.1, "none"), (0.5, "norm"), (0.5, "norm"), (0.5, "none"), (0.5, "none")]
    assert training.experiment.clip == "none"


def test_a_turn_may_be_given_alone_as_text_and_as_a_value() -> None:
    turn = Turn(5, (("learning_rate", 0.25),))
    text = '[training]\nturns = "5:learning-rate=0.25"\n'
    assert Training(turns="5:learning_rate=0.25") == Training(turns=[turn]) == Training.from_toml(text)  # type: ignore[arg-type]
    assert hash(Training(turns=(Turn(5, [("clip", "norm")]),)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        (5, "turns: 5 given; allowed: K:FIELD=VALUE"),
        ("-1:clip=norm", "turns: '-1:clip=norm' given; allowed: K:FIELD=VALUE"),
        (Turn(-1, (("clip", "norm"),)), "turns: '-1:clip=norm' given; allowed: K:FIELD=VALUE"),
        (
            Turn(1, (("width", 3),)),
            "turns: 'width' is unknown; allowed: learning_rate, learning_rate_1, learning_rate_2, clip",
        ),
        (
            "1:clp=norm",
            "turns: 'clp' is unknown; allowed: learning_rate, learning_rate_1, learning_rate_2, clip",
        ),
        ("1:clip", "turns: 'clip' given; allowed: K:FIELD=VALUE"),
        ("1:", "turns: '' is unknown"),
        ("1:clip=nrm", "turns: 'nrm' is unknown; allowed: none, value, norm, layer, adaptive; did you mean 'norm'?"),
        ("1:learning-rate=x", "turns: 'x' given; allowed: a number from 0 to 1e30"),
        ("1:warmup=301", "warmup: 301 given; allowed: 0 to 300, the iterations"),
    ],
)
def test_a_turn_that_is_none_is_refused_with_what_is_allowed(turn: object, message: str) -> None:
    (problem,) = refused(Training, turns=(turn,))
    assert problem.startswith(message), problem


def test_every_problem_is_said_at_once() -> None:
    with pytest.raises(ExperimentError) as caught:
        Training.from_toml('depth = 0\n[training]\niterations = 0\nhold_out = 2.0\nschedul = "step"\n')
    fields = [problem.field for problem in caught.value.problems]
    assert {"depth", "training.schedul"} <= set(fields)
    assert len(refused(Training, iterations=0, hold_out=2.0, warmup=-1)) == 3


def test_fields_of_the_experiment_can_be_replaced_too() -> None:
    training = Training(iterations=20).replace(warmup=3, depth=2, experiment=Experiment(width=9))
    assert (training.warmup, training.experiment.depth, training.experiment.width) == (3, 2, 9)

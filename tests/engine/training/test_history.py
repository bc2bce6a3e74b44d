"""The history of a training: any iteration whole, while it goes on, after it was stopped, and where it broke off."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, Trainer, Training, TrainingHistory, train
from gradtui_engine.analysis.gradient_check import directional_check
from gradtui_engine.core.progress import Cancelled
from gradtui_engine.training.checkpoints import Checkpoints
from gradtui_engine.training.history import start
from tests.engine.helpers import drawn, fingerprint
from tests.examples import spread

#: Scaled by the first batch; batch norm in float32; a cell, clipped by turns.
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "lsuv": {"depth": 3, "width": 8, "batch": 16, "activation": "relu", "init": "lsuv"},
    "float32": {"depth": 3, "width": 8, "batch": 16, "norm": "batch", "optimizer": "adam", "dtype": "float32"},
    "gru": {"cell": "gru", "data": "adding", "steps": 7, "width": 6, "batch": 8, "optimizer": "rmsprop"},
}
#: ReLU behind He's initialisation, half again as large: each layer multiplies by 1.5.
LOUD: dict[str, Any] = {"depth": 30, "activation": "relu", "init": "he_normal", "gain": 1.5}
ITERATIONS = 40


def training_of(name: str, **plan: Any) -> Training:
    plan = {"iterations": ITERATIONS, "validate_every": 10, "turns": ("15:clip=norm,learning-rate=0.01",)} | plan
    return Training(experiment=Experiment(**EXPERIMENTS[name]), **plan)


def history_of(training: Training, checkpoints: Checkpoints | None = None) -> TrainingHistory:
    return TrainingHistory(Trainer(training, checkpoints=checkpoints))


# -- any iteration -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_iteration_is_the_same_with_every_checkpoint_thinned_out_and_with_almost_none(name: str) -> None:
    training = training_of(name)
    one = Trainer(training).state().nbytes
    dense, thin, sparse = histories = [
        history_of(training, Checkpoints(most, seconds=0.0, clock=lambda: 0.0)) for most in (2**40, 7 * one, 1)
    ]
    for history in histories:
        history.advance()
    assert dense.trainer.checkpoints.iterations == tuple(range(ITERATIONS))
    # A batch norm has statistics after the first batch alone.
    assert thin.trainer.checkpoints.nbytes <= 7 * one
    assert 3 <= len(thin.trainer.checkpoints.iterations) <= 7
    assert len(sparse.trainer.checkpoints.iterations) <= 2
    for k in (0, 1, 14, 15, 26, 39):
        assert fingerprint(thin.at(k)) == fingerprint(sparse.at(k)) == fingerprint(dense.at(k))
        assert dense.at(k).loss == dense.columns["loss"][k] == thin.columns["loss"][k] == sparse.columns["loss"][k]


def test_checkpoints_are_as_many_as_there_is_memory_for_and_the_first_one_stays() -> None:
    training = training_of("lsuv", iterations=300)
    one = Trainer(training).state().nbytes
    history, moments = history_of(training, Checkpoints(10 * one, 1.0, lambda: float(history.trainer.k))), []
    while not history.done:
        history.advance(1)
        moments.append(history.trainer.checkpoints.iterations)
        assert history.trainer.checkpoints.nbytes <= 10 * one
    assert {kept[0] for kept in moments} == {0}
    # Taken half as often after each time that every second one was dropped: they stay evenly apart.
    assert set(np.diff(moments[-1])) == {32}


def test_another_thread_that_trains_has_a_clock_of_its_own() -> None:
    seconds = iter([50.0, 50.0, 0.01, 0.01, 0.02])
    checkpoints = Checkpoints(2**40, 1.0, lambda: next(seconds))
    state = Trainer(training_of("lsuv")).state()
    assert checkpoints.due()
    checkpoints.add(state)
    assert checkpoints.due()
    checkpoints.add(state)
    assert not checkpoints.due()


@spread("name", EXPERIMENTS, 1)
def test_an_iteration_is_the_same_while_another_thread_goes_on(name: str) -> None:
    history = history_of(training_of(name, iterations=120), Checkpoints(2**18, seconds=0.0))
    history.advance(1)
    training = threading.Thread(target=history.advance)
    training.start()
    found: dict[int, str] = {}
    rows: list[dict[str, Any]] = []
    while training.is_alive() or len(found) < 4:
        k = (7 * len(rows)) % history.count
        found[k] = fingerprint(history.at(k))
        snapshot = history.snapshot()
        assert {len(column) for column in snapshot.columns.values()} == {snapshot.count}
        rows.append({column: array.copy() for column, array in snapshot.columns.items()})
    training.join()
    assert history.done
    for k, seen in found.items():
        assert fingerprint(history.at(k)) == seen
    # What was read never changes, though the columns have grown meanwhile.
    for read in rows[:: max(1, len(rows) // 10)]:
        for column, array in read.items():
            np.testing.assert_array_equal(array, history.columns[column][: len(array)])


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_iteration_says_which_one_it_is_of_which_training(name: str) -> None:
    training = training_of(name)
    history = history_of(training)
    assert history.outcome is None
    assert history.at(0).source.iteration == 0
    with pytest.raises(IndexError, match="iteration 1: there are 0 to 0"):
        history.at(1)
    history.advance(20)
    run = history.at(17)
    assert (run.source.training, run.source.iteration) == (training, 17)
    assert run.source.experiment == training.experiment
    assert run.source != history.at(16).source
    # What is in force: the rate of the turn at 15.
    assert run.resolved.learning_rate == training.learning_rate(17) == 0.01
    with pytest.raises(IndexError, match="iteration 20: there are 0 to 19"):
        history.at(20)
    with pytest.raises(IndexError, match="iteration -1: there are 0 to 19"):
        history.at(-1)


@pytest.mark.parametrize("name", ["lsuv", "gru"])
def test_the_gradient_of_a_later_iteration_is_that_of_its_loss(name: str) -> None:
    history = history_of(training_of(name))
    history.advance(30)
    network = history.trainer.network_at(25)
    # Central differences of a step of 1e-5: rounding of the loss leaves 1e-11 of it.
    assert directional_check(network, history.at(25).parameter_gradients).error < 1e-6


def test_the_statistics_of_a_batch_norm_are_those_after_the_iterations_own_batch() -> None:
    history = history_of(training_of("float32"))
    history.advance(30)
    for k in (0, 12):
        one = Trainer(history.training)
        one.advance(k + 1)
        assert one.running.keys() == history.at(k).running_statistics.keys()
        for name, array in history.at(k).running_statistics.items():
            np.testing.assert_array_equal(array, one.running[name])


@pytest.mark.parametrize(
    "fields",
    [*EXPERIMENTS.values(), {"cell": "lstm", "layers": 2, "data": "copy", "readout": "all", "steps": 6, "width": 5}],
    ids=[*EXPERIMENTS, "stacked lstm"],
)
def test_what_is_kept_of_an_iteration_is_what_the_whole_iteration_says(fields: dict[str, Any]) -> None:
    history = history_of(Training(experiment=Experiment(**fields), iterations=6))
    history.advance()
    summary, columns, k = history.summary, history.columns, 4
    run = history.at(k)
    for name, rows in summary.items():
        if rows.ndim == 1:
            continue
        known = [getattr(stage, name) for stage in run.stages]
        wanted = [math.nan if number is None else number for number in known]
        # Shares and spreads are kept in float32.
        assert rows[k].tolist() == pytest.approx(wanted, rel=1e-6, nan_ok=True), name
    assert summary["learning_rate"][k] == run.resolved.learning_rate
    output, target = run.values["output"], run.target
    share = np.mean(output.argmax(-1) == target) if target.dtype.kind == "i" else math.nan
    assert summary["accuracy"][k] == pytest.approx(share, nan_ok=True, rel=1e-6)
    kind = run.resolved.kind
    assert ("gates" in columns) == bool(kind.gates)
    for number in range(len(kind.gates)):
        means = []
        for time in range(1, len(run.stages)):
            gates = run.gates(time)
            assert gates is not None
            means.append(np.split(gates, len(kind.gates), axis=1)[number].mean())
        assert columns["gates"][k, number] == pytest.approx(means, rel=1e-6)


# -- branches ------------------------------------------------------------------------------------------------


def assert_same_histories(found: TrainingHistory, wanted: TrainingHistory, iterations: Iterable[int]) -> None:
    """Column by column, validation by validation, and some iterations whole."""
    assert found.columns.keys() == wanted.columns.keys()
    for name, column in wanted.columns.items():
        np.testing.assert_array_equal(found.columns[name], column)
    assert found.validations == wanted.validations
    for k in iterations:
        assert fingerprint(found.at(k)) == fingerprint(wanted.at(k))


@pytest.mark.parametrize("name", EXPERIMENTS)
@drawn(12)
@given(k=st.integers(0, 20 - 1), trained=st.integers(0, 20), most=st.sampled_from([1, 2**40]))
def test_a_branch_is_the_training_that_turned_there_from_the_first_iteration_on(
    name: str, k: int, trained: int, most: int
) -> None:
    """However far the parent has come, and whatever checkpoints it has."""
    parent = history_of(training_of(name, iterations=20), Checkpoints(most, seconds=0.0))
    parent.advance(trained)
    turned = training_of(
        name, iterations=20, turns=(*map(str, parent.training.turns), f"{k}:learning-rate=0.002,clip=value")
    )
    branch = start(turned, [parent])
    # What both have in common is taken over, not trained again.
    assert branch.count == min(k, trained)
    branch.advance()
    alone = history_of(turned)
    alone.advance()
    assert branch.done
    assert_same_histories(branch, alone, {k, max(0, k - 1)})
    # The parent goes its own way.
    parent.advance()
    whole = history_of(parent.training)
    whole.advance()
    assert_same_histories(parent, whole, [])


def test_a_branch_can_be_made_while_the_parent_goes_on() -> None:
    parent = history_of(training_of("float32", iterations=100), Checkpoints(2**18, seconds=0.0))
    parent.advance(30)
    training = threading.Thread(target=parent.advance)
    training.start()
    turned = training_of("float32", iterations=100, turns=(*map(str, parent.training.turns), "25:learning-rate=0.2"))
    branch = start(turned, [parent])
    branch.advance()
    training.join()
    alone = history_of(turned)
    alone.advance()
    assert_same_histories(branch, alone, [24, 25, 99])


def test_another_training_begins_anew() -> None:
    parent = history_of(training_of("lsuv"))
    parent.advance(20)
    for other in (parent.training, parent.training.replace(seed=1), parent.training.replace(iterations=50)):
        assert start(other, [parent]).count == 0


# -- what is said of a later iteration -----------------------------------------------------------------------


def test_theory_is_of_the_start_and_says_so_of_what_has_been_trained() -> None:
    history = history_of(Training(experiment=Experiment(depth=4, width=16, init="he_normal"), iterations=5))
    history.advance()
    start, later = history.at(0), history.at(4)
    assert start.theory.chi is not None
    assert start.stages[1].predicted_factor is not None
    assert later.theory.chi is later.theory.q_star is later.theory.regime is None
    assert all(stage.predicted_factor is None for stage in later.stages)
    assert "iteration 4 of a training" in later.theory.note
    # A pinned gate stays where it is.
    pinned = history_of(
        Training(experiment=Experiment(cell="lstm", steps=5, width=4, data="adding", pin_forget=0.7), iterations=3)
    )
    pinned.advance()
    assert pinned.at(2).stages[1].predicted_factor == 0.7


def test_a_loss_off_scale_has_started_so_at_the_first_iteration_alone() -> None:
    experiment = Experiment(depth=2, width=8, data="gaussian", inputs=4, activation="linear", gain=20.0)
    history = history_of(Training(experiment=experiment.replace(learning_rate=1e-12), iterations=3))
    history.advance()
    first, later = (history.at(k).outcome.first_step for k in (0, 2))
    assert first is not None
    assert later is not None
    assert first.kind == later.kind == "off_scale"
    assert first.message.startswith("the loss starts at ")
    assert later.message.startswith("the loss is ")
    assert (first.rule, later.rule) == ("first loss ≤ 10 × a sane start", "loss ≤ 10 × a sane start")


# -- stopped -------------------------------------------------------------------------------------------------


def test_what_is_stopped_keeps_what_there_is_and_can_go_on() -> None:
    training = training_of("lsuv")
    left = [4]

    def watch(share: float) -> None:
        left[0] -= 1
        if not left[0]:
            raise Cancelled

    history = train(training, watch)
    assert history.interrupted
    assert history.snapshot().interrupted
    assert not history.done
    assert 1 <= history.count < ITERATIONS
    assert history.at(history.count - 1).loss == history.columns["loss"][-1]
    history.advance()
    assert history.done
    assert not history.interrupted
    whole = train(training)
    for name, column in whole.columns.items():
        np.testing.assert_array_equal(history.columns[name], column)
    assert history.validations == whole.validations
    assert [row.iteration for row in whole.validations] == [0, 10, 20, 30, 40]


# -- diverged ------------------------------------------------------------------------------------------------


def test_a_loud_network_diverges_and_the_run_up_to_there_stays() -> None:
    history = train(Training(experiment=Experiment(**LOUD), iterations=50))
    outcome = history.outcome
    assert outcome is not None
    assert (outcome.kind, outcome.severity) == ("diverged", "critical")
    assert history.done
    assert history.count == 3
    losses = history.columns["loss"]
    assert losses[1] == pytest.approx(6.8e126, rel=0.01)
    assert math.isnan(losses[2])
    assert "iteration 2" in outcome.message
    assert "the loss was 6.8e126" in outcome.message
    assert outcome.site == "forward · layer 5, linear"
    assert outcome.stage == 5
    assert math.isnan(history.at(2).loss)
    assert history.at(1).outcome.first_step is not None
    with pytest.raises(IndexError):
        history.at(3)
    history.advance()
    assert history.count == 3


def test_clipped_it_goes_on() -> None:
    history = train(Training(experiment=Experiment(**LOUD, clip="norm"), iterations=50))
    assert history.count == 50
    assert history.outcome is not None
    assert history.outcome.kind != "diverged"
    assert np.isfinite(history.columns["loss"]).all()


@pytest.mark.parametrize(
    ("fields", "site"),
    [
        ({"depth": 60, "activation": "linear", "gain": 1e30, "dtype": "float32"}, "forward · layer"),
        # Every gradient is a number; its product with the rate is none.
        ({"depth": 2, "activation": "linear", "data": "gaussian", "gain": 1e3, "dtype": "float32",
          "learning_rate": 1e30}, "update · layers.1.weight"),
    ],
    ids=["forward", "the update alone"],
)  # fmt: skip
def test_what_diverges_in_the_first_iteration_is_an_outcome_too(fields: dict[str, Any], site: str) -> None:
    history = train(Training(experiment=Experiment(**fields), iterations=5))
    assert history.count == 1
    outcome = history.outcome
    assert outcome is not None
    assert outcome.kind == "diverged"
    assert outcome.site.startswith(site), outcome.site
    assert "iteration 0" in outcome.message
    assert history.at(0).outcome.kind == "non_finite"
    assert math.isfinite(history.columns["loss"][0]) == site.startswith("update")


def test_a_rate_that_grows_beyond_all_numbers_diverges() -> None:
    training = Training(
        experiment=Experiment(depth=1, width=2, learning_rate=1e-30, batch=4), iterations=200, schedule="step",
        step_every=1, step_factor=1000.0,
    )  # fmt: skip
    history = train(training)
    assert history.outcome is not None
    assert history.outcome.kind == "diverged"
    assert training.learning_rate(199) == math.inf


def test_float32_overflows_where_float64_has_room_for_an_iteration_more() -> None:
    single, double = (
        train(Training(experiment=Experiment(**LOUD, dtype=dtype, learning_rate=1e-3), iterations=12))
        for dtype in ("float32", "float64")
    )
    assert (single.count, double.count) == (2, 3)
    assert double.columns["loss"][1] == pytest.approx(8.8e64, rel=0.01)
    for history in (single, double):
        assert history.outcome is not None
        assert history.outcome.kind == "diverged"
        assert f"iteration {history.count - 1}" in history.outcome.message


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_a_square_that_overflows_stops_the_update_and_is_no_divergence(optimizer: str) -> None:
    """g / √∞ is 0, as in PyTorch: nothing moves, and every number stays finite."""
    experiment = Experiment(
        depth=2, activation="linear", data="gaussian", gain=1e6, dtype="float32", optimizer=optimizer
    )
    history = train(Training(experiment=experiment, iterations=3))
    assert history.count == 3
    assert history.outcome is not None
    assert history.outcome.kind == "stalled"
    assert set(history.columns["update_ratio"][:, 0]) == {0.0}

"""Watching a computation and stopping it; and an analysis."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Cancelled, Experiment, ExperimentError, analyse, build, simulate
from gradtui_engine.analysis.jacobian import spectra
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.progress import POINTS, Watch, part, throttled, told
from gradtui_engine.program.bound import Node
from gradtui_engine.rules.optimisers import OPTIMISERS, Link, Settings
from gradtui_engine.run import optimiser_step as update_module
from gradtui_engine.run import trace as trace_module
from gradtui_engine.training.doctor import examine
from tests.engine.helpers import drawn, fingerprint, shaken, small
from tests.engine.strategies import small_experiments

every_cell = pytest.mark.parametrize("cell", CELLS.names)

SQUARE = Experiment(depth=6, width=4, batch=3, data="gaussian", inputs=4, activation="tanh")
LONG = Experiment(cell="lstm", data="gaussian", steps=300, inputs=2, width=3, batch=2)

# Everything that can be watched.
WATCHED: dict[str, Callable[[Watch | None], Any]] = {
    "build": lambda watch: build(small("lstm", init="orthogonal"), watch),
    "build lsuv": lambda watch: build(small("mlp", init="lsuv"), watch),
    "run": lambda watch: build(small("mlp")).run(watch),
    "run deep": lambda watch: build(Experiment(depth=500, width=2)).run(watch),
    "simulate": lambda watch: simulate(small("gru"), watch),
    "spectra": lambda watch: spectra(simulate(SQUARE), watch=watch),
    "analyse": lambda watch: analyse(build(LONG).run(), watch),
    "analyse without parameters": lambda watch: analyse(build(LONG).run(), watch, parameters=False),
    "examine": lambda watch: examine(Experiment(depth=12, width=8), watch=watch, training=0),
    "examine trained": lambda watch: examine(Experiment(depth=12, width=4, batch=8), watch=watch, training=2),
    "examine healthy": lambda watch: examine(small("mlp", depth=2), watch=watch, training=0),
}
everything_watched = pytest.mark.parametrize("compute", WATCHED.values(), ids=list(WATCHED))


def after(calls: int) -> Watch:
    """A watch that cancels at the call of this number."""
    left = [calls]

    def watch(share: float) -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise Cancelled

    return watch


# -- what a watch is told ----------------------------------------------------------------------------------


@everything_watched
def test_a_watch_is_told_shares_that_rise_to_one_and_not_too_often(compute: Callable[[Watch | None], Any]) -> None:
    shares: list[float] = []
    compute(shares.append)
    assert shares == sorted(set(shares))
    assert shares[0] >= 0.0
    assert shares[-1] == 1.0
    assert 3 <= len(shares) <= POINTS + 1


def test_a_long_run_is_told_in_steps_of_about_half_a_percent() -> None:
    shares: list[float] = []
    build(Experiment(depth=500, width=2)).run(shares.append)
    assert len(shares) > POINTS * 0.9
    assert np.diff(shares).max() < 2 / POINTS


def test_a_short_run_is_told_after_every_operation() -> None:
    network = build(small("mlp", depth=2))
    shares: list[float] = []
    network.run(shares.append)
    assert len(shares) == 2 * len(network.program.instructions)


def test_the_drawing_of_a_large_parameter_is_told_block_by_block() -> None:
    shares: list[float] = []
    build(small("lstm"), shares.append)
    # The four gates of W_ih and of W_hh, two biases, the output's weight and bias.
    assert len(shares) == 4 + 4 + 2 + 2


@drawn(50)
@given(
    st.lists(st.floats(0.0, 1.0), max_size=600).map(sorted),
    st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)).map(sorted),
)
def test_a_part_stays_in_its_place_and_ends_exactly_there(shares: list[float], ends: list[float]) -> None:
    found: list[float] = []
    watch = throttled(part(found.append, *ends))
    assert watch is not None
    for share in [*shares, 1.0]:
        watch(share)
    assert found == sorted(found)
    assert found[-1] == ends[1]
    assert found[0] >= ends[0]
    assert len(found) <= POINTS + 1


def test_without_a_watch_there_is_nothing_between_the_items_and_the_work() -> None:
    items = [1, 2, 3]
    assert told(items, 3, None) is items
    assert part(None, 0.0, 1.0) is None
    assert throttled(None) is None


# -- a watched computation is the computation --------------------------------------------------------------


@drawn(40)
@given(small_experiments())
def test_a_watched_run_is_bit_identical_to_an_unwatched_one(experiment: Experiment) -> None:
    assert fingerprint(simulate(experiment, lambda share: None)) == fingerprint(simulate(experiment))


@pytest.mark.parametrize("changes", [{"init": "lsuv"}, {"init": "orthogonal"}, {"sigma_b": 0.5, "dtype": "float32"}])
def test_a_watched_build_draws_the_same_parameters(changes: dict[str, Any]) -> None:
    plain, watched = build(small("mlp", **changes)), build(small("mlp", **changes), lambda share: None)
    for name, array in plain.parameters.items():
        assert watched.parameters[name].tobytes() == array.tobytes(), name


def test_watched_spectra_and_reports_are_the_same() -> None:
    plain, watched = (spectra(simulate(SQUARE), 1, watch) for watch in (None, lambda share: None))
    assert plain.end_to_end.tobytes() == watched.end_to_end.tobytes()
    assert [each.tobytes() for each in plain.stages] == [each.tobytes() for each in watched.stages]
    assert examine(SQUARE, training=0) == examine(SQUARE, watch=lambda share: None, training=0)


def test_a_watched_simulation_of_the_impossible_is_refused_as_ever() -> None:
    with pytest.raises(ExperimentError):
        simulate(Experiment(depth=10_000, width=1000, batch=1000), lambda share: None)


# -- stopping ----------------------------------------------------------------------------------------------


@everything_watched
@pytest.mark.parametrize("calls", [1, 3])
def test_what_a_watch_raises_ends_the_computation(compute: Callable[[Watch | None], Any], calls: int) -> None:
    before = np.geterr()
    with pytest.raises(Cancelled):
        compute(after(calls))
    assert np.geterr() == before


def test_a_watch_may_raise_anything() -> None:
    def watch(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(small("mlp"), watch)


def test_nothing_is_computed_after_a_watch_has_raised() -> None:
    shares: list[float] = []

    def watch(share: float) -> None:
        shares.append(share)
        if share >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        build(Experiment(depth=500, width=2)).run(watch)
    assert 0.5 <= shares[-1] < 0.51


@drawn(30)
@given(small_experiments(), st.integers(1, 200))
def test_a_network_whose_run_was_stopped_anywhere_runs_again_as_if_nothing_had_been(
    experiment: Experiment, calls: int
) -> None:
    network = shaken(experiment)
    wanted = fingerprint(network.run())
    with contextlib.suppress(Cancelled):
        network.run(after(calls))
    assert fingerprint(network.run()) == wanted


# -- the analysis ------------------------------------------------------------------------------------------


@every_cell
def test_an_analysis_that_was_stopped_leaves_the_trace_as_it_was(cell: str) -> None:
    trace = build(small(cell, clip="norm", optimizer="adam")).run()
    wanted = analyse(trace)
    with pytest.raises(Cancelled):
        analyse(trace, after(4))
    assert repr(analyse(trace)) == repr(wanted)


@pytest.mark.parametrize("experiment", [LONG, Experiment(depth=300, width=2)])
def test_the_stages_contributions_cost_as_much_per_stage_however_many_there_are(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No stage looks through the whole program, nor binds the whole trace again: 10,000 of them would take minutes."""
    trace = build(experiment).run()
    made = []

    def counted(*arguments: Any) -> Node:
        made.append(1)
        return Node(*arguments)

    monkeypatch.setattr(trace_module, "Node", counted)
    norms = [stage.parameter_gradient_norm for stage in analyse(trace).stages[1:]]
    assert all(math.isfinite(each or 0.0) for each in norms)
    assert len(made) <= 1


def test_the_stages_and_their_trace_share_one_update(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has the size of all parameters: it must not be held twice."""
    trace = build(small("mlp", optimizer="adam")).run()
    row, built = OPTIMISERS["adam"], []

    def counted(settings: Settings) -> tuple[Link, ...]:
        built.append(settings)
        return row.links(settings)

    monkeypatch.setattr(update_module, "OPTIMISERS", {"adam": dataclasses.replace(row, links=counted)})
    ratios = [stage.update_ratio for stage in analyse(trace).stages[1:]]
    assert ratios == [trace.update_ratio(f"layers.{layer}.weight") for layer in range(1, 5)]
    assert len(built) == 1

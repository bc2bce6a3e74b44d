"""Optimisers over several updates: against PyTorch's published loops, number by number; states are values."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from gradtui_engine import Experiment, build, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.nested import copied
from gradtui_engine.core.numerics import Array
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.optimisers import OPTIMISERS, Chain, Settings, State, decay, momentum
from gradtui_engine.run.npz import arrays
from tests.engine.helpers import small

every_optimiser = pytest.mark.parametrize("name", OPTIMISERS.names)

# One number's gradients g → its values θ after each update, as torch.optim's documentation writes them.
Loop = Callable[[float, list[float], float, float, float], Iterator[float]]


def _sgd(theta: float, gradients: list[float], rate: float, mu: float, weight: float) -> Iterator[float]:
    for g in gradients:
        theta -= rate * (g + weight * theta)
        yield theta


def _momentum(
    theta: float, gradients: list[float], rate: float, mu: float, weight: float, nesterov: bool = False
) -> Iterator[float]:
    buffer = None
    for each in gradients:
        g = each + weight * theta
        buffer = g if buffer is None else mu * buffer + g
        theta -= rate * (g + mu * buffer if nesterov else buffer)
        yield theta


def _nesterov(theta: float, gradients: list[float], rate: float, mu: float, weight: float) -> Iterator[float]:
    return _momentum(theta, gradients, rate, mu, weight, nesterov=True)


def _rmsprop(theta: float, gradients: list[float], rate: float, mu: float, weight: float) -> Iterator[float]:
    average = 0.0
    for each in gradients:
        g = each + weight * theta
        average = 0.99 * average + 0.01 * g * g
        theta -= rate * g / (math.sqrt(average) + 1e-8)
        yield theta


def _adam(
    theta: float, gradients: list[float], rate: float, mu: float, weight: float, decoupled: bool = False
) -> Iterator[float]:
    first = second = 0.0
    for count, each in enumerate(gradients, start=1):
        g = each if decoupled else each + weight * theta
        if decoupled:
            theta -= rate * weight * theta
        first = 0.9 * first + 0.1 * g
        second = 0.999 * second + 0.001 * g * g
        theta -= rate * (first / (1 - 0.9**count)) / (math.sqrt(second / (1 - 0.999**count)) + 1e-8)
        yield theta


def _adamw(theta: float, gradients: list[float], rate: float, mu: float, weight: float) -> Iterator[float]:
    return _adam(theta, gradients, rate, mu, weight, decoupled=True)


LOOPS: dict[str, Loop] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adamw,
}

GRADIENTS = [[0.3, -0.2, 0.05, 0.4, -0.4], [1e-6, 1e-6, -3e-6, 0.0, 2e-6], [-7.0, 2.0, 0.0, 1.0, 30.0]]
STARTS = [0.5, -1.5, 2.0]


def updated(
    chain: Chain, gradients: dict[str, Array], state: State, parameters: dict[str, Array], rate: float
) -> dict[str, Array]:
    """What is to be added; the state moves on."""
    updates = {name: np.empty_like(array) for name, array in gradients.items()}
    chain.update(gradients, state, parameters, rate, updates)
    return updates


def follow(
    name: str, rate: float, settings: Settings, steps: list[dict[str, Array]], start: dict[str, Array]
) -> Iterator[dict[str, Array]]:
    """The parameters after each update."""
    chain = OPTIMISERS[name].build(settings)
    parameters, state = dict(start), chain.init(start)
    for gradients in steps:
        updates = updated(chain, gradients, state, parameters, rate)
        parameters = {key: parameters[key] + updates[key] for key in parameters}
        yield parameters


def test_every_optimiser_has_its_loop() -> None:
    assert LOOPS.keys() == set(OPTIMISERS.names)


@every_optimiser
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("mu", [0.0, 0.9])
def test_five_updates_are_those_of_pytorchs_loop(name: str, weight_decay: float, mu: float) -> None:
    start = {"a": np.array(STARTS[:2]), "b": np.array([STARTS[2:]])}
    steps = [{"a": np.array([GRADIENTS[0][k], GRADIENTS[1][k]]), "b": np.array([[GRADIENTS[2][k]]])} for k in range(5)]
    loops = [
        list(LOOPS[name](theta, list(numbers), 0.07, mu, weight_decay))
        for theta, numbers in zip(STARTS, GRADIENTS, strict=True)
    ]
    for count, parameters in enumerate(follow(name, 0.07, Settings(mu, weight_decay), steps, start)):
        found = [*parameters["a"], *parameters["b"].ravel()]
        # A handful of roundings an update; Adam's 1 − 0.999 has lost three digits.
        assert found == pytest.approx([loop[count] for loop in loops], rel=1e-12, abs=1e-13)


@every_optimiser
def test_an_update_changes_neither_gradients_nor_parameters_and_the_copy_of_a_state_stays(name: str) -> None:
    chain = OPTIMISERS[name].build(Settings(0.9, 0.01))
    parameters, gradients = {"a": np.array([1.0, -2.0])}, {"a": np.array([0.3, 0.4])}
    state = chain.init(parameters)
    for _ in range(3):
        kept = copied(state)
        before = copy.deepcopy((parameters, gradients, kept))
        one = updated(chain, gradients, state, parameters, 0.1)
        assert repr((parameters, gradients, kept)) == repr(before)
        assert np.array_equal(one["a"], updated(chain, gradients, copied(kept), parameters, 0.1)["a"])


@every_optimiser
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_block_gets_bit_for_bit_the_updates_of_its_parts_also_over_the_gradient(
    name: str, dtype: type[np.floating]
) -> None:
    # Larger than what is worked on at a time, so that the parts' bounds and the parameters' are not the same.
    shapes = {"a": (300, 500), "b": (7,), "c": (3, 1)}
    rng = np.random.default_rng(1)
    chain = OPTIMISERS[name].build(Settings(0.9, 0.01))
    apart = {key: rng.normal(size=shape).astype(dtype) for key, shape in shapes.items()}
    block = np.concatenate([array.ravel() for array in apart.values()])
    of_parts, of_block = chain.init(apart), chain.init({"": block})
    for rate in (0.1, 0.02, 0.3):
        gradients = {key: rng.normal(size=shape).astype(dtype) for key, shape in shapes.items()}
        whole = np.concatenate([array.ravel() for array in gradients.values()])
        updates = updated(chain, gradients, of_parts, apart, rate)
        chain.update({"": whole}, of_block, {"": block}, rate, {"": whole})
        assert whole.tobytes() == b"".join(array.tobytes() for array in updates.values())
        block += whole
        apart = {key: array + updates[key] for key, array in apart.items()}


@every_optimiser
def test_the_rate_is_that_of_each_update_and_no_average_holds_it(name: str) -> None:
    start, rates = {"a": np.array([0.4])}, (0.1, 0.05, 0.3)
    chain = OPTIMISERS[name].build(Settings(0.9, 0.0))
    steady, changing = chain.init(start), chain.init(start)
    for rate in rates:
        gradients = {"a": np.array([rate - 0.2])}
        one = updated(chain, gradients, steady, start, 1.0)["a"]
        # One rounding.
        assert updated(chain, gradients, changing, start, rate)["a"] == pytest.approx(one * rate, rel=1e-15)


@every_optimiser
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_update_keeps_the_dtype(name: str, dtype: type[np.floating]) -> None:
    chain = OPTIMISERS[name].build(Settings(0.9, 0.01))
    parameters, gradients = {"a": np.ones(2, dtype)}, {"a": np.full(2, 0.3, dtype)}
    state = chain.init(parameters)
    assert updated(chain, gradients, state, parameters, 0.1)["a"].dtype == dtype
    assert all(average["a"].dtype == dtype for average in state[1])


def test_a_chain_is_its_links_one_after_the_other() -> None:
    parameters, gradients = {"a": np.array([2.0])}, {"a": np.array([0.5])}
    chain = Chain((decay(0.1), momentum(0.5), momentum(0.25)))
    state = chain.init(parameters)
    decayed = 0.5 + 0.1 * 2.0
    found = updated(chain, gradients, state, parameters, -3.0)
    assert found["a"] == pytest.approx(3.0 * decayed, rel=1e-15)
    found = updated(chain, gradients, state, parameters, -3.0)
    # The second momentum's v is a quarter of its first one, and the first momentum's new v.
    assert found["a"] == pytest.approx(3.0 * (0.25 * decayed + 1.5 * decayed), rel=1e-15)


def test_momentum_adds_up_to_one_over_one_minus_mu_times_a_constant_gradient() -> None:
    steps = [{"a": np.array([1.0])}] * 200
    *_, before, after = follow("momentum", 0.01, Settings(0.9, 0.0), steps, {"a": np.array([0.0])})
    assert before["a"] - after["a"] == pytest.approx(0.01 / (1 - 0.9), rel=1e-8)  # 0.9^200 = 7e-10 is missing


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_adams_first_update_is_the_learning_rate_whatever_the_gradients_size(name: str, size: float) -> None:
    chain = OPTIMISERS[name].build(Settings(0.9, 0.0))
    gradients = {"a": np.array([size, -size])}
    found = updated(chain, gradients, chain.init(gradients), gradients, 0.01)
    # ε = 1e-8 beside 1e-6 is 1 %.
    assert found["a"] == pytest.approx([-0.01, 0.01], rel=0.011)


def test_adam_does_not_move_what_has_fallen_far_under_epsilon() -> None:
    # The first layer of the default network: its gradient is 1e-19 of the last's.
    trace = simulate(Experiment(optimizer="adam"))
    assert trace.update_ratio("layers.30.weight") > 1e-3
    assert 0.0 < trace.update_ratio("layers.1.weight") < 1e-12


@pytest.mark.parametrize("clip", CLIPPINGS.names)
@pytest.mark.parametrize("cell", CELLS.names)
def test_clipping_and_updating_never_change_what_is_recorded(clip: str, cell: str) -> None:
    plain = dict(arrays(simulate(small(cell)).trace))
    trace = simulate(small(cell, clip=clip, clip_threshold=1e-3, optimizer="adam")).trace
    found = dict(arrays(trace))
    kinds = ("updated",) if clip == "none" else ("clipped", "updated")
    assert found.keys() - plain.keys() == {f"{kind}/{name}" for name in trace.parameters for kind in kinds}
    for name in plain.keys() - {"experiment"}:
        assert found[name].tobytes() == plain[name].tobytes(), name


@pytest.mark.parametrize("clip", [name for name in CLIPPINGS if name != "none"])
def test_the_optimiser_gets_the_clipped_gradient(clip: str) -> None:
    trace = simulate(small("mlp", clip=clip, clip_threshold=1e-3, learning_rate=0.5))
    for name, array in trace.parameters.items():
        assert trace.updates[name] == pytest.approx(-0.5 * trace.clipped[name], rel=1e-15, abs=0.0)
        assert np.array_equal(trace.updated(name), array + trace.updates[name])
    assert any(not np.array_equal(trace.clipped[name], trace.parameter_gradients[name]) for name in trace.parameters)


@every_optimiser
def test_a_small_update_lowers_the_loss(name: str) -> None:
    network = build(small("mlp", optimizer=name, learning_rate=1e-4, weight_decay=0.0))
    trace = network.run()
    after = network.with_parameters({key: trace.updated(key) for key in trace.parameters}).loss()
    # To first order by the inner product of gradient and update; the second order is 1e-4 of it.
    wanted = sum(float(np.vdot(trace.parameter_gradients[key], trace.updates[key])) for key in trace.parameters)
    assert wanted < 0
    assert after - trace.loss == pytest.approx(wanted, rel=0.02)

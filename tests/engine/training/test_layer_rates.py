"""A learning rate of its own for the first layer and the second, against plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, ExperimentError, Trainer, Training, simulate
from gradtui_engine.core.numerics import Array
from tests.engine.oracles import difference
from tests.engine.training.plain import OPTIMISERS, share

#: One hidden layer and the output, four layers with norms, two stacked cells: names as they stand in the network.
NETWORKS: dict[str, tuple[dict[str, Any], dict[int, tuple[str, ...]]]] = {
    "one hidden layer": (
        {"depth": 1, "width": 5, "batch": 8, "activation": "tanh"}, {1: ("layers.1.",), 2: ("output.",)},
    ),
    "four layers": (
        {"depth": 4, "width": 6, "batch": 8, "activation": "prelu", "norm": "layer", "init": "he_normal"},
        {1: ("layers.1.",), 2: ("layers.2.",)},
    ),
    "one cell": (
        {"cell": "gru", "data": "adding", "steps": 4, "width": 3, "batch": 4},
        {1: ("gru.weight_ih_l0", "gru.weight_hh_l0", "gru.bias_ih_l0", "gru.bias_hh_l0"), 2: ("output.",)},
    ),
    "two cells": (
        {"cell": "lstm", "layers": 2, "data": "adding", "steps": 4, "width": 3, "batch": 4},
        {
            1: ("lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.bias_hh_l0"),
            2: ("lstm.weight_ih_l1", "lstm.weight_hh_l1", "lstm.bias_ih_l1", "lstm.bias_hh_l1"),
        },
    ),
}  # fmt: skip
RATES = {0: 0.02, 1: 0.3, 2: 0.004}


def training_of(network: str, optimizer: str = "sgd", **fields: Any) -> Training:
    experiment = Experiment(
        **NETWORKS[network][0], optimizer=optimizer, learning_rate=RATES[0], learning_rate_1=RATES[1],
        learning_rate_2=RATES[2], weight_decay=0.1, seed=2,
    )  # fmt: skip
    return Training(experiment=experiment, **{"iterations": 12, "hold_out": 0.0, **fields})


def rate_of(network: str, name: str) -> float:
    layers = [layer for layer, starts in NETWORKS[network][1].items() if name.startswith(starts)]
    return RATES[layers[0] if layers else 0]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam", "adamw"])
def test_each_layer_takes_steps_of_its_own_rate(network: str, optimizer: str) -> None:
    """By the published formulas, each gradient as the engine has it: those are held against autograd elsewhere."""
    training = training_of(network, optimizer, schedule="cosine", warmup=3)
    trainer = Trainer(training)
    wanted = trainer.parameters()
    memory: dict[str, dict[str, Array]] = {name: {} for name in wanted}
    assert {rate_of(network, name) for name in wanted} >= {RATES[1], RATES[2]}
    for k in range(12):
        gradients = trainer.network_at(k).run().parameter_gradients
        scale = share("cosine", k, 12, 3, 4, 0.1)
        wanted = {
            name: OPTIMISERS[optimizer](
                gradients[name], value, memory[name], scale * rate_of(network, name), 0.9, 0.1, k + 1
            )
            for name, value in wanted.items()
        }
        trainer.advance()
    for name, array in trainer.parameters().items():
        assert difference(array, wanted[name]) < 1e-12, name


@pytest.mark.parametrize("network", NETWORKS)
def test_an_iteration_alone_moves_as_the_training_does(network: str) -> None:
    """Bit for bit: one code path."""
    training = training_of(network, "momentum")
    trainer = Trainer(training)
    trace = simulate(training.experiment).trace
    trainer.advance()
    for name, array in trainer.parameters().items():
        assert np.array_equal(array, trace.updated(name)), name
    again = trainer.network_at(1).run()
    trainer.advance()
    for name, array in trainer.parameters().items():
        assert np.array_equal(array, again.updated(name)), name


def test_the_rate_of_all_in_both_layers_changes_no_bit() -> None:
    plain = Training(experiment=Experiment(depth=3, learning_rate=0.05), iterations=6)
    same = plain.replace(learning_rate_1=0.05, learning_rate_2=0.05)
    one, other = Trainer(plain), Trainer(same)
    one.advance(6), other.advance(6)
    for name, array in one.parameters().items():
        assert np.array_equal(array, other.parameters()[name]), name


def test_a_rate_of_a_layer_can_change_on_the_way() -> None:
    training = Training(
        experiment=Experiment(depth=2, width=5, learning_rate_1=0.5), iterations=4, turns=("2:learning-rate-1=0",)
    )
    trainer = Trainer(training)
    trainer.advance(2)
    before = trainer.parameters()
    trainer.advance(2)
    after = trainer.parameters()
    assert np.array_equal(before["layers.1.weight"], after["layers.1.weight"])
    assert not np.array_equal(before["layers.2.weight"], after["layers.2.weight"])


def test_a_state_goes_on_bit_for_bit() -> None:
    training = training_of("four layers", "adam")
    whole, parts = Trainer(training), Trainer(training)
    whole.advance(8)
    parts.advance(3)
    state = parts.state()
    parts.advance(2)
    parts.restore(state)
    parts.advance(5)
    for name, array in whole.parameters().items():
        assert np.array_equal(array, parts.parameters()[name]), name


@pytest.mark.parametrize("spelled", ["-0.1", "nan", "fast"])
def test_what_is_no_rate_is_refused(spelled: str) -> None:
    value: Any = float(spelled) if spelled != "fast" else spelled
    with pytest.raises(ExperimentError, match="learning_rate_1"):
        Experiment(learning_rate_1=value)

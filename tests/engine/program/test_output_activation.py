"""The activation of the output layer, against PyTorch written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradtui_engine import Experiment, build
from gradtui_engine.experiment.pytorch import lines
from gradtui_engine.experiment.training import Training
from tests.engine.helpers import refused

torch.set_num_threads(1)
FUNCTIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "softplus": nn.functional.softplus}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_an_mlps_loss_gradients_and_updates_are_pytorchs(name: str, loss: str) -> None:
    network = build(
        Experiment(output_activation=name, loss=loss, width="20,7", activation="tanh", batch=12, learning_rate=0.3)
    )
    own = {key: torch.tensor(array, requires_grad=True) for key, array in network.parameters.items()}
    inputs, target = torch.tensor(network.batch.inputs), torch.tensor(network.batch.target)
    for _ in range(3):
        trace, h = network.run(), inputs
        for layer in ("layers.1", "layers.2"):
            h = torch.tanh(h @ own[f"{layer}.weight"].T + own[f"{layer}.bias"])
        output = FUNCTIONS[name](h @ own["output.weight"].T + own["output.bias"])
        assert trace.values["output"] == pytest.approx(output.detach().numpy(), rel=1e-10, abs=1e-14)
        value = ((output - target) ** 2).mean() if loss == "mse" else nn.functional.cross_entropy(output, target)
        value.backward()
        assert trace.loss == pytest.approx(value.item(), rel=1e-10)
        for key, tensor in own.items():
            assert tensor.grad is not None
            wanted = tensor.grad.numpy()
            size = float(np.abs(wanted).max())
            assert trace.parameter_gradients[key] == pytest.approx(wanted, rel=1e-8, abs=1e-9 * size), key
            with torch.no_grad():
                tensor -= 0.3 * tensor.grad
            tensor.grad = None
        network = network.updated(trace)
    for key, tensor in own.items():
        assert network.parameters[key] == pytest.approx(tensor.detach().numpy(), rel=1e-8, abs=1e-10), key


def test_a_cell_that_is_read_at_every_step() -> None:
    """nn.LSTM, and its own losses: what step t's loss alone gives h_t."""
    network = build(
        Experiment(
            cell="lstm", data="digits-rows", readout="all", output_activation="sigmoid", loss="mse", width=6, batch=5
        )
    )
    trace = network.run()
    module, output = nn.LSTM(8, 6, dtype=torch.float64), nn.Linear(6, 10, dtype=torch.float64)
    for name, array in network.parameters.items():
        owner, _, rest = name.partition(".")
        with torch.no_grad():
            getattr(module if owner == "lstm" else output, rest).copy_(torch.tensor(array))
    states, _ = module(torch.tensor(network.batch.inputs))
    value = ((torch.sigmoid(output(states)) - torch.tensor(network.batch.target)) ** 2).mean()
    value.backward()
    assert trace.loss == pytest.approx(value.item(), rel=1e-10)
    for name, parameter in [*module.named_parameters("lstm"), *output.named_parameters("output")]:
        assert parameter.grad is not None
        wanted = parameter.grad.numpy()
        found = trace.parameter_gradients[name]
        assert found == pytest.approx(wanted, rel=1e-8, abs=1e-9 * float(np.abs(wanted).max())), name


def test_the_sigmoid_is_inside_of_bce_already() -> None:
    (problem,) = refused(Experiment, loss="bce", output_activation="sigmoid")
    assert problem == (
        "output_activation: 'sigmoid' given; the loss 'bce' has the sigmoid of the output inside; allowed: none; "
        "try loss mse"
    )


def test_without_one_nothing_changes() -> None:
    plain, none = Experiment(), Experiment(output_activation="linear")
    assert none == plain
    assert "bare_output" not in build(plain).program.slots


def test_the_line_of_pytorch_is_the_function() -> None:
    before: dict[str, Any] = {"loss": "mse"}
    for name, function in FUNCTIONS.items():
        after = Training(experiment=Experiment(**before, output_activation=name))
        (line,) = lines(Training(experiment=Experiment(**before)), after)
        h = torch.linspace(-3, 3, 7)
        assert torch.equal(eval(line.code, {"nn": nn, "output": lambda o: o, "h": h}), function(h))

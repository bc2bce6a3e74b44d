"""The minGRU (Feng et al. 2024): its equations in PyTorch, trained, and the path whose factor is 1 − z alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gradtui_engine import Experiment, build
from gradtui_engine.analysis.gate_path import predicted
from gradtui_engine.experiment.remedies import remedies_for
from tests.engine.cells.in_torch import trained_alike
from tests.engine.helpers import analysed, shaken, small
from tests.engine.oracles import length

torch.set_num_threads(1)


def layer(inputs: torch.Tensor, of: dict[str, torch.Tensor], state: Any = None, pin: float | None = None) -> Any:
    """z_t = σ(Linear(x_t)), h̃_t = Linear(x_t), h_t = (1 − z_t) ⊙ h_(t−1) + z_t ⊙ h̃_t: the paper's section 3.1."""
    half = len(of["bias"]) // 2
    h = torch.zeros(inputs.shape[1], half, dtype=inputs.dtype) if state is None else state
    states = []
    for x in inputs:
        z = torch.sigmoid(x @ of["weight_ih"][:half].T + of["bias"][:half])
        candidate = x @ of["weight_ih"][half:].T + of["bias"][half:]
        if pin is not None:
            z = torch.full_like(z, pin)
        h = (1 - z) * h + z * candidate
        states.append(h)
    return torch.stack(states), h


@pytest.mark.parametrize("pin", [None, 0.3, 0.0])
@pytest.mark.parametrize(
    "more",
    [
        {"data": "digits-rows"},
        {"data": "copy", "steps": 5, "layers": 2, "readout": "all"},
        {"data": "gaussian", "inputs": 3, "steps": 7, "layers": 3, "optimizer": "adam"},
        {"data": "gaussian", "inputs": 9, "steps": 1, "readout": "all"},
    ],
    ids=str,
)
def test_plain_pytorch_has_the_same_states_gradients_and_updates(more: dict[str, Any], pin: float | None) -> None:
    experiment = Experiment(cell="mingru", width=6, batch=5, seed=3, pin_forget=pin, **more)
    trained_alike(shaken(experiment), lambda inputs, of, state: layer(inputs, of, state, pin))


def test_nothing_but_one_minus_z_stands_between_two_steps() -> None:
    run = analysed(shaken(small("mingru")).run())
    for time in range(1, 9):
        z = run.values[f"gates/{time}"][:, :8]
        wanted = (1 - z) * run.gradients[f"h/{time}"]
        assert length(run.gradients[f"h/{time - 1}"] - wanted) == 0.0
        parts = run.stages[time - 1].factors
        assert (parts["gates"], parts["direct"]) == (0.0, parts["whole"])


def test_in_float32_it_is_the_same_but_for_rounding() -> None:
    double, single = (shaken(small("mingru", dtype=dtype)).run() for dtype in ("float64", "float32"))
    assert single.values["h"].dtype == np.float32
    for name, gradient in double.parameter_gradients.items():
        # Some hundred roundings of 6e-8.
        assert length(single.parameter_gradients[name] - gradient) < 1e-5 * length(gradient)


@pytest.mark.parametrize("pin", [0.0, 0.1, 1.0])
def test_pinned_the_gradient_goes_as_a_power_of_what_the_gate_leaves(pin: float) -> None:
    run = analysed(build(Experiment(cell="mingru", data="gaussian", width=6, steps=30, pin_forget=pin)).run())
    last = run.gradients["h/30"]
    for time in (0, 7, 29):
        assert run.gradients[f"h/{time}"] == pytest.approx((1 - pin) ** (30 - time) * last, rel=1e-13, abs=0.0)
    assert run.theory.factors == (*(1 - pin,) * 30, None)
    path = predicted(run.resolved)
    assert path is not None
    assert path.factor == 1 - pin


def test_the_doctor_offers_the_carousel_with_its_own_sign() -> None:
    experiment = Experiment(cell="mingru", width=8, batch=4)
    (carousel,) = [remedy for remedy in remedies_for(experiment, ("vanishing",)) if remedy.name == "pinned gate"]
    assert dict(carousel.changes) == {"pin_forget": 0.0}


@pytest.mark.parametrize("name", ["minGRU", "min_gru", "MinGRU"])
def test_it_is_found_by_its_other_names(name: str) -> None:
    assert Experiment(cell=name).cell == "mingru"

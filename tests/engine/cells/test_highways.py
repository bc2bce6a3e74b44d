"""Blocks written by hand in PyTorch from the papers' formulas, beside the engine's: signal, every gradient, updates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gradtui_engine import Experiment, Network, Trainer, Training, build
from tests.engine.helpers import shaken

torch.set_num_threads(1)

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh, "relu": torch.relu, "gelu": functional.gelu, "linear": lambda z: z,
}  # fmt: skip
#: Of float64 sums of a few hundred addends, over six layers.
TOLERANCE = 1e-9


class ByHand:
    """A network of blocks; parameters are those of the engine, under its names."""

    def __init__(self, network: Network) -> None:
        self.experiment = network.experiment
        self.p = {name: torch.tensor(np.array(each), requires_grad=True) for name, each in network.parameters.items()}
        self.inputs, self.target = torch.tensor(network.batch.inputs), torch.tensor(np.array(network.batch.target))

    def linear(self, layer: int | str, h: Tensor) -> Tensor:
        prefix = f"layers.{layer}" if layer != "output" else layer
        return h @ self.p[f"{prefix}.weight"].T + self.p[f"{prefix}.bias"]

    def norm(self, layer: int, h: Tensor) -> Tensor:
        name, weight = self.experiment.resolved.norm, self.p[f"layers.{layer}.norm.weight"]
        if name == "rms":
            eps = torch.finfo(h.dtype).eps
            return h / torch.sqrt((h * h).mean(1, keepdim=True) + eps) * weight
        bias = self.p[f"layers.{layer}.norm.bias"]
        if name == "batch":
            return functional.batch_norm(h, None, None, weight, bias, training=True)
        return functional.layer_norm(h, (h.shape[1],), weight, bias)

    def plain(self, layer: int, h: Tensor) -> Tensor:
        """f(norm(W h + b))."""
        z = self.linear(layer, h)
        return ACTIVATIONS[str(self.experiment.activation)](
            self.norm(layer, z) if self.experiment.resolved.norm != "none" else z
        )

    def bare(self, layer: int, h: Tensor) -> Tensor:
        """f(W h + b)."""
        return ACTIVATIONS[str(self.experiment.activation)](self.linear(layer, h))

    def loss(self) -> Tensor:
        h, depth, span = self.inputs, self.experiment.resolved.depth, self.experiment.residual_span
        layer = 1
        while layer <= depth:
            last = layer + span - 1
            if h.shape[1] != self.experiment.resolved.width or last > depth:
                h, layer = self.plain(layer, h), layer + 1
            else:
                h, layer = (
                    FORMULAS[self.experiment.residual, self.experiment.residual_block](self, layer, last, h),
                    last + 1,
                )
        return functional.cross_entropy(self.linear("output", h), self.target)


def branch(net: ByHand, first: int, last: int, h: Tensor, of: Callable[[int, Tensor], Tensor]) -> Tensor:
    for layer in range(first, last + 1):
        h = of(layer, h)
    return h


def rezero(net: ByHand, first: int, last: int, h: Tensor) -> Tensor:
    """Bachlechner et al. 2020: x + α F(x)."""
    return h + net.p[f"layers.{last}.residual.weight"] * branch(net, first, last, h, net.plain)


def layer_scale(net: ByHand, first: int, last: int, h: Tensor) -> Tensor:
    """Touvron et al. 2021: x + diag(λ) F(x)."""
    return h + branch(net, first, last, h, net.plain) @ torch.diag(net.p[f"layers.{last}.residual.weight"])


def deepnorm(net: ByHand, first: int, last: int, h: Tensor) -> Tensor:
    """Wang et al. 2022, encoder: LN(α x + F(x)), α = (2 N)^¼."""
    return net.norm(last, (2 * net.experiment.resolved.depth) ** 0.25 * h + branch(net, first, last, h, net.bare))


def post_ln(net: ByHand, first: int, last: int, h: Tensor) -> Tensor:
    """Vaswani et al. 2017: LN(x + F(x))."""
    return net.norm(last, h + branch(net, first, last, h, net.bare))


def pre_ln(net: ByHand, first: int, last: int, h: Tensor) -> Tensor:
    """Xiong et al. 2020: x + F(LN(x))."""

    def of(layer: int, h: Tensor) -> Tensor:
        return net.linear(layer, ACTIVATIONS[str(net.experiment.activation)](net.norm(layer, h)))

    return h + branch(net, first, last, h, of)


def highway(net: ByHand, first: int, last: int, h: Tensor) -> Tensor:
    """Srivastava et al. 2015: H(x) · T(x) + x · (1 − T(x)), T = σ(W_T x + b_T)."""
    gate = torch.sigmoid(h @ net.p[f"layers.{first}.gate.weight"].T + net.p[f"layers.{first}.gate.bias"])
    return branch(net, first, last, h, net.plain) * gate + h * (1.0 - gate)


FORMULAS: dict[tuple[str, str | None], Callable[[ByHand, int, int, Tensor], Tensor]] = {
    ("rezero", None): rezero, ("layer_scale", None): layer_scale, ("deepnorm", None): deepnorm,
    ("highway", None): highway, ("add", "pre"): pre_ln, ("add", "post_norm"): post_ln,
}  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
    "rezero": {"residual": "rezero", "residual_scale": 0.3},
    "rezero from 0": {"residual": "rezero"},
    "rezero, batch norm": {"residual": "rezero", "norm": "batch"},
    "layer scale": {"residual": "layer_scale"},
    "layer scale, layer norm": {"residual": "layer_scale", "norm": "layer"},
    "deepnorm": {"residual": "deepnorm"},
    "deepnorm, rms": {"residual": "deepnorm", "norm": "rms"},
    "deepnorm, batch": {"residual": "deepnorm", "norm": "batch"},
    "highway": {"residual": "highway"},
    "highway, bias 1, batch norm": {"residual": "highway", "highway_bias": 1.0, "norm": "batch"},
    "pre-LN": {"residual": "add", "residual_block": "pre", "norm": "layer"},
    "post-LN": {"residual": "add", "residual_block": "post_norm"},
    "post-LN, batch": {"residual": "add", "residual_block": "post_norm", "norm": "batch"},
}


def network_of(kind: str, **changes: Any) -> Network:
    square = changes.pop("square", True)
    fields = {"depth": 6, "width": 64 if square else 9, "batch": 7, "activation": "tanh", "seed": 3}
    return shaken(Experiment(**(fields | KINDS[kind] | changes)))


def assert_alike(found: Any, wanted: Tensor, tolerance: float, name: str) -> None:
    """Relative to the norm, or to 1e-3 of a gradient that is all rounding, as of a bias before batch norm."""
    numbers = wanted.detach().numpy()
    assert np.linalg.norm(found - numbers) <= tolerance * max(float(np.linalg.norm(numbers)), 1e-3), name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("span", "square", "activation"), [(1, True, "tanh"), (2, True, "gelu"), (2, False, "relu")])
def test_loss_and_every_gradient_are_those_of_pytorch(kind: str, span: int, square: bool, activation: str) -> None:
    network = network_of(kind, residual_span=span, square=square, activation=activation)
    trace, by_hand = network.run(), ByHand(network)
    loss = by_hand.loss()
    loss.backward()  # type: ignore[no-untyped-call]
    assert trace.loss == pytest.approx(loss.item(), rel=TOLERANCE)
    for name, each in by_hand.p.items():
        assert each.grad is not None, name
        assert_alike(trace.parameter_gradients[name], each.grad, TOLERANCE, name)


@pytest.mark.parametrize("kind", KINDS)
def test_in_single_precision_they_are_alike_to_its_rounding(kind: str) -> None:
    network = network_of(kind, dtype="float32", square=False)
    trace, by_hand = network.run(), ByHand(network)
    assert trace.parameter_gradients["output.weight"].dtype == np.float32
    loss = by_hand.loss()
    loss.backward()  # type: ignore[no-untyped-call]
    assert trace.loss == pytest.approx(loss.item(), rel=1e-5)
    for name, each in by_hand.p.items():
        assert each.grad is not None, name
        assert_alike(trace.parameter_gradients[name], each.grad, 2e-4, name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_is_that_of_pytorch(kind: str, optimizer: str) -> None:
    rate = 0.05 if optimizer == "sgd" else 0.01
    experiment = Experiment(
        **({"depth": 4, "width": 12, "batch": 7, "activation": "tanh", "optimizer": optimizer, "learning_rate": rate}
           | KINDS[kind])
    )  # fmt: skip
    trainer = Trainer(Training(experiment=experiment, iterations=6, batches="one", hold_out=0.0))
    rows, trace, by_hand = trainer.advance(6), trainer.trace(0), ByHand(build(experiment))
    by_hand.inputs, by_hand.target = torch.tensor(np.array(trace.input)), torch.tensor(np.array(trace.target))
    made = torch.optim.SGD if optimizer == "sgd" else torch.optim.Adam
    steps = made(by_hand.p.values(), lr=rate)
    losses = []
    for _ in range(6):
        steps.zero_grad()
        loss = by_hand.loss()
        losses.append(loss.item())
        loss.backward()  # type: ignore[no-untyped-call]
        # Of a bias before batch norm, and of what a branch times 0 gives, all is rounding, which Adam makes steps of.
        for each in by_hand.p.values():
            assert each.grad is not None
            each.grad[each.grad.abs() < 1e-15] = 0.0
        steps.step()
    assert rows["loss"].tolist() == pytest.approx(losses, rel=1e-8)
    for name, each in by_hand.p.items():
        if not each.any():
            # A bias before batch norm, whose gradient is all rounding: Adam makes a step of it.
            assert np.abs(trainer.parameters()[name]).max() < 1e-8
        else:
            assert_alike(trainer.parameters()[name], each, 1e-8, name)


def test_deepnorms_branches_are_drawn_with_beta_and_nothing_else_is() -> None:
    plain, deep = (build(Experiment(depth=8, residual=name)).parameters for name in ("add", "deepnorm"))
    beta = (8 * 8) ** -0.25
    for layer in range(1, 9):
        assert deep[f"layers.{layer}.weight"] == pytest.approx(beta * plain[f"layers.{layer}.weight"], rel=1e-15)
    assert np.array_equal(deep["output.weight"], plain["output.weight"])


def test_the_learned_numbers_start_as_their_papers_say() -> None:
    for name, scale, wanted in (
        ("rezero", None, [0.0]), ("rezero", 0.5, [0.5]), ("layer_scale", None, [0.1] * 64),
        ("layer_scale", 1e-4, [1e-4] * 64),
    ):  # fmt: skip
        parameters = build(Experiment(depth=3, residual=name, residual_scale=scale)).parameters
        assert parameters["layers.2.residual.weight"].tolist() == wanted
    gates = build(Experiment(depth=3, residual="highway")).parameters
    assert set(gates["layers.2.gate.bias"].tolist()) == {-2.0}
    assert gates["layers.2.gate.weight"].std() == pytest.approx(math.sqrt(1 / 64), rel=0.05)

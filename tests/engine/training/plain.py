"""A training in plain NumPy, written from the papers, to hold the Trainer against: none of the engine's rules.

Gradients come from HIPS autograd on the networks of `oracles`, batches from the training's stream.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import autograd
import numpy as np

from gradtui_engine import Stream, Training
from gradtui_engine.core.numerics import Array
from tests.engine.oracles import NETWORKS, Walk

Arrays = dict[str, Array]
Names = Sequence[str]

# -- clipping ------------------------------------------------------------------------------------------------


def _whole(arrays: Arrays) -> float:
    return math.sqrt(sum(float(np.sum(array**2)) for array in arrays.values()))


def _by_norm(gradients: Arrays, most: float) -> Arrays:
    """Pascanu et al. 2013, with the 1e-6 that PyTorch adds."""
    share = min(1.0, most / (_whole(gradients) + 1e-6))
    return {name: share * array for name, array in gradients.items()}


def _by_layer(gradients: Arrays, parameters: Arrays, most: float) -> Arrays:
    layers = {name.rpartition(".")[0] for name in gradients}
    of = {layer: {name: gradients[name] for name in gradients if name.rpartition(".")[0] == layer} for layer in layers}
    return {name: array for group in of.values() for name, array in _by_norm(group, most).items()}


def _adaptive(gradients: Arrays, parameters: Arrays, most: float) -> Arrays:
    """Brock et al. 2021, equation 3: unit by unit, a bias as a whole; the last layer is left alone."""
    clipped = {}
    for name, gradient in gradients.items():
        axes = (1,) if gradient.ndim == 2 else None
        of_gradient, of_weight = (
            np.sqrt(np.sum(array**2, axis=axes, keepdims=True)) for array in (gradient, parameters[name])
        )
        limit = most * np.maximum(of_weight, 1e-3)
        capped = gradient * limit / np.maximum(of_gradient, 1e-6)
        clipped[name] = gradient if name.startswith("output.") else np.where(of_gradient > limit, capped, gradient)
    return clipped


CLIPPINGS: dict[str, Callable[[Arrays, Arrays, float], Arrays]] = {
    "none": lambda gradients, parameters, most: gradients,
    "value": lambda gradients, parameters, most: {
        name: np.minimum(np.maximum(array, -most), most) for name, array in gradients.items()
    },
    "norm": lambda gradients, parameters, most: _by_norm(gradients, most),
    "layer": _by_layer,
    "adaptive": _adaptive,
}

# -- optimisers: g, θ, what is remembered, η, μ, λ, t from 1 → θ after the update ------------------------------


def _sgd(g: Array, θ: Array, memory: Arrays, η: float, μ: float, λ: float, t: int) -> Array:
    """Robbins & Monro 1951, with L2 in the gradient."""
    return θ - η * (g + λ * θ)


def _momentum(g: Array, θ: Array, memory: Arrays, η: float, μ: float, λ: float, t: int) -> Array:
    """Polyak 1964, the rate outside of the speed as PyTorch has it (Sutskever et al. 2013 have it inside)."""
    memory["v"] = μ * memory.get("v", 0 * θ) + (g + λ * θ)
    return θ - η * memory["v"]


def _nesterov(g: Array, θ: Array, memory: Arrays, η: float, μ: float, λ: float, t: int) -> Array:
    """Nesterov 1983, in the form of Bengio et al. 2013: the parameters are those looked ahead to."""
    g = g + λ * θ
    memory["v"] = μ * memory.get("v", 0 * θ) + g
    return θ - η * (g + μ * memory["v"])


def _rmsprop(g: Array, θ: Array, memory: Arrays, η: float, μ: float, λ: float, t: int) -> Array:
    """Tieleman & Hinton 2012, decay 0.99 and 1e-8 beside the root as in PyTorch."""
    g = g + λ * θ
    memory["v"] = 0.99 * memory.get("v", 0 * θ) + 0.01 * g**2
    return θ - η * g / (np.sqrt(memory["v"]) + 1e-8)


def _moments(g: Array, memory: Arrays, t: int) -> Array:
    """Kingma & Ba 2015, algorithm 1: m̂ / (√v̂ + ε)."""
    memory["m"] = 0.9 * memory.get("m", 0 * g) + 0.1 * g
    memory["v"] = 0.999 * memory.get("v", 0 * g) + 0.001 * g**2
    return memory["m"] / (1 - 0.9**t) / (np.sqrt(memory["v"] / (1 - 0.999**t)) + 1e-8)


def _adam(g: Array, θ: Array, memory: Arrays, η: float, μ: float, λ: float, t: int) -> Array:
    return θ - η * _moments(g + λ * θ, memory, t)


def _adamw(g: Array, θ: Array, memory: Arrays, η: float, μ: float, λ: float, t: int) -> Array:
    """Loshchilov & Hutter 2019, algorithm 2: decay is no part of the gradient."""
    return θ - η * (_moments(g, memory, t) + λ * θ)


OPTIMISERS: dict[str, Callable[[Array, Array, Arrays, float, float, float, int], Array]] = {
    "sgd": _sgd, "momentum": _momentum, "nesterov": _nesterov, "rmsprop": _rmsprop, "adam": _adam, "adamw": _adamw,
}  # fmt: skip

# -- schedules: k, N, w, s, γ → share of the rate --------------------------------------------------------------

SCHEDULES: dict[str, Callable[[int, int, int, int, float], float]] = {
    "constant": lambda k, n, w, s, γ: 1.0,
    "warmup": lambda k, n, w, s, γ: 1.0,
    "cosine": lambda k, n, w, s, γ: (1 + math.cos(math.pi * (k - w) / (n - w))) / 2,
    "step": lambda k, n, w, s, γ: math.prod([γ] * ((k - w) // s)),
}


def share(schedule: str, k: int, n: int, w: int, s: int, γ: float) -> float:
    """At iteration k of n, after w of warmup: a straight line from 1/w (Goyal et al. 2017)."""
    return (k + 1) / w if k < w else SCHEDULES[schedule](k, n, w, s, γ)


# -- the whole -------------------------------------------------------------------------------------------------


class Normed(Walk):
    """A walk that notes what each layer's norm reads and, with running statistics, takes those, as in evaluation."""

    def __init__(self, trace: Any, parameters: Any, running: Arrays | None = None) -> None:
        super().__init__(trace, parameters, {})
        self.running, self.read = running, {}  # type: dict[str, Array] | None, dict[str, Array]

    def statistics(self, prefix: str, raw: Any, mean: Any, variance: Any) -> tuple[Any, Any]:
        self.read[prefix] = raw
        if self.running is None:
            return mean, variance
        return self.running[f"{prefix}.running_mean"], self.running[f"{prefix}.running_var"]

    def loss(self, state: Any) -> Any:
        self.output = super().loss(state), state @ self.parameters["output.weight"].T + self.parameters["output.bias"]
        return self.output[0]


class Plain:
    """A training, iteration by iteration: losses, parameters, BatchNorm's running statistics."""

    def __init__(self, training: Training, parameters: Arrays) -> None:
        self.training, self.stream = training, Stream(training)
        self.parameters = dict(parameters)
        self.running: Arrays = {}
        self.losses: list[float] = []
        self._memory: dict[str, Arrays] = {name: {} for name in parameters}
        self._loss_of = NETWORKS[training.experiment.cell]

    def advance(self, count: int) -> None:
        for k in range(len(self.losses), len(self.losses) + count):
            self._one(k)

    def _one(self, k: int) -> None:
        training, resolved = self.training, self.stream.resolved
        batch = self.stream.batch(k)
        there = self._there(batch.inputs, batch.target)
        walk = Normed(there, self.parameters)
        self.losses.append(float(self._loss_of(walk)))
        self._average(walk)
        gradients = autograd.grad(lambda parameters: self._loss_of(Normed(there, parameters)))(self.parameters)
        clipped = CLIPPINGS[resolved.clip](gradients, self.parameters, resolved.clip_threshold or 0.0)
        rate = resolved.learning_rate * share(
            training.schedule, k, training.iterations, training.warmup_iterations, training.step_every_iterations,
            training.step_factor,
        )  # fmt: skip
        self.parameters = {
            name: OPTIMISERS[resolved.optimizer](
                clipped[name], θ, self._memory[name], rate, resolved.momentum, resolved.weight_decay, k + 1
            )
            for name, θ in self.parameters.items()
        }

    def _there(self, inputs: Array, target: Array) -> SimpleNamespace:
        """What a walk reads of a trace."""
        return SimpleNamespace(
            experiment=self.training.experiment, resolved=self.stream.resolved, input=inputs, target=target, values={}
        )

    def _average(self, walk: Normed) -> None:
        """Ioffe & Szegedy 2015, algorithm 2, the average a running one with momentum 0.1, the variance the unbiased."""
        for prefix, raw in walk.read.items():
            for name, new, start in (
                ("running_mean", raw.mean(0), 0.0), ("running_var", raw.var(0, ddof=1), 1.0),
            ):  # fmt: skip
                before = self.running.get(f"{prefix}.{name}", start)
                self.running[f"{prefix}.{name}"] = before + 0.1 * (new - before)

    def validate(self) -> tuple[float, float]:
        """The loss and the share of right answers on what is held out."""
        held = self.stream.validation
        assert held is not None
        walk = Normed(self._there(held.inputs, held.target), self.parameters, self.running or None)
        loss = float(self._loss_of(walk))
        answers = np.argmax(walk.output[1], axis=-1)
        return loss, float(np.mean(answers == held.target)) if held.target.dtype.kind == "i" else math.nan


def pairs(longest: Names, second: Names, third: Names) -> list[tuple[str, str, str]]:
    """Rows in which every pair of names of two of the tables comes: as few as the two longest tables have pairs."""
    return [
        (one, two, third[(row + column) % len(third)])
        for row, one in enumerate(longest)
        for column, two in enumerate(second)
    ]

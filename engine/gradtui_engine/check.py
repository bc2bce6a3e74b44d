"""The gradient check: the recorded gradient against central differences of the loss."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from .experiment import Experiment
from .network import Network, build
from .numerics import Array, Purpose, generator

#: Numbers of each parameter that are moved one by one; the rest is covered by the directional check.
ENTRIES = 24
# Moved by a small multiple of the cube root of eps (6e-6), where truncation O(ε²) and rounding O(eps/ε) balance.
STEP = 1e-5
# What a right gradient stays under, relative to the parameter's largest gradient: rounding in the loss is
# eps·L/ε ≈ 2e-11 absolute, and a wrong factor of 0.1 % is 1e-3. At a kink central differences are off by
# up to one half of the slope's jump: those entries are left out and counted.
TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class ParameterCheck:
    """The worst error of one parameter: |gradient − central difference| relative to its largest gradient.

    checked is how many numbers were moved, left_out how many of them lay at a kink of the activation, where the
    one-sided differences disagree and there is no derivative to check. unresolved says that all of the parameter's
    gradient lies below what differences of the loss can resolve.
    """

    name: str
    error: float
    checked: int
    left_out: int
    unresolved: bool

    @property
    def passed(self) -> bool:
        return self.error <= TOLERANCE


def check_parameters(experiment: Experiment) -> Iterator[ParameterCheck]:
    """Every parameter of an experiment's network, in float64 whatever its dtype. Raises ExperimentError."""
    network = build(experiment.replace(dtype="float64"))
    gradients = network.run().parameter_gradients
    for name, gradient in gradients.items():
        yield check_parameter(network, name, gradient)


def check_parameter(network: Network, name: str, gradient: Array) -> ParameterCheck:
    """Move some numbers of one parameter, the largest gradient's among them, and compare the slopes of the loss."""
    rng = generator(network.experiment.seed, Purpose.CHECK, name)
    flat = gradient.reshape(-1)
    count = min(ENTRIES, flat.size)
    chosen = {int(np.argmax(np.abs(flat))), *rng.choice(flat.size, count, replace=False).tolist()}
    largest = float(np.max(np.abs(flat)))
    start = network.loss()
    # A difference of losses carries a rounding error of about eps·|L| per operation on the way.
    floor = 64 * np.finfo(np.float64).eps * max(abs(start), 1.0) / STEP
    worst, left_out = 0.0, 0
    for index in chosen:
        up, down = (_moved(network, name, index, sign * STEP) for sign in (1.0, -1.0))
        forward, backward = (up - start) / STEP, (start - down) / STEP
        numeric = (up - down) / (2 * STEP)
        error = abs(numeric - float(flat[index]))
        scale = max(largest, floor / TOLERANCE)
        if error > TOLERANCE * scale and abs(forward - backward) > error:
            left_out += 1
            continue
        worst = max(worst, error / scale if math.isfinite(error) else math.inf)
    return ParameterCheck(name, worst, len(chosen) - left_out, left_out, bool(largest < floor))


def _moved(network: Network, name: str, index: int, by: float) -> float:
    """The loss with one number of one parameter moved."""
    array = network.parameters[name].copy()
    array.reshape(-1)[index] += by
    return network.with_parameters(network.parameters | {name: array}).loss()


@dataclass(frozen=True, slots=True)
class DirectionalCheck:
    """Slope of the loss along one random direction: by the gradient, and by (L(θ+εv) − L(θ−εv)) / 2ε."""

    analytic: float
    numeric: float

    @property
    def error(self) -> float:
        """|analytic − numeric| relative to the larger of the two (0 where both are 0)."""
        scale = max(abs(self.analytic), abs(self.numeric))
        return abs(self.analytic - self.numeric) / scale if scale else 0.0


def directional_check(
    network: Network, gradient: Mapping[str, Array], step: float = 1e-5, seed: int = 0
) -> DirectionalCheck:
    """Check `gradient` (by parameter name) along a direction through all of these parameters at once.

    The direction is the sign of the gradient times a random amount between ½ and 1, so that no parts cancel
    and every number of every parameter counts. The truncation error is O(step²): halving the step divides it by 4. Only
    meaningful in float64.
    """
    rng = generator(seed, Purpose.CHECK)
    direction = {name: np.sign(array) * rng.uniform(0.5, 1.0, array.shape) for name, array in gradient.items()}
    length = np.sqrt(sum(float(np.vdot(each, each)) for each in direction.values())) or 1.0
    analytic = sum(float(np.vdot(gradient[name], each)) for name, each in direction.items()) / length

    def loss(sign: float) -> float:
        moved = dict(network.parameters)
        for name, each in direction.items():
            moved[name] = moved[name] + (sign * step / length) * each
        return network.with_parameters(moved).loss()

    return DirectionalCheck(analytic, (loss(1.0) - loss(-1.0)) / (2 * step))

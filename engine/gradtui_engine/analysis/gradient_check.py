"""The gradient check: the recorded gradient against central differences of the loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..core.numerics import Array, Purpose, generator
from ..experiment.experiment import Experiment
from ..program.operations import WALL
from ..rules.activations import ACTIVATIONS
from ..run.network import Network, build

#: Numbers of each parameter that are moved one by one; the rest is covered by the directional check.
ENTRIES = 24
# Tried in this order until one agrees; a wrong gradient agrees with none. 1e-5 is where truncation and rounding balance
# for a loss of ordinary curvature; a sharply curved or kinked one needs smaller steps.
STEPS = (1e-5, 1e-6, 1e-7)
# What a right gradient stays under, relative to the parameter's largest: rounding in the loss is
# eps·L/ε ≈ 2e-11 absolute, and a gradient wrong by 0.1 % is off by 1e-3.
TOLERANCE = 1e-5
#: The least error that has to be seen: 0.1 %.
_SEEN = 1e-3


@dataclass(frozen=True, slots=True)
class ParameterCheck:
    """The worst error of one parameter: |gradient − central difference| relative to its largest gradient.

    Below the resolution of differences (rounding of the loss over the step) errors count relative to that instead.
    checked is how many numbers were moved, left_out how many more lie at a kink of the activation, where the
    one-sided differences disagree at every step and there is no derivative to check. unresolved says that the
    parameter's gradient is so small that differences could not show an error of 0.1 %.
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
    for name, gradient in network.run().parameter_gradients.items():
        yield check_parameter(network, name, gradient)


def check_parameter(network: Network, name: str, gradient: Array) -> ParameterCheck:
    """Move some numbers of one parameter, the largest gradient's among them, and compare the slopes of the loss."""
    rng = generator(network.resolved.seed, Purpose.CHECK, name)
    flat = gradient.reshape(-1)
    count = min(ENTRIES, flat.size)
    chosen = {int(np.argmax(np.abs(flat))), *rng.choice(flat.size, count, replace=False).tolist()}
    largest = float(np.max(np.abs(flat)))
    loss = _differentiated(network)
    start = loss(network.parameters)
    # A difference of losses carries a rounding error of about eps·|L| per operation on the way.
    floor = 64 * np.finfo(np.float64).eps * max(abs(start), 1.0) / STEPS[0]
    scale = max(largest, floor / TOLERANCE)
    kinked = bool(ACTIVATIONS[network.resolved.activation].kinks)
    worst, left_out = 0.0, 0
    for index in chosen:
        error, at_kink = _compare(network, loss, name, index, float(flat[index]), start, scale)
        if error > TOLERANCE * scale and kinked and at_kink:
            left_out += 1
            continue
        worst = max(worst, error / scale if math.isfinite(error) else math.inf)
    return ParameterCheck(name, worst, len(chosen) - left_out, left_out, bool(largest * _SEEN < floor))


#: The loss of parameters by name.
Loss = Callable[[Mapping[str, Array]], float]


def _differentiated(network: Network) -> Loss:
    """The function whose derivative the recorded gradient is: the loss; of a truncated gradient that with the states
    behind walls held at their values.
    """
    program = network.program
    names = [name for row in program.instructions if row.operation == WALL.name for name in row.outputs]
    held: dict[str, Array] | None = None
    if names:
        values = network.run().values
        held = {name: values[name] for name in names}
    return lambda parameters: network.with_parameters(parameters).loss(held=held)


def _compare(
    network: Network, loss: Loss, name: str, index: int, analytic: float, start: float, scale: float
) -> tuple[float, bool]:
    """(smallest error over the step sizes, whether the one-sided differences jump at every step, as at a kink).

    Of a smooth loss the jump is its curvature times the step, so it shrinks with it. Where many activations are at a
    kink at once (every step of a ReLU RNN without an input, say) the product of their slopes may lie outside of both
    one-sided derivatives, and the error be larger than the jump: one that is seen suffices.
    """
    best, jumps = math.inf, []
    for step in STEPS:
        up, down = (_moved(network, loss, name, index, sign * step) for sign in (1.0, -1.0))
        best = min(best, abs((up - down) / (2 * step) - analytic))
        jumps.append(abs((up - start) - (start - down)) / step)
        if best <= TOLERANCE * scale:
            break
    return best, jumps[-1] > max(min(best, _SEEN * scale), jumps[0] / 2)


def _moved(network: Network, loss: Loss, name: str, index: int, by: float) -> float:
    """The loss with one number of one parameter moved."""
    array = network.parameters[name].copy()
    array.reshape(-1)[index] += by
    return loss(network.parameters | {name: array})


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
    length = np.sqrt(sum(float(np.vdot(array, array)) for array in direction.values())) or 1.0
    analytic = sum(float(np.vdot(gradient[name], array)) for name, array in direction.items()) / length

    loss = _differentiated(network)

    def moved_by(sign: float) -> float:
        moved = dict(network.parameters)
        for name, array in direction.items():
            moved[name] = moved[name] + (sign * step / length) * array
        return loss(moved)

    return DirectionalCheck(analytic, (moved_by(1.0) - moved_by(-1.0)) / (2 * step))

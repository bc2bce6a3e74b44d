"""The optimisers of weights that have 16 bits themselves: torch.optim's operations (foreach=False), each one rounded.

    p.add_(g, alpha=−η)          η rounded to 16 bits, the product not
    m.lerp_(g, 1 − β)            m + (1 − β)(g − m), rounded once
    v.addcmul_(g, g, value=c)    v + c g g, rounded once
    p.addcdiv_(m, d, value=−η)   p + (−η m / d), rounded once

So an update is not rounded, the weight after it is. In float16 ε = 1e-8 is 0: Adam divides a gradient of 0 by 0, there
as here. Arrays are float32, as emulated types lie in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.numerics import Array
from .optimisers import ADAM_DECAYS, EPSILON, RMSPROP_DECAY, Arrays, Chain, Rates, Settings, State


@dataclass(frozen=True, slots=True)
class _Step:
    """One update of one array: what the functions below read, and PyTorch's operations on it."""

    gradient: Array
    parameter: Array
    averages: Sequence[Array]
    count: int
    rate: Any
    settings: Settings
    round: Callable[[Array], None]

    def rounded(self, made: Any) -> Any:
        """A float32 array that nobody else holds, rounded in place; numbers as an array without a dimension."""
        array = np.array(made, np.float32) if np.ndim(made) == 0 else made
        self.round(array)
        return array

    def add(self, array: Array, other: Array, alpha: Any) -> Array:
        """torch.add(array, other, alpha=alpha)."""
        return np.asarray(self.rounded(array + self.rounded(alpha) * other))

    def put(self, average: Array, made: Array) -> Array:
        """Rounded, in the place of an average."""
        np.copyto(average, self.rounded(made))
        return average

    def decayed(self) -> Array:
        """g + λ θ."""
        decay = self.settings.weight_decay
        return self.add(self.gradient, self.parameter, decay) if decay else self.gradient

    def down(self, direction: Array) -> Array:
        """What p.add_(direction, alpha=−η) adds."""
        return np.asarray(direction * -self.rounded(self.rate))

    def divided(self, direction: Array, below: Array, rate: Any) -> Array:
        """What p.addcdiv_(direction, below, value=−η) adds."""
        return np.asarray(-_float32(rate) * direction / below)

    def square(self, average: Array, share: float, gradient: Array) -> Array:
        """v.mul_(α).addcmul_(g, g, value=1 − α)."""
        self.put(average, average * np.float32(share))
        return self.put(average, average + np.float32(1 - share) * gradient * gradient)

    def root(self, average: Array, correction: float = 1.0) -> Array:
        """(v.sqrt() / correction).add_(ε)."""
        root = self.rounded(np.sqrt(average))
        if correction != 1.0:
            root = self.rounded(root / np.float32(correction))
        return np.asarray(self.rounded(root + np.float32(EPSILON)))


def _float32(rate: Any) -> Any:
    return np.asarray(rate, np.float64).astype(np.float32)


def _sgd(step: _Step) -> Array:
    return step.down(step.decayed())


def _momentum(step: _Step) -> Array:
    return step.down(_speed(step, step.decayed()))


def _nesterov(step: _Step) -> Array:
    gradient = step.decayed()
    return step.down(step.add(gradient, _speed(step, gradient), step.settings.momentum))


def _speed(step: _Step, gradient: Array) -> Array:
    """v.mul_(μ).add_(g)."""
    (speed,) = step.averages
    step.put(speed, speed * np.float32(step.settings.momentum))
    return step.put(speed, speed + gradient)


def _rmsprop(step: _Step) -> Array:
    gradient = step.decayed()
    below = step.root(step.square(step.averages[0], RMSPROP_DECAY, gradient))
    return step.divided(gradient, below, step.rate)


def _adam(step: _Step) -> Array:
    return _adam_of(step, step.decayed())


def _adam_of(step: _Step, gradient: Array) -> Array:
    (mean, square), (one, two) = step.averages, ADAM_DECAYS
    step.put(mean, mean + np.float32(1 - one) * (gradient - mean))
    step.square(square, two, gradient)
    below = step.root(square, (1 - two**step.count) ** 0.5)
    return step.divided(mean, below, step.rate / (1 - one**step.count))


def _adamw(step: _Step) -> Array:
    """p.mul_(1 − η λ), rounded, before Adam's step: what is added is the difference of the two weights."""
    shrunk = step.rounded(step.parameter * _float32(1 - step.rate * step.settings.weight_decay))
    after = step.rounded(shrunk + _adam_of(step, step.gradient))
    # What has become infinite stays so: inf − inf would be NaN.
    return np.asarray(np.where(np.isinf(step.parameter), after, after - step.parameter))


_STEPS: Mapping[str, Callable[[_Step], Array]] = {
    "sgd": _sgd, "momentum": _momentum, "nesterov": _nesterov, "rmsprop": _rmsprop, "adam": _adam, "adamw": _adamw,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RoundedChain:
    """An optimiser of 16-bit weights, used as `chain` is; its updates are float32 numbers, to be added and rounded."""

    chain: Chain
    name: str
    settings: Settings
    round: Callable[[Array], None]

    def init(self, parameters: Arrays) -> State:
        """The state before the first update."""
        return self.chain.init(parameters)

    def update(self, gradients: Arrays, state: State, parameters: Arrays, rate: Rates, out: Arrays) -> None:
        """As `Chain.update`."""
        made, averages = state
        made += 1
        for name, gradient in gradients.items():
            # Rates of layers are float32 numbers, one by one and in a block of all.
            own: Any = _float32(rate[name]).astype(np.float64) if isinstance(rate, Mapping) else rate
            of_name = [average[name] for average in averages]
            step = _Step(gradient, parameters[name], of_name, int(made), own, self.settings, self.round)
            np.copyto(out[name], _STEPS[self.name](step))

"""The table of optimisers: chains of links, each a transformation of the gradient (the design of optax, DeepMind 2020).

All of them work number by number: an update of one block that holds all parameters is, bit for bit, that of each
parameter by itself. The constants are PyTorch's, and the learning rates and weight decays too, but for SGD's rate
(there 1e-3) and momentum's μ (there 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array
from ..core.table import Table

Arrays = Mapping[str, Array]
#: How many updates have been made, an array without a dimension; and each link's averages, by parameter name. All start
#: at 0.
State = tuple[Array, tuple[dict[str, Array], ...]]
#: η of all parameters, or by name.
Rates = float | Mapping[str, float] | Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Link:
    """One transformation of the gradient, number by number.

    change(gradient, parameter, averages, count, scratch, out) gives what is passed on: out, or one of the averages,
    which it moves on in place. So many of them are the link's own. It may write to scratch, and to out last, which may
    be the gradient. count is that of the updates, this one included.
    """

    change: Callable[[Array, Array, Sequence[Array], int, Array, Array], Array]
    averages: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """The links one after the other: an optimiser's direction; what an update adds is −η times it."""

    links: tuple[Link, ...]

    def init(self, parameters: Arrays) -> State:
        """The state before the first update."""
        count = sum(link.averages for link in self.links)
        averages = tuple({name: np.zeros_like(array) for name, array in parameters.items()} for _ in range(count))
        return np.zeros((), dtype=np.int64), averages

    def update(self, gradients: Arrays, state: State, parameters: Arrays, rate: Rates, out: Arrays) -> None:
        """Write what is to be added to each parameter into out, whose arrays may be the gradients'.

        The state moves on in place: who wants to keep it copies it before. rate is η; by name where they differ, and
        one for each number of a parameter where that is a block of several. NumPy's warnings must be off.
        """
        made, averages = state
        made += 1
        count = int(made)
        for name, gradient in gradients.items():
            own = rate[name] if isinstance(rate, Mapping) else rate
            parts = [gradient, parameters[name], out[name], *(average[name] for average in averages)]
            # Part by part, so that all passes over one find it in the processor's cache, and scratch is small: Adam's
            # on 2 million numbers take 7.9 instead of 13.7 ms in float64.
            rows = max(1, _PART // max(1, gradient[:1].size))
            for start in range(0, len(gradient), rows):
                self._part(
                    [part[start : start + rows] for part in parts], count,
                    own[start : start + rows] if isinstance(own, np.ndarray) else own,
                )  # fmt: skip

    def _part(self, parts: list[Array], count: int, rate: float | Array) -> None:
        gradient, parameter, out, *averages = parts
        scratch, first = np.empty_like(out), 0
        for link in self.links:
            own = averages[first : first + link.averages]
            gradient = link.change(gradient, parameter, own, count, scratch, out)
            first += link.averages
        np.multiply(gradient, -rate, out)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the experiment decides of the direction: momentum μ, weight decay λ."""

    momentum: float
    weight_decay: float


@dataclass(frozen=True, slots=True)
class Optimiser:
    """One optimiser: formula, default learning rate and weight decay, and its links.

    decoupled says that its weight decay stands beside the gradient after all divisions, not in it. overshoot is how
    many times too large its first update is beside later ones of the same gradient. divides says that it divides each
    gradient by its own size, so that small ones move a weight as far as large ones.
    """

    name: str
    formula: str
    learning_rate: float
    weight_decay: float
    links: Callable[[Settings], tuple[Link, ...]]
    source: str
    note: English
    aliases: Aliases = NO_ALIASES
    decoupled: bool = False
    divides: bool = False
    overshoot: float = 1.0

    def build(self, settings: Settings) -> Chain:
        return Chain(self.links(settings))


# Numbers that are worked on at a time: of fewer the calls take longer than what the cache saves.
_PART = 2**17

# Decay of the squared gradient's average in RMSProp; the two of Adam; what is added to the root.
RMSPROP_DECAY = 0.99
ADAM_DECAYS = (0.9, 0.999)
EPSILON = 1e-8


def decay(rate: float) -> Link:
    """g + λ θ."""

    def change(
        gradient: Array, parameter: Array, averages: Sequence[Array], count: int, scratch: Array, out: Array
    ) -> Array:
        np.multiply(parameter, rate, scratch)
        return np.add(gradient, scratch, out)

    return Link(change)


def momentum(mu: float, nesterov: bool = False) -> Link:
    """v ← μ v + g; passes on v, or g + μ v (Nesterov)."""

    def change(
        gradient: Array, parameter: Array, averages: Sequence[Array], count: int, scratch: Array, out: Array
    ) -> Array:
        (speed,) = averages
        np.multiply(speed, mu, speed)
        np.add(speed, gradient, speed)
        if not nesterov:
            return speed
        np.multiply(speed, mu, scratch)
        return np.add(gradient, scratch, out)

    return Link(change, averages=1)


def _average(average: Array, share: float, gradient: Array, scratch: Array) -> None:
    """v ← α v + (1 − α) g²."""
    np.multiply(average, share, average)
    np.multiply(gradient, 1 - share, scratch)
    np.multiply(scratch, gradient, scratch)
    np.add(average, scratch, average)


def rms() -> Link:
    """v ← α v + (1 − α) g²; passes on g / (√v + ε)."""

    def change(
        gradient: Array, parameter: Array, averages: Sequence[Array], count: int, scratch: Array, out: Array
    ) -> Array:
        (average,) = averages
        _average(average, RMSPROP_DECAY, gradient, scratch)
        np.sqrt(average, scratch)
        np.add(scratch, EPSILON, scratch)
        return np.divide(gradient, scratch, out)

    return Link(change, averages=1)


def adam() -> Link:
    """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²; passes on m̂ / (√v̂ + ε), each corrected for its start at 0."""
    one, two = ADAM_DECAYS

    def change(
        gradient: Array, parameter: Array, averages: Sequence[Array], count: int, scratch: Array, out: Array
    ) -> Array:
        mean, square = averages
        np.multiply(mean, one, mean)
        np.multiply(gradient, 1 - one, scratch)
        np.add(mean, scratch, mean)
        _average(square, two, gradient, scratch)
        np.divide(square, 1 - two**count, scratch)
        np.sqrt(scratch, scratch)
        np.add(scratch, EPSILON, scratch)
        np.divide(mean, 1 - one**count, out)
        return np.divide(out, scratch, out)

    return Link(change, averages=2)


def _decay(settings: Settings) -> tuple[Link, ...]:
    """No link at all without weight decay: adding 0·θ would cost a pass and turn an infinite θ into NaN."""
    return (decay(settings.weight_decay),) if settings.weight_decay else ()


#: Parameters of an optimiser in PyTorch, Keras and optax: which field each is, or its one value here.
_RATE = {"lr": "learning_rate", "learning_rate": "learning_rate", "weight_decay": "weight_decay"}
_ADAM = {
    "betas": (ADAM_DECAYS,), "beta_1": ADAM_DECAYS[:1], "beta_2": ADAM_DECAYS[1:], "b1": ADAM_DECAYS[:1],
    "b2": ADAM_DECAYS[1:], "eps": (EPSILON,), "epsilon": (EPSILON,), "amsgrad": (False,), "maximize": (False,),
}  # fmt: skip
_KERAS_EPSILON: English = "Keras adds 1e-7 to the root, this one 1e-8"

OPTIMISERS = Table(
    "optimizer",
    (
        Optimiser(
            "sgd", "θ ← θ − η g", 0.1, 0.0,
            _decay,
            "Robbins & Monro 1951",
            "The update is as small as the gradient: a vanished one leaves the layer as it was.",
            Aliases(
                ("gradient_descent", "gd", "vanilla_sgd"), ("lbfgs", "asgd", "rprop"),
                order=("params", "lr"), fields=_RATE,
                fixed={"momentum": (0, None), "nesterov": (False,), "dampening": (0,), "maximize": (False,)},
            ),
        ),
        Optimiser(
            "momentum", "v ← μ v + g;  θ ← θ − η v", 0.1, 0.0,
            lambda s: (*_decay(s), momentum(s.momentum)),
            "Polyak 1964", "The first update is SGD's; later ones add up to 1 / (1 − μ) times as much.",
            Aliases(
                ("sgd", "sgd_momentum", "sgdm", "momentum_sgd", "sgd_with_momentum", "heavy_ball"), ("muon", "lars"),
                order=("params", "lr", "momentum"), fields=_RATE | {"momentum": "momentum"},
                fixed={"nesterov": (False,), "dampening": (0,), "maximize": (False,)}, needs={"sgd": ("momentum",)},
            ),
        ),
        Optimiser(
            "nesterov", "v ← μ v + g;  θ ← θ − η (g + μ v)", 0.1, 0.0,
            lambda s: (*_decay(s), momentum(s.momentum, nesterov=True)),
            "Nesterov 1983", "Looks one step of momentum ahead.",
            Aliases(
                ("sgd", "nag", "nesterov_momentum", "sgd_nesterov", "nesterov_accelerated_gradient"),
                order=("params", "lr", "momentum"), fields=_RATE | {"momentum": "momentum"},
                fixed={"nesterov": (True,), "dampening": (0,), "maximize": (False,)},
                needs={"sgd": ("momentum", "nesterov")},
            ),
        ),
        Optimiser(
            "rmsprop", "v ← α v + (1 − α) g²;  θ ← θ − η g / (√v + ε)", 0.01, 0.0,
            lambda s: (*_decay(s), rms()),
            "Tieleman & Hinton 2012",
            "Divides by the gradient's own size: a vanished layer moves as fast as the others, until g falls under ε.",
            # Keras' and optax' have a decay of 0.9.
            Aliases(
                near=("adagrad", "adadelta"), order=("params", "lr", "alpha", "eps"), fields=_RATE,
                fixed={"alpha": (RMSPROP_DECAY,), "eps": (EPSILON,), "momentum": (0,), "centered": (False,)},
                unlike=("keras", "jax"),
            ),
            # v starts at 0 and is not corrected for it: at first it is (1 − α) g².
            overshoot=1 / math.sqrt(1 - RMSPROP_DECAY),
            divides=True,
        ),
        Optimiser(
            "adam", "θ ← θ − η m̂ / (√v̂ + ε)", 0.001, 0.0,
            lambda s: (*_decay(s), adam()),
            "Kingma & Ba 2015",
            "The first update is ±η wherever |g| ≫ ε = 1e-8: it hides a vanishing gradient, it does not cure one.",
            Aliases(
                near=("nadam", "radam", "adamax", "amsgrad", "adabelief", "yogi"),
                order=("params", "lr", "betas", "eps"), fields=_RATE, fixed=_ADAM, remarks={"keras": _KERAS_EPSILON},
            ),
            divides=True,
        ),
        Optimiser(
            "adamw", "θ ← θ − η (m̂ / (√v̂ + ε) + λ θ)", 0.001, 0.01,
            lambda s: (adam(), *_decay(s)),
            "Loshchilov & Hutter 2019", "Adam whose weight decay does not pass through the division.",
            Aliases(
                near=("lamb", "lion", "adafactor", "sophia"), order=("params", "lr", "betas", "eps", "weight_decay"),
                fields=_RATE, fixed=_ADAM, remarks={"keras": _KERAS_EPSILON},
                sets={"keras": {"weight_decay": 0.004}, "jax": {"weight_decay": 1e-4}},
            ),
            decoupled=True,
            divides=True,
        ),
    ),
)  # fmt: skip

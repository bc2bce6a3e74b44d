"""The table of optimisers: chains of links, each a pure init/update pair (the design of optax, DeepMind 2020).

A link's update(gradients, state, parameters) → (gradients, state) changes neither of its arguments. The constants are
PyTorch's, and the learning rates and weight decays too, but for SGD's rate (there 1e-3) and momentum's μ (there 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array
from ..core.table import Table

Arrays = Mapping[str, Array]
State = Any


@dataclass(frozen=True, slots=True)
class Link:
    """One transformation of the gradients, with a state."""

    init: Callable[[Arrays], State]
    update: Callable[[Arrays, State, Arrays], tuple[dict[str, Array], State]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the experiment decides: learning rate η, momentum μ, weight decay λ."""

    learning_rate: float
    momentum: float
    weight_decay: float


@dataclass(frozen=True, slots=True)
class Optimiser:
    """One optimiser: formula, default learning rate and weight decay, and its chain.

    decoupled says that its weight decay stands beside the gradient after all divisions, not in it. overshoot is how
    many times too large its first update is beside later ones of the same gradient.
    """

    name: str
    formula: str
    learning_rate: float
    weight_decay: float
    build: Callable[[Settings], Link]
    source: str
    note: English
    aliases: Aliases = NO_ALIASES
    decoupled: bool = False
    overshoot: float = 1.0


# Decay of the squared gradient's average in RMSProp; the two of Adam; what is added to the root.
RMSPROP_DECAY = 0.99
ADAM_DECAYS = (0.9, 0.999)
EPSILON = 1e-8


def chain(*links: Link) -> Link:
    """The links one after the other."""

    def init(parameters: Arrays) -> State:
        return tuple(link.init(parameters) for link in links)

    def update(gradients: Arrays, state: State, parameters: Arrays) -> tuple[dict[str, Array], State]:
        current, states = dict(gradients), []
        for link, link_state in zip(links, state, strict=True):
            current, new = link.update(current, link_state, parameters)
            states.append(new)
        return current, tuple(states)

    return Link(init, update)


def _stateless(change: Callable[[Array, Array], Array]) -> Link:
    """A link without a state: change(gradient, parameter)."""
    return Link(
        lambda parameters: (),
        lambda gradients, state, parameters: (
            {name: change(gradient, parameters[name]) for name, gradient in gradients.items()},
            state,
        ),
    )


def scale(factor: float) -> Link:
    """factor · g."""
    return _stateless(lambda gradient, parameter: gradient * gradient.dtype.type(factor))


def decay(rate: float) -> Link:
    """g + λ θ."""
    return _stateless(lambda gradient, parameter: gradient + parameter * parameter.dtype.type(rate))


def _zeros(parameters: Arrays) -> dict[str, Array]:
    return {name: np.zeros_like(parameter) for name, parameter in parameters.items()}


def momentum(mu: float, nesterov: bool = False) -> Link:
    """v ← μ v + g; passes on v, or g + μ v (Nesterov)."""

    def update(gradients: Arrays, state: State, parameters: Arrays) -> tuple[dict[str, Array], State]:
        speed = {name: state[name] * gradient.dtype.type(mu) + gradient for name, gradient in gradients.items()}
        if not nesterov:
            return dict(speed), speed
        return {name: gradient + speed[name] * gradient.dtype.type(mu) for name, gradient in gradients.items()}, speed

    return Link(_zeros, update)


def rms() -> Link:
    """v ← α v + (1 − α) g²; passes on g / (√v + ε)."""

    def update(gradients: Arrays, state: State, parameters: Arrays) -> tuple[dict[str, Array], State]:
        average = {
            name: RMSPROP_DECAY * state[name] + (1 - RMSPROP_DECAY) * gradient * gradient
            for name, gradient in gradients.items()
        }
        return {name: gradient / (np.sqrt(average[name]) + EPSILON) for name, gradient in gradients.items()}, average

    return Link(_zeros, update)


def adam() -> Link:
    """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²; passes on m̂ / (√v̂ + ε), each corrected for its start at 0."""

    def init(parameters: Arrays) -> State:
        return 0, _zeros(parameters), _zeros(parameters)

    def update(gradients: Arrays, state: State, parameters: Arrays) -> tuple[dict[str, Array], State]:
        (one, two), (count, mean, square) = ADAM_DECAYS, state
        count += 1
        mean = {name: one * mean[name] + (1 - one) * gradient for name, gradient in gradients.items()}
        square = {name: two * square[name] + (1 - two) * gradient * gradient for name, gradient in gradients.items()}
        passed = {
            name: (mean[name] / (1 - one**count)) / (np.sqrt(square[name] / (1 - two**count)) + EPSILON)
            for name in gradients
        }
        return passed, (count, mean, square)

    return Link(init, update)


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
            lambda s: chain(*_decay(s), scale(-s.learning_rate)),
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
            lambda s: chain(*_decay(s), momentum(s.momentum), scale(-s.learning_rate)),
            "Polyak 1964", "The first update is SGD's; later ones add up to 1 / (1 − μ) times as much.",
            Aliases(
                ("sgd", "sgd_momentum", "sgdm", "momentum_sgd", "sgd_with_momentum", "heavy_ball"), ("muon", "lars"),
                order=("params", "lr", "momentum"), fields=_RATE | {"momentum": "momentum"},
                fixed={"nesterov": (False,), "dampening": (0,), "maximize": (False,)}, needs={"sgd": ("momentum",)},
            ),
        ),
        Optimiser(
            "nesterov", "v ← μ v + g;  θ ← θ − η (g + μ v)", 0.1, 0.0,
            lambda s: chain(*_decay(s), momentum(s.momentum, nesterov=True), scale(-s.learning_rate)),
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
            lambda s: chain(*_decay(s), rms(), scale(-s.learning_rate)),
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
        ),
        Optimiser(
            "adam", "θ ← θ − η m̂ / (√v̂ + ε)", 0.001, 0.0,
            lambda s: chain(*_decay(s), adam(), scale(-s.learning_rate)),
            "Kingma & Ba 2015",
            "The first update is ±η wherever |g| ≫ ε = 1e-8: it hides a vanishing gradient, it does not cure one.",
            Aliases(
                near=("nadam", "radam", "adamax", "amsgrad", "adabelief", "yogi"),
                order=("params", "lr", "betas", "eps"), fields=_RATE, fixed=_ADAM, remarks={"keras": _KERAS_EPSILON},
            ),
        ),
        Optimiser(
            "adamw", "θ ← θ − η (m̂ / (√v̂ + ε) + λ θ)", 0.001, 0.01,
            lambda s: chain(adam(), *_decay(s), scale(-s.learning_rate)),
            "Loshchilov & Hutter 2019", "Adam whose weight decay does not pass through the division.",
            Aliases(
                near=("lamb", "lion", "adafactor", "sophia"), order=("params", "lr", "betas", "eps", "weight_decay"),
                fields=_RATE, fixed=_ADAM, remarks={"keras": _KERAS_EPSILON},
                sets={"keras": {"weight_decay": 0.004}, "jax": {"weight_decay": 1e-4}},
            ),
            decoupled=True,
        ),
    ),
)  # fmt: skip

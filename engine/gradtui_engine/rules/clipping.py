"""The table of gradient clippings. Clipping changes no factor: it caps the result, parameter by parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..core.message import English, Message
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array, norm, norms
from ..core.table import Table

Gradients = Mapping[str, Array]
#: clip(gradients, parameters, threshold, out) → the clipped gradients. What differs is written to `out`, which may be
#: the gradients themselves, or to new arrays where it is None; an array that stays as a whole is the very gradient.
Clip = Callable[[Gradients, Gradients, float, Gradients | None], dict[str, Array]]


@dataclass(frozen=True, slots=True)
class Clipping:
    """One way to clip; threshold is the default."""

    name: str
    formula: str
    clip: Clip
    threshold: float
    source: str
    note: English
    aliases: Aliases = NO_ALIASES


#: The field that the limit of a clipping is.
_THRESHOLD = "clip_threshold"
# What PyTorch's clip_grad_norm_ adds to the norm before it divides.
EPSILON = 1e-6
# The least norm of a weight that AGC counts with, so that zero biases can move (Brock et al. 2021).
_LEAST_WEIGHT = 1e-3


def global_norm(gradients: Gradients) -> float:
    """Norm of all gradients together, safe at the ends of the floating-point range."""
    return norm(np.array([norm(gradient) for gradient in gradients.values()] or [0.0]))


def _none(
    gradients: Gradients, parameters: Gradients, threshold: float, out: Gradients | None = None
) -> dict[str, Array]:
    return dict(gradients)


def _value(
    gradients: Gradients, parameters: Gradients, threshold: float, out: Gradients | None = None
) -> dict[str, Array]:
    return {name: np.clip(gradient, -threshold, threshold, out=_of(out, name)) for name, gradient in gradients.items()}


def _of(out: Gradients | None, name: str) -> Array | None:
    return None if out is None else out[name]


def _scaled(gradients: Gradients, threshold: float, out: Gradients | None) -> dict[str, Array]:
    share = min(1.0, threshold / (global_norm(gradients) + EPSILON))
    if share == 1.0:  # also where the norm is NaN
        return dict(gradients)
    return {
        name: np.multiply(gradient, gradient.dtype.type(share), out=_of(out, name))
        for name, gradient in gradients.items()
    }


def _norm(
    gradients: Gradients, parameters: Gradients, threshold: float, out: Gradients | None = None
) -> dict[str, Array]:
    return _scaled(gradients, threshold, out)


def _layer(
    gradients: Gradients, parameters: Gradients, threshold: float, out: Gradients | None = None
) -> dict[str, Array]:
    groups = layers_of(gradients)
    clipped = {name: gradient for group in groups for name, gradient in _scaled(group, threshold, out).items()}
    return {name: clipped[name] for name in gradients}


def layers_of(gradients: Gradients) -> list[dict[str, Array]]:
    """The gradients of each layer."""
    groups: dict[str, dict[str, Array]] = {}
    for name, gradient in gradients.items():
        groups.setdefault(name.rpartition(".")[0], {})[name] = gradient
    return list(groups.values())


def _adaptive(
    gradients: Gradients, parameters: Gradients, threshold: float, out: Gradients | None = None
) -> dict[str, Array]:
    """Unit-wise: a row of a matrix, or a vector as a whole. The output layer is left alone, as in the paper."""
    clipped = {}
    for name, gradient in gradients.items():
        if name.startswith("output."):
            clipped[name] = gradient
            continue
        most = threshold * np.maximum(_unit_norms(parameters[name]), _LEAST_WEIGHT)
        size = _unit_norms(gradient)
        share = np.where(size > most, most / np.maximum(size, EPSILON), 1.0).astype(gradient.dtype)
        clipped[name] = np.multiply(gradient, share, out=_of(out, name))
    return clipped


def _unit_norms(array: Array) -> Array:
    if array.ndim < 2:
        return np.asarray(norm(array))
    return np.array(norms(np.ascontiguousarray(array)))[:, None]


CLIPPINGS = Table(
    "clip",
    (
        Clipping(
            "none", "g", _none, 0.0, "–", "Gradients go to the optimiser as they are.",
            Aliases(("off", "no")),
        ),
        Clipping(
            "value", "clamp(g, ±threshold)", _value, 1.0, "Mikolov 2012",
            "Caps each number by itself, and so turns the gradient's direction.",
            Aliases(
                ("clip_value", "clipvalue", "clip_grad_value", "clip_by_value", "clamp", "clip"), order=("clip_value",),
                fields={"clip_value": _THRESHOLD, "max_delta": _THRESHOLD, "clipvalue": _THRESHOLD},
            ),
        ),
        Clipping(
            "norm", Message("g · min(1, threshold / (‖all g‖ + 1e-6))"), _norm, 1.0, "Pascanu et al. 2013",
            "Keeps the direction. One exploded layer shrinks the update of all others.",
            Aliases(
                ("clip_grad_norm", "clip_by_global_norm", "global_norm", "clip_global_norm", "global_clipnorm"),
                # Keras' clipnorm and tf.clip_by_norm clip each tensor by itself.
                ("clip_norm", "clip_by_norm", "clip_gradients", "gradient_clipping"), order=("max_norm",),
                fields={"max_norm": _THRESHOLD, "clip_norm": _THRESHOLD, "global_clipnorm": _THRESHOLD},
                fixed={"norm_type": (2,)},
            ),
        ),
        Clipping(
            "layer", Message("g · min(1, threshold / (‖g of the layer‖ + 1e-6))"), _layer, 1.0, "–",
            "Each layer by itself: one that explodes does not silence the rest.",
            Aliases(("per_layer", "layerwise"), ("clip_by_block_rms", "per_parameter", "per_tensor")),
        ),
        Clipping(
            "adaptive", Message("g_i · threshold ‖W_i‖ / ‖g_i‖ where larger, per unit i"), _adaptive, 0.01,
            "Brock et al. 2021", "Relative to the weights (AGC): no unit changes by more than the share `threshold`.",
            Aliases(("agc", "adaptive_grad_clip"), order=("clipping",), fields={"clipping": _THRESHOLD}),
        ),
    ),
)  # fmt: skip

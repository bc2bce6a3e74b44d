"""Clipping of gradients that have 16 bits, as those of 16-bit weights: PyTorch's operations, each result rounded.

total = ‖(‖g₁‖, ‖g₂‖, …)‖,  share = min(1, threshold · (1 / (total + 1e-6))),  g ← share · g
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..core.numerics import Array, norm
from .clipping import CLIPPINGS, EPSILON, Gradients, layers_of


def clip(
    name: str, gradients: Gradients, parameters: Gradients, threshold: float, out: Gradients | None,
    rounding: Callable[[Array], None],
) -> dict[str, Array]:  # fmt: skip
    """As the row of that name clips, its results rounded."""

    def rounded(made: object) -> Array:
        array = np.array(made, np.float32)
        rounding(array)
        return array

    def share(group: Gradients) -> Array:
        norms = np.array([norm(gradient) for gradient in group.values()] or [0.0])
        below = rounded(rounded(norm(rounded(norms))) + np.float32(EPSILON))
        return np.minimum(rounded(rounded(1 / below) * np.float32(threshold)), 1)

    if name in ("norm", "layer"):
        made = {}
        for group in [gradients] if name == "norm" else layers_of(gradients):
            by = share(group)
            for each, gradient in group.items():
                made[each] = gradient if by == 1 else np.multiply(gradient, by, None if out is None else out[each])
    else:
        made = CLIPPINGS[name].clip(gradients, parameters, threshold, out)
    for each, array in made.items():
        if array is not gradients[each] or out is not None:
            rounding(array)
    return {each: made[each] for each in gradients}

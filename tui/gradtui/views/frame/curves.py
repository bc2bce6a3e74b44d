"""An activation's f and f′ at any z."""

from __future__ import annotations

import numpy as np

from gradtui_engine.rules.activations import Activation

from ...text.heat import Array


def curves(row: Activation, z: Array, slope: float) -> tuple[Array, Array]:
    """f(z) and f′(z) of a row of the table."""
    value, derivative = np.empty_like(z), np.empty_like(z)
    with np.errstate(all="ignore"):
        row.forward(z, value, slope)
        row.derivative(z, value, derivative, slope)
    return value, derivative

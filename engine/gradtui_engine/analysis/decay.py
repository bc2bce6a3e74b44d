"""The signal along the trace: the product of the factors, and how far it carries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.numerics import power, ratio
from ..core.thresholds import VANISHED
from ..program.program import first_learning

#: float32's smallest normal number: below it digits are lost, 1e-45 below it everything.
SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, slots=True)
class Decay:
    """How the gradient's norm goes from the last stage to the first.

    running_product[k] is ‖dL/dh_k‖ / ‖dL/dh_K‖, the product of the factors of the stages K−1 … k. The others are of the
    path that carries the gradient (`carried`): geometric_mean is the factor per stage on average (`average_factor`),
    half_life = ln ½ / ln of it, in stages (inf at 1; negative where the signal grows: then it is the doubling
    distance). vanished_after and subnormal_after are how many stages below the output the signal is first under 1e-3
    of the output's and under float32's smallest normal number; None where it never is down to the first stage that
    learns.
    """

    running_product: tuple[float, ...]
    geometric_mean: float
    half_life: float
    vanished_after: int | None
    subnormal_after: int | None


def decay_of(norms: Sequence[float], carried: Sequence[float], axis: str, truncate: int | None = None) -> Decay:
    """The decay along stages of these ‖dL/dh_k‖, carried by a path of these norms, down to the first that learns.

    truncate: after how many steps each the gradient is cut.
    """
    last = len(norms) - 1
    first = first_learning(axis, last, truncate)
    relative = tuple(ratio(value, carried[last]) for value in carried)
    mean = average_factor(relative, first)
    vanished, subnormal = _after(relative[first:], VANISHED), _after(carried[first:], SMALLEST_NORMAL)
    products = relative if carried is norms else tuple(ratio(value, norms[last]) for value in norms)
    return Decay(products, mean, half_life(mean), vanished, subnormal)


def average_factor(products: Sequence[float], first: int) -> float:
    """Geometric mean of the factors from the last stage down to `first`.

    Where the signal has underflowed to 0 on the way, down to the last stage where it has not: 1,000 layers of 0.24
    end at 0 in float64, but not at 0 a layer.
    """
    last = len(products) - 1
    reached = next((index for index in range(first, last) if products[index] > 0), first)
    return power(products[reached], 1 / (last - reached)) if last > reached else 1.0


def half_life(factor: float) -> float:
    """Stages until half is left at a constant factor: ln ½ / ln factor."""
    if not factor > 0.0:
        return 0.0 if factor == 0.0 else math.nan
    if math.isinf(factor):
        return -0.0
    return math.log(0.5) / math.log(factor) if factor != 1.0 else math.inf


def _after(values: Sequence[float], limit: float) -> int | None:
    last = len(values) - 1
    return next((last - index for index in range(last, -1, -1) if values[index] < limit), None)

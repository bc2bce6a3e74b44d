"""The variances along an MLP at initialisation: σ_w² and σ_b² of its rules, E[h²] layer by layer, and what each layer
does to a squared gradient, norms, skips and gates included.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..cells.residual_blocks import BLOCKS, NORM, RESIDUALS, blocks, scales, weights_scale
from ..cells.settings import units_of
from ..core.figures import cut
from ..experiment.weight_rules import weight_rule
from ..program.dropout import DROPOUTS
from ..program.normalisation import NORMALISATIONS
from ..program.program import Place
from ..rules.initialisers import INITIALISERS
from .meanfield import Moments, gate_moments, moments

if TYPE_CHECKING:
    from ..experiment.resolved import Resolved
    from ..run.trace import Trace


def weight_scale(resolved: Resolved, fan_out: int, fan_in: int, place: Place = "layer") -> float | None:
    """σ_w² = fan_in · Var(W) of a matrix; None where its initialiser has no variance that theory can use."""
    rule, blocks = weight_rule(resolved, place), 1 if place == "output" else resolved.kind.blocks
    variance = rule.variance((fan_out, fan_in), blocks, _module_fan(resolved, fan_in))
    return None if variance is None else fan_in * variance


def bias_scale(resolved: Resolved, fan_in: int) -> float:
    """σ_b²: the variance of what the biases of a layer, or all those of a cell, add to a pre-activation."""
    if resolved.sigma_b is not None:
        return resolved.sigma_b**2
    variance, rule = INITIALISERS[resolved.init].variance, resolved.module_rule
    if variance is None or rule is None:
        return 0.0
    count = len(resolved.kind.biases) if resolved.kind.over_time else 1
    return count * variance(1, 1, 1.0, rule(_module_fan(resolved, fan_in)))


def scales_of(resolved: Resolved) -> set[tuple[float | None, float]]:
    """(σ_w², σ_b²) of the hidden layers from the second on: several where widths differ and the rule sees both fans."""
    pairs = set(itertools.pairwise(resolved.widths)) or {(resolved.width, resolved.width)}
    scales = ((weight_scale(resolved, after, before), bias_scale(resolved, before)) for before, after in pairs)
    # fan_in · (1/√fan_in)² is not 1 to the last digit.
    return {(None if weight is None else cut(weight, 12), cut(bias, 12)) for weight, bias in scales}


def _module_fan(resolved: Resolved, fan_in: int) -> int:
    return resolved.width if resolved.kind.over_time else fan_in


class Walk:
    """The variance recursion along an MLP, yielding the squared factor of every layer."""

    def __init__(self, resolved: Resolved, trace: Trace) -> None:
        self.resolved = resolved
        self.inputs = int(trace.input.shape[-1])
        first = trace.input.astype(np.float64)
        self.square = float(np.mean(first * first))  # p = E[h²]
        self.mean = 0.0  # E[h] over the weights
        #: The units at both ends of the block at hand.
        self.units = self.inputs
        #: What the weights at hand are drawn with besides their rule.
        self.drawn_with = 1.0
        norm = NORMALISATIONS[resolved.norm]
        self.centred = norm.centred
        self.constants = DROPOUTS[resolved.dropout_kind].of(resolved.dropout)
        self.epsilon = norm.epsilon(resolved.storage) if resolved.norm != "none" else 0.0
        self.joined = _gated_join if RESIDUALS[resolved.residual].gated else _weighed_join

    def squares(self) -> Iterator[float]:
        block = BLOCKS[self.resolved.residual_block]
        for first, last, skip in blocks(self.resolved, self.inputs):
            self.drawn_with = weights_scale(self.resolved) if skip else 1.0
            if not skip:
                chi, self.square, self.mean = self._layer(first, self.square)
                yield chi
                continue
            chis, square, mean = [], self.square, self.mean
            for layer in range(first, last + 1):
                chi, square, mean = _LAYERS[block.name](self, layer, square)
                chis.append(chi)
            self.units = units_of(self.resolved, last)
            join = self.joined(self, square, mean)
            divisor = 1.0
            if NORM in block.last:
                spread = join.square - join.mean**2 if self.centred else join.square
                divisor = spread + self.epsilon
                join = replace(
                    join, square=spread / divisor, mean=0.0 if self.centred else join.mean / math.sqrt(divisor)
                )
            yield from _block_factors(chis, join, divisor)
            self.square, self.mean = join.square, join.mean

    def _scale(self, layer: int, q_before: float) -> float:
        scale = weight_scale(self.resolved, units_of(self.resolved, layer), self._fan_in(layer))
        if scale is None:
            # LSUV scales W until Var(z) is gain².
            scale = self.resolved.gain_value**2 / q_before if q_before > 0 else 0.0
        return scale * self.drawn_with**2

    def _bias(self, layer: int) -> float:
        return bias_scale(self.resolved, self._fan_in(layer))

    def _fan_in(self, layer: int) -> int:
        return self.inputs if layer == 1 else units_of(self.resolved, layer - 1)

    def _layer(self, layer: int, square: float) -> tuple[float, float, float]:
        """(χ, E[h'²], E[h']) of weight, norm and activation in the usual order."""
        scale = self._scale(layer, square)
        slope, passed, mean = self._bend(scale * square + self._bias(layer))
        return scale * slope, passed, mean

    def _pre_layer(self, layer: int, square: float) -> tuple[float, float, float]:
        """(χ, E[F²], E[F]) of norm, activation and weight; what it reads is Gaussian of variance `square`."""
        slope, passed, _ = self._bend(square)
        scale = self._scale(layer, passed)
        return scale * slope, scale * passed + self._bias(layer), 0.0

    def _bare_layer(self, layer: int, square: float) -> tuple[float, float, float]:
        """(χ, E[F²], E[F]) of weight and activation, whose norm stands elsewhere."""
        scale = self._scale(layer, square)
        slope, passed, mean = self._dropped(
            moments(self.resolved.activation, scale * square + self._bias(layer), self.resolved.slope)
        )
        return scale * slope, passed, mean

    def _bend(self, q: float) -> tuple[float, float, float]:
        """(squared slope, E[out²], E[out]) of the activation and its norm, reading N(0, q)."""
        name, slope = self.resolved.activation, self.resolved.slope
        if self.resolved.norm == "none":
            return self._dropped(moments(name, q, slope))
        if self.resolved.norm_position == "before":
            divisor = q + self.epsilon
            slope_square, square, mean = self._dropped(moments(name, q / divisor, slope))
            return slope_square / divisor, square, mean
        slope_square, square, mean = self._dropped(moments(name, q, slope))
        spread = square - mean**2 if self.centred else square
        divisor = spread + self.epsilon
        return slope_square / divisor, spread / divisor, 0.0 if self.centred else mean / math.sqrt(divisor)

    def _dropped(self, at: Moments) -> tuple[float, float, float]:
        """(squared slope, E[out²], E[out]) of the activation and its dropout."""
        rate = self.resolved.dropout
        square, mean = self.constants.moments(rate, at.square, at.mean)
        return at.slope_square * self.constants.slope_square(rate), square, mean


#: What a layer of each kind of block makes of the signal that it reads.
_LAYERS: dict[str, Callable[[Walk, int, float], tuple[float, float, float]]] = {
    "post": Walk._layer,
    "pre": Walk._pre_layer,
    "post_norm": Walk._bare_layer,
}


@dataclass(frozen=True, slots=True)
class _Join:
    """Where branch and skip join: the squared factors of both and of the gate; E[h'²] and E[h'] of what comes out."""

    skip: float
    branch: float
    gate: float
    square: float
    mean: float


def _weighed_join(walk: Walk, square: float, mean: float) -> _Join:
    """α h + β F, F of these moments."""
    alpha, beta = scales(walk.resolved)
    together = alpha**2 * walk.square + 2 * alpha * beta * walk.mean * mean + beta**2 * square
    return _Join(alpha**2, beta**2, 0.0, together, alpha * walk.mean + beta * mean)


def _gated_join(walk: Walk, square: float, mean: float) -> _Join:
    """t H + (1 − t) h with t = σ(z), z normal: independent of h and H, as its weights are."""
    resolved = walk.resolved
    scale = weight_scale(resolved, walk.units, walk.units)
    if scale is None:
        # LSUV leaves the gates with the orthogonal weights that it starts from.
        scale = resolved.gain_value**2
    t, kept, t_square, kept_square, mixed, slope = gate_moments(
        resolved.highway_bias, scale * walk.square + bias_scale(resolved, walk.units)
    )
    apart = square + walk.square - 2 * mean * walk.mean
    return _Join(
        kept_square, t_square, scale * slope * apart,
        t_square * square + kept_square * walk.square + 2 * mixed * mean * walk.mean,
        t * mean + kept * walk.mean,
    )  # fmt: skip


def _block_factors(chis: list[float], join: _Join, divisor: float) -> Iterator[float]:
    """Squared factors of a block's stages, from the block's own input up to its last layer.

    Inside a branch the gradient is β times the branch's; at the block's input the skip's part joins it, and the gate's.
    A norm of the sum divides all of them.
    """
    inside = [join.branch * math.prod(chis[index:]) / divisor for index in range(len(chis))]
    norms = [(join.skip + join.gate) / divisor + inside[0], *inside[1:], 1.0]
    for before, after in itertools.pairwise(norms):
        yield before / after if after > 0 else math.nan

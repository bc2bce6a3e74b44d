"""What theory predicts for a network, stage by stage, at its finite depth; None where no theory is known.

Forward, p_l = E[h_l²] starts from the batch's own mean square; backward, the squared factor of layer l is that of
`meanfield`, with the parts that norm and skip add:

- layer and rms norm divide by the scale that theory predicts, forward and backward (Xiong et al. 2020);
- batch norm, whatever σ_w (Yang et al. 2019): without an activation χ = (B − 2)/(B − 3) for a batch of B; else, in the
  limit of a large batch, χ = E[φ'²] / Var φ at q = 1, π/(π − 1) for ReLU;
- dropout, whose masks differ from sample to sample, acts on mean squares alone: inverted dropout divides both by 1 − p
  (Schoenholz et al. 2017), so that a plain network is one of σ_w/√(1 − p). Two samples, even equal ones, part ways:
  there is no edge of chaos at which inputs stay told apart at any depth;
- residual, h' = h + β F(h): 1 + β² χ_F (Yang & Schoenholz 2017; Zhang et al. 2019), β also a learned one's start;
- a norm of the sum, of variance s²: (α² + χ_F) / s² (Xiong et al. 2020; Wang et al. 2022);
- Highway, h' = t H + (1 − t) h: E(1 − t)² + E t² χ_H, and what comes through the gate: σ_w² E t'² E(H − h)²;
- an RNN: the same recursion along time, tied weights counting as fresh ones (Chen et al. 2018);
- a pinned gate: the direct path's factor is the pinned value, exactly.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cells.residual_blocks import blocks
from ..core.figures import exact, percent, rounded, short
from ..core.message import Message
from ..program.dropout import DROPOUTS
from ..program.normalisation import NORMALISATIONS
from ..rules.activations import ACTIVATIONS
from ..rules.initialisers import INITIALISERS
from . import ring
from .meanfield import FixedPoint, fixed_point, moments, regime
from .variances import Walk, bias_scale, scales_of, weight_scale

if TYPE_CHECKING:
    from ..experiment.resolved import Resolved
    from ..run.trace import Trace


#: From so many samples on the limit of a large batch is right to 2 %, from 64 on to 1 %. Measured over layers 10 to 38
#: of 40, width 512, the factor of ReLU (limit 1.211) is 1.67 at a batch of 4, 1.338 at 8, 1.261 at 16, 1.233 at 32 and
#: 1.218 at 64. At 32 the activations are over their limits by 0.5 to 2.3 %, at 16 by 3 to 5 %; SiLU alone needs a width
#: of 2,500 for that.
LARGE_BATCH = 32


@dataclass(frozen=True, slots=True)
class Theory:
    """The prediction of a whole trace.

    factors[k] is the predicted factor of stage k (None where there is none, and for the last stage). q_star and chi are
    those of infinite depth (None where the theory has no such point), regime is what χ does over this depth
    (`meanfield.regime`); note says what holds, or why not.
    """

    factors: tuple[float | None, ...]
    q_star: float | None
    chi: float | None
    regime: str | None
    depth_scale: float | None
    note: str


def predict(trace: Trace) -> Theory:
    """The theory of a trace's experiment, for its own input.

    Of a network that has been trained mean field says nothing: its weights are no independent draws any more.
    """
    count = len(trace.program.stages)
    theory = _THEORIES[trace.resolved.kind.theory]
    if trace.moment is not None and trace.moment.iteration > 0 and theory in _OF_THE_START:
        note = Message(
            "mean field is of networks at initialisation; this is iteration {iteration} of a training",
            iteration=trace.moment.iteration,
        )
        return _nothing(count, note)
    with np.errstate(all="ignore"):
        return _cut(theory(trace, count), trace)


def _cut(theory: Theory, trace: Trace) -> Theory:
    """Where backpropagation is truncated the factor is 0, whatever the network."""
    cut = trace.program.walls
    if not cut or all(factor is None for factor in theory.factors):
        return theory
    factors = tuple(0.0 if stage in cut else factor for stage, factor in enumerate(theory.factors))
    note = Message("{note}; at every cut (truncate {count}) exactly 0", note=theory.note, count=cut.step)
    return dataclasses.replace(theory, factors=factors, note=note)


def _at(point: FixedPoint, factors: tuple[float | None, ...], depth: int, note: str) -> Theory:
    return Theory(factors, point.q_star, point.chi, regime(point.chi, depth), point.depth_scale, note)


def _nothing(count: int, note: str) -> Theory:
    return Theory((None,) * count, None, None, None, None, note)


# -- MLP ---------------------------------------------------------------------------------------------------


def _mlp(trace: Trace, count: int) -> Theory:
    resolved = trace.resolved
    scale = weight_scale(resolved, resolved.width, resolved.width)
    lsuv = resolved.sigma_w is None and INITIALISERS[resolved.init].data_dependent
    if scale is None and not lsuv:
        note = Message(
            "no mean-field theory for init {init}: its weights are not independent draws", init=resolved.init
        )
        return _nothing(count, note)
    if NORMALISATIONS[resolved.norm].theory == "large batch":
        return _large_batch(resolved, count)
    block_problem = _block_problem(resolved, trace.input.shape[-1])
    if block_problem:
        return _nothing(count, block_problem)
    squares = list(Walk(resolved, trace).squares())
    factors = (*(math.sqrt(value) if value >= 0 else None for value in squares), None)
    shifts = resolved.dropout > 0 and resolved.dropout_kind != "inverted"
    plain = resolved.norm == "none" and resolved.residual == "none" and not lsuv and not shifts
    if not plain:
        chi = _last_rate(resolved, trace.input.shape[-1], squares)
        note = Message(
            "finite depth; with norm, skip or alpha dropout there is no q* of infinite depth, χ is that of the last "
            "block"
        )
        return Theory(factors, None, chi, regime(chi, resolved.depth), None, note)
    if len(scales_of(resolved)) > 1:
        note = Message(
            "mean field layer by layer, each with its own fan-in and fan-out; there is no q* of infinite depth, χ is "
            "that of the last layer (Schoenholz et al. 2017)"
        )
        return Theory(factors, None, squares[-1], regime(squares[-1], resolved.depth), None, note)
    # What is kept of a signal has 1/(1 − p) times its mean square, as if σ_w were larger.
    scale = (scale or 0.0) * DROPOUTS[resolved.dropout_kind].of(resolved.dropout).slope_square(resolved.dropout)
    point = fixed_point(
        resolved.activation, math.sqrt(scale), math.sqrt(bias_scale(resolved, resolved.width)), resolved.slope
    )
    note = Message("mean field: wide network, at initialisation (Poole et al. 2016; Schoenholz et al. 2017)")
    if resolved.dropout:
        note = Message(
            "mean field with σ_w² / (1 − p); masks decorrelate even equal inputs, so there is no edge of chaos "
            "(Schoenholz et al. 2017)"
        )
    return _at(point, factors, resolved.depth, note)


def _last_rate(resolved: Resolved, inputs: int, squares: list[float]) -> float:
    """The squared factor a layer of the last block (inside a block of two layers it goes up and down), or layer."""
    spans = [(first, last) for first, last, skip in blocks(resolved, inputs) if skip or resolved.residual == "none"]
    first, last = spans[-1] if spans else (resolved.depth, resolved.depth)
    in_block = squares[first - 1 : last]
    return math.prod(in_block) ** (1 / len(in_block))


def _block_problem(resolved: Resolved, inputs: int) -> str:
    if resolved.residual == "none":
        return ""
    if resolved.residual_block == "original":
        return Message("no theory for original blocks: f acts on the sum, which is not Gaussian")
    if resolved.residual_block == "pre" and not all(skip for _, _, skip in blocks(resolved, inputs)):
        return Message("no theory for pre-activation blocks after an ordinary layer: what they read is not Gaussian")
    return ""


def _large_batch(resolved: Resolved, count: int) -> Theory:
    if resolved.residual != "none":
        return _nothing(count, Message("no closed form for {norm} norm with skips", norm=resolved.norm))
    if resolved.norm_position != "before":
        return _nothing(count, Message("no closed form for {norm} norm after the activation", norm=resolved.norm))
    if resolved.dropout:
        return _nothing(count, Message("no closed form for {norm} norm with dropout", norm=resolved.norm))
    batch = resolved.batch or 0
    if ACTIVATIONS[resolved.activation].bounds_at(resolved.slope) == (1.0, 1.0):
        if batch <= 3:
            return _nothing(count, Message("linear with batch norm: the rate of growth is infinite up to 3 samples"))
        chi = (batch - 2) / (batch - 3)
        note = Message(
            "√((B − 2)/(B − 3)) for a batch of B = {batch} and large width, after the first layers (Yang et al. 2019); "
            "it does not depend on σ_w",
            batch=batch,
        )
    elif batch < LARGE_BATCH:
        note = Message(
            "no number for batch norm with a batch of {batch}: the limit of a large batch is right to 2 % from {least} "
            "on, and in a smaller one the gradient grows faster (Yang et al. 2019)",
            batch=batch,
            least=LARGE_BATCH,
        )
        return _nothing(count, note)
    else:
        at = moments(resolved.activation, 1.0, resolved.slope)
        chi = at.slope_square / (at.square - at.mean**2)
        note = Message(
            "limit of a large batch and width, after the first layers (Yang et al. 2019); it does not depend on σ_w"
        )
    # The first layers still see the data's own correlations; the last factor belongs to no pair of layers.
    factors = (None, *((math.sqrt(chi),) * (count - 2)), None)
    return Theory(factors[:count], None, chi, regime(chi, resolved.depth), None, note)


# -- cells -------------------------------------------------------------------------------------------------


def _rnn(trace: Trace, count: int) -> Theory:
    resolved = trace.resolved
    recurrent = weight_scale(resolved, resolved.width, resolved.width, "recurrent")
    inputs = int(trace.input.shape[-1])
    entering = weight_scale(resolved, resolved.width, inputs)
    if recurrent is None or entering is None:
        init = resolved.init if entering is None else resolved.init_recurrent
        return _nothing(count, Message("no mean-field theory for init {init}", init=str(init)))
    if resolved.layers > 1 or resolved.readout == "all":
        return _nothing(count, Message("mean-field theory along time is for one layer, read out at the last step"))
    drive = np.mean(np.square(trace.input.astype(np.float64)), axis=2)  # (time, batch)
    square, bias = np.zeros(drive.shape[1]), bias_scale(resolved, resolved.width)
    factors: list[float | None] = []
    for step in drive:
        q = recurrent * square + entering * step + bias
        # Rounded to 5e-4, so that 2,000 steps × 64 samples share some thousand quadratures: 5 s become 0.3 s.
        q = np.exp(np.round(np.log(np.maximum(q, 1e-300)), 3))
        at = [moments(resolved.activation, value) for value in q.tolist()]
        square = np.array([moment.square for moment in at])
        factors.append(math.sqrt(recurrent * float(np.mean([moment.slope_square for moment in at]))))
    point = fixed_point(resolved.activation, math.sqrt(recurrent), math.sqrt(bias))
    note = Message(
        "mean field along time, tied weights as fresh ones (Chen et al. 2018); q* and χ are those without input"
    )
    return _at(point, (*factors, None), count - 1, note)


def _gated(trace: Trace, count: int) -> Theory:
    path, pin = trace.resolved.kind.path, trace.resolved.pin_forget
    assert path is not None
    if pin is None:
        return _nothing(
            count, Message("no closed form for free gates; pin {gate} (pin_forget) for an exact one", gate=path.gate)
        )
    factor = path.factor(pin)
    note = Message(
        "exact: the factor of the direct path of {state} is {symbol}, with {gate} pinned at {pin}; the paths through "
        "the gates add to it",
        state=path.state,
        symbol=path.symbol,
        gate=path.gate,
        pin=exact(pin),
    )
    return Theory((*((factor,) * (count - 1)), None), None, factor**2, regime(factor**2, count - 1), None, note)


#: From such a scatter on a standard deviation says nothing any more: the distribution is skewed.
_WIDE_OF = 0.5


def _ring(trace: Trace, count: int) -> Theory:
    resolved = trace.resolved
    if resolved.readout == "all":
        return _nothing(count, Message("theory of eigenvalues on a ring is for a network read out at the last step"))
    bounds = resolved.r_min, resolved.r_max, count - 1
    share = ring.scatter(*bounds, resolved.width)
    note = Message(
        "|λ|² uniform from {low}² to {high}²: √E|λ|^2T is left after T steps, {left} of all (Orvieto et al. 2023); "
        "draws of {width} units scatter by {share}",
        low=exact(resolved.r_min), high=exact(resolved.r_max), left=short(ring.left_after(*bounds)),
        width=resolved.width, share=percent(share) if share < _WIDE_OF else f"> {percent(_WIDE_OF)}",
    )  # fmt: skip
    return Theory((*ring.factors(resolved.r_min, resolved.r_max, count - 1), None), None, None, None, None, note)


def _unknown(trace: Trace, count: int) -> Theory:
    return _nothing(count, Message("no theory is known for {cell}", cell=trace.resolved.cell))


def _attention(trace: Trace, count: int) -> Theory:
    tokens = trace.input.shape[0]
    note = Message(
        "no closed form for attention that chooses; where it is uniform it averages, and of a gradient at one token "
        "1/√T = {factor} is left (Noci et al. 2022)",
        factor=rounded(1 / math.sqrt(tokens), 3),
    )
    return _nothing(count, note)


#: The theories, by what a cell's row says.
_THEORIES: dict[str, Callable[[Trace, int], Theory]] = {
    "mean field": _mlp,
    "mean field along time": _rnn,
    "gate": _gated,
    "attention": _attention,
    "ring": _ring,
    "none": _unknown,
}
#: Those that ask how the weights were drawn.
_OF_THE_START = (_mlp, _rnn, _ring)

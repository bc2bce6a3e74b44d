"""The σ_w–σ_b plane of mean-field theory: where depth leads for every spread of weights and biases, at once.

For each point the fixed point q*, and there χ = σ_w² E[φ'(√q* z)²], the squared gradient factor of a layer. The edge of
chaos is where χ = 1: on it a signal and its gradient go as deep as the network is (Poole et al. 2016; Schoenholz et
al. 2017).

`meanfield.fixed_point` takes 0.4 to 12 ms a point. Here E[φ²] and E[φ'²] are worked out once along ln q, by the same
quadrature, and read off between by cubics: 6,601 points in about 0.3 s.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.numerics import Array
from ..core.progress import Watch, part, throttled, told
from ..experiment.resolved import Resolved
from .meanfield import fixed_point, moments
from .variances import bias_scale, scales_of, weight_scale

#: Points of the plane along σ_w and σ_b: steps of a fortieth and a twentieth of the range of 4 and 2.
COLUMNS, ROWS = 161, 41
#: σ_w goes to 4, or, doubled, to where the activation is chaotic without biases: to 16 for the sigmoids.
_LEAST_RANGE, _MOST_RANGE = 4.0, 64.0
#: What fixed_point calls 0 and infinite, and ln q just beyond both (at 7e12 the slope of a tanh is 0 at every node),
#: in steps that leave the cubics an error of 1e-7.
_ZERO, _INFINITE = 1e-12, 1e12
_LOW, _HIGH, _STEP = math.log(_ZERO / 3), math.log(_INFINITE * 3), 0.05
#: How many layers q is followed before looking ahead, as in fixed_point; and the halvings of a bracket.
_LAYERS, _HALVINGS = 200, 40
#: The edge is found to 1/4096 of a column.
_EDGE_HALVINGS = 12
#: Shares of the work, for who watches: the table, and then the points.
_TABLE, _POINTS = 0.5, 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """q* and χ over the plane, (σ_b, σ_w), and the edge of chaos.

    q_star is inf where q grows for ever and NaN where every q is a fixed point (ReLU at He's √2 without biases). edge
    holds the points (σ_w, σ_b) where χ goes through 1, by σ_b and then σ_w.
    """

    activation: str
    slope: float | None
    sigma_w: Array
    sigma_b: Array
    q_star: Array
    chi: Array
    edge: tuple[tuple[float, float], ...]

    @property
    def factor(self) -> Array:
        """√χ: the gradient's factor a layer."""
        return np.asarray(np.sqrt(self.chi))

    @property
    def depth_scale(self) -> Array:
        """ξ = 1/|ln χ|: over so many layers the squared gradient changes by e; inf on the edge, 0 at χ = 0."""
        with np.errstate(divide="ignore"):
            return np.asarray(1.0 / np.abs(np.log(self.chi)))


@dataclass(frozen=True, slots=True)
class Place:
    """An experiment's place in the plane."""

    sigma_w: float
    sigma_b: float


def place(resolved: Resolved) -> Place | None:
    """Where an experiment stands: σ_w = √(fan_in · Var W) of its square matrices (an RNN's W_hh) and σ_b.

    None where gates are a cell's activations, where layers of different widths stand at different places, and where the
    initialiser has no variance that theory can use.
    """
    if not resolved.kind.chooses_activation or len(scales_of(resolved)) > 1:
        return None
    scale = weight_scale(resolved, resolved.width, resolved.width, "recurrent" if resolved.kind.over_time else "layer")
    if scale is None:
        return None
    return Place(math.sqrt(scale), math.sqrt(bias_scale(resolved, resolved.width)))


def plane(
    activation: str,
    slope: float | None = None,
    watch: Watch | None = None,
    columns: int = COLUMNS,
    rows: int = ROWS,
) -> Plane:
    """The plane of an activation, σ_w from 0 to 4 and σ_b from 0 to 2 (wider for the sigmoids).

    watch is told the share that is done.
    """
    watch = throttled(watch)
    widest = _range(activation, slope)
    table = _Table(activation, slope, part(watch, 0.0, _TABLE))
    sigma_w, sigma_b = np.linspace(0.0, widest, columns), np.linspace(0.0, widest / 2, rows)
    star, chi = np.empty((rows, columns)), np.empty((rows, columns))
    for row in told(range(rows), rows, part(watch, _TABLE, _POINTS)):
        star[row], chi[row] = table.lead(sigma_w, np.full(columns, sigma_b[row]))
    edge = _edge(table, sigma_w, sigma_b, chi, part(watch, _POINTS, 1.0))
    return Plane(activation, slope, sigma_w, sigma_b, star, chi, edge)


@functools.lru_cache(maxsize=8)
def leading(activation: str, slope: float | None = None) -> Callable[[Array, Array], tuple[Array, Array]]:
    """The function from σ_w and σ_b, arrays of one length, to q* that q = 1 leads to and χ there: 0.3 s the first time,
    then 0.1 ms a thousand places."""
    return _Table(activation, slope, None).lead


def _range(activation: str, slope: float | None) -> float:
    widest = _LEAST_RANGE
    while widest < _MOST_RANGE and fixed_point(activation, widest, 0.0, slope).chi <= 1.0:
        widest *= 2
    return widest


class _Table:
    """ln E[φ²] and ln E[φ'²] along ln q, and the map q ← σ_w² E[φ²] + σ_b² on arrays of points."""

    def __init__(self, activation: str, slope: float | None, watch: Watch | None) -> None:
        self.activation, self.slope = activation, slope
        self.log_q = np.arange(_LOW, _HIGH, _STEP)
        at = told(np.exp(self.log_q).tolist(), len(self.log_q), watch)
        at_each = [moments(activation, q, slope) for q in at]
        self.square = np.log([moment.square for moment in at_each])
        self.slope_square = np.log([moment.slope_square for moment in at_each])
        #: E[φ'²] in the limits that fixed_point takes for q* = 0 and q* = inf.
        self.ends = tuple(moments(activation, q, slope).slope_square for q in (1e-30, 1e30))

    def lead(self, sigma_w: Array, sigma_b: Array) -> tuple[Array, Array]:
        """q* that q = 1 leads to, and χ there, for each pair."""
        weight, bias = sigma_w**2, sigma_b**2
        with np.errstate(divide="ignore"):  # ln 0: neither weights nor biases
            log_star = self._follow(weight, bias)
            still = np.abs(self._change(np.zeros_like(weight), weight, bias)) < 1e-9
        star = np.exp(log_star)
        star[star < _ZERO], star[star > _INFINITE] = 0.0, np.inf
        slopes = np.exp(self._read(self.slope_square, log_star))
        slopes[star == 0.0], slopes[np.isinf(star)] = self.ends
        for index in np.flatnonzero(still):
            # q = 1 stays where it is: by chance, or every q does.
            if fixed_point(self.activation, float(sigma_w[index]), float(sigma_b[index]), self.slope).q_star is None:
                star[index] = np.nan
        return star, weight * slopes

    def _follow(self, weight: Array, bias: Array) -> Array:
        """ln q from ln 1 on: by the map itself, then, where that has not settled, by looking ahead."""
        here: Array = np.zeros_like(weight)
        step: Array = np.zeros_like(weight)
        for _ in range(_LAYERS):
            following = np.clip(here + self._change(here, weight, bias), _LOW, _HIGH)
            step, here = following - here, following
            if not np.any(np.abs(step) > 1e-14):
                return here
        slow = np.abs(step) > 1e-12
        here[slow] = self._ahead(here[slow], step[slow] > 0, weight[slow], bias[slow])
        return here

    def _ahead(self, here: Array, up: Array, weight: Array, bias: Array) -> Array:
        """The next place in a point's direction where q stands still; the end of the table where there is none."""
        grows = np.log(weight[:, None] * np.exp(self.square) + bias[:, None]) > self.log_q
        ahead = np.where(up[:, None], self.log_q > here[:, None], self.log_q < here[:, None])
        turned = ahead & (grows != up[:, None])
        first = np.where(up, turned.argmax(axis=1), turned.shape[1] - 1 - turned[:, ::-1].argmax(axis=1))
        outside = self.log_q[first]
        inside = np.where(up, np.maximum(here, outside - _STEP), np.minimum(here, outside + _STEP))
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            same = (self._change(middle, weight, bias) > 0) == up
            inside, outside = np.where(same, middle, inside), np.where(same, outside, middle)
        return np.where(turned.any(axis=1), (inside + outside) / 2, np.where(up, _HIGH, _LOW))

    def _change(self, log_q: Array, weight: Array, bias: Array) -> Array:
        """ln of the factor by which one layer changes q."""
        return np.asarray(np.log(weight * np.exp(self._read(self.square, log_q)) + bias) - log_q)

    def _read(self, values: Array, log_q: Array) -> Array:
        """Values along ln q, between the table's points: the cubic through the four nearest (Lagrange)."""
        place = (log_q - _LOW) / _STEP
        start = np.clip(np.floor(place).astype(np.int64), 1, len(values) - 3)
        t = place - start
        before, here, after, beyond = (values[start + offset] for offset in (-1, 0, 1, 2))
        return np.asarray(
            -t * (t - 1) * (t - 2) / 6 * before
            + (t + 1) * (t - 1) * (t - 2) / 2 * here
            - (t + 1) * t * (t - 2) / 2 * after
            + (t + 1) * t * (t - 1) / 6 * beyond
        )


def _edge(
    table: _Table, sigma_w: Array, sigma_b: Array, chi: Array, watch: Watch | None
) -> tuple[tuple[float, float], ...]:
    """Where χ goes through 1 between two columns, by halving all of these intervals together."""
    above = chi > 1.0
    rows, columns = np.nonzero(above[:, 1:] != above[:, :-1])
    low, high, bias = sigma_w[columns], sigma_w[columns + 1], sigma_b[rows]
    before = above[rows, columns]
    for _ in told(range(_EDGE_HALVINGS), _EDGE_HALVINGS, watch):
        middle = (low + high) / 2
        same = (table.lead(middle, bias)[1] > 1.0) == before
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return tuple(zip(((low + high) / 2).tolist(), bias.tolist(), strict=True))

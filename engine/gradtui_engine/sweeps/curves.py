"""Theory over the plane of a sweep: the edge of chaos, the depth that it allows, He's and Xavier's scales, gates.

Where an axis sets the scale of the weights (σ_w, gain, a scale of its own, a width under it), each place of the plane
has a σ_w and a σ_b, and by mean field a χ:

    χ = 1           the edge of chaos (Poole et al. 2016)
    depth = 6 ξ     ξ = 1/|ln χ|: as deep as a network can be trained (Schoenholz et al. 2017)
    σ_w = √2, 1     He et al. 2015, Glorot & Bengio 2010

Where one sets the bias of the gate of a direct path and the other the steps: T = ln s / ln σ(b), at which the path by
itself has s = 1/e and 1e-3 left.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cells.cell import GatePath
from ..core.message import English, Message
from ..core.numerics import Array
from ..core.problems import ExperimentError
from ..core.thresholds import VANISHED
from ..rules.activations import ACTIVATIONS
from ..theory.sigma_plane import leading, place
from .axis import Axis

if TYPE_CHECKING:
    from ..experiment.experiment import Experiment
    from .sweep import Sweep

#: Where a line breaks.
BREAK = (math.nan, math.nan)
#: The trainable depth in depth scales (Schoenholz et al. 2017).
SCALES = 6.0
#: Rows and columns of a plane whose experiments are looked at, at the most.
_MOST = 64
#: Places between two values at which χ is looked at, and halvings of a place where it passes 1.
_FINE, _HALVINGS = 12, 14
_DEPTHS = {"depth": "Schoenholz et al. 2017", "steps": "Schoenholz et al. 2017; Chen et al. 2018"}
_MEAN_FIELD = "Poole et al. 2016; Schoenholz et al. 2017"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line over the plane (joined), or points of it, as (x, y) in the axes' own units.

    Along an axis of names, and along the rows of a sweep that has one axis alone, a unit is a cell: 0 is the first.
    (nan, nan) is where the line breaks.
    """

    name: English
    source: str
    points: tuple[Point, ...]
    joined: bool = True


def curves(sweep: Sweep) -> tuple[Curve, ...]:
    """What theory says over a sweep's plane; nothing where it says nothing."""
    scales = _Scales.of(sweep)
    found = [] if scales is None else [*scales.curves()]
    return (*found, *_gates(sweep))


# -- the scale of the weights ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """σ_w and σ_b along one axis where the other one stands still, at its values and between them."""

    #: Where the other axis stands, in its units.
    at: float
    units: Array
    sigma_w: Array
    sigma_b: Array
    activation: str
    slope: float | None

    def chi(self, share: Array) -> Array:
        """χ at places along the row, in values: 0.5 is half way between the first two."""
        lead = leading(self.activation, self.slope)
        index = np.arange(len(self.units))
        chi: Array = lead(np.interp(share, index, self.sigma_w), np.interp(share, index, self.sigma_b))[1]
        return chi


@dataclass(frozen=True, slots=True)
class _Scales:
    """The rows of a plane, along the axis that changes σ_w."""

    sweep: Sweep
    #: The axis along which σ_w changes, the other one, and whether the first of them is y.
    along: Axis
    across: Axis | None
    turned: bool
    rows: tuple[_Row, ...]

    @classmethod
    def of(cls, sweep: Sweep) -> _Scales | None:
        """None where neither axis changes σ_w, and where theory has no σ_w."""
        for along, across, turned in ((sweep.x, sweep.y, False), (sweep.y, sweep.x, True)):
            if along is None or not along.numeric:
                continue
            rows = tuple(_rows(sweep.base, along, across))
            if any(np.ptp(row.sigma_w[np.isfinite(row.sigma_w)]) > 0 for row in rows):
                return cls(sweep, along, across, turned, rows)
        return None

    def curves(self) -> Iterator[Curve]:
        yield from self._contour(Message("χ = 1, the edge of chaos"), _MEAN_FIELD, _once_each(_edges))
        yield from self._depths()
        he, xavier = (lambda row: _crossings(row, _he(row))), (lambda row: _crossings(row, 1.0))
        for name, source, where in (
            (Message("He: σ_w = √2"), "He et al. 2015", he),
            (Message("Xavier: σ_w = 1"), "Glorot & Bengio 2010", xavier),
        ):
            if self.across is not None and "sigma_b" in self.across.fields:
                yield from self._points(name, source, where)
            else:
                yield from self._contour(name, source, where)

    def _contour(self, name: Message, source: str, where: Callable[[_Row], list[float]]) -> Iterator[Curve]:
        """A line through the places of every row; where the other axis has names each row has a piece of its own."""
        if self.across is None or not self.across.numeric:
            pieces = [[(unit, row.at - 0.5), (unit, row.at + 0.5)] for row in self.rows for unit in where(row)]
        else:
            pieces = _strands([(row.at, where(row)) for row in self.rows])
        points = tuple(itertools.chain.from_iterable([*piece, BREAK] for piece in pieces))
        if points:
            yield Curve(name, source, self._oriented(points[:-1]))

    def _points(self, name: Message, source: str, where: Callable[[_Row], list[float]]) -> Iterator[Curve]:
        """The rules draw no biases: they stand where σ_b is 0."""
        points = tuple((unit, row.at) for row in self.rows if row.at == 0 for unit in where(row))
        if points:
            yield Curve(name, source, self._oriented(points), joined=False)

    def _depths(self) -> Iterator[Curve]:
        """6ξ over the scale, on both sides of the edge, as far as the axis of the depth goes."""
        length = "steps" if self.sweep.base.resolved.kind.over_time else "depth"
        if self.across is None or length not in self.across.fields or not self.rows:
            return
        # χ is the same in every row: the depth is no part of it.
        row, deepest = self.rows[0], float(max(value for value in self.across.values if isinstance(value, int)))
        share = np.linspace(0, len(row.units) - 1, (len(row.units) - 1) * _FINE + 1)
        with np.errstate(all="ignore"):
            depth = SCALES / np.abs(np.log(row.chi(share)))
        depth = np.where(np.isnan(depth), math.inf, depth)
        points: list[Point] = []
        # Beyond the deepest one the line leaves the plane, where it reaches that.
        for one, two in itertools.pairwise(zip(share.tolist(), depth.tolist(), strict=True)):
            points += _clipped(one, two, deepest)
        units = np.array([point[0] for point in points])
        with np.errstate(invalid="ignore"):
            places = np.where(np.isfinite(units), _units(self.along, units), math.nan)
        named = tuple((unit, point[1]) for unit, point in zip(places.tolist(), points, strict=True))
        if any(math.isfinite(unit) for unit, _ in named):
            yield Curve(Message("6ξ, ξ = 1/|ln χ|"), _DEPTHS[length], self._oriented(named))

    def _oriented(self, points: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple((y, x) for x, y in points) if self.turned else points


def _rows(base: Experiment, along: Axis, across: Axis | None) -> Iterator[_Row]:
    """A row for each value of the other axis: those of large planes are thinned out."""
    chosen = _thinned(range(len(along.values)))
    others = [None] if across is None else _thinned(range(len(across.values)))
    units = np.array([float(along.values[index] or 0) for index in chosen])
    for other in others:
        fixed = {} if across is None or other is None else across.changes(other)
        places = [_place(base, {**along.changes(index), **fixed}) for index in chosen]
        known = [found for found in places if found is not None]
        if not known:
            continue
        at = float(other or 0)
        if across is not None and other is not None and across.numeric:
            at = float(across.values[other] or 0)
        sigmas = np.array([(math.nan, math.nan) if found is None else found[:2] for found in places])
        kinds = {found[2:] for found in known}
        if len(kinds) == 1:
            ((activation, slope),) = kinds
            yield _Row(at, units, sigmas[:, 0], sigmas[:, 1], activation, slope)


def _thinned(indices: range) -> list[int]:
    """All of them, or _MOST at equal distances with both ends."""
    if len(indices) <= _MOST:
        return list(indices)
    return [round(index) for index in np.linspace(0, len(indices) - 1, _MOST).tolist()]


def _place(base: Experiment, changes: Mapping[str, object]) -> tuple[float, float, str, float | None] | None:
    """σ_w, σ_b, activation and slope of an experiment; None where it cannot be, and where χ has no such meaning."""
    own = {name: value for name, value in changes.items() if hasattr(base, name)}
    try:
        resolved = base.replace(**own).resolved  # type: ignore[arg-type]
    except ExperimentError:
        return None
    if resolved.norm != "none" or resolved.residual != "none" or resolved.dropout:
        return None
    found = place(resolved)
    return None if found is None else (found.sigma_w, found.sigma_b, resolved.activation, resolved.slope)


def _edges(row: _Row) -> list[float]:
    """Where χ passes 1 along a row, in units."""
    share = np.linspace(0, len(row.units) - 1, (len(row.units) - 1) * _FINE + 1)
    above = row.chi(share) > 1
    known = np.isfinite(np.interp(share, np.arange(len(row.units)), row.sigma_w))
    turns = np.flatnonzero((above[1:] != above[:-1]) & known[1:] & known[:-1])
    low, high, before = share[turns], share[turns + 1], above[turns]
    for _ in range(_HALVINGS if len(turns) else 0):
        middle = (low + high) / 2
        same = (row.chi(middle) > 1) == before
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return _between(row, (low + high) / 2)


def _once_each(where: Callable[[_Row], list[float]]) -> Callable[[_Row], list[float]]:
    """The same for rows that are alike, as those of different depths are: it is worked out once for them."""
    known: dict[object, list[float]] = {}

    def found(row: _Row) -> list[float]:
        alike = row.sigma_w.tobytes(), row.sigma_b.tobytes(), row.activation, row.slope
        if alike not in known:
            known[alike] = where(row)
        return known[alike]

    return found


def _crossings(row: _Row, sigma_w: float) -> list[float]:
    """Where σ_w has a value along a row, in units."""
    found = []
    for index, (one, two) in enumerate(itertools.pairwise(row.sigma_w.tolist())):
        if one != two and min(one, two) <= sigma_w <= max(one, two):
            found.append(index + (sigma_w - one) / (two - one))
    return _between(row, np.unique(np.array(found)))


def _he(row: _Row) -> float:
    """√2, or what it is for an activation with a slope on the left: √(2/(1 + s²)) (He et al. 2015, eq. 15)."""
    activation = ACTIVATIONS[row.activation]
    return math.sqrt(2) if activation.slope is None else activation.gain_at(row.slope)


def _between(row: _Row, share: Array) -> list[float]:
    """Places along a row in units: σ_w and σ_b are straight lines between two values, in the units themselves."""
    return [float(unit) for unit in np.interp(share, np.arange(len(row.units)), row.units)]


def _units(axis: Axis, share: Array) -> Array:
    chosen = _thinned(range(len(axis.values)))
    units = np.array([float(axis.values[index] or 0) for index in chosen])
    return np.asarray(np.interp(share, np.arange(len(units)), units))


def _strands(rows: Sequence[tuple[float, list[float]]]) -> list[list[Point]]:
    """Lines through the places of rows one above the other: the first with the first, as long as as many are there."""
    strands: list[list[Point]] = []
    open_ones: list[list[Point]] = []
    for at, units in rows:
        if len(units) != len(open_ones):
            open_ones = [[] for _ in units]
            strands += open_ones
        for strand, unit in zip(open_ones, units, strict=True):
            strand.append((unit, at))
    return strands


def _clipped(one: Point, two: Point, most: float) -> list[Point]:
    """The part of a piece of a line that is at most so high, and a break after it where it ends there."""
    if one[1] > most and two[1] > most:
        return []
    if one[1] <= most and two[1] <= most:
        return [one, two]
    inside, outside = (one, two) if one[1] <= most else (two, one)
    # Near the edge 1/ξ, not ξ, is a straight line.
    rates = [1 / point[1] if point[1] else math.inf for point in (inside, outside)]
    share = (rates[0] - 1 / most) / (rates[0] - rates[1]) if math.isfinite(rates[0]) else 1.0
    end = (inside[0] + share * (outside[0] - inside[0]), most)
    return [inside, end, BREAK] if inside is one else [end, inside]


# -- the gate of a direct path -----------------------------------------------------------------------------

#: What is left of a gradient by the direct path alone, and how that is called.
_LEFT: tuple[tuple[float, Message], ...] = (
    (math.exp(-1), Message("the gate's memory: its path keeps 1/e")),
    (VANISHED, Message("the gate's path keeps 1e-3")),
)


def _gates(sweep: Sweep) -> Iterator[Curve]:
    """T over the bias of the gate of the direct path: the gate's mean is that of a unit whose weights say nothing."""
    if sweep.y is None or not (sweep.x.numeric and sweep.y.numeric):
        return
    kind = sweep.base.resolved.kind
    offset = kind.path_offset
    for along, across, turned in ((sweep.x, sweep.y, False), (sweep.y, sweep.x, True)):
        if kind.path is None or "steps" not in across.fields or len(across.fields) > 1:
            continue
        if "pin_forget" in along.fields:
            kept = kind.path.factor
        elif offset is not None and offset.field in along.fields and sweep.base.pin_forget is None:
            kept = functools.partial(_by_bias, kind.path, offset.sign)
        else:
            continue
        for share, name in _LEFT:
            yield from _lengths(along, across, turned, kept, share, name)


def _lengths(
    along: Axis, across: Axis, turned: bool, kept: Callable[[float], float], share: float, name: Message
) -> Iterator[Curve]:
    """At each value the steps after which this share is left, as far as the axis of the steps goes."""
    values = [float(value or 0) for value in along.values]
    last = len(values) - 1
    units = np.interp(np.linspace(0, last, last * _FINE + 1), np.arange(last + 1), values)
    gates = np.array([kept(unit) for unit in units.tolist()])
    with np.errstate(all="ignore"):
        steps = math.log(share) / np.log(gates)
    most = float(across.values[-1] or 0)
    pieces = itertools.pairwise(zip(units.tolist(), np.where(gates < 1, steps, math.inf).tolist(), strict=True))
    named = tuple(itertools.chain.from_iterable(_clipped(one, two, most) for one, two in pieces))
    if named:
        curve = Curve(name, "Gers et al. 2000", named)
        yield dataclasses.replace(curve, points=tuple((y, x) for x, y in named)) if turned else curve


def _by_bias(path: GatePath, sign: int, bias: float) -> float:
    """The path's factor where the bias alone decides its gate."""
    return path.factor(1 / (1 + math.exp(-max(sign * bias, -700.0))))

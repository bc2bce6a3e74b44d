"""What one checkpoint says of a model: every weight's scale, units and singular values, and what theory expects."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...core.numerics import Array
from ...theory.meanfield import FixedPoint, fixed_point
from .checkpoint import Checkpoint
from .memory import Memory, memory_of
from .roles import Role, roles_of
from .scales import Scale, default_of, nearest
from .spectrum import Spectra, Spectrum

#: A unit whose weights are so many times smaller than the median unit's is dead: nothing of size 1 comes through.
DEAD = 1e-3
#: Units that are named, at the most.
_NAMED = 20
#: The activations whose mean-field fixed points are told.
ACTIVATIONS = ("tanh", "relu")


@dataclass(frozen=True, slots=True)
class Weight:
    """One tensor, measured.

    rms is √mean(w²) of its finite numbers. dead are the units whose weights are 0, or DEAD of the median unit's, of so
    many (units); copies is how many units are the same to the bit as another one that is not 0. times is rms over that
    of PyTorch's own start. theory is the fixed point of a wide network of such layers, by activation, with
    σ_w² = fan_in · rms² and σ_b² = mean of the squared bias.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    rms: float
    mean: float
    norm: float
    non_finite: int = 0
    units: int = 0
    dead: tuple[int, ...] = ()
    dead_count: int = 0
    copies: int = 0
    times: float | None = None
    nearest: Scale | None = None
    spectrum: Spectrum | None = None
    sigma_w: float | None = None
    sigma_b: float | None = None
    theory: Mapping[str, FixedPoint] | None = None

    @property
    def is_symmetric(self) -> bool:
        """Whether all units are one: they get the same gradient, and stay one."""
        return self.units > 1 and self.copies == self.units


@dataclass(frozen=True)
class Look:
    """A checkpoint, looked at."""

    checkpoint: Checkpoint
    weights: tuple[Weight, ...]
    memories: tuple[Memory, ...]

    @property
    def chain(self) -> tuple[Weight, ...]:
        """The hidden layers: all layers and convolutions but the first and the last, or all where there are no more."""
        layers = [weight for weight in self.weights if weight.theory is not None]
        return tuple(layers[1:-1] or layers)

    def factor(self, activation: str) -> float | None:
        """By how much a gradient changes a layer, √χ, as a geometric mean over the hidden layers."""
        chis = [weight.theory[activation].chi for weight in self.chain if weight.theory is not None]
        if not chis:
            return None
        return math.exp(sum(math.log(chi) if chi > 0 else -math.inf for chi in chis) / len(chis) / 2)

    @property
    def is_normalised(self) -> bool:
        """Whether there are normalisations, after which the scale of a weight no longer counts forward."""
        return any(weight.kind == "scale" for weight in self.weights)


def look(checkpoint: Checkpoint, told: Callable[[float], None] = lambda share: None) -> Look:
    """Everything that is measured of a checkpoint. told: the share that is done."""
    roles = roles_of(checkpoint.tensors)
    spectra = Spectra()
    total = sum(role.tensor.size for role in roles) or 1
    done, weights, seen = 0, list[Weight](), set[object]()
    for role in roles:
        done += role.tensor.size
        if role.tensor.dtype.is_float and role.tensor.size and role.tensor.place not in seen:
            seen.add(role.tensor.place)
            weights.append(_measured(role, checkpoint, spectra))
        told(done / total)
    return Look(checkpoint, tuple(weights), tuple(memory_of(roles, spectra)))


# -- one tensor --------------------------------------------------------------------------------------------


def _measured(role: Role, checkpoint: Checkpoint, spectra: Spectra) -> Weight:
    tensor = role.matrix or role.tensor
    sums = _Sums()
    for part in tensor.parts():
        sums.add(part)
    rms = math.sqrt(sums.squares / sums.count) if sums.count else math.nan
    plain = Weight(
        role.name, role.kind, role.tensor.shape, role.tensor.dtype.name, rms,
        sums.total / sums.count if sums.count else math.nan, math.sqrt(sums.squares), sums.non_finite,
    )  # fmt: skip
    if role.kind == "scale" and len(tensor.shape) == 1:
        return _with_units(plain, np.abs(tensor.values().astype(np.float64)), copies=0)
    if role.matrix is None:
        return plain
    weight = _with_units(plain, sums.norms(), _copies(tensor.parts()))
    if not role.is_weight:
        return weight
    spectrum = spectra.of(tensor) if not sums.non_finite else None
    more: dict[str, Any] = {"spectrum": spectrum}
    if _is_embedding(role, rms, checkpoint):
        role, weight = replace(role, kind="embedding"), replace(weight, kind="embedding")
    if rms > 0:
        more["times"] = rms / default_of(role)
        more["nearest"] = nearest(role, rms, spectrum is not None and spectrum.is_orthogonal)
    if role.kind in ("linear", "convolution") and rms > 0:
        more |= _theory(role, rms, checkpoint)
    return replace(weight, **more)


class _Sums:
    """Sums over the parts of a tensor, without what is not finite; and the norm of each row."""

    def __init__(self) -> None:
        self.count, self.non_finite, self.squares, self.total = 0, 0, 0.0, 0.0
        self._rows: list[Array] = []

    def add(self, part: Array) -> None:
        if not np.isfinite(part).all():
            bad = ~np.isfinite(part)
            self.non_finite += int(bad.sum())
            self.count -= int(bad.sum())
            part = np.where(bad, 0.0, part)
        flat = part.reshape(len(part), -1) if part.ndim else part.reshape(1, 1)
        squares = np.einsum("ij,ij->i", flat, flat)
        self._rows.append(squares)
        self.squares += float(squares.sum())
        self.total += float(flat.sum())
        self.count += part.size

    def norms(self) -> Array:
        return np.asarray(np.sqrt(np.concatenate(self._rows)))


def _with_units(weight: Weight, norms: Array, copies: int) -> Weight:
    usual = float(np.median(norms[norms > 0])) if (norms > 0).any() else 0.0
    dead = np.flatnonzero(norms <= DEAD * usual) if usual > 0 else np.zeros(0, int)
    named = tuple(int(place) for place in dead[:_NAMED])
    return replace(weight, units=len(norms), dead=named, dead_count=len(dead), copies=copies)


def _copies(parts: Iterator[Array]) -> int:
    """How many rows are the same to the bit as another one, rows of zeros aside."""
    counts: Counter[bytes] = Counter()
    for part in parts:
        flat = part.reshape(len(part), -1)
        if flat.shape[1] < 2:
            return 0
        counts.update(row.tobytes() for row in flat[flat.any(axis=1)])
    return sum(count for count in counts.values() if count > 1)


def _is_embedding(role: Role, rms: float, checkpoint: Checkpoint) -> bool:
    """Whether a layer without a bias, which is none by its name, has the scale of embeddings, N(0, 1), and not nearly
    that of layers: in nn.Sequential it is called 0.weight."""
    lone = role.name.rpartition(".")[0] + ".bias" not in checkpoint.tensors
    return role.kind == "linear" and lone and 0.7 < rms < 1.4 and rms > 3 * default_of(role)


def _theory(role: Role, rms: float, checkpoint: Checkpoint) -> dict[str, Any]:
    beside = role.name.rpartition(".")[0]
    bias = checkpoint.tensors.get(f"{beside}.bias" if beside else "bias")
    sigma_w, sigma_b = rms * math.sqrt(role.fan_in), 0.0
    if bias is not None and bias.size and bias.dtype.is_float:
        values = bias.values().astype(np.float64)
        sigma_b = float(np.sqrt(np.mean(values**2)))
    if not math.isfinite(sigma_b):
        sigma_b = 0.0
    points = {activation: fixed_point(activation, sigma_w, sigma_b) for activation in ACTIVATIONS}
    return {"sigma_w": sigma_w, "sigma_b": sigma_b, "theory": points}

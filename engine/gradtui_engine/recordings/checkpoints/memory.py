"""How long a recurrent layer remembers, by its weights alone: W_hh again and again, and gates that their bias opens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.numerics import Array
from .roles import Role
from .spectrum import Spectra, spectral_radius

#: The gate that keeps the state, by the number of gates: an LSTM's c_t = f c_(t−1) + …, a GRU's h_t = z h_(t−1) + ….
_KEEPS = {4: "f", 3: "z"}
#: The block of W_hh that makes the candidate, which a signal runs through beside the gates.
_CANDIDATE = {4: "g", 3: "n", 1: "h"}


@dataclass(frozen=True, slots=True)
class Memory:
    """One layer and direction of a recurrent module.

    radius is the spectral radius of the block of W_hh that makes the candidate (of a plain RNN all of it): in a linear
    network a signal changes by it a step in the long run; largest is its largest singular value, the most by which one
    step can change it. opening is the mean of σ(b_ih + b_hh) of the gate that keeps the state (None of a plain RNN):
    how far it is open where input and state say nothing; half_life = ln ½ / ln(opening), in steps, longest that of the
    unit whose gate is the most open.
    """

    module: str
    layer: str
    gates: int
    units: int
    radius: float | None
    largest: float | None
    gate: str = ""
    opening: float | None = None
    least: float | None = None
    most: float | None = None

    @property
    def half_life(self) -> float | None:
        return None if self.opening is None else half_life(self.opening)

    @property
    def longest(self) -> float | None:
        return None if self.most is None else half_life(self.most)


def half_life(opening: float) -> float:
    """Steps in which a state that is multiplied by this each step is halved."""
    if opening >= 1.0:
        return math.inf
    return math.log(0.5) / math.log(opening) if opening > 0.0 else 0.0


def memory_of(roles: Sequence[Role], spectra: Spectra) -> Iterator[Memory]:
    """A row for every W_hh, in order."""
    tensors = {role.name: role.tensor for role in roles}
    for role in roles:
        if role.kind != "recurrent" or "weight_hh" not in role.name or not role.gates:
            continue
        count, units = len(role.gates), role.units
        candidate = role.gates.index(_CANDIDATE[count])
        block = role.tensor.rows(candidate * units, (candidate + 1) * units)
        spectrum = spectra.of(block)
        module, _, layer = role.name.rpartition("weight_hh")
        gate = _KEEPS.get(count, "")
        opened: Array | None = None
        if gate:
            before = sum(
                (
                    tensors[name].values().astype(np.float64)
                    for name in (f"{module}bias_ih{layer}", f"{module}bias_hh{layer}")
                    if name in tensors and tensors[name].shape == (count * units,)
                ),
                np.zeros(count * units),
            )
            place = role.gates.index(gate)
            with np.errstate(over="ignore"):
                opened = 1 / (1 + np.exp(-before[place * units : (place + 1) * units]))
        known = opened is not None and bool(np.isfinite(opened).all())
        yield Memory(
            module.rstrip("."), layer.lstrip("_"), count, units, spectral_radius(block),
            None if spectrum is None else spectrum.largest, gate,
            *((float(opened.mean()), float(opened.min()), float(opened.max())) if known and opened is not None else ()),
        )  # fmt: skip

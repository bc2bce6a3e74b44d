"""Which layers get a gradient of exactly 0: what is behind them passes nothing on, whatever its function is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.numerics import Array
from ..core.thresholds import SATURATED
from .facts import Facts

#: Norms of numbers below 1e-22 are 0 in float32, where their squares are; no single layer takes seven decades. What is
#: under this in the layer behind has vanished on its way.
_SEEN = 1e-15
#: Fewer events say nothing: at a start of zeros the first gradient is 0.
_LEAST_EVENTS = 4


@dataclass(frozen=True, slots=True)
class CutOff:
    """Layers that nothing comes back to, in forward order, and the event from which on it is so."""

    layers: tuple[str, ...]
    onset: int


def cut_off(facts: Facts) -> CutOff | None:
    """The earliest run of weighted layers, one behind the other, all of whose matrices' gradients, and that at their
    outputs, are exactly 0 in the whole last quarter of the events, while a layer behind them gets its own.

    Not where a loss is 0 and nobody gets any, of an expert that gets no sample, or of what did not step. Nor where a
    saturated function takes all of it, where a chain of layers has brought it under what float32 resolves, or in
    float16.
    """
    best: CutOff | None = None
    for names in facts.parts.values():
        run: list[tuple[str, int]] = []
        for index, name in enumerate(names):
            onset = _onset(facts, name, names[index + 1 :])
            if onset is not None:
                run.append((name, onset))
            if run and (onset is None or index + 1 == len(names)):
                last, since = run[-1]
                if (best is None or since < best.onset) and not _is_saturated(facts, last, since):
                    best = CutOff(tuple(module for module, _ in run), since)
                run = []
    return best


def _onset(facts: Facts, name: str, behind: Sequence[str]) -> int | None:
    """The first event from which on it gets exactly nothing, and one behind it gets something; None for none."""
    own = _gradient(facts, name)
    arrives = np.zeros(facts.count, bool)
    for other in behind:
        # At its output: where all that comes in is 0, as from a dead layer, so is its weights' gradient.
        arrives |= np.nan_to_num(facts.gradients[other]) > _SEEN
    called = np.isfinite(facts.largest("rms", name))
    events = np.flatnonzero(np.isfinite(own) & called & facts.sound & arrives & (facts.columns.half != "float16"))
    if len(events) < _LEAST_EVENTS:
        return None
    outputs = facts.gradients[name][events]
    nothing = (own[events] == 0) & ~(outputs > 0)
    if not np.isin(facts.last_quarter(events), events[nothing]).all():
        return None
    # From the last event on in which anything came.
    came = np.flatnonzero(~nothing)
    return int(events[came[-1] + 1 if len(came) else 0])


def _gradient(facts: Facts, name: str) -> Array:
    """The largest gradient of its trainable matrices in each event in which they are stepped; NaN where none is known:
    of a layer that has none, or whose weights are all 0, in all of them.
    """
    rows = [index for index in facts.weights[name] if facts.header.parameters[index].trainable]
    if not rows or facts.began_at_zero.issuperset(rows):
        return np.full(facts.count, np.nan)
    values = facts.parameter("grad")[:, rows]
    known = np.isfinite(values) & facts.stepped[:, rows]
    return np.where(known.any(1), np.where(known, values, -np.inf).max(1), np.nan)


def _is_saturated(facts: Facts, last: str, onset: int) -> bool:
    """Whether what follows it, up to the next weighted layer, is at the ends of its function."""
    weighted, after = set(facts.weighted), False
    for name in facts.order:
        if after and name in weighted:
            return False
        after = after or name == last
        if after:
            values = facts.largest("sat", name)[onset:]
            known = values[np.isfinite(values)]
            if len(known) and float(np.median(known)) > SATURATED:
                return True
    return False

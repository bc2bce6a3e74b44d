"""Rules about gradients over time: of recurrent modules, and of cells that are called in a loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core.figures import many, part_of
from ..core.message import Message
from ..core.numerics import Array
from ..core.thresholds import EXPLODED, VANISHED
from ..recordings.axes import CALLED_IN_LOOPS
from .facts import CALLS_OVER_TIME, Facts
from .kind import ERROR, NOTE, WARNING, Found, Numbers
from .over_depth import threw

#: A loss that falls by less has not fallen: what came long ago is not learnt.
FELL = 0.95
#: Of what is called in a loop: the gradient is ordered by time, not by how hard a sample is (Spearman's ρ).
_ORDERED = 0.8


@dataclass(frozen=True, slots=True)
class Path:
    """The gradient of one module (a layer of it, in one direction) over time, in the order in which it is computed.

    norms: (events, steps), NaN where not known; first, last: of each event the gradient that is left where the way back
    ends, and the largest one on the way where it begins: behind the end of a padded sequence there is none.
    """

    module: str
    layer: int
    reverse: bool
    carried: str
    norms: Array

    def relative(self) -> Array:
        """What is left at the first step of what there is at its largest, of each event; NaN where none is known."""
        known = np.isfinite(self.norms)
        some = known.any(1)
        largest = np.where(known, self.norms, -np.inf).max(1)
        first = self.norms[np.arange(len(self.norms)), known.argmax(1)]
        with np.errstate(all="ignore"):
            return np.where(some & (largest > 0), first / largest, np.nan)

    def growth(self) -> Array:
        """How many times the largest is what there is where the gradient enters last in time, of each event."""
        known = np.isfinite(self.norms) & (self.norms > 0)
        some = known.any(1)
        largest = np.where(known, self.norms, -np.inf).max(1)
        last = self.norms.shape[1] - 1 - known[:, ::-1].argmax(1)
        enters = self.norms[np.arange(len(self.norms)), last]
        with np.errstate(all="ignore"):
            return np.where(some, largest / enters, np.nan)

    @property
    def steps(self) -> int:
        known = np.isfinite(self.norms).any(0)
        return int(known.sum()) - 1


def paths(facts: Facts) -> Iterator[Path]:
    """Of recurrent modules ∂L/∂c where they have cell states (what carries the gradient), else ∂L/∂h; of cells in a
    loop the gradients of their calls.
    """
    sound = facts.sound[:, None]
    for module, sequences in facts.recording.sequences.items():
        for layer in sequences.layers:
            carried, norms = ("c", layer.c) if layer.c is not None else ("h", layer.h)
            if norms.shape[1] < CALLS_OVER_TIME:
                continue
            norms = np.where(sound, norms, np.nan)
            yield Path(module, layer.layer, layer.reverse, carried, _turned(norms) if layer.reverse else norms)
    for module in facts.loops:
        if module in facts.recording.sequences or facts.is_output[module]:
            continue
        path = Path(module, 0, False, "h", np.where(sound, facts.values("grad", module), np.nan))
        if facts.class_of(module) in CALLED_IN_LOOPS or _is_ordered(path.norms):
            yield path


def _turned(norms: Array) -> Array:
    """Of a reverse direction the first step is the last in time; what is not known stays behind."""
    turned = np.full_like(norms, np.nan)
    for row, values in enumerate(norms):
        known = values[np.isfinite(values)]
        turned[row, : len(known)] = known[::-1]
    return turned


def _is_ordered(norms: Array) -> bool:
    """Whether the gradient rises or falls with the call. A head that is called for every sample has it in any order."""
    means = np.array([float(np.nanmedian(column)) for column in norms.T if np.isfinite(column).any()])
    if len(means) < CALLS_OVER_TIME:
        return False
    ranks = np.argsort(np.argsort(means)).astype(float)
    return bool(abs(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1]) > _ORDERED)


def vanishing_time(facts: Facts) -> Found | None:
    """The first time step gets under a thousandth of the largest gradient over time, in half of the events.

    A fault only where the loss has not fallen by 5 %: what is learnt may all be in the last steps, and then nothing is
    missed.
    """
    found: Found | None = None
    for path in paths(facts):
        shares = path.relative()
        onset = facts.onset_in_half(shares, shares < VANISHED)
        if onset is None:
            continue
        share = float(np.nanmedian(shares))
        known = facts.loss_is_comparable and facts.curve.count > 1 and (facts.over or facts.curve.is_long)
        fault = known and facts.curve.end_ratio > FELL
        found = Found(
            path.module or None,
            facts.step_of(onset),
            ERROR if fault else NOTE,
            Message(
                "{layer}: the first of {steps} time steps gets {share} of the gradient: what came early is not learnt",
                layer=facts.place(path.module), steps=path.steps, share=part_of(share),
            ),
            _evidence(path, share, facts),
            _why(facts, path),
            _remedy(facts, path),
        )  # fmt: skip
        if fault:
            return found
    return found


def exploding_time(facts: Facts) -> Found | None:
    """Some time step gets over a thousand times the gradient of the last one, in half of the events; or once, where
    that made an update that is larger than the weights.
    """
    for path in paths(facts):
        growth = path.growth()
        onset = facts.onset_in_half(growth, growth > EXPLODED)
        if onset is None:
            onset = threw(facts, path.module, growth)
        if onset is None:
            continue
        size = float(np.median(growth[growth > EXPLODED]))
        return Found(
            path.module or None,
            facts.step_of(onset),
            WARNING if facts.learning else ERROR,
            Message(
                "{layer}: the gradient grows {times} times on its way back over {steps} time steps",
                layer=facts.place(path.module), times=many(size), steps=path.steps,
            ),
            _evidence(path, size, facts),
        )  # fmt: skip
    return None


def _evidence(path: Path, ratio: float, facts: Facts) -> Numbers:
    evidence: Numbers = {
        "ratio": ratio, "time_steps": path.steps, "layer_index": path.layer,
        "direction": "reverse" if path.reverse else "forward",
        "of": f"dL/d{path.carried}_t",
    }  # fmt: skip
    if ratio > 0 and path.steps > 0:
        evidence["factor_per_step"] = float(ratio ** (1 / path.steps))
    if facts.loss_is_comparable and facts.curve.count > 1:
        evidence["loss_ratio"] = facts.curve.end_ratio
    return evidence


def _forget(facts: Facts, path: Path) -> float | None:
    """The mean of the forget gate, of the layer that it is about; None where there is none."""
    sequences = facts.recording.sequences.get(path.module)
    for layer in sequences.layers if sequences is not None else ():
        if (layer.layer, layer.reverse) == (path.layer, path.reverse) and "f" in layer.gates:
            return float(np.nanmean(layer.gates["f"]))
    return None


def _why(facts: Facts, path: Path) -> Message | None:
    forget = _forget(facts, path)
    if forget is not None:
        return Message(
            "its forget gate is {mean} on average: so much is kept from one step to the next, and the product is a "
            "power",
            mean=part_of(forget),
        )
    return None


_OF_LSTM = """\
# a forget gate that starts open (Jozefowicz et al. 2015): b_f = 1 and more
rnn = model.get_submodule("$layer")
for name, bias in rnn.named_parameters():
    if "bias_ih" in name:
        n = bias.numel() // 4
        bias.data[n:2 * n] = 2.0"""


def _remedy(facts: Facts, path: Path) -> str | None:
    return _OF_LSTM if _forget(facts, path) is not None else None

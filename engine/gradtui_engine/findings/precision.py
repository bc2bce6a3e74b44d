"""Rules about half precision: gradients that round to 0, updates that round away, a scaler that lets no step by."""

from __future__ import annotations

import numpy as np

from ..core.figures import percent, short
from ..core.message import Message, Verbatim
from .facts import HALF_PRECISION, Facts
from .kind import ERROR, WARNING, Found, Numbers
from .networks import ACTIVATIONS

#: Half of a gradient's numbers are exactly 0.
ZEROS = 0.5
#: Where the output goes through a rectifier half of them are 0 anyway.
_ZEROS_RECTIFIED = 0.9
#: float16's smallest number is 6e-8. A gradient that loses numbers to it is a few of these each: of 10 million numbers
#: the norm is under 3e-3. Above, the zeros have another reason: max-pooling and dropout leave gradients of 0 out on
#: purpose.
_TINY = 3e-3
_HALF_OF_EVENTS = 0.5


def underflow(facts: Facts) -> Found | None:
    """Over half of the numbers of a float16 gradient are exactly 0 at a module's output, in half of the events."""
    is_half = facts.columns.half == "float16"
    if not is_half.any() and not any(row.dtype in ("float16", "half") for row in facts.header.parameters):
        return None
    scale = np.where(np.isfinite(facts.columns.scale), facts.columns.scale, 1.0)
    hits = []
    for module in facts.order:
        zero, norm = facts.largest("zero", module), facts.gradients[module]
        known = np.isfinite(zero) & np.isfinite(norm) & facts.sound
        if not known.any():
            continue
        rectified = np.isfinite(facts.largest("off", module)).any() and facts.class_of(module) not in ACTIVATIONS
        limit = _ZEROS_RECTIFIED if rectified else ZEROS
        holds = ((zero > limit) & (norm * scale < _TINY))[known]
        if holds.mean() >= _HALF_OF_EVENTS:
            onset = int(np.flatnonzero(known)[np.argmax(holds)])
            hits.append((onset, -float(np.median(zero[known])), module))
    if not hits:
        return None
    onset, share, module = min(hits)
    scaled = bool(np.isfinite(facts.columns.scale).any())
    evidence: Numbers = {"zeros": -share, "layers": [name for _, _, name in hits]}
    cause = Message("float16 without a loss scale: what is below 6e-8 rounds to 0")
    if scaled:
        usual = float(np.nanmedian(facts.columns.scale))
        evidence["scale"] = usual
        cause = Message("a loss scale of {scale} is too small", scale=short(usual))
    return Found(
        module or None,
        facts.step_of(onset),
        WARNING if facts.learning else ERROR,
        Message(
            "{share} of the gradient at {layer} is exactly 0: too small for float16",
            share=percent(-share), layer=facts.place(module),
        ),
        evidence,
        cause,
    )  # fmt: skip


#: Of all half-precision weights so many are as they were after an update.
LOST = 0.9


def update_lost(facts: Facts) -> Found | None:
    """Nine of ten half-precision weights are as they were after an update, in half of the events.

    Embeddings do not count, as most of their rows are in no batch; nor do weights without a gradient, or events of rate
    0, as a warm-up begins with.
    """
    indices = [
        index
        for index in facts.matrices
        if facts.header.parameters[index].dtype in HALF_PRECISION
        and not facts.class_of(facts.header.parameters[index].module).startswith("Embedding")
    ]
    if not indices:
        return None
    still, gradients = facts.parameter("still")[:, indices], facts.parameter("grad")[:, indices]
    asked = np.isfinite(still) & (gradients > 0) & facts.sound[:, None] & ~(facts.rate == 0)[:, None]
    events = np.flatnonzero(asked.any(1))
    if not len(events):
        return None
    sizes = np.array([facts.header.parameters[index].size for index in indices], float)
    weights = asked[events] * sizes
    shares = (np.where(asked, still, 0.0)[events] * weights).sum(1) / weights.sum(1)
    holds = shares > LOST
    if holds.mean() < _HALF_OF_EVENTS:
        return None
    onset = facts.onset(holds, _HALF_OF_EVENTS)
    event = int(events[onset if onset is not None else 0])
    medians = [float(np.median(still[asked[:, c], c])) if asked[:, c].any() else -1.0 for c in range(len(indices))]
    row = facts.header.parameters[indices[int(np.argmax(medians))]]
    share = float(np.median(shares[holds]))
    evidence: Numbers = {"unchanged": share, "dtype": row.dtype, "parameter": row.name}
    if np.isfinite(facts.rate[event]):
        evidence["learning_rate"] = float(facts.rate[event])
    return Found(
        row.module or None,
        facts.step_of(event),
        WARNING if facts.learning else ERROR,
        Message(
            "{share} of the {dtype} weights are the same after an update: it is less than they can resolve",
            share=percent(share), dtype=Verbatim(row.dtype),
        ),
        evidence,
    )  # fmt: skip


#: Of so many events running so many were left out. A scale of 65,536 is down to 1 after 16.
WINDOW, SKIPPED = 20, 0.9
#: With a scale of 1 nothing is scaled any more: what is not finite then was so before.
_NO_SCALE, _FEW = 1.0, 5


def scaler_stuck(facts: Facts) -> Found | None:
    """GradScaler leaves out nine in ten of 20 events running; or goes on to with a scale of 1 and less."""
    skipped = facts.columns.skipped
    if not skipped.any():
        return None
    start = None
    if len(skipped) >= WINDOW:
        shares = np.lib.stride_tricks.sliding_window_view(skipped, WINDOW).mean(1)
        windows = np.flatnonzero(shares >= SKIPPED)
        start = int(windows[0]) if len(windows) else None
    if start is None:
        scales = facts.columns.scale
        low = skipped & np.isfinite(scales) & (scales <= _NO_SCALE)
        if len(low) < _FEW or not low[-_FEW:].all():
            return None
        start = len(skipped) - 1 - int(np.argmin(skipped[::-1])) if not skipped.all() else -1
        start += 1
    start += int(np.argmax(skipped[start:]))
    share = float(skipped[start:].mean())
    scale = facts.columns.scale[np.isfinite(facts.columns.scale)]
    evidence: Numbers = {"skipped": share, "skipped_events": int(skipped.sum())}
    if len(scale):
        evidence |= {"first_scale": float(scale[0]), "last_scale": float(scale[-1])}
    layer = _first_broken_gradient(facts, start)
    cause = None
    if layer:
        cause = Message("the gradient is not finite from {layer} on, whatever the scale", layer=facts.place(layer))
    return Found(
        layer,
        facts.step_of(start),
        ERROR,
        Message("GradScaler leaves out {share} of the steps: the optimizer hardly ever moves", share=percent(share)),
        evidence,
        cause,
    )


def _first_broken_gradient(facts: Facts, event: int) -> str | None:
    """The first module on the way back whose gradient is not finite at this event."""
    broken = facts.columns.activations_nan["grad"][event] | np.isinf(facts.columns.activations["grad"][event])
    places = np.flatnonzero(broken)
    return facts.calls[int(places[-1])].module or None if len(places) else None

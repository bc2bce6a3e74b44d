"""Rules about gradients and outputs over depth: what dies, saturates, explodes and vanishes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.figures import many, part_of, percent
from ..core.message import Message
from ..core.numerics import Array
from ..core.thresholds import DEAD, EXPLODED, SATURATED, VANISHED
from .cut_off import cut_off
from .facts import Facts
from .kind import ERROR, NOTE, WARNING, Found, Numbers

#: Of the events of a stretch: one batch in five may be another one.
LASTING = 0.8
#: How far beyond its threshold a ratio speaks for itself, where the loss says nothing (see analysis.outcome).
_FAR = 1e3
#: float32 resolves 6e-8 of a weight.
STILL = 1e-7
#: Events that are the start: all of them are recorded at first.
_AT_START = 8


def unless_learning(facts: Facts, otherwise: str = ERROR) -> str:
    """A note where the loss falls: what looks bad does no harm that shows. Where the loss cannot say, a note too."""
    return otherwise if facts.learning is False else NOTE


# -- dead ----------------------------------------------------------------------------------------------------


def dead(facts: Facts) -> Found | None:
    """Nine of ten units of a rectified layer are off for every sample, in most of the last quarter of the run; or,
    where no such function is seen, a layer gets a gradient of exactly 0 all through it.
    """
    hits = []
    for module in facts.order:
        off = _of_events(facts.values("off", module))
        onset = _lasts(facts, off, off >= DEAD)
        if onset is not None:
            hits.append((onset, module, off))
    if not hits:
        return _gets_nothing(facts)
    # The earliest; of equals the first in forward order: what comes behind it has nothing to be fed with.
    onset, module, off = min(hits, key=lambda hit: hit[0])
    share = float(np.nanmedian(off[onset:]))
    evidence: Numbers = {"off": share, "layers": [name for _, name, _ in hits]}
    if np.isfinite(facts.rate[onset]):
        evidence["learning_rate"] = float(facts.rate[onset])
    return Found(
        module or None,
        facts.step_of(onset),
        WARNING if facts.learning else ERROR,
        Message(
            "{share} of the units of {layer} are off for every sample: they pass nothing on, and learn nothing",
            share=percent(share), layer=facts.place(module),
        ),
        evidence,
        _what_killed(facts, onset),
    )  # fmt: skip


def _what_killed(facts: Facts, onset: int) -> Message | None:
    """The cause of what died at this event; None of what was dead from the first one on."""
    if not onset:
        return None
    size = facts.largest_update(onset)
    if size > 0.1:
        return Message(
            "an update of {size} of its weights threw them so far that no input reaches them any more",
            size=part_of(size) if size < 1 else many(size),
        )
    return Message("updates pushed its biases below what any input makes up for: the learning rate is too large")


def _gets_nothing(facts: Facts) -> Found | None:
    """The last of the layers that are cut off, in forward order: what is behind it passes nothing back."""
    cut = cut_off(facts)
    if cut is None:
        return None
    layer = cut.layers[-1]
    evidence: Numbers = {"gradient": 0.0, "layers": list(cut.layers)}
    if np.isfinite(facts.rate[cut.onset]):
        evidence["learning_rate"] = float(facts.rate[cut.onset])
    return Found(
        layer,
        facts.step_of(cut.onset),
        WARNING if facts.learning else ERROR,
        Message(
            "the gradient of {layer} is exactly 0 while others get theirs: nothing of it gets through, and it learns "
            "nothing",
            layer=facts.place(layer),
        ),
        evidence,
        _what_killed(facts, cut.onset)
        or Message(
            "what follows it is 0 for every sample from the start: a ReLU or clamp whose inputs are all below 0 (a "
            "bias far below it), a mask, a factor of 0"
        ),
    )  # fmt: skip


def _of_events(values: Array) -> Array:
    """The smallest over a module's calls: a unit that is on in one of them is not dead. NaN where nothing is known."""
    known = ~np.isnan(values)
    return np.where(known.any(1), np.where(known, values, np.inf).min(1), np.nan)


def _lasts(facts: Facts, values: Array, holds: Array) -> int | None:
    """The onset, where it holds in most of the events of the last quarter in which it is known; None where not."""
    known = ~np.isnan(values) & facts.sound
    if not known.any():
        return None
    indices = np.flatnonzero(known)
    if holds[facts.last_quarter(indices)].mean() < LASTING:
        return None
    behind = holds[indices]
    lasting = facts.onset(behind, LASTING)
    return None if lasting is None else int(indices[lasting])


# -- saturated -----------------------------------------------------------------------------------------------


def saturated(facts: Facts) -> Found | None:
    """Over half of a hidden layer's outputs are at the ends of its function, in most of the events.

    Not behind the last weighted layer: an output of 0 or 1 is what a classifier is for. Where it learns it is a note:
    gates are to open and close.
    """
    hits = []
    for module in facts.order:
        if facts.is_output[module]:
            continue
        values = facts.values("sat", module)
        known = ~np.isnan(values) & facts.sound[:, None]
        if not known.any():
            continue
        total = np.where(known, values, 0.0).sum(1) / np.maximum(known.sum(1), 1)
        events = np.flatnonzero(known.any(1))
        holds = total[events] > SATURATED
        if holds.mean() >= LASTING:
            hits.append((int(events[np.argmax(holds)]), module, float(np.median(total[events]))))
    if not hits:
        return None
    onset, module, share = min(hits, key=lambda hit: hit[0])
    return Found(
        module or None,
        facts.step_of(onset),
        unless_learning(facts, WARNING),
        Message(
            "{share} of the outputs of {layer} are at the ends of its function, where the slope is almost 0",
            share=percent(share), layer=facts.place(module),
        ),
        {"saturated": share, "layers": [name for _, name, _ in hits]},
    )  # fmt: skip


# -- exploding and vanishing ---------------------------------------------------------------------------------


def exploding(facts: Facts) -> Found | None:
    """Some layer gets over a thousand times the gradient of the last weighted layer, in half of the events.

    A warning where it learns all the same, and a note where it only came to that while it learnt: weights that have
    grown to reach targets in the thousands multiply the gradient, too.
    """
    for names, ratios in facts.chain():
        hits = [
            (index, onset)
            for index, name in enumerate(names)
            if (onset := facts.onset_in_half(ratios[:, index], ratios[:, index] > EXPLODED, LASTING)) is not None
            or (onset := threw(facts, name, ratios[:, index])) is not None
        ]
        if not hits:
            continue
        exploded = [ratios[:, index][ratios[:, index] > EXPLODED] for index, _ in hits]
        sizes = [float(np.median(values)) for values in exploded]
        worst = int(np.argmax(sizes))
        name, onset = names[hits[worst][0]], min(onset for _, onset in hits)
        factor = _factor(names, sizes[worst], hits[worst][0])
        return Found(
            name or None,
            facts.step_of(onset),
            _of_growth(facts, onset),
            Message(
                "{layer} gets {times} times the gradient of {last}: it grows on its way back",
                layer=facts.place(name), times=many(sizes[worst]), last=facts.place(names[-1]),
            ),
            {
                "ratio": sizes[worst], "average_factor": factor, "reference": names[-1],
                "layers": [names[index] for index, _ in hits],
            },
        )  # fmt: skip
    return None


def vanishing(facts: Facts) -> Found | None:
    """Some layer gets less than a thousandth of the gradient of the last weighted layer, in half of the events, and
    what is before it gets little as well.

    A gradient that vanishes over depth is missed by all that lies further from the loss. What has little by itself (the
    queries and keys of attention that is still even, an idle expert, a branch that is scaled down) is none: layers
    before it get theirs. Where the loss falls it is a note, but a warning where these layers do not move at all.
    """
    best: Found | None = None
    for names, ratios in facts.chain():
        holds = [
            facts.onset_in_half(ratios[:, index], ratios[:, index] < VANISHED, LASTING) for index in range(len(names))
        ]
        medians = [_median(ratios[:, index]) for index in range(len(names))]
        hits = [index for index, onset in enumerate(holds) if onset is not None and _before_is_small(medians, index)]
        if not hits:
            continue
        worst = min(hits, key=lambda index: (medians[index], index))
        onset = min(onset for index in hits if (onset := holds[index]) is not None)
        severity = unless_learning(facts)
        if severity == NOTE and facts.learning and all(_stands_still(facts, names[index]) for index in hits):
            severity = WARNING
        if facts.learning is None and not facts.loss_is_comparable and medians[worst] < VANISHED / _FAR:
            severity = WARNING
        first = next((index for index in range(len(names) - 1, -1, -1) if index in hits), worst)
        # NumPy's own: a share of 0 is said as 0.
        best = Found(
            names[worst] or None,
            facts.step_of(onset),
            severity,
            Message(
                "{layer} gets {share} of the gradient of {last}: it is lost on its way back",
                layer=facts.place(names[worst]), share=part_of(medians[worst]), last=facts.place(names[-1]),
            ),
            {
                "ratio": medians[worst], "average_factor": _factor(names, medians[worst], worst),
                "reference": names[-1], "vanished_from": names[first], "layers": [names[index] for index in hits],
            },
            *_why_vanishing(facts, names[worst], medians[worst]),
        )  # fmt: skip
        if severity != NOTE:
            return best
    return best


def _stands_still(facts: Facts, module: str) -> bool:
    """Whether no update of its weights is above 1e-7 of them, in half of the events: by SGD what gets no gradient does
    not move, and what the loss falls by others have learnt. (Adam's updates have one size whatever the gradient.)
    """
    updates = facts.parameter("update")[:, facts.weights[module]]
    known = updates[np.isfinite(updates)]
    return bool(len(known)) and float(np.median(known)) < STILL


def _median(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan


def _before_is_small(medians: list[float], index: int) -> bool:
    """Whether most of what lies further from the loss has little as well: up to ten times the threshold."""
    before = [median for median in medians[: index + 1] if np.isfinite(median)]
    return sum(median < 10 * VANISHED for median in before) >= LASTING * len(before)


def _of_growth(facts: Facts, onset: int) -> str:
    if not facts.learning:
        return ERROR
    return WARNING if onset < _AT_START else NOTE


def threw(facts: Facts, module: str, ratios: Array) -> int | None:
    """The first event in which its gradient explodes and the update is larger than its weights; None where the loss
    falls.

    After such an update they are other weights, whose gradients say nothing of those before: under a normalisation
    larger weights get smaller gradients, and what exploded once does not explode again.
    """
    if facts.learning is not False:
        return None
    own = [index for index in facts.weights.get(module, ()) if index not in facts.began_at_zero]
    updates = facts.parameter("update")[:, own]
    events = np.flatnonzero((ratios > EXPLODED) & (np.where(np.isfinite(updates), updates, 0.0) > 1.0).any(1))
    return int(events[0]) if len(events) else None


def _factor(names: Sequence[str], size: float, index: int) -> float:
    """The geometric mean of what the gradient is multiplied by from one weighted layer to the one before it."""
    between = len(names) - 1 - index
    return float(size ** (1 / between)) if between > 0 and size > 0 else float(size)


#: A slope on the left, of what a dead layer goes through.
_REVIVED = """\
# the layers that are named as dead first: biases of 0, a smaller learning rate, and a slope on the left
activation = torch.nn.LeakyReLU(0.01)"""


def _why_vanishing(facts: Facts, module: str, ratio: float) -> tuple[Message | None, str | None]:
    """The cause and the remedy; None where nothing better is known than the kind's own."""
    cut = cut_off(facts) if ratio == 0 else None
    if cut is not None and module in cut.layers:
        return Message("{layer} is dead: it passes no gradient on", layer=facts.place(cut.layers[-1])), _REVIVED
    classes = {facts.class_of(name) for name in facts.order}
    if "Sigmoid" in classes or "Hardsigmoid" in classes:
        return Message("a sigmoid's slope is at most ¼: each layer takes three quarters of the gradient and more"), None
    if any((facts.largest("off", name) >= DEAD).any() for name in facts.order):
        return Message("a layer on the way back is dead: it passes no gradient on"), _REVIVED
    if any((facts.largest("sat", name) > SATURATED).any() for name in facts.order if not facts.is_output[name]):
        return Message("layers on the way back are saturated, where the slope is almost 0"), None
    return None, None

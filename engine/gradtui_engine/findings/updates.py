"""Rules about the size of updates beside the weights that they change."""

from __future__ import annotations

import numpy as np

from ..core.figures import cut, exact, many, part_of, ratio_text, short
from ..core.message import Message, Verbatim
from .curve import NOISES
from .facts import HALF_PRECISION, Facts
from .kind import ERROR, NOTE, Found, Numbers
from .over_depth import dead, exploding
from .over_time import exploding_time

#: CS231n: about 1e-3 is usual. A hundred times that, again and again, or all of a weight at once, is far too much.
LARGE, ALL = 0.1, 1.0
RUNNING = 3
#: Steps after which what happens is of other updates; or so many events.
SOON = 20
#: A loss that is half as large again over five steps running: a batch alone may be, five are not.
DAMAGE = 1.5


def update_too_large(facts: Facts) -> Found | None:
    """An update of a weight is larger than it, or over a tenth of it three events running.

    Not of weights that start at 0 or near it (LoRA's B, a zeroed last layer, a policy's). A fault only where it did
    damage: the loss is half as large again, or is no number any more, or a layer dies, or gradients explode. Without,
    as of weights that a normalisation follows, it is a note.
    """
    indices = [index for index in facts.matrices if index not in facts.began_at_zero | facts.began_small]
    if not indices:
        return None
    updates = facts.parameter("update")[:, indices]
    with np.errstate(invalid="ignore"):
        finite = np.where(np.isfinite(updates), updates, 0.0)
        over = finite > LARGE
    running = np.zeros_like(over)
    for event in range(RUNNING - 1, len(over)):
        running[event - RUNNING + 1] |= over[event - RUNNING + 1 : event + 1].all(0)
    hits = (finite > ALL) | running
    events = np.flatnonzero(hits.any(1))
    if not len(events):
        return None
    follows = _follows(facts)
    harms = ((int(event), _damage(facts, int(event), follows, bool((finite[event] > ALL).any()))) for event in events)
    harm = next(((event, damage) for event, damage in harms if damage), None)
    event = harm[0] if harm is not None else int(events[0])
    column = int(np.argmax(np.where(hits[event], finite[event], -1.0)))
    index, size = indices[column], float(finite[event, column])
    row = facts.header.parameters[index]
    rate = float(facts.rate[event])
    evidence: Numbers = {"update_ratio": size, "parameter": row.name}
    if np.isfinite(rate):
        evidence["learning_rate"] = rate
    if harm is not None:
        evidence |= {harm[1][0]: harm[1][1]}
    message = Message(
        "one update changes {parameter} by {size} of itself; about 1/1,000 is usual",
        parameter=Verbatim(row.name), size=ratio_text(size),
    )  # fmt: skip
    # An update of Adam is as long as the rate, one of SGD grows with the gradient: what brings either to a hundredth.
    values = {"lr": exact(cut(rate * min(0.1, 0.01 / size), 1)) if np.isfinite(rate) else "1e-3"}
    return Found(
        row.module or None, facts.step_of(event), NOTE if harm is None else ERROR, message, evidence,
        _why_large(facts, event), None, values,
    )  # fmt: skip


def _damage(
    facts: Facts, event: int, follows: list[tuple[str, int]], whole: bool
) -> tuple[str, float | int | str] | None:
    """What an update of this event did soon after, by its name in evidence; None for nothing."""
    step = facts.step_of(event)
    soon = max(step + SOON, facts.step_of(min(event + RUNNING, facts.count - 1)))
    broken = facts.curve.first_broken
    if broken is not None and step < broken[0] <= soon:
        return "non_finite_at", broken[0]
    if facts.fell_apart is not None and step < facts.step_of(facts.fell_apart) <= soon:
        return "non_finite_at", facts.step_of(facts.fell_apart)
    if facts.loss_is_comparable:
        # Between this event and the one before there were updates like this one.
        before = facts.step_of(max(event - 1, 0))
        # An update larger than its weight is too large whatever the noise; of smaller ones it must show through it.
        noise = 0.0 if whole else NOISES
        rise = max(facts.curve.rise_after(step, noise=noise), facts.curve.rise_after(before, noise=noise))
        if rise > DAMAGE:
            return "loss_times", rise
    return next(((name, began) for name, began in follows if step < began <= soon), None)


#: What updates that are too large bring about, by its name in evidence.
_FOLLOWS = (("dead_from", dead), ("exploding_from", exploding), ("exploding_from", exploding_time))


def _follows(facts: Facts) -> list[tuple[str, int]]:
    """What of that has come about, and from which step on. Once: it takes 2 ms of a recording of 500 events."""
    found = ((name, rule(facts)) for name, rule in _FOLLOWS)
    return [(name, each.step) for name, each in found if each and each.severity != NOTE and each.step is not None]


def _why_large(facts: Facts, event: int) -> Message | None:
    rate, before = facts.rate[event], facts.rate[:event]
    known = before[np.isfinite(before) & (before > 0)]
    if np.isfinite(rate) and len(known) and rate > 5 * np.median(known):
        return Message(
            "the learning rate rose from {before} to {rate}",
            before=exact(float(np.median(known))),
            rate=exact(float(rate)),
        )
    gradient = facts.columns.gradient_after
    earlier = gradient[:event][np.isfinite(gradient[:event])]
    if len(earlier) >= 5 and np.isfinite(gradient[event]) and gradient[event] > 20 * np.median(earlier):
        return Message(
            "this gradient is {times} times the usual one, and nothing clips it",
            times=many(float(gradient[event] / np.median(earlier))),
        )
    if np.isfinite(rate):
        return Message("a learning rate of {rate} is too large for this model and optimizer", rate=exact(float(rate)))
    return None


def _rate_fell(facts: Facts, event: int) -> bool:
    """Whether the learning rate is under a thousandth of what it was before."""
    before = facts.rate[:event]
    return bool(np.isfinite(before).any() and facts.rate[event] < 1e-3 * np.nanmax(before))


#: SageMaker Debugger says 1e-8; float32 resolves 6e-8 of a weight, so below 1e-7 nothing moves.
SMALL = 1e-7
#: So many of the weights; and half of the events.
MOST, HALF = 0.9, 0.5
#: A loss that came down to this share of what it was has nothing left to learn: updates may be nothing.
DONE = 0.05


def update_too_small(facts: Facts) -> Found | None:
    """Updates are under 1e-7 of nine in ten weights in half of the events, and the loss is not down to a twentieth.

    Weights in half precision are left to `update_lost`. Only weights that get a gradient count, and the last layer's,
    which gets all of it, must be among the small ones: else the gradient is at fault, not the rate. What began with
    larger updates has come to rest (full batches at a minimum), unless it was the rate that fell to a thousandth, and
    nothing was learnt.
    """
    indices = [
        index
        for index in facts.matrices
        if index not in facts.began_at_zero and facts.header.parameters[index].dtype not in HALF_PRECISION
    ]
    if not indices or (facts.loss_is_comparable and facts.curve.count and facts.curve.end_ratio <= DONE):
        return None
    updates, gradients = facts.parameter("update")[:, indices], facts.parameter("grad")[:, indices]
    asked = np.isfinite(updates) & (gradients > 0) & facts.sound[:, None]
    events = np.flatnonzero(asked.any(1))
    if len(events) < 3:
        return None
    small = (np.where(asked, updates, 1.0) < SMALL) & asked
    holds = small[events].sum(1) >= MOST * asked[events].sum(1)
    last = [
        column for column, index in enumerate(indices) if facts.header.parameters[index].module in facts.last_weighted
    ]
    if last:
        holds &= (small[events][:, last] | ~asked[events][:, last]).all(1)
    if holds.mean() < HALF:
        return None
    onset = facts.onset(holds, HALF)
    if onset is None:
        return None
    event = int(events[onset])
    began = holds[: max(len(holds) // 4, 1)].mean() >= HALF
    if not began and (facts.learning or not _rate_fell(facts, event)):
        return None
    known = updates[events][holds]
    size = float(np.median(known[asked[events][holds]]))
    rate = float(facts.rate[event])
    evidence: Numbers = {
        "update_ratio": size, "share_of_events": float(holds.mean()),
        "gradient": float(np.nanmedian(facts.columns.gradient_after)),
    }  # fmt: skip
    if np.isfinite(rate):
        evidence["learning_rate"] = rate
    wanted = 1e-3 / size if size > 0 else np.inf
    cause, remedy = None, None
    if rate == 0:
        cause = Message("the learning rate is 0")
    elif np.isfinite(rate):
        cause = Message(
            "a learning rate of {rate} moves nothing: updates are {size} of their weights",
            rate=exact(rate),
            size=short(size),
        )
    gradient = _smallness(facts, indices, rate, size)
    if gradient is not None:
        cause, remedy = gradient
    better = exact(cut(rate * wanted, 1)) if rate > 0 and np.isfinite(wanted) else "1e-3"
    return Found(
        None,
        facts.step_of(event),
        ERROR if not facts.learning else NOTE,
        Message("updates are {size} of their weights: nothing moves; about 1/1,000 is usual", size=part_of(size)),
        evidence,
        cause,
        remedy,
        {"lr": better},
    )


_LOSS_IN_UNITS = """\
loss = criterion(model(x), y)  # a mean over the batch, divided no second time
print(loss.item())  # of a usual size? What scales it down: / len(x), / 1e6, a weight of a term"""


def _smallness(facts: Facts, indices: list[int], rate: float, size: float) -> tuple[Message, str] | None:
    """The cause and the remedy where it is the gradient that is small: a rate that made up for it would be above 1."""
    if not rate > 0:
        return None
    weights, gradients = facts.parameter("weight")[:, indices], facts.parameter("grad")[:, indices]
    beside = gradients / weights
    known = beside[np.isfinite(beside) & (beside > 0)]
    wanted = rate * 1e-3 / size if size > 0 else 1e-3 / float(np.median(known)) if len(known) else 0.0
    if not wanted > 1:
        return None
    return (
        Message(
            "the gradient is what is small, {gradient} in all, not the learning rate of {rate}: the loss is scaled "
            "down, or hardly depends on the weights",
            gradient=short(float(np.nanmedian(facts.columns.gradient_after))), rate=exact(rate),
        ),
        _LOSS_IN_UNITS,
    )  # fmt: skip

"""The rule about single losses that stand out from those before them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..core.figures import cut, exact, loss_text, many
from ..core.message import Message
from ..core.numerics import Array
from .code import CLIP
from .curve import LEAST
from .facts import Facts
from .kind import ERROR, NOTE, WARNING, Found, Numbers

#: OLMo: 7 standard deviations. Of a normal distribution one is 1.48 MAD.
DEVIATIONS = 7.0
_MAD = 1.4826
_WINDOW, _NEAR = 50, 20
#: Over the largest of the last 20, nearly (their 95th percentile).
TIMES = 3.0
#: Below this share of what the loss was at first nothing is undone: Adam, close to a loss of 0, spikes a hundredfold.
_MATTERS = 0.1
#: So many steps on, the loss is at its highest.
_PEAK = 10
#: A gradient of so many times the usual one is none of a batch like the others; nor an update of over a tenth of a
#: weight that is five times the usual one.
_GRADIENT, _THREW, _UPDATE = 10.0, 0.1, 5.0
#: Of so many losses around it the tail is estimated; from the largest tenth of them, but ten.
_AROUND, _TENTH, _FEWEST = 1_000, 10, 10
#: Of a run with so many hard samples only what is larger than all of them is asked about: each takes 0.5 ms.
_MANY = 100
#: A tail that reaches so far in one run of a hundred does not explain a spike.
_RARE = 0.01


def loss_spike(facts: Facts) -> Found | None:
    """A loss that stands out from the 50 before it by 7 deviations, as it is and as a logarithm, and is over three
    times their largest.

    As a logarithm: losses of small batches are spread over decades, and there a large one is nothing unusual. A
    deviation is that from one loss to the next, as a loss that falls has another median all the time. What is a hard
    sample alone (see `_is_hard_sample`) is a note, and said where there is nothing worse.
    """
    losses, steps = facts.curve.losses, facts.curve.steps
    # A loss that falls to a tenth within the first tenth of the steps (of a margin, to 0) began higher than that.
    began = max(facts.curve.first, facts.curve.start)
    note: Found | None = None
    notes, largest = 0, 0.0
    for at in _candidates(losses, began):
        before = losses[max(0, at - _WINDOW) : at]
        near = before[-_NEAR:]
        usual, high = float(np.median(near)), float(np.percentile(near, 95))
        spread = _MAD * float(np.median(np.abs(before - np.median(before))))
        logs = np.log(np.maximum(before, 1e-300))
        rough = _MAD * float(np.median(np.abs(np.diff(logs)))) / math.sqrt(2)
        value = float(losses[at])
        if value < float(np.median(before)) + DEVIATIONS * spread:
            continue
        if math.log(value) - math.log(max(usual, 1e-300)) < DEVIATIONS * rough:
            continue
        if not _is_sudden(losses, at) and losses[at : at + _PEAK].max() <= facts.curve.start:
            continue
        if _is_another_loss(facts, int(steps[at])):
            continue
        if notes >= _MANY and value <= largest * usual:
            continue
        found = _spike(facts, int(steps[at]), at, value, usual, high)
        if found.severity != NOTE:
            return found
        note, notes, largest = note or found, notes + 1, max(largest, value / usual if usual > 0 else math.inf)
    return note


#: Losses that are looked at together, so that what is worked out of a window of each stays small.
_TOGETHER = 2**14


def _candidates(losses: Array, first: float) -> Iterator[int]:
    """Where a loss is over three times the largest of those before it, and matters: few, to be looked at closely.

    Of small batches every third loss is over three times the smallest before it: a million steps of them, one by one,
    took 50 s.
    """
    if len(losses) <= LEAST:
        return
    windows = np.lib.stride_tricks.sliding_window_view(losses, _NEAR)[:-1]
    values = losses[_NEAR:]
    for start in range(0, len(values), _TOGETHER):
        near, value = windows[start : start + _TOGETHER], values[start : start + _TOGETHER]
        high = np.flatnonzero((value > TIMES * near.min(1)) & (value > _MATTERS * first))
        if len(high):
            high = high[value[high] >= TIMES * np.percentile(near[high], 95, axis=1)]
        yield from (high + start + _NEAR).tolist()


def _is_another_loss(facts: Facts, step: int) -> bool:
    """Whether between the recorded steps around it another number of backward passes begins, or of optimizers that
    step: a discriminator that comes in late has its loss added from then on, and what was before says nothing of it.
    """
    behind = int(np.searchsorted(facts.columns.steps, step))
    if not 0 < behind < facts.count:
        return False
    passes, stepped = (
        facts.columns.microbatches[behind - 1 : behind + 1],
        facts.columns.stepped[behind - 1 : behind + 1],
    )
    return bool((np.isfinite(passes).all() and passes[0] != passes[1]) or (stepped[0] != stepped[1]).any())


def _is_sudden(losses: Array, at: int) -> bool:
    """Whether it jumps from one step to the next. A loss that swings up over several steps and stays below where it
    began is at the edge of stability (Cohen et al. 2021): it comes back by itself.
    """
    return bool(losses[at] > TIMES * losses[at - 1])


def _spike(facts: Facts, step: int, at: int, value: float, usual: float, high: float) -> Found:
    """The finding. usual is the median of the 20 before, high their 95th percentile."""
    ratio = value / usual if usual > 0 else math.inf
    losses = facts.curve.losses
    behind = losses[at + 1 : at + 1 + _PEAK]
    # It stays where most of the ten behind it would be a spike, too.
    lasts = len(behind) >= 5 and float(np.median(behind)) > TIMES * high
    layer, event, grew = _where_it_began(facts, step)
    evidence: Numbers = {
        "loss": value, "usual": usual, "times": ratio,
        "steps_above": int(np.argmin(np.append(losses[at:] > TIMES * usual, False))),
    }  # fmt: skip
    if layer is not None and event is not None:
        evidence |= {"began_at": facts.step_of(event), "rms_times": grew}
    hard = layer is None and not lasts and _is_hard_sample(facts, step, at)
    cause, remedy = _HARD if hard else _why(facts, step, layer)
    times = many(ratio)
    return Found(
        layer,
        step,
        ERROR if lasts else NOTE if hard else WARNING,
        Message(
            "the loss jumps to {value}, {times} times what it was before, and stays there",
            value=loss_text(value), times=times,
        )
        if lasts
        else Message(
            "the loss of one step is {value}, {times} times the usual one",
            value=loss_text(value), times=times,
        )
        if hard
        else Message(
            "the loss jumps to {value}, {times} times what it was before",
            value=loss_text(value), times=times,
        ),
        evidence,
        cause,
        remedy,
    )  # fmt: skip


_HARD = (
    Message("a few hard samples in a small batch: it did nothing to the weights, and the losses here have a long tail"),
    "# nothing needs to be done; a larger batch, or a loss that is linear far out, makes it smoother:\n"
    "loss = torch.nn.functional.smooth_l1_loss(model(x), y)  # of a regression",
)
_BATCH = "# look at the batch of this step: x.abs().max(), y.abs().max()"


def _why(facts: Facts, step: int, layer: str | None) -> tuple[Message | None, str | None]:
    """The cause and the remedy; None where nothing better is known than the kind's own."""
    rate = _rate_at(facts, step)
    if rate is not None and rate[1] > 5 * rate[0] > 0:
        return Message("the learning rate rose {times} times before", times=many(rate[1] / rate[0])), None
    gradient, event = _gradient_before(facts, step)
    if gradient > _GRADIENT:
        after = facts.columns.gradient_after
        if after[event] < facts.columns.gradient_before[event]:
            usual = after[:event][np.isfinite(after[:event])]
            return (
                Message(
                    "a gradient {times} times the usual one; it is clipped to {norm}, so that its direction is left: "
                    "the batch is unlike the others",
                    times=many(gradient), norm=exact(float(after[event])),
                ),
                f"{_BATCH}\n# and a lower max_norm, no more than a usual gradient has:\n"
                f"torch.nn.utils.clip_grad_norm_(model.parameters(), {_max_norm(usual, float(after[event]))})",
            )  # fmt: skip
        return (
            Message("a gradient {times} times the usual one, which nothing clips", times=many(gradient)),
            f"{CLIP}\n{_BATCH}",
        )
    recorded = np.flatnonzero(facts.columns.steps == step)
    if layer is None and len(recorded) and facts.has_activations and recorded[0] >= 3:
        return (
            Message(
                "the outputs of this step are of the usual size: what changed is the targets, or the loss itself "
                "(another term of it, another task)"
            ),
            _BATCH,
        )
    return None, None


def _max_norm(gradients: Array, clipped: float) -> str:
    """Half of what it was clipped to, or the usual gradient where that is less."""
    usual = float(np.median(gradients)) if len(gradients) else clipped
    return exact(cut(min(usual, clipped / 2), 1))


def _is_hard_sample(facts: Facts, step: int, at: int) -> bool:
    """Whether a loss says no more than that a few of the batch's samples are hard: no update was unusual, and either
    the gradient was not and the next loss is no higher than the 20 before it, or losses that large come from time to
    time in this run, whatever the gradient is.
    """
    if _threw(facts, step):
        return False
    losses = facts.curve.losses
    back = at + 1 < len(losses) and losses[at + 1] <= losses[at - _NEAR : at].max()
    recorded = np.isfinite(facts.columns.gradient_before[facts.columns.steps == step]).any()
    gradient, event = _gradient_before(facts, step)
    if back and recorded and event >= 0 and gradient <= _GRADIENT:
        return True
    return _is_of_the_tail(losses, at)


def _threw(facts: Facts, step: int) -> bool:
    """Whether an update of the last three events, this step's among them, was large, and unusual."""
    event = int(np.searchsorted(facts.columns.steps, step, side="right"))
    size, usual = facts.largest_update(event, 3), facts.largest_update(max(event - 3, 0), _NEAR)
    return size > _THREW and size > _UPDATE * usual


def _is_of_the_tail(losses: Array, at: int) -> bool:
    """Whether losses as many times the median of those before them are to be expected in a run like this.

    Of all losses over the median of the 20 before each, x, the k largest fall off as x^(−1/γ), where γ is the mean of
    ln(x / x_k) (Hill 1975): k·(x / x_k)^(−1/γ) of them are larger than x. With heavy tails (squared errors of
    log-normal targets, rare positives) γ is 0.5 and more, of a usual batch's noise 0.1. Without the 50 losses behind
    it: what is high there may have come of it.
    """
    first = max(0, at - _AROUND // 2)
    part = losses[first : first + _AROUND]
    if len(part) < 2 * _NEAR:
        return False
    medians = np.median(np.lib.stride_tricks.sliding_window_view(part, _NEAR)[:-1], axis=1)
    with np.errstate(all="ignore"):
        sizes = part[_NEAR:] / medians
    own = at - first - _NEAR
    size = float(sizes[own])
    others = np.delete(sizes, slice(own, own + _WINDOW))
    others = np.sort(others[np.isfinite(others) & (others > 0)])[::-1]
    count = max(len(others) // _TENTH, _FEWEST)
    if count >= len(others):
        return False
    edge = float(others[count])
    slope = float(np.log(others[:count] / edge).mean())
    if size <= edge:
        return True
    expected = count * (size / edge) ** (-1 / slope) if slope > 0 else 0.0
    return expected > _RARE


def _where_it_began(facts: Facts, step: int) -> tuple[str | None, int | None, float]:
    """The first module in forward order whose outputs are over 5 times their usual size, up to 3 events back; and the
    event, and how many times. (None, None, 1) where there is none.
    """
    events = np.flatnonzero(facts.columns.steps <= step)
    later = np.flatnonzero(facts.columns.steps > step)
    around = [*events[-3:], *later[:1]]
    for event in around:
        before = [e for e in range(int(event)) if facts.sound[e]]
        if len(before) < 3:
            continue
        for module in facts.order:
            rms = facts.largest("rms", module)
            usual = float(np.nanmedian(rms[before])) if np.isfinite(rms[before]).any() else math.nan
            if usual > 0 and np.isfinite(rms[event]) and rms[event] > 5 * usual:
                return module or None, int(event), float(rms[event] / usual)
    return None, None, 1.0


def _rate_at(facts: Facts, step: int) -> tuple[float, float] | None:
    """The usual learning rate before, and the largest of the events around this step."""
    steps, rates = facts.columns.steps, facts.rate
    before = rates[(steps < step - 1)]
    at = int(np.searchsorted(steps, step))
    around = rates[max(at - 3, 0) : at + 1]
    before, around = before[np.isfinite(before)], around[np.isfinite(around)]
    return (float(np.median(before)), float(around.max())) if len(before) and len(around) else None


def _gradient_before(facts: Facts, step: int) -> tuple[float, int]:
    """How many times the usual gradient is the largest of the last three events up to this step, and which of them it
    is; (1, −1) where too little is known.
    """
    events = np.flatnonzero((facts.columns.steps <= step) & np.isfinite(facts.columns.gradient_before))
    if len(events) < 5:
        return 1.0, -1
    known = facts.columns.gradient_before[events]
    usual, largest = float(np.median(known[:-3])), int(np.argmax(known[-3:]))
    times = float(known[-3:][largest] / usual) if usual > 0 else 1.0
    return times, int(events[-3:][largest])

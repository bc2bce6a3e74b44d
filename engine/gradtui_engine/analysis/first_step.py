"""Does the first step do good? The second of the three questions: what the parameters get, and what one update does.

A gradient that arrives is not yet one that teaches. The loss at the start is compared with that of a sane start (ln C
of C classes, the variance of a target of numbers), each weight matrix with the others and with its own size, and the
loss of the same batch after one update with that before. Rules are tried in the order of RULES; the first that holds
is the answer: causes stand before what they cause.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.figures import apart, exact, many, part_of, rounded, short
from ..core.message import Message
from ..core.numerics import norm_inside, ratio
from ..core.thresholds import VANISHED
from ..rules.losses import LOSSES
from ..rules.optimisers import OPTIMISERS
from .outcome import (
    FINITE,
    OFF_SCALE,
    OVERSHOT,
    SHRINKING,
    STILL,
    Answer,
    Finding,
    Rule,
    far_beyond,
    first_finding,
)
from .parameters import parameter_numbers
from .record import ParameterNumbers
from .weight_groups import Group, groups_of, matrices_of, taught

if TYPE_CHECKING:
    from ..run.trace import Trace


@dataclass(frozen=True, slots=True)
class FirstStep:
    """What was measured of one update. guess is the loss of a sane start; 0 where nothing can be wrong."""

    loss: float
    loss_after: float
    guess: float
    groups: tuple[Group, ...]
    #: The root mean square of the outputs, and of targets that are numbers (0 of classes).
    outputs: float
    targets: float
    #: How many times as hard as the gradient weight decay pulls all weights together; 0 without.
    decay: float = 0.0
    #: How many times as large as later updates the first one is; where it is not 1, the loss after one of their size.
    overshoot: float = 1.0
    loss_later: float | None = None
    #: How many updates came before it: 0 where it is indeed the first.
    before: int = 0
    optimizer: str = OPTIMISERS.names[0]

    @property
    def scale(self) -> float:
        """The first loss over that of a sane start; 1 where the target says nothing."""
        return self.loss / self.guess if self.guess > 0 else 1.0

    @property
    def settled(self) -> float:
        """The loss after an update of the size that updates have later."""
        return self.loss_after if self.loss_later is None else self.loss_later

    @property
    def growth(self) -> float:
        """That loss over the one before."""
        return ratio(self.settled, self.loss) if self.loss > 0 else 1.0

    @property
    def ends(self) -> tuple[Group, Group]:
        """The layers whose weights move least and most, number by number."""
        least, most = (choose(self.moving, key=lambda group: group.move) for choose in (min, max))
        return least, most

    @property
    def moving(self) -> tuple[Group, ...]:
        """The layers that do not wait for another parameter to move first; all where every one does."""
        return tuple(group for group in self.groups if not group.waits) or self.groups

    @property
    def evened(self) -> float | None:
        """The smallest gradient of a weight over the largest, where the optimiser alone makes updates alike of them."""
        if not OPTIMISERS[self.optimizer].divides:
            return None
        slopes = [group.slope for group in self.moving]
        share, moved = ratio(min(slopes), max(slopes)), ratio(*(group.move for group in self.ends))
        return share if share < VANISHED <= moved else None

    @property
    def largest_ratio(self) -> float:
        """The largest update / weight."""
        return max(group.update_ratio for group in self.groups)


def first_step_of(trace: Trace, numbers: Mapping[str, ParameterNumbers] | None = None) -> FirstStep:
    """Measure a trace's update; numbers are those of its parameters, where they are known already.

    NumPy's warnings must be off.
    """
    matrices = matrices_of(trace)
    if not numbers:
        numbers = parameter_numbers(trace, (name for _, names in matrices for name in names))
    groups = groups_of(trace, matrices, numbers)
    row = LOSSES[str(trace.resolved.loss)]
    guess = row.start(trace.target, trace.values["output"].shape[-1])
    outputs = trace.values["output"]
    targets = 0.0 if row.of_classes else norm_inside(trace.target) / math.sqrt(trace.target.size)
    # Of a later iteration the optimiser remembers what it had to be started with.
    first = trace.moment is None or trace.moment.iteration == 0
    overshoot = OPTIMISERS[trace.resolved.optimizer].overshoot if first else 1.0
    return FirstStep(
        trace.loss, trace.loss_after, guess, groups, norm_inside(outputs) / math.sqrt(outputs.size), targets,
        _decay(trace, {name: numbers[name] for _, names in matrices for name in names}),
        overshoot, None if overshoot == 1.0 else trace.loss_after_share(1 / overshoot),
        before=0 if trace.moment is None else trace.moment.iteration,
        optimizer=trace.resolved.optimizer,
    )  # fmt: skip


def _decay(trace: Trace, numbers: Mapping[str, ParameterNumbers]) -> float:
    """λ‖W‖ / ‖g‖ of these weights together, g as it is clipped; of adamw as its division leaves it."""
    resolved = trace.resolved
    weight_decay, rates = resolved.weight_decay, {name: trace.rate(name) for name in numbers}
    if weight_decay == 0.0 or 0.0 in rates.values():
        return 0.0
    if OPTIMISERS[resolved.optimizer].decoupled:
        gradient = math.hypot(*(taught(trace, (name,)) / rate for name, rate in rates.items()))
    else:
        gradient = math.hypot(*(row.clipped_norm or 0.0 for row in numbers.values()))
    return ratio(weight_decay * math.hypot(*(row.norm for row in numbers.values())), gradient)


def judge_first_step(measured: FirstStep) -> Answer:
    """The answer for what was measured of one update."""
    numbers = {
        "loss": measured.loss,
        "loss_after": measured.loss_after,
        "guess": measured.guess,
        "update_ratio_largest": measured.largest_ratio,
        "update_ratio_smallest": min(group.update_ratio for group in measured.groups),
        "without_gradient": float(sum(group.gradient == 0.0 for group in measured.groups)),
    }
    waiting = sum(group.waits for group in measured.groups)
    if waiting:
        numbers["waiting"] = float(waiting)
    if measured.decay:
        numbers["decay"] = measured.decay
    if measured.loss_later is not None:
        numbers["loss_later"] = measured.loss_later
    if measured.evened is not None:
        numbers["evened"] = measured.evened
    return first_finding(RULES, measured).answer("first_step", numbers)


def _listed(groups: Sequence[Group]) -> Message | str:
    """The names of the matrices, the first and the last where there are many."""
    names = [name for group in groups for name in group.names]
    if len(names) <= 2:
        return ", ".join(names)
    return Message("{first} … {last}", first=names[0], last=names[-1])


def _non_finite(step: FirstStep) -> Finding | None:
    broken = [group for group in step.groups if not math.isfinite(group.gradient) or not math.isfinite(group.update)]
    if not broken and math.isfinite(step.loss):
        return None
    if not broken:
        message = Message("the loss is {loss} before any update", loss=short(step.loss))
        return Finding("non_finite", True, Message("loss"), None, message, FINITE, step.loss)
    message = Message(
        "the gradients of {count} of {total} weight matrices are not finite ({names}): the update destroys them",
        count=len(broken), total=len(step.groups), names=_listed(broken),
    )  # fmt: skip
    return Finding("non_finite", True, broken[0].names[0], broken[0].stage, message, FINITE, broken[0].gradient)


def _off_scale(step: FirstStep) -> Finding | None:
    if step.scale <= OFF_SCALE:
        return None
    values = {"loss": short(step.loss), "guess": short(step.guess)}
    if step.before:
        start = Message("the loss is {loss}, where a sane start costs {guess}", **values)
        rule = Message("loss ≤ {limit} × a sane start", limit=exact(OFF_SCALE))
    else:
        start = Message("the loss starts at {loss}, where a sane start costs {guess}", **values)
        rule = Message("first loss ≤ {limit} × a sane start", limit=exact(OFF_SCALE))
    if step.targets > step.outputs:
        message = Message(
            "{start}: the targets are around {targets}, the outputs around {outputs}; scale the target",
            start=start, targets=short(step.targets), outputs=short(step.outputs),
        )  # fmt: skip
    else:
        message = Message(
            "{start}: the outputs are around {outputs}, far too large", start=start, outputs=short(step.outputs)
        )  # fmt: skip
    critical = far_beyond(step.scale, OFF_SCALE) or _far_up(step)
    return Finding("off_scale", critical, Message("loss"), None, message, rule, step.scale)


def _still(step: FirstStep) -> Finding | None:
    largest = step.largest_ratio
    if largest >= STILL:
        return None
    if largest == 0.0:
        message = Message("the update is 0 for every weight: nothing moves")
    else:
        message = Message(
            "the largest update is {share} of its weights: nothing moves within a hundred iterations",
            share=part_of(largest),
        )
    rule = Message("largest update / weight ≥ {limit}", limit=part_of(STILL))
    # Too small a step is not yet none.
    return Finding("still", largest == 0.0, Message("update"), None, message, rule, largest)


def _cut_off(step: FirstStep) -> Finding | None:
    cut = [group for group in step.groups if group.gradient == 0.0 and not group.waits]
    if not cut:
        return None
    message = Message(
        "{count} of {total} layers of weights get a gradient of exactly 0 ({names}): they learn nothing",
        count=len(cut), total=len(step.groups), names=_listed(cut),
    )  # fmt: skip
    rule = Message("every weight matrix gets a gradient")
    # With but the output layer left there is a linear model of fixed features.
    critical = len(cut) >= len(step.groups) - 1
    return Finding("cut_off", critical, cut[-1].names[0], cut[-1].stage, message, rule, float(len(cut)))


def _shrinking(step: FirstStep) -> Finding | None:
    if not step.decay > SHRINKING:
        return None
    message = Message(
        "weight decay pulls the weights {times} times as hard as the loss does: nothing stays that is learnt",
        times=many(step.decay),
    )  # fmt: skip
    rule = Message("weight decay × weights ≤ {limit} × gradient", limit=exact(SHRINKING))
    far = far_beyond(step.decay, SHRINKING)
    return Finding("shrinking", far, Message("update"), None, message, rule, step.decay)


def _starved(step: FirstStep) -> Finding | None:
    least, most = step.ends
    share = ratio(least.move, most.move)
    if share >= VANISHED:
        return None
    message = Message(
        "a weight of {least} moves by {share} of what one of {most} does: it stands still beside it",
        least=least.names[0], most=most.names[0], share=part_of(share),
    )  # fmt: skip
    values = {"message": message, "optimizer": step.optimizer}
    if OPTIMISERS[step.optimizer].decoupled:
        message = Message(
            "{message}; {optimizer} evens out no gradient that is under its ε of 1e-8, and weight decay teaches "
            "nothing", **values,
        )  # fmt: skip
    elif OPTIMISERS[step.optimizer].divides:
        message = Message("{message}; {optimizer} evens out no gradient that is under its ε of 1e-8", **values)
    else:
        message = Message("{message}; {optimizer} moves a weight by as little as its gradient is", **values)
    rule = Message("smallest / largest update of a weight ≥ {limit}", limit=part_of(VANISHED))
    return Finding("starved", far_beyond(share, VANISHED), least.names[0], least.stage, message, rule, share)


def _raised(step: FirstStep) -> Finding | None:
    if step.settled <= step.loss:
        return None
    if math.isfinite(step.settled) and rounded(step.loss, 4) == rounded(step.settled, 4):
        return None
    before, after = apart(step.loss, step.settled)
    values = {"before": before, "after": after, "share": short(step.largest_ratio / step.overshoot)}
    if step.loss_later is None:
        message = Message(
            "one update raises the loss from {before} to {after}; the largest update is {share} of its weights",
            **values,
        )
        rule = Message("loss after one update ≤ loss before")
    else:
        message = Message(
            "an update of the size of later ones raises the loss from {before} to {after}; it is up to {share} of its "
            "weights", **values,
        )  # fmt: skip
        rule = Message("loss after an update of the later ones' size ≤ loss before")
    kind = "overshooting" if step.growth <= OVERSHOT else "diverging"
    return Finding(kind, _far_up(step), Message("update"), None, message, rule, step.growth)


def _far_up(step: FirstStep) -> bool:
    """Whether the update throws the loss far up."""
    growth = step.growth
    return not growth <= 1.0 and far_beyond(growth, 1.0)


def _healthy(step: FirstStep) -> Finding:
    before, after = apart(step.loss, step.loss_after)
    message = Message(
        "one update takes the loss from {before} to {after} (a sane start: {guess}); update / weight up to {share}",
        before=before, after=after, guess=short(step.guess), share=short(step.largest_ratio),
    )  # fmt: skip
    if step.loss_later is not None:
        message = Message(
            "{message}; it is {times} times as large as later ones, and one of their size takes it to {later}",
            message=message, times=short(step.overshoot), later=short(step.loss_later),
        )  # fmt: skip
    if step.evened is not None:
        low, high = (choose(step.moving, key=lambda group: group.slope) for choose in (min, max))
        message = Message(
            "{message}; {optimizer} divides each gradient by its own size, so that {low} moves like {high}, of whose "
            "gradient it gets {share}",
            message=message, optimizer=step.optimizer, low=low.names[0], high=high.names[0], share=part_of(step.evened),
        )  # fmt: skip
    waiting = [group for group in step.groups if group.waits]
    if waiting:
        message = Message(
            "{message}; {count} of {total} layers of weights get a gradient of exactly 0, as what their branch is "
            "multiplied by still is: that moves first, and they after it",
            message=message, count=len(waiting), total=len(step.groups),
        )  # fmt: skip
    rule = Message("every weight matrix moves, and the loss falls")
    return Finding("healthy", False, Message("update"), None, message, rule, step.growth)


RULES: tuple[Rule[FirstStep], ...] = (
    _non_finite,
    _off_scale,
    _cut_off,
    _still,
    _shrinking,
    _starved,
    _raised,
    _healthy,
)

"""Does it learn? The third of the three questions: what a training has come to.

The loss at the end (on what was held out, where something was) is compared with that of answering without looking.
Rules are tried in the order of RULES; the first that holds is the answer.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..analysis.outcome import FINITE, LEARNT, OFF_SCALE, Answer, Finding, Rule, first_finding
from ..core.figures import exact, percent, short
from ..core.message import Message
from ..core.numerics import Array, ratio
from ..core.problems import ExperimentError
from ..core.thresholds import VANISHED, VANISHED_TEXT
from ..data.datasets import CSV, find
from ..program.program import place_of
from ..rules.losses import LOSSES
from .stream import Stream

if TYPE_CHECKING:
    from ..experiment.resolved import Resolved
    from ..experiment.training import Training
    from .evaluation import Validation

#: Iterations over which a loss of batches is averaged: one alone jumps.
LAST = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """What a training has come to after `count` iterations.

    losses are those of the batches, gradients log10 ‖∂L/∂h‖ of the stages at the last iteration. guess is the loss of
    answering without looking: on the samples that are held out, where some are; batch_guess on those of the batches,
    where it is another one. broken names where a number first was not finite.
    """

    count: int
    losses: Array
    gradients: Array
    validations: tuple[Validation, ...]
    guess: float
    axis: str
    broken: tuple[str, int | None] | None = None
    batch_guess: float | None = None

    @property
    def start(self) -> float:
        return float(self.losses[0])

    @property
    def end(self) -> float:
        """The loss at the end: of the last validation, or the mean of the last batches."""
        validation = self.validated
        return validation.loss if validation is not None else float(np.mean(self.losses[-LAST:]))

    @property
    def batches(self) -> float:
        """The loss of the last batches: the middle one, as one that jumps out is no end."""
        return float(np.median(self.losses[-LAST:]))

    @property
    def validated(self) -> Validation | None:
        """The last validation, where it is of the end."""
        last = self.validations[-1] if self.validations else None
        return last if last is not None and last.iteration >= self.count else None

    @property
    def score(self) -> float:
        """The loss at the end over that of guessing."""
        return ratio(self.end, self.guess) if self.guess > 0 else 0.0

    @property
    def by_heart(self) -> float:
        """The loss of the last batches over that of guessing them."""
        return ratio(self.batches, self.guess if self.batch_guess is None else self.batch_guess)

    @property
    def starved(self) -> int | None:
        """The stage nearest to the output that gets under 1e-3 of its gradient; None where every one gets more."""
        below = np.flatnonzero(self.gradients < self.gradients[-1] + math.log10(VANISHED))
        return int(below[-1]) if below.size else None


def baseline_of(resolved: Resolved) -> float | None:
    """A task's own loss of answering without looking; None of other data, and of another loss."""
    every_step = resolved.kind.reads_sequences and resolved.readout == "all"
    row = find(resolved.data)
    if row.baseline is None or resolved.steps is None or resolved.loss != row.loss:
        return None
    return row.baseline(resolved.steps, every_step)


def batch_guess_of(stream: Stream, outputs: int) -> float:
    """The loss of answering the batches without looking: a task's own baseline, or that of the class shares (the mean)
    of all samples that no validation takes."""
    baseline = baseline_of(stream.resolved)
    if baseline is not None:
        return baseline
    seen = _seen(stream)
    return LOSSES[str(stream.resolved.loss)].guess(seen, seen, outputs)


def guess_of(stream: Stream, outputs: int) -> float:
    """What the verdict compares with: the loss of answering the samples that are held out by the shares (the mean) of
    the others; that of the batches where none are held out.

    Of a task the samples are few: 256 pairs to add happen to cost 0.150 without looking, 10 % less than all pairs (1/6)
    do. So the best constant answer to those counts, where it is cheaper.
    """
    row, validation = LOSSES[str(stream.resolved.loss)], stream.validation
    if validation is None:
        return batch_guess_of(stream, outputs)
    if stream.samples is not None:
        return row.guess(validation.target, _seen(stream), outputs)
    if row.of_classes:  # of a task they are drawn alike
        return batch_guess_of(stream, outputs)
    return min(batch_guess_of(stream, outputs), row.guess(validation.target, validation.target, outputs))


@functools.lru_cache(maxsize=32)
def guess_before(training: Training) -> float | None:
    """What `guess_of` will say of a training of which nothing is trained yet: 1 to 8 ms the first time.

    None of a file, which would have to be read for it, and of what cannot be trained.
    """
    if find(training.experiment.resolved.data).name == CSV:
        return None
    try:
        stream = Stream(training)
    except ExperimentError:
        return None
    return guess_of(stream, stream.batch(0).outputs)


def _seen(stream: Stream) -> Array:
    """The targets by which somebody answers who does not look: those of all samples that are trained with."""
    if stream.samples is None:
        return (stream.validation or stream.batch(0)).target
    return stream.samples.target.take(stream.training_rows, axis=stream.axis_of_target)


def judge_learning(progress: Progress) -> Answer:
    """The answer for what a training has come to."""
    validated = progress.validated
    numbers = {
        "iterations": float(progress.count),
        "guess": progress.guess,
        "start": progress.start,
        "end": progress.end,
    }
    if validated is not None and validated.accuracy is not None:
        numbers["accuracy"] = validated.accuracy
    return first_finding(RULES, progress).answer("learning", numbers)


def _values(progress: Progress) -> dict[str, object]:
    return {
        "iterations": _iterations(progress.count), "start": short(progress.start), "end": _end(progress),
        "guess": short(progress.guess),
    }  # fmt: skip


def _iterations(count: int) -> Message:
    return Message("one iteration") if count == 1 else Message("{count} iterations", count=count)


def _end(progress: Progress) -> str:
    """The loss at the end, and whose it is."""
    validated = progress.validated
    if validated is None:
        return short(progress.end)
    if validated.accuracy is None:
        return Message("{loss} on held-out samples", loss=short(validated.loss))
    return Message(
        "{loss} on held-out samples, {share} of them right",
        loss=short(validated.loss),
        share=percent(validated.accuracy),
    )


def _diverged(progress: Progress) -> Finding | None:
    last = progress.count - 1
    if progress.broken is not None:
        site, stage = progress.broken
        message = Message(
            "diverged at iteration {iteration}: a number is no longer finite, first in {site}; the loss was {loss}",
            iteration=last, site=site, loss=short(_last_finite(progress.losses)),
        )  # fmt: skip
        return Finding("diverged", True, site, stage, message, FINITE, math.inf)
    if not math.isfinite(progress.losses[-1]):
        # Where is looked for while this is asked.
        message = Message(
            "diverged at iteration {iteration}: the loss is no longer finite; it was {loss}",
            iteration=last, loss=short(_last_finite(progress.losses)),
        )  # fmt: skip
        return Finding("diverged", True, Message("loss"), None, message, FINITE, math.inf)
    # Of the batches: held-out samples alone are lost where a network knows its own by heart.
    if not progress.batches > OFF_SCALE * max(progress.start, progress.guess):
        return None
    values = _values(progress) | {"end": short(progress.batches)}
    message = Message(
        "diverged: the loss has grown from {start} to {end} in {iterations} (guessing costs {guess})", **values
    )
    return Finding("diverged", True, Message("loss"), None, message, _rule(), progress.score)


def _trained(progress: Progress) -> Finding | None:
    if not progress.score < LEARNT:
        return None
    message = Message(
        "learns: after {iterations} the loss is {end}; it began at {start}, and guessing costs {guess}",
        **_values(progress),
    )
    return Finding("trained", False, Message("loss"), None, message, _rule(), progress.score)


def _falling(progress: Progress) -> Finding | None:
    # At the loss of guessing nothing falls any more.
    if not (progress.end < LEARNT * progress.start and progress.score > 1 / LEARNT):
        return None
    message = Message(
        "the loss falls, from {start} to {end} in {iterations}, but answering without looking costs {guess}",
        **_values(progress),
    )
    return Finding("falling", False, Message("loss"), None, message, _rule(), progress.score)


def _overfitted(progress: Progress) -> Finding | None:
    if progress.validated is None or not progress.by_heart < LEARNT:
        return None
    message = Message(
        "learns its own samples alone: after {iterations} their loss is {batches}, but {end}, where guessing "
        "costs {guess}",
        batches=short(progress.batches), **_values(progress),
    )  # fmt: skip
    return Finding("overfitted", False, Message("loss"), None, message, _rule(), progress.score)


def _stalled(progress: Progress) -> Finding:
    message = Message(
        "learns nothing in {iterations}: the loss is {end}, as answering without looking costs {guess}",
        **_values(progress),
    )
    stage = progress.starved
    if stage is None:
        return Finding("stalled", False, Message("loss"), None, message, _rule(), progress.score)
    place = place_of(progress.axis, stage)
    values = {"message": message, "place": place, "limit": VANISHED_TEXT}
    if stage == 0:  # nothing is before it
        message = Message("{message}; {place} gets under {limit} of the gradient", **values)
    else:
        message = Message("{message}; {place} and those before it get under {limit} of the gradient", **values)
    return Finding("stalled", False, place, stage, message, _rule(), progress.score)


def _last_finite(losses: Array) -> float:
    finite = losses[np.isfinite(losses)]
    return float(finite[-1]) if finite.size else math.nan


def _rule() -> Message:
    return Message("loss at the end < {limit} × guessing", limit=exact(LEARNT))


RULES: tuple[Rule[Progress], ...] = (_diverged, _trained, _falling, _overfitted, _stalled)

"""What a remedy does, in the light of what was measured: by the first gradient, and by training."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

from ..analysis.outcome import KINDS, Outcome
from ..core.figures import exact, of_it, percent, short
from ..core.message import Message
from ..experiment.remedy import Remedy
from ..experiment.training import OF_RATES
from .examined import EFFECTS, Examined, Trial
from .short_training import Attempt, Trained

#: By the first gradient, a remedy that is no cure helps if it takes away this share of the orders of magnitude that
#: were too many.
_HELPS = 0.5
#: By training, one cures that learns to below this share of the loss of the experiment as it stands, and of guessing.
CURES = 0.5
#: A loss below this share of another is better: that of the 359 held-out digits is known to about a tenth.
BETTER = 0.9


def judged(remedy: Remedy, before: Examined, after: Examined) -> Trial:
    """The remedy's effect: by training where both were trained, by the first gradient otherwise."""
    if before.trained is None or after.trained is None:
        return _by_first_gradient(remedy, before, after)
    return _by_training(remedy, before.trained, after, after.trained)


def ranks(trained: bool) -> Callable[[Trial], tuple[float, ...]]:
    """The order of trials, the best first: by what was learnt, or else by the first gradient."""
    return _rank_by_training if trained else _rank_by_first_gradient


# -- by training -------------------------------------------------------------------------------------------


def _by_training(remedy: Remedy, untreated: Trained, after: Examined, trained: Trained) -> Trial:
    now, was = trained.best, _compared_with(remedy, untreated)
    effect = effect_of(now, was)
    said = _finding(after.outcome, now)
    if effect in ("cures", "helps"):
        text = Message("{finding}. {why}", finding=said, why=remedy.why)
    else:
        text = Message("{finding}: {effect}. {no_cure}", finding=said, effect=effect, no_cure=remedy.no_cure)
    return Trial(remedy, after, effect, text)


def _compared_with(remedy: Remedy, untreated: Trained) -> Attempt:
    """The experiment as it stands: at its own rate for a remedy that is another rate, else at the best one, too."""
    of_rate_alone = set(remedy.changes) <= {*OF_RATES} and not remedy.training
    return untreated.own if of_rate_alone else untreated.best


def effect_of(now: Attempt, was: Attempt) -> str:
    """Of the losses over that of guessing: one can be scaled otherwise than the other."""
    cures, helps, no_cure, worse = EFFECTS
    if now.learns and now.score < CURES * min(was.score, 1.0):
        return cures
    if now.learns and now.score < BETTER * was.score:
        return helps
    return worse if now.score * BETTER > was.score else no_cure


def _rank_by_training(trial: Trial) -> tuple[float, ...]:
    trained = trial.measured.trained
    assert trained is not None
    return trained.best.score, EFFECTS.index(trial.effect)


def conclusion(before: Examined) -> str:
    """Of the experiment as it stands: what the first gradient does, and what training does."""
    trained = before.trained
    if trained is None:
        return ""
    own, best = trained.own, trained.best
    text = _finding(before.outcome, own)
    signal_and_step = [answer.healthy for answer in before.outcome.answers if answer.question != "learning"]
    if all(signal_and_step) and not own.learns:
        text = Message("healthy at the start is not trained: {finding}", finding=text)
    values = {"finding": text, "rate": exact(best.rate), "end": _end(best)}
    if best.learns and not own.learns:
        return Message("{finding}; at a rate of {rate} it learns: {end}", **values)
    if best.learns and best.score < BETTER * own.score:
        return Message("{finding}; at a rate of {rate} it learns more: {end}", **values)
    return text


def _finding(outcome: Outcome, attempt: Attempt) -> Message:
    """Both findings in one sentence."""
    healthy = all(answer.healthy for answer in outcome.answers if answer.question != "learning")
    return _FINDINGS[healthy, attempt.learns](first=_first(outcome), end=_end(attempt))


#: By whether the first gradient and step are healthy, and whether it learns.
_FINDINGS: dict[tuple[bool, bool], Callable[..., Message]] = {
    (True, True): lambda **values: Message("{first}, and it learns: {end}", **values),
    (True, False): lambda **values: Message("{first}, but it does not learn: {end}", **values),
    (False, True): lambda **values: Message("{first}, and yet it learns: {end}", **values),
    (False, False): lambda **values: Message("{first}, and it does not learn: {end}", **values),
}
#: By the answer of the first gradient.
_SIGNALS: dict[str, Callable[..., Message]] = {
    "healthy": lambda **values: Message("the gradient arrives ({share})", **values),
    "vanishing": lambda **values: Message("the gradient vanishes ({share})", **values),
    "exploding": lambda **values: Message("the gradient explodes ({share})", **values),
}


def _first(outcome: Outcome) -> Message:
    """What the first gradient and the first step do."""
    signal, step = outcome.signal, outcome.first_step
    if signal.kind in _SIGNALS:
        text = _SIGNALS[signal.kind](share=of_it(outcome.ratio))
    else:
        text = Message("the first gradient is {kind}", kind=KINDS[signal.kind].called)
    if step is None or step.healthy or step.kind == signal.kind:
        return text
    return Message("{signal}, the first step is {kind}", signal=text, kind=KINDS[step.kind].called)


def _end(attempt: Attempt) -> Message:
    """What a training has come to."""
    if attempt.answer.kind == "diverged":
        return Message("it diverges within {count} iterations", count=attempt.count)
    values = {"loss": short(attempt.loss), "count": attempt.count}
    if attempt.accuracy is None:
        return Message("loss {loss} after {count} iterations", **values)
    return Message("loss {loss}, {share} right, after {count} iterations", share=percent(attempt.accuracy), **values)


# -- by the first gradient ---------------------------------------------------------------------------------


def _by_first_gradient(remedy: Remedy, before: Examined, after: Examined) -> Trial:
    raises = after.loss_after > after.loss
    if after.outcome.healthy:
        # RMSprop's first update is ten times its later ones: healthy, and yet the loss rises at first.
        text = Message("{why} But one update raises the loss now.", why=remedy.why) if raises else remedy.why
        return Trial(remedy, after, "helps" if raises else "cures", text)
    was, now = before.outcome, after.outcome
    values = {"kind": _kinds(now), "why": remedy.why, "no_cure": remedy.no_cure}
    gone = {answer.kind for answer in was.answers} - {answer.kind for answer in now.answers} - {"healthy"}
    if was.signal.kind in ("vanishing", "exploding"):
        # How far the gradient is from arriving says more than the name of what is wrong.
        decades, left = _decades(was), _decades(now)
        if left > decades * (1 + _HELPS) or (math.isinf(left) and not math.isinf(decades)):
            return Trial(remedy, after, "worse", Message("{kind}: {no_cure}", **values))
        better = now.signal.healthy or left < decades * (1 - _HELPS)
        if better and (_falls(after) or not _falls(before)):
            return Trial(remedy, after, "helps", Message("{why} Left is {kind}: {no_cure}", **values))
        if better:
            return Trial(remedy, after, "no cure", Message("{why} But one update raises the loss now.", **values))
        return Trial(remedy, after, "no cure", Message("{kind}: {no_cure}", **values))
    if gone and (_falls(after) or not _falls(before)):
        # The ratio says nothing of dead, saturated or equal units, nor of a step: what counts is whether they are left.
        return Trial(remedy, after, "helps", Message("{why} Now {kind}: {no_cure}", **values))
    return Trial(remedy, after, "no cure", Message("{kind} as before: {no_cure}", **values))


def _kinds(outcome: Outcome) -> str:
    """What is wrong, each kind by name."""
    names = list(dict.fromkeys(KINDS[answer.kind].called for answer in outcome.answers if not answer.healthy))
    return functools.reduce(lambda one, other: Message("{one} and {other}", one=one, other=other), names)


def _decades(outcome: Outcome) -> float:
    """How many orders of magnitude the end-to-end ratio is away from 1."""
    if outcome.signal.kind == "non_finite" or not outcome.ratio > 0 or math.isinf(outcome.ratio):
        return math.inf
    return abs(math.log10(outcome.ratio))


def _falls(measured: Examined) -> bool:
    return measured.loss_after < measured.loss


def _rank_by_first_gradient(trial: Trial) -> tuple[float, ...]:
    """By effect; then those whose loss falls after one update; then by the end-to-end ratio's distance from 1."""
    order = EFFECTS.index(trial.effect)
    loss = trial.measured.loss_after
    return (
        order,
        not _falls(trial.measured),
        _decades(trial.measured.outcome),
        loss if math.isfinite(loss) else math.inf,
    )

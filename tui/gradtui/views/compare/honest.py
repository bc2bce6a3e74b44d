"""What a person would otherwise believe of a change: where B is no cure, half a cure, or the same."""

from __future__ import annotations

import math

from ...model.trainings import branches, training_of_a, training_of_b
from ...text.language import tr
from ...text.summary import kind_name
from ..frame.carrying import why
from ..frame.scene import Scene


def honestly(a: Scene, b: Scene) -> str:
    """In a sentence; empty where there is nothing to say, as of two recordings, of which neither is meant as a cure."""
    if len(a.state.recordings) > 1:
        return ""
    if not any(stage.gradient_norm != 0 for scene in (a, b) for stage in scene.stages):
        return tr("No cure: no gradient arrives anywhere, in A or in B (every ‖∂L/∂h‖ is 0).")
    pairs = zip(a.stages, b.stages, strict=False)
    # repr: of two networks that broke nan is the same as nan. It stops at the first difference.
    if len(a.stages) == len(b.stages) and all(repr(x.gradient_norm) == repr(y.gradient_norm) for x, y in pairs):
        turns = branches(training_of_a(a.state), training_of_b(a.state))
        if turns and not a.state.changes and a.state.opened < turns[0].iteration:
            return tr("Before iteration {number} B is A.", number=turns[0].iteration)
        return tr("Every ‖∂L/∂h‖ is the same to the last digit: this change acts on no factor.")
    less = _gated_and_less(a, b)
    if less:
        return less
    if a.record.outcome.healthy and not b.record.outcome.healthy:
        return _spoilt(b)
    step = b.record.outcome.first_step
    cured = not a.record.outcome.signal.healthy and b.record.outcome.signal.healthy
    if cured and step is not None and step.kind == "overshooting":
        return tr("B's gradient arrives; its first step overshoots, after which every second network learns.")
    if cured and step is not None and not step.healthy:
        return tr(
            "Half a cure: B's gradient arrives, but its first step does no good: {kind}.",
            kind=kind_name(step.kind),
        )
    if not a.record.outcome.healthy and not b.record.outcome.healthy and _further(a, b):
        return tr("B is worse than A, and neither is healthy.")
    if not a.record.outcome.healthy and not b.record.outcome.healthy:
        return tr("Not cured yet: B is not healthy either.")
    return ""


def _spoilt(b: Scene) -> str:
    """What of a healthy A is worse in B, and what is not: the signal that arrives, or the first step."""
    signal, step = b.record.outcome.signal, b.record.outcome.first_step
    if not signal.healthy or step is None:
        return tr("No cure: A's signal arrives healthy, B's is {kind}.", kind=kind_name(signal.kind))
    return tr("No cure: the signal arrives in both; B's first step is worse: {kind}.", kind=kind_name(step.kind))


def _gated_and_less(a: Scene, b: Scene) -> str:
    """Why less arrives where a gate was to carry it: what the gate starts with."""
    one, two = a.record.outcome.ratio, b.record.outcome.ratio
    cells = [scene.experiment.resolved if scene.experiment is not None else None for scene in (a, b)]
    if cells[0] is None or cells[1] is None or cells[0].kind.gated or not cells[1].kind.gated or not two < min(one, 1):
        return ""
    return tr("Less arrives in B than in A: {why}.", why=why(b.record, cells[1]))


def _further(a: Scene, b: Scene) -> bool:
    """Whether the share that arrives is over ten times as far from 1 in B as in A, the same way."""
    one, two = a.record.outcome.ratio, b.record.outcome.ratio
    if a.record.outcome.signal.kind != b.record.outcome.signal.kind or not (math.isfinite(one) and math.isfinite(two)):
        return False
    return two < one / 10 if one < 1 else two > one * 10

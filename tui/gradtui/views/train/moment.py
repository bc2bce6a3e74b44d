"""At the cursor: what has become of the training, what enter opens, and how far this update moves the weights."""

from __future__ import annotations

import math

from gradtui_engine import TrainingSnapshot
from gradtui_engine.core.figures import exact, rounded, short
from gradtui_engine.rules.schedules import SCHEDULES

from ...model.keys import shown_keys
from ...text.language import tr
from ...text.spans import Line, first_title, page, wrap
from ..frame.training_sides import Side, Sides, at
from .words import absent, branched, verdict_style, waiting, with_sign

#: Update / weight about 1e-3 is usual (CS231n): how far from it is worth a word.
_LITTLE, _MUCH = 1e-5, 1e-1
#: What is recorded has five digits: less than this share of it was clipped.
_CLIPPED = 0.999


def title(sides: Sides, width: int) -> str:
    if not sides.started:
        return first_title(width, tr("at the cursor"))
    return first_title(width, f"{tr('at the cursor')} · {sides.whereabouts}", tr("at the cursor"))


def view(sides: Sides, width: int, height: int) -> list[Line]:
    if not sides.started:
        return page(wrap(_waiting(sides), width), width, height)
    lines: list[Line] = []
    for side in sides:
        lines += wrap(_of(side, sides, _verdict(side)), width, verdict_style(side))
    for text in _whereabouts(sides):
        lines += wrap(text, width, "strong")
    for says in (_rate, _update):
        # What both have in common is said once.
        said = {side.letter: says(side, sides) for side in sides.here}
        if len(set(said.values())) == 1 and len(said) == len(list(sides)):
            lines += wrap(next(iter(said.values())), width)
        else:
            for side in sides.here:
                lines += wrap(_of(side, sides, said[side.letter]), width)
    lines += wrap(_enter(sides), width, "label")
    return page(with_sign(lines, width, height), width, height)


def _whereabouts(sides: Sides) -> list[str]:
    """Who has ended before the cursor, and where B branches off."""
    return [*(absent(side)[0] for side in sides if side not in sides.here), *branched(sides)]


def _waiting(sides: Sides) -> str:
    return waiting(sides, "Here: what has become of the training, and what the update under the cursor does.")


def _enter(sides: Sides) -> str:
    key, number = shown_keys("next"), sides.iteration
    if sides.steps is not None:
        return tr("{key}: the stages of step {number}", key=key, number=sides.number)
    ended = {side.letter: side.snapshot.count - 1 for side in sides if side.ended and side not in sides.here}
    if not ended:
        return tr("{key}: backpropagation of iteration {number}, step by step", key=key, number=number)
    opened = [
        tr("of {side} iteration {number}, its last", side=side.letter, number=ended[side.letter])
        if side.letter in ended else tr("of {side} iteration {number}", side=side.letter, number=number)
        for side in sides
    ]  # fmt: skip
    return tr("{key}: backpropagation step by step, {sides}", key=key, sides=tr(", ").join(opened))


def _of(side: Side, sides: Sides, said: str) -> str:
    """What is said of a side, with its letter where there are two."""
    return f"{side.letter} · {said}" if sides.raced else said


def _verdict(side: Side) -> str:
    outcome = side.snapshot.outcome
    assert outcome is not None  # a side that is there has an iteration
    return tr(outcome.message)


def _rate(side: Side, sides: Sides) -> str:
    """rate 0.05 · cosine η · ½ (1 + cos(π k / N)) · clipped by norm 1"""
    iteration = at(side, sides.iteration)
    if not isinstance(side.snapshot, TrainingSnapshot):
        value = rounded(float(side.snapshot.columns["learning_rate"][iteration]), 3)
        return " · ".join([tr("rate {value}", value=value), *_all_gradients(side, iteration)])
    training = side.snapshot.training
    now = training.in_force(iteration)
    rate = float(side.snapshot.columns["learning_rate"][iteration])
    resolved = now.experiment.resolved
    said = [tr("rate {value}", value=rounded(rate, 3))]
    if now.schedule != "constant":
        said.append(f"{now.schedule}: {SCHEDULES[now.schedule].formula}")
    elif iteration < now.warmup_iterations:
        said.append(tr("warming up to iteration {number}", number=now.warmup_iterations))
    else:
        said.append(tr("constant"))
    said.append(resolved.optimizer)
    if resolved.clip != "none":
        said.append(tr("clipped by {rule} {limit}", rule=resolved.clip, limit=exact(resolved.clip_threshold)))
    said += [tr("from {turn}", turn=str(turn)) for turn in training.turns
             if turn.iteration <= iteration and turn not in sides.branches]  # fmt: skip
    return " · ".join(said)


def _all_gradients(side: Side, iteration: int) -> list[str]:
    """The norm of all gradients of a recorded step, and what clipping left of it; nothing where it is not known."""
    before, after = (float(side.snapshot.columns[name][iteration]) for name in ("gradient_before", "gradient_after"))
    if not math.isnan(after) and after < _CLIPPED * before:
        return [tr("norm of all gradients {before}, clipped to {after}", before=short(before), after=short(after))]
    norm = after if math.isnan(before) else before
    return [] if math.isnan(norm) else [tr("norm of all gradients {value}", value=short(norm))]


def updates(side: Side, iteration: int) -> dict[str, float]:
    """Update / weight of each weight matrix in an iteration: biases begin at 0, theirs says nothing."""
    ratios = side.snapshot.columns["update_ratio"][at(side, iteration)].tolist()
    return {name: ratio for name, ratio in zip(side.snapshot.parameters, ratios, strict=True) if "weight" in name}


def _update(side: Side, sides: Sides) -> str:
    found = {name: ratio for name, ratio in updates(side, sides.iteration).items() if math.isfinite(ratio)}
    if not found:
        return tr("update / weight: not a finite number")
    most, least = max(found, key=found.__getitem__), min(found, key=found.__getitem__)
    judged = _judged(found[most], found[least])
    values = {"most": short(found[most]), "where": most, "least": short(found[least]), "there": least}
    if most == least:
        said = tr("update / weight {most} in {where}", **values)
    else:
        said = tr("update / weight {most} in {where}, {least} in {there}", **values)
    return f"{said} · {judged}"


def _judged(most: float, least: float) -> str:
    """What to think of the largest and the smallest."""
    if most > _MUCH:
        return tr("about 1e-3 is usual: the largest overwrites what was learnt")
    if most < _LITTLE:
        return tr("about 1e-3 is usual: nothing moves")
    if least < _LITTLE:
        return tr("about 1e-3 is usual: where it is least, hardly anything is learned")
    return tr("about 1e-3 is usual")


def said(sides: Sides) -> list[str]:
    """All of it, and every weight's update."""
    if not sides.started:
        return [_waiting(sides)]
    lines = [_enter(sides), *_whereabouts(sides)]
    for side in sides:
        lines += [_of(side, sides, said) for said in (_verdict(side), _rate(side, sides), _update(side, sides))]
        lines += [
            tr("{name}: update / weight {value}", name=name, value=short(ratio))
            for name, ratio in updates(side, sides.iteration).items()
        ]
    return lines

"""The story in sentences: what each network gets of the error signal, and what it makes of it."""

from __future__ import annotations

from gradtui_engine.core.figures import percent, power, short
from gradtui_engine.core.message import English

from ...model.state import State
from ...model.story import pair_of
from ...text.language import plural, tr
from ...text.summary import describe
from ...text.undefined import defined
from ..frame import effect
from ..frame.differing import differing
from .sides import Side

#: What becomes of it, by the kind of the answer.
_LEARNS: dict[str, English] = {
    "trained": "It learns: {right}.",
    "overfitted": "It learns by heart: {right}.",
    "falling": "Its loss falls, and it is still guessing: {right}.",
    "stalled": "It learns nothing: {right}.",
    "diverged": "Its own updates threw it off: {right}.",
}
#: And while more iterations are to come.
_SO_FAR: dict[str, English] = {"stalled": "It has learnt nothing yet: {right}."}


def names(state: State, side: Side) -> tuple[str, ...]:
    """What the column is called, the longest form first: as in the table, or, where something has been changed, what
    is run."""
    pair = pair_of(state)
    if pair is not None:
        return (tr(pair.cure if side.scene.is_b else pair.disease),)
    a = state.experiment
    b = side.scene.experiment
    if side.scene.is_b and b is not None:
        changes = differing(a, b)
        return tr("the same with {changes}", changes=changes), changes
    return describe(a.resolved, 1), describe(a.resolved, 0)


def brief(state: State, side: Side) -> str:
    """The same in a word, for the end of a curve."""
    pair = pair_of(state)
    if pair is not None:
        return tr(pair.right if side.scene.is_b else pair.left)
    return tr("right") if side.scene.is_b else tr("left")


def arrives(side: Side) -> str:
    """Layer 1 receives almost nothing of the error signal: 4.6e-19 of it; of what broke that these are its last."""
    if side.outcome is not None and side.thrown_off is not None:
        return tr("{what}: these are its last numbers", what=_destroyed(side.thrown_off))
    return effect.arrives(side.scene, side.first, side.arriving)


def learns(side: Side) -> str:
    """It learns: 96 % right; nothing before it is trained, and of what is destroyed."""
    outcome = side.outcome
    if outcome is None or side.thrown_off is not None:
        return ""
    said = (_SO_FAR if side.goes_on else {}).get(outcome.kind, _LEARNS[outcome.kind])
    return tr(said, right=result(side))


def result(side: Side) -> str:
    """96 % right, of samples that no batch contains; of numbers how far off; of what is destroyed how soon."""
    outcome = side.outcome
    assert outcome is not None
    if side.thrown_off is not None:
        return _destroyed(side.thrown_off)
    if side.accuracy is not None:
        return tr("{share} right", share=percent(side.accuracy))
    return tr(
        "loss {loss}, guessing {guess}", loss=short(outcome.numbers["end"]), guess=short(outcome.numbers["guess"])
    )


def result_in_brief(side: Side) -> str:
    """The same where there is little room."""
    return result(side) if side.thrown_off is None else tr("destroyed")


def _destroyed(updates: int) -> str:
    return plural("destroyed by one update", "destroyed by {count} updates", updates)


def products(side: Side, low: int) -> tuple[str, ...]:
    """0.233 × 0.233 × … 29 times = 4.6e-19, down to a stage: a calculator agrees. And the same in brief."""
    count, total = side.count - 1 - low, side.shares[low]
    if defined(total, side.scene.record) is None:
        return (tr("no gradient is left"),)
    if count < 2:
        return (short(total),)
    values = {"base": power(total, count)[1], "count": count, "total": short(total)}
    return (
        tr("{base} × {base} × … {count} times = {total}", **values),
        tr("{base} × … {count} times = {total}", **values),
    )

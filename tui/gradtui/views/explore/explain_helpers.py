"""What the explanations share."""

from __future__ import annotations

from collections.abc import Callable

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.core.figures import short
from gradtui_engine.program.program import Instruction

from ...text.language import tr

#: An explanation: pairs of (style, text); each becomes one or more lines.
Notes = list[tuple[str, str]]
Explain = Callable[[Listed, Step], Notes]


def slots(listed: Listed, step: Step) -> tuple[str, str]:
    """The slots that the step's operation reads first and writes first."""
    operation = instruction(listed, step)
    return operation.inputs[0], operation.outputs[0]


def instruction(listed: Listed, step: Step) -> Instruction:
    return listed.program.instructions[step.instruction or 0]


def first(listed: Listed, slot: str) -> float:
    """Unit 1 of sample 1 (of time step 1, where the slot has time)."""
    return float(listed.values[slot].reshape(-1)[0])


def of_one(numbers: str) -> tuple[str, str]:
    """The note with the numbers of that one unit and sample."""
    return "text", tr("unit 1, sample 1: {numbers}", numbers=numbers)


def of_nothing() -> tuple[str, str]:
    """The note in place of a factor where the gradient that arrives is exactly 0: 0/0 is no number."""
    return "text", tr("nothing arrives here: of 0 there is no factor")


def passed(listed: Listed, source: str, target: str) -> tuple[float, float]:
    """(gradient norm that an operation got, the one that it passed on); of a sum with a skip, its own part."""
    merge = listed.merges.get(source)
    return listed.gradient_norm(target), listed.gradient_norm(source) if merge is None else merge.branch


#: From this cosine on (60° and less) two gradients are said to point the same way.
_ALONG = 0.5


def angle_of(cosine: float | None) -> str:
    """cosine 0.03, at right angles: how the gradients of two paths add up, in words.

    The record has exactly 0 where one of the two is 0.
    """
    if cosine is None or cosine != cosine:
        return tr("cosine {value}", value=short(cosine))
    if cosine == 0:
        return tr("cosine 0, one of them carries nothing")
    if abs(cosine) < _ALONG:
        return tr("cosine {value}, nearly at right angles", value=short(cosine))
    if cosine > 0:
        return tr("cosine {value}, they point the same way", value=short(cosine))
    return tr("cosine {value}, they work against each other", value=short(cosine))

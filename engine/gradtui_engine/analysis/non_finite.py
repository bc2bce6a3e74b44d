"""Where overflow or NaN first shows, in the order of computation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..core.message import Message
from ..core.numerics import Array
from ..program.program import Instruction
from ..run.steps import Step

if TYPE_CHECKING:
    from ..run.trace import Trace


@dataclass(frozen=True, slots=True)
class NonFinite:
    """Where it is, and the number itself: NaN, or inf where a number overflowed."""

    site: str
    stage: int | None
    value: float


def first_non_finite(trace: Trace) -> NonFinite | None:
    """The first operation that wrote a non-finite number; None where all are finite."""
    if _all_finite(trace):
        return None
    for name, array in trace.parameters.items():
        if not np.isfinite(array).all():
            return _found(array, Message("initialisation · {name}", name=name), None)
    if not np.isfinite(trace.input).all():
        return _found(trace.input, "input", None)
    for step in trace.steps:
        if step.instruction is None:
            for name, array in _after_backward(trace, step):
                if not np.isfinite(array).all():
                    return _found(array, Message("{phase} · {name}", phase=str(step.phase), name=name), None)
            continue
        instruction = trace.program.instructions[step.instruction]
        for array in _written(trace, step, instruction):
            if not np.isfinite(array).all():
                site = Message("{phase} · {site}", phase=str(step.phase), site=_site(instruction))
                return _found(array, site, step.stage)
    return None


def _written(trace: Trace, step: Step, instruction: Instruction) -> list[Array]:
    if step.phase != "backward":
        return [trace.values[name] for name in instruction.outputs]
    # A gradient that the trace does not keep is computed again only where its norm says that it must be looked at:
    # at depth 10,000 each costs a millisecond.
    known = trace.norms_in_run
    wanted = [name for name in instruction.inputs if name in trace.gradients or not math.isfinite(known.get(name, 0.0))]
    return [*map(trace.gradient, wanted), *(trace.parameter_gradients[name] for name in instruction.parameters)]


def _after_backward(trace: Trace, step: Step) -> list[tuple[str, Array]]:
    """What clipping and update wrote, by parameter; nothing where no update was asked for."""
    if not trace.has_update:
        return []
    if step.phase == "clip":
        return list(trace.clipped.items())
    return [(name, trace.updated(name)) for name in trace.parameters]


def _site(instruction: Instruction) -> str:
    """layer 12, activation (sigmoid)."""
    part, place = instruction.site.part, instruction.site.place
    if instruction.choice and instruction.choice != part and instruction.site.time is None:
        part = Message("{part} ({choice})", part=part, choice=instruction.choice)
    return part if place == instruction.site.part else Message("{place}, {part}", place=place, part=part)


def _found(array: Array, site: str, stage: int | None) -> NonFinite:
    return NonFinite(site, stage, math.nan if np.isnan(array).any() else math.inf)


def _all_finite(trace: Trace) -> bool:
    wholes = [trace.values[name] for name, _ in trace.program.owned()]
    wholes += [trace.gradients[name] for name in trace.program.kept]
    wholes += [*trace.parameter_gradients.values(), *trace.parameters.values()]
    if trace.has_update:
        wholes += [trace.updated(name) for name in trace.parameters]
    return all(math.isfinite(length) for length in trace.norms_in_run.values()) and all(
        bool(np.isfinite(whole).all()) for whole in wholes
    )

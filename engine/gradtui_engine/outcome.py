"""The Outcome: what became of the gradient, with the rule, the measured value and the source. Never an exception."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .numerics import power, ratio

if TYPE_CHECKING:
    from .trace import Trace

VANISHED = 1e-3
EXPLODED = 1e3
SOURCE = "threshold 1e-3 for vanishing: AUTOTRAINER, ICSE 2021; 1e3 is its mirror image"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run.

    kind is healthy, vanishing, exploding or non_finite; site is where it shows first on the way from the output
    (non_finite: in the order of computation), stage the stage of that site. ratio is ‖dL/dh_0‖ or, of an MLP,
    ‖dL/dh_1‖, over that of the last stage: the first hidden layer is what has to learn. average_factor is
    its geometric mean per stage. limit is the threshold that was crossed, 0 where none was.
    """

    kind: str
    site: str
    stage: int | None
    message: str
    rule: str
    ratio: float
    average_factor: float
    limit: float = 0.0
    source: str = SOURCE


def judge(trace: Trace) -> Outcome:
    """The outcome of a trace, by relative rules: published absolute cut-offs differ by seven orders of magnitude."""
    stages = trace.stages
    last = len(stages) - 1
    first = 1 if trace.axis == "layer" else 0
    norms = [stage.gradient_norm for stage in stages]
    end_to_end = ratio(norms[first], norms[last]) if last > first else 1.0
    average = power(end_to_end, 1 / (last - first)) if last > first else 1.0

    def place(index: int) -> str:
        return f"layer {index}" if trace.axis == "layer" else f"t = {index}"

    def outcome(kind: str, site: str, stage: int | None, message: str, rule: str, limit: float = 0.0) -> Outcome:
        return Outcome(kind, site, stage, message, rule, end_to_end, average, limit)

    broken = _first_non_finite(trace)
    if broken is not None:
        what, site, stage = broken
        message = f"{what} at {site}: nothing computed after it can be trusted"
        return outcome("non_finite", site, stage, message, "every number is finite")
    for index in range(last, first - 1, -1):
        relative = ratio(norms[index], norms[last])
        # Written so that a zero gradient at the output itself (relative is nan) counts as vanished.
        if not relative >= VANISHED:
            message = (
                f"the gradient is under {VANISHED:g} of its value at the output from {place(index)} down; "
                f"{place(first)} gets {_times(end_to_end)}, ×{average:.3g} a {_unit(trace)}"
            )
            if norms[index] == 0.0:
                message = f"the gradient is exactly 0 from {place(index)} down"
            return outcome("vanishing", place(index), index, message, f"ratio < {VANISHED:g}", VANISHED)
        if relative > EXPLODED:
            message = (
                f"the gradient is over {EXPLODED:g} times its value at the output from {place(index)} down; "
                f"{place(first)} gets {_times(end_to_end)}, ×{average:.3g} a {_unit(trace)}"
            )
            return outcome("exploding", place(index), index, message, f"ratio > {EXPLODED:g}", EXPLODED)
    message = f"{place(first)} gets {_times(end_to_end)} of the gradient at the output, ×{average:.3g} a {_unit(trace)}"
    return outcome("healthy", place(first), first, message, f"{VANISHED:g} ≤ ratio ≤ {EXPLODED:g}")


def _unit(trace: Trace) -> str:
    return "layer" if trace.axis == "layer" else "step"


def _times(value: float) -> str:
    return f"{value:.2g}" if math.isfinite(value) else str(value)


def _first_non_finite(trace: Trace) -> tuple[str, str, int | None] | None:
    """("NaN" or "overflow to inf", site, stage) of the first operation that wrote such a number."""
    if _all_finite(trace):
        return None
    for name, array in trace.parameters.items():
        if not np.isfinite(array).all():
            return _what(array), f"initialisation · {name}", None
    for step in trace.steps:
        if step.instruction is None:
            continue
        each = trace.program.instructions[step.instruction]
        if step.phase == "backward":
            wanted = [name for name in each.inputs if name in trace.gradients or name in trace.scratch_norms]
            arrays = [trace.gradient(name) for name in wanted]
            arrays += [trace.parameter_gradients[name] for name in each.parameters]
        else:
            arrays = [trace.values[name] for name in each.outputs]
        for array in arrays:
            if not np.isfinite(array).all():
                operation = each.choice if each.operation in ("activation", "loss") else each.operation
                part = each.site.part
                label = part if operation in (part, "lstm_step", "lstm_projection") else f"{part} ({operation})"
                place = each.site.place
                where = label if place == part else f"{place}, {label}"
                return _what(array), f"{step.phase} · {where}", step.stage
    return None


def _what(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
    return "NaN" if np.isnan(array).any() else "overflow to inf"


def _all_finite(trace: Trace) -> bool:
    wholes = [trace.values[name] for name, _ in trace.program.owned()]
    wholes += [trace.gradients[name] for name in trace.program.kept]
    wholes += [*trace.parameter_gradients.values(), *trace.parameters.values()]
    return all(math.isfinite(each) for each in trace.scratch_norms.values()) and all(
        bool(np.isfinite(each).all()) for each in wholes
    )

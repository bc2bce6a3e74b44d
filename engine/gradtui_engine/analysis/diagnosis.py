"""The Outcome: what became of the gradient, as a diagnosis: rule, measured value, source, remedies. Never an exception.

Rules are tried in the order of RULES; the first that holds is the diagnosis.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..core.message import English, Message
from ..core.numerics import ratio
from ..core.thresholds import DEAD, EXPLODED, EXPLODED_TEXT, SATURATED, VANISHED, VANISHED_TEXT, crossed
from ..experiment.remedies import Remedy, remedies_for
from ..program.program import first_learning, stage_place
from .decay import average_factor
from .non_finite import first_non_finite
from .stage_numbers import ActivationStatistics
from .stages import gradient_norms, statistics_of

if TYPE_CHECKING:
    from ..run.trace import Trace

#: What arrives at the far end, by what the stages of a trace are.
_ENDS: dict[str, Callable[..., Message]] = {
    "layer": lambda **values: Message("{place} gets {share}, ×{factor} a layer", **values),
    "time": lambda **values: Message("{place} gets {share}, ×{factor} a step", **values),
}
_HEALTHY: dict[str, Callable[..., Message]] = {
    "layer": lambda **values: Message(
        "{place} gets {share} of the gradient at the output, ×{factor} a layer", **values
    ),
    "time": lambda **values: Message("{place} gets {share} of the gradient at the output, ×{factor} a step", **values),
}
#: Beyond this many orders of magnitude past its threshold a diagnosis is critical.
_CRITICAL_DECADES = 3.0

SEVERITIES: tuple[English, ...] = ("ok", "warning", "critical")
KINDS = ("healthy", "vanishing", "exploding", "dead", "saturated", "symmetric", "non_finite")
#: The threshold of each kind that has one.
LIMITS = {"vanishing": VANISHED, "exploding": EXPLODED, "dead": DEAD, "saturated": SATURATED, "non_finite": math.inf}
SOURCES: dict[str, English] = {
    "healthy": "ratios between 1e-3 and 1e3 of the output's: AUTOTRAINER, ICSE 2021, and its mirror image",
    "vanishing": "threshold 1e-3: AUTOTRAINER, ICSE 2021",
    "exploding": "threshold 1e3, the mirror image of vanishing; AUTOTRAINER (ICSE 2021) warns from 70 on",
    "dead": "after SageMaker Debugger's DeadRelu; 90 % because it is one batch",
    "saturated": "|a| > 0.97 counts as saturated (Karpathy, makemore part 3); over half of a layer",
    "symmetric": "all units of a layer equal: Goodfellow et al. 2016, §8.4 (symmetry must be broken)",
    "non_finite": "IEEE 754: overflow gives inf, and inf − inf or 0 · inf gives NaN",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run.

    kind is one of KINDS; site is where it shows first on the way from the output (non_finite: in the order of
    computation), stage the stage of that site. severity is one of SEVERITIES. rule is what was tested, measured
    the number that met it, limit the threshold. ratio is the gradient of the first stage that learns (layer 1 of an
    MLP, the initial state of a cell) over that of the last stage; average_factor is its geometric mean per stage.
    remedies are changes of the experiment that are worth trying: `doctor` tries them.
    """

    kind: str
    severity: str
    site: str
    stage: int | None
    message: str
    rule: str
    measured: float
    limit: float
    ratio: float
    average_factor: float
    source: str
    remedies: tuple[Remedy, ...] = field(default=())

    @property
    def healthy(self) -> bool:
        return self.kind == "healthy"


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a rule found."""

    kind: str
    critical: bool
    site: str
    stage: int | None
    message: str
    rule: str
    measured: float


#: Gives what the signal is at each stage, for the rules that ask.
Signal = Callable[[], Sequence[ActivationStatistics]]


class _Case:
    """A trace with the numbers that the rules share."""

    def __init__(self, trace: Trace, norms: Sequence[float], signal: Signal) -> None:
        self.trace = trace
        self.norms = norms
        self._signal = signal
        self.last = len(self.norms) - 1
        self.first = first_learning(trace.axis, self.last)
        self.relative = [ratio(value, self.norms[self.last]) for value in self.norms]
        self.ratio = self.relative[self.first] if self.last > self.first else 1.0
        self.average = average_factor(self.relative, self.first)

    @functools.cached_property
    def signal(self) -> Sequence[ActivationStatistics]:
        """Of each stage. Not before a rule reads it: of the gates of an LSTM of 784 steps it is a quarter of a run."""
        return self._signal()

    def place(self, stage: int) -> str:
        return stage_place(self.trace.axis, stage)

    @property
    def arriving(self) -> dict[str, str]:
        """The values of a sentence that says what arrives at the far end, and how fast it got there."""
        return {"place": self.place(self.first), "share": _number(self.ratio), "factor": _number(self.average, 3)}

    @property
    def end(self) -> str:
        return _ENDS[self.trace.axis](**self.arriving)


def diagnose(trace: Trace) -> Outcome:
    """The outcome of a trace, without the rest of its analysis: where nothing else is wanted."""
    with np.errstate(all="ignore"):
        return judge(trace, gradient_norms(trace), lambda: statistics_of(trace))


def judge(trace: Trace, norms: Sequence[float], signal: Signal) -> Outcome:
    """The outcome of a trace, whose stages have these gradient norms and this signal; NumPy's warnings must be off."""
    case = _Case(trace, norms, signal)
    diagnosis = next(finding for rule in RULES if (finding := rule(case)) is not None)
    ok, warning, critical = SEVERITIES
    severity = ok if diagnosis.kind == "healthy" else (critical if diagnosis.critical else warning)
    return Outcome(
        diagnosis.kind, severity, diagnosis.site, diagnosis.stage, diagnosis.message, diagnosis.rule,
        diagnosis.measured, LIMITS.get(diagnosis.kind, 0.0), case.ratio, case.average, SOURCES[diagnosis.kind],
        remedies_for(trace.experiment, diagnosis.kind, trace.resolved),
    )  # fmt: skip


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}g}" if math.isfinite(value) else str(value)


_LOW, _HIGH, _DEAD, _SATURATED = VANISHED_TEXT, EXPLODED_TEXT, f"{DEAD:.0%}", f"{SATURATED:.0%}"


def _non_finite(case: _Case) -> _Finding | None:
    non_finite = first_non_finite(case.trace)
    if non_finite is None:
        return None
    if math.isnan(non_finite.value):
        message = Message("NaN at {site}: nothing computed after it can be trusted", site=non_finite.site)
    else:
        message = Message("overflow to inf at {site}: nothing computed after it can be trusted", site=non_finite.site)
    rule = Message("every number is finite")
    return _Finding("non_finite", True, non_finite.site, non_finite.stage, message, rule, non_finite.value)


def _symmetric(case: _Case) -> _Finding | None:
    """All units of a layer have the same weights, so they are equal, get equal gradients, and stay equal."""
    trace = case.trace
    if trace.resolved.width == 1:
        return None
    if trace.resolved.residual != "none" and trace.input.shape[-1] == trace.resolved.width:
        return None  # the skip from the input on brings differences, and two updates carry them into the weights
    for instruction in trace.program.instructions:
        hidden = instruction.site.layer is not None or instruction.operation.endswith("_projection")
        matrices = [trace.program.parameters[name] for name in instruction.parameters]
        if not hidden or not any(parameter.fans for parameter in matrices):
            continue
        if all(_rows_are_equal(trace, name) for name in instruction.parameters):
            stage = instruction.site.layer or 1
            place, rule = case.place(stage), Message("units of a layer differ")
            message = Message("all units of {place} are equal, so their gradients are, and stay so", place=place)
            return _Finding("symmetric", True, place, stage, message, rule, 0.0)
    return None


def _rows_are_equal(trace: Trace, name: str) -> bool:
    """Whether every unit has the same numbers in a parameter: block by block (gate by gate), all rows alike."""
    array = trace.parameters[name]
    rows = array.reshape(-1, trace.resolved.width, *array.shape[1:])
    return bool((rows == rows[:, :1]).all())


def _dead(case: _Case) -> _Finding | None:
    if case.trace.resolved.kind.gated or case.trace.resolved.residual != "none":
        return None  # the gradient has another path: the gates' direct one, or the skip
    # Where f' has underflowed to 0 because the unit is saturated, it is not off.
    off = [(signal.dead, stage) for stage, signal in enumerate(case.signal) if stage and signal.saturated <= DEAD]
    share, stage = max(off, default=(0.0, 0))
    if share <= DEAD:
        return None
    message = Message(
        "{share} of the units of {place} are off for every sample: no gradient passes them",
        share=f"{share:.0%}", place=case.place(stage),
    )  # fmt: skip
    rule = Message("dead share ≤ {limit}", limit=_DEAD)
    return _Finding("dead", share == 1.0, case.place(stage), stage, message, rule, share)


def _vanishing(case: _Case) -> _Finding | None:
    return _first_crossing(case, "vanishing")


def _exploding(case: _Case) -> _Finding | None:
    return _first_crossing(case, "exploding")


def _first_crossing(case: _Case, kind: str) -> _Finding | None:
    """The threshold that the gradient crosses first on its way down decides, if it is this kind's."""
    for stage in range(case.last, case.first - 1, -1):
        relative = case.relative[stage]
        crossing = crossed(relative)
        if not crossing:
            continue
        if kind != crossing:
            return None
        place, low = case.place(stage), crossing == "vanishing"
        if low and case.norms[stage] == 0.0:
            message = Message("the gradient is exactly 0 from {place} down", place=place)
        elif low:
            message = Message(
                "the gradient is under {limit} of its value at the output from {place} down; {end}",
                limit=_LOW, place=place, end=case.end,
            )  # fmt: skip
        else:
            message = Message(
                "the gradient is over {limit} times its value at the output from {place} down; {end}",
                limit=_HIGH, place=place, end=case.end,
            )  # fmt: skip
        rule = Message("ratio ≥ {limit}", limit=_LOW) if low else Message("ratio ≤ {limit}", limit=_HIGH)
        return _Finding(kind, _far_beyond(case.ratio, LIMITS[kind]), place, stage, message, rule, relative)
    return None


def _far_beyond(value: float, limit: float) -> bool:
    if not value > 0 or math.isinf(value):
        return True
    return abs(math.log10(value / limit)) > _CRITICAL_DECADES


def _saturated(case: _Case) -> _Finding | None:
    share, stage = max((signal.saturated, stage) for stage, signal in enumerate(case.signal) if stage)
    if share <= SATURATED:
        return None
    message = Message(
        "{share} of the outputs of {place} are saturated, where f′ is near 0; {end}",
        share=f"{share:.0%}", place=case.place(stage), end=case.end,
    )  # fmt: skip
    rule = Message("saturated share ≤ {limit}", limit=_SATURATED)
    return _Finding("saturated", share > DEAD, case.place(stage), stage, message, rule, share)


def _healthy(case: _Case) -> _Finding:
    place = case.place(case.first)
    message = _HEALTHY[case.trace.axis](**case.arriving)
    rule = Message("{low} ≤ ratio ≤ {high}", low=_LOW, high=_HIGH)
    return _Finding("healthy", False, place, case.first, message, rule, case.ratio)


RULES: tuple[Callable[[_Case], _Finding | None], ...] = (
    _non_finite,
    _symmetric,
    _dead,
    _vanishing,
    _exploding,
    _saturated,
    _healthy,
)

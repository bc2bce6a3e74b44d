"""Does the gradient arrive? The first of the three questions: rule, measured value, place.

Rules are tried in the order of RULES; the first that holds is the answer.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..cells.settings import units_of
from ..core.figures import counted, many, of_it, part_of, percent, repeated, short
from ..core.message import English, Message
from ..core.thresholds import DEAD, EXPLODED_TEXT, SATURATED, UNDERFLOWN, VANISHED_TEXT, crossed
from ..program.program import stage_place
from ..program.slots import CELL_STATE
from .carried import CarriedPath, healthy_up_to
from .non_finite import first_non_finite
from .outcome import FINITE, KINDS, Answer, Finding, Rule, far_beyond, first_finding
from .stage_numbers import ActivationStatistics
from .stages import zero_shares

if TYPE_CHECKING:
    from ..run.trace import Trace


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said of the stages of one axis."""

    pace: Callable[..., Message]
    allowed: Callable[..., Message]


_WORDS = {
    "layer": _Words(
        lambda **values: Message("×{factor} a layer", **values),
        lambda **values: Message("×{factor} a layer is healthy up to {count} layers", **values),
    ),
    "block": _Words(
        lambda **values: Message("×{factor} a block", **values),
        lambda **values: Message("×{factor} a block is healthy up to {count} blocks", **values),
    ),
    "time": _Words(
        lambda **values: Message("×{factor} a step", **values),
        lambda **values: Message("×{factor} a step is healthy up to {count} steps", **values),
    ),
    "module": _Words(
        lambda **values: Message("×{factor} a module", **values),
        lambda **values: Message("×{factor} a module is healthy up to {count} modules", **values),
    ),
}
#: What the states of the path are the gradient of, and of the last step's loss alone.
_GRADIENTS: dict[tuple[bool, bool], English] = {
    (False, False): "the gradient at the output",
    (False, True): "the gradient of the last step's own loss",
    (True, False): "∂L/∂c of the last step",
    (True, True): "∂L/∂c of the last step's own loss",
}
#: Gives what the activations are at each stage, for the rules that ask.
Statistics = Callable[[], Sequence[ActivationStatistics]]
_AnyCase = TypeVar("_AnyCase", bound="_Case")


class _Case:
    """The numbers that the rules share: norms along the path, and what the activations are. place names a stage."""

    def __init__(self, axis: str, place: Callable[[int], str], path: CarriedPath, statistics: Statistics) -> None:
        self.axis = axis
        self.place = place
        self.path = path
        self._statistics = statistics
        self.last = len(path.norms) - 1
        self.first = path.first
        self.relative = path.relative
        self.ratio = path.ratio

    @functools.cached_property
    def statistics(self) -> Sequence[ActivationStatistics]:
        """Of each stage. Not before a rule reads it: of the gates of an LSTM of 784 steps it is a quarter of a run."""
        return self._statistics()

    @property
    def acting(self) -> list[tuple[ActivationStatistics, int]]:
        """The statistics of the stages that compute something: all but the input and the initial state."""
        return [(row, stage) for stage, row in enumerate(self.statistics) if stage or self.axis == "module"]

    @property
    def gradient(self) -> English:
        """What the far end gets a share of."""
        return _GRADIENTS[self.path.state == CELL_STATE, self.path.alone]

    @property
    def end(self) -> Message:
        """What arrives at the far end, and how fast it got there: layer 1 gets 0.95 of the gradient at the output."""
        said = many(self.ratio) if self.ratio > 1 else part_of(self.ratio)
        values = {"place": self.place(self.first), "share": said, "gradient": self.gradient}
        if self.ratio > 1:
            return self._at_its_pace(Message("{place} gets {share} times {gradient}", **values))
        return self._at_its_pace(Message("{place} gets {share} of {gradient}", **values))

    @property
    def rest(self) -> Message:
        """The same behind a sentence that has named the gradient: layer 1 gets 1.6e-6 of it."""
        values = {"place": self.place(self.first), "share": of_it(self.ratio)}
        return self._at_its_pace(Message("{place} gets {share}", **values))

    def _at_its_pace(self, arriving: Message) -> Message:
        factor = self.path.factor
        if factor is None:
            place = self.place(self.first)
            return Message("{place} is the first and the last: no factor lies between", place=place)
        pace = _WORDS[self.axis].pace(factor=repeated(factor))
        if not self.path.alone:
            return Message("{arriving}, {pace}", arriving=arriving, pace=pace)
        return Message(
            "{arriving}, {pace} (of all steps' losses together {total})",
            arriving=arriving, pace=pace, total=short(self.path.total),
        )  # fmt: skip

    @property
    def rule(self) -> Message:
        """The thresholds, and how many stages they allow at this average factor."""
        factor = self.path.factor
        rule = Message("{low} ≤ ratio ≤ {high}", low=VANISHED_TEXT, high=EXPLODED_TEXT)
        if factor is None or not math.isfinite(factor):
            return rule
        return Message("{rule}; {allowed}", rule=rule, allowed=allowance(self.axis, factor))


class _TraceCase(_Case):
    """The same of a trace, whose arrays say more."""

    def __init__(self, trace: Trace, path: CarriedPath, statistics: Statistics) -> None:
        super().__init__(trace.axis, functools.partial(stage_place, trace.axis), path, statistics)
        self.trace = trace


def allowance(axis: str, factor: float) -> Message:
    """What the thresholds allow: how many stages at this average factor keep the gradient between them."""
    count = healthy_up_to(factor)
    if math.isinf(count) or count > _ANY:
        return Message("×{factor} is healthy at any length", factor=repeated(factor))
    return _WORDS[axis].allowed(factor=repeated(factor), count=counted(int(count)))


#: A number of stages that nobody will ask for.
_ANY = 1e6


def judge_signal(trace: Trace, path: CarriedPath, statistics: Statistics) -> Answer:
    """The answer for a trace whose gradient is carried by this path; NumPy's warnings must be off."""
    return _judge(RULES, _TraceCase(trace, path, statistics))


def judge_numbers(
    axis: str, place: Callable[[int], str], path: CarriedPath, statistics: Sequence[ActivationStatistics]
) -> Answer:
    """The answer where there are numbers alone, all of them finite: of a stage of these names the norm along the path
    and what its activations are. Whether a skip leads around a dead layer is not known: it counts as one."""
    return _judge(RULES_OF_NUMBERS, _Case(axis, place, path, lambda: statistics))


def _judge(rules: Sequence[Rule[_AnyCase]], case: _AnyCase) -> Answer:
    path = case.path
    factor = path.factor
    numbers = {"ratio": path.ratio, "average_factor": 1.0 if factor is None else factor}
    if factor is not None and math.isfinite(factor):
        numbers["healthy_up_to"] = healthy_up_to(factor)
    if path.alone:
        numbers["ratio_with_every_loss"] = path.total
    return first_finding(rules, case).answer("signal", numbers, case.gradient)


def _non_finite(case: _TraceCase) -> Finding | None:
    non_finite = first_non_finite(case.trace)
    if non_finite is None:
        return None
    if math.isnan(non_finite.value):
        message = Message("NaN at {site}: nothing computed after it can be trusted", site=non_finite.site)
    else:
        message = Message("overflow to inf at {site}: nothing computed after it can be trusted", site=non_finite.site)
    return Finding("non_finite", True, non_finite.site, non_finite.stage, message, FINITE, non_finite.value)


def _symmetric(case: _TraceCase) -> Finding | None:
    """All units of a layer have the same weights, so they are equal, get equal gradients, and stay equal."""
    trace = case.trace
    if trace.resolved.width == 1:
        return None
    joined, tokens = trace.resolved.residual != "none", trace.resolved.kind.tokens
    if joined and not tokens and trace.input.shape[-1] == units_of(trace.resolved, 1):
        return None  # the skip from the input on brings differences, and two updates carry them into the weights
    for instruction in trace.program.instructions:
        if joined and tokens and instruction.parameters[:1] != (f"layers.{instruction.site.layer}.linear1.weight",):
            continue  # what is added to the stream differs; inside of an MLP nothing parts equal units
        hidden = instruction.site.layer is not None or instruction.operation.endswith("_projection")
        matrices = [trace.program.parameters[name] for name in instruction.parameters]
        if not hidden or not any(parameter.fans for parameter in matrices):
            continue
        units = next(parameter.fans[0] for parameter in matrices if parameter.fans)
        if units > 1 and all(_rows_are_equal(trace, name, units) for name in instruction.parameters):
            stage = instruction.site.layer or 1
            place, rule = case.place(stage), Message("units of a layer differ")
            message = Message("all units of {place} are equal, so their gradients are, and stay so", place=place)
            return Finding("symmetric", True, place, stage, message, rule, 0.0)
    return None


def _rows_are_equal(trace: Trace, name: str, units: int) -> bool:
    """Whether every unit has the same numbers in a parameter: block by block (gate by gate), all rows alike."""
    array = trace.parameters[name]
    rows = array.reshape(-1, units, *array.shape[1:])
    return bool((rows == rows[:, :1]).all())


def _dead_in_trace(case: _TraceCase) -> Finding | None:
    if case.trace.resolved.kind.gated or case.trace.resolved.residual != "none":
        return None  # the gradient has another path: the gates' direct one, or the skip
    return _dead(case)


def _dead(case: _Case) -> Finding | None:
    # Where f' has underflowed to 0 because the unit is saturated, it is not off.
    off = [(row.dead, stage) for row, stage in case.acting if row.saturated <= DEAD]
    share, stage = max(off, default=(0.0, 0))
    if share <= DEAD:
        return None
    message = Message(
        "{share} of the units of {place} are off for every sample: no gradient passes them",
        share=percent(share), place=case.place(stage),
    )  # fmt: skip
    rule = Message("dead share ≤ {limit}", limit=percent(DEAD))
    return Finding("dead", share == 1.0, case.place(stage), stage, message, rule, share)


#: A gradient that loses half of its numbers to the smallest one is a few of those in size; zeros beside larger numbers
#: have another reason.
_NEAR_SMALLEST = 100.0


def _underflow(case: _TraceCase) -> Finding | None:
    """Most of a stage's gradient is exactly 0, and the rest of it about as large as the type's smallest number."""
    trace = case.trace
    numbers, zeros = trace.resolved.number_type, zero_shares(trace)
    for stage in range(case.last, case.first - 1, -1) if zeros else ():
        gradient = trace.gradients[trace.program.stages[stage]]
        rms = case.path.norms[stage] / math.sqrt(gradient.size) * trace.loss_scale
        if zeros[stage] <= UNDERFLOWN or not rms < _NEAR_SMALLEST * numbers.smallest:
            continue
        place = case.place(stage)
        message = Message(
            "{share} of ∂L/∂h of {place} is exactly 0: under {dtype}'s smallest number {smallest}; {end}",
            share=percent(zeros[stage]), place=place, dtype=numbers.name, smallest=short(numbers.smallest),
            end=case.end,
        )  # fmt: skip
        rule = Message("share of ∂L/∂h that is exactly 0 ≤ {limit}", limit=percent(UNDERFLOWN))
        return Finding("underflow", zeros[case.first] == 1.0, place, stage, message, rule, zeros[stage])
    return None


def _vanishing(case: _Case) -> Finding | None:
    return _first_crossing(case, "vanishing")


def _exploding(case: _Case) -> Finding | None:
    return _first_crossing(case, "exploding")


def _first_crossing(case: _Case, kind: str) -> Finding | None:
    """The threshold that the gradient crosses first on its way down decides, if it is this kind's."""
    for stage in range(case.last, case.first - 1, -1):
        relative = case.relative[stage]
        crossing = crossed(relative)
        if not crossing:
            continue
        if kind != crossing:
            return None
        place, low = case.place(stage), crossing == "vanishing"
        values = {"gradient": case.gradient, "place": place, "end": case.rest}
        if low and case.path.norms[stage] == 0.0:
            message = Message("the gradient is exactly 0 from {place} down", place=place)
        elif low:
            message = Message("under {limit} of {gradient} from {place} down; {end}", limit=VANISHED_TEXT, **values)
        else:
            message = Message(
                "over {limit} times {gradient} from {place} down; {end}", limit=EXPLODED_TEXT, **values
            )  # fmt: skip
        return Finding(kind, far_beyond(case.ratio, KINDS[kind].limit), place, stage, message, case.rule, relative)
    return None


def _truncated(case: _TraceCase) -> Finding | None:
    """What arrives within the last window arrives; before it is nothing, on purpose."""
    if not case.trace.program.walls:
        return None
    wall = case.first - 1
    message = Message(
        "cut after every {count} steps: from {place} down {gradient} is exactly 0, by truncation and not by vanishing; "
        "{end}",
        count=case.path.truncate, place=case.place(wall), gradient=case.gradient, end=case.rest,
    )  # fmt: skip
    return Finding("truncated", False, case.place(wall), wall, message, Message("no cut on the way"), 0.0)


def _saturated(case: _Case) -> Finding | None:
    share, stage = max(((row.saturated, stage) for row, stage in case.acting), default=(0.0, 0))
    if share <= SATURATED:
        return None
    message = Message(
        "{share} of the outputs of {place} are saturated, where f′ is near 0; {end}",
        share=percent(share), place=case.place(stage), end=case.end,
    )  # fmt: skip
    rule = Message("saturated share ≤ {limit}", limit=percent(SATURATED))
    return Finding("saturated", share > DEAD, case.place(stage), stage, message, rule, share)


def _healthy(case: _Case) -> Finding:
    return Finding("healthy", False, case.place(case.first), case.first, case.end, case.rule, case.ratio)


#: Of numbers alone.
RULES_OF_NUMBERS: tuple[Rule[_Case], ...] = (_dead, _vanishing, _exploding, _saturated, _healthy)
RULES: tuple[Rule[_TraceCase], ...] = (
    _non_finite,
    _symmetric,
    _dead_in_trace,
    _underflow,
    _vanishing,
    _exploding,
    _truncated,
    _saturated,
    _healthy,
)

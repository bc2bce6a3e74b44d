"""What the bars can show of each stage, one row each: what it is, its numbers, its axis, what theory predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradtui_engine import Run
from gradtui_engine.core.message import English

from ...model.timeline import Timeline
from ...text.quotients import defined

#: One number per stage; None where there is none.
Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Series:
    """One row of bars: its symbol, its style ("" for the verdict's colours) and a number per stage."""

    symbol: English
    style: str
    values: Values
    #: When a stage's number is there: a key of KNOWN.
    when: str = "gradient"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity of the stages.

    series(trace) gives one or two rows of bars; axis is the kind that suits it, reference the value that bars are
    compared with.
    predicted(trace) is what theory says of the first series. lacking is what to say where a trace has none of it.
    """

    id: str
    label: English
    title: English
    help: English
    axis: str
    series: Callable[[Run], tuple[Series, ...]]
    reference: float | None = None
    share: bool = False
    predicted: Callable[[Run], Values] | None = None
    lacking: English = ""


#: When a stage's number is there: (timeline, step, stage) → whether it has been computed.
KNOWN: dict[str, Callable[[Timeline, int, int], bool]] = {
    "forward": lambda timeline, step, stage: stage <= timeline.reached[step],
    "gradient": lambda timeline, step, stage: stage >= timeline.known[step],
    # ∂L/∂c_t is complete one step later than ∂L/∂h_t: step t itself adds the path through h_t.
    "cell": lambda timeline, step, stage: (
        stage >= timeline.known[step] and not 0 < stage == timeline.known[step] < timeline.stage_count
    ),
    # The operation that brings the gradient to the stage below is the one that computes the weights' own.
    "parameters": lambda timeline, step, stage: stage > timeline.known[step] or timeline.known[step] == 0,
    # The update takes all gradients: it follows once they have arrived.
    "update": lambda timeline, step, stage: step >= timeline.arrived,
}


def _gradient(trace: Run) -> tuple[Series, ...]:
    hidden = [stage.gradient_norm for stage in trace.stages]
    if not trace.program.cells:
        return (Series("‖∂L/∂h‖", "", hidden),)
    cells = [stage.cell_gradient_norm for stage in trace.stages]
    return Series("‖∂L/∂c‖", "cell", cells, "cell"), Series("‖∂L/∂h‖", "hidden", hidden)


QUANTITIES = {
    each.id: each
    for each in (
        Quantity(
            "gradient",
            "gradient",
            "gradient {symbols} that reaches each {place}",
            "The gradient of the loss with respect to what each stage puts out: what is left of it by the time it "
            "gets there.",
            "log",
            _gradient,
            reference=1.0,
        ),
        Quantity(
            "parameters",
            "parameter gradient",
            "parameter gradient {symbols} of each {place}",
            "The gradient with respect to the stage's own weights and biases: what it learns from. Over time the "
            "weights are shared: each bar is one step's contribution to the sum.",
            "log",
            lambda trace: (
                Series("‖∂L/∂θ‖", "", [stage.parameter_gradient_norm for stage in trace.stages], "parameters"),
            ),
            reference=1.0,
        ),
        Quantity(
            "update",
            "update / weight",
            "update / weight {symbols} of each {place}",
            "How far one update moves a stage's weights, relative to their size. About 1e-3 is healthy, the line "
            "(CS231n); far less learns nothing, far more overwrites what was learnt.",
            "log",
            lambda trace: (Series("‖Δθ‖/‖θ‖", "histogram", [stage.update_ratio for stage in trace.stages], "update"),),
            reference=1e-3,
            lacking="All time steps share their weights, so there is one update for all of them, not one a step. "
            "Step to the update ({key}) and read it under why.",
        ),
        Quantity(
            "std",
            "activation std",
            "standard deviation {symbols} of each {place}",
            "How far the outputs of a stage spread over units and samples: the forward signal. Where it shrinks to 0 "
            "or grows without bound, the forward pass vanishes or explodes.",
            "log",
            lambda trace: (Series("std h", "forward", [stage.activation.std for stage in trace.stages], "forward"),),
            reference=1.0,
        ),
        Quantity(
            "mean",
            "activation mean",
            "mean {symbols} of each {place}",
            "The mean output of a stage, with its sign. Outputs that are not centred push all weights of the next "
            "layer the same way.",
            "sign-log",
            lambda trace: (Series("mean h", "forward", [stage.activation.mean for stage in trace.stages], "forward"),),
            reference=0.0,
        ),
        Quantity(
            "saturated",
            "saturated, dead",
            "{symbols} share of each {place}",
            "The share of outputs where the activation is flat (saturated), and of units that are off for every "
            "sample (dead): neither passes a gradient.",
            "linear",
            lambda trace: (
                Series("saturated", "vanishing", [stage.activation.saturated for stage in trace.stages], "forward"),
                Series("dead", "broken", [stage.activation.dead for stage in trace.stages], "forward"),
            ),
            reference=0.5,
            share=True,
        ),
        Quantity(
            "factor",
            "factor",
            "factor {symbols} of each {place}",
            "What each stage multiplies the gradient by on its way down. The line is 1: nothing lost, nothing gained. "
            "◇ is what theory predicts.",
            "linear",
            lambda trace: (Series("×", "formula", [defined(stage.factor, trace) for stage in trace.stages]),),
            reference=1.0,
            predicted=lambda trace: trace.theory.factors,
        ),
    )
}

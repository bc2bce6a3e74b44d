"""What the bars can show of each stage, one row each: what it is, its numbers, its axis, what theory predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradtui_engine.analysis.record import Record, has
from gradtui_engine.analysis.stage_numbers import STAGE_NUMBERS
from gradtui_engine.core.message import English

from ...model.keys import shown_keys
from ...model.timeline import Timeline
from ...text.language import tr
from ...text.undefined import defined
from .stage_rows import StageRow, Values

if TYPE_CHECKING:
    from .scene import Scene


@dataclass(frozen=True, slots=True)
class Series:
    """One row of bars: its symbol, its style ("" for the verdict's colours) and a number per stage."""

    symbol: English
    style: str
    values: Values
    #: When a stage's number is there: a key of KNOWN.
    when: str = "gradient"
    #: The symbol where there is little room.
    brief: English = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One number of STAGE_NUMBERS as bars: its name there, its style ("" for the verdict's colours), and that where it
    stands alone.

    Its symbol is the head that the table gives it, unless bars call it something else; brief is for little room.
    """

    name: str
    style: str = "text"
    alone: str | None = None
    symbol: English = ""
    brief: English = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity of the stages.

    bars are one or two numbers of each stage; of two only those are drawn that a record has. axis is the kind that
    suits it, reference the value that bars are compared with. predicted is the number that theory says of the first
    one. quotient: 0/0, where nothing is left to compare, has no bar. lacking is what to say where time steps have
    none, missing where an experiment has none.
    """

    id: str
    label: English
    title: English
    help: English
    axis: str
    bars: tuple[Shown, ...]
    reference: float | None = None
    share: bool = False
    predicted: str = ""
    quotient: bool = False
    lacking: English = ""
    missing: English = ""
    #: What stands for several neighbouring stages, and what that is called.
    of_row: Callable[[StageRow, Values], float | None] = StageRow.geometric_mean
    told_of_row: English = "their geometric mean"

    def series(self, record: Record) -> tuple[Series, ...]:
        """One or two rows of bars: those that the record has, the last one at least."""
        drawn = self._known(record) or self.bars[-1:]
        return tuple(
            Series(
                shown.symbol or STAGE_NUMBERS[shown.name].head,
                shown.style if len(drawn) > 1 or shown.alone is None else shown.alone,
                self._values(record, shown.name),
                STAGE_NUMBERS[shown.name].when,
                shown.brief,
            )
            for shown in drawn
        )

    def is_absent(self, record: Record) -> bool:
        """Whether no stage of the record has any of it."""
        return not self._known(record)

    def _known(self, record: Record) -> tuple[Shown, ...]:
        return tuple(shown for shown in self.bars if has(record, STAGE_NUMBERS[shown.name]))

    def predictions(self, record: Record) -> Values:
        """What theory says of each stage; nothing where it says nothing of this quantity."""
        return self._values(record, self.predicted) if self.predicted else (None,) * len(record.stages)

    def _values(self, record: Record, name: str) -> Values:
        read = STAGE_NUMBERS[name].read
        values = [read(stage) for stage in record.stages]
        return [defined(value, record) for value in values] if self.quotient else values


def absent(scene: Scene, quantity: Quantity) -> str:
    """Why no stage has any of a quantity."""
    if quantity.lacking and scene.over_time:
        return tr(quantity.lacking, key=shown_keys("end"))
    if quantity.missing:
        return tr(quantity.missing)
    return tr("{quantity}: this recording does not have it for any stage", quantity=tr(quantity.label))


#: When a stage's number is there: (timeline, step, stage) → whether it has been computed. See `StageNumber.when`.
KNOWN: dict[str, Callable[[Timeline, int, int], bool]] = {
    "always": lambda timeline, step, stage: True,
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


QUANTITIES = {
    row.id: row
    for row in (
        Quantity(
            "gradient",
            "gradient",
            "gradient {symbols} that reaches each {place}",
            "The gradient of the loss with respect to what each stage puts out: what is left of it by the time it "
            "gets there.",
            "log",
            (
                Shown("cell_gradient_norm", "", brief="∂c"),
                Shown("gradient_norm", "label", alone="", brief="∂h"),
            ),
            reference=1.0,
            of_row=StageRow.lowest,
            told_of_row="what is left after them",
        ),
        Quantity(
            "parameters",
            "parameter gradient",
            "parameter gradient {symbols} of each {place}",
            "The gradient with respect to the stage's own weights and biases: what it learns from. Over time the "
            "weights are shared: each bar is one step's contribution to the sum.",
            "log",
            (Shown("parameter_gradient_norm", brief="∂θ"),),
            reference=1.0,
        ),
        Quantity(
            "update",
            "update / weight",
            "update / weight {symbols} of each {place}",
            "How far one update moves a stage's weights, relative to their size. About 1e-3 is healthy, the line "
            "(CS231n); far less learns nothing, far more overwrites what was learnt.",
            "log",
            (Shown("update_ratio"),),
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
            (Shown("activation_std", symbol="std h", brief="std"),),
            reference=1.0,
        ),
        Quantity(
            "mean",
            "activation mean",
            "mean {symbols} of each {place}",
            "The mean output of a stage, with its sign. Outputs that are not centred push all weights of the next "
            "layer the same way.",
            "sign-log",
            (Shown("activation_mean", symbol="mean h"),),
            reference=0.0,
            of_row=StageRow.mean,
            told_of_row="their mean",
        ),
        Quantity(
            "saturated",
            "saturated, dead",
            "{symbols} share of each {place}",
            "The share of outputs where the activation is flat (saturated), and of units that are off for every "
            "sample (dead): neither passes a gradient.",
            "linear",
            (
                Shown("activation_saturated", symbol="saturated", brief="sat."),
                Shown("activation_dead", "label"),
            ),
            reference=0.5,
            share=True,
            of_row=StageRow.mean,
            told_of_row="their mean",
        ),
        Quantity(
            "entropy",
            "attention entropy",
            "entropy of attention {symbols} of each {place}",
            "How widely a block's tokens look, in nats: ln T where every token attends to all T alike, 0 where to one.",
            "linear",
            (Shown("attention_entropy"),),
            lacking="A cell over time has no attention.",
            of_row=StageRow.mean,
            told_of_row="their mean",
        ),
        Quantity(
            "similarity",
            "similarity of tokens",
            "cosine {symbols} of each {place}",
            "The mean cosine between two tokens of a sample: where it reaches 1, all tokens are one (rank collapse), "
            "and attention has nothing left to choose from.",
            "linear",
            (Shown("token_similarity"),),
            reference=1.0,
            lacking="A cell over time has no tokens.",
            of_row=StageRow.mean,
            told_of_row="their mean",
        ),
        Quantity(
            "factor",
            "factor",
            "factor {symbols} of each {place}",
            "What each stage multiplies the gradient by on its way down. The line is 1: nothing lost, nothing gained. "
            "◇ is what theory predicts.",
            "linear",
            (Shown("factor", symbol="×"),),
            reference=1.0,
            predicted="predicted_factor",
            quotient=True,
            told_of_row="the factor of one, on average",
        ),
        Quantity(
            "zeros",
            "zeros",
            "share of {symbols} that is exactly 0, of each {place}",
            "The share of a stage's gradient that a 16-bit type has rounded to 0: under half of float16's smallest "
            "number, 6e-8. Beyond half, the line, more is lost than kept; a loss scale saves it.",
            "linear",
            (Shown("gradient_zeros", symbol="∂L/∂h", brief="= 0"),),
            reference=0.5,
            share=True,
            of_row=StageRow.mean,
            told_of_row="their mean",
            missing="Only 16-bit types round gradients to 0 on the way: --dtype float16 or bfloat16.",
        ),
    )
}

"""What a stage has: the numbers of one layer or time step, and the one table that says what each of them is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..cells.cell import Cell
from ..core.message import English
from ..core.table import Table


@dataclass(frozen=True, slots=True)
class ActivationStatistics:
    """Of a stage's hidden state over batch and units.

    saturated is the share of outputs beyond the activation's saturation levels (of a cell: of its gates' outputs);
    dead the share of units that are off, f'(z) = 0, for every sample (of a cell: whose state is 0 for every one).
    """

    mean: float
    std: float
    saturated: float
    dead: float


_NOTHING: Mapping[str, Any] = {}
_UNKNOWN = float("nan")


@dataclass(frozen=True, slots=True)
class StageNumbers:
    """The numbers of one stage, 0 being the input (or the initial state); None where a number is not known.

    The fields from gradient_norm to update_ratio have the names of their rows in STAGE_NUMBERS, which say what each
    is. gradient_norm is ‖dL/dh_k‖ (Frobenius, over batch and units); factor is ‖dL/dh_k‖ / ‖dL/dh_(k+1)‖, None for the
    last stage, and `factors` its parts, which give it back exactly:

    - MLP without a skip: the parts of the operations between the two stages, in the order of the backward pass
      ("activation", "norm", "weight", and "scale" for the β of a block's branch, or what its α, γ or gate makes of
      it); the factor is their product.
    - MLP where a skip and a branch meet: also "branch" and "skip", each relative to ‖dL/dh_(k+1)‖, and the "cosine"
      between them: factor² = branch² + skip² + 2·cosine·branch·skip.
    - Where the two are mixed by a gate (a Highway layer), what comes through it is a third addend, "gate", and
      "cosine_gate" is the cosine between it and the sum s of the others, s² = branch² + skip² + 2·cosine·branch·skip:
      factor² = s² + gate² + 2·cosine_gate·s·gate.
    - A cell with a direct path (`GatePath`) of its cell state: cell_gradient_norm is ‖dL/dc_k‖, and dL/dc_k is the sum
      of the "direct" path, as f_(k+1) ⊙ dL/dc_(k+1), and of the path through h_k and the "gates":
      cell² = direct² + gates² + 2·cosine·direct·gates, each relative to ‖dL/dc_(k+1)‖.
    - A cell with a direct path of h: the same for dL/dh_k, the direct path being, as z_(k+1) ⊙ dL/dh_(k+1) or
      (1 − f_(k+1)) ⊙ dL/dh_(k+1), the path's factor times dL/dh_(k+1), and "whole" the factor.
    - A cell without one: "whole", the factor itself.
    - Where every step is read out, dL/dh_k also holds what step k's own "loss" gives it, which no factor multiplies:
      a third addend (in a cell state, what it gives dL/dc_k through h_k) beside "direct" and "gates", and beside
      "recurrent" in a cell without a direct path. With a cosine for each two of them ("cosine" for direct and gates,
      or recurrent and loss; "cosine_direct_loss", "cosine_gates_loss") the square of the whole is the sum of the
      squares and of 2·cosine·one·other.

    - A Transformer's block: what came along the "skip" of both its halves, through the "attention" (and all that lies
      behind it), and through the "mlp" and then along the attention's skip, each relative to ‖dL/dh_(k+1)‖, with a
      cosine for each two of them ("cosine" for skip and attention, "cosine_skip_mlp", "cosine_attention_mlp"): the
      square of the factor is the sum of the squares and of 2·cosine·one·other. Without skips "attention" and "mlp" are
      the factors of both halves, and the factor is their product.

    A part that cannot be known is None, and `unknown_parts` says why.

    parameters are the gradient norms of the stage's own parameters by name; of a shared one, that of this time step's
    contribution. place names the stage: layer 3, t = 4, or a module's own name.
    """

    index: int
    place: str
    gradient_norm: float
    gradient_rms: float | None = None
    gradient_zeros: float | None = None
    factor: float | None = None
    predicted_factor: float | None = None
    running_product: float | None = None
    cell_gradient_norm: float | None = None
    attention_entropy: float | None = None
    token_similarity: float | None = None
    activation_mean: float | None = None
    activation_std: float | None = None
    activation_saturated: float | None = None
    activation_dead: float | None = None
    parameter_gradient_norm: float | None = None
    update_ratio: float | None = None
    factors: Mapping[str, float | None] = field(default_factory=lambda: _NOTHING)
    #: Why a part of the factor is None; empty where none is.
    unknown_parts: English = ""
    #: ‖dL/dh_k‖ of each layer of a stacked network, the lowest first; empty where there is one.
    layer_gradient_norms: tuple[float, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=lambda: _NOTHING)

    @classmethod
    def of(cls, index: int, place: str, numbers: Mapping[str, float | None], **families: Any) -> Self:
        """The stage with these numbers, by the names of STAGE_NUMBERS; `families` are the last four fields."""
        parts = {row.part: value for name, value in numbers.items() if (row := STAGE_NUMBERS[name]).part}
        plain: dict[str, Any] = {name: value for name, value in numbers.items() if not STAGE_NUMBERS[name].part}
        if parts:
            families["factors"] = {part: value for part, value in parts.items() if value is not None}
        return cls(index, place, **plain, **families)

    @property
    def numbers(self) -> dict[str, float]:
        """Every number that is known, by the names of STAGE_NUMBERS."""
        return {name: value for name, row in STAGE_NUMBERS.items() if (value := row.read(self)) is not None}

    @property
    def activation(self) -> ActivationStatistics:
        """The statistics of the stage's hidden state; NaN where one is not known."""
        known = (self.activation_mean, self.activation_std, self.activation_saturated, self.activation_dead)
        return ActivationStatistics(*(_UNKNOWN if value is None else value for value in known))


def _every(cell: Cell) -> bool:
    return True


def _of_layers(cell: Cell) -> bool:
    return not cell.over_time


def _plain(cell: Cell) -> bool:
    return not cell.reads_sequences


def _with_tokens(cell: Cell) -> bool:
    return cell.tokens


def _over_time(cell: Cell) -> bool:
    return cell.over_time


def _with_gates(cell: Cell) -> bool:
    return cell.gated


def _with_cell_state(cell: Cell) -> bool:
    return cell.has_cell_state


def _without_gate(cell: Cell) -> bool:
    return cell.over_time and not cell.gated


@dataclass(frozen=True, slots=True)
class StageNumber:
    """One number that a stage can have.

    name is its name in files and commands, path its place in a stage of the JSON document. head is what stands over a
    column of it, label what a sentence calls it, description what it is. unit is one of UNITS. when says when it is
    known: in the "forward" pass, when the stage's "gradient" has come, when that of its "cell" has, when that of its
    "parameters" has, with the "update", or "always". axis is the only one that it belongs to, "" for more than one;
    in_cell is whether a cell has it. at_last is whether the last stage has it, too. read(stage) gives it, None where it
    is not known.
    """

    name: str
    path: tuple[str, ...]
    head: English
    label: English
    description: str
    unit: str
    when: str
    read: Callable[[StageNumbers], float | None]
    part: str = ""
    axis: str = ""
    in_cell: Callable[[Cell], bool] = _every
    at_last: bool = True


#: What a number is: a "norm" of a gradient, a "ratio" of norms (0/0 is nan: nothing is left to compare), a "share" of
#: a whole from 0 to 1, or a "value" in the units of the signal.
UNITS = ("norm", "ratio", "share", "value")
#: When a number is known, see StageNumber.
MOMENTS = ("always", "forward", "gradient", "cell", "parameters", "update")


def _part(
    name: English,
    label: English,
    description: str,
    in_cell: Callable[[Cell], bool],
    axis: str = "",
    unit: str = "ratio",
) -> StageNumber:
    """A part of the factor."""
    return StageNumber(
        f"factor_{name}", ("factors", name), name, label, description, unit, "gradient",
        lambda stage: stage.factors.get(name), part=name, axis=axis, in_cell=in_cell, at_last=False,
    )  # fmt: skip


#: What a stage has, one row a number: JSON, CSV, tables, plain text, bars and lessons read it here.
STAGE_NUMBERS = Table(
    "number of a stage",
    (
        StageNumber(
            "gradient_norm", ("gradient_norm",), "‖∂L/∂h‖", "‖∂L/∂h‖", "‖∂L/∂h‖ of a stage",
            "norm", "gradient", lambda stage: stage.gradient_norm,
        ),
        StageNumber(
            "gradient_rms", ("gradient_rms",), "rms ∂L/∂h", "rms ∂L/∂h",
            "the root mean square of ∂L/∂h over batch and units",
            "norm", "gradient", lambda stage: stage.gradient_rms,
        ),
        StageNumber(
            "gradient_zeros", ("gradient_zeros",), "= 0", "∂L/∂h that is exactly 0",
            "the share of a stage's ∂L/∂h that is exactly 0; known of a 16-bit type, which rounds small numbers to 0",
            "share", "gradient", lambda stage: stage.gradient_zeros,
        ),
        StageNumber(
            "cell_gradient_norm", ("cell_gradient_norm",), "‖∂L/∂c‖", "‖∂L/∂c‖",
            "‖∂L/∂c‖ of a step of a cell with a cell state",
            "norm", "cell", lambda stage: stage.cell_gradient_norm, axis="time", in_cell=_with_cell_state,
        ),
        StageNumber(
            "factor", ("factor",), "factor", "factor", "‖∂L/∂h‖ of a stage over that of the next one",
            "ratio", "gradient", lambda stage: stage.factor, at_last=False,
        ),
        StageNumber(
            "predicted_factor", ("predicted_factor",), "predicted", "predicted factor",
            "the factor that theory predicts",
            "ratio", "always", lambda stage: stage.predicted_factor, at_last=False,
        ),
        StageNumber(
            "running_product", ("running_product",), "∏", "product of the factors",
            "the product of the factors from the last stage down to this one",
            "ratio", "gradient", lambda stage: stage.running_product,
        ),
        _part("activation", "activation's factor", "the activation's part of a factor: f′", _plain, "layer"),
        _part("norm", "normalisation's factor", "the normalisation's part of a factor", _plain, "layer"),
        _part("dropout", "dropout's factor", "dropout's part of a factor", _plain, "layer"),
        _part("weight", "weights' factor", "the weight matrix's part of a factor", _plain, "layer"),
        _part("scale", "scale", "the scale of a block's branch", _plain, "layer"),
        _part("branch", "branch's factor", "what the branch carries, relative to the same", _plain, "layer"),
        _part("skip", "skip's factor", "what the skip carries, relative to ‖∂L/∂h‖ after it", _of_layers),
        _part("gate", "gate's factor", "what comes through the gate of a Highway layer, relative to the same",
              _of_layers),
        _part(
            "cosine_gate", "cosine of gate and rest", "the cosine between what comes through the gate and all else",
            _of_layers, unit="value",
        ),
        _part("cosine", "cosine", "the cosine between the two paths of the gradient that meet", _every, unit="value"),
        _part("whole", "factor", "the factor, where it has no parts that multiply", _over_time, "time"),
        _part("cell", "factor of ‖∂L/∂c‖", "‖∂L/∂c‖ of a step over that of the next one", _with_cell_state, "time"),
        _part(
            "direct", "direct path's factor",
            "what the direct path through the gate on it carries of the norm of the state's gradient",
            _with_gates, "time",
        ),
        _part(
            "gates", "factor through the gates", "what the path through h and the gates carries, relative to the same",
            _with_gates, "time",
        ),
        _part(
            "recurrent", "factor of the recurrence",
            "what the next step hands back, relative to the same, where the step has a loss of its own",
            _without_gate, "time",
        ),
        _part(
            "loss", "the step's own loss", "what the step's own loss adds, relative to the same", _over_time, "time",
        ),
        _part(
            "cosine_direct_loss", "cosine of direct path and loss",
            "the cosine between the direct path and what the step's own loss adds", _with_gates, "time", unit="value",
        ),
        _part(
            "cosine_gates_loss", "cosine of gates and loss",
            "the cosine between the path through the gates and what the step's own loss adds", _with_gates, "time",
            unit="value",
        ),
        _part(
            "attention", "attention's factor",
            "what the attention carries, relative to the same; without skips its factor", _with_tokens, "block",
        ),
        _part(
            "mlp", "MLP's factor", "what a block's MLP carries, relative to the same; without skips its factor",
            _with_tokens, "block",
        ),
        _part(
            "cosine_skip_mlp", "cosine of skip and MLP", "the cosine between what came along the skips and the MLP's",
            _with_tokens, "block", unit="value",
        ),
        _part(
            "cosine_attention_mlp", "cosine of attention and MLP",
            "the cosine between what came through the attention and the MLP's", _with_tokens, "block", unit="value",
        ),
        StageNumber(
            "attention_entropy", ("attention_entropy",), "entropy", "entropy of attention",
            "the entropy of a block's attention in nats, over heads, tokens and batch: ln T where it is uniform",
            "value", "forward", lambda stage: stage.attention_entropy, axis="block", in_cell=_with_tokens,
        ),
        StageNumber(
            "token_similarity", ("token_similarity",), "cos tokens", "similarity of tokens",
            "the mean cosine between two tokens of a sample: 1 is rank collapse",
            "value", "forward", lambda stage: stage.token_similarity, axis="block", in_cell=_with_tokens,
        ),
        StageNumber(
            "activation_mean", ("activation", "mean"), "mean", "mean of h", "the mean of a stage's hidden state",
            "value", "forward", lambda stage: stage.activation_mean,
        ),
        StageNumber(
            "activation_std", ("activation", "std"), "std", "standard deviation of h",
            "the standard deviation of a stage's hidden state",
            "value", "forward", lambda stage: stage.activation_std,
        ),
        StageNumber(
            "activation_saturated", ("activation", "saturated"), "sat.", "saturated outputs",
            "the share of a stage's outputs that are saturated",
            "share", "forward", lambda stage: stage.activation_saturated,
        ),
        StageNumber(
            "activation_dead", ("activation", "dead"), "dead", "dead units",
            "the share of a stage's units that are off for every sample",
            "share", "forward", lambda stage: stage.activation_dead,
        ),
        StageNumber(
            "parameter_gradient_norm", ("parameter_gradient_norm",), "‖∂L/∂θ‖", "‖∂L/∂θ‖",
            "the norm of the gradient of all parameters of a stage together; over time, of the step's contribution",
            "norm", "parameters", lambda stage: stage.parameter_gradient_norm,
        ),
        StageNumber(
            "update_ratio", ("update_ratio",), "‖ΔW‖/‖W‖", "update over weight",
            "how much the update changes a layer's weights, relative to them: ‖ΔW‖ / ‖W‖",
            "ratio", "update", lambda stage: stage.update_ratio, in_cell=_of_layers,
        ),
    ),
)  # fmt: skip

#: The names of the parts of a factor: the keys of `StageNumbers.factors`.
FACTOR_PARTS = tuple(row.part for row in STAGE_NUMBERS.values() if row.part)

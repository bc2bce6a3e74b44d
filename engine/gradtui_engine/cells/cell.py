"""What a row of the table of cells says. A kind of network is one file of this room, which exports its row, `CELL`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array
from ..program.operations import Operation
from ..program.output_layer import Sizes
from ..program.program import Parameter, Program, walls
from ..program.slots import CELL_STATE
from .settings import Recorded, Settings
from .written_out import Module

#: Parameters of recurrent modules in PyTorch, Keras and JAX: which field each is.
OF_MODULES = {
    "input_size": "inputs", "hidden_size": "width", "units": "width", "features": "width", "hidden_features": "width",
    "num_layers": "layers", "nonlinearity": "activation", "activation": "activation", "dropout": "dropout",
}  # fmt: skip
#: Those without a field, as they are here.
AS_HERE = {"bias": (True,), "batch_first": (False,), "bidirectional": (False,), "proj_size": (0,)}
#: The order in which PyTorch has them.
IN_ORDER = ("input_size", "hidden_size", "num_layers")

#: Up to so many stages a program is built to count its numbers; beyond that they grow by the same amount per two.
_FEW = 6


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate: the letter that formulas have for it, its name, and the activation that it is the output of."""

    letter: str
    name: English
    activation: str = "sigmoid"

    @property
    def signed(self) -> bool:
        """Whether it has both signs: it runs from −1 to 1, or anywhere; else from 0 to 1."""
        return self.activation in ("tanh", "linear")

    @property
    def bounded(self) -> bool:
        """Whether it has bounds."""
        return self.activation != "linear"


class Offset(NamedTuple):
    """What is added to the bias of a gate: sign times the experiment's field."""

    letter: str
    field: str
    sign: int = 1


@dataclass(frozen=True, slots=True)
class GatePath:
    """The direct path: one term of state_t is state_(t−1) ⊙ gate_t, or state_(t−1) ⊙ (1 − gate_t) with complement."""

    state: str
    gate: str
    complement: bool = False

    @property
    def symbol(self) -> str:
        """The path's factor in formulas: f, or 1 − f."""
        return f"1 − {self.gate}" if self.complement else self.gate

    @property
    def factor_in_product(self) -> str:
        """The same before another factor: f, or (1 − f)."""
        return f"({self.symbol})" if self.complement else self.symbol

    def factors(self, gate: Array) -> Array:
        """The path's factors at these values of its gate."""
        return 1 - gate if self.complement else gate

    def factor(self, gate: float) -> float:
        """The path's factor at a value of its gate; it is its own inverse."""
        return 1 - gate if self.complement else gate


@dataclass(frozen=True, eq=False)
class PreActivations:
    """z, (batch, units), and the row of the table of activations that reads it, with its slope parameter.

    part is what it belongs to: "activation", or the name of a gate. pinned says that the part's output is held at a
    value, so that z does not matter.
    """

    part: English
    activation: str
    slope: float
    z: Array
    pinned: bool = False


def of_activation(trace: Recorded, stage: int) -> tuple[PreActivations, ...]:
    """What the one activation of a stage got: of tokens a row for each token of each sample."""
    activation = next(
        instruction for instruction in trace.program.layers[stage] if instruction.operation == "activation"
    )
    learned = activation.parameters
    slope = float(trace.parameters[learned[0]][0]) if learned else activation.constant
    z = trace.values[activation.inputs[0]]
    return (PreActivations("activation", activation.choice, slope, z.reshape(-1, z.shape[-1])),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind of network, with all that knows it.

    listed(cell, settings, sizes, loss, length) lists the program of `length` stages. pre_activations(trace, stage)
    gives what the activations of a stage got, those that matter most for the gradient first. parts and theory name how
    a factor is taken apart (`analysis.stages`) and predicted (`theory.prediction`).
    A cell with activations of its own (σ and tanh) has the MLP's default, so that switching there and back keeps it.
    """

    name: str
    #: Its place in the table: rows are sorted by it.
    order: int
    #: What a stage is: "layer", "block" or "time".
    axis: str
    default_data: str
    default_activation: str
    formula: str
    note: English
    listed: Callable[[Cell, Settings, Sizes, str, int], Program]
    pre_activations: Callable[[Recorded, int], tuple[PreActivations, ...]]
    parts: str
    theory: str
    #: The operations of this cell alone.
    operations: tuple[Operation, ...] = ()
    #: The activations that it can use, empty for all.
    activations: tuple[str, ...] = ()
    #: Its gates, in the order of their blocks of rows in the weights; empty for a cell whose activation can be chosen.
    gates: tuple[Gate, ...] = ()
    #: The path of a state through a gate; None without one.
    path: GatePath | None = None
    #: The letters of two gates whose product is all that is added to the direct path, as i ⊙ g of an LSTM; empty where
    #: a state comes about in another way.
    added: tuple[str, ...] = ()
    #: The roles of the states that a step hands to the next one.
    carried: tuple[str, ...] = ()
    #: What a step keeps beside them for the backward pass: role and number of blocks, each `width` numbers.
    keeps: tuple[tuple[str, int], ...] = ()
    #: Of what a step keeps, that whose gradient the trace keeps too.
    graded: tuple[str, ...] = ()
    #: What the projection's backward pass reads, over all steps.
    read_back: tuple[str, ...] = ()
    #: The biases of a layer beside its weights weight_ih and weight_hh; σ_b draws the first one.
    biases: tuple[str, ...] = ("bias_ih", "bias_hh")
    #: A layer's own parameters, in order, of its inputs' number; without it weight_ih, weight_hh and `biases`.
    parameters: Callable[[Cell, Settings, int], dict[str, Parameter]] | None = None
    #: Blocks of `width` numbers that a state is made of: 2 of a complex one.
    state_blocks: int = 1
    #: Whether its eigenvalues start on a ring of the complex plane (r_min, r_max, max_phase).
    ring: bool = False
    #: The parameters that a step reads.
    shared: tuple[str, ...] = ("weight_hh", "bias_hh")
    #: What is added to gates' biases.
    offsets: tuple[Offset, ...] = ()
    #: The gates to whose biases chrono initialisation adds sign · ln U(1, T_max − 1): that of the direct path, which it
    #: opens, and an input gate against it (Tallec & Ollivier 2018).
    chrono: tuple[tuple[str, int], ...] = ()
    #: The module that it is in PyTorch, where torch.nn has none.
    module: Module | None = None
    #: Whether a state has an axis of tokens: the data are read as sequences, though a stage is a layer.
    tokens: bool = False
    #: What a layered cell has where the experiment does not say: its normalisation, its skips, and its blocks.
    default_norm: str = "none"
    default_residual: str = "none"
    default_block: str = "post"
    #: Whether its layers can have different widths; else all have one.
    takes_widths: bool = False
    #: What headings call it, where that is not its name in capitals.
    heading: str = ""
    #: What else it is called.
    aliases: Aliases = NO_ALIASES

    @property
    def title(self) -> str:
        """What headings call it: MLP, LSTM, minGRU, Transformer."""
        return self.heading or self.name.upper()

    @property
    def over_time(self) -> bool:
        """Whether a stage is a step in time; else it is a layer, or a block of some."""
        return self.axis == "time"

    @property
    def reads_sequences(self) -> bool:
        """Whether the data are sequences to it, (time, batch, inputs); else each sample is one row of numbers."""
        return self.over_time or self.tokens

    @property
    def gated(self) -> bool:
        """Whether a gate lies on the direct path of the state."""
        return self.path is not None

    @property
    def chooses_activation(self) -> bool:
        """Whether one activation makes a stage's outputs, which can be chosen; else gates do, each with its own."""
        return not self.gates

    @property
    def has_cell_state(self) -> bool:
        """Whether a step hands on a state beside h."""
        return CELL_STATE in self.carried

    @property
    def blocks(self) -> int:
        """Blocks of rows in the weights: one for each gate, or for each block of a state."""
        return max(self.state_blocks, len(self.gates))

    def block(self, letter: str) -> int:
        """The number of a gate's block, from 0."""
        return next(index for index, gate in enumerate(self.gates) if gate.letter == letter)

    def rows(self, letter: str, width: int) -> tuple[int, int]:
        """The rows of a gate's block in the weights and biases: the first, and one past the last."""
        return self.block(letter) * width, (self.block(letter) + 1) * width

    @property
    def path_bias(self) -> str:
        """The experiment's field that is added to the bias of the direct path's gate; "" where there is none."""
        return self.path_offset.field if self.path_offset is not None else ""

    @property
    def path_offset(self) -> Offset | None:
        """What is added to the bias of the direct path's gate."""
        gate = self.path.gate if self.path is not None else ""
        return next((offset for offset in self.offsets if offset.letter == gate), None)

    @property
    def opened_by(self) -> str:
        """The field of which more opens the direct path; "" where there is none."""
        path, offset = self.path, self.path_offset
        return offset.field if path is not None and offset is not None and path.complement == (offset.sign < 0) else ""

    def build(self, settings: Settings, sizes: Sizes, loss: str) -> Program:
        """The program of an experiment of this cell."""
        return self.listed(self, settings, sizes, loss, self._length(settings, sizes))

    def numbers(self, settings: Settings, sizes: Sizes) -> int:
        """How many numbers the trace holds, worked out without building it, so that an impossible size is refused.

        Layers (steps) come in equal pairs, at most two being a residual block: the count is linear in pairs. Layers of
        different widths are counted one by one.
        """
        length = self._length(settings, sizes)
        if length <= _FEW or settings.widths:
            return self._count(settings, sizes, length)
        start = _FEW - 2 + length % 2
        # Walls stand wherever they stand: without them the count is linear.
        truncate = settings.truncate if self.over_time else None
        held = self.state_blocks * len(self.carried) * settings.layers * sizes.batch * settings.width
        first, second = (
            self._count(settings, sizes, start + extra) - held * len(walls(truncate, start + extra)) for extra in (0, 2)
        )
        return first + (second - first) * ((length - start) // 2) + held * len(walls(truncate, length))

    def _length(self, settings: Settings, sizes: Sizes) -> int:
        return sizes.steps if self.over_time else settings.depth

    def _count(self, settings: Settings, sizes: Sizes, length: int) -> int:
        if self.over_time:
            sizes = dataclasses.replace(sizes, steps=length)
        return self.listed(self, settings, sizes, "mse", length).numbers()

"""The table of cells: how an experiment becomes a program. A stage is a layer of an MLP or a step in time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.table import Table
from ..program.output_layer import Sizes
from ..program.program import Program
from ..program.rnn import RNN_ACTIVATIONS
from . import mlp, recurrent

if TYPE_CHECKING:
    from .resolved import Resolved

__all__ = ["CELLS", "Cell", "Sizes"]

#: Up to so many stages a program is built to count its numbers; beyond that they grow by the same amount per two.
_FEW = 6


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of network.

    build(experiment, sizes, loss) lists the program. activations are those that the cell can use, empty for all.
    gate is the one on the direct path of the state, whose value is that path's factor; "" without such a path.
    A cell with activations of its own (σ and tanh) has the MLP's default, so that switching there and back keeps it.
    """

    name: str
    axis: str
    default_data: str
    default_activation: str
    formula: str
    build: Callable[[Resolved, Sizes, str], Program]
    note: str
    activations: tuple[str, ...] = ()
    gate: str = ""
    has_cell_state: bool = False

    @property
    def over_time(self) -> bool:
        """Whether a stage is a step in time; else it is a layer."""
        return self.axis == "time"

    @property
    def gated(self) -> bool:
        return bool(self.gate)

    def numbers(self, experiment: Resolved, sizes: Sizes) -> int:
        """How many numbers the trace holds, worked out without building it, so that an impossible size is refused.

        Layers (steps) come in equal pairs, at most two being a residual block: the count is linear in pairs.
        """
        length = sizes.steps if self.over_time else experiment.depth
        if length <= _FEW:
            return self._count(experiment, sizes, length)
        start = _FEW - 2 + length % 2
        first, second = (self._count(experiment, sizes, start + extra) for extra in (0, 2))
        return first + (second - first) * ((length - start) // 2)

    def _count(self, experiment: Resolved, sizes: Sizes, length: int) -> int:
        if self.over_time:
            sizes = dataclasses.replace(sizes, steps=length)
        else:
            experiment = dataclasses.replace(experiment, depth=length)
        return self.build(experiment, sizes, "mse").numbers()


CELLS = Table(
    "cell",
    (
        Cell(
            "mlp",
            "layer",
            "digits",
            "sigmoid",
            "h_l = f(h_(l−1) W_lᵀ + b_l)",
            mlp.build,
            "Deep in layers: depth hidden layers of width units and a linear output.",
        ),
        Cell(
            "lstm",
            "time",
            "digits-pixels",
            "sigmoid",
            "i, f, o = σ(x_t W_ihᵀ + h_(t−1) W_hhᵀ + b); g = tanh(…); c_t = f ⊙ c_(t−1) + i ⊙ g; h_t = o ⊙ tanh c_t",
            recurrent.build,
            "Deep in time, with a cell state: its direct path's factor is the forget gate.",
            gate="f",
            has_cell_state=True,
        ),
        Cell(
            "gru",
            "time",
            "digits-pixels",
            "sigmoid",
            "r, z = σ(…); n = tanh(p_n + r ⊙ q_n); h_t = (1 − z) ⊙ n + z ⊙ h_(t−1)",
            recurrent.build,
            "Deep in time, two gates and no cell state: the direct path's factor is z.",
            gate="z",
        ),
        Cell(
            "rnn",
            "time",
            "digits-pixels",
            "tanh",
            "h_t = f(x_t W_ihᵀ + h_(t−1) W_hhᵀ + b)",
            recurrent.build,
            "Deep in time, without a gate: each step multiplies by the same matrix.",
            activations=RNN_ACTIVATIONS,
        ),
    ),
)

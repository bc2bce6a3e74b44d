"""The Trace: the arrays of one iteration and the program that made them. Pure data, read-only arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..cells.table import OPERATIONS
from ..core.numerics import Array, cosine, norm
from ..program.bound import Node, Workspace
from ..program.normalisation import running_statistics
from ..program.program import Instruction, Program
from ..program.rounded_array import exact
from ..rules.activations import ACTIVATIONS
from .forward import loss_of
from .memory import Layout
from .optimiser_step import Update
from .steps import Step, steps_of

if TYPE_CHECKING:
    from ..data.understood import Understood
    from ..experiment.experiment import Experiment
    from ..experiment.resolved import Resolved
    from .moment import Moment


@dataclass(frozen=True, slots=True)
class Merge:
    """Where two paths of the gradient meet: ‖skip‖, ‖branch‖ and the cosine between them.

    Where a third one comes through a gate: its norm, and the cosine between it and the sum of the other two.
    """

    skip: float
    branch: float
    cosine: float
    gate: float | None = None
    gate_cosine: float | None = None

    @classmethod
    def of(cls, sum_: Array, addend: Array, before: Merge | None = None) -> Merge:
        """Of what has arrived and what is added to it; before is what has met here already."""
        # Not as arrays of an emulated type, in which sums would be rounded.
        sum_, addend = exact(sum_), exact(addend)
        known, added = norm(sum_), norm(addend)
        angle = cosine(sum_, addend, known, added)
        if before is None:
            return cls(known, added, angle)
        return cls(before.skip, before.branch, before.cosine, added, angle)

    def divided(self, scale: float) -> Merge:
        """The same of gradients that are this many times smaller."""
        gate = None if self.gate is None else self.gate / scale
        return Merge(self.skip / scale, self.branch / scale, self.cosine, gate, self.gate_cosine)


@dataclass(frozen=True)
class Trace:
    """One iteration: values by slot, gradients by slot, parameters and their gradients by name.

    values["h/3"] is the hidden state of stage 3, (batch, units); gradients["h/3"] is dL/dh_3; for an LSTM
    gradients["c/40"] is the total derivative dL/dc_40 (as autograd's `c_t.grad`). Parameters are under PyTorch's
    names. `gradient(slot)` also gives gradients that the trace does not keep.
    """

    experiment: Experiment
    #: What the experiment came to, with what a CSV file decided.
    resolved: Resolved
    program: Program
    values: dict[str, Array]
    gradients: dict[str, Array]
    parameters: dict[str, Array]
    parameter_gradients: dict[str, Array]
    target: Array
    #: What the program says about memory.
    layout: Layout
    norms_in_run: dict[str, float]
    #: Where a skip and a branch meet, by the slot whose gradient is their sum.
    merges: dict[str, Merge]
    #: Of each ∂L/∂c_t, t from 1: the squares of the direct path and of that through the gates, and their product.
    paths: tuple[tuple[float, float, float], ...] = ()
    #: What the file that the batch is from was understood as.
    about: Understood | None = None
    #: Which iteration of a training it is; None of an experiment alone.
    moment: Moment | None = None
    #: What the loss's gradient was multiplied by on its way back, and every gradient here has been divided by.
    loss_scale: float = 1.0
    _update: Update = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for arrays in (self.values, self.gradients, self.parameter_gradients):
            for array in arrays.values():
                if array.flags.writeable:
                    array.setflags(write=False)
        object.__setattr__(
            self, "_update", Update(self.resolved, self.parameters, self.parameter_gradients, self.moment)
        )

    @property
    def axis(self) -> str:
        """What a stage is: "layer", "block" or "time"."""
        return self.program.axis

    @property
    def has_update(self) -> bool:
        """Whether the update is asked for: somebody named one, or it is an iteration of a training."""
        return self.resolved.asks_for_update or self.moment is not None

    @property
    def loss(self) -> float:
        return float(self.values["loss"])

    @property
    def input(self) -> Array:
        """The batch: (batch, inputs), or (time, batch, inputs)."""
        return self.values[self.program.input]

    @property
    def masks(self) -> dict[str, Array]:
        """Dropout's masks by slot, 1 where a number was kept: the update's loss is that of the same ones."""
        return {name: self.values[name] for name in self.program.masks}

    @functools.cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every operation in the order in which it was computed: forward, loss, backward, clip (if any), update."""
        return steps_of(self.program, clipped=self.resolved.clip != "none")

    def activation_at(self, stage: int) -> Instruction | None:
        """The activation of a layer as an instruction; None in a cell, whose step contains it."""
        layer = self.program.layers.get(stage, ())
        return next((instruction for instruction in layer if instruction.operation == "activation"), None)

    def slopes(self, stage: int) -> Array:
        """f'(z) of a stage's activation, (batch, units)."""
        with np.errstate(all="ignore"):
            return self.outputs_and_slopes(stage)[1]

    def outputs_and_slopes(self, stage: int) -> tuple[Array, Array]:
        """The activation's output a and f'(z) at a stage, (batch, units) each; NumPy's warnings must be off."""
        row = ACTIVATIONS[self.resolved.activation]
        activation = self.activation_at(stage)
        if activation is None:  # an RNN's step keeps no z: f' follows from a
            source = output = self.values[self.program.stages[stage]]
            constant = 1.0
        else:
            source, output = self.values[activation.inputs[0]], self.values[activation.outputs[0]]
            learned = activation.parameters
            constant = float(self.parameters[learned[0]][0]) if learned else activation.constant
        slopes = np.empty_like(output)
        row.derivative(source, output, slopes, constant)
        return output, slopes

    def gradient_norm(self, slot: str) -> float:
        """‖dL/dslot‖ of any slot on the way of the gradient, kept or not."""
        known = self.norms_in_run.get(slot)
        return norm(self.gradients[slot]) if known is None else known

    def gradient(self, slot: str) -> Array:
        """dL/dslot; one that is not kept is computed again, by the very operation that computed it in the run.

        Raises KeyError for a slot that no gradient reaches.
        """
        if slot in self.gradients:
            return self.gradients[slot]
        reader = self.program.readers.get(slot)
        if reader is None:
            raise KeyError(f"no gradient reaches {slot!r}")
        instruction = self.program.instructions[reader]
        node = self._node(instruction)
        with np.errstate(all="ignore"):
            self.layout.table[instruction.operation].backward(node)
        wanted = node.input_gradients[instruction.inputs.index(slot)]
        assert wanted is not None
        wanted = np.asarray(exact(wanted))
        if self.loss_scale != 1.0:
            wanted /= self.loss_scale
        wanted.flags.writeable = False
        return wanted

    def _node(self, instruction: Instruction) -> Node:
        """The instruction bound to this trace, to compute something again; what it writes goes nowhere else."""
        nowhere = {name: np.empty_like(self.parameters[name]) for name in instruction.parameters}
        known = dict(self.gradients)
        for name in instruction.outputs:
            if name in self.norms_in_run:
                known[name] = self.gradient(name)
        if self.loss_scale != 1.0:
            # As it was in the run, where what is too small for the type was lost.
            known |= {name: known[name] * self.loss_scale for name in instruction.outputs if name in known}
        node = Node(instruction, self.values, known, self.parameters, nowhere, self.target, Workspace())
        node.input_gradients = [np.empty_like(self.values[name]) for name in instruction.inputs]
        return node

    def contributions(self, time: int) -> dict[str, Array]:
        """Time step `time`'s addend of each shared parameter's gradient; their sum over time is the gradient."""
        if not 1 <= time < len(self.program.stages):
            raise IndexError(f"time step {time}: there are 1 to {len(self.program.stages) - 1}")
        addends: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            for instruction, contribution, node in self._shared:
                addends.update(zip(instruction.parameters, contribution(node, time), strict=True))
        return addends

    @functools.cached_property
    def _shared(self) -> list[tuple[Instruction, Callable[[Node, int], tuple[Array, ...]], Node]]:
        """The instructions whose parameters are shared over time, bound to this trace once for all of its steps."""
        shared = []
        for instruction in self.program.instructions:
            contribution = OPERATIONS[instruction.operation].contribution
            if contribution is not None:
                node = Node(instruction, self.values, self.gradients, self.parameters, {}, self.target, Workspace())
                shared.append((instruction, contribution, node))
        return shared

    @property
    def clipped(self) -> dict[str, Array]:
        """The gradients that the optimiser gets, by parameter name: the clipped ones, or the very gradients."""
        return self._update.clipped

    @property
    def updates(self) -> dict[str, Array]:
        """What the optimiser adds to each parameter."""
        return self._update.updates

    def rate(self, name: str) -> float:
        """The learning rate of a parameter: its layer's own, where that has one."""
        return self._update.rate(name)

    def updated(self, name: str) -> Array:
        """The parameter after the update."""
        return self._update.updated(name)

    def update_ratio(self, name: str) -> float:
        """‖update‖ / ‖parameter‖: about 1e-3 is healthy (CS231n)."""
        return self._update.ratio(name)

    @functools.cached_property
    def loss_after(self) -> float:
        """The loss of the same batch with the parameters after the update: a forward pass, when first asked for."""
        return loss_of(self.program, self.layout, self.updated, self.input, self.target, masks=self.masks)

    def loss_after_share(self, share: float) -> float:
        """The loss of the same batch after this share of the update: a forward pass."""

        def moved(name: str) -> Array:
            array = self.parameters[name]
            return np.asarray(array + self.updates[name] * array.dtype.type(share))

        return loss_of(self.program, self.layout, moved, self.input, self.target, masks=self.masks)

    @functools.cached_property
    def running_statistics(self) -> dict[str, Array]:
        """BatchNorm's running_mean and running_var by PyTorch's names, after this batch; empty without it."""
        return running_statistics(self.program, self.values, self.input, self.moment.running if self.moment else {})

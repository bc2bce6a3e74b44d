"""A forward pass alone: the loss of parameters on a batch, with nothing recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..core.numerics import Array
from ..program.bound import Arena, Node, Workspace, allocate
from ..program.normalisation import NORMALISATIONS
from ..program.operations import WALL
from ..program.program import Program

if TYPE_CHECKING:
    from .memory import Layout


#: The masks of a program without dropout.
NO_MASKS: Mapping[str, Array] = {}


def first_values(
    program: Program, layout: Layout, inputs: Array, arena: Arena, masks: Mapping[str, Array]
) -> dict[str, Array]:
    """Arrays for all values; the input, the initial state and dropout's masks filled in: what a recorded forward pass
    starts from.
    """
    values = allocate(program, layout.owned, arena)
    values[program.input][...] = inputs
    for name in program.initial:
        values[name].fill(0)
    for name, mask in masks.items():
        values[name][...] = mask
    return values


def loss_of(
    program: Program,
    layout: Layout,
    parameter: Callable[[str], Array],
    inputs: Array,
    target: Array,
    running: Mapping[str, Array] | None = None,
    masks: Mapping[str, Array] = NO_MASKS,
    held: Mapping[str, Array] | None = None,
) -> float:
    """The loss of the parameters that `parameter` gives by name; with BatchNorm's running statistics, as in evaluation,
    where they are given. masks are those of a program with dropout; one of evaluation has none. held: what passes
    walls, by slot, in place of the states there, as if it were data: the function whose derivative a truncated
    gradient is.
    """
    return loss_and_output(program, layout, parameter, inputs, target, running, masks, held)[0]


def loss_and_output(
    program: Program,
    layout: Layout,
    parameter: Callable[[str], Array],
    inputs: Array,
    target: Array,
    running: Mapping[str, Array] | None = None,
    masks: Mapping[str, Array] = NO_MASKS,
    held: Mapping[str, Array] | None = None,
) -> tuple[float, Array]:
    """`loss_of`, and the output that it is of: (batch, outputs), or (time, batch, outputs) where every step is read.

    What nobody reads any more is written over: of 1,000 layers two states are in memory, and not a second trace.
    """
    workspace, values = Workspace(), _Values(program, layout)
    shared: dict[str, Array] = {}
    values.known[program.input] = inputs
    values.known.update(masks)
    with np.errstate(all="ignore"):
        for name in program.initial:
            values.take(name).fill(0)
        for index, (instruction, operation) in enumerate(
            zip(program.instructions, layout.operations, strict=True)
        ):  # fmt: skip
            for name in instruction.outputs:
                values.take(name)
            # Those that every step reads are made once; of the others one layer's are there at a time.
            for name in instruction.shared:
                if name not in shared:
                    shared[name] = parameter(name)
            parameters = {name: parameter(name) for name in instruction.parameters}
            node = Node(instruction, values.known, {}, parameters | shared, {}, target, workspace)
            normed = instruction.operation == "norm" and NORMALISATIONS[instruction.choice].keeps_running
            if running is not None and normed:
                prefix = instruction.parameters[0].rpartition(".")[0]
                node.running = running[f"{prefix}.running_mean"], running[f"{prefix}.running_var"]
            operation.forward(node)
            if held is not None and operation is WALL:
                for name in instruction.outputs:
                    values.known[name][...] = held[name]
            if parameters:
                workspace.forget()  # or the weights of all layers, and their transposes, would stay
            loss = values.known[instruction.outputs[0]]
            if index == len(program.instructions) - 1:
                output = values.known[instruction.inputs[0]]
            for name in layout.last_read[index]:
                values.give_back(name)
    return float(loss), output


class _Values:
    """Arrays by slot for one pass, each used again once its last reader has read it.

    A slot that is part of an array which some instruction reads as a whole is a part here, too, and stays.
    """

    def __init__(self, program: Program, layout: Layout) -> None:
        self._program, self._layout = program, layout
        self.known: dict[str, Array] = {}
        self._free: dict[tuple[tuple[int, ...], bool], list[Array]] = {}

    def take(self, name: str) -> Array:
        """The array of a slot, to be written."""
        slot = self._program.slots[name]
        if name in self._layout.kept_whole:
            whole = name if slot.whole is None else slot.whole
            if whole not in self.known:
                self._new_whole(whole)
            return self.known[name]
        free = self._free.get((slot.shape, self._units_first(name)))
        array = self.known[name] = free.pop() if free else self._new(slot.shape, self._units_first(name))
        return array

    def give_back(self, name: str) -> None:
        """Nobody reads this slot any more."""
        array = self.known.pop(name)
        self._free.setdefault((self._program.slots[name].shape, self._units_first(name)), []).append(array)

    def _units_first(self, name: str) -> bool:
        slot = self._program.slots[name]
        return slot.units_first if slot.whole is None else self._program.slots[slot.whole].units_first

    def _new(self, shape: tuple[int, ...], units_first: bool) -> Array:
        if not units_first:
            return np.empty(shape, self._layout.dtype)
        *lead, batch, units = shape
        return np.empty((*lead, units, batch), self._layout.dtype).swapaxes(-1, -2)

    def _new_whole(self, whole: str) -> None:
        array = self.known[whole] = self._new(self._program.slots[whole].shape, self._units_first(whole))
        for name in self._layout.parts_of[whole]:
            self.known[name] = array[self._program.slots[name].index]

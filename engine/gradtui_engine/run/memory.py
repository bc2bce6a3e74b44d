"""A network's instructions bound to memory, to be run more than once: what each run would otherwise make anew.

A trace's arrays never change, so the memory of a run is used again only when nobody can read it any more. Every array
of a trace is a view whose `base` is the one block of memory; as long as one of them lives, the block has more
references than when it was bound.
"""

from __future__ import annotations

import functools
import math
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from ..cells.table import OPERATIONS
from ..core.number_types import NumberType
from ..core.numerics import Array, trusted_squares
from ..core.table import Table
from ..program.bound import Arena, Node, Workspace, allocate
from ..program.operations import Operation
from ..program.program import Program
from ..program.rounding import Emulation

#: Blocks that a network keeps: one while its trace is looked at, one for the next run.
_KEPT = 2
#: Bytes of a block that is kept: beyond them memory counts for more than the 0.2 ms that a new one costs per 10 MB.
_LARGEST = 2**26
#: Reference counts decide, as CPython has them; another Python allocates for each run.
_COUNTS = sys.implementation.name == "cpython"

Run = Callable[[Node], None]
#: backward, its node, where two paths meet (slot, sum, addend), and whose norm is taken (slot, flat array, least
#: sum of squares that can be trusted).
Backward = tuple[Run, Node, list[tuple[str, Array, Array]], list[tuple[str, Array, float]]]


class Numbers(Protocol):
    """What an experiment says of its numbers."""

    @property
    def dtype(self) -> str: ...
    @property
    def number_type(self) -> NumberType: ...


@functools.cache
def _emulated(emulation: Emulation) -> Table[Operation]:
    return Table("operation", [emulation.operation(row) for row in OPERATIONS.values()])


class Layout:
    """What a program says about memory: worked out once, whatever the parameters and the batch."""

    def __init__(self, program: Program, resolved: Numbers) -> None:
        self.dtype = resolved.number_type.storage
        #: How results are rounded; None of a type that is computed in.
        self.emulation = Emulation(resolved.dtype) if resolved.number_type.is_emulated else None
        #: The table of operations, as they are for the type.
        self.table = OPERATIONS if self.emulation is None else _emulated(self.emulation)
        self.operations = [self.table[instruction.operation] for instruction in program.instructions]
        self.owned = [name for name, _ in program.owned()]
        self.scratch = program.scratch()
        self.merges = program.merges()
        wanted = {*self.scratch, *(program.stages if program.axis != "time" else ())}
        self.measured = [
            [name for name in instruction.inputs if name in wanted] for instruction in program.instructions
        ]
        self.value_sizes = [math.prod(program.slots[name].shape) for name in self.owned]
        self.gradient_sizes = [math.prod(program.slots[name].shape) for name in program.kept]
        self._program = program

    @functools.cached_property
    def parts_of(self) -> dict[str, list[str]]:
        """The slots that are views of each whole: its rows, and windows of several."""
        parts: dict[str, list[str]] = {}
        for name, slot in self._program.slots.items():
            if slot.whole is not None:
                parts.setdefault(slot.whole, []).append(name)
        return parts

    @functools.cached_property
    def kept_whole(self) -> frozenset[str]:
        """The arrays that a forward pass reads or writes as a whole, or several rows of them, with their parts."""
        slots = self._program.slots
        wholes = set()
        for instruction in self._program.instructions:
            for name in (*instruction.inputs, *instruction.outputs):
                slot = slots[name]
                if name in self.parts_of:
                    wholes.add(name)
                elif slot.whole is not None and isinstance(slot.index, slice):
                    wholes.add(slot.whole)
        return frozenset(wholes | {part for whole in wholes for part in self.parts_of[whole]})

    @functools.cached_property
    def last_read(self) -> list[list[str]]:
        """Of each instruction the slots that a forward pass needs no more after it."""
        last = {}
        for index, instruction in enumerate(self._program.instructions):
            for name in (*instruction.inputs, *instruction.outputs):
                last[name] = index
        needless = {self._program.input, *self._program.masks, *self.kept_whole}
        by_instruction: list[list[str]] = [[] for _ in self._program.instructions]
        for name, index in last.items():
            if name not in needless:
                by_instruction[index].append(name)
        return by_instruction


class Bindable(Protocol):
    """What is bound to memory: a program with parameters, and what its first values are."""

    @property
    def program(self) -> Program: ...
    @property
    def layout(self) -> Layout: ...
    @property
    def parameters(self) -> dict[str, Array]: ...
    def values_in(self, arena: Arena) -> dict[str, Array]: ...
    def nodes(
        self,
        values: dict[str, Array],
        gradients: dict[str, Array],
        parameter_gradients: dict[str, Array],
        workspace: Workspace,
    ) -> list[Node]: ...


class Bound:
    """The arrays of one run and the instructions bound to them."""

    def __init__(self, network: Bindable) -> None:
        program, layout = network.program, network.layout
        emulation = layout.emulation
        sizes = [
            *layout.value_sizes,
            *layout.gradient_sizes,
            *(parameter.size for parameter in network.parameters.values()),
        ]
        arena = Arena(sizes, layout.dtype)
        values = network.values_in(arena)
        gradients = allocate(program, program.kept, arena)
        parameter_gradients = {name: arena.take(array.shape) for name, array in network.parameters.items()}
        workspace = Workspace()
        working = dict(gradients)
        for name, number in layout.scratch.items():
            working[name] = workspace.buffer(f"gradient {number}", program.slots[name].shape, layout.dtype)
        nodes = network.nodes(values, working, parameter_gradients, workspace)
        self.values, self.gradients, self.parameter_gradients = values, gradients, parameter_gradients
        self.workspace, self.nodes = workspace, nodes
        self.forward = [(operation.forward, node) for operation, node in zip(layout.operations, nodes, strict=True)]
        self.backward: list[Backward] = []
        least = trusted_squares(layout.dtype)[0]
        for index in range(len(nodes) - 1, -1, -1):
            node, addends = nodes[index], []
            for position in layout.merges[index]:
                name = program.instructions[index].inputs[position]
                addend = workspace.buffer("addend", working[name].shape, layout.dtype)
                node.input_gradients[position] = addend
                total = working[name]
                addends.append((name, total if emulation is None else emulation.dressed(total), addend))
            flats = [(name, _flat(working[name]), least * working[name].size) for name in layout.measured[index]]
            self.backward.append((layout.operations[index].backward, node, addends, flats))
        #: What the steps of the cell whose states are the stages note on their way, the last step first.
        self.notes: list[tuple[float, float, float]] = []
        stages = frozenset(program.stages)
        for instruction, operation, node in zip(program.instructions, layout.operations, nodes, strict=True):
            if operation.notes and instruction.outputs[0] in stages:
                node.notes = self.notes
        self._owned_gradients = frozenset(program.kept)
        self._zeroed = [gradients[name] for name in program.zeroed]
        self._wholes = [_Wholes(program, arrays) for arrays in (values, gradients, parameter_gradients)]
        self._block = arena.block
        self._references = -1
        self.busy = True

    @property
    def size(self) -> int:
        """Bytes of the block."""
        return int(self._block.nbytes)

    def reset(self) -> None:
        """What a run adds to starts at 0."""
        self.notes.clear()
        for array in self._zeroed:
            array.fill(0)

    def divide(self, scale: float) -> None:
        """Take a loss scale back out of every gradient; exact, as it is a power of two and memory float32."""
        share = np.float32(1 / scale)
        for name, array in self.gradients.items():
            if name in self._owned_gradients:
                array *= share
        for array in self.parameter_gradients.values():
            array *= share

    def views(self) -> list[dict[str, Array]]:
        """Values, gradients and parameter gradients for a trace: read-only views."""
        if self._references < 0:
            # Not before the first run: operations make views of their own then.
            self._references = sys.getrefcount(self._block)
        return [wholes.views() for wholes in self._wholes]

    @property
    def free(self) -> bool:
        """Whether no array of a trace reads this memory any more."""
        if self.busy or not _COUNTS:
            return False
        return self._references < 0 or sys.getrefcount(self._block) == self._references


class _Wholes:
    """Arrays by name, of which new read-only views can be had: parts are views of the view of their whole."""

    def __init__(self, program: Program, arrays: dict[str, Array]) -> None:
        self._owned: list[tuple[str, Array]] = []
        self._parts: list[tuple[str, str, int | slice]] = []
        for name, array in arrays.items():
            slot = program.slots.get(name)
            if slot is not None and slot.whole is not None and slot.whole in arrays:
                self._parts.append((name, slot.whole, slot.index))
            else:
                view = array.view()
                view.flags.writeable = False
                self._owned.append((name, view))

    def views(self) -> dict[str, Array]:
        views = {name: array.view() for name, array in self._owned}
        for name, whole, index in self._parts:
            views[name] = views[whole][index]
        return views


class Bounds:
    """The memory that a network has bound, by turns."""

    def __init__(self) -> None:
        self._kept: list[Bound] = []
        self._lock = threading.Lock()

    @contextmanager
    def take(self, network: Bindable) -> Iterator[Bound]:
        """Memory that nobody reads: what an earlier run leaves behind, or new.

        The network is not kept: it keeps this, and a circle would live until the garbage collector comes.
        """
        with self._lock:
            bound = next((kept for kept in self._kept if kept.free), None)
            if bound is not None:
                bound.busy = True
        if bound is None:
            bound = Bound(network)
            if bound.size <= _LARGEST:
                with self._lock:
                    self._kept = [*self._kept[-(_KEPT - 1) :], bound]
        try:
            yield bound
        finally:
            bound.busy = False


def _flat(array: Array) -> Array:
    """The array's numbers in the order in which they lie, as a view."""
    flat = array.ravel(order="K")
    assert flat.base is not None
    return flat

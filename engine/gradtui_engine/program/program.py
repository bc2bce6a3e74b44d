"""A network as a program that can be listed: instructions, slots of memory, parameters, stages.

Values live in named slots (`h/3`, `z/12`, `c/40`; see `slots`). A slot may be part of a whole (`h/3` is row 2 of the
array `h`), so that one allocation and one vectorised pass serve all stages.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..core.message import English, Message
from ..core.numerics import Array
from .slots import Slot, Span


@dataclass(frozen=True, slots=True)
class Site:
    """Where an operation stands: layer (1 = first) or time step (1 = first), and the part."""

    part: English
    layer: int | None = None
    time: int | None = None
    #: What a layer is called here: a key of AXES.
    axis: str = "layer"

    @property
    def place(self) -> str:
        """The layer or time step, or the part where the operation belongs to no stage."""
        if self.time is not None:
            return stage_place("time", self.time)
        return stage_place(self.axis, self.layer) if self.layer is not None else self.part

    def __str__(self) -> str:
        place = self.place
        return place if place == self.part else Message("{place} · {part}", place=place, part=self.part)


#: What the stages of a network can be, and where one is, in words. (A module has a name of its own, where it is known.)
AXES: dict[str, Callable[[int], Message]] = {
    "layer": lambda number: Message("layer {number}", number=number),
    "block": lambda number: Message("block {number}", number=number),
    "time": lambda number: Message("t = {number}", number=number),
    "module": lambda number: Message("module {number}", number=number),
}
#: What comes before the first layer or block, and before the first time step. Modules have nothing of that kind.
_STARTS = {"layer": Message("the input"), "block": Message("the embedded tokens"), "time": Message("the initial state")}


@functools.lru_cache(maxsize=2**15)
def stage_place(axis: str, number: int) -> Message:
    """Where a stage is, in words: layer 3, t = 4. Remembered, as a trace's steps ask for each stage's several times."""
    return AXES[axis](number)


def place_of(axis: str, stage: int) -> Message:
    """The name of a stage: the place, and of the first stage what it is: the input, the initial state."""
    return _STARTS[axis] if stage == 0 and axis in _STARTS else stage_place(axis, stage)


def first_learning(axis: str, last: int, truncate: int | None = None) -> int:
    """The first stage that learns, where `last` is the last one: layer 1, the initial state, the first module.

    truncate: the first that the gradient of the last step reaches, behind the last wall (`walls`).
    """
    if axis != "time":
        return min(1, last) if axis in _STARTS else 0
    return walls(truncate, last)[-1] + 1 if walls(truncate, last) else 0


def walls(truncate: int | None, steps: int) -> range:
    """The time steps whose states hand their value on and get no gradient back: every truncate-th but the last one.

    Counted from the beginning, as a loop does it that reads `truncate` steps and detaches the state.
    """
    return range(truncate, steps, truncate) if truncate is not None else range(0)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One operation at one site: what it reads, what it writes.

    `parameters` are those whose gradient this instruction computes; `shared` are read here but belong to
    another instruction (an RNN's weight belongs to one instruction and is read at every time step). `reads`
    are values that the backward pass needs and that get no gradient from here. `choice` names the row
    (activation, norm, loss) that the operation uses, `constant` is its number (a slope, the scale of a branch).
    """

    operation: str
    site: Site
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    choice: str = ""
    constant: float = 1.0


@dataclass(frozen=True, slots=True)
class Storage:
    """An array of the trace: what it holds, its shape (…, batch, units), and where it lies if it is part of a whole.

    units_first asks for memory in the order (…, units, batch), so that `.T` of a state is contiguous.
    """

    slot: Slot
    shape: tuple[int, ...]
    whole: str | None = None
    index: int | slice = 0
    units_first: bool = False


#: Where a weight matrix stands: what a rule of its own can be given to. Most of them are a layer's, or read the input.
Place = Literal["layer", "recurrent", "output"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its shape, and how it starts.

    A weight matrix has fans (fan_out, fan_in) and is drawn by the initialiser, block by block where it is made of
    `blocks` equal blocks of rows (the gates of a cell), and multiplied by `scale`; `place` says whose rule draws it. A
    `bias` starts at 0, or normal where σ_b is given; anything else at `fill`. offsets = ((first row, last row, value),
    …) are added, factors = ((first row, last row, factor), …) multiplied. module_fan is the number by which PyTorch's
    module, whose parameter it is, starts all of its own: fan_in of a layer, the hidden units of a cell; 0 for other
    parameters. timed = ((first row, last row, sign), …): sign times one draw of ln U(1, longest − 1), the same for all
    of them, is added (chrono). draw gives the values of a rule of its own, from its own random stream or that of
    `stream`.
    """

    shape: tuple[int, ...]
    fans: tuple[int, int] | None = None
    blocks: int = 1
    place: Place = "layer"
    bias: bool = False
    fill: float = 0.0
    offsets: tuple[tuple[int, int, float], ...] = ()
    module_fan: float = 0
    scale: float = 1.0
    timed: tuple[tuple[int, int, float], ...] = ()
    longest: int = 0
    factors: tuple[tuple[int, int, float], ...] = ()
    draw: Callable[[np.random.Generator, int], Array] | None = None
    stream: str = ""


@dataclass
class Program:
    """Instructions in forward order with everything they name. Built once by a cell's row, then only read."""

    axis: English
    #: The slot that the data go into.
    input: str = "input"
    instructions: list[Instruction] = field(default_factory=list)
    slots: dict[str, Storage] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    #: The slots of the stages' hidden states h_0 … h_K, and of the cell states where there are any.
    stages: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    #: Slots (or wholes) whose gradient the trace keeps; others are recomputed on demand.
    kept: list[str] = field(default_factory=list)
    #: Slots that start at 0: the initial state of a cell.
    initial: list[str] = field(default_factory=list)
    #: Dropout's masks, which are drawn before a run, and the share that each drops.
    masks: dict[str, float] = field(default_factory=dict)
    #: Slots whose gradient starts at 0, as only their own instruction's backward pass adds to it.
    zeroed: list[str] = field(default_factory=list)
    #: The stages behind which the gradient is cut (`walls`).
    walls: range = range(0)
    #: Whether the trace measures the parts of a gradient where two paths meet (branch and skip).
    measure_merges: bool = False

    def slot(self, slot: Slot, shape: tuple[int, ...]) -> str:
        """An array of its own; its name."""
        self.slots[slot.name] = Storage(slot, shape)
        return slot.name

    def stack(
        self, whole: Slot, parts: Sequence[Slot], shape: tuple[int, ...], units_first: bool = False
    ) -> dict[int, str]:
        """Slots of one shape as the rows of one array; their names by layer or time step."""
        name = whole.name
        self.slots[name] = Storage(whole, (len(parts), *shape), units_first=units_first)
        names = {}
        for index, part in enumerate(parts):
            row = names[part.number] = part.name
            self.slots[row] = Storage(part, shape, name, index)
        return names

    def window(self, whole: Slot, first: int) -> str:
        """The slot of all rows of a stack over time from `first` on, under a name of its own."""
        part, (count, *shape) = whole._replace(time=Span(first)), self.slots[whole.name].shape
        self.slots[part.name] = Storage(part, (count - first, *shape), whole.name, slice(first, None))
        return part.name

    def add(self, operation: str, site: Site, **rest: Any) -> None:
        self.instructions.append(Instruction(operation, site, **rest))

    @functools.cached_property
    def layers(self) -> dict[int, list[Instruction]]:
        """The instructions of each layer of an MLP, in order; empty over time. (Not before all of them are there.)"""
        by_layer: dict[int, list[Instruction]] = {}
        for instruction in self.instructions:
            if instruction.site.layer is not None:
                by_layer.setdefault(instruction.site.layer, []).append(instruction)
        return by_layer

    @functools.cached_property
    def readers(self) -> dict[str, int]:
        """The first instruction that reads each slot: the last one whose backward pass reaches it."""
        backwards = range(len(self.instructions) - 1, -1, -1)
        return {name: index for index in backwards for name in self.instructions[index].inputs}

    @functools.cached_property
    def writers(self) -> dict[str, int]:
        """The instruction that writes each slot."""
        return {name: index for index, instruction in enumerate(self.instructions) for name in instruction.outputs}

    def owned(self) -> Iterator[tuple[str, Storage]]:
        """The slots that are arrays of their own, not parts of a whole."""
        return ((name, slot) for name, slot in self.slots.items() if slot.whole is None)

    def scratch(self) -> dict[str, int]:
        """Which scratch buffer holds the gradient of each slot whose gradient the trace does not keep.

        A gradient lives from the backward step that writes it (of the instruction that reads the value) to the
        one that consumes it (of the instruction that wrote the value); buffers of one shape are reused, so
        they stay in the processor's cache.
        """
        kept = set(self.kept)
        kept |= {name for name, slot in self.slots.items() if slot.whole in kept}
        written = {name for instruction in self.instructions for name in instruction.outputs}
        buffers: dict[str, int] = {}
        free: dict[tuple[int, ...], list[int]] = {}
        count = 0
        for instruction in reversed(self.instructions):
            for name in instruction.inputs:
                if name in kept or name not in written or name in buffers:
                    continue
                available = free.setdefault(self.slots[name].shape, [])
                if not available:
                    available.append(count)
                    count += 1
                buffers[name] = available.pop()
            for name in instruction.outputs:
                if name in buffers:
                    free[self.slots[name].shape].append(buffers[name])
        return buffers

    @functools.cached_property
    def chains(self) -> list[list[tuple[str, str, str, float]]]:
        """For each stage the (operation, slot read, slot written, constant) of what leads to the next, last first."""
        chains: list[list[tuple[str, str, str, float]]] = []
        chain: list[tuple[str, str, str, float]] = []
        ends = set(self.stages[1:])
        for row in self.instructions:
            chain.insert(0, (row.operation, row.inputs[0], row.outputs[0], row.constant))
            if row.outputs[0] in ends:
                chains.append(chain)
                chain = []
        return chains

    @functools.cached_property
    def rows_of(self) -> dict[str, list[str]]:
        """`parts`, worked out once."""
        return self.parts()

    def parts(self) -> dict[str, list[str]]:
        """The names of the rows of each stack, in order."""
        rows: dict[str, list[str]] = {}
        for name, slot in self.slots.items():
            if slot.whole is not None and not isinstance(slot.index, slice):
                rows.setdefault(slot.whole, []).append(name)
        return rows

    def rows(self, name: str) -> tuple[str, frozenset[int]]:
        """Where a slot lies: the array that it is (part of), and which of its rows."""
        slot = self.slots[name]
        if slot.whole is None:
            return name, frozenset(range(slot.shape[0] if slot.shape else 1))
        count = self.slots[slot.whole].shape[0]
        if isinstance(slot.index, slice):
            return slot.whole, frozenset(range(*slot.index.indices(count)))
        return slot.whole, frozenset((slot.index,))

    def merges(self) -> list[list[int]]:
        """For each instruction the positions of the inputs whose gradient a later instruction has already written.

        There the gradient is added, not written: two paths meet.
        """
        written: dict[str, set[int]] = {}
        meeting: list[list[int]] = []
        for instruction in reversed(self.instructions):
            positions = []
            for position, name in enumerate(instruction.inputs):
                whole, rows = self.rows(name)
                before = written.setdefault(whole, set())
                if rows & before:
                    assert rows <= before, f"{name} would be added to rows that nothing has written"
                    positions.append(position)
                before |= rows
            meeting.append(positions)
        return meeting[::-1]

    def numbers(self) -> int:
        """How many numbers one trace holds: values, kept gradients, parameters and their gradients."""
        values = sum(math.prod(slot.shape) for _, slot in self.owned())
        gradients = sum(math.prod(self.slots[name].shape) for name in self.kept)
        return values + gradients + 2 * sum(math.prod(parameter.shape) for parameter in self.parameters.values())

"""Recurrent networks as a program: a cell unrolled over time, stacked in layers, each layer's input in one product."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..core.message import English, Message
from ..core.numerics import Array
from ..program.operations import WALL, Operation
from ..program.output_layer import Sizes, add_output_layer
from ..program.program import Parameter, Program, Site, walls
from ..program.slots import CELL_STATE, HIDDEN, MASK, PROJECTION, Slot, Span
from . import input_projection
from .cell import Cell
from .settings import Recorded, Settings

#: What dropout leaves of a layer's states.
_DROPPED = "d"


def listed(cell: Cell, settings: Settings, sizes: Sizes, loss: str, steps: int) -> Program:
    """The program over time. Layer k's slots are h_lk/t, c_lk/t, …; those of the last layer, which is read out and
    whose states are the stages, are plain h/t, c/t, …
    """
    program = Program("time", walls=walls(settings.truncate, steps))
    source, inputs = program.slot(Slot("input"), (sizes.steps, sizes.batch, sizes.inputs)), sizes.inputs
    for layer in range(settings.layers):
        mark = None if layer == settings.layers - 1 else layer
        _Layer(cell, settings, sizes, program, layer, mark).add(source, inputs)
        source, inputs = program.window(Slot(HIDDEN, mark, Span()), 1), cell.state_blocks * settings.width
        if settings.dropout and layer < settings.layers - 1:
            source = _dropped(settings, program, layer, source)
    program.stages = [Slot(HIDDEN, time=time).name for time in range(steps + 1)]
    program.cells = [Slot(CELL_STATE, time=time).name for time in range(steps + 1)] if cell.has_cell_state else []
    state = source if settings.readout == "all" else program.stages[-1]
    add_output_layer(program, state, inputs, sizes, loss, settings.output_activation)
    return program


def _dropped(settings: Settings, program: Program, layer: int, source: str) -> str:
    """What a layer hands to the one above it, with dropout, as PyTorch has it: every step has a mask of its own."""
    shape = program.slots[source].shape
    target = program.slot(Slot(_DROPPED, layer, Span()), shape)
    mask = program.slot(Slot(MASK, layer, Span()), shape)
    program.masks[mask] = settings.dropout
    site = Site(Message("{part}, layer {number}", part="dropout", number=layer + 1))
    program.add(
        "dropout", site, inputs=(source, mask), outputs=(target,), choice=settings.dropout_kind,
        constant=settings.dropout,
    )  # fmt: skip
    return target


class _Layer:
    """Adds one layer, unrolled, to a program. mark is what its slots say of it: None for the last one."""

    def __init__(
        self, cell: Cell, settings: Settings, sizes: Sizes, program: Program, layer: int, mark: int | None
    ) -> None:
        self.cell, self.settings, self.sizes, self.program = cell, settings, sizes, program
        self.layer, self.mark = layer, mark

    def add(self, source: str, inputs: int) -> None:
        cell, program, times = self.cell, self.program, range(1, self.sizes.steps + 1)
        projections = self._stack(PROJECTION, times, cell.blocks)
        size = cell.state_blocks
        states = [self._stack(role, range(self.sizes.steps + 1), size) for role in cell.carried]
        kept = [self._stack(role, times, blocks) for role, blocks in cell.keeps]
        program.initial += [names[0] for names in states]
        if cell.has_cell_state:
            # No later step reads the last cell state; its own step adds to its gradient.
            program.zeroed.append(states[cell.carried.index(CELL_STATE)][self.sizes.steps])
        # The projection's gradient is that of the pre-activations: every step's share of the weights' gradient.
        program.kept += map(self._whole, (*cell.carried, PROJECTION, *cell.graded))
        names = self._parameters(inputs)
        program.add(
            f"{cell.name}_projection", Site(self._site("input projection")), inputs=(source,),
            reads=tuple(map(self._whole, cell.read_back)), outputs=(self._whole(PROJECTION),),
            parameters=tuple(names.values()),
        )  # fmt: skip
        shared = tuple(names[name] for name in cell.shared)
        choice = self.settings.activation if cell.chooses_activation else ""
        # The value that the gate of the direct path is pinned to; NaN where it is free.
        pin = math.nan if self.settings.pin_forget is None else self.settings.pin_forget
        site = self._site("cell")
        held = [self._stack(f"held {role}", program.walls, size) for role in cell.carried] if program.walls else []
        for time in times:
            before = tuple(names[time - 1] for names in states)
            if time - 1 in program.walls:
                passed = tuple(names[time - 1] for names in held)
                program.add(WALL.name, Site(self._site("wall"), time=time), inputs=before, outputs=passed)
                before = passed
            program.add(
                f"{cell.name}_step", Site(site, time=time), shared=shared, choice=choice, constant=pin,
                inputs=(projections[time], *before),
                outputs=(*(names[time] for names in states), *(names[time] for names in kept)),
            )  # fmt: skip

    def _stack(self, role: str, times: Sequence[int], blocks: int = 1) -> dict[int, str]:
        shape = (self.sizes.batch, blocks * self.settings.width)
        slots = [Slot(role, self.mark, time) for time in times]
        return self.program.stack(Slot(role, self.mark, Span()), slots, shape, units_first=True)

    def _whole(self, role: str) -> str:
        return Slot(role, self.mark, Span()).name

    def _site(self, part: English) -> str:
        if self.settings.layers == 1:
            return part
        return Message("{part}, layer {number}", part=part, number=self.layer + 1)

    def _parameters(self, inputs: int) -> dict[str, str]:
        """The parameters of the layer, in the cell's order, as PyTorch calls its own: weight_ih → lstm.weight_ih_l0."""
        own = (self.cell.parameters or parameters)(self.cell, self.settings, inputs)
        names = {name: parameter_name(self.cell.name, name, self.layer) for name in own}
        self.program.parameters |= {names[name]: parameter for name, parameter in own.items()}
        return names


def parameters(cell: Cell, settings: Settings, inputs: int) -> dict[str, Parameter]:
    """Those of PyTorch's cells, in its order: weight_ih, weight_hh and the cell's biases."""
    width = settings.width
    rows = cell.blocks * width
    own = {
        "weight_ih": Parameter((rows, inputs), (width, inputs), cell.blocks, module_fan=width),
        "weight_hh": Parameter((rows, width), (width, width), cell.blocks, place="recurrent", module_fan=width),
    }
    # σ_b is the standard deviation of the sum of all biases: only one of them is drawn.
    drawn, *others = cell.biases
    timed = tuple((*cell.rows(letter, width), float(sign)) for letter, sign in cell.chrono)
    own[drawn] = Parameter(
        (rows,), bias=True, offsets=_offsets(cell, settings), module_fan=width,
        timed=timed if settings.gate_init == "chrono" else (), longest=settings.chrono_steps or 0,
    )  # fmt: skip
    return own | {name: Parameter((rows,), module_fan=width) for name in others}


def _offsets(cell: Cell, settings: Settings) -> tuple[tuple[int, int, float], ...]:
    width = settings.width
    return tuple((*cell.rows(letter, width), sign * getattr(settings, field)) for letter, field, sign in cell.offsets)


def parameter_name(cell: str, name: str, layer: int) -> str:
    """As PyTorch's `state_dict` names the parameters of a layer, from 0: lstm.weight_hh_l0."""
    return f"{cell}.{name}_l{layer}"


def operations(
    cell: str, forward: input_projection.Run, step: tuple[str, str, input_projection.Run, input_projection.Run],
    rounded: tuple[input_projection.Run, input_projection.Run], notes: bool = False,
) -> tuple[Operation, Operation]:  # fmt: skip
    """The two operations of a cell with PyTorch's four parameters: the projection, and one step.

    step is its formula, that of its backward pass, and both as functions; rounded both in 16 bits, where b_hh is always
    the step's.
    """
    projection = Operation(
        f"{cell}_projection",
        "p_t = x_t W_ihᵀ + b for all t at once",
        "∂L/∂W_hh = Σ_t δ_tᵀ h_(t−1),  ∂L/∂W_ih = Σ_t δ_tᵀ x_t,  ∂L/∂b = Σ_t δ_t",
        forward,
        input_projection.backward,
        contribution=input_projection.contribution,
        kernel=True,
        rounded=(input_projection.forward_input_bias, input_projection.backward),
    )
    return projection, Operation(f"{cell}_step", *step, notes=notes, rounded=rounded)


def linear_pre_activations(trace: Recorded, stage: int) -> Array:
    """x_t W_ihᵀ + b + h_(t−1) W_hhᵀ of the last layer, whose states are the stages; the projection has both biases
    but in 16 bits."""
    settings = trace.resolved
    weight = trace.parameters[parameter_name(settings.cell, "weight_hh", settings.layers - 1)]
    before = trace.values[trace.program.stages[stage - 1]]
    z = np.asarray(trace.values[Slot(PROJECTION, time=stage).name] + before @ weight.T)
    if settings.number_type.is_emulated:
        z += trace.parameters[parameter_name(settings.cell, "bias_hh", settings.layers - 1)]
    return z

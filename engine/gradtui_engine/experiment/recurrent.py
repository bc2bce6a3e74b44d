"""Recurrent networks as a program: a cell unrolled over time, stacked in layers, each layer's input in one product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.message import Message
from ..program.output_layer import Sizes, readout
from ..program.program import Parameter, Program, Site

if TYPE_CHECKING:
    from .resolved import Resolved

#: Blocks of rows in the weights of each cell (PyTorch's order) and what a step keeps beside h, for backpropagation.
_BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}
_KEEPS = {"rnn": (), "lstm": ("gates", "tanh_c"), "gru": ("gates", "recurrent")}


def build(experiment: Resolved, sizes: Sizes, loss: str) -> Program:
    """The program over time. Layer k's slots are h_lk/t, c_lk/t, …; those of the last layer, which is read out and
    whose states are the stages, are plain h/t, c/t, …
    """
    program = Program("time")
    program.slot("input", (sizes.steps, sizes.batch, sizes.inputs))
    source, inputs = "input", sizes.inputs
    for layer in range(experiment.layers):
        mark = "" if layer == experiment.layers - 1 else f"_l{layer}"
        _layer(program, experiment, sizes, layer, mark, source, inputs)
        source, inputs = program.window(f"h{mark}/1:", f"h{mark}", 1), experiment.width
    program.stages = [f"h/{time}" for time in range(sizes.steps + 1)]
    program.cells = [f"c/{time}" for time in range(sizes.steps + 1)] if experiment.kind.has_cell_state else []
    state = source if experiment.readout == "all" else program.stages[-1]
    readout(program, [state], experiment.width, sizes, loss)
    return program


def _layer(
    program: Program, experiment: Resolved, sizes: Sizes, layer: int, mark: str, source: str, inputs: int
) -> None:
    cell, width, steps = experiment.cell, experiment.width, sizes.steps
    blocks = _BLOCKS[cell]
    times = range(1, steps + 1)
    state, gates = (sizes.batch, width), (sizes.batch, blocks * width)
    program.stack(f"projection{mark}", times, gates, units_first=True)
    program.stack(f"h{mark}", range(steps + 1), state, units_first=True)
    has_cell_state = experiment.kind.has_cell_state
    carried = [f"h{mark}", f"c{mark}"] if has_cell_state else [f"h{mark}"]
    if has_cell_state:
        program.stack(f"c{mark}", range(steps + 1), state, units_first=True)
    for name in _KEEPS[cell]:
        program.stack(f"{name}{mark}", times, state if name == "tanh_c" else gates, units_first=True)
    program.initial += [f"{name}/0" for name in carried]
    if has_cell_state:
        # No later step reads the last cell state; its own step adds to its gradient.
        program.zeroed.append(f"c{mark}/{steps}")
    # The projection's gradient is that of the pre-activations: every step's share of the weights' gradient.
    program.kept += [*carried, f"projection{mark}"]
    extra = [f"h{mark}"]
    if cell == "gru":
        # h enters n through r ⊙ (W_hn h + b_hn), so the recurrent weights see another gradient than the input's.
        program.kept.append(f"recurrent{mark}")
        extra.append(f"recurrent{mark}")
    names = _parameters(program, experiment, layer, inputs)
    program.add(
        f"{cell}_projection", Site(_site("input projection", experiment, layer)), inputs=(source,), reads=tuple(extra),
        outputs=(f"projection{mark}",), parameters=names,
    )  # fmt: skip
    for time in times:
        read = [f"projection{mark}/{time}", *(f"{name}/{time - 1}" for name in carried)]
        wrote = [*(f"{name}/{time}" for name in carried), *(f"{name}{mark}/{time}" for name in _KEEPS[cell])]
        program.add(
            f"{cell}_step", Site(_site("cell", experiment, layer), time=time), inputs=tuple(read), outputs=tuple(wrote),
            shared=(names[1], names[3]), choice="" if experiment.kind.gated else experiment.activation,
            constant=_pin(experiment),
        )  # fmt: skip


def _pin(experiment: Resolved) -> float:
    """The value that the forget (update) gate is pinned to; NaN where it is free."""
    return float("nan") if experiment.pin_forget is None else experiment.pin_forget


def _site(part: str, experiment: Resolved, layer: int) -> str:
    return part if experiment.layers == 1 else Message("{part}, layer {number}", part=part, number=layer + 1)


def _parameters(program: Program, experiment: Resolved, layer: int, inputs: int) -> tuple[str, ...]:
    """PyTorch's four parameters of a layer: weight_ih, weight_hh, bias_ih, bias_hh."""
    cell, width = experiment.cell, experiment.width
    blocks = _BLOCKS[cell]
    offsets = {
        "lstm": ((width, 2 * width, experiment.forget_bias), (0, width, experiment.input_bias)),
    }.get(cell, ())
    weight_ih, weight_hh, bias_ih, bias_hh = (
        f"{cell}.{name}_l{layer}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    program.parameters |= {
        weight_ih: Parameter((blocks * width, inputs), (width, inputs), blocks),
        weight_hh: Parameter((blocks * width, width), (width, width), blocks),
        # σ_b is the standard deviation of the sum of both biases: only one of them is drawn.
        bias_ih: Parameter((blocks * width,), bias=True, offsets=offsets),
        bias_hh: Parameter((blocks * width,)),
    }
    return weight_ih, weight_hh, bias_ih, bias_hh

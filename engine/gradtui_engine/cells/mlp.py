"""The MLP as a program: depth hidden layers, each linear, activation and, where asked for, norm and skip."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from ..core.message import English
from ..core.names import Aliases
from ..program.normalisation import NORMALISATIONS
from ..program.output_layer import Sizes, add_output_layer
from ..program.program import Parameter, Program, Site
from ..program.slots import GATE, HIDDEN, MASK, MEAN, VARIANCE, Slot, Span
from ..rules.activations import ACTIVATIONS
from .cell import Cell, of_activation
from .residual_blocks import (
    ACTIVATION,
    DROPOUT,
    JOIN,
    LINEAR,
    NORM,
    NORM_AFTER,
    NORM_BEFORE,
    RESIDUALS,
    blocks,
    parts_of_layer,
    scales,
    weights_scale,
)
from .settings import Settings, units_of


def _listed(cell: Cell, settings: Settings, sizes: Sizes, loss: str, depth: int) -> Program:
    """The program of an MLP, h/0 being the input."""
    stages = [Slot(HIDDEN, layer).name for layer in range(depth + 1)]
    program = Program("layer", input=stages[0], stages=stages, measure_merges=RESIDUALS[settings.residual].joins)
    program.slot(Slot(HIDDEN, 0), (sizes.batch, sizes.inputs))
    wholes = _Layers(settings, sizes, program).add(depth)
    program.kept = [stages[0], *wholes[HIDDEN]]
    add_output_layer(program, stages[-1], units_of(settings, depth), sizes, loss, settings.output_activation)
    return program


class _Layers:
    """Adds all layers to a program: what each operation reads is what the one before it wrote."""

    def __init__(self, settings: Settings, sizes: Sizes, program: Program) -> None:
        self.settings, self.sizes, self.program = settings, sizes, program
        self.residual = RESIDUALS[settings.residual]
        #: What joins the block at hand beside branch and skip: the gate.
        self.joined: tuple[str, ...] = ()
        #: What the weights of the block at hand are drawn with besides their rule.
        self.drawn_with = 1.0
        #: The slots of each role with their units, in order: those of one width become the rows of one array.
        self.stacks: dict[str, list[tuple[int, Slot]]] = {}
        #: The units of what a part reads, and of what it writes.
        self.before = self.units = sizes.inputs

    def add(self, depth: int) -> dict[str, list[str]]:
        """All layers; the names of the arrays of each role."""
        stages = self.program.stages
        for first, last, skip in blocks(self.settings, self.sizes.inputs, depth):
            self.drawn_with = weights_scale(self.settings) if skip else 1.0
            if skip and self.residual.gated:
                self.gate(first, stages[first - 1])
            for layer in range(first, last + 1):
                order = parts_of_layer(self.settings, skip, ends=skip and layer == last)
                source = stages[layer - 1]
                for number, part in enumerate(order):
                    role, add = _PARTS[part]
                    slot = Slot(HIDDEN if number == len(order) - 1 else role, layer)
                    self.before = self.units
                    if part == LINEAR:
                        self.units = units_of(self.settings, layer)
                    self.stacks.setdefault(slot.role, []).append((self.units, slot))
                    add(self, layer, source, slot.name, stages[first - 1])
                    source = slot.name
        return {role: [*self._stacked(role, rows)] for role, rows in self.stacks.items()}

    def _stacked(self, role: str, rows: list[tuple[int, Slot]]) -> Iterator[str]:
        """One array for neighbours of one width; of a network of one width one for all layers."""
        for units, run in itertools.groupby(rows, key=lambda row: row[0]):
            slots = [slot for _, slot in run]
            whole = Slot(role, Span(slots[0].number if len(slots) < len(rows) else 0))
            self.program.stack(whole, slots, (self.sizes.batch, units))
            yield whole.name

    def linear(self, layer: int, source: str, target: str, skip: str) -> None:
        width, fan_in = self.units, self.before
        weight, bias = f"layers.{layer}.weight", f"layers.{layer}.bias"
        self.program.parameters[weight] = Parameter(
            (width, fan_in), (width, fan_in), module_fan=fan_in, scale=self.drawn_with
        )
        self.program.parameters[bias] = Parameter((width,), bias=True, module_fan=fan_in)
        self._instruction("linear", layer, (source,), (target,), parameters=(weight, bias))

    def norm(self, layer: int, source: str, target: str, skip: str) -> None:
        row = NORMALISATIONS[self.settings.norm]
        units = self.units
        statistics = row.statistics(self.sizes.batch, units)
        names = tuple(f"layers.{layer}.norm.{name}" for name in row.parameters)
        for name, start in zip(names, (1.0, 0.0), strict=False):
            self.program.parameters[name] = Parameter((units,), fill=start)
        mean, variance = (self.program.slot(Slot(role, layer), statistics) for role in (MEAN, VARIANCE))
        self._instruction("norm", layer, (source,), (target, mean, variance), parameters=names, choice=row.name)

    def activation(self, layer: int, source: str, target: str, skip: str) -> None:
        row = ACTIVATIONS[self.settings.activation]
        slope = self.settings.slope
        names: tuple[str, ...] = ()
        if row.learned:
            names = (f"layers.{layer}.activation.weight",)
            self.program.parameters[names[0]] = Parameter((1,), fill=slope or 0.0)
        self._instruction(
            "activation", layer, (source,), (target,), parameters=names, choice=row.name,
            constant=1.0 if slope is None else slope,
        )  # fmt: skip

    def dropout(self, layer: int, source: str, target: str, skip: str) -> None:
        mask = self.program.slot(Slot(MASK, layer), (self.sizes.batch, self.units))
        self.program.masks[mask] = self.settings.dropout
        self._instruction(
            "dropout", layer, (source, mask), (target,), choice=self.settings.dropout_kind,
            constant=self.settings.dropout,
        )  # fmt: skip

    def gate(self, layer: int, source: str) -> None:
        """The gate of a Highway block, worked out from what the block reads."""
        gate, width = Slot(GATE, layer), self.units
        self.stacks.setdefault(gate.role, []).append((width, gate))
        weight, bias = f"layers.{layer}.gate.weight", f"layers.{layer}.gate.bias"
        self.program.parameters[weight] = Parameter((width, width), (width, width), module_fan=width)
        self.program.parameters[bias] = Parameter(
            (width,), bias=True, offsets=((0, width, self.settings.highway_bias),), module_fan=width
        )
        self._instruction("gate", layer, (source,), (gate.name,), parameters=(weight, bias))
        self.joined = (gate.name,)

    def join(self, layer: int, source: str, target: str, skip: str) -> None:
        row, (on_skip, on_branch) = self.residual, scales(self.settings)
        names: tuple[str, ...] = ()
        if row.learned is not None:
            names = (f"layers.{layer}.residual.weight",)
            self.program.parameters[names[0]] = Parameter(row.learned(self.units), fill=on_branch)
        self._instruction(
            row.operation, layer, (source, skip, *self.joined), (target,), parameters=names,
            constant=on_skip if row.on_skip else on_branch,
        )  # fmt: skip

    def _instruction(
        self, operation: English, layer: int, inputs: tuple[str, ...], outputs: tuple[str, ...],
        parameters: tuple[str, ...] = (), choice: str = "", constant: float = 1.0,
    ) -> None:  # fmt: skip
        self.program.add(
            operation, Site(operation, layer=layer), inputs=inputs, outputs=outputs, parameters=parameters,
            choice=choice, constant=constant,
        )  # fmt: skip


#: Part of a layer → the role of what it writes where that is not the stage's own h, and what adds it.
_PARTS: dict[str, tuple[str, Callable[[_Layers, int, str, str, str], None]]] = {
    LINEAR: ("z", _Layers.linear),
    NORM_BEFORE: ("n", _Layers.norm),
    ACTIVATION: ("a", _Layers.activation),
    DROPOUT: ("d", _Layers.dropout),
    NORM_AFTER: ("n", _Layers.norm),
    NORM: ("n", _Layers.norm),
    JOIN: ("s", _Layers.join),
}


CELL = Cell(
    name="mlp",
    order=0,
    axis="layer",
    default_data="digits",
    default_activation="sigmoid",
    formula="h_l = f(h_(l−1) W_lᵀ + b_l)",
    note="Deep in layers: depth hidden layers of width units and a linear output.",
    listed=_listed,
    pre_activations=of_activation,
    parts="operations",
    theory="mean field",
    takes_widths=True,
    aliases=Aliases(
        (
            "dense",
            "feedforward",
            "feed_forward",
            "ffn",
            "fnn",
            "dnn",
            "fc",
            "fully_connected",
            "linear",
            "multilayer_perceptron",
            "multi_layer_perceptron",
            "sequential",
        ),
        ("perceptron", "cnn", "convnet", "conv2d", "resnet", "kan", "autoencoder"),
        order=("units",),
        fields={"units": "width", "hidden_size": "width", "out_features": "width", "in_features": "inputs"},
    ),
)

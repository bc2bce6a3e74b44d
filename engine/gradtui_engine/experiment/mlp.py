"""The MLP as a program: depth hidden layers, each linear, activation and, where asked for, norm and skip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.table import Table
from ..program.normalisation import NORMALISATIONS
from ..program.output_layer import Sizes, readout
from ..program.program import Parameter, Program, Site
from ..rules.activations import ACTIVATIONS

if TYPE_CHECKING:
    from .resolved import Resolved


@dataclass(frozen=True, slots=True)
class Block:
    """One kind of residual block: where the activation stands."""

    name: str
    formula: str
    source: str
    note: str


BLOCKS = Table(
    "residual_block",
    (
        Block(
            "post", "h′ = h + β f(norm(W h + b))", "He et al. 2016 (ReLU before addition)",
            "The branch ends with its activation; the skip is untouched, so its factor is exactly 1.",
        ),
        Block(
            "pre", "h′ = h + β (W f(norm(h)) + b)", "He et al. 2016 (full pre-activation)",
            "The branch begins with norm and activation; nothing ever acts on the skip.",
        ),
        Block(
            "original", "h′ = f(h + β norm(W h + b))", "He et al. 2015",
            "The activation acts on the sum, so also on the skip: its factor is f′, not 1.",
        ),
    ),
)  # fmt: skip


def skip_scale(experiment: Resolved) -> float:
    """β: 1 for `add`; for `scaled` the given one, or 1/√depth."""
    scale = experiment.residual_scale
    return 1.0 if experiment.residual != "scaled" or scale is None else scale


def blocks(experiment: Resolved, inputs: int) -> Iterator[tuple[int, int, bool]]:
    """(first layer, last layer, has a skip), in order: blocks of `residual_span` layers whose shapes match."""
    layer, span = 1, experiment.residual_span
    while layer <= experiment.depth:
        matches = layer > 1 or inputs == experiment.width
        if experiment.residual != "none" and matches and layer + span - 1 <= experiment.depth:
            yield layer, layer + span - 1, True
            layer += span
        else:
            yield layer, layer, False
            layer += 1


def build(experiment: Resolved, sizes: Sizes, loss: str) -> Program:
    """The program of an MLP, `h/0` being the input."""
    program = Program("layer", input="h/0", measure_merges=experiment.residual != "none")
    program.slot("h/0", (sizes.batch, sizes.inputs))
    _Layers(experiment, sizes, program).add()
    program.stages = [f"h/{layer}" for layer in range(experiment.depth + 1)]
    program.kept = ["h/0", "h"]
    readout(program, [program.stages[-1]], experiment.width, sizes, loss)
    return program


class _Layers:
    """Adds all layers to a program: what each operation reads is what the one before it wrote."""

    def __init__(self, experiment: Resolved, sizes: Sizes, program: Program) -> None:
        self.experiment, self.sizes, self.program = experiment, sizes, program
        self.shape = (sizes.batch, experiment.width)
        self.beta = skip_scale(experiment)

    def add(self) -> None:
        for first, last, skip in blocks(self.experiment, self.sizes.inputs):
            for layer in range(first, last + 1):
                order = self._order(skip, ends=skip and layer == last)
                source = f"h/{layer - 1}"
                for number, part in enumerate(order):
                    target = f"h/{layer}" if number == len(order) - 1 else f"{_SLOT[part]}/{layer}"
                    getattr(self, f"_{part}")(layer, source, target, f"h/{first - 1}")
                    source = target
        self._stack()

    def _order(self, in_block: bool, ends: bool) -> list[str]:
        """The operations of one layer, in order. `ends`: the skip joins at the end of this layer."""
        block = self.experiment.residual_block if in_block else "post"
        norm = ["norm"] if self.experiment.norm != "none" else []
        before = self.experiment.norm_position == "before"
        bend = [*norm, "activation"] if before else ["activation", *norm]
        join = ["residual"] if ends else []
        if block == "pre":
            return [*bend, "linear", *join]
        if block == "original" and before:
            return ["linear", *norm, *join, "activation"]
        if block == "original":
            return ["linear", *join, *bend]
        return ["linear", *bend, *join]

    def _linear(self, layer: int, source: str, target: str, skip: str) -> None:
        fan_in = self.sizes.inputs if layer == 1 else self.experiment.width
        width = self.experiment.width
        weight, bias = f"layers.{layer}.weight", f"layers.{layer}.bias"
        self.program.parameters[weight] = Parameter((width, fan_in), (width, fan_in))
        self.program.parameters[bias] = Parameter((width,), bias=True)
        self._instruction("linear", layer, (source,), (target,), parameters=(weight, bias))

    def _norm(self, layer: int, source: str, target: str, skip: str) -> None:
        row = NORMALISATIONS[self.experiment.norm]
        units = self.experiment.width
        statistics = (1, units) if row.axis == 0 else (self.sizes.batch, 1)
        names = tuple(f"layers.{layer}.norm.{name}" for name in row.parameters)
        for name, start in zip(names, (1.0, 0.0), strict=False):
            self.program.parameters[name] = Parameter((units,), fill=start)
        mean, variance = f"mean/{layer}", f"variance/{layer}"
        self.program.slot(mean, statistics)
        self.program.slot(variance, statistics)
        self._instruction("norm", layer, (source,), (target, mean, variance), parameters=names, choice=row.name)

    def _activation(self, layer: int, source: str, target: str, skip: str) -> None:
        row = ACTIVATIONS[self.experiment.activation]
        slope = self.experiment.slope
        names: tuple[str, ...] = ()
        if row.learned:
            names = (f"layers.{layer}.activation.weight",)
            self.program.parameters[names[0]] = Parameter((1,), fill=slope or 0.0)
        self._instruction(
            "activation", layer, (source,), (target,), parameters=names, choice=row.name,
            constant=1.0 if slope is None else slope,
        )  # fmt: skip

    def _residual(self, layer: int, source: str, target: str, skip: str) -> None:
        self._instruction("residual", layer, (source, skip), (target,), constant=self.beta)

    def _instruction(
        self, operation: str, layer: int, inputs: tuple[str, ...], outputs: tuple[str, ...],
        parameters: tuple[str, ...] = (), choice: str = "", constant: float = 1.0,
    ) -> None:  # fmt: skip
        self.program.add(
            operation, Site(operation, layer=layer), inputs=inputs, outputs=outputs, parameters=parameters,
            choice=choice, constant=constant,
        )  # fmt: skip

    def _stack(self) -> None:
        """One array for the values of one name in all layers."""
        layers: dict[str, list[int]] = {}
        for each in self.program.instructions:
            name, _, layer = each.outputs[0].partition("/")
            layers.setdefault(name, []).append(int(layer))
        for name, numbers in layers.items():
            self.program.stack(name, numbers, self.shape)


#: The slot that each operation writes where it does not write the stage's own h.
_SLOT = {"linear": "z", "norm": "n", "activation": "a", "residual": "s"}

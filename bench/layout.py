"""What a network is made of, by the names of its parameters: the same list for every contestant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradtui_engine.core.numerics import Array
from gradtui_engine.run.network import Network

Gradients = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Layer:
    """A hidden layer of an MLP: its number from 1 on, and the stage that is added to its output, if one is."""

    number: int
    norm: str
    skip: int | None

    @property
    def weight(self) -> str:
        return f"layers.{self.number}.weight"

    @property
    def bias(self) -> str:
        return f"layers.{self.number}.bias"

    @property
    def norm_names(self) -> tuple[str, ...]:
        """γ and, but for rms, β; empty without a norm."""
        names = {"none": (), "rms": ("weight",)}.get(self.norm, ("weight", "bias"))
        return tuple(f"layers.{self.number}.norm.{name}" for name in names)


def layers(network: Network) -> list[Layer]:
    """The hidden layers of an MLP. Contestants know one order only: linear, norm, relu, then the skip."""
    experiment = network.resolved
    assert (experiment.activation, experiment.norm_position, experiment.residual_block) == ("relu", "before", "post")
    assert experiment.residual in ("none", "add")
    joins = [each for each in network.program.instructions if each.operation == "residual"]
    skips = {each.site.layer: network.program.slots[each.inputs[1]].slot.number for each in joins}
    return [Layer(number, experiment.norm, skips.get(number)) for number in range(1, experiment.resolved.depth + 1)]


def cell_names(network: Network, layer: int) -> tuple[str, str, str, str]:
    """The parameters of one layer of a recurrent network."""
    experiment = network.resolved
    assert experiment.readout == "last"
    assert experiment.pin_forget is None
    prefix = experiment.cell
    return (
        f"{prefix}.weight_ih_l{layer}",
        f"{prefix}.weight_hh_l{layer}",
        f"{prefix}.bias_ih_l{layer}",
        f"{prefix}.bias_hh_l{layer}",
    )

"""How the weight matrices of one place of a network start: the rule, its gain, and the fans that it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..core.numerics import Array
from ..core.progress import Watch, told
from ..program.program import Place
from ..rules.initialisers import INITIALISERS, Initialiser

if TYPE_CHECKING:
    from .resolved import Resolved


@dataclass(frozen=True, slots=True)
class WeightRule:
    """The row of the table of initialisers that draws, with what it is told.

    scale stands in the place of the rule's own standard deviation, bound or value; None leaves that. whole says that
    the gates of a cell are drawn as one matrix.
    """

    row: Initialiser
    gain: float
    scale: float | None = None
    whole: bool = False

    def draw(
        self,
        rng: np.random.Generator,
        fans: tuple[int, int],
        blocks: int,
        module_fan: float,
        watch: Watch | None = None,
    ) -> Array:
        """A weight of `blocks` blocks of rows, one below the other: (blocks · fan_out, fan_in). fans are a block's."""
        fan_out, fan_in = fans
        scale = self._scale(module_fan)
        if self.whole:
            return self.row.draw(rng, blocks * fan_out, fan_in, self.gain, scale)
        parts = told(range(blocks), blocks, watch)
        return np.concatenate([self.row.draw(rng, fan_out, fan_in, self.gain, scale) for _ in parts])

    def variance(self, fans: tuple[int, int], blocks: int, module_fan: float) -> float | None:
        """Var(W_ij) of such a weight; None where the rule has none that theory can use."""
        if self.row.variance is None:
            return None
        fan_out, fan_in = fans
        rows = blocks * fan_out if self.whole else fan_out
        return self.row.variance(rows, fan_in, self.gain, self._scale(module_fan))

    def _scale(self, module_fan: float) -> float | None:
        of_module = self.row.of_module
        return of_module(module_fan) if self.scale is None and of_module is not None else self.scale


def weight_rule(resolved: Resolved, place: Place = "layer") -> WeightRule:
    """The rule of a place: its own where it was given one, σ_w, or the experiment's init.

    A gain of the place alone is a factor on whatever rule that is. Without one it is the experiment's: `auto` takes the
    activation's in the place of the rule's own, and 1 for the output layer, which is linear.
    """
    own, own_gain = {
        "layer": (None, None),
        "recurrent": (resolved.init_recurrent, resolved.gain_recurrent),
        "output": (resolved.init_output, resolved.gain_output),
    }[place]
    if own is None and resolved.sigma_w is not None:
        return WeightRule(INITIALISERS["normal"], resolved.sigma_w * (1.0 if own_gain is None else own_gain))
    row, asked = INITIALISERS[own or resolved.init], INITIALISERS[resolved.init]
    scale = resolved.init_scale if own is None else None
    whole = asked.whole and resolved.sigma_w is None and own in (None, asked.recurrent)
    if own_gain is not None:
        return WeightRule(row, own_gain, scale, whole)
    if place == "output" and isinstance(resolved.gain, str):
        return WeightRule(row, 1.0 / row.built_in_gain, scale, whole)
    return WeightRule(row, resolved.gain_of(row, scale), scale, whole)

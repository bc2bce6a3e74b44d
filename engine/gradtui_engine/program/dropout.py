"""The table of dropouts, with their arithmetic: masks that are drawn by seed, iteration and place, and recorded.

    h′ = s (a ⊙ m) + b_m            m = 1 with probability 1 − p, else 0

Inverted dropout (Srivastava et al. 2014) has s = 1/(1 − p) and b = 0, so that E[h′] = a and evaluation needs nothing.
Alpha dropout (Klambauer et al. 2017) sets what it drops to α′ = −λα = −1.758 and shifts and scales so that mean 0 and
variance 1 stay: with s = ((1 − p)(1 + p α′²))^−½, b is −s p α′ of what is kept and s (1 − p) α′ of what is dropped.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array, Purpose
from ..core.table import Table
from .bound import Node
from .program import Program

#: −λα of SELU, to which alpha dropout sets what it drops; the digits are PyTorch's.
ALPHA = -1.7580993408473766


@dataclass(frozen=True, slots=True)
class Constants:
    """What a mask does to a number: kept is s a + kept, dropped is dropped."""

    scale: float
    kept: float
    dropped: float

    def moments(self, rate: float, square: float, mean: float) -> tuple[float, float]:
        """(E[h′²], E[h′]) of what has these moments, over masks too."""
        keep = 1 - rate
        of_kept = self.scale**2 * square + 2 * self.scale * self.kept * mean + self.kept**2
        return (
            keep * of_kept + rate * self.dropped**2,
            keep * (self.scale * mean + self.kept) + rate * self.dropped,
        )

    def slope_square(self, rate: float) -> float:
        """E[(∂h′/∂a)²]: what becomes of the mean square of a gradient, 1/(1 − p) of inverted dropout."""
        return (1 - rate) * self.scale**2


@dataclass(frozen=True, slots=True)
class Dropout:
    """One kind of dropout; of(p) gives its constants."""

    name: str
    formula: str
    of: Callable[[float], Constants]
    source: str
    note: English
    aliases: Aliases = NO_ALIASES


def _inverted(rate: float) -> Constants:
    return Constants(1 / (1 - rate) if rate < 1 else 0.0, 0.0, 0.0)


def _alpha(rate: float) -> Constants:
    if rate >= 1:
        # As in PyTorch: nothing is kept, and all of it is 0.
        return Constants(0.0, 0.0, 0.0)
    scale = 1 / math.sqrt((ALPHA**2 * rate + 1) * (1 - rate))
    shift = -scale * rate * ALPHA
    return Constants(scale, shift, ALPHA * scale + shift)


DROPOUTS = Table(
    "dropout_kind",
    (
        Dropout(
            "inverted", "h′ = a ⊙ m / (1 − p)", _inverted, "Srivastava et al. 2014",
            "What is kept grows by 1/(1 − p): the mean stays, mean squares grow by 1/(1 − p), forward and backward. "
            "Equal inputs part ways, so that there is no edge of chaos (Schoenholz et al. 2017).",
            Aliases(("standard", "dropout", "vanilla"), ("spatial_dropout", "variational", "droppath", "dropconnect")),
        ),
        Dropout(
            "alpha", "h′ = s (a ⊙ m + α′ (1 − m)) + b,  α′ = −1.758", _alpha, "Klambauer et al. 2017",
            "For SELU: mean 0 and variance 1 stay what they are; what is dropped becomes α′ and not 0.",
            Aliases(("alpha_dropout", "feature_alpha_dropout")),
        ),
    ),
)  # fmt: skip


def draw(program: Program, seed: int, iteration: int, masks: Mapping[str, Array]) -> None:
    """Write the masks of an iteration: each a pure function of seed, iteration and its place, and of its shape.

    Philox (Salmon et al. 2011) counts instead of remembering: its counter starts at the iteration and its key is seed
    and place, which takes 6 instead of 15 µs a mask for a generator of its own.
    """
    for name, rate in program.masks.items():
        key = [seed, int(Purpose.MASK) << 32 | zlib.crc32(name.encode())]
        numbers = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, iteration, 0]))
        mask = masks[name]
        mask[...] = numbers.random(mask.shape, np.float32) >= rate


def drawn(program: Program, seed: int, iteration: int, dtype: np.dtype[np.generic]) -> dict[str, Array]:
    """New arrays with the masks of an iteration."""
    masks = {name: np.empty(program.slots[name].shape, dtype) for name in program.masks}
    draw(program, seed, iteration, masks)
    return masks


def forward(node: Node) -> None:
    values, mask = node.inputs
    (out,) = node.outputs
    constants = DROPOUTS[node.choice].of(node.constant)
    np.multiply(mask, constants.scale, out)
    np.multiply(values, out, out)
    if constants.dropped:
        # b of what was kept where m is 1, of what was dropped where it is 0.
        shift = node.workspace.buffer("shift", out.shape, out.dtype)
        np.subtract(mask, 1, shift)
        np.multiply(shift, constants.kept - constants.dropped, shift)
        np.add(shift, constants.kept, shift)
        np.add(out, shift, out)


def backward(node: Node) -> None:
    (gradient,), (wanted, of_mask) = node.output_gradients, node.input_gradients
    constants = DROPOUTS[node.choice].of(node.constant)
    if wanted is not None:
        np.multiply(node.inputs[1], constants.scale, wanted)
        np.multiply(wanted, gradient, wanted)
    if of_mask is not None:  # in no run, as a mask is drawn; whoever asks for every input's gradient gets its own
        np.multiply(node.inputs[0], constants.scale, of_mask)
        np.add(of_mask, constants.kept - constants.dropped, of_mask)
        np.multiply(of_mask, gradient, of_mask)

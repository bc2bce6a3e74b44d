"""Residual blocks: the table of how a skip and a branch are joined, that of what stands where in a block, and which
layers a skip spans.

(He et al. 2015, 2016.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.table import Table
from .settings import Settings

#: What a layer is made of, in order: the weights; the activation with its norm, which stands before or after it, and
#: its dropout; and what joins the branch with the skip.
LINEAR, NORM_BEFORE, ACTIVATION, NORM_AFTER, JOIN = "linear", "norm before", "activation", "norm after", "join"
DROPOUT = "dropout"
_BEND = (NORM_BEFORE, ACTIVATION, DROPOUT, NORM_AFTER)


@dataclass(frozen=True, slots=True)
class Residual:
    """One way to join a branch F(h) with the skip h.

    operation is the instruction that does it ("" where nothing is joined). scale(depth) is its number where
    `residual_scale` is not given, None for one that has none.
    """

    name: str
    formula: str
    source: str
    note: English
    operation: str = "residual"
    scale: Callable[[int], float] | None = None
    aliases: Aliases = NO_ALIASES


RESIDUALS = Table(
    "residual",
    (
        Residual(
            "none", "h′ = F(h)", "–", "No skip: the factor of every layer is that of its branch alone.", operation="",
            aliases=Aliases(("off", "no")),
        ),
        Residual(
            "add", "h′ = h + F(h)", "He et al. 2015",
            "A path of factor exactly 1 beside the branch; but the sum grows, by √(1 + χ_F) a block.",
            aliases=Aliases(("sum", "addition"), ("resnet", "identity", "skip", "residual", "true", "yes")),
        ),
        Residual(
            "scaled", "h′ = h + β F(h)", "Hanin & Rolnick 2018; Zhang et al. 2019",
            "β = 1/√depth unless it is given: over the whole depth the sum grows by √e at most where χ_F is 1.",
            scale=lambda depth: 1 / math.sqrt(depth),
            aliases=Aliases((), ("rezero", "skipinit", "fixup", "layer_scale", "deepnorm")),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """One kind of residual block: what its layers are made of, in order; `last` of the one where the skip joins."""

    name: str
    formula: str
    source: str
    note: English
    inner: tuple[str, ...]
    last: tuple[str, ...]
    aliases: Aliases = NO_ALIASES


BLOCKS = Table(
    "residual_block",
    (
        Block(
            "post", "h′ = h + β f(norm(W h + b))", "He et al. 2016 (ReLU before addition)",
            "The branch ends with its activation; the skip is untouched, so its factor is exactly 1.",
            (LINEAR, *_BEND), (LINEAR, *_BEND, JOIN),
            Aliases(("relu_before_addition", "post_activation")),
        ),
        Block(
            "pre", "h′ = h + β (W f(norm(h)) + b)", "He et al. 2016 (full pre-activation)",
            "The branch begins with norm and activation; nothing ever acts on the skip.",
            (*_BEND, LINEAR), (*_BEND, LINEAR, JOIN),
            Aliases(("preact", "pre_activation", "full_pre_activation", "resnet_v2", "v2", "pre_norm", "pre_ln")),
        ),
        Block(
            "original", "h′ = f(h + β norm(W h + b))", "He et al. 2015",
            "The activation acts on the sum, so also on the skip: its factor is f′, not 1.",
            (LINEAR, *_BEND), (LINEAR, NORM_BEFORE, JOIN, ACTIVATION, DROPOUT, NORM_AFTER),
            Aliases(("resnet_v1", "v1"), ("resnet",)),
        ),
    ),
)  # fmt: skip


def parts_of_layer(settings: Settings, in_block: bool, ends: bool) -> list[str]:
    """What a layer is made of, in order. in_block: a skip leads around it; ends: it joins at the end of this layer."""
    block = BLOCKS[settings.residual_block if in_block else "post"]
    missing = {NORM_BEFORE, NORM_AFTER, DROPOUT}
    if settings.norm != "none":
        missing.discard(f"norm {settings.norm_position}")
    if settings.dropout:
        missing.discard(DROPOUT)
    return [part for part in (block.last if ends else block.inner) if part not in missing]


def skip_scale(settings: Settings) -> float:
    """β: 1 for `add`; for `scaled` the given one, or 1/√depth."""
    scale = settings.residual_scale
    return 1.0 if RESIDUALS[settings.residual].scale is None or scale is None else scale


def blocks(settings: Settings, inputs: int, depth: int | None = None) -> Iterator[tuple[int, int, bool]]:
    """(first layer, last layer, has a skip), in order: blocks of `residual_span` layers whose shapes match."""
    layer, span = 1, settings.residual_span
    depth = settings.depth if depth is None else depth
    joins = bool(RESIDUALS[settings.residual].operation)
    while layer <= depth:
        matches = layer > 1 or inputs == settings.width
        if joins and matches and layer + span - 1 <= depth:
            yield layer, layer + span - 1, True
            layer += span
        else:
            yield layer, layer, False
            layer += 1

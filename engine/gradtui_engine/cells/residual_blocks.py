"""Residual blocks: the table of their kinds, which layers a skip spans, and β.

(He et al. 2015, 2016.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.table import Table
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Block:
    """One kind of residual block: where the activation stands."""

    name: str
    formula: str
    source: str
    note: English
    aliases: Aliases = NO_ALIASES


BLOCKS = Table(
    "residual_block",
    (
        Block(
            "post", "h′ = h + β f(norm(W h + b))", "He et al. 2016 (ReLU before addition)",
            "The branch ends with its activation; the skip is untouched, so its factor is exactly 1.",
            Aliases(("relu_before_addition", "post_activation")),
        ),
        Block(
            "pre", "h′ = h + β (W f(norm(h)) + b)", "He et al. 2016 (full pre-activation)",
            "The branch begins with norm and activation; nothing ever acts on the skip.",
            Aliases(("preact", "pre_activation", "full_pre_activation", "resnet_v2", "v2", "pre_norm", "pre_ln")),
        ),
        Block(
            "original", "h′ = f(h + β norm(W h + b))", "He et al. 2015",
            "The activation acts on the sum, so also on the skip: its factor is f′, not 1.",
            Aliases(("resnet_v1", "v1"), ("resnet",)),
        ),
    ),
)  # fmt: skip


def skip_scale(settings: Settings) -> float:
    """β: 1 for `add`; for `scaled` the given one, or 1/√depth."""
    scale = settings.residual_scale
    return 1.0 if settings.residual != "scaled" or scale is None else scale


def blocks(settings: Settings, inputs: int, depth: int | None = None) -> Iterator[tuple[int, int, bool]]:
    """(first layer, last layer, has a skip), in order: blocks of `residual_span` layers whose shapes match."""
    layer, span = 1, settings.residual_span
    depth = settings.depth if depth is None else depth
    while layer <= depth:
        matches = layer > 1 or inputs == settings.width
        if settings.residual != "none" and matches and layer + span - 1 <= depth:
            yield layer, layer + span - 1, True
            layer += span
        else:
            yield layer, layer, False
            layer += 1

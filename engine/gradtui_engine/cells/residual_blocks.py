"""Residual blocks: the table of how a skip and a branch are joined, that of what stands where in a block, and which
layers a skip spans.

(He et al. 2015, 2016.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases, key
from ..core.table import Table
from .settings import Settings, units_of

#: What a layer is made of, in order: the weights; the activation with its norm, which stands before or after it, and
#: its dropout; and what joins the branch with the skip.
LINEAR, NORM_BEFORE, ACTIVATION, NORM_AFTER, JOIN = "linear", "norm before", "activation", "norm after", "join"
DROPOUT, NORM = "dropout", "norm"
_BEND = (NORM_BEFORE, ACTIVATION, DROPOUT, NORM_AFTER)

#: Srivastava et al. 2015 start the gates' biases at −1 to −4, so that layers carry at first.
HIGHWAY_BIAS = -2.0
#: Touvron et al. 2021 start γ at 0.1 up to 18 layers.
LAYER_SCALE = 0.1


@dataclass(frozen=True, slots=True)
class Residual:
    """One way to join a branch F(h) with the skip h.

    operation is the instruction that does it ("" where nothing is joined). scale(depth) is the number of the join where
    `residual_scale` is not given, None for one that has none: the branch's β, where a parameter of the shape
    learned(width) starts, or with on_skip the skip's α. weights(depth) is what the branch's weights are drawn with
    besides, gated says that a gate is worked out from h, normed that a norm of the sum is part of it (LayerNorm where
    none is given).
    """

    name: str
    formula: str
    source: str
    note: English
    operation: str = "residual"
    scale: Callable[[int], float] | None = None
    learned: Callable[[int], tuple[int, ...]] | None = None
    on_skip: bool = False
    weights: Callable[[int], float] | None = None
    gated: bool = False
    normed: bool = False
    aliases: Aliases = NO_ALIASES

    @property
    def joins(self) -> bool:
        """Whether there is a skip at all."""
        return bool(self.operation)


_PRE_LN = ("pre_ln", "preln", "pre_layer_norm", "prenorm")
_POST_LN = ("post_ln", "postln", "post_layer_norm", "postnorm")
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
            aliases=Aliases(
                ("sum", "addition", *_PRE_LN, *_POST_LN),
                ("resnet", "identity", "skip", "residual", "true", "yes"),
                sets={
                    **{key(name): {"residual_block": "pre", "norm": "layer"} for name in _PRE_LN},
                    **{key(name): {"residual_block": "post_norm"} for name in _POST_LN},
                },
            ),
        ),
        Residual(
            "scaled", "h′ = h + β F(h)", "Hanin & Rolnick 2018; Zhang et al. 2019",
            "β = 1/√depth unless it is given: over the whole depth the sum grows by √e at most where χ_F is 1.",
            scale=lambda depth: 1 / math.sqrt(depth),
            aliases=Aliases((), ("fixup", "stable_resnet")),
        ),
        Residual(
            "rezero", "h′ = h + α F(h)", "Bachlechner et al. 2020",
            "α is one learned number a block and starts at 0: the network starts as the identity, with a factor of "
            "exactly 1, and α moves first, as the weights get no gradient before it does.",
            operation="rezero", scale=lambda depth: 0.0, learned=lambda width: (1,),
            aliases=Aliases(("re_zero", "skip_init")),
        ),
        Residual(
            "layer_scale", "h′ = h + γ ⊙ F(h)", "Touvron et al. 2021",
            "γ is a learned number for each unit and starts small, at 0.1: every branch begins as a whisper.",
            operation="layer_scale", scale=lambda depth: LAYER_SCALE, learned=lambda width: (width,),
            aliases=Aliases(("cait",), fields={"init_values": "residual_scale", "dim": "width"}, order=("dim",)),
        ),
        Residual(
            "deepnorm", "h′ = norm(α h + F(h))", "Wang et al. 2022",
            "Post-LN whose skip is weighted by α = (2 depth)^¼ and whose branches' weights start (8 depth)^¼ times "
            "smaller: the norm of the sum takes next to nothing from the skip.",
            operation="deepnorm", scale=lambda depth: (2 * depth) ** 0.25, on_skip=True,
            weights=lambda depth: (8 * depth) ** -0.25, normed=True,
            aliases=Aliases(("deep_norm", "deepnet")),
        ),
        Residual(
            "highway", "h′ = t ⊙ H(h) + (1 − t) ⊙ h,  t = σ(W_T h + b_T)", "Srivastava et al. 2015",
            "The forget gate in depth: 1 − t is how much of h a layer keeps, and a bias of −2 starts it at 0.88.",
            operation="highway", gated=True,
            aliases=Aliases(("highway_network", "highway_layer")),
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
            "The branch begins with norm and activation; nothing ever acts on the skip. With norm layer it is pre-LN, "
            "whose gradient grows by √(L + 1) over L blocks (Xiong et al. 2020).",
            (*_BEND, LINEAR), (*_BEND, LINEAR, JOIN),
            Aliases(
                ("preact", "pre_activation", "full_pre_activation", "resnet_v2", "v2", "pre_norm", *_PRE_LN),
                sets={key(name): {"norm": "layer"} for name in _PRE_LN},
            ),
        ),
        Block(
            "original", "h′ = f(h + β norm(W h + b))", "He et al. 2015",
            "The activation acts on the sum, so also on the skip: its factor is f′, not 1.",
            (LINEAR, *_BEND), (LINEAR, NORM_BEFORE, JOIN, ACTIVATION, DROPOUT, NORM_AFTER),
            Aliases(("resnet_v1", "v1"), ("resnet",)),
        ),
        Block(
            "post_norm", "h′ = norm(h + β f(W h + b))", "Vaswani et al. 2017 (post-LN)",
            "The norm acts on the sum, so also on the skip: every block divides it by √(1 + v), v being the branch's "
            "variance. Without a norm of its own it is LayerNorm.",
            (LINEAR, ACTIVATION, DROPOUT), (LINEAR, ACTIVATION, DROPOUT, JOIN, NORM),
            Aliases(_POST_LN),
        ),
    ),
)  # fmt: skip


def parts_of_layer(settings: Settings, in_block: bool, ends: bool) -> list[str]:
    """What a layer is made of, in order. in_block: a skip leads around it; ends: it joins at the end of this layer."""
    block = BLOCKS[settings.residual_block if in_block else "post"]
    missing = {NORM_BEFORE, NORM, NORM_AFTER, DROPOUT}
    if settings.norm != "none":
        missing -= {NORM, f"norm {settings.norm_position}"}
    if settings.dropout:
        missing.discard(DROPOUT)
    return [part for part in (block.last if ends else block.inner) if part not in missing]


def kind_of_block(residual: str, usual: str = "post") -> str:
    """What stands where, if it is not given: DeepNorm has its norm on the sum."""
    return "post_norm" if RESIDUALS[residual].normed else usual


def norm_of_block(residual: str, block: str | None) -> str:
    """The norm, if it is not given: LayerNorm where the sum is normalised."""
    row = RESIDUALS[residual]
    return "layer" if row.joins and NORM in BLOCKS[block or kind_of_block(residual)].last else "none"


def scales(settings: Settings) -> tuple[float, float]:
    """By what the skip and the branch are multiplied when they join, at the start."""
    row, given = RESIDUALS[settings.residual], settings.residual_scale
    scale = 1.0 if row.scale is None or given is None else given
    return (scale, 1.0) if row.on_skip else (1.0, scale)


def weights_scale(settings: Settings) -> float:
    """What the weights of a branch are drawn with besides their rule."""
    scale = RESIDUALS[settings.residual].weights
    return 1.0 if scale is None else scale(settings.depth)


def blocks(settings: Settings, inputs: int, depth: int | None = None) -> Iterator[tuple[int, int, bool]]:
    """(first layer, last layer, has a skip), in order: blocks of `residual_span` layers whose ends are equally wide."""
    layer, span = 1, settings.residual_span
    depth = settings.depth if depth is None else depth
    joins = RESIDUALS[settings.residual].joins
    while layer <= depth:
        last = layer + span - 1
        before = inputs if layer == 1 else units_of(settings, layer - 1)
        if joins and last <= depth and before == units_of(settings, last):
            yield layer, last, True
            layer += span
        else:
            yield layer, layer, False
            layer += 1

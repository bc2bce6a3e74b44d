"""The presets of tokens: Transformer blocks."""

from __future__ import annotations

from .preset import Preset
from .two_experiments import Fields

_SMALL_STEP: Fields = {"learning_rate": 0.01}
_TOKENS: Fields = {"cell": "transformer", "width": 32, "batch": 32, "readout": "mean", **_SMALL_STEP}

TOKEN_PRESETS = (
    Preset(
        "transformer",
        "A Transformer's blocks add to a stream: along the skips the gradient comes whole, ×1 a block; they add ×0.07.",
        "three paths: skip, attention, MLP",
        {"cell": "transformer", "depth": 6, **_SMALL_STEP},
    ),
    Preset(
        "rank-collapse",
        "Without skips attention makes all tokens one after 3 blocks (Dong et al. 2021); scaled skips keep them apart.",
        "the tokens' cosine: 1 in A",
        {**_TOKENS, "depth": 12, "residual": "none"},
        "compare",
        {"residual": "scaled"},
        "similarity",
    ),
    Preset(
        "pre-ln",
        "Post-LN gives its last block the largest gradient, nearly 4 times pre-LN's, and so needs warm-up (Xiong "
        "et al. 2020).",
        "the topmost bars of A and B",
        {**_TOKENS, "depth": 24, "readout": "last", "residual_block": "post_norm"},
        "compare",
        {"residual_block": "pre"},
        "parameters",
    ),
)

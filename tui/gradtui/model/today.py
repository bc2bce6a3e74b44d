"""Pairs of today's networks, by which *One idea* goes on: a disease beside its cure, as in the story, without a page of
their own. What each arrives at, and learns, is computed by tests.
"""

from __future__ import annotations

from gradtui_engine.core.table import Table

from .pair import Pair

TODAY = Table(
    "pair of today",
    (
        # Without norms, which would hide it: they give the signal its scale back. 16 blocks without the stream keep
        # 4e-5 to 7e-5 of three seeds, and guess; with it 92 % of the digits are right.
        Pair(
            "transformer",
            "plain → residual stream",
            "stream",
            "16 blocks of a Transformer without skips",
            "the same on a residual stream",
            "Attention averages tokens until all are alike, and halves the error signal in every block; the stream "
            "carries it past attention and MLP at a factor of 1.",
            "attention and MLP add to a stream, whose own factor is exactly 1",
            {
                "cell": "transformer", "depth": 16, "norm": "none", "residual": "none", "batch": 32,
                "optimizer": "adam", "learning_rate": 0.001,
            },
            {"residual": "scaled"},
            {"iterations": 200},
            left="plain",
            right="stream",
        ),
        # An orthogonal RNN would remember, too (and not learn): PyTorch's weights forget, as in the story.
        Pair(
            "lru",
            "RNN → LRU",
            "LRU",
            "an RNN over 50 steps",
            "a linear recurrent unit over the same",
            "A linear state that decays by its own λ: with |λ| near 1 the error signal is there 50 steps back, as with "
            "an open forget gate.",
            "the state is multiplied by λ, whose size is near 1",
            {
                "cell": "rnn", "data": "recall", "steps": 50, "width": 32, "init": "pytorch", "optimizer": "adam",
                "learning_rate": 0.003, "clip": "norm", "dtype": "float32",
            },
            {"cell": "lru"},
            {"iterations": 300},
            left="RNN",
            right="LRU",
        ),
        # At a bias of −2 the gate carries 0.88, and what arrives is 0.02.
        Pair(
            "highway",
            "plain → Highway",
            "Highway",
            "30 layers of sigmoid",
            "the same, a gate beside each layer",
            "A forget gate in depth: each layer passes 1 − t of what it gets on as it is, and t of what it makes.",
            "the gate carries 1 − t of the signal past its layer: a forget gate, in depth",
            {"optimizer": "adam", "learning_rate": 0.003},
            {"residual": "highway", "highway_bias": -3.0},
            {"iterations": 200},
            left="plain",
            right="Highway",
        ),
    ),
)  # fmt: skip

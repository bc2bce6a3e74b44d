"""The pairs of the story: a disease beside its cure, on data where the one is real and the other helps.

A cure is judged by what is learnt: tests train every pair on five seeds. All numbers here are the least or the most of
those five; digits that are right are held-out ones. The same rows are lessons, presets and the chains of *One idea*.
"""

from __future__ import annotations

from gradtui_engine.core.table import Table

from .pair import Pair
from .two_experiments import Fields

_HE: Fields = {"activation": "relu", "init": "he_normal"}

PAIRS = Table(
    "pair",
    (
        # AdamW at 0.001, as plain descent at its best rate (0.03) gets the 30 ReLU layers to 57 % in 200 iterations,
        # and this to 89 to 94 % in 400. It does not help the sigmoid: 9 %, which is guessing.
        Pair(
            "relu",
            "sigmoid → ReLU",
            "ReLU",
            "30 layers of sigmoid",
            "the same, ReLU and He's weights",
            "Each layer multiplies the error signal by its slope: a sigmoid's is ¼ at most, so layer 1 gets nothing; "
            "a ReLU's is 1 where it is on, and layer 1 learns.",
            "a ReLU that is on has a slope of 1, and He's √2 makes up for those that are off",
            {"optimizer": "adamw", "learning_rate": 0.001},
            _HE,
            {"iterations": 400},
            left="sigmoid",
            right="ReLU",
        ),
        # At a rate of 0.1 seed 1 is at 40 % after 200 iterations; at 0.03 all five get to 88 % in 300.
        Pair(
            "small",
            "too small → Xavier",
            "Xavier",
            "30 tanh layers, weights too small",
            "the same with Xavier's weights",
            "Weights half as large as Xavier's halve the error signal in every layer, and a billionth of it reaches "
            "layer 1; with Xavier's own a fifth does.",
            "Xavier's weights have the size that keeps a layer's factor near 1",
            {"activation": "tanh", "gain": 0.5, "learning_rate": 0.03},
            {"gain": 1.0},
            {"iterations": 300},
            left="too small",
            right="Xavier",
        ),
        # With Adam the left side would not diverge: it falls from 12,600 to 17, which is no better than guessing.
        Pair(
            "large",
            "too large → He",
            "He",
            "20 ReLU layers, weights too large",
            "the same with He's weights",
            "Weights 1.5 times He's multiply the error signal by 1.5 in every layer: layer 1 gets thousands of times "
            "too much, and two updates destroy the network.",
            "He's weights have the size that keeps a ReLU layer's factor near 1",
            {**_HE, "depth": 20, "gain": 1.5, "optimizer": "momentum", "learning_rate": 0.01},
            {"gain": 1.0},
            {"iterations": 400, "schedule": "cosine"},
            left="too large",
            right="He",
        ),
        Pair(
            "residual",
            "plain → residual",
            "residual",
            "30 plain ReLU layers",
            "the same with skip connections",
            "A skip carries the error signal past its layer at a factor of exactly 1; without, under a ten-thousandth "
            "reaches layer 1, and nothing is learnt.",
            "the skip adds a path whose factor is exactly 1",
            {"activation": "relu"},
            {"residual": "scaled"},
            {"iterations": 200},
            left="plain",
            right="residual",
        ),
        Pair(
            "batchnorm",
            "big steps → batch norm",
            "batch norm",
            "10 ReLU layers, big steps (rate 1)",
            "the same with batch norm",
            "Batch norm does not calm the error signal, which even grows with it: what it does is bear big "
            "steps; without it a few of them destroy the network.",
            "batch norm divides by what it measures, so that no layer's output runs away",
            {**_HE, "depth": 10, "learning_rate": 1.0},
            {"norm": "batch"},
            {"iterations": 200},
            left="without",
            right="batch norm",
        ),
        # 20 layers and a rate of 0.1 are right in 48 % after 300 iterations; these in 89 to 97 % after 600, as fast.
        Pair(
            "clipping",
            "unclipped → clipped",
            "clipping",
            "15 ReLU layers, exploding",
            "the same, the gradient clipped",
            "Clipping changes no factor, so at first the bars are alike: it shortens the update alone; unclipped, "
            "three updates destroy the network, clipped it learns.",
            "clipping leaves the product as it is, and caps what comes out",
            {**_HE, "depth": 15, "gain": 1.3, "learning_rate": 0.3},
            {"clip": "norm"},
            {"iterations": 600},
            left="unclipped",
            right="clipped",
        ),
        # PyTorch's own weights, by which its RNN forgets from the first iteration on (1e-10 at the most): with Xavier's
        # a tanh RNN that sees so little for 49 steps keeps up to the whole gradient, and learns.
        Pair(
            "lstm",
            "RNN → LSTM",
            "LSTM",
            "an RNN over 50 steps",
            "an LSTM, its forget gate open",
            "A symbol is shown at the first step, then 49 steps of noise: which was it? The RNN's error signal dies on "
            "the way back, the open gate carries it.",
            "the forget gate is near 1, and so carries the cell state on",
            {
                "cell": "rnn", "data": "recall", "steps": 50, "width": 32, "init": "torch_default", "optimizer": "adam",
                "learning_rate": 0.003, "clip": "norm", "dtype": "float32",
            },
            {"cell": "lstm", "forget_bias": 3.0},
            {"iterations": 300},
            left="RNN",
            right="LSTM",
            pane="cure",
            explains="why",
        ),
        Pair(
            "depth",
            "50 → 5 layers",
            "depth",
            "50 layers of sigmoid",
            "5 layers of the same",
            "Each sigmoid layer passes under a quarter of the error signal on: after 5 some thousandths are left, and "
            "Adam learns; after 50 there is nothing.",
            "a product of few factors is not yet nothing",
            {"depth": 50, "optimizer": "adam", "learning_rate": 0.01},
            {"depth": 5},
            {"iterations": 300},
            left="50 layers",
            right="5 layers",
        ),
    ),
)  # fmt: skip

"""The presets that train: what their points claim is computed by tests, the long ones in soak."""

from __future__ import annotations

from .pairs import PAIRS
from .preset import Fields, Preset

_HE: Fields = {"activation": "relu", "init": "he_normal"}
#: The adding problem as Hochreiter & Schmidhuber (1997) pose it, at a size that learns in seconds.
_ADDING: Fields = {
    "data": "adding", "width": 32, "batch": 64, "optimizer": "adam", "learning_rate": 0.01, "clip": "norm",
    "dtype": "float32",
}  # fmt: skip
_200: Fields = {"iterations": 200}
_CLIPPING, _BATCHNORM = PAIRS["clipping"], PAIRS["batchnorm"]

TRAINING_PRESETS = (
    Preset(
        "train-clipping",
        "What clipping saves: 15 layers at 1.3 times He's weights are thrown from a loss of 262 to over 1e20 by "
        "one update; clipped, the same network learns.",
        _CLIPPING.fields,
        "train",
        _CLIPPING.changes,
        plan=_CLIPPING.plan,
    ),
    Preset(
        "train-adam",
        "Vanishing is not untrainable: less than 1e-3 of the gradient passes six sigmoid layers, and SGD learns "
        "nothing; Adam learns, and the gradient comes back as it does.",
        {"depth": 6},
        "train",
        {"optimizer": "adam", "learning_rate": 0.01},
    ),
    Preset(
        "train-batchnorm",
        "Batch normalisation bears large steps: at a rate of 1 ten ReLU layers diverge in five iterations, with it "
        "over 90 % of the held-out digits come out right.",
        _BATCHNORM.fields,
        "train",
        _BATCHNORM.changes,
        plan=_BATCHNORM.plan,
    ),
    Preset(
        "train-residual",
        "Exploding is not untrainable: unscaled sums multiply the gradient over 1,000 times in 17 layers, the "
        "first loss is over 5,000, and Adam learns over 80 % of the digits all the same.",
        {**_HE, "depth": 17, "residual": "add", "optimizer": "adam", "learning_rate": 0.01},
        "train",
    ),
    Preset(
        "train-gru",
        "A GRU's gradient comes back: 100 steps back there is 1e-12 of it at first, and a tenth or more once the "
        "gates have opened; there the loss falls, and adding is learnt.",
        {**_ADDING, "cell": "gru", "steps": 100},
        "train",
    ),
    Preset(
        "train-lag",
        "Adding two numbers out of 30 steps: an LSTM has learnt it within 250 iterations, a plain RNN with "
        "orthogonal weights is still guessing after 300.",
        {**_ADDING, "cell": "rnn", "steps": 30, "init": "orthogonal"},
        "train",
        {"cell": "lstm", "init": "xavier_normal"},
    ),
    Preset(
        "train-long-lag",
        "Adding two numbers out of 100 steps: a GRU has learnt it within 250 iterations, an LSTM with a forget "
        "bias of 1 is still guessing after 300.",
        {**_ADDING, "cell": "lstm", "steps": 100},
        "train",
        {"cell": "gru"},
    ),
    Preset(
        "train-dead",
        "Dead ReLUs grow in number: Adam at a rate of 0.1 switches three quarters of all units off for good, and "
        "nothing is learnt; at 0.01 a tenth dies, and it learns.",
        {**_HE, "depth": 5, "optimizer": "adam", "learning_rate": 0.01},
        "train",
        {"learning_rate": 0.1},
        "saturated",
        plan=_200,
        stage=4,
    ),
)

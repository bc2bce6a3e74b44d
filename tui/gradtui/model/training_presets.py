"""The presets that train: what their points claim is computed by tests, the long ones in soak."""

from __future__ import annotations

from .pairs import PAIRS
from .preset import Preset
from .two_experiments import Fields

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
        "What clipping saves: one update throws 15 layers at 1.3 times He's weights from 262 to over 1e20; "
        "clipped, they learn.",
        "where A's loss ends",
        _CLIPPING.fields,
        "train",
        _CLIPPING.changes,
        plan=_CLIPPING.plan,
    ),
    Preset(
        "train-adam",
        "Vanishing is not untrainable: of less than 1e-3 SGD learns nothing; Adam learns, and the gradient comes "
        "back as it does.",
        "how B's map fills",
        {"depth": 6},
        "train",
        {"optimizer": "adam", "learning_rate": 0.01},
    ),
    Preset(
        "train-batchnorm",
        "Batch norm bears large steps: at a rate of 1 ten ReLU layers diverge in five iterations; with it over 90 "
        "% come out right.",
        "where A's loss ends",
        _BATCHNORM.fields,
        "train",
        _BATCHNORM.changes,
        plan=_BATCHNORM.plan,
    ),
    Preset(
        "train-residual",
        "Exploding is not untrainable: over ×1,000 in 17 layers, a first loss over 5,000, and Adam learns over 80 "
        "% of the digits.",
        "how the loss falls",
        {**_HE, "depth": 17, "residual": "add", "optimizer": "adam", "learning_rate": 0.01},
        "train",
    ),
    Preset(
        "train-lru",
        "Over 100 steps of noise a plain RNN learns nothing of the first symbol; an LRU, eigenvalues near 1, "
        "recalls it.",
        "how B's loss falls",
        {
            "cell": "rnn",
            "data": "recall",
            "steps": 100,
            "width": 32,
            "batch": 64,
            "optimizer": "adam",
            "learning_rate": 0.01,
            "dtype": "float32",
        },
        "train",
        {"cell": "lru"},
        plan={"iterations": 150, "batches": "fresh"},
    ),
    Preset(
        "train-gru",
        "A GRU's gradient comes back: 1e-12 arrives 100 steps back at first, a tenth or more once the gates open; "
        "then it learns.",
        "map and loss together",
        {**_ADDING, "cell": "gru", "steps": 100},
        "train",
    ),
    Preset(
        "train-lag",
        "Adding two numbers out of 30 steps: an LSTM has learnt it by iteration 250, an RNN with orthogonal "
        "weights not by 300.",
        "whose loss falls",
        {**_ADDING, "cell": "rnn", "steps": 30, "init": "orthogonal"},
        "train",
        {"cell": "lstm", "init": "xavier_normal"},
    ),
    Preset(
        "train-long-lag",
        "Adding two numbers out of 100 steps: a GRU has learnt it by iteration 250, an LSTM with a forget bias of "
        "1 not by 300.",
        "whose loss falls",
        {**_ADDING, "cell": "lstm", "steps": 100},
        "train",
        {"cell": "gru"},
    ),
    Preset(
        "train-dead",
        "Dead ReLUs grow in number: Adam at a rate of 0.1 kills ¾ of all units for good, and learns nothing; at "
        "0.01 a tenth dies.",
        "both maps: the dead",
        {**_HE, "depth": 5, "optimizer": "adam", "learning_rate": 0.01},
        "train",
        {"learning_rate": 0.1},
        "saturated",
        plan=_200,
        stage=4,
    ),
)

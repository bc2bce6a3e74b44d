"""The presets of time: recurrent cells, and how far back their gradient comes."""

from __future__ import annotations

from .preset import Preset
from .two_experiments import Fields

_RNN: Fields = {"cell": "rnn", "data": "gaussian"}

CELL_PRESETS = (
    Preset(
        "rnn",
        "Through time it is the same product with one matrix: ×0.63 a step on noise, so less than 1e-12 is left "
        "after 64 steps.",
        "the left end",
        _RNN,
    ),
    Preset(
        "irnn",
        "ReLU and the identity as weights keep an RNN's factor near 1 (Le et al. 2015); the price: a first loss "
        "of 190, not of 1.",
        "B's columns, and its loss",
        _RNN,
        "compare",
        {"activation": "relu", "init": "identity"},
    ),
    Preset(
        "forget-gate",
        "The forget gate decides: at bias 0 a billionth of the cell's gradient is left after 64 steps; "
        "at 4 it is 98 % open, and ×145 arrives.",
        "the left ends",
        {"cell": "lstm", "forget_bias": 0.0},
        "compare",
        {"forget_bias": 4.0},
    ),
    Preset(
        "keras-lstm",
        "PyTorch's LSTM starts without a forget bias: under 1e-4 of the cell's gradient passes 20 steps; Keras' "
        "has one of 1, and 1 % does.",
        "the left ends",
        {"cell": "lstm", "data": "adding", "steps": 20, "init": "torch_default"},
        "compare",
        {"init": "keras_default"},
    ),
    Preset(
        "carousel",
        "A forget gate pinned at 1 is the constant error carousel: factor 1 at every step, and ∂L/∂c changes by "
        "less than ¼ in 64.",
        "∂L/∂c: nearly level",
        {"cell": "lstm", "pin_forget": 1.0, "input_bias": -4.0},
    ),
    Preset(
        "gru-lstm",
        "A GRU starts with its gate half open and loses a quarter of the gradient a step; an LSTM with a forget "
        "bias of 1 loses 7 %.",
        "the left ends",
        {"cell": "gru"},
        "compare",
        {"cell": "lstm"},
    ),
    Preset(
        "mingru",
        "A minGRU is no cure: its gates read the input alone, so its factor is 1 − z, a half; a GRU's gates "
        "add to that.",
        "B's parts: 0 through the gates",
        {"cell": "gru"},
        "compare",
        {"cell": "mingru"},
        "factor",
    ),
)

#: How far back a gradient comes: by when a gate lets go, and by where it is cut.
REACH_PRESETS = (
    Preset(
        "chrono",
        "A GRU's half-open gate brings under a millionth of the gradient to the start; a time for each unit "
        "(chrono) a quarter.",
        "the left ends",
        {"cell": "gru", "data": "adding"},
        "compare",
        {"gate_init": "chrono"},
    ),
    Preset(
        "truncation",
        "Truncation is no cure: forward nothing changes, and before the last cut the gradient is exactly 0.",
        "the walls in B, and nothing left of them",
        {"cell": "lstm", "forget_bias": 4.0},
        "compare",
        {"truncate": 16},
    ),
)

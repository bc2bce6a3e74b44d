"""The presets that sweep: what their points claim is computed by tests, the long ones in soak.

A preset's `sweep` is the table [sweep] of a plan, and `train`, how many iterations each cell is trained for.
"""

from __future__ import annotations

from .preset import Preset
from .two_experiments import Fields

#: Chain of the mean field's figures: tanh, biases N(0, 0.05²), a rate at which the middle of the plane learns.
_CHAOS: Fields = {"activation": "tanh", "sigma_b": 0.05, "learning_rate": 0.03}
#: As many numbers as the network has parameters, all of them in every batch (Sohl-Dickstein 2024).
_FRACTAL: Fields = {
    "depth": 1, "width": 16, "activation": "tanh", "data": "gaussian", "inputs": 16, "batch": 256, "dtype": "float32",
}  # fmt: skip

SWEEP_PRESETS = (
    Preset(
        "sweep-edge-of-chaos",
        "Networks of tanh learn near χ = 1: 50 layers at σ_w 1 to 1.5, 10 nearly everywhere (Schoenholz 2017).",
        "the bright wedge, and 6ξ along it",
        _CHAOS,
        "sweep",
        sweep={"x": "sigma_w=0.6:2.2:17", "y": "depth=10:50:9", "measure": ["accuracy", "ratio"], "train": 200},
    ),
    Preset(
        "sweep-forget-bias",
        "A forget bias of −2 keeps under 1e-14 of the gradient over 30 steps and 1e-45 over 100; of 2 all of it, "
        "however long.",
        "the dark corner",
        {"cell": "lstm", "data": "adding", "width": 32, "batch": 32},
        "sweep",
        sweep={"x": "forget_bias=-2:6:17", "y": "steps=10:100:10", "measure": "ratio"},
    ),
    Preset(
        "sweep-batchnorm",
        "Batch norm widens the rates that work tenfold: ten ReLU layers learn at 1 with it, and without it up to 0.1.",
        "the bright part of each",
        {"activation": "relu", "init": "he_normal", "dtype": "float32"},
        "sweep",
        {"norm": "batch"},
        sweep={"x": "learning_rate=1e-3:10:13:log", "y": "depth=4:30:8", "measure": "accuracy", "train": 100},
    ),
    Preset(
        "sweep-residual",
        "Without skips one gain fits 50 layers, and 1e-20 arrives beside it; with skips scaled by 1/√depth "
        "every gain does.",
        "how wide the healthy part is",
        {"activation": "tanh"},
        "sweep",
        {"residual": "scaled"},
        sweep={"x": "gain=0.25:4:17:log", "y": "depth=5:50:10", "measure": "ratio"},
    ),
    Preset(
        "sweep-fractal",
        "The edge between rates that train and rates that diverge is ragged at every scale (Sohl-Dickstein 2024).",
        "islands beyond the edge",
        _FRACTAL,
        "sweep",
        plan={"batches": "one", "hold_out": 0.0},
        sweep={
            "x": "learning_rate_1=0.5:3000:35:log", "y": "learning_rate_2=0.1:1:20:log", "measure": "trains",
            "train": 100,
        },
    ),
)  # fmt: skip

"""The presets of depth: activations, initialisers and norms, skips, what training adds, mean-field theory."""

from __future__ import annotations

from .pairs import PAIRS
from .preset import Preset
from .two_experiments import Fields

_RELU: Fields = {"activation": "relu"}
_HE: Fields = {"activation": "relu", "init": "he_normal"}
#: At the usual rate of 0.1 one update throws the loss of these up (4.4 to 66, 22 to 97), though the gradient arrives.
_SMALL_STEP: Fields = {"learning_rate": 0.01}

DEPTH_PRESETS = (
    Preset(
        "vanishing",
        "A sigmoid's slope is ¼ at the most: 30 layers of ×0.23 leave less than 1e-18 of the gradient for layer 1.",
        "how the bars shrink towards layer 1",
    ),
    Preset(
        "relu-alone",
        "ReLU's slope of 1 is not enough: half of the units are off, so a layer keeps ×√½, and the gradient vanishes.",
        "the factors: near 0.71 in every layer",
        _RELU,
        quantity="factor",
    ),
    Preset(
        "relu-he",
        "He's initialiser doubles the variance that the units which are off have halved: √½ a layer becomes 1.",
        "how B's bars stay where A's shrink",
        _RELU,
        "compare",
        {"init": "he_normal"},
    ),
    Preset(
        "torch-default",
        "PyTorch's own start keeps ×0.41 of the gradient in a ReLU layer, under 1e-11 after 30; He's keeps it.",
        "how A's bars shrink towards layer 1",
        {**_RELU, "init": "torch_default"},
        "compare",
        {"init": "he_normal"},
    ),
    Preset(
        "xavier-tanh",
        "Xavier's rule fits tanh: a fifth of the gradient passes 30 layers; with weights half that size about "
        "1e-9 does.",
        "what reaches layer 1",
        PAIRS["small"].fields,
        "compare",
        PAIRS["small"].changes,
    ),
    Preset(
        "exploding",
        "Weights half as large again as He's multiply the gradient by 1.5 in every layer: over 100,000 times after 30.",
        "how the bars grow towards layer 1",
        {**_HE, "gain": 1.5},
    ),
    Preset(
        "clipping",
        "Clipping is no cure: it divides all updates by one number, and no factor changes: ×1.5 a layer in both.",
        "B's bars: all shorter by one factor",
        {**_HE, "gain": 1.5},
        "compare",
        {"clip": "norm"},
        "update",
    ),
    Preset(
        "batchnorm",
        "Batch norm alone is no cure: without skips it multiplies the gradient by about 1.21 a layer, and 60 "
        "layers explode.",
        "B's factors: all above 1",
        {**_HE, "depth": 60, **_SMALL_STEP},
        "compare",
        {"norm": "batch"},
        "factor",
    ),
    Preset(
        "residual",
        "A skip keeps a path of factor 1, but plain sums grow a millionfold and more; scaled by 1/√depth under "
        "fourfold.",
        "how A's bars grow",
        {**_HE, "residual": "add", **_SMALL_STEP},
        "compare",
        {"residual": "scaled"},
    ),
    Preset(
        "rezero",
        "ReZero's 100 blocks start as the identity, factor exactly 1: no weight gets a gradient before α "
        "moves, and α does.",
        "the layers without a bar",
        {**_HE, "depth": 100, "residual": "rezero"},
        quantity="parameters",
    ),
    Preset(
        "layer-scale",
        "LayerScale starts each unit's part of a block at 0.1: ×1.4 in 30 layers, where plain sums have two million.",
        "B's bars, nearly level",
        {**_HE, "residual": "add", **_SMALL_STEP},
        "compare",
        {"residual": "layer_scale"},
    ),
    Preset(
        "deepnorm",
        "Post-LN multiplies the gradient by 1.09 a layer, over 1,000 times in 100; DeepNorm weights the skip, and "
        "the factor is 1.",
        "B's bars, all alike",
        {**_HE, "depth": 100, "residual": "add", "residual_block": "post_norm"},
        "compare",
        {"residual": "deepnorm"},
    ),
    Preset(
        "highway",
        "A forget gate in depth: of 50 sigmoid layers 1e-31 arrives; Highway's gates, started at −4, keep 98 % of "
        "h, and a third does.",
        "B's factors: 0.98",
        {"depth": 50},
        "compare",
        {"residual": "highway", "highway_bias": -4.0},
    ),
    Preset(
        "thousand-layers",
        "Layer norm, scaled skips, pre-activation blocks: a factor of 1 over 1,000 layers; He's weights alone "
        "keep 1e-15.",
        "what reaches layer 1",
        {**_HE, "depth": 1000, "width": 32},
        "compare",
        {"norm": "layer", "residual": "scaled", "residual_block": "pre"},
    ),
    Preset(
        "dead-relu",
        "Deep and narrow ReLU networks are born dead (Lu et al. 2020): with 2 units a layer nothing passes layer "
        "30; with 64 it does.",
        "A's empty rows",
        {**_HE, "width": 2},
        "compare",
        {"width": 64},
    ),
    Preset(
        "bottleneck",
        "By Xavier's rule 8 units between 64 multiply the gradient by 0.47, then 1.33; LeCun's counts fan-in "
        "alone: 1 and 1.",
        "A's factors around layer 4",
        {"activation": "linear", "init": "xavier_normal", "width": "64,64,64,8,64,64,64", **_SMALL_STEP},
        "compare",
        {"init": "lecun_normal"},
        "factor",
    ),
    Preset(
        "symmetry",
        "Weights of zero make all units of a layer equal, and so are their gradients: no update can ever tell "
        "them apart.",
        "the rows without a bar",
        {"init": "zeros"},
        quantity="parameters",
    ),
    Preset(
        "saturated",
        "At ten times Xavier's weights over ¾ of tanh's units are saturated, yet the gradient explodes: each "
        "weight is huge.",
        "where the dots lie",
        {"activation": "tanh", "gain": 10.0},
        "lab",
    ),
    Preset(
        "sigmoid-output",
        "A sigmoid's slope is in mse's gradient, not in bce's: from saturated outputs a seventh as much comes back.",
        "A's bars, all shorter",
        {
            "activation": "tanh",
            "init": "lecun_normal",
            "gain_output": 30.0,
            "depth": 5,
            "loss": "mse",
            "output_activation": "sigmoid",
        },
        "compare",
        {"loss": "bce", "output_activation": "none"},
    ),
    Preset(
        "overflow",
        "float64 is no cure for what overflows in float32: the numbers fit, and the factor is 10 a layer as before.",
        "B's factors",
        {**_HE, "gain": 10.0, "depth": 60, "dtype": "float32"},
        "compare",
        {"dtype": "float64"},
    ),
    Preset(
        "underflow",
        "A loss scale is no cure for what vanishes, only for float16's end at 6e-8: layer 1 gets 0; scaled, "
        "what float32 has.",
        "A's rows without a bar",
        {"depth": 10, "dtype": "float16"},
        "compare",
        {"loss_scale": "dynamic"},
    ),
    Preset(
        "dropout",
        "Dropout is no cure for a gradient but a factor in it: half of the numbers at twice their size, ×√2 "
        "a layer both ways.",
        "B's factors",
        {**_HE, "depth": 20},
        "compare",
        {"dropout": 0.5},
        "factor",
    ),
    Preset(
        "adam",
        "Adam is no cure, it hides the disease: every layer gets an update of one size, while the gradient "
        "vanishes as before.",
        "B's updates: all alike",
        {"depth": 8},
        "compare",
        {"optimizer": "adam"},
        "update",
    ),
    Preset(
        "edge-of-chaos",
        "On the edge of chaos a layer keeps the gradient's size (χ = 1): it passes 100 layers; with σ_w a third "
        "smaller it vanishes.",
        "where A and B lie",
        {"activation": "tanh", "sigma_w": 1.19, "sigma_b": 0.1, "depth": 100, **_SMALL_STEP},
        "theory",
        {"sigma_w": 0.8},
    ),
    Preset(
        "isometry",
        "Orthogonal weights keep every direction of the gradient; Gaussian ones keep its length on average, and "
        "lose most directions.",
        "the singular values",
        {"activation": "linear", "init": "orthogonal", "depth": 50, **_SMALL_STEP},
        "theory",
        {"init": "lecun_normal"},
    ),
)

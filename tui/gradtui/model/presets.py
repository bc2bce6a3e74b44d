"""Presets: experiments that make one point each. `gradtui NAME` opens one; a test computes what each point claims.

In Compare the disease is A and the cure B. A famous cure that is none says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from gradtui_engine.core.options import flag
from gradtui_engine.core.table import Table

from ..text.language import tr
from .pairs import PAIRS
from .preset import Preset
from .sweep_presets import SWEEP_PRESETS
from .training_presets import TRAINING_PRESETS
from .two_experiments import Fields

if TYPE_CHECKING:
    from .state import State

_RELU: Fields = {"activation": "relu"}
_HE: Fields = {"activation": "relu", "init": "he_normal"}
#: At the usual rate of 0.1 one update throws the loss of these up (4.4 to 66, 22 to 97), though the gradient arrives.
_SMALL_STEP: Fields = {"learning_rate": 0.01}
_TOKENS: Fields = {"cell": "transformer", "width": 32, "batch": 32, "readout": "mean", **_SMALL_STEP}
_RNN: Fields = {"cell": "rnn", "data": "gaussian"}
PRESETS = Table(
    "preset",
    (
        Preset(
            "vanishing",
            "A sigmoid's slope is ¼ at the most: 30 layers of ×0.23 leave less than 1e-18 of the gradient for layer 1.",
            "how the bars shrink towards layer 1",
        ),
        Preset(
            "relu-alone",
            "ReLU's slope of 1 is not enough: half of the units are off, so a layer keeps ×√½, and the gradient "
            "vanishes.",
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
            "PyTorch's own start keeps a sixth of the variance in a ReLU layer: ×0.41 each, under 1e-11 after 30; "
            "He's keeps it.",
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
            "Weights half as large again as He's multiply the gradient by 1.5 in every layer: over 100,000 times "
            "after 30.",
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
            "ReZero's 100 blocks start as the identity, with a factor of exactly 1: no weight gets a gradient before α "
            "moves, and α does.",
            "the layers without a bar",
            {**_HE, "depth": 100, "residual": "rezero"},
            quantity="parameters",
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
            "overflow",
            "float64 is no cure for what overflows in float32: the numbers fit, and the factor is 10 a layer as "
            "before.",
            "B's factors",
            {**_HE, "gain": 10.0, "depth": 60, "dtype": "float32"},
            "compare",
            {"dtype": "float64"},
        ),
        Preset(
            "underflow",
            "A loss scale is no cure for what vanishes, only for float16's end at 6e-8: layer 1 of 10 gets exactly 0, "
            "and times 65,536 on its way what float32 has.",
            "A's rows without a bar",
            {"depth": 10, "dtype": "float16"},
            "compare",
            {"loss_scale": "dynamic"},
        ),
        Preset(
            "dropout",
            "Dropout is no cure for a gradient but a factor in it: of half of the numbers at twice their size ×√2 a "
            "layer remains, forward and back.",
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
            "A minGRU by itself is no cure: its gates read the input alone, so its factor is 1 − z, half a step, and "
            "nothing else; a GRU's gates add to that.",
            "B's parts: 0 through the gates",
            {"cell": "gru"},
            "compare",
            {"cell": "mingru"},
            "factor",
        ),
        Preset(
            "transformer",
            "A Transformer is a stream that attention and MLP add to: along the skips the gradient comes whole, ×1 a "
            "block, and they add ×0.07.",
            "three paths: skip, attention, MLP",
            {"cell": "transformer", "depth": 6, **_SMALL_STEP},
        ),
        Preset(
            "rank-collapse",
            "Attention averages: without skips all tokens are one after 3 blocks (cosine 1: rank collapse, Dong et al. "
            "2021); with scaled skips they stay apart.",
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
        Preset(
            "chrono",
            "A GRU starts with its gate half open and brings less than a millionth of the gradient to the start; with "
            "a time of its own for each unit (chrono) about a quarter arrives.",
            "the left ends",
            {"cell": "gru", "data": "adding"},
            "compare",
            {"gate_init": "chrono"},
        ),
        Preset(
            "truncation",
            "Truncated backpropagation is no cure: forward nothing changes, and before the last cut the gradient is "
            "exactly 0, however open the gates are.",
            "the walls in B, and nothing left of them",
            {"cell": "lstm", "forget_bias": 4.0},
            "compare",
            {"truncate": 16},
        ),
        Preset(
            "one-idea",
            "ReLU's slope, the residual's identity and the LSTM's forget gate are one idea: keep the product of "
            "factors near 1.",
            "the three cures' products",
            view="idea",
        ),
        *TRAINING_PRESETS,
        *SWEEP_PRESETS,
    ),
)


def named(word: str, files: bool = True) -> bool:
    """Whether a word of the command line is a preset; a file of that name comes first, where files are opened."""
    return word in PRESETS and not (files and Path(word).exists())


#: What of a sweep's plan only says what is shown of it.
_LOOKED_AT = ("measure", "second")


def about(state: State) -> Preset | None:
    """The preset that the screen is still about: nothing that it asked for has been changed since it was opened."""
    preset = PRESETS.get(state.preset)
    if preset is None or state.recordings or state.turns:
        return None
    plan = preset.plan_of_sweep
    own = (preset.experiment, dict(preset.changes), dict(preset.plan), plan)
    # The measures of a sweep are looked at one after the other.
    swept = {name: value for name, value in state.sweep if name not in _LOOKED_AT} if plan else {}
    swept |= {name: value for name, value in plan.items() if name in _LOOKED_AT}
    return preset if own == (state.experiment, dict(state.changes), dict(state.plan), swept) else None


def experiment_values(name: str) -> dict[str, Any]:
    """A preset's fields of the experiment, which a file or options may override."""
    return dict(PRESETS[name].fields)


def training_values(name: str) -> dict[str, Any]:
    """A preset's fields of the training, which a file or options may override."""
    return dict(PRESETS[name].plan)


def screen_values(name: str) -> dict[str, Any]:
    """A preset's options of the screen: view, quantity, what B differs in, how both are trained.

    Texts, as the command line gives them; and of which preset the sentence is shown.
    """
    preset = PRESETS[name]
    values: dict[str, Any] = {}
    if preset.view != Preset.view:
        values["view"] = preset.view
    if preset.quantity != Preset.quantity:
        values["quantity"] = preset.quantity
    if preset.stage is not None:
        values["stage"] = str(preset.stage)
    if preset.changes:
        values["b"] = [f"{field.replace('_', '-')}={value}" for field, value in preset.changes.items()]
    values |= {name: str(value) for name, value in preset.plan.items()}
    values |= {f"sweep_{name}": str(value) for name, value in preset.plan_of_sweep.items()}
    if preset.trains:
        values["train"] = True
    values["about"] = name
    return values


def arguments(name: str) -> list[str]:
    """The arguments that a preset's name stands for."""
    words = PRESETS[name].experiment.to_arguments()
    for option, value in screen_values(name).items():
        for text in value if isinstance(value, list) else [value]:
            words += [flag(option), *([] if text is True else [text])]
    # Without a word the story is told.
    return words or ["--view", PRESETS[name].view]


def listing(out: TextIO, width: int) -> int:
    """`gradtui presets`: every preset with its point and the command that it stands for."""
    import shlex

    from ..text.spans import text_of, wrap

    indent = "    "
    text = tr(
        "gradtui NAME opens a preset, and options after it change its fields: gradtui vanishing --depth 50. "
        "The last line of each is the command that the name stands for."
    )
    lines = [text_of(line) for line in wrap(text, width)]
    for preset in PRESETS.values():
        lines += ["", preset.name]
        lines += [indent + text_of(line) for line in wrap(tr(preset.point), max(20, width - len(indent)))]
        # Not wrapped: a command is there to be copied.
        lines.append(indent + shlex.join(["gradtui", *arguments(preset.name)]))
    out.write("\n".join(lines) + "\n")
    return 0

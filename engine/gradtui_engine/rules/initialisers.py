"""The table of initialisers: how a weight matrix is drawn, and the variance that theory needs.

The last rows are the named sets: what the modules of a framework start with, biases, recurrent weights and forget gate
too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..core.message import English, Message
from ..core.names import NO_ALIASES, Aliases
from ..core.table import Table
from .draws import (
    TRUNCATED_VARIANCE,
    Draw,
    Variance,
    bounded,
    constant,
    cut_normal,
    cut_variance,
    fan_in_std,
    he_std,
    identity,
    normal,
    orthogonal,
    rule,
    spread,
    truncated,
    truncated_of_one,
    uniform,
    xavier_std,
    zeros,
)


@dataclass(frozen=True, slots=True)
class Initialiser:
    """One initialiser.

    draw(generator, fan_out, fan_in, gain, scale) → (fan_out, fan_in). variance gives Var(W_ij) where the rule has one
    that mean-field theory can use, None otherwise. built_in_gain is the gain that the rule already contains:
    `gain = "auto"` puts the activation's in its place. data_dependent rows are finished by the network, on its batch.
    keeps_scale says that it is one of the rules that were made so that a signal, or its gradient, keeps its scale from
    layer to layer.

    A named set (is_set) says more than how a matrix is drawn. of_module gives, where every tensor of a module starts
    alike, biases too, the scale of all of them: by fan_in for a layer, by the number of hidden units for a cell.
    recurrent is the row that draws a cell's W_hh, None where this one does. With `whole` a cell's weights are drawn
    with all gates in one matrix, whose fan_out is that of all gates. forget_bias is added to the forget gate's bias.
    What is given by hand (init_recurrent, forget_bias, sigma_b …) stands in their place.
    """

    name: str
    formula: str
    draw: Draw
    source: str
    note: English
    variance: Variance | None = None
    built_in_gain: float = 1.0
    data_dependent: bool = False
    keeps_scale: bool = False
    of_module: Callable[[float], float] | None = None
    is_set: bool = False
    recurrent: str | None = None
    whole: bool = False
    forget_bias: float = 1.0
    aliases: Aliases = NO_ALIASES


#: What is not the same of a normal distribution in Keras and JAX.
_CUT_THERE: English = "Keras and JAX cut it at two standard deviations; the variance is the same"
#: Parameters of PyTorch's kaiming_… as they are here; a slope `a` is the activation's.
_KAIMING = {"a": (0,), "mode": ("fan_in",), "nonlinearity": ("leaky_relu", "relu")}

INITIALISERS = Table(
    "init",
    (
        Initialiser(
            "normal", Message("W ~ N(0, gain² / fan_in), or N(0, gain² scale²)"), rule(fan_in_std, normal), "–",
            "Keeps the variance of a linear layer's output; σ_w of the mean-field papers is the gain.",
            spread(fan_in_std),
            # PyTorch's, Keras' and JAX' own of this name have a standard deviation of their own.
            aliases=Aliases(
                ("random_normal",), ("gaussian", "randn"), order=("mean", "std"),
                fields={"std": "init_scale", "stddev": "init_scale"}, fixed={"mean": (0.0,)},
                needs={"randomnormal": ("stddev",), "torch": ("std",), "keras": ("stddev",), "jax": ("stddev",)},
            ),
        ),
        Initialiser(
            "uniform", Message("W ~ U(±gain / √fan_in), or U(±gain scale)"), rule(fan_in_std, bounded),
            "Glorot & Bengio 2010, eq. 1",
            "The old rule of thumb. A third of normal's variance: each layer shrinks the signal by √3.",
            spread(fan_in_std, 1 / 3),
            aliases=Aliases(near=("random_uniform", "rand"), unlike=("torch", "keras", "jax")),
        ),
        Initialiser(
            "truncated_normal", Message("as normal, drawn again beyond ±2 standard deviations"),
            rule(fan_in_std, truncated), "TensorFlow, Keras: TruncatedNormal; JAX: truncated_normal",
            "No outliers; the cut takes away 23 % of the variance, and 12 % of the standard deviation.",
            spread(fan_in_std, TRUNCATED_VARIANCE),
            aliases=Aliases(
                ("random_truncated_normal",), order=("mean", "stddev"), fields={"stddev": "init_scale"},
                fixed={"mean": (0.0,)},
            ),
        ),
        Initialiser(
            "trunc_normal", Message("as normal, drawn again beyond ±2, whatever the standard deviation"),
            cut_normal, "PyTorch 2: trunc_normal_",
            "The cut lies at 2, not at 2 standard deviations: of small weights it takes nothing away.", cut_variance,
            aliases=Aliases(
                order=("mean", "std"), fields={"std": "init_scale"}, fixed={"mean": (0.0,), "a": (-2.0,), "b": (2.0,)}
            ),
        ),
        Initialiser(
            "xavier_normal", "W ~ N(0, 2 gain² / (fan_in + fan_out))", rule(xavier_std, normal),
            "Glorot & Bengio 2010",
            "A compromise between forward and backward variance; made for tanh, too small for ReLU.",
            spread(xavier_std), keeps_scale=True,
            aliases=Aliases(
                ("glorot_normal",), ("xavier", "glorot"), fields={"gain": "gain"},
                remarks={"glorotnormal": _CUT_THERE, "keras": _CUT_THERE, "jax": _CUT_THERE},
            ),
        ),
        Initialiser(
            "xavier_uniform", "W ~ U(±gain √(6 / (fan_in + fan_out)))", rule(xavier_std, uniform),
            "Glorot & Bengio 2010", "The uniform twin of xavier_normal: the same variance.", spread(xavier_std),
            keeps_scale=True, aliases=Aliases(("glorot_uniform",), fields={"gain": "gain"}),
        ),
        Initialiser(
            "he_normal", "W ~ N(0, 2 gain² / fan_in)", rule(he_std, normal), "He et al. 2015",
            "Doubles the variance because ReLU switches half of the units off; with a slope s it is 2 / (1 + s²).",
            spread(he_std), built_in_gain=math.sqrt(2), keeps_scale=True,
            aliases=Aliases(
                ("kaiming_normal",), ("he", "kaiming", "msra"), fixed=_KAIMING,
                remarks={"keras": _CUT_THERE, "jax": _CUT_THERE},
            ),
        ),
        Initialiser(
            "he_uniform", "W ~ U(±gain √(6 / fan_in))", rule(he_std, uniform), "He et al. 2015",
            "The uniform twin of he_normal: the same variance.", spread(he_std), built_in_gain=math.sqrt(2),
            keeps_scale=True, aliases=Aliases(("kaiming_uniform",), fixed=_KAIMING),
        ),
        Initialiser(
            "lecun_normal", "W ~ N(0, gain² / fan_in)", rule(fan_in_std, normal), "LeCun et al. 1998",
            "The rule that SELU's self-normalisation asks for.", spread(fan_in_std), keeps_scale=True,
            aliases=Aliases(
                near=("lecun", "variance_scaling"), remarks={"keras": _CUT_THERE, "jax": _CUT_THERE}
            ),
        ),
        Initialiser(
            "lecun_uniform", "W ~ U(±gain √(3 / fan_in))", rule(fan_in_std, uniform), "LeCun et al. 1998",
            "The uniform twin of lecun_normal: the same variance.", spread(fan_in_std), keeps_scale=True,
        ),
        Initialiser(
            "orthogonal", "W = gain Q, QᵀQ = 1", orthogonal, "Saxe et al. 2014",
            "All singular values are the gain: a deep linear network keeps every direction, not only the average one.",
            lambda fan_out, fan_in, gain, scale: gain**2 / max(fan_out, fan_in),
            keeps_scale=True,
            aliases=Aliases(("ortho",), ("delta_orthogonal",), fields={"gain": "gain", "scale": "gain"}),
        ),
        Initialiser(
            "identity", Message("W = gain · 1 where square, else as xavier_normal"), identity, "Le et al. 2015 (IRNN)",
            "A ReLU RNN with it remembers: its factor is 1 at the start. (In the paper W_ih is N(0, 0.001²).)",
            aliases=Aliases(
                ("irnn",), ("eye", "dirac"), remarks={"keras": "where W is not square, Keras has ones on the diagonal"}
            ),
        ),
        Initialiser(
            "lsuv", Message("orthogonal, then each layer scaled to Var(z) = gain² on the batch"), orthogonal,
            "Mishkin & Matas 2016", "Measures instead of assuming: whatever the activation, z has the same variance.",
            data_dependent=True, keeps_scale=True,
        ),
        Initialiser(
            "constant", Message("W = gain / √fan_in, or gain · scale"), constant, "–",
            "All units are equal and stay equal: the gradient cannot tell them apart.",
            aliases=Aliases(
                ("ones",), order=("val",), fields={"val": "init_scale", "value": "init_scale"},
                needs={"torch": ("val",), "keras": ("value",), "jax": ("value",), "ones": ()},
                sets={"ones": {"init_scale": 1.0}},
            ),
        ),
        Initialiser(
            "zeros", "W = 0", zeros, "–",
            "Every unit is the same and no gradient passes: the network cannot begin to learn.",
            lambda fan_out, fan_in, gain, scale: 0.0, aliases=Aliases(("zero",)),
        ),
        Initialiser(
            "torch_default", Message("W, b ~ U(±1/√n), n = fan_in, of a cell its hidden units; W times gain"),
            rule(fan_in_std, bounded), "PyTorch 2: nn.Linear, nn.RNN, nn.LSTM, nn.GRU",
            "PyTorch's own: kaiming_uniform(a = √5), biases too, no forget bias. Each layer shrinks the signal by √3.",
            spread(fan_in_std, 1 / 3), of_module=lambda fan: fan_in_std(fan, fan),
            is_set=True, forget_bias=0.0,
            aliases=Aliases(("torch", "pytorch", "pytorch_default"), ("default",)),
        ),
        Initialiser(
            "keras_default", Message("W ~ U(±gain √(6 / (fan_in + fan_out))), W_hh = gain Q, both of all gates; b = 0"),
            rule(xavier_std, uniform), "Keras 3: Dense, SimpleRNN, LSTM, GRU (reset_after)",
            "Keras' own: glorot_uniform, an orthogonal recurrent kernel of all gates in one, a forget bias of 1.",
            spread(xavier_std), is_set=True, recurrent="orthogonal", whole=True,
            aliases=Aliases(("keras", "tensorflow_default", "tf_default"), ("tensorflow",)),
        ),
        Initialiser(
            "flax_default", Message("W as N(0, gain² / fan_in) cut at 2 standard deviations, W_hh = gain Q; b = 0"),
            rule(fan_in_std, truncated_of_one), "Flax: Dense, SimpleCell, LSTMCell, GRUCell",
            "Flax's own: lecun_normal without outliers, orthogonal recurrent weights gate by gate, no forget bias.",
            spread(fan_in_std), is_set=True, recurrent="orthogonal", forget_bias=0.0,
            aliases=Aliases(("flax", "jax_default", "linen_default"), ("jax", "haiku_default")),
        ),
    ),
)  # fmt: skip

#: The rows that say how one matrix is drawn, without the sets: what the output layer can have of its own, and W_hh.
OUTPUT_RULES = Table("init_output", (row for row in INITIALISERS.values() if not row.is_set))
RECURRENT_RULES = Table("init_recurrent", (row for row in OUTPUT_RULES.values() if not row.data_dependent))

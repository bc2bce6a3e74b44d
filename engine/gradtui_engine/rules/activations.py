"""The table of activations: value, derivative, and what each does to a gradient. To add one, add its row."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..core.message import English, Message
from ..core.names import NO_ALIASES, Aliases
from ..core.table import Table
from . import activation_functions as curves
from .activation_functions import SELU_ALPHA, SELU_SCALE, sigmoid

__all__ = ["ACTIVATIONS", "SIGMOID_SATURATION", "TANH_SATURATION", "Activation", "sigmoid"]


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation a = f(z).

    forward(z, out, slope) writes f(z); derivative(z, a, out, slope) writes f'(z), given a = f(z) as well; `out`
    is another array than z and a. derivative_bounds are the infimum and supremum of f'; gain is the factor on the
    weights' standard deviation that PyTorch's `calculate_gain` gives, or, where it gives none, 1/√E[f(x)²] for
    a standard normal x (rounded to 4 digits), which keeps a signal of variance 1. kinks are where f' jumps (there
    f' takes PyTorch's value); saturation is the pair of outputs beyond which the unit counts as saturated.
    slope is the default of the one shape parameter, None where there is none: f is s z left of 0 and z right of it, and
    derivative_bounds and gain are those at the default (`bounds_at` and `gain_at` those at another). `learned` says
    that it is a parameter of the network (`layers.K.activation.weight`). rectifies says that it is linear right of 0
    and cuts or dampens what lies left of it, as ReLU: He's initialisation is made for these. proper_name is how the
    authors write it, where that is another spelling.
    """

    name: str
    symbol: str
    formula: str
    derivative_formula: str
    forward: Callable[..., None]
    derivative: Callable[..., None]
    derivative_bounds: tuple[float, float]
    gain: float
    note: English
    kinks: tuple[float, ...] = ()
    saturation: tuple[float, float] | None = None
    slope: float | None = None
    learned: bool = False
    rectifies: bool = False
    proper_name: str = ""
    aliases: Aliases = NO_ALIASES

    @property
    def in_a_sentence(self) -> str:
        """What it is called in a sentence: ReLU, whose name as a value is relu."""
        return self.proper_name or self.name

    def gain_at(self, slope: float | None) -> float:
        """The gain at a slope: √(2 / (1 + s²)), PyTorch's calculate_gain("leaky_relu", s) (He et al. 2015, eq. 15).

        None is the default; of a row without a slope the gain is what it is.
        """
        return self.gain if self.slope is None or slope is None else leaky_gain(slope)

    def bounds_at(self, slope: float | None) -> tuple[float, float]:
        """The infimum and supremum of f' at a slope, which may be negative or above 1."""
        if self.slope is None or slope is None:
            return self.derivative_bounds
        return min(1.0, slope), max(1.0, slope)


def leaky_gain(slope: float) -> float:
    """1/√E[f(x)²] of a line with slope 1 right of 0 and `slope` left of it: half of x counts s² as much."""
    return math.sqrt(2 / (1 + slope**2))


# |a| > 0.97 is where tanh counts as saturated (Karpathy, makemore part 3); sigmoid is (1 + tanh(z/2)) / 2, so
# the same pre-activations, doubled, are saturated beyond (1 ± 0.97) / 2.
TANH_SATURATION = (-0.97, 0.97)
SIGMOID_SATURATION = (0.015, 0.985)

ACTIVATIONS = Table(
    "activation",
    (
        Activation(
            "linear", "id", "a = z", "f′(z) = 1", curves.linear, curves.linear_derivative, (1.0, 1.0), 1.0,
            "Passes every gradient unchanged, and makes any depth a single matrix.",
            aliases=Aliases(("identity", "id", "none")),
        ),
        Activation(
            "sigmoid", "σ", "a = 1 / (1 + e^−z)", "f′(z) = a (1 − a) ≤ ¼", curves.sigmoid, curves.sigmoid_derivative,
            (0.0, 0.25), 1.0,
            "f′ is at most ¼: the gradient shrinks at least fourfold a layer unless the weights make up for it.",
            saturation=SIGMOID_SATURATION,
            aliases=Aliases(("logistic", "expit"), ("log_sigmoid", "softmax", "log_softmax")),
        ),
        Activation(
            "tanh", "tanh", "a = tanh z", "f′(z) = 1 − a² ≤ 1", curves.tanh, curves.tanh_derivative, (0.0, 1.0), 5 / 3,
            "f′ is 1 at zero, so small signals pass; it still falls to 0 where the unit saturates.",
            saturation=TANH_SATURATION, aliases=Aliases(("hyperbolic_tangent",), ("tanhshrink", "atan", "arctan")),
        ),
        Activation(
            "relu", "relu", "a = max(0, z)", Message("f′(z) = 1 if z > 0 else 0"), curves.relu, curves.relu_derivative,
            (0.0, 1.0), math.sqrt(2),
            "f′ is 1 where the unit is on, but half the units are off: the norm's factor is √½ until He "
            "initialisation doubles the variance.",
            kinks=(0.0,), rectifies=True,
            aliases=Aliases(
                ("rectifier", "rectified_linear"), ("crelu", "threshold", "relu2", "squared_relu", "hardshrink"),
                fixed={"inplace": (False,)},
            ),
            proper_name="ReLU",
        ),
        Activation(
            "leaky_relu", "lrelu", Message("a = z if z > 0 else s z"), Message("f′(z) = 1 if z > 0 else s"),
            curves.leaky_relu, curves.leaky_relu_derivative, (0.01, 1.0), leaky_gain(0.01),
            "No unit is quite dead: the off side still passes the share s (the slope; 0.01 unless given).",
            kinks=(0.0,), slope=0.01, rectifies=True,
            aliases=Aliases(
                ("lrelu",), ("rrelu",), order=("negative_slope",),
                fields={"negative_slope": "slope", "alpha": "slope", "slope": "slope"}, fixed={"inplace": (False,)},
                sets={"keras.layers": {"slope": 0.3}, "keras.activations": {"slope": 0.2}, "keras.nn": {"slope": 0.2}},
            ),
            proper_name="leaky ReLU",
        ),
        Activation(
            "prelu", "prelu", Message("a = z if z > 0 else s z, s learned"), Message("f′(z) = 1 if z > 0 else s"),
            curves.leaky_relu, curves.leaky_relu_derivative, (0.25, 1.0), leaky_gain(0.25),
            "A leaky ReLU whose slope is a parameter, at first 0.25 unless given (He et al. 2015).",
            kinks=(0.0,), slope=0.25, learned=True, rectifies=True,
            # Keras' has a slope for each unit, 0 at first.
            aliases=Aliases(
                ("parametric_relu",), order=("num_parameters", "init"), fields={"init": "slope"},
                fixed={"num_parameters": (1,)}, unlike=("keras",),
            ),
            proper_name="PReLU",
        ),
        Activation(
            "elu", "elu", Message("a = z if z > 0 else e^z − 1"), Message("f′(z) = 1 if z > 0 else e^z"), curves.elu,
            curves.elu_derivative, (0.0, 1.0), 1.2452,
            "Smooth at 0 and near mean 0, yet the far left is as flat as a sigmoid (Clevert et al. 2016).",
            aliases=Aliases(("celu",), order=("alpha",), fixed={"alpha": (1.0,), "inplace": (False,)}),
            proper_name="ELU",
        ),
        Activation(
            "selu", "selu", Message("a = λ z if z > 0 else λα (e^z − 1)"), Message("f′(z) = λ if z > 0 else λα e^z"),
            curves.selu, curves.selu_derivative, (0.0, SELU_SCALE * SELU_ALPHA), 3 / 4,
            "λ and α make mean 0, variance 1 a fixed point with weights of variance 1/fan_in (lecun_normal); the "
            "gain 3/4 is PyTorch's convention and gives that up (Klambauer et al. 2017).",
            kinks=(0.0,), aliases=Aliases(fixed={"inplace": (False,)}),
            proper_name="SELU",
        ),
        Activation(
            "gelu", "gelu", "a = z Φ(z)", "f′(z) = Φ(z) + z φ(z)", curves.gelu, curves.gelu_derivative,
            (-0.128905, 1.128905), 1.5335,
            "Exact, with the normal distribution's Φ; f′ passes 1 and is a little negative on the left (Hendrycks & "
            "Gimpel 2016).",
            # jax.nn.gelu is the approximation, unless it is told otherwise.
            aliases=Aliases(near=("quick_gelu", "geglu"), fixed={"approximate": ("none", False)}, unlike=("jax",)),
            proper_name="GELU",
        ),
        Activation(
            "gelu_tanh", "gelut", "a = ½ z (1 + tanh √(2/π) (z + 0.044715 z³))",
            "f′(z) = ½ (1 + t) + ½ z (1 − t²) √(2/π) (1 + 0.134145 z²)", curves.gelu_tanh,
            curves.gelu_tanh_derivative, (-0.128993, 1.128993), 1.5336,
            "GELU's approximation by tanh, as GPT-2 has it: within 5e-4 of the exact one (Hendrycks & Gimpel 2016).",
            aliases=Aliases(
                ("gelu_new", "gelu_pytorch_tanh", "gelu_approximate", "gelu_approx", "gelu"),
                fixed={"approximate": ("tanh", True)}, needs={"gelu": ("approximate",), "jax:gelu": ()},
            ),
            proper_name="GELU by tanh",
        ),
        Activation(
            "silu", "silu", "a = z σ(z)", "f′(z) = σ (1 + z (1 − σ))", curves.silu, curves.silu_derivative,
            (-0.099840, 1.099840), 1.6765,
            "Swish: like GELU, a little flatter at 0 (Elfwing et al. 2018).",
            aliases=Aliases(("swish",), ("swiglu", "glu"), fixed={"inplace": (False,), "beta": (1.0,)}),
            proper_name="SiLU",
        ),
        Activation(
            "mish", "mish", "a = z tanh(log(1 + e^z))", "f′(z) = tanh s + z (1 − tanh² s) σ(z)", curves.mish,
            curves.mish_derivative, (-0.112527, 1.088499), 1.4868,
            "Like SiLU, with a deeper dip (−0.309 at z = −1.19) and a slope of 0.6 at 0; costs the most (Misra 2020).",
            aliases=Aliases(fixed={"inplace": (False,)}),
            proper_name="Mish",
        ),
        Activation(
            "softplus", "softplus", "a = log(1 + e^z)", "f′(z) = σ(z)", curves.softplus, curves.softplus_derivative,
            (0.0, 1.0), 1.0419,
            "A smooth ReLU whose f′ at 0 is only ½, and whose outputs are never 0 on average: gradients shrink.",
            aliases=Aliases(
                ("smooth_relu",), ("squareplus",), order=("beta", "threshold"),
                fixed={"beta": (1.0,), "threshold": (20.0,)},
            ),
        ),
        Activation(
            "softsign", "softsign", "a = z / (1 + |z|)", "f′(z) = 1 / (1 + |z|)²", curves.softsign,
            curves.softsign_derivative, (0.0, 1.0), 2.3375,
            "Like tanh, but its tails fall off slowly: a saturated unit still gets some gradient.",
            saturation=TANH_SATURATION, aliases=Aliases(near=("softshrink",)),
        ),
        Activation(
            "hard_tanh", "htanh", "a = max(−1, min(1, z))", Message("f′(z) = 1 if |z| < 1 else 0"), curves.hard_tanh,
            curves.hard_tanh_derivative, (0.0, 1.0), 1.3920,
            "f′ is exactly 1 inside and exactly 0 outside: saturated units get nothing at all.",
            kinks=(-1.0, 1.0), saturation=TANH_SATURATION,
            aliases=Aliases(
                order=("min_val", "max_val"), fixed={"min_val": (-1.0,), "max_val": (1.0,), "inplace": (False,)}
            ),
        ),
        Activation(
            "hard_sigmoid", "hσ", "a = max(0, min(1, z/6 + ½))", Message("f′(z) = 1/6 if |z| < 3 else 0"),
            curves.hard_sigmoid, curves.hard_sigmoid_derivative, (0.0, 1 / 6), 1.8978,
            "Even flatter than the sigmoid: f′ is at most 1/6.",
            kinks=(-3.0, 3.0), saturation=SIGMOID_SATURATION,
            aliases=Aliases(fixed={"inplace": (False,)}, remarks={"keras": "Keras 2 has 0.2 z + ½ inside"}),
        ),
        Activation(
            "hard_swish", "hswish", "a = z max(0, min(6, z + 3)) / 6",
            Message("f′(z) = 0, z/3 + ½ or 1: below −3, between, above 3"), curves.hard_swish,
            curves.hard_swish_derivative, (-0.5, 1.5), 1.7367,
            "SiLU in straight pieces and a parabola, made for small processors (Howard et al. 2019).",
            kinks=(-3.0, 3.0), aliases=Aliases(("hard_silu",), fixed={"inplace": (False,)}),
        ),
        Activation(
            "relu6", "relu6", "a = max(0, min(6, z))", Message("f′(z) = 1 if 0 < z < 6 else 0"), curves.relu6,
            curves.relu6_derivative, (0.0, 1.0), math.sqrt(2),
            "ReLU with a ceiling: an exploding forward signal is capped at 6, and its gradient with it.",
            kinks=(0.0, 6.0), rectifies=True, aliases=Aliases(fixed={"inplace": (False,)}),
            proper_name="ReLU6",
        ),
        Activation(
            "sin", "sin", "a = sin z", "f′(z) = cos z", curves.sin, curves.sin_derivative, (-1.0, 1.0), 1.5209,
            "|f′| is as often near 1 as near 0: depth depends on the scale of z alone (Sitzmann et al. 2020).",
            aliases=Aliases(("sine",), ("siren", "cos", "cosine", "snake")),
        ),
    ),
)  # fmt: skip

"""The table of initialisers: how a weight matrix is drawn, and the variance that theory needs.

A row draws a matrix (fan_out, fan_in) in float64; the network casts it, so float32 and float64 experiments
start from the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.message import English, Message
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array
from ..core.table import Table

#: draw(generator, fan_out, fan_in, gain, scale); scale None is the rule's own.
Draw = Callable[..., Array]
#: variance(fan_out, fan_in, gain, scale) of a weight.
Variance = Callable[[int, int, float, float | None], float]


@dataclass(frozen=True, slots=True)
class Initialiser:
    """One initialiser.

    draw(generator, fan_out, fan_in, gain, scale) → (fan_out, fan_in). variance gives Var(W_ij) where the rule has one
    that mean-field theory can use, None otherwise. built_in_gain is the gain that the rule already contains:
    `gain = "auto"` puts the activation's in its place. data_dependent rows are finished by the network, on its batch.
    keeps_scale says that it is one of the rules that were made so that a signal, or its gradient, keeps its scale from
    layer to layer. of_module gives, for a rule that starts every tensor of a module alike, biases too, the scale of all
    of them: by fan_in for a layer, by the number of hidden units for a cell.
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
    of_module: Callable[[int], float] | None = None
    aliases: Aliases = NO_ALIASES


def _rule(std: Callable[[int, int], float], sample: Callable[[np.random.Generator, tuple[int, int]], Array]) -> Draw:
    """A draw of unit variance times gain times the rule's (or the given) standard deviation."""

    def draw(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
        return sample(rng, (fan_out, fan_in)) * (gain * (std(fan_out, fan_in) if scale is None else scale))

    return draw


def _spread(std: Callable[[int, int], float], shrink: float = 1.0) -> Variance:
    """The variance of such a draw; shrink is that of the sample itself."""
    return lambda fan_out, fan_in, gain, scale: (
        shrink * (gain * (std(fan_out, fan_in) if scale is None else scale)) ** 2
    )


def _normal(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    return rng.standard_normal(shape)


def _uniform(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Of unit variance: the bound is √3."""
    return rng.uniform(-1.0, 1.0, shape) * math.sqrt(3.0)


def _bounded(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """In (−1, 1): the scale is the bound."""
    return rng.uniform(-1.0, 1.0, shape)


def _truncated(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Standard normal, drawn again where it lies beyond ±2."""
    values = rng.standard_normal(shape)
    while (beyond := np.abs(values) > 2.0).any():
        values[beyond] = rng.standard_normal(int(beyond.sum()))
    return values


#: Where PyTorch's trunc_normal_ cuts, whatever the standard deviation.
_CUT = 2.0


def _cut_normal(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    """Normal, drawn again beyond ±2: torch.nn.init.trunc_normal_(w, std=…) with its own a = −2 and b = 2."""
    spread = gain * (_fan_in_std(fan_out, fan_in) if scale is None else scale)
    values = np.zeros((fan_out, fan_in))
    if spread == 0.0:
        return values
    # Draws that are kept: 68 % or more of the normal ones where the cut lies a deviation off or further, else 85 % or
    # more of the uniform ones.
    narrow, missing = spread <= _CUT, np.ones((fan_out, fan_in), dtype=bool)
    while count := int(missing.sum()):
        if narrow:
            values[missing] = drawn = rng.standard_normal(count) * spread
            missing[missing] = np.abs(drawn) > _CUT
        else:
            values[missing] = drawn = rng.uniform(-_CUT, _CUT, count)
            missing[missing] = rng.uniform(0.0, 1.0, count) > np.exp(-0.5 * (drawn / spread) ** 2)
    return values


def _cut_variance(fan_out: int, fan_in: int, gain: float, scale: float | None) -> float:
    """σ² (1 − 2aφ(a) / (2Φ(a) − 1)) with a = 2/σ."""
    spread = gain * (_fan_in_std(fan_out, fan_in) if scale is None else scale)
    if spread == 0.0:
        return 0.0
    at = _CUT / spread
    if at < 1e-3:  # what is left is even between −2 and 2, and the difference is lost in rounding
        return _CUT**2 / 3
    inside = math.erf(at / math.sqrt(2.0))
    return float(spread**2 * (1.0 - 2.0 * at * math.exp(-0.5 * at * at) / math.sqrt(2.0 * math.pi) / inside))


def _fan_in_std(fan_out: int, fan_in: int) -> float:
    return 1.0 / math.sqrt(fan_in)


def _xavier_std(fan_out: int, fan_in: int) -> float:
    return math.sqrt(2.0 / (fan_in + fan_out))


def _he_std(fan_out: int, fan_in: int) -> float:
    return math.sqrt(2.0 / fan_in)


def _constant(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    return np.full((fan_out, fan_in), gain * (_fan_in_std(fan_out, fan_in) if scale is None else scale))


def _zeros(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    return np.zeros((fan_out, fan_in))


def orthogonal(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    """Orthonormal rows or columns, whichever are fewer, times gain: Q of a normal matrix, signs by R's diagonal."""
    tall = rng.standard_normal((max(fan_out, fan_in), min(fan_out, fan_in)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return np.asarray(gain * (q if fan_out >= fan_in else q.T))


def _identity(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    if fan_out == fan_in:
        return gain * np.eye(fan_out)
    return _normal(rng, (fan_out, fan_in)) * (gain * _xavier_std(fan_out, fan_in))


# The variance of a standard normal cut at ±2: 1 − 2·2φ(2) / (2Φ(2) − 1).
_TRUNCATED_VARIANCE = 0.7737413035760

#: What is not the same of a normal distribution in Keras and JAX.
_CUT_THERE: English = "Keras and JAX cut it at two standard deviations; the variance is the same"
#: Parameters of PyTorch's kaiming_… as they are here; a slope `a` is the activation's.
_KAIMING = {"a": (0,), "mode": ("fan_in",), "nonlinearity": ("leaky_relu", "relu")}

INITIALISERS = Table(
    "init",
    (
        Initialiser(
            "normal", Message("W ~ N(0, gain² / fan_in), or N(0, gain² scale²)"), _rule(_fan_in_std, _normal), "–",
            "Keeps the variance of a linear layer's output; σ_w of the mean-field papers is the gain.",
            _spread(_fan_in_std),
            # PyTorch's, Keras' and JAX' own of this name have a standard deviation of their own.
            aliases=Aliases(
                ("random_normal",), ("gaussian", "randn"), order=("mean", "std"),
                fields={"std": "init_scale", "stddev": "init_scale"}, fixed={"mean": (0.0,)},
                needs={"randomnormal": ("stddev",), "torch": ("std",), "keras": ("stddev",), "jax": ("stddev",)},
            ),
        ),
        Initialiser(
            "uniform", Message("W ~ U(±gain / √fan_in), or U(±gain scale)"), _rule(_fan_in_std, _bounded),
            "Glorot & Bengio 2010, eq. 1",
            "The old rule of thumb. A third of normal's variance: each layer shrinks the signal by √3.",
            _spread(_fan_in_std, 1 / 3),
            aliases=Aliases(near=("random_uniform", "rand"), unlike=("torch", "keras", "jax")),
        ),
        Initialiser(
            "pytorch", Message("W, b ~ U(±1/√n), n = fan_in, of a cell its hidden units; W times gain"),
            _rule(_fan_in_std, _bounded), "PyTorch 2: nn.Linear, nn.RNN, nn.LSTM, nn.GRU",
            "What PyTorch's modules start with, biases too, and a forget bias of 0 unless given.",
            _spread(_fan_in_std, 1 / 3), of_module=lambda fan: _fan_in_std(fan, fan),
            aliases=Aliases(("torch", "torch_default", "pytorch_default"), ("default",)),
        ),
        Initialiser(
            "truncated_normal", Message("as normal, drawn again beyond ±2 standard deviations"),
            _rule(_fan_in_std, _truncated), "TensorFlow, Keras: TruncatedNormal; JAX: truncated_normal",
            "No outliers; the cut takes away 23 % of the variance, and 12 % of the standard deviation.",
            _spread(_fan_in_std, _TRUNCATED_VARIANCE),
            aliases=Aliases(
                ("random_truncated_normal",), order=("mean", "stddev"), fields={"stddev": "init_scale"},
                fixed={"mean": (0.0,)},
            ),
        ),
        Initialiser(
            "trunc_normal", Message("as normal, drawn again beyond ±2, whatever the standard deviation"),
            _cut_normal, "PyTorch 2: trunc_normal_",
            "The cut lies at 2, not at 2 standard deviations: of small weights it takes nothing away.", _cut_variance,
            aliases=Aliases(
                order=("mean", "std"), fields={"std": "init_scale"}, fixed={"mean": (0.0,), "a": (-2.0,), "b": (2.0,)}
            ),
        ),
        Initialiser(
            "xavier_normal", "W ~ N(0, 2 gain² / (fan_in + fan_out))", _rule(_xavier_std, _normal),
            "Glorot & Bengio 2010",
            "A compromise between forward and backward variance; made for tanh, too small for ReLU.",
            _spread(_xavier_std), keeps_scale=True,
            aliases=Aliases(
                ("glorot_normal",), ("xavier", "glorot"), fields={"gain": "gain"},
                remarks={"glorotnormal": _CUT_THERE, "keras": _CUT_THERE, "jax": _CUT_THERE},
            ),
        ),
        Initialiser(
            "xavier_uniform", "W ~ U(±gain √(6 / (fan_in + fan_out)))", _rule(_xavier_std, _uniform),
            "Glorot & Bengio 2010", "The uniform twin of xavier_normal: the same variance.", _spread(_xavier_std),
            keeps_scale=True, aliases=Aliases(("glorot_uniform",), fields={"gain": "gain"}),
        ),
        Initialiser(
            "he_normal", "W ~ N(0, 2 gain² / fan_in)", _rule(_he_std, _normal), "He et al. 2015",
            "Doubles the variance because ReLU switches half of the units off; with a slope s it is 2 / (1 + s²).",
            _spread(_he_std), built_in_gain=math.sqrt(2), keeps_scale=True,
            aliases=Aliases(
                ("kaiming_normal",), ("he", "kaiming", "msra"), fixed=_KAIMING,
                remarks={"keras": _CUT_THERE, "jax": _CUT_THERE},
            ),
        ),
        Initialiser(
            "he_uniform", "W ~ U(±gain √(6 / fan_in))", _rule(_he_std, _uniform), "He et al. 2015",
            "The uniform twin of he_normal: the same variance.", _spread(_he_std), built_in_gain=math.sqrt(2),
            keeps_scale=True, aliases=Aliases(("kaiming_uniform",), fixed=_KAIMING),
        ),
        Initialiser(
            "lecun_normal", "W ~ N(0, gain² / fan_in)", _rule(_fan_in_std, _normal), "LeCun et al. 1998",
            "The rule that SELU's self-normalisation asks for.", _spread(_fan_in_std), keeps_scale=True,
            aliases=Aliases(
                near=("lecun", "variance_scaling"), remarks={"keras": _CUT_THERE, "jax": _CUT_THERE}
            ),
        ),
        Initialiser(
            "lecun_uniform", "W ~ U(±gain √(3 / fan_in))", _rule(_fan_in_std, _uniform), "LeCun et al. 1998",
            "The uniform twin of lecun_normal: the same variance.", _spread(_fan_in_std), keeps_scale=True,
        ),
        Initialiser(
            "orthogonal", "W = gain Q, QᵀQ = 1", orthogonal, "Saxe et al. 2014",
            "All singular values are the gain: a deep linear network keeps every direction, not only the average one.",
            lambda fan_out, fan_in, gain, scale: gain**2 / max(fan_out, fan_in),
            keeps_scale=True,
            aliases=Aliases(("ortho",), ("delta_orthogonal",), fields={"gain": "gain", "scale": "gain"}),
        ),
        Initialiser(
            "identity", Message("W = gain · 1 where square, else as xavier_normal"), _identity, "Le et al. 2015 (IRNN)",
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
            "constant", Message("W = gain / √fan_in, or gain · scale"), _constant, "–",
            "All units are equal and stay equal: the gradient cannot tell them apart.",
            aliases=Aliases(
                ("ones",), order=("val",), fields={"val": "init_scale", "value": "init_scale"},
                needs={"torch": ("val",), "keras": ("value",), "jax": ("value",), "ones": ()},
                sets={"ones": {"init_scale": 1.0}},
            ),
        ),
        Initialiser(
            "zeros", "W = 0", _zeros, "–",
            "Every unit is the same and no gradient passes: the network cannot begin to learn.",
            lambda fan_out, fan_in, gain, scale: 0.0, aliases=Aliases(("zero",)),
        ),
    ),
)  # fmt: skip

"""The table of normalisations, with their arithmetic: PyTorch's formulas, eps and affine parameters.

    n = γ · (z − μ) / √(σ² + ε) + β

BatchNorm (Ioffe & Szegedy 2015) takes μ and σ² of each unit over the batch, LayerNorm (Ba et al. 2016) of each
sample over the units; RMSNorm (Zhang & Sennrich 2019) divides by the root mean square of each sample and has no β.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array
from ..core.table import Table
from .bound import Node, rows_of
from .program import Instruction, Program

#: Share of the batch in a running statistic, PyTorch's default.
MOMENTUM = 0.1


@dataclass(frozen=True, slots=True)
class Normalisation:
    """One normalisation.

    axis is what the statistics run over (0 batch, 1 units); eps None is the dtype's own. theory names what
    `theory.prediction` says of it; keeps_running, whether evaluation uses statistics that training has averaged.
    """

    name: str
    formula: str
    axis: int
    centred: bool
    eps: float | None
    source: str
    note: English
    theory: str = "scale"
    keeps_running: bool = False
    aliases: Aliases = NO_ALIASES

    @property
    def ties_samples(self) -> bool:
        """Whether a sample's output depends on the others: such a norm needs a batch of at least 2."""
        return self.axis == 0

    def statistics(self, batch: int, units: int) -> tuple[int, int]:
        """The shape of its mean and variance."""
        return (1, units) if self.axis == 0 else (batch, 1)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the affine parameters, γ (starts at 1) and, where centred, β (starts at 0)."""
        return ("weight", "bias") if self.centred else ("weight",)

    def epsilon(self, dtype: np.dtype[np.generic]) -> float:
        return float(np.finfo(dtype.char).eps) if self.eps is None else self.eps


_KERAS_EPSILON: English = "Keras adds 1e-3 to the variance, this one 1e-5"
_FLAX_EPSILON: English = "Flax adds 1e-6 to the variance, this one 1e-5"
_OTHER_EPSILON: English = "Keras and Flax add 1e-6 to the mean square, this one the smallest step of the type"

NORMALISATIONS = Table(
    "norm",
    (
        Normalisation(
            "none",
            "n = z",
            1,
            False,
            0.0,
            "–",
            "Signals and gradients keep the scale they have.",
            aliases=Aliases(("off", "no", "identity")),
        ),
        Normalisation(
            "batch",
            "n = γ (z − μ_batch) / √(σ²_batch + 1e-5) + β",
            0,
            True,
            1e-5,
            "Ioffe & Szegedy 2015",
            "Cures the forward signal. Without skips it makes the gradient grow, by about 1.21 a layer with ReLU "
            "(Yang et al. 2019).",
            theory="large batch",
            keeps_running=True,
            aliases=Aliases(
                ("bn", "batch_norm", "batch_norm_1d", "batch_normalization", "batch_normalisation"),
                ("batch_norm_2d", "batch_norm_3d", "sync_batch_norm"),
                order=("num_features",),
                fields={"num_features": "width"},
                fixed={"eps": (1e-5,), "momentum": (MOMENTUM,), "affine": (True,), "track_running_stats": (True,)},
                remarks={"batchnormalization": _KERAS_EPSILON, "keras": _KERAS_EPSILON},
            ),
        ),
        Normalisation(
            "layer",
            "n = γ (z − μ_units) / √(σ²_units + 1e-5) + β",
            1,
            True,
            1e-5,
            "Ba et al. 2016",
            "Each sample by itself: works with a batch of 1; a vanishing gradient is divided by a shrinking scale.",
            aliases=Aliases(
                ("ln", "layer_norm", "layer_normalization", "layer_normalisation"),
                ("group_norm", "instance_norm", "instance_norm_1d", "weight_norm", "spectral_norm"),
                order=("normalized_shape",),
                fields={"normalized_shape": "width"},
                fixed={"eps": (1e-5,), "elementwise_affine": (True,), "bias": (True,)},
                remarks={"layernormalization": _KERAS_EPSILON, "keras": _KERAS_EPSILON, "jax": _FLAX_EPSILON},
            ),
        ),
        Normalisation(
            "rms",
            "n = γ z / √(mean z² + ε)",
            1,
            False,
            None,
            "Zhang & Sennrich 2019",
            "LayerNorm without the mean: cheaper, and the same for the gradient's scale.",
            aliases=Aliases(
                ("rms_norm", "rms_normalization", "root_mean_square_norm"),
                order=("normalized_shape",),
                fields={"normalized_shape": "width"},
                fixed={"eps": (None,), "elementwise_affine": (True,)},
                remarks={"keras": _OTHER_EPSILON, "jax": _OTHER_EPSILON},
            ),
        ),
    ),
)


def forward(node: Node) -> None:
    row = NORMALISATIONS[node.choice]
    values, out, mean, variance = map(rows_of, (*node.inputs, *node.outputs))
    count = values.shape[row.axis]
    if node.running is not None:
        mean[...], variance[...] = node.running
        np.subtract(values, mean, out=out)
    elif row.centred:
        np.add.reduce(values, axis=row.axis, keepdims=True, out=mean)
        mean /= count
        np.subtract(values, mean, out=out)
    else:
        mean.fill(0)
        out[...] = values
    if node.running is None:
        np.einsum("ij,ij->j" if row.axis == 0 else "ij,ij->i", out, out, out=variance.reshape(-1))
        variance /= count
    scale = _scale(row, variance)
    if row.axis == 0:
        out *= scale * node.parameters[0]
    else:
        out *= scale
        out *= node.parameters[0]
    if row.centred:
        out += node.parameters[1]


def _scale(row: Normalisation, variance: Array) -> Array:
    return np.asarray(1 / np.sqrt(variance + variance.dtype.type(row.epsilon(variance.dtype))))


def backward(node: Node) -> None:
    """dz = (g − mean g − x̂ · mean(g x̂)) / √(σ² + ε) with g = γ · dn and x̂ the normalised value."""
    row = NORMALISATIONS[node.choice]
    values, mean, variance, gradient = map(rows_of, (*node.inputs, *node.outputs[1:], node.output_gradients[0]))
    weight = node.parameters[0]
    count = values.shape[row.axis]
    scale = _scale(row, variance)
    normal = node.workspace.buffer("normal", values.shape, values.dtype)
    np.subtract(values, mean, out=normal)
    normal *= scale
    np.einsum("ij,ij->j", gradient, normal, out=node.parameter_gradients[0])
    if row.centred:
        np.add.reduce(gradient, axis=0, out=node.parameter_gradients[1])
    if node.input_gradients[0] is None:
        return
    wanted = rows_of(node.input_gradients[0])
    if row.axis == 0:
        # Both means over the batch follow from the sums that γ and β need anyway.
        normal *= node.parameter_gradients[0] / count
        np.subtract(gradient, normal, out=wanted)
        wanted -= node.parameter_gradients[1] / count
        wanted *= scale * weight
        return
    np.multiply(gradient, weight, out=wanted)
    normal *= np.einsum("ij,ij->i", wanted, normal)[:, None] / count
    if row.centred:
        normal += wanted.mean(axis=1, keepdims=True)
    wanted -= normal
    wanted *= scale


#: Where BatchNorm's running statistics start.
_START = {"running_mean": 0.0, "running_var": 1.0}


def running_statistics(
    program: Program, values: Mapping[str, Array], batch: Array, before: Mapping[str, Array]
) -> dict[str, Array]:
    """BatchNorm's running_mean and running_var after a batch, by PyTorch's names; empty without it.

    s ← 0.9 s + 0.1 · the batch's, whose variance is the unbiased one. before is empty at the start: 0 and 1 (Ioffe &
    Szegedy 2015, as in PyTorch).
    """
    statistics = {}
    for prefix, instruction in _with_statistics(program):
        mean, variance = (values[name].reshape(-1) for name in instruction.outputs[1:])
        count = batch.shape[-2]
        for name, new in (("running_mean", mean), ("running_var", variance * (count / (count - 1)))):
            old = before.get(f"{prefix}.{name}", _START[name])
            statistics[f"{prefix}.{name}"] = np.asarray((1 - MOMENTUM) * old + MOMENTUM * new)
    return statistics


def first_statistics(program: Program, dtype: np.dtype[np.generic]) -> dict[str, Array]:
    """The running statistics before the first batch, by PyTorch's names."""
    return {
        f"{prefix}.{name}": np.full(program.parameters[instruction.parameters[0]].shape, start, dtype)
        for prefix, instruction in _with_statistics(program)
        for name, start in _START.items()
    }


def _with_statistics(program: Program) -> Iterator[tuple[str, Instruction]]:
    """The instructions that keep running statistics, each with its module's name."""
    for instruction in program.instructions:
        if instruction.operation == "norm" and NORMALISATIONS[instruction.choice].keeps_running:
            yield instruction.parameters[0].rpartition(".")[0], instruction

"""The table of losses: the value and its gradient with respect to the network's output."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.message import English, Message
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array
from ..core.table import Table
from .activation_functions import sigmoid, softplus


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss: forward(output, target) → scalar; backward(output, target, out) writes dL/d output.

    output is (rows, outputs), a row per sample (and time step, where every step is read out); the mean over the
    rows is part of the loss, so gradients carry it. target is (rows,) of class numbers where `of_classes`, else
    (rows, outputs) of numbers. start(target, outputs) is what a network that starts sanely costs at first.
    guess(target, seen, outputs) is the loss of answering without looking: what the best constant answer to the targets
    `seen` costs on `target`; both may have more axes, of which each entry is a row. distance(loss) is how far outputs
    are from targets, in the units of both; None where a loss is no such thing.
    """

    name: str
    formula: str
    backward_formula: str
    forward: Callable[[Array, Array], float]
    backward: Callable[[Array, Array, Array], None]
    of_classes: bool
    start: Callable[[Array, int], float]
    guess: Callable[[Array, Array, int], float]
    note: English
    aliases: Aliases = NO_ALIASES
    distance: Callable[[float], float] | None = None


def _cross_entropy(output: Array, target: Array) -> float:
    """mean over the rows of log Σ_j exp(o_j) − o_target, shifted by the largest output against overflow."""
    shifted = output - output.max(axis=1, keepdims=True)
    picked = shifted[np.arange(len(target)), target]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - picked))


def _cross_entropy_backward(output: Array, target: Array, out: Array) -> None:
    np.subtract(output, output.max(axis=1, keepdims=True), out=out)
    np.exp(out, out=out)
    out /= out.sum(axis=1, keepdims=True)
    out[np.arange(len(target)), target] -= 1
    out /= len(target)


def _mse(output: Array, target: Array) -> float:
    return float(np.mean((output - target) ** 2))


def _mse_backward(output: Array, target: Array, out: Array) -> None:
    np.subtract(output, target, out=out)
    out *= 2.0 / output.size


def _bce(output: Array, target: Array) -> float:
    """mean of log(1 + e^o) − t·o: the binary cross-entropy of σ(o), without ever forming log σ."""
    bent = np.empty_like(output)
    softplus(output, bent)
    return float(np.mean(bent - target * output))


def _bce_backward(output: Array, target: Array, out: Array) -> None:
    sigmoid(output, out)
    out -= target
    out /= output.size


# A class that was never seen counts as half a sample: its share is not 0, or one of it would cost without a bound.
_UNSEEN = 0.5


def _start_class(target: Array, outputs: int) -> float:
    """ln C: every class alike, as an untrained network knows no shares."""
    return math.log(outputs)


def _guess_class(target: Array, seen: Array, outputs: int) -> float:
    """−Σ q ln p: p are the classes' shares in what was seen, q those in the target; the entropy where both are one."""
    known, counts = (np.bincount(each.ravel(), minlength=outputs).astype(np.float64) for each in (seen, target))
    known[(known == 0) & (counts > 0)] = _UNSEEN
    present = counts > 0
    shares = known[present] / known.sum()
    return float(-np.sum(counts[present] * np.log(shares)) / counts.sum())


def _guess_mean(target: Array, seen: Array, outputs: int) -> float:
    """The mean of each output's targets: the target's variance where that is what was seen."""
    mean = seen.reshape(-1, outputs).mean(axis=0, dtype=np.float64)
    return float(np.mean((target.reshape(-1, outputs) - mean) ** 2))


def _guess_share(target: Array, seen: Array, outputs: int) -> float:
    """The cross-entropy of each output's share of ones with that which was seen; of one half ln 2."""
    rows = seen.reshape(-1, outputs)
    share = rows.mean(axis=0, dtype=np.float64)
    ones = target.reshape(-1, outputs).mean(axis=0, dtype=np.float64)
    least = _UNSEEN / len(rows)
    share = np.where((share <= 0) & (ones > 0), least, np.where((share >= 1) & (ones < 1), 1 - least, share))
    share = np.clip(share, 1e-12, 1 - 1e-12)
    return float(np.mean(-ones * np.log(share) - (1 - ones) * np.log1p(-share)))


def _start_mean(target: Array, outputs: int) -> float:
    """The target's variance."""
    return _guess_mean(target, target, outputs)


def _start_share(target: Array, outputs: int) -> float:
    """The entropy of each output's share of ones."""
    return _guess_share(target, target, outputs)


LOSSES = Table(
    "loss",
    (
        Loss(
            "cross_entropy",
            Message("L = mean over the batch of −log softmax(o)[target]"),
            "∂L/∂o = (softmax(o) − onehot(target)) / batch",
            _cross_entropy,
            _cross_entropy_backward,
            True,
            _start_class,
            _guess_class,
            "For classes. Its gradient at the output is never larger than √2 / √batch.",
            Aliases(
                (
                    "ce",
                    "cross_entropy_loss",
                    "categorical_crossentropy",
                    "sparse_categorical_crossentropy",
                    "softmax_cross_entropy",
                    "softmax_cross_entropy_with_logits",
                    "softmax_cross_entropy_with_integer_labels",
                    "sparse_softmax_cross_entropy_with_logits",
                ),
                (
                    "nll",
                    "nll_loss",
                    "log_loss",
                    "kl_div",
                    "kl_div_loss",
                    "kl_divergence",
                    "focal_loss",
                    "crossentropy",
                    "multi_margin_loss",
                    "categorical_focal_crossentropy",
                    "poly_loss_cross_entropy",
                ),
                fixed={"reduction": ("mean",), "from_logits": (True,), "label_smoothing": (0, 0.0)},
            ),
        ),
        Loss(
            "mse",
            Message("L = mean of (o − target)²"),
            "∂L/∂o = 2 (o − target) / (batch × outputs)",
            _mse,
            _mse_backward,
            False,
            _start_mean,
            _guess_mean,
            "For numbers (classes count as 0 and 1). Its gradient grows with the error, without a bound.",
            Aliases(
                ("mse_loss", "mean_squared_error", "mean_squared_error_loss"),
                (
                    "mae",
                    "l1",
                    "l1_loss",
                    "l2",
                    "l2_loss",
                    "squared_error",
                    "mean_absolute_error",
                    "huber",
                    "huber_loss",
                    "smooth_l1",
                    "smooth_l1_loss",
                    "log_cosh",
                    "rmse",
                    "msle",
                    "mean_squared_logarithmic_error",
                ),
                fixed={"reduction": ("mean",)},
            ),
            distance=math.sqrt,
        ),
        Loss(
            "bce",
            Message("L = mean of −t log σ(o) − (1 − t) log(1 − σ(o))"),
            "∂L/∂o = (σ(o) − target) / (batch × outputs)",
            _bce,
            _bce_backward,
            False,
            _start_share,
            _guess_share,
            "For yes and no: each output by itself; targets between 0 and 1 (classes count as 0 and 1).",
            Aliases(
                (
                    "bce_loss",
                    "bce_with_logits",
                    "bce_with_logits_loss",
                    "binary_crossentropy",
                    "binary_cross_entropy",
                    "binary_cross_entropy_with_logits",
                    "binary_crossentropy_loss",
                    "sigmoid_cross_entropy",
                    "sigmoid_binary_cross_entropy",
                    "sigmoid_cross_entropy_with_logits",
                ),
                (
                    "logistic",
                    "logistic_loss",
                    "hinge",
                    "hinge_loss",
                    "soft_margin_loss",
                    "binary_focal_crossentropy",
                    "multi_label_soft_margin_loss",
                ),
                fixed={"reduction": ("mean",), "from_logits": (True,)},
            ),
        ),
    ),
)

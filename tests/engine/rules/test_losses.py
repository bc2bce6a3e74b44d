"""The table of losses: value, gradient, and the ends of the range."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine.core.numerics import Array
from gradtui_engine.rules.losses import LOSSES, Loss
from tests.engine.helpers import drawn
from tests.engine.oracles import central_differences

every_loss = pytest.mark.parametrize("row", LOSSES.values(), ids=lambda row: row.name)

EPS = float(np.finfo(float).eps)
STEP = 1e-5
# Truncation: step²/6 · |L‴| with |L‴| < 1. Rounding: eps · L / step with L < 50.
DIFFERENCE_TOLERANCE = STEP**2 + 50 * EPS / STEP


def cross_entropy(output: Array, target: Array) -> float:
    """From the definition, in Python's own numbers: −log of the class's share of Σ exp(o)."""
    rows = [[math.exp(each) for each in row] for row in output.tolist()]
    shares = [row[number] / math.fsum(row) for row, number in zip(rows, target.tolist(), strict=True)]
    return -math.fsum(map(math.log, shares)) / len(shares)


def mse(output: Array, target: Array) -> float:
    squares = [(o - t) ** 2 for o, t in zip(output.ravel().tolist(), target.ravel().tolist(), strict=True)]
    return math.fsum(squares) / len(squares)


def bce(output: Array, target: Array) -> float:
    pairs = zip(output.ravel().tolist(), target.ravel().tolist(), strict=True)
    shares = [(1 / (1 + math.exp(-o)), t) for o, t in pairs]
    return -math.fsum(t * math.log(p) + (1 - t) * math.log(1 - p) for p, t in shares) / len(shares)


VALUES: dict[str, Callable[[Array, Array], float]] = {"cross_entropy": cross_entropy, "mse": mse, "bce": bce}


def sample(row: Loss, seed: int, batch: int, outputs: int) -> tuple[Array, Array]:
    """An output of some spread and a target of the loss's kind."""
    rng = np.random.default_rng(seed)
    output = rng.normal(0.0, 3.0, (batch, outputs))
    if row.of_classes:
        return output, rng.integers(0, outputs, batch)
    return output, rng.uniform(0.0, 1.0, (batch, outputs))


def gradient(row: Loss, output: Array, target: Array) -> Array:
    out = np.full_like(output, np.nan)
    row.backward(output, target, out)
    return out


@every_loss
@drawn(40)
@given(seed=st.integers(0, 10**6), batch=st.integers(1, 6), outputs=st.integers(1, 6))
def test_the_value_is_that_of_the_definition(row: Loss, seed: int, batch: int, outputs: int) -> None:
    output, target = sample(row, seed, batch, outputs)
    # The definition forms 1 − σ(o), which has e^|o| ≤ 1e5 times eps at |o| ≤ 12; the others lose a few ulp.
    tolerance = (1e5 if row.name == "bce" else 20) * EPS
    assert row.forward(output, target) == pytest.approx(VALUES[row.name](output, target), rel=tolerance, abs=tolerance)


@every_loss
@drawn(25)
@given(seed=st.integers(0, 10**6), batch=st.integers(1, 4), outputs=st.integers(1, 4))
def test_the_gradient_agrees_with_central_differences(row: Loss, seed: int, batch: int, outputs: int) -> None:
    output, target = sample(row, seed, batch, outputs)
    wanted = central_differences(lambda moved: row.forward(moved, target), output, STEP)
    assert gradient(row, output, target) == pytest.approx(wanted, abs=DIFFERENCE_TOLERANCE)


@every_loss
def test_the_gradient_keeps_the_dtype(row: Loss) -> None:
    output, target = sample(row, 0, 5, 3)
    exact = gradient(row, output, target)
    single = gradient(row, output.astype(np.float32), target)
    assert single == pytest.approx(exact, abs=1e-5)  # 3 outputs of size 10 at eps 1.2e-7


@pytest.mark.parametrize(("picked", "loss"), [(0, 0.0), (1, 1e4), (2, 2e4)])
def test_the_cross_entropy_of_enormous_logits_is_their_difference(picked: int, loss: float) -> None:
    row, output, target = LOSSES["cross_entropy"], np.array([[1e4, 0.0, -1e4]]), np.array([picked])
    assert row.forward(output, target) == loss
    wanted = np.array([[1.0, 0.0, 0.0]])
    wanted[0, picked] -= 1
    assert gradient(row, output, target).tolist() == wanted.tolist()


def test_the_cross_entropy_does_not_see_a_constant_added_to_all_logits() -> None:
    row = LOSSES["cross_entropy"]
    output, target = sample(row, 3, 5, 4)
    moved = output + 4096.0  # rounds the logits to 4096 · eps
    assert row.forward(moved, target) == pytest.approx(row.forward(output, target), abs=4 * 4096 * EPS)


@pytest.mark.parametrize("classes", [1, 2, 10, 1000])
def test_the_cross_entropy_of_equal_logits_is_the_logarithm_of_the_number_of_classes(classes: int) -> None:
    found = LOSSES["cross_entropy"].forward(np.zeros((3, classes)), np.array([0, 0, classes - 1]))
    assert found == pytest.approx(math.log(classes), rel=4 * EPS)


def test_the_gradient_of_the_cross_entropy_sums_to_zero_over_the_classes_and_is_bounded() -> None:
    row = LOSSES["cross_entropy"]
    output, target = sample(row, 4, 7, 10)
    found = gradient(row, 10 * output, target)
    assert np.abs(found.sum(axis=1)).max() < 10 * EPS  # ten shares, each rounded once
    assert math.hypot(*found.ravel().tolist()) <= math.sqrt(2 / 7)


def test_the_mse_is_zero_with_a_zero_gradient_at_the_target_and_nowhere_else() -> None:
    row = LOSSES["mse"]
    _, target = sample(row, 5, 4, 2)
    assert row.forward(target, target) == 0.0
    assert not gradient(row, target, target).any()
    assert row.forward(target + 0.5, target) == pytest.approx(0.25, rel=8 * EPS)


ENORMOUS = [
    (1e4, 1.0, 0.0, 0.0),
    (1e4, 0.0, 1e4, 1.0),
    (-1e4, 1.0, 1e4, -1.0),
    (-1e4, 0.0, 0.0, 0.0),
    (0.0, 0.5, math.log(2), 0.0),
]


@pytest.mark.parametrize(("logit", "target", "loss", "slope"), ENORMOUS)
def test_the_binary_cross_entropy_of_enormous_logits_is_their_distance(
    logit: float, target: float, loss: float, slope: float
) -> None:
    row, output = LOSSES["bce"], np.array([[logit]])
    with np.errstate(over="ignore"):  # as in a run: the sigmoid's exp may overflow
        found = gradient(row, output, np.array([[target]]))
    assert row.forward(output, np.array([[target]])) == pytest.approx(loss, rel=4 * EPS)
    assert found.tolist() == [[slope]]

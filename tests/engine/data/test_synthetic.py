"""The tasks that are made: what the inputs are, and that the target is what the task says it is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui_engine.core.numerics import Array
from gradtui_engine.data import datasets
from gradtui_engine.data.datasets import DATA_SETS, Batch, DataSet, Request

SAMPLES = 4000
# Shares and means of 4000 samples: five standard errors of a fair coin.
COIN = 5 * 0.5 / math.sqrt(SAMPLES)


def load(name: str, over_time: bool, steps: int | None = None, batch: int = SAMPLES) -> Batch:
    return datasets.load(Request(name, batch, steps, None, over_time, 0))


def points(name: str) -> tuple[Array, Array, Array]:
    batch = load(name, False)
    return batch.inputs[:, 0], batch.inputs[:, 1], batch.target


@pytest.mark.parametrize("name", ["xor", "moons", "spirals", "circles"])
def test_both_classes_of_a_task_in_the_plane_are_equally_frequent(name: str) -> None:
    x, y, target = points(name)
    assert set(target.tolist()) == {0, 1}
    assert target.mean() == pytest.approx(0.5, abs=COIN)
    # Of order 1 and around 0, so that they need no standardising.
    assert max(abs(x.mean()), abs(y.mean())) < 0.1
    assert 0.4 < math.hypot(x.std(), y.std()) / math.sqrt(2) < 1.1


def test_the_class_of_xor_is_whether_the_signs_differ() -> None:
    x, y, target = points("xor")
    # The clouds' standard deviation is 0.2, five of which keep a point in its quadrant.
    assert np.array_equal((x > 0) != (y > 0), target.astype(bool))


def test_no_line_parts_the_classes_of_xor() -> None:
    x, y, target = points("xor")
    fitted, *_ = np.linalg.lstsq(np.stack([x, y, np.ones(SAMPLES)], axis=1), 2.0 * target - 1, rcond=None)
    assert np.abs(fitted).max() < 0.1  # five standard errors of a coefficient of 0


def test_the_circles_are_told_apart_by_their_radius_alone() -> None:
    x, y, target = points("circles")
    radius = np.hypot(x, y)
    assert radius[target == 0].mean() == pytest.approx(1.4, abs=0.02)  # noise 0.1 adds 0.01/(2r) to the mean
    assert radius[target == 1].mean() == pytest.approx(0.7, abs=0.02)
    # 1.05 is 3.5 standard deviations from either circle.
    assert np.mean((radius < 1.05) == target) > 0.998


@pytest.mark.parametrize("steps", [2, 7, 50])
def test_the_target_of_the_adding_problem_is_the_sum_of_the_two_marked_numbers(steps: int) -> None:
    batch = load("adding", True, steps)
    numbers, marks = batch.inputs[..., 0], batch.inputs[..., 1]
    assert batch.inputs.shape == (steps, SAMPLES, 2)
    assert set(np.unique(marks)) <= {0.0, 1.0}
    assert (numbers.min() >= 0.0, numbers.max() <= 1.0) == (True, True)
    assert set(marks[: steps // 2].sum(axis=0)) == set(marks[steps // 2 :].sum(axis=0)) == {1.0}
    assert batch.target[:, 0] == pytest.approx((numbers * marks).sum(axis=0), rel=1e-15)


def test_answering_one_to_the_adding_problem_costs_a_sixth() -> None:
    # The variance of the sum of two numbers from U(0, 1); Hochreiter & Schmidhuber 1997.
    target = load("adding", True, 20).target
    assert np.mean((target - 1.0) ** 2) == pytest.approx(1 / 6, abs=5 * 0.2 / math.sqrt(SAMPLES))


@pytest.mark.parametrize(("steps", "length"), [(3, 1), (9, 4), (21, 10), (64, 10)])
def test_copy_memory_shows_symbols_a_long_blank_a_marker_and_wants_the_symbols_back(steps: int, length: int) -> None:
    batch = load("copy", True, steps, batch=200)
    shown = batch.inputs.argmax(axis=2)
    assert np.array_equal(batch.inputs.sum(axis=2), np.ones((steps, 200)))
    assert shown[:length].max() < 8
    assert set(shown[steps - length - 1]) == {9}
    assert set(shown[length : steps - length - 1].ravel()) | set(shown[steps - length :].ravel()) == {8}
    assert np.array_equal(batch.target[steps - length :], shown[:length])
    assert set(batch.target[: steps - length].ravel()) == {8}


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_recall_shows_the_symbol_at_the_first_step_and_then_nothing_but_noise(steps: int) -> None:
    batch = load("recall", True, steps)
    symbols, noise = batch.inputs[..., :8], batch.inputs[..., 8]
    assert batch.inputs.shape == (steps, SAMPLES, 9)
    assert np.array_equal(symbols[0], np.eye(8)[batch.target])
    assert not symbols[1:].any()
    assert not noise[0].any()
    # Shares of 1/8: five standard errors.
    share = 5 * math.sqrt(7 / 64 / SAMPLES)
    assert np.bincount(batch.target) / SAMPLES == pytest.approx(np.full(8, 1 / 8), abs=share)
    if steps > 1:
        count = noise[1:].size
        assert noise[1:].std() == pytest.approx(0.5, abs=5 * 0.5 / math.sqrt(2 * count))
        # Not even the whole of the noise knows the symbol.
        assert abs(np.corrcoef(noise[1:].mean(axis=0), batch.target)[0, 1]) < 5 / math.sqrt(SAMPLES)


@pytest.mark.parametrize("steps", [1, 2, 10, 31])
def test_the_class_of_parity_is_whether_the_number_of_ones_is_odd(steps: int) -> None:
    batch = load("parity", True, steps)
    assert batch.inputs.shape == (steps, SAMPLES, 1)
    assert set(np.unique(batch.inputs)) == {-1.0, 1.0}
    # The product of the ±1 tells whether the −1s, T minus the ones, are odd in number.
    signs = batch.inputs[..., 0].prod(axis=0) * (-1) ** steps
    assert np.array_equal(signs < 0, batch.target.astype(bool))
    assert batch.target.mean() == pytest.approx(0.5, abs=COIN)


@pytest.mark.parametrize("name", ["adding", "copy", "recall", "parity"])
def test_an_mlp_reads_a_sequence_at_once(name: str) -> None:
    flat, over_time = load(name, False, 6, batch=10), load(name, True, 6, batch=10)
    assert np.array_equal(flat.inputs, over_time.inputs.transpose(1, 0, 2).reshape(10, -1))
    last = over_time.target[-1] if name == "copy" else over_time.target
    assert np.array_equal(flat.target, last)


@pytest.mark.parametrize(
    "row", [row for row in DATA_SETS.values() if row.baseline is not None], ids=lambda row: row.name
)
@pytest.mark.parametrize(
    ("steps", "every_step"), [(40, True), pytest.param(120, True, marks=pytest.mark.soak), (40, False)]
)
def test_the_baseline_is_the_loss_of_the_best_constant_answer_at_each_step(
    row: DataSet, steps: int, every_step: bool
) -> None:
    """What remembers nothing knows the step alone: it answers with that step's shares of the classes, or the mean."""
    request = Request(row.name, 20_000, steps, None, True, seed=1)
    target = datasets.load(request).target
    if row.loss == "mse":
        found = float(np.var(target))
    else:
        of_steps = target if target.ndim == 2 else target[None]
        shares = np.array([np.bincount(each, minlength=row.outputs or 0) / target.shape[-1] for each in of_steps])
        entropies = -(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=1)
        found = float(entropies.mean() if every_step else entropies[-1])
    if row.name == "recall" and every_step:
        found *= (steps - 1) / steps  # the first step sees its symbol, and needs no memory for it
    assert row.baseline is not None
    # 20,000 samples: of a variance or an entropy a hundredth is known.
    assert row.baseline(steps, every_step) == pytest.approx(found, rel=0.02)
    if row.name == "copy" and every_step:
        assert row.baseline(steps, True) == pytest.approx(10 * math.log(8) / steps)

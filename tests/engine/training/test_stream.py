"""The Stream: a batch is a function of data, seed and iteration, and what is held out is in none of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, ExperimentError, Stream, Training, build
from gradtui_engine.data.datasets import Batch
from gradtui_engine.training.stream import MOST_VALIDATION, VALIDATION
from tests.engine.helpers import drawn

ROWS = 57
#: Data with an end: digits flat and over time, and files of classes, of numbers, of windows; in every step's reading.
FIXED: dict[str, dict[str, Any]] = {
    "digits": {"data": "digits", "batch": 300},
    "digits over time": {"cell": "rnn", "data": "digits-rows", "batch": 450},
    "digits in float32": {"data": "digits", "batch": 500, "dtype": "float32"},
    "all digits at once": {"data": "digits", "batch": 1797},
    "classes": {"data": "csv:classes", "batch": 10},
    "classes as bce": {"data": "csv:classes", "batch": 8, "loss": "bce"},
    "numbers": {"data": "csv:numbers", "batch": 9, "dtype": "float32"},
    "columns over time": {"cell": "lstm", "data": "csv:numbers", "batch": 7},
    "windows": {"cell": "gru", "data": "csv:numbers", "window": 5, "batch": 6},
    "a whole file": {"data": "csv:numbers"},
}
#: Data without an end: a target at every step, one at the last, a direction; to an MLP and to a cell.
ENDLESS: dict[str, dict[str, Any]] = {
    "moons": {"data": "moons", "batch": 16},
    "gaussian": {"data": "gaussian", "inputs": 5, "batch": 16},
    "gaussian over time": {"cell": "rnn", "data": "gaussian", "inputs": 2, "steps": 4, "batch": 8, "dtype": "float32"},
    "every step": {"cell": "gru", "data": "copy", "steps": 9, "readout": "all", "batch": 6},
    "the last step": {"cell": "lstm", "data": "copy", "steps": 9, "batch": 6, "dtype": "float32"},
    "adding": {"cell": "gru", "data": "adding", "steps": 6, "batch": 12},
    "recall to an MLP": {"data": "recall", "steps": 3, "batch": 12},
}
ALL = FIXED | ENDLESS


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tables of ROWS rows, every number of which comes once."""
    folder, rng = tmp_path_factory.mktemp("tables"), np.random.default_rng(5)
    numbers = rng.normal(size=(ROWS, 3)).round(9)
    for name, last in (
        ("numbers", [repr(float(each)) for each in numbers[:, 2]]),
        ("classes", ["ab"[n % 2] for n in range(ROWS)]),
    ):
        rows = (f"{one!r},{two!r},{target}" for (one, two, _), target in zip(numbers.tolist(), last, strict=True))
        (folder / f"{name}.csv").write_text("one,two,target\n" + "\n".join(rows) + "\n")
    return folder


def training_of(files: Path, name: str, seed: int = 0, **plan: Any) -> Training:
    fields = dict(ALL[name])
    if fields["data"].startswith("csv:"):
        fields["data"] = f"csv:{files / fields['data'].removeprefix('csv:')}.csv"
    return Training(experiment=Experiment(depth=1, width=2, seed=seed, **fields), **plan)


def assert_equal(one: Batch, two: Batch) -> None:
    assert one.inputs.dtype == two.inputs.dtype
    assert one.target.dtype == two.target.dtype
    assert np.array_equal(one.inputs, two.inputs)
    assert np.array_equal(one.target, two.target)


def samples(batch: Batch) -> list[bytes]:
    """Each sample as bytes."""
    return [np.ascontiguousarray(batch.inputs[..., row, :]).tobytes() for row in range(batch.size)]


@pytest.mark.parametrize("name", ALL)
@drawn(20)
@given(seed=st.integers(0, 2**63 - 1), asked=st.lists(st.integers(0, 40), min_size=1, max_size=6), batches=st.data())
def test_a_batch_is_a_function_of_data_seed_and_iteration(
    files: Path, name: str, seed: int, asked: list[int], batches: st.DataObject
) -> None:
    """In whatever order they are asked for, of whatever stream of the data, beside whatever network."""
    kind = batches.draw(st.sampled_from([None, "one"]))
    training = training_of(files, name, seed, batches=kind)
    stream = Stream(training)
    for k in asked:
        batch = stream.batch(k)
        other = training.replace(optimizer="adam", width=3, iterations=7, schedule="cosine", validate_every=3)
        assert_equal(batch, Stream(other).batch(k))
        if k == 0 or kind == "one":
            own = build(training.experiment).batch
            if own.scale is not None and batch.scale is not None and len(stream.held_rows):
                # Its target is scaled without what is held out: the same numbers of the file.
                assert own.scale.rows > batch.scale.rows == len(stream.training_rows)
                assert own.scale.own(own.target) == pytest.approx(batch.scale.own(batch.target), abs=1e-6)
                own = dataclasses.replace(own, target=batch.target)
            assert_equal(batch, own)
        rows = stream.rows(k)
        assert (rows is None) == (name in ENDLESS)
        if rows is not None:
            assert stream.samples is not None
            assert_equal(batch, stream._take(rows))


@pytest.mark.parametrize("name", FIXED)
@drawn(20)
@given(seed=st.integers(0, 2**63 - 1), hold_out=st.sampled_from([0.0, 0.2, 0.9]) | st.floats(0.0, 0.9))
def test_an_epoch_takes_each_sample_that_is_not_held_out_once(
    files: Path, name: str, seed: int, hold_out: float
) -> None:
    stream = Stream(training_of(files, name, seed, hold_out=hold_out))
    assert stream.samples is not None
    count, size = stream.samples.size, stream.size
    held, rows = set(stream.held_rows.tolist()), set(stream.training_rows.tolist())
    assert held | rows == set(range(count))
    assert not held & rows
    # The share, but never a sample of the first batch.
    assert len(held) == min(int(count * hold_out), count - size)
    epoch = (count - len(held)) // size
    seen: list[list[int]] = []
    for number in (0, 1, 2):
        taken = [row for k in range(number * epoch, (number + 1) * epoch) for row in stream.rows(k).tolist()]  # type: ignore[union-attr]
        assert len(set(taken)) == len(taken) == epoch * size
        assert rows.issuperset(taken)
        assert len(rows) - len(taken) < size
        seen.append(taken)
    # Each in an order of its own: of 57 and more samples two orders are never the same.
    assert seen[0] != seen[1] != seen[2] != seen[0]
    if held:
        assert stream.validation is not None
        assert_equal(stream.validation, stream._take(stream.held_rows))
    else:
        assert stream.validation is None


@pytest.mark.parametrize("name", [name for name, fields in FIXED.items() if "batch" in fields])
def test_what_is_held_out_is_read_by_no_batch(files: Path, name: str) -> None:
    """By the very numbers: no sample of the digits or of the files is there twice."""
    stream = Stream(training_of(files, name, hold_out=0.5))
    held = set() if stream.validation is None else set(samples(stream.validation))
    assert len(held) == len(stream.held_rows)
    assert (len(held) == 0) == (name == "all digits at once")
    assert not any(held.intersection(samples(stream.batch(k))) for k in range(12))


@pytest.mark.parametrize("name", ENDLESS)
@drawn(12)
@given(seed=st.integers(0, 2**63 - 1), k=st.integers(0, 10**9), other=st.integers(0, 10**9))
def test_fresh_batches_differ_and_none_is_the_one_for_validation(
    files: Path, name: str, seed: int, k: int, other: int
) -> None:
    stream = Stream(training_of(files, name, seed))
    batch = stream.batch(k)
    assert batch.size == stream.size
    if k != other:
        assert not np.array_equal(batch.inputs, stream.batch(other).inputs)
    assert stream.validation is not None
    assert stream.validation.size == VALIDATION
    assert not np.array_equal(batch.inputs, stream.validation.inputs[..., : batch.size, :])
    assert stream.validation.inputs.dtype == batch.inputs.dtype == np.dtype(stream.resolved.dtype)
    assert Stream(training_of(files, name, seed, hold_out=0.0)).validation is None


@drawn(12)
@given(seed=st.integers(0, 2**63 - 1), k=st.integers(1, 10**6))
def test_a_gaussian_target_has_one_direction_in_all_batches_and_in_validation(seed: int, k: int) -> None:
    stream = Stream(Training(experiment=Experiment(data="gaussian", inputs=4, batch=16, depth=1, seed=seed)))
    assert stream.validation is not None
    wanted, *others = (
        np.linalg.lstsq(batch.inputs, batch.target, rcond=None)[0]
        for batch in (stream.batch(0), stream.batch(k), stream.validation)
    )
    # Each system is solved exactly, but for rounding.
    for direction in others:
        assert direction == pytest.approx(wanted, rel=1e-9, abs=1e-11)


def test_of_a_large_file_a_share_of_what_is_held_out_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "large.csv").write_text("x,y\n" + "".join(f"{n},{n % 7}.5\n" for n in range(2500)))
    experiment = Experiment(data=f"csv:{tmp_path / 'large.csv'}", depth=1, width=2)
    stream = Stream(Training(experiment=experiment, hold_out=0.9))
    assert len(stream.held_rows) == 2250
    assert stream.validation is not None
    assert_equal(stream.validation, stream._take(stream.held_rows[:MOST_VALIDATION]))


def test_a_task_is_validated_with_a_batch_of_its_own_size_where_that_is_larger() -> None:
    stream = Stream(Training(experiment=Experiment(data="moons", batch=2 * VALIDATION, depth=1)))
    assert stream.validation is not None
    assert stream.validation.size == 2 * VALIDATION


def test_there_is_no_iteration_before_the_first() -> None:
    stream = Stream(Training(experiment=Experiment(depth=1)))
    with pytest.raises(IndexError, match="iteration -1: the first is 0"):
        stream.batch(-1)


def test_batches_are_those_that_the_data_have() -> None:
    for data, kind, allowed in (("digits", "fresh", "epochs, one"), ("moons", "epochs", "fresh, one")):
        with pytest.raises(ExperimentError, match=allowed):
            Training(experiment=Experiment(data=data), batches=kind)

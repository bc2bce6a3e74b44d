"""The data sets: what ships, what a batch is, and what the networks are fed."""

from __future__ import annotations

import math
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, build
from gradtui_engine.core.numerics import Array
from gradtui_engine.data import datasets
from gradtui_engine.data.datasets import CSV, DATA_SETS, Batch, Request, standardise
from gradtui_engine.data.reading import Reading

SHIPPED = resources.files("gradtui_engine") / "data"
# The published test set, classes 0 to 9 (optdigits.names, UCI).
CLASS_COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
VIEWS = ["digits", "digits-rows", "digits-pixels"]
ROWS = [row for row in DATA_SETS.values() if row.name != CSV]
every_view = pytest.mark.parametrize("name", VIEWS)
every_data_set = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)

# Sums of 1797 · 64 standardised numbers of size 1: one rounding each, most of which cancel.
ROUNDING = 1e-12


def raw() -> tuple[Array, Array]:
    """The shipped images and labels, read without the engine."""
    with (SHIPPED / "digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
        return archive["images"].astype(float), archive["labels"].astype(int)


def load(name: str, over_time: bool = False, **more: Any) -> Batch:
    asked = {"batch": None, "steps": None, "inputs": None, "seed": 0} | more
    return datasets.load(Request(source=name, over_time=over_time, **asked))


def everything(name: str, over_time: bool = False, seed: int = 0) -> Batch:
    return load(name, over_time, batch=1797, seed=seed)


# -- what ships --------------------------------------------------------------------------------------------


def test_the_digits_are_the_published_ones_in_under_100_kb_with_their_licence() -> None:
    images, labels = raw()
    assert len((SHIPPED / "digits.npz").read_bytes()) < 100_000
    assert images.shape == (1797, 64)
    assert (images.min(), images.max()) == (0.0, 16.0)
    assert np.bincount(labels).tolist() == CLASS_COUNTS
    licence = (SHIPPED / "LICENCE.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in licence
    assert "Optical Recognition of Handwritten Digits" in licence


def test_the_first_image_is_the_published_zero() -> None:
    # The first line of optdigits.tes.
    first = "0,0,5,13,9,1,0,0,0,0,13,15,10,15,5,0,0,3,15,2,0,11,8,0,0,4,12,0,0,8,8,0,"
    first += "0,5,8,0,0,9,8,0,0,4,11,0,1,12,7,0,0,2,14,5,10,12,0,0,0,0,6,13,10,0,0,0,0"
    images, labels = raw()
    assert [*images[0].astype(int).tolist(), int(labels[0])] == [int(each) for each in first.split(",")]


# -- views of the digits -----------------------------------------------------------------------------------


def unstandardised(name: str, batch: Batch) -> Array:
    """The pixels (batch, 64) that a batch over time was made of, by the mean and std of each of its inputs."""
    images, _ = raw()
    steps, _, inputs = batch.inputs.shape
    columns = images.reshape(-1, inputs)
    assert steps * inputs == 64
    pixels = np.rint(batch.inputs * columns.std(axis=0) + columns.mean(axis=0)) + 0.0  # no −0
    return pixels.transpose(1, 0, 2).reshape(-1, 64)


@pytest.mark.parametrize("name", VIEWS[1:])
def test_a_view_over_time_shows_the_pixels_of_whole_images_in_reading_order(name: str) -> None:
    images, labels = raw()
    known = {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}
    batch = load(name, over_time=True, batch=100, seed=3)
    pixels = unstandardised(name, batch)
    assert {(image.tobytes(), int(label)) for image, label in zip(pixels, batch.target, strict=True)} <= known


def test_all_views_draw_the_same_samples() -> None:
    rows, dots = (load(name, over_time=True, batch=50, seed=9) for name in VIEWS[1:])
    assert np.array_equal(unstandardised("digits-rows", rows), unstandardised("digits-pixels", dots))
    flat = load("digits", batch=50, seed=9)
    assert flat.target.tolist() == rows.target.tolist() == dots.target.tolist()
    images, _ = raw()
    varying = images.std(axis=0) > 0
    pixels = flat.inputs * images.std(axis=0) + images.mean(axis=0)
    assert np.array_equal(np.rint(pixels)[:, varying], unstandardised("digits-rows", rows)[:, varying])


@every_view
def test_an_mlp_reads_the_same_numbers_with_time_flattened(name: str) -> None:
    flat = load(name, batch=20, seed=1)
    assert flat.inputs.shape == (20, 64)
    if name != "digits":
        over_time = load(name, over_time=True, batch=20, seed=1)
        assert np.array_equal(flat.inputs, over_time.inputs.transpose(1, 0, 2).reshape(20, 64))


@pytest.mark.parametrize(("name", "steps", "inputs"), [("digits-rows", 8, 8), ("digits-pixels", 64, 1)])
def test_a_recurrent_cell_reads_time_batch_inputs(name: str, steps: int, inputs: int) -> None:
    assert load(name, over_time=True, batch=20).inputs.shape == (steps, 20, inputs)
    network = build(Experiment(cell="lstm", data=name, batch=20, width=2))
    assert network.run().input.shape == (steps, 20, inputs)


@every_view
def test_each_input_is_standardised_over_the_whole_set_and_a_constant_one_is_zero(name: str) -> None:
    over_time = DATA_SETS[name].over_time
    inputs = everything(name, over_time).inputs
    columns = inputs.reshape(-1, inputs.shape[-1])
    assert np.abs(columns.mean(axis=0)).max() < ROUNDING
    images, _ = raw()
    constant = images.reshape(-1, inputs.shape[-1]).std(axis=0) == 0
    assert columns.std(axis=0)[~constant] == pytest.approx(1.0, abs=ROUNDING)
    assert not columns[:, constant].any()
    assert constant.sum() == (3 if name == "digits" else 0)


# -- standardisation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 3, 6, 7, 10, 64, 1797])
@pytest.mark.parametrize("constant", [0.0, 1.0, 0.1, -2.7, 1e-300, 1e300])
def test_a_constant_column_becomes_zero(rows: int, constant: float) -> None:
    # The mean of many 0.1s is not 0.1: what is left after taking it away is rounding, not signal.
    assert not standardise(np.full((rows, 1), constant), axes=(0,)).any()


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-3, 1.0, 1e10, 1e200, 1e307])
def test_a_columns_scale_does_not_matter(scale: float) -> None:
    values = np.array([[1.0], [2.0], [4.0], [9.0]])
    wanted = (values - 4.0) / math.sqrt(9.5)
    assert standardise(values * scale, axes=(0,)) == pytest.approx(wanted, rel=1e-12)


# -- the batch ---------------------------------------------------------------------------------------------


@every_view
def test_a_batch_is_drawn_without_replacement(name: str) -> None:
    over_time = DATA_SETS[name].over_time
    whole = everything(name, over_time)
    images, labels = raw()
    assert np.bincount(whole.target).tolist() == CLASS_COUNTS
    if over_time:
        pixels = unstandardised(name, whole)
        # lexsort: the images as a set with repetitions, whatever their order.
        assert np.array_equal(pixels[np.lexsort(pixels.T)], images[np.lexsort(images.T)])
    assert whole.target.tolist() != labels.tolist()


@every_data_set
def test_the_batch_belongs_to_the_seed(row: datasets.DataSet) -> None:
    one, again, other = (load(row.name, row.over_time, batch=30, seed=seed) for seed in (1, 1, 2))
    assert one.inputs.tobytes() == again.inputs.tobytes()
    assert one.target.tobytes() == again.target.tobytes()
    assert not np.array_equal(one.inputs, other.inputs)
    assert not np.array_equal(one.target, other.target)


@every_data_set
@pytest.mark.parametrize(
    "change",
    [
        {"width": 7},
        {"depth": 2},
        {"activation": "relu"},
        {"init": "he_normal"},
        {"gain": 2.0},
        {"forget_bias": 3.0},
        {"learning_rate": 0.5},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_about_data_does_not_change_the_data(row: datasets.DataSet, change: dict[str, object]) -> None:
    cell = "lstm" if row.over_time else "mlp"
    experiment = Experiment(cell=cell, data=row.name, depth=3, width=4, batch=20)
    one, other = build(experiment).batch, build(experiment.replace(**change)).batch
    assert one.inputs.tobytes() == other.inputs.tobytes()
    assert one.target.tobytes() == other.target.tobytes()


@every_data_set
def test_float32_data_are_the_float64_data_rounded(row: datasets.DataSet) -> None:
    experiment = Experiment(cell="lstm" if row.over_time else "mlp", data=row.name, depth=1, width=2, batch=20)
    exact, single = (build(experiment.replace(dtype=dtype)).batch for dtype in ("float64", "float32"))
    assert single.inputs.dtype == np.float32
    assert np.array_equal(single.inputs, exact.inputs.astype(np.float32))
    if exact.loss == "mse":
        assert np.array_equal(single.target, exact.target.astype(np.float32))


@every_data_set
def test_the_row_tells_the_truth_about_its_batches(row: datasets.DataSet) -> None:
    batch = load(row.name, row.over_time)
    steps, size, inputs = batch.inputs.shape if row.over_time else (None, *batch.inputs.shape)
    assert size == batch.size == 64
    assert steps in (row.steps or 64, None)
    assert inputs == (row.inputs or 64)
    assert batch.outputs == row.outputs
    assert batch.loss == ("mse" if row.outputs == 1 else "cross_entropy")
    per_step = (64, 64) if row.name == "copy" else (64,)  # copy memory has a class at every time step
    assert batch.target.shape == ((64, 1) if batch.loss == "mse" else per_step)


# -- all samples, and endless ones -------------------------------------------------------------------------


@every_view
@pytest.mark.parametrize("batch", [None, 20])
def test_the_whole_of_the_digits_is_all_images_in_the_order_of_the_file(name: str, batch: int | None) -> None:
    over_time = DATA_SETS[name].over_time
    whole, drawn = load(name, over_time, batch=batch, whole=True), load(name, over_time, batch=20, seed=4)
    _, labels = raw()
    assert np.array_equal(whole.target, labels)
    # A batch is rows of the whole: those that the seed draws.
    rows = np.random.default_rng([4, 1]).choice(1797, size=20, replace=False)
    assert np.array_equal(whole.inputs[..., rows, :], drawn.inputs)


def test_the_whole_of_a_table_is_all_its_rows_or_windows_in_order(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_text("a,b\n" + "".join(f"{k * k},{k + 0.5}\n" for k in range(100)), encoding="utf-8")
    flat = load(f"csv:{path}", batch=8, whole=True)
    assert flat.inputs.shape == (100, 1)
    assert flat.target[:, 0].tolist() == [k + 0.5 for k in range(100)]
    windows = load(f"csv:{path}", True, whole=True, reading=Reading(window=3))
    assert windows.inputs.shape[:2] == (3, 97)
    assert windows.target[:, 0].tolist() == [k + 0.5 for k in range(3, 100)]
    assert np.array_equal(windows.inputs[1:, :-1], windows.inputs[:-1, 1:])


MADE = [row for row in ROWS if row.samples is None]


@pytest.mark.parametrize("row", MADE, ids=lambda row: row.name)
def test_every_draw_of_a_task_is_another_batch_that_seed_and_draw_alone_decide(row: datasets.DataSet) -> None:
    def drawn(*draw: str | int) -> tuple[bytes, bytes]:
        batch = load(row.name, row.over_time, batch=30, seed=5, draw=draw)
        return batch.inputs.tobytes(), batch.target.tobytes()

    draws: list[tuple[str | int, ...]] = [(), (1,), (2,), ("validation",), ("validation", 1)]
    batches = {draw: drawn(*draw) for draw in draws}
    assert len({inputs for inputs, _ in batches.values()}) == len({target for _, target in batches.values()}) == 5
    assert batches == {draw: drawn(*draw) for draw in reversed(draws)}
    assert drawn(0) == batches[()]


def test_all_draws_of_gaussian_have_one_linear_target() -> None:
    one, other = (load("gaussian", batch=50, inputs=10, draw=draw) for draw in ((), (7,)))
    fitted, *_ = np.linalg.lstsq(one.inputs, one.target, rcond=None)
    # 50 samples determine the 10 coefficients; the residual is rounding.
    assert np.abs(other.inputs @ fitted - other.target).max() < 1e-12


# -- gaussian ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("over_time", "steps", "inputs"), [(False, 1, 40), (True, 8, 5)])
def test_the_gaussian_target_is_linear_in_the_input(over_time: bool, steps: int, inputs: int) -> None:
    batch = load("gaussian", over_time, batch=200, inputs=inputs, steps=steps)
    samples = (batch.inputs.transpose(1, 0, 2) if over_time else batch.inputs).reshape(200, -1)
    fitted, *_ = np.linalg.lstsq(samples, batch.target, rcond=None)
    # 200 samples of 40 numbers determine the 40 coefficients; the residual is rounding.
    assert np.abs(samples @ fitted - batch.target).max() < 1e-12
    assert np.abs(fitted).min() > 0.0


@pytest.mark.parametrize(("over_time", "steps", "inputs"), [(False, 1, 1000), (True, 40, 25)])
def test_the_gaussian_inputs_are_standard_normal_and_the_target_has_unit_variance(
    over_time: bool, steps: int, inputs: int
) -> None:
    batch = load("gaussian", over_time, batch=4000, steps=steps, inputs=inputs)
    # Standard errors over 4·10⁶ inputs: of the mean 1/√n, of x² √(2/n), of x⁴ √(96/n); five.
    count = batch.inputs.size
    assert batch.inputs.mean() == pytest.approx(0.0, abs=5 / math.sqrt(count))
    assert batch.inputs.var() == pytest.approx(1.0, abs=5 * math.sqrt(2 / count))
    assert np.mean(batch.inputs**4) == pytest.approx(3.0, abs=5 * math.sqrt(96 / count))
    # The target's variance is |v|²/1000 with 1000 normal numbers v, and then that of a sample of 4000.
    assert batch.target.var() == pytest.approx(1.0, abs=5 * math.sqrt(2 / 1000 + 2 / 4000))


def test_an_mlp_on_gaussian_data_reads_any_width_and_an_lstm_any_length() -> None:
    assert load("gaussian", batch=3, inputs=7).inputs.shape == (3, 7)
    assert load("gaussian", True, batch=3, inputs=7, steps=11).inputs.shape == (11, 3, 7)


def test_every_csv_path_has_the_one_row() -> None:
    assert datasets.find("csv:a.csv") is datasets.find("csv:b c/d.csv") is DATA_SETS[CSV]

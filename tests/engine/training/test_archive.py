"""The archive of a training holds all that another program needs to train the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.numerics import Array
from gradtui_engine.experiment.training import Training
from gradtui_engine.training import archive
from gradtui_engine.training.history import TrainingHistory, train
from gradtui_engine.training.stream import Stream

TANH = Experiment(depth=2, width=8, activation="tanh", learning_rate=0.3, batch=16)


def saved(history: TrainingHistory, path: Path, other: TrainingHistory | None = None) -> dict[str, Array]:
    archive.save(path, history, other)
    with np.load(path, allow_pickle=False) as loaded:
        return {name: loaded[name] for name in loaded}


def trained_again(arrays: dict[str, Array]) -> tuple[dict[str, Array], list[float]]:
    """The final parameters and the losses of a tanh MLP with plain SGD and cross entropy, from an archive alone."""
    parameters = {name.removeprefix("param/"): array.copy() for name, array in arrays.items() if "param/" in name}
    layers = [name.removesuffix(".weight") for name in parameters if name.endswith(".weight")]
    losses = []
    for rows, rate in zip(arrays["history/batch"], arrays["history/learning_rate"], strict=True):
        states, target = [arrays["data/input"][rows]], arrays["data/target"][rows]
        for layer in layers:
            z = states[-1] @ parameters[f"{layer}.weight"].T + parameters[f"{layer}.bias"]
            states.append(z if layer == "output" else np.tanh(z))
        scores = np.exp(states[-1] - states[-1].max(axis=1, keepdims=True))
        shares = scores / scores.sum(axis=1, keepdims=True)
        losses.append(float(-np.log(shares[np.arange(len(rows)), target]).mean()))
        gradient = (shares - np.eye(shares.shape[1])[target]) / len(rows)
        for index in range(len(layers) - 1, -1, -1):
            weight, bias = (parameters[f"{layers[index]}.{part}"] for part in ("weight", "bias"))
            below = gradient @ weight * (1 - states[index] ** 2)
            weight -= rate * gradient.T @ states[index]
            bias -= rate * gradient.sum(axis=0)
            gradient = below
    return parameters, losses


@pytest.mark.parametrize("more", [{}, {"batches": "one"}, {"schedule": "cosine", "warmup": 5}])
def test_plain_numpy_trains_the_same_from_the_archive_alone(more: dict[str, object], tmp_path: Path) -> None:
    """Across epochs: 89 batches of 16 are one."""
    history = train(Training(experiment=TANH, iterations=100, **more))  # type: ignore[arg-type]
    arrays = saved(history, tmp_path / "run.npz")
    parameters, losses = trained_again(arrays)
    # In float64; another order of the sums.
    np.testing.assert_allclose(losses, arrays["history/loss"], rtol=1e-9)
    for name, array in parameters.items():
        np.testing.assert_allclose(array, arrays[f"final/{name}"], rtol=1e-7, atol=1e-10, err_msg=name)
    assert not np.array_equal(arrays["param/output.weight"], arrays["final/output.weight"])


def test_no_batch_has_a_row_that_is_held_out_and_every_epoch_has_each_other_once(tmp_path: Path) -> None:
    arrays = saved(train(Training(experiment=TANH, iterations=90)), tmp_path / "run.npz")
    held, batches = arrays["data/held_out"], arrays["history/batch"]
    assert len(held) == int(0.2 * len(arrays["data/input"]))
    assert not np.isin(batches, held).any()
    first = batches[: (len(arrays["data/input"]) - len(held)) // 16].ravel()
    assert len(np.unique(first)) == len(first)


@pytest.mark.parametrize("readout", ["last", "all"])
def test_fresh_batches_lie_one_behind_the_other(readout: str, tmp_path: Path) -> None:
    experiment = Experiment(cell="gru", data="copy", steps=24, width=4, batch=8, readout=readout)
    training = Training(experiment=experiment, iterations=3, hold_out=0.0)
    arrays, stream = saved(train(training), tmp_path / "run.npz"), Stream(training)
    for k in range(3):
        batch, rows = stream.batch(k), arrays["history/batch"][k]
        np.testing.assert_array_equal(arrays["data/input"].take(rows, axis=1), batch.inputs)
        axis = 1 if readout == "all" else 0
        np.testing.assert_array_equal(arrays["data/target"].take(rows, axis=axis), batch.target)


def test_one_batch_is_all_the_data_that_there_is(tmp_path: Path) -> None:
    arrays = saved(train(Training(experiment=TANH, iterations=4, batches="one")), tmp_path / "run.npz")
    assert arrays["data/input"].shape == (16, 64)
    np.testing.assert_array_equal(arrays["history/batch"], np.tile(np.arange(16), (4, 1)))


def test_b_and_the_running_statistics_are_there(tmp_path: Path) -> None:
    a = train(Training(experiment=TANH.replace(norm="batch"), iterations=3))
    b = train(Training(experiment=TANH, iterations=3))
    arrays = saved(a, tmp_path / "run.npz", b)
    for name, array in a.trainer.running.items():
        np.testing.assert_array_equal(arrays[f"running/{name}"], array)
    np.testing.assert_array_equal(arrays["b/history/loss"], b.columns["loss"])
    assert json.loads(str(arrays["training"]))["training"]["iterations"] == 3
    assert {name for name in arrays if name.startswith("b/running")} == set()


def test_what_would_be_too_large_is_refused_with_its_size_and_what_is_allowed() -> None:
    experiment = Experiment(cell="gru", data="adding", steps=100, width=4, batch=64)
    training = Training(experiment=experiment, iterations=10**5)
    # 100 steps × 64 samples × 2 numbers, and 64 targets, of 8 bytes.
    each = 100 * 64 * 2 * 8 + 64 * 8
    with pytest.raises(ExperimentError) as caught:
        archive.refuse_too_large(training, Stream(training), "--save")
    (problem,) = caught.value.problems
    assert f"{each * 10**5 // 2**20} MB; allowed: 64 MB, which {64 * 2**20 // each} iterations" in problem.message
    archive.refuse_too_large(training.replace(iterations=64 * 2**20 // each), Stream(training), "--save")
    archive.refuse_too_large(training.replace(batches="one"), Stream(training), "--save")

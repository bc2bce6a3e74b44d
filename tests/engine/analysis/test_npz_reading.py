"""What `save` wrote comes back whole: every array bit by bit, the analysis, what is worked out; or it is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from gradtui_engine import Experiment, Run, build, simulate
from gradtui_engine.analysis.json_document import document
from gradtui_engine.analysis.npz_reading import read_npz
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.numerics import Array
from tests.engine.helpers import analysed, drawn, fingerprint, refused, shaken, small
from tests.engine.strategies import small_experiments

every_cell = pytest.mark.parametrize("cell", CELLS.names)


def written(run: Run, path: Path) -> dict[str, Array]:
    run.save(path)
    with np.load(path) as archive:
        return dict(archive)


def opened(path: Path) -> Run:
    (run,) = read_npz(path)
    return run


def numbers(run: Run) -> str:
    return json.dumps(document(run))


# -- what comes back ---------------------------------------------------------------------------------------


@drawn(40)
@given(small_experiments())
def test_a_saved_run_comes_back_bit_by_bit_with_its_analysis(
    tmp_path_factory: pytest.TempPathFactory, experiment: Experiment
) -> None:
    path = tmp_path_factory.mktemp("saved") / "run.npz"
    # Biases that no initialiser draws: what comes back is what was saved, not what the experiment would draw.
    run = analysed(shaken(experiment).run())
    run.save(path)
    again = opened(path)
    assert fingerprint(again) == fingerprint(run)
    assert numbers(again) == numbers(run)
    assert again.experiment == run.experiment


@every_cell
def test_everything_that_was_not_saved_is_worked_out_again(cell: str, tmp_path: Path) -> None:
    run = simulate(small(cell, clip="norm", optimizer="adam"))
    run.save(tmp_path / "run.npz")
    again = opened(tmp_path / "run.npz")
    assert again.values.keys() == run.values.keys()
    for name, array in run.values.items():
        assert np.array_equal(again.values[name], array), name
    for name in run.program.readers:
        if name in run.gradients:
            assert np.array_equal(again.gradient(name), run.gradient(name)), name
    assert again.steps == run.steps
    assert {name: array.tolist() for name, array in again.updates.items()} == {
        name: array.tolist() for name, array in run.updates.items()
    }


def test_a_run_knows_the_file_that_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    run = simulate(small("mlp"))
    run.save(path)
    assert opened(path).source.recording == str(path)
    assert opened(path).source.experiment == run.source.experiment
    assert run.source.recording == ""


def test_a_run_that_overflowed_comes_back(tmp_path: Path) -> None:
    run = simulate(Experiment(depth=60, width=8, batch=4, activation="linear", gain=1e30, dtype="float32"))
    run.save(tmp_path / "run.npz")
    again = opened(tmp_path / "run.npz")
    assert again.outcome.signal.kind == "non_finite"
    assert fingerprint(again) == fingerprint(run)


def test_a_run_on_a_file_comes_back_without_the_file(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("a,b,kind\n" + "".join(f"{i},{i * i % 7},{'yes' if i % 3 else 'no'}\n" for i in range(20)))
    run = simulate(Experiment(data=f"csv:{data}", depth=2, width=4))
    run.save(tmp_path / "run.npz")
    data.unlink()
    assert numbers(opened(tmp_path / "run.npz")) == numbers(run)


def test_rounding_of_another_machine_is_taken_as_it_was_saved(tmp_path: Path) -> None:
    """Through 30 layers of relu and BatchNorm it would grow to other gradients, were it worked out from the input."""
    path = tmp_path / "run.npz"
    run = simulate(Experiment(depth=30, width=16, activation="relu", norm="batch", dtype="float32", batch=16))
    arrays = written(run, path)
    rng = np.random.default_rng(1)
    for name in [name for name in arrays if name.split("/")[0] in ("h", "dh") and not name.endswith("/0")]:
        arrays[name] = arrays[name] * (1 + np.float32(1e-6) * rng.standard_normal(arrays[name].shape, np.float32))
    np.savez(path, **arrays)
    again = opened(path)
    assert np.array_equal(again.values["h/30"], arrays["h/30"])
    assert np.array_equal(again.gradients["h/1"], arrays["dh/1"])


def test_pytorchs_users_load_the_arrays_as_ever(tmp_path: Path) -> None:
    arrays = written(simulate(small("mlp")), tmp_path / "run.npz")
    assert json.loads(str(arrays.pop("experiment")))["given"] == small("mlp").given()
    assert all(array.dtype.kind in "fi" for array in arrays.values())


# -- what is refused ---------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    (problem,) = refused(read_npz, path)
    assert problem.startswith(f"{path}: ")
    return problem.removeprefix(f"{path}: ")


@every_cell
@pytest.mark.parametrize("kind", ["param", "grad", "h", "dh"])
def test_an_array_that_does_not_fit_the_others_is_refused_by_name(cell: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    arrays = written(analysed(shaken(small(cell, width=4)).run()), path)
    name = next(name for name in arrays if name.startswith(f"{kind}/") and not name.endswith("/0"))
    arrays[name] = arrays[name] + np.max(np.abs(arrays[name])) + 0.1
    np.savez(path, **arrays)
    assert "is not what its experiment makes of the other arrays" in refusal(path)


@pytest.mark.parametrize(
    "change",
    [
        {"param/layers.1.weight": np.zeros((3, 3))},
        {"param/output.bias": np.zeros(10, np.float32)},
        {"target": np.full(5, 10)},
        {"target": np.full(5, -1)},
        {"target": np.zeros(5)},
        {"target": np.zeros(4, np.int64)},
        {"input": np.zeros((5, 63))},
        {"input": np.zeros((4, 64))},
        {"param/layers.9.weight": np.zeros((8, 8))},
        {"h/2": np.zeros((5, 7))},
        {"experiment": np.array("[]")},
        {"experiment": np.array("no JSON")},
        {"experiment": np.array('{"given": {"depth": 4, "widht": 8}, "loss": "cross_entropy"}')},
        {"experiment": np.array('{"given": {"cell": "lstm"}, "loss": "cross_entropy"}')},
        {"experiment": np.array('{"given": {"depth": 4}, "loss": "other"}')},
        {"experiment": np.array('{"given": {"depth": 10000, "width": 4000}, "loss": "cross_entropy"}')},
        {"param/output.bias": np.array(["a"] * 10)},
    ],
)
def test_an_archive_whose_arrays_are_not_those_of_its_experiment_is_refused(
    change: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "run.npz"
    np.savez(path, **written(simulate(small("mlp")), path) | change)
    assert refusal(path)


@pytest.mark.parametrize("name", ["experiment", "input", "target", "param/output.bias", "grad/output.bias", "dh/2"])
def test_an_archive_that_lacks_an_array_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    arrays = written(simulate(small("mlp")), path)
    del arrays[name]
    np.savez(path, **arrays)
    assert refusal(path)


def test_a_truncated_an_empty_a_foreign_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    simulate(small("mlp")).save(path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:-30], b"", b"no archive", b"PK\x03\x04"):
        path.write_bytes(content)
        assert refusal(path)
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(3))
    assert "has no experiment" in refusal(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    assert refusal(path)
    assert refusal(tmp_path / "missing.npz") == "cannot be read: No such file or directory"
    assert refusal(tmp_path) == "cannot be read: Is a directory"


def test_nothing_in_an_archive_is_run(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    arrays = written(simulate(small("mlp")), path)
    arrays["h/2"] = np.array([len], dtype=object)
    np.savez(path, **arrays)
    assert refusal(path)


def test_a_run_is_the_same_with_its_own_arrays_put_back(tmp_path: Path) -> None:
    network = build(small("lstm", layers=2, readout="all"))
    run = Run.of(network.run())
    run.save(tmp_path / "run.npz")
    assert opened(tmp_path / "run.npz").analysis == run.analysis


def test_both_sides_of_one_experiment_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "both.npz"
    arrays = written(simulate(small("mlp")), path)
    np.savez(path, **{f"{side}/{name}": array for side in "ab" for name, array in arrays.items()})
    a, b = read_npz(path)
    assert (a.source.words, b.source.words) == ("A", "B")
    assert a.source != b.source
    assert numbers(a) == numbers(b)

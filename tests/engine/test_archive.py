"""The .npz archive: the names and shapes of the contract, exact values, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradtui_engine import Experiment, Trace, simulate
from gradtui_engine.cells import CELLS
from gradtui_engine.numerics import Array

WIDTH, BATCH = 5, 3
EXPERIMENTS = {
    "mlp": Experiment(depth=2, width=WIDTH, batch=BATCH),
    "lstm": Experiment(cell="lstm", data="digits-rows", width=WIDTH, batch=BATCH),
}
MLP_PARAMETERS = {
    "layers.1.weight": (WIDTH, 64),
    "layers.1.bias": (WIDTH,),
    "layers.2.weight": (WIDTH, WIDTH),
    "layers.2.bias": (WIDTH,),
}
LSTM_PARAMETERS = {
    "lstm.weight_ih_l0": (4 * WIDTH, 8),
    "lstm.weight_hh_l0": (4 * WIDTH, WIDTH),
    "lstm.bias_ih_l0": (4 * WIDTH,),
    "lstm.bias_hh_l0": (4 * WIDTH,),
}
OUTPUT = {"output.weight": (10, WIDTH), "output.bias": (10,)}


def contract(cell: str) -> dict[str, tuple[int, ...]]:
    """Every name in the archive with its shape."""
    shapes: dict[str, tuple[int, ...]] = {"target": (BATCH,), "loss": ()}
    parameters = (MLP_PARAMETERS if cell == "mlp" else LSTM_PARAMETERS) | OUTPUT
    for name, shape in parameters.items():
        shapes |= {f"param/{name}": shape, f"grad/{name}": shape}
    if cell == "mlp":
        shapes["input"] = (BATCH, 64)
        for kind in ("h", "dh"):
            shapes |= {f"{kind}/0": (BATCH, 64), f"{kind}/1": (BATCH, WIDTH), f"{kind}/2": (BATCH, WIDTH)}
    else:
        shapes["input"] = (8, BATCH, 8)
        for kind in ("h", "dh", "c", "dc"):
            shapes |= {f"{kind}/{time}": (BATCH, WIDTH) for time in range(9)}
        shapes |= {f"gates/{time}": (BATCH, 4 * WIDTH) for time in range(1, 9)}
    return shapes


def saved(trace: Trace, path: Path) -> dict[str, Array]:
    trace.save(path)
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


every_cell = pytest.mark.parametrize("cell", CELLS.names)


@every_cell
def test_the_archive_holds_the_names_and_shapes_of_the_contract_and_nothing_else(cell: str, tmp_path: Path) -> None:
    found = saved(simulate(EXPERIMENTS[cell]), tmp_path / "run.npz")
    assert {name: array.shape for name, array in found.items()} == contract(cell)


@every_cell
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_archive_holds_the_traces_values_bit_by_bit(cell: str, dtype: str, tmp_path: Path) -> None:
    trace = simulate(EXPERIMENTS[cell].replace(dtype=dtype))
    found = saved(trace, tmp_path / "run.npz")
    wanted = {"input": trace.input, "target": trace.target, "loss": np.asarray(trace.loss)}
    wanted |= {f"param/{name}": array for name, array in trace.parameters.items()}
    wanted |= {f"grad/{name}": array for name, array in trace.parameter_gradients.items()}
    for name in [name for name in found if name.split("/")[0] in ("h", "c", "gates")]:
        wanted[name] = trace.values[name]
        if not name.startswith("gates"):
            wanted[f"d{name}"] = trace.gradients[name]
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        assert np.array_equal(array, wanted[name]), name
        assert array.dtype == (np.int64 if name == "target" else np.dtype(dtype)), name


def test_a_regression_keeps_its_numbers_as_target(tmp_path: Path) -> None:
    found = saved(simulate(Experiment(data="gaussian", depth=1, batch=7)), tmp_path / "run.npz")
    assert found["target"].shape == (7, 1)
    assert found["param/output.weight"].shape == (1, 64)


@pytest.mark.parametrize("name", ["run.npz", "run", "run.dat", "a run.npz"])
def test_the_file_gets_exactly_the_name_that_was_given(name: str, tmp_path: Path) -> None:
    simulate(EXPERIMENTS["mlp"]).save(tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_path_may_be_a_string_and_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    path.write_text("old")
    trace = simulate(EXPERIMENTS["mlp"])
    trace.save(str(path))
    with np.load(path) as archive:
        assert float(archive["loss"]) == trace.loss


def test_a_path_that_cannot_be_written_is_an_os_error_and_leaves_nothing(tmp_path: Path) -> None:
    trace = simulate(EXPERIMENTS["mlp"])
    directory, file = tmp_path / "directory", tmp_path / "file"
    directory.mkdir()
    file.write_text("kept")
    for path in (tmp_path / "missing" / "run.npz", directory, file / "run.npz"):
        with pytest.raises(OSError, match=str(tmp_path)):
            trace.save(path)
    assert sorted(tmp_path.rglob("*")) == [directory, file]
    assert file.read_text() == "kept"


@pytest.mark.parametrize("path", ["", ".", "/", ".."])
def test_a_path_without_a_file_name_is_an_os_error(path: str) -> None:
    with pytest.raises(OSError, match=r"(?i)director|busy|invalid|no such"):  # which one is the system's choice
        simulate(EXPERIMENTS["mlp"]).save(path)


def test_a_failure_in_the_middle_keeps_the_old_file_and_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.npz"
    path.write_text("old")

    def full_disk(file: object, **arrays: Array) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        simulate(EXPERIMENTS["mlp"]).save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["run.npz"]
    assert path.read_text() == "old"


def test_a_trace_that_is_not_finite_is_saved_as_it_is(tmp_path: Path) -> None:
    trace = simulate(Experiment(depth=60, width=8, batch=4, activation="linear", gain=1e30, dtype="float32"))
    assert trace.outcome.kind == "non_finite"
    found = saved(trace, tmp_path / "run.npz")
    assert np.array_equal(found["h/60"], trace.values["h/60"], equal_nan=True)
    assert not np.isfinite(found["h/60"]).all()

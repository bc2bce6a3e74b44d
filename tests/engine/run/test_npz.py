"""The .npz archive: the names and shapes of the contract, exact values, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Trace, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.numerics import Array
from tests.engine.helpers import small
from tests.engine.oracles import BIASES, MATRICES
from tests.examples import covering

WIDTH, BATCH = 5, 3
# Numbers of gates, PyTorch's blocks of rows, of each cell over time.
GATES = {"rnn": 1, "lstm": 4, "gru": 3, "mgu": 2, "mingru": 2, "lru": 0}
STATES = {"rnn": ["h"], "lstm": ["h", "c"], "gru": ["h"], "mgu": ["h"], "mingru": ["h"], "lru": ["h"]}


def experiment(cell: str, **changes: Any) -> Experiment:
    return small(cell, depth=2, width=WIDTH, batch=BATCH, **changes)


def parameters(cell: str) -> dict[str, tuple[int, ...]]:
    """PyTorch's names and shapes."""
    shapes: dict[str, tuple[int, ...]] = {"output.weight": (10, WIDTH), "output.bias": (10,)}
    if cell == "mlp":
        for layer, inputs in ((1, 64), (2, WIDTH)):
            shapes |= {f"layers.{layer}.weight": (WIDTH, inputs), f"layers.{layer}.bias": (WIDTH,)}
        return shapes
    if cell == "transformer":
        return shapes | of_blocks()
    rows = GATES[cell] * WIDTH
    if cell == "lru":
        # Complex: a state and the rows of B are twice as many reals, and so is what the output reads.
        own = {"nu": (WIDTH,), "theta": (WIDTH,), "log_gamma": (WIDTH,), "weight_ih": (2 * WIDTH, 8)}
        return {
            "output.weight": (10, 2 * WIDTH), "output.bias": (10,),
            **{f"lru.{name}_l0": shape for name, shape in own.items()},
        }  # fmt: skip
    matrices = zip(MATRICES[cell], ((rows, 8), (rows, WIDTH)), strict=False)
    shapes |= {f"{cell}.{name}_l0": shape for name, shape in matrices}
    return shapes | {f"{cell}.{name}_l0": (rows,) for name in BIASES[cell]}


def of_blocks() -> dict[str, tuple[int, ...]]:
    """Those of torch.nn.TransformerEncoderLayer, of an embedding and of a last norm; heads that divide 5 are one."""
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (WIDTH, 8)}
    for block in (1, 2):
        prefix, attention = f"layers.{block}", f"layers.{block}.self_attn"
        shapes |= {f"{attention}.in_proj_weight": (3 * WIDTH, WIDTH), f"{attention}.in_proj_bias": (3 * WIDTH,)}
        shapes |= {f"{attention}.out_proj.weight": (WIDTH, WIDTH), f"{prefix}.linear1.weight": (4 * WIDTH, WIDTH)}
        shapes |= {f"{prefix}.linear1.bias": (4 * WIDTH,), f"{prefix}.linear2.weight": (WIDTH, 4 * WIDTH)}
        shapes |= {f"{prefix}.{norm}.{name}": (WIDTH,) for norm in ("norm1", "norm2") for name in ("weight", "bias")}
        shapes |= {f"{attention}.out_proj.bias": (WIDTH,), f"{prefix}.linear2.bias": (WIDTH,)}
    return shapes | dict.fromkeys(("embedding.bias", "norm.weight", "norm.bias"), (WIDTH,))


def contract(cell: str) -> dict[str, tuple[int, ...]]:
    """Every name in the archive with its shape."""
    shapes: dict[str, tuple[int, ...]] = {"target": (BATCH,), "loss": (), "experiment": ()}
    for name, shape in parameters(cell).items():
        shapes |= {f"param/{name}": shape, f"grad/{name}": shape}
    if cell == "mlp":
        shapes["input"] = (BATCH, 64)
        for kind in ("h", "dh"):
            shapes |= {f"{kind}/0": (BATCH, 64), f"{kind}/1": (BATCH, WIDTH), f"{kind}/2": (BATCH, WIDTH)}
        return shapes
    shapes["input"] = (8, BATCH, 8)
    if cell == "transformer":
        shapes |= {f"{kind}/{block}": (8, BATCH, WIDTH) for kind in ("h", "dh") for block in range(3)}
        return shapes | {f"attention/{block}": (1, 8, BATCH, 8) for block in (1, 2)}
    for state in STATES[cell]:
        units = WIDTH * (2 if cell == "lru" else 1)
        shapes |= {f"{kind}{state}/{time}": (BATCH, units) for kind in ("", "d") for time in range(9)}
    if GATES[cell] > 1:
        shapes |= {f"gates/{time}": (BATCH, GATES[cell] * WIDTH) for time in range(1, 9)}
    return shapes


def saved(trace: Trace, path: Path) -> dict[str, Array]:
    trace.save(path)
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


every_cell = pytest.mark.parametrize("cell", CELLS.names)


@every_cell
def test_the_archive_holds_the_names_and_shapes_of_the_contract_and_nothing_else(cell: str, tmp_path: Path) -> None:
    found = saved(simulate(experiment(cell)), tmp_path / "run.npz")
    assert {name: array.shape for name, array in found.items()} == contract(cell)


@every_cell
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_archive_holds_the_traces_values_bit_by_bit(cell: str, dtype: str, tmp_path: Path) -> None:
    trace = simulate(experiment(cell, dtype=dtype))
    found = saved(trace, tmp_path / "run.npz")
    assert json.loads(str(found.pop("experiment"))) == {"given": trace.experiment.given(), "loss": "cross_entropy"}
    wanted = {"input": trace.input, "target": trace.target, "loss": np.asarray(trace.loss)}
    wanted |= {f"param/{name}": array for name, array in trace.parameters.items()}
    wanted |= {f"grad/{name}": array for name, array in trace.parameter_gradients.items()}
    for name in [name for name in found if name.split("/")[0] in ("h", "c", "gates", "attention")]:
        wanted[name] = trace.values[name]
        if name.split("/")[0] in ("h", "c"):
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
    simulate(experiment("mlp")).save(tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_path_may_be_a_string_and_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    path.write_text("old")
    trace = simulate(experiment("mlp"))
    trace.save(str(path))
    with np.load(path) as archive:
        assert float(archive["loss"]) == trace.loss


def test_a_path_that_cannot_be_written_is_an_os_error_and_leaves_nothing(tmp_path: Path) -> None:
    trace = simulate(experiment("mlp"))
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
    with pytest.raises(OSError, match=r"(?i)director|not a file"):
        simulate(experiment("mlp")).save(path)


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
        simulate(experiment("mlp")).save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["run.npz"]
    assert path.read_text() == "old"


def test_a_trace_that_is_not_finite_is_saved_as_it_is(tmp_path: Path) -> None:
    trace = simulate(Experiment(depth=60, width=8, batch=4, activation="linear", gain=1e30, dtype="float32"))
    assert trace.outcome.signal.kind == "non_finite"
    found = saved(trace, tmp_path / "run.npz")
    assert np.array_equal(found["h/60"], trace.values["h/60"], equal_nan=True)
    assert not np.isfinite(found["h/60"]).all()


@covering(cell=CELLS.names, clip=["none", "norm"], optimizer=[None, "adam"])
def test_what_clipping_and_the_optimiser_made_is_there_where_it_was_asked_for(
    cell: str, clip: str, optimizer: str | None, tmp_path: Path
) -> None:
    trace = simulate(experiment(cell, clip=clip, optimizer=optimizer, clip_threshold=0.01))
    found = saved(trace, tmp_path / "run.npz")
    for name, array in trace.parameters.items():
        assert (f"clipped/{name}" in found) == (clip != "none")
        assert (f"updated/{name}" in found) == (clip != "none" or optimizer is not None)
        assert np.array_equal(found[f"grad/{name}"], simulate(experiment(cell)).parameter_gradients[name])
        if f"updated/{name}" in found:
            assert np.array_equal(found[f"updated/{name}"], array + trace.updates[name])


def test_norms_learned_slopes_and_stacked_layers_have_pytorchs_names(tmp_path: Path) -> None:
    trace = simulate(experiment("mlp", norm="batch", activation="prelu"))
    found = saved(trace, tmp_path / "run.npz")
    for layer in (1, 2):
        assert found[f"param/layers.{layer}.norm.weight"].shape == (WIDTH,)
        assert found[f"grad/layers.{layer}.norm.bias"].shape == (WIDTH,)
        assert found[f"param/layers.{layer}.activation.weight"].tolist() == [0.25]
        assert found[f"buffer/layers.{layer}.norm.running_mean"].shape == (WIDTH,)
    stacked = saved(simulate(experiment("gru", layers=2)), tmp_path / "stacked.npz")
    assert stacked["param/gru.weight_ih_l1"].shape == (3 * WIDTH, WIDTH)
    assert stacked["h_l0/3"].shape == stacked["dh_l0/3"].shape == stacked["h/3"].shape == (BATCH, WIDTH)
    assert "h_l1/3" not in stacked

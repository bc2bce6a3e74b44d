"""The planes of a sweep as files: a row a cell, one document, arrays; B's beside A's."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from gradtui.model.sweep_cells import SweepCells
from gradtui.share.exports import FORMATS, Material, write
from gradtui_engine import Experiment, simulate
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.sweep import Sweep
from tests.tui.helpers import strict_json, swept, trace_of

SMALL = Experiment(depth=2, width=4, batch=4)
A = Sweep(base=SMALL, x=Axis.parse("gain=0.5,2"), y=Axis.parse("depth=2,3,4"), measures=("ratio", "kind", "loss"))
B = A.replace(base=SMALL.replace(seed=1))
ONE, TWO = {"a": swept(A, 6)}, {"a": swept(A, 6), "b": swept(B, 4)}


def content(name: str, planes: dict[str, SweepCells]) -> bytes:
    file = io.BytesIO()
    FORMATS[name].write(Material(trace_of(SMALL), swept=planes), file)
    return file.getvalue()


def test_a_table_has_a_row_for_each_cell_by_the_fields_and_measures() -> None:
    rows = list(csv.DictReader(io.StringIO(content("csv", ONE).decode())))
    assert [(row["gain"], row["depth"]) for row in rows] == [
        (gain, depth) for depth in ("2", "3", "4") for gain in ("0.5", "2.0")
    ]
    for row in rows:
        run = simulate(SMALL.replace(gain=float(row["gain"]), depth=int(row["depth"])))
        assert float(row["ratio"]) == run.outcome.ratio
        assert float(row["loss"]) == run.loss
        assert row["kind"] == run.outcome.signal.kind


def test_of_two_planes_the_side_stands_first() -> None:
    rows = list(csv.DictReader(io.StringIO(content("csv", TWO).decode())))
    assert [row["side"] for row in rows] == ["a"] * 6 + ["b"] * 4


def test_a_document_is_the_one_of_the_command_and_says_whether_it_is_whole() -> None:
    whole = strict_json(content("json", ONE).decode())
    assert Sweep.from_mapping(whole["plan"]) == A
    assert whole["complete"]
    assert len(whole["cells"]) == 6
    both = strict_json(content("json", TWO).decode())
    assert (both["a"], both["b"]["complete"]) == (whole, False)


def test_arrays_are_planes_with_the_first_row_that_of_the_first_y() -> None:
    with np.load(io.BytesIO(content("npz", TWO))) as found:
        assert found["a/x"].tolist() == [0.5, 2.0]
        assert found["a/y"].tolist() == [2, 3, 4]
        assert found["a/ratio"].shape == (3, 2)
        assert found["a/ratio"][2, 1] == simulate(SMALL.replace(gain=2.0, depth=4)).outcome.ratio
        assert "a/kind" not in found, "a name is no number"
        assert np.isnan(found["b/ratio"]).sum() == 2, "what is not there yet"


@pytest.mark.parametrize("name", ["csv", "json", "npz"])
def test_the_files_name_says_that_it_is_a_sweep(name: str, tmp_path: Path) -> None:
    path = write(FORMATS[name], Material(trace_of(SMALL), swept=ONE), tmp_path)
    assert path.name.endswith(f"-seed0-sweep.{name}")

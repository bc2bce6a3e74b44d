"""What is taken away from the screen: each format's content, and the files."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from gradtui.share.exports import FORMATS, Format, Material, NotWritten, path_for, slug, table, write
from gradtui_engine import Experiment, Training, train
from gradtui_engine.analysis.json_document import document
from gradtui_engine.analysis.record import Source
from gradtui_engine.training.json_document import document as training_document
from tests.tui.helpers import CASES, strict_json, trace_of

SMALL = Experiment(depth=3, width=4, batch=2)
OTHER = SMALL.replace(activation="relu", depth=5, norm="layer")
MATERIAL = Material(trace_of(SMALL), screen="<svg>∂</svg>")
BOTH = Material(trace_of(SMALL), trace_of(OTHER))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# -- CSV ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_the_table_holds_every_stage_in_full_precision(name: str) -> None:
    trace = trace_of(CASES[name])
    found = rows(table(trace))
    assert [int(row["index"]) for row in found] == list(range(len(trace.stages)))
    for row, stage in zip(found, trace.stages, strict=True):
        assert same(row["gradient_norm"], stage.gradient_norm)
        assert same(row["factor"], stage.factor)
        assert same(row["activation_std"], stage.activation.std)
        parts = {key.removeprefix("factor_"): value for key, value in row.items() if key.startswith("factor_")}
        assert {key for key, value in parts.items() if value} == {
            name for name, value in stage.factors.items() if value is not None
        }


def same(text: str, value: float | None) -> bool:
    """Whether a cell gives back the very number; empty where there is none."""
    if value is None:
        return text == ""
    return float(text) == value or (math.isnan(float(text)) and math.isnan(value))


# -- a training --------------------------------------------------------------------------------------------


def test_in_train_the_files_hold_the_training_of_both(tmp_path: Path) -> None:
    """The table has what the snapshots have, the document is the command's, the archive its arrays."""
    trainings = {
        side: train(Training(experiment=experiment, iterations=6, validate_every=4))
        for side, experiment in (("a", SMALL), ("b", OTHER))
    }
    material = Material(trace_of(SMALL), trainings=trainings)
    found = rows(write(FORMATS["csv"], material, tmp_path).read_text(encoding="utf-8"))
    for side, history in trainings.items():
        mine = [row for row in found if row["side"] == side]
        assert [int(row["iteration"]) for row in mine] == [0, 1, 2, 3, 4, 5, 6]
        snapshot = history.snapshot()
        assert [float(row["loss"]) for row in mine[:6]] == snapshot.columns["loss"].tolist()
        norms = [float(row["gradient_norm_1"]) for row in mine[:6]]
        assert norms == snapshot.summary["gradient_norm"][:, 1].tolist()
        assert {row["iteration"]: float(row["validation_loss"]) for row in mine if row["validation_loss"]} == {
            str(row.iteration): row.loss for row in snapshot.validations
        }
        assert mine[6]["loss"] == ""
    told = strict_json(write(FORMATS["json"], material, tmp_path).read_text(encoding="utf-8"))
    assert told == training_document(*trainings.values())
    path = write(FORMATS["npz"], material, tmp_path)
    assert path.name == "gradtui-mlp-3x4-sigmoid-xavier_normal-digits-seed0-training.npz"
    with np.load(path) as archive:
        np.testing.assert_array_equal(archive["b/history/loss"], trainings["b"].columns["loss"])
        np.testing.assert_array_equal(archive["final/output.bias"], trainings["a"].trainer.parameters()["output.bias"])


def test_the_product_of_the_factors_in_the_table_is_its_running_product() -> None:
    found = rows(table(trace_of(SMALL)))
    product = 1.0
    for row in reversed(found[:-1]):
        product *= float(row["factor"])
        assert math.isclose(product, float(row["running_product"]))


def test_the_parts_in_the_table_give_the_factor_back() -> None:
    for row in rows(table(trace_of(SMALL)))[:-1]:
        parts = [float(value) for key, value in row.items() if key.startswith("factor_") and value]
        assert math.isclose(math.prod(parts), float(row["factor"]))


def test_the_columns_of_a_thousand_layers_are_those_of_three() -> None:
    deep, shallow = (rows(table(trace_of(Experiment(depth=depth, width=2, batch=2))))[0] for depth in (1000, 3))
    assert list(deep) == list(shallow)
    assert "weight_gradient_norm" in deep


def test_a_parameters_column_holds_its_gradient_norm() -> None:
    trace = trace_of(SMALL)
    for row in rows(table(trace))[1:]:
        gradient = trace.parameter_gradients[f"layers.{row['index']}.weight"]
        assert math.isclose(float(row["weight_gradient_norm"]), float(np.linalg.norm(gradient)))


def test_an_lstms_table_has_the_gradients_of_c_and_of_each_layer() -> None:
    found = rows(table(trace_of(CASES["stacked"])))
    assert {"cell_gradient_norm", "layer_1_gradient_norm", "layer_2_gradient_norm"} <= set(found[0])
    assert all(row["layer_2_gradient_norm"] == row["gradient_norm"] for row in found)


def test_with_a_second_trace_a_column_tells_the_sides_apart() -> None:
    found = rows(table(BOTH.record, BOTH.other))
    assert [row["side"] for row in found] == ["a"] * 4 + ["b"] * 6
    alone = rows(table(trace_of(OTHER)))
    for row, expected in zip(found[4:], alone, strict=True):
        assert expected.items() <= row.items()


def test_every_row_of_the_table_has_every_column() -> None:
    lines = table(BOTH.record, BOTH.other).splitlines()
    assert len({len(next(csv.reader([line]))) for line in lines}) == 1


# -- the other formats -------------------------------------------------------------------------------------


def content(name: str, material: Material) -> bytes:
    file = io.BytesIO()
    FORMATS[name].write(material, file)
    return file.getvalue()


@pytest.mark.parametrize("case", ["mlp", "overflow", "saturated", "no weights"])
def test_the_document_is_strict_json_and_the_engines_own(case: str) -> None:
    trace = trace_of(CASES[case])
    found = strict_json(content("json", Material(trace)).decode())
    assert found == json.loads(json.dumps(document(trace)))


def test_two_documents_stand_under_a_and_b() -> None:
    found = strict_json(content("json", BOTH).decode())
    assert list(found) == ["a", "b"]
    assert (found["a"]["experiment"]["depth"], found["b"]["experiment"]["depth"]) == (3, 5)


def test_the_arrays_are_those_that_a_trace_saves(tmp_path: Path) -> None:
    trace = trace_of(SMALL)
    trace.save(tmp_path / "saved.npz")
    with np.load(tmp_path / "saved.npz") as saved, np.load(io.BytesIO(content("npz", MATERIAL))) as found:
        assert list(found) == list(saved)
        assert all(np.array_equal(found[name], saved[name]) for name in saved)


def test_the_arrays_of_two_traces_stand_under_a_and_b() -> None:
    with np.load(io.BytesIO(content("npz", BOTH))) as found:
        assert np.array_equal(found["a/param/layers.1.weight"], trace_of(SMALL).parameters["layers.1.weight"])
        assert np.array_equal(found["b/h/5"], trace_of(OTHER).values["h/5"])


@pytest.mark.parametrize("name", ["svg", "cast"])
def test_what_the_app_made_of_its_screen_is_written_as_it_is(name: str) -> None:
    assert content(name, MATERIAL).decode() == "<svg>∂</svg>"


def test_every_format_has_its_own_suffix_and_says_what_it_is() -> None:
    assert len({each.suffix for each in FORMATS.values()}) == len(FORMATS)
    for each in FORMATS.values():
        assert each.suffix.startswith(".")
        assert each.label
        assert each.help.endswith(".")
        assert each.source in ("record", "picture", "film")


# -- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_every_experiment_has_a_name_that_any_file_system_takes(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,98}[a-z0-9]", slug(Source(CASES[name])))


def test_the_name_tells_experiments_apart() -> None:
    assert slug(Source(Experiment())) == "mlp-30x64-sigmoid-xavier_normal-digits-seed0"
    fields: list[dict[str, object]] = [
        {}, {"depth": 4}, {"width": 8}, {"activation": "relu"}, {"norm": "batch"}, {"residual": "add"},
        {"init": "he_normal"}, {"sigma_w": 1.5}, {"data": "gaussian"}, {"seed": 1}, {"cell": "lstm"}, {"cell": "gru"},
    ]  # fmt: skip
    assert len({slug(Source(Experiment().replace(**each))) for each in fields}) == len(fields)  # type: ignore[arg-type]


def test_a_csv_files_folders_are_not_told(tmp_path: Path) -> None:
    path = tmp_path / "Über uns (1).csv"
    path.write_text("x,y\n1,2\n3,4\n5,6\n")
    name = slug(Source(Experiment(data=f"csv:{path}")))
    assert name == "mlp-30x64-sigmoid-xavier_normal-ber-uns-1-seed0"


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    written = [write(FORMATS["csv"], MATERIAL, tmp_path) for _ in range(3)]
    start = f"gradtui-{slug(Source(SMALL))}"
    assert [path.name for path in written] == [f"{start}.csv", f"{start}-2.csv", f"{start}-3.csv"]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    for one, other in pairwise(written):
        assert one.read_bytes() == other.read_bytes() != b""


def test_a_link_that_leads_nowhere_is_a_taken_name(tmp_path: Path) -> None:
    (tmp_path / f"gradtui-{slug(Source(SMALL))}.csv").symlink_to(tmp_path / "nowhere")
    assert path_for(Source(SMALL), ".csv", tmp_path).name.endswith("-2.csv")
    assert write(FORMATS["csv"], MATERIAL, tmp_path).name.endswith("-2.csv")
    assert not (tmp_path / "nowhere").exists()


def test_a_name_that_is_taken_at_the_last_moment_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program writes the file between our looking and our writing."""
    taken = path_for(Source(SMALL), ".csv", tmp_path)
    taken.write_text("theirs")
    answers = iter([taken, taken.with_name("free.csv")])
    monkeypatch.setattr("gradtui.share.exports.path_for", lambda *arguments: next(answers))
    assert write(FORMATS["csv"], MATERIAL, tmp_path).name == "free.csv"
    assert taken.read_text() == "theirs"


def test_without_a_folder_it_is_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert write(FORMATS["json"], MATERIAL).absolute().parent == tmp_path


def fail_half_way(error: BaseException) -> Format:
    def content(material: Material, file: IO[bytes]) -> None:
        file.write(b"half")
        raise error

    return replace(FORMATS["csv"], write=content)


def test_a_disk_that_is_full_leaves_no_half_a_file_and_says_so_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match="No space left on device") as caught:
        write(fail_half_way(OSError(28, "No space left on device")), MATERIAL, tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_is_interrupted_leaves_no_file_either(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write(fail_half_way(KeyboardInterrupt()), MATERIAL, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_that_there_is_not_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match=re.escape(str(tmp_path / "missing"))) as caught:
        write(FORMATS[name], MATERIAL, tmp_path / "missing")
    assert "\n" not in str(caught.value)


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritten, match="file cannot be written"):
        write(FORMATS["npz"], MATERIAL, tmp_path / "file")

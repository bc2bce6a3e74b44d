"""What `document` wrote is read back whole: the numbers, what a CSV file decided, the names of modules."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from gradtui_engine import Experiment, Outcome, StageNumbers, simulate
from gradtui_engine.analysis.decay import decay_of
from gradtui_engine.analysis.json_document import document
from gradtui_engine.analysis.json_reading import Numbers, read_json
from gradtui_engine.analysis.outcome import KINDS, Answer
from gradtui_engine.analysis.record import Record, Source
from gradtui_engine.cells.table import CELLS
from tests.engine.helpers import refused, small


def written(record: Record, path: Path) -> Path:
    path.write_text(json.dumps(document(record)))
    return path


def opened(path: Path) -> Numbers:
    (record,) = read_json(path)
    return record


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A CSV file of 20 rows with two classes."""
    path = tmp_path / "data.csv"
    path.write_text("a,b,kind\n" + "".join(f"{i},{i * i % 7},{'yes' if i % 3 else 'no'}\n" for i in range(20)))
    return path


@pytest.mark.parametrize("cell", CELLS.names)
def test_a_document_that_is_read_makes_the_same_document(cell: str, tmp_path: Path) -> None:
    run = simulate(small(cell))
    assert document(opened(written(run, tmp_path / "run.json"))) == document(run)


def test_a_document_remembers_what_its_csv_file_decided_without_the_file(table: Path, tmp_path: Path) -> None:
    run = simulate(Experiment(data=f"csv:{table}", depth=6, width=4))
    path = written(run, tmp_path / "run.json")
    table.unlink()
    record = opened(path)
    assert document(record) == document(run)
    resolved = record.source.resolved
    assert resolved is not None
    assert (resolved.batch, resolved.inputs, resolved.loss) == (20, 2, "cross_entropy")
    assert record.source.experiment == run.experiment
    assert record.outcome == run.outcome


@pytest.mark.parametrize("values", [{"batch": -1}, {"loss": "other"}, {"inputs": "two"}])
def test_a_document_whose_csv_file_decided_the_impossible_is_refused(
    values: dict[str, object], table: Path, tmp_path: Path
) -> None:
    whole = document(simulate(Experiment(data=f"csv:{table}", depth=2, width=4)))
    path = tmp_path / "run.json"
    path.write_text(json.dumps(whole | {"experiment": whole["experiment"] | values}))
    assert refused(read_json, path) == [f"{path}: is not what gradtui run --json writes"]


def test_the_threshold_of_a_diagnosis_is_the_one_of_its_kind(tmp_path: Path) -> None:
    run = simulate(Experiment(depth=12, width=8, batch=4))
    assert run.outcome.signal.kind == "vanishing"
    limits = [record.outcome.signal.limit for record in (run, opened(written(run, tmp_path / "run.json")))]
    assert limits == [KINDS["vanishing"].limit] * 2 == [1e-3] * 2


def modules() -> Numbers:
    """A record of somebody's modules: no experiment, no layers, no time steps."""
    names = ("embed", "block.0", "block.1", "head")
    norms = (0.125, 0.25, 0.5, 1.0)
    stages = tuple(
        StageNumbers(index, name, norm, factor=0.5 if index < 3 else None, running_product=norm)
        for index, (name, norm) in enumerate(zip(names, norms, strict=True))
    )
    outcome = Outcome(Answer("signal", "healthy", "ok", "embed", 0, "by hand", "by hand", 0.125), 0.125, 0.5)
    return Numbers(Source(), "module", stages, (), decay_of(norms, norms, "module"), outcome)


def test_modules_keep_their_names_and_are_neither_layers_nor_steps(tmp_path: Path) -> None:
    record = opened(written(modules(), tmp_path / "modules.json"))
    assert [stage.place for stage in record.stages] == ["embed", "block.0", "block.1", "head"]
    assert [step.site.place for step in record.steps if step.stage == 2] == ["block.1", "block.1"]
    assert record.decay == modules().decay
    assert document(record) == document(modules())


def test_modules_without_names_are_counted_from_the_first(tmp_path: Path) -> None:
    whole = document(modules())
    for stage in whole["stages"]:
        del stage["name"]
    path = tmp_path / "modules.json"
    path.write_text(json.dumps(whole))
    assert [stage.place for stage in opened(path).stages] == [f"module {index}" for index in range(4)]


@pytest.mark.parametrize("name", ["inf", "nan"])
def test_a_module_may_be_called_as_a_number_is(name: str, tmp_path: Path) -> None:
    record = modules()
    stages = (dataclasses.replace(record.stages[0], place=name), *record.stages[1:])
    path = written(dataclasses.replace(record, stages=stages), tmp_path / "modules.json")
    assert opened(path).stages[0].place == name

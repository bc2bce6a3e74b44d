"""`gradtui open DIR` without a terminal: a table of the runs; what cannot be listed is said, exit 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradtui.cli import runs
from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.model.runs import judged, looked_at, runs_in
from gradtui_engine import ExperimentError
from tests.recordings import mlp_lines, written
from tests.tui.helpers import Command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A healthy run, one whose loss is lost in a folder of its own, a run of two ranks, and what is no recording."""
    (tmp_path / "lost").mkdir()
    written(mlp_lines(steps=40), tmp_path / "fine.jsonl")
    lost = mlp_lines(steps=40, at={(33, "layers.1"): {"rms": "nan", "mean": "nan", "grad": "nan"}})
    for line in lost:
        if line["k"] == "step" and line["n"] >= 33:
            line["loss"] = "nan"
    written(lost, tmp_path / "lost" / "gradtui-run.jsonl")
    for rank in (0, 1):
        name = "wide.jsonl" if rank == 0 else "wide.rank1.jsonl"
        written(mlp_lines(steps=9, header={"rank": [rank, 2]}), tmp_path / name)
    (tmp_path / "notes.jsonl").write_text('{"text": "no recording"}\n', encoding="utf-8")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    for age, name in enumerate(("lost/gradtui-run.jsonl", "fine.jsonl", "wide.jsonl", "wide.rank1.jsonl")):
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    return tmp_path


def rows(out: str) -> dict[str, str]:
    return {line.split()[0]: line for line in out.splitlines()[1:] if line.strip()}


def test_each_run_is_a_line_with_verdict_last_step_loss_age_and_size(folder: Path, command: Command) -> None:
    done = command("open", folder)
    assert done.status == 0, done.err
    listed = rows(done.out)
    assert {"fine", "lost", "wide"} <= listed.keys()
    assert "● healthy" in listed["fine"]
    assert " 39 " in listed["fine"]
    assert "█" in listed["fine"]
    assert "d ago" in listed["fine"]
    assert "KiB" in listed["fine"]
    assert "✗" in listed["lost"]
    assert "layers.1" in listed["lost"]


def test_a_layer_whose_name_is_a_number_is_said_with_its_class(tmp_path: Path) -> None:
    grads = {(None, f"layers.{layer}"): {"grad": 10.0 ** (2 * layer - 10)} for layer in range(6)}
    lines = mlp_lines(layers=6, activation="Sigmoid", at=grads)
    for row in (*lines[0]["modules"], *lines[0]["params"]):
        row[0] = row[0].removeprefix("layers.")
    written(lines, tmp_path / "run.jsonl")
    (run,) = runs_in(tmp_path).runs
    assert (judged(run).kind, judged(run).layer) == ("vanishing", "Linear 0")


def test_of_a_run_without_a_step_nothing_is_claimed(tmp_path: Path, command: Command) -> None:
    written(mlp_lines(steps=0, end=None), tmp_path / "begun.jsonl")
    (line,) = rows(command("open", tmp_path).out).values()
    assert "nothing recorded yet" in line
    assert "healthy" not in line


def test_ranks_are_one_run_and_the_run_that_was_written_last_comes_first(folder: Path) -> None:
    made = runs_in(folder)
    by_name = {run.name: run for run in made.runs}
    assert [Path(file).name for file in by_name["wide"].files] == ["wide.jsonl", "wide.rank1.jsonl"]
    names = [run.name for run in made.runs if run.name != "notes"]
    assert names == ["lost", "fine", "wide"]


def test_what_is_no_recording_is_not_listed(folder: Path) -> None:
    assert "notes" not in {run.name for run in runs_in(folder).runs}


def test_a_run_of_which_only_part_can_be_read_says_what_can(folder: Path) -> None:
    path = folder / "torn.jsonl"
    written(mlp_lines(steps=9, end=None), path)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"k": "step", "n": 9, "lo')
    run = next(run for run in runs_in(folder).runs if run.name == "torn")
    assert looked_at(run).steps == 8
    assert judged(looked_at(run)).verdict == "healthy"


def test_a_run_that_has_gone_meanwhile_is_said_to_be_unreadable_and_hides_no_other(folder: Path) -> None:
    made = runs_in(folder)
    (folder / "fine.jsonl").unlink()
    known = {run.name: judged(looked_at(run)) for run in made.runs}
    assert known["fine"].problem
    assert known["lost"].verdict == "fault"


def test_a_file_that_is_named_as_every_recording_is_is_called_by_its_folder_where_that_tells_it_apart(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    written(mlp_lines(), tmp_path / "a" / "gradtui-run.jsonl")
    assert [run.name for run in runs_in(tmp_path).runs] == ["a"]
    written(mlp_lines(), tmp_path / "a.jsonl")
    assert sorted(run.name for run in runs_in(tmp_path).runs) == ["a", "a/gradtui-run"]


@pytest.mark.parametrize("deep", [0, 1, 2, 3])
def test_folders_in_folders_are_looked_into_two_levels_deep(deep: int, tmp_path: Path) -> None:
    place = tmp_path.joinpath(*(f"level-{number}" for number in range(deep)))
    place.mkdir(parents=True, exist_ok=True)
    written(mlp_lines(), place / "run.jsonl")
    if deep < 3:
        assert len(runs_in(tmp_path).runs) == 1
    else:
        with pytest.raises(ExperimentError):
            runs_in(tmp_path)


def test_a_folder_without_recordings_is_said_to_have_none_and_the_exit_status_is_2(
    tmp_path: Path, command: Command
) -> None:
    done = command("open", tmp_path)
    assert done.status == 2
    assert done.problems == [
        f"gradtui open: {tmp_path}: no recordings here: no *.jsonl in it, nor in the folders in it"
    ]


def test_a_folder_is_listed_alone(folder: Path, command: Command) -> None:
    done = command("open", folder, folder / "fine.jsonl")
    assert done.status == 2
    assert "it is opened alone" in done.err


def test_the_runs_are_what_the_command_has_instead_of_a_screen(folder: Path) -> None:
    invocation = read(SUBCOMMANDS["open"], [str(folder)])
    assert invocation.opening is None
    assert isinstance(invocation.options, runs.RunsOptions)


def test_without_a_terminal_nothing_of_textual_is_loaded(folder: Path) -> None:
    program = (
        "import sys; from gradtui.cli.main import main; status = main(sys.argv[1:]); "
        "assert status == 0, status; assert not {name for name in sys.modules if name.startswith('textual')}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "open", str(folder)], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr.decode()

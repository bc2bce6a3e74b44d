"""Several files, and several runs in one, as one recording: ranks beside, resumed runs behind each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradtui_engine.recordings.grouping import grouped
from gradtui_engine.recordings.opening import trainings
from gradtui_engine.recordings.recording import open_recording
from tests.recordings import Line, mlp_lines, recorded, written


def trained(first: float, last: float, steps: int = 4, **header: Any) -> list[Line]:
    """A run in which the norm of the first weight goes from one number to another."""
    at = {(n, "layers.0.weight"): {"weight": first + (last - first) * n / max(steps - 1, 1)} for n in range(steps)}
    return mlp_lines(layers=2, steps=steps, at=at, header=header)


def rank(number: int, of: int, **other: Any) -> list[Line]:
    return mlp_lines(layers=2, steps=3, header={"rank": [number, of]}, **other)


def test_a_run_that_begins_where_the_one_before_ended_goes_on() -> None:
    recording = recorded([*trained(2.0, 3.0), *trained(3.05, 4.0)])
    assert recording.earlier == 0
    assert recording.columns.steps.tolist() == [*range(8)]
    assert recording.columns.parameters["weight"][[0, 3, 4, 7], 0].tolist() == [2.0, 3.0, 3.05, 4.0]
    assert recording.columns.every_loss[0].tolist() == [*range(8)]
    assert recording.at(4).parameter_numbers["layers.0.weight"].norm == 3.05


def test_the_losses_between_the_events_of_a_resumed_run_count_on() -> None:
    first, second = trained(2.0, 3.0), trained(3.0, 4.0, steps=1)
    second[1] |= {"n": 2, "ring": [[0, 0.5], [1, 0.25]]}
    steps, losses = recorded([*first, *second]).columns.every_loss
    assert steps.tolist() == [*range(7)]
    assert losses[4:].tolist() == [0.5, 0.25, second[1]["loss"]]


@pytest.mark.parametrize("again", [2.0, 2.1, 1.5])
def test_a_run_that_began_anew_is_read_alone_and_says_so(again: float) -> None:
    recording = recorded([*trained(2.0, 3.0), *trained(again, 3.0, steps=2)])
    assert recording.count == 2
    assert recording.earlier == 1
    assert [note.text for note in recording.notes] == ["an earlier run in the same file is not shown"]


def test_another_model_is_another_run() -> None:
    recording = recorded([*trained(2.0, 3.0), *mlp_lines(layers=3, steps=2)])
    assert (recording.count, recording.earlier) == (2, 1)
    assert [stage.place for stage in recording.stages] == ["layers.0", "layers.1", "layers.2"]


def test_a_run_that_has_no_step_yet_is_not_shown_yet() -> None:
    first, second = trained(2.0, 3.0), trained(3.0, 4.0)
    assert recorded([*first, second[0]]).count == 4
    assert recorded([*first, *second[:2]]).count == 5


def test_resumed_files_open_as_one_by_time(tmp_path: Path) -> None:
    later = written(trained(3.0, 4.0, time=1.8e9 + 100), tmp_path / "a.jsonl")
    earlier = written(trained(2.0, 3.0), tmp_path / "b.jsonl")
    other = written(mlp_lines(layers=5), tmp_path / "c.jsonl")
    recording = open_recording([later, earlier])
    recording.refresh()
    assert recording.columns.parameters["weight"][:, 0].tolist() == pytest.approx(
        [2.0, 7 / 3, 8 / 3, 3.0, 3.0, 10 / 3, 11 / 3, 4.0], rel=1e-4
    )
    assert grouped([later, other, earlier]) == [[earlier, later], [other]]


# -- ranks ---------------------------------------------------------------------------------------------------


def test_ranks_of_equal_gradients_are_averaged(tmp_path: Path) -> None:
    numbers = {"mean": 0.3, "rms": 2.0, "min": -5.0, "max": 1.0, "off": 0.0}
    one = written(rank(1, 2, loss=3.0, at={(None, "acts.0"): numbers}), tmp_path / "run.rank1.jsonl")
    zero = written(rank(0, 2, loss=1.0), tmp_path / "run.jsonl")
    recording = open_recording([one, zero])
    recording.refresh()
    assert recording.header.rank == 0
    columns = recording.columns
    assert columns.loss.tolist() == [2.0] * 3
    assert columns.gradient_after.tolist() == [1.0] * 3
    assert columns.parameters["grad"][0].tolist() == [0.1] * 4
    assert columns.parameters["weight"][0].tolist() == [2.0] * 4
    call = {name: values[0, 1] for name, values in columns.activations.items()}
    assert call["mean"] == pytest.approx(0.2)
    assert call["rms"] == pytest.approx(((1.0 + 4.0) / 2) ** 0.5)
    assert (call["min"], call["max"], call["off"]) == (-5.0, 2.0, 0.0)
    assert [note.text for note in recording.notes] == ["2 of 2 ranks were read"]
    assert grouped([one, zero]) == [[zero, one]]
    # Of the first rank alone, as it is typed, the others are looked for beside it; of another one they are not.
    assert trainings([zero]) == trainings([zero, one]) == [[zero, one]]
    assert trainings([one]) == [[one]]


def test_norms_of_shards_are_the_norm_of_the_whole() -> None:
    lines = [rank(0, 2, gn=[[3.0, 3.0]] * 3), rank(1, 2, gn=[[4.0, 4.0]] * 3)]
    for at, each in enumerate(lines):
        for line in each[1:-1]:
            for row in line["p"]:
                row[1:3] = [3.0 + at, 6.0 + 2 * at]
    recording = recorded([*lines[0], *lines[1]])
    columns = recording.columns
    assert columns.gradient_before.tolist() == [5.0] * 3
    assert columns.parameters["grad"][0].tolist() == [5.0] * 4
    assert columns.parameters["weight"][0].tolist() == [10.0] * 4


def test_a_nan_on_one_rank_is_one() -> None:
    lines = [*rank(0, 2), *rank(1, 2, loss="nan", at={(1, "layers.1"): {"rms": "nan"}})]
    columns = recorded(lines).columns
    assert columns.is_nan["loss"].tolist() == [True] * 3
    assert columns.activations_nan["rms"].tolist() == [[False] * 3, [False, False, True], [False] * 3]


def test_a_line_that_a_rank_writes_later_is_taken_in(tmp_path: Path) -> None:
    zero = written(rank(0, 2, loss=1.0), tmp_path / "run.jsonl")
    lines = [json.dumps(line) + "\n" for line in rank(1, 2, loss=3.0)]
    one = tmp_path / "run.rank1.jsonl"
    one.write_text("".join(lines[:2]))
    recording = open_recording([zero, one])
    recording.refresh()
    assert recording.columns.loss.tolist() == [2.0, 1.0, 1.0]
    with one.open("a") as file:
        file.write("".join(lines[2:]))
    assert recording.refresh()
    assert recording.columns.loss.tolist() == [2.0, 2.0, 2.0]


def test_every_rank_goes_on_with_its_own_run(tmp_path: Path) -> None:
    files = []
    for number in (0, 1):
        lines = [
            *trained(2.0, 3.0, rank=[number, 2]),
            *trained(3.0, 4.0, rank=[number, 2], time=1.8e9 + 50),
        ]
        files.append(written(lines, tmp_path / f"{number}.jsonl"))
    recording = open_recording(files)
    recording.refresh()
    assert recording.columns.steps.tolist() == [*range(8)]
    assert recording.columns.parameters["weight"][:, 0].tolist()[::7] == [2.0, 4.0]
    assert grouped(files) == [files]


def test_files_that_are_nothing_of_each_other_stay_apart(tmp_path: Path) -> None:
    files = [
        written(mlp_lines(layers=2), tmp_path / "a.jsonl"),
        written(mlp_lines(layers=2), tmp_path / "b.jsonl"),
        written(rank(0, 2), tmp_path / "c.jsonl"),
        written(rank(0, 2), tmp_path / "d.jsonl"),
    ]
    assert grouped(files) == [[file] for file in files]

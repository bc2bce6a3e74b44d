"""Recorders in several processes, and in processes that are killed."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.recorder.nursery import RANKS, STEPS

#: A line has five digits.
DIGITS = 1e-4


def _trained(name: str, folder: Path) -> Path:
    """What the trainings of the nursery have left in a folder."""
    command = [sys.executable, "-m", "tests.recorder.nursery", name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def _lines(path: Path) -> list[dict[str, Any]]:
    """The lines that are whole."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def _steps(path: Path) -> list[dict[str, Any]]:
    return [line for line in _lines(path) if line["k"] == "step"]


def _files(folder: Path) -> list[Path]:
    return [folder / "run.jsonl", *(folder / f"run.rank{rank}.jsonl" for rank in range(1, RANKS))]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _trained("quick", tmp_path_factory.mktemp("nursery"))


@pytest.mark.soak
def test_ranks_of_ddp_have_files_of_their_own(quick: Path) -> None:
    files = _files(quick / "both")
    assert sorted(path.name for path in (quick / "both").glob("*.jsonl")) == [path.name for path in files]
    heads = [_lines(path)[0] for path in files]
    assert [head["rank"] for head in heads] == [[rank, RANKS] for rank in range(RANKS)]
    # Names are those of the model within: what distributes it adds "module.".
    assert heads[0]["params"][0][0] == "lstm.weight_ih_l0"
    one, other = (_steps(path) for path in files)
    assert len(one) == len(other) == STEPS
    for mine, theirs in zip(one, other, strict=True):
        assert mine["loss"] != theirs["loss"]  # of the rank's own batch
        assert mine["p"] == theirs["p"]  # averaged before the optimizer gets them
    # Over time: from the rank's own batch, compared with its own part of the average.
    for steps in (one, other):
        (sequence,) = steps[0]["seq"]
        assert sequence["of"] == [6, 6]
        assert sequence["check"] < 1e-5
    assert one[0]["seq"][0]["l"][0]["h"] != other[0]["seq"][0]["l"][0]["h"]
    assert [line for path in files for line in _lines(path) if line["k"] == "note"] == []
    _assert_same_weights(quick / "both", quick / "none")


def _assert_same_weights(recorded: Path, plain: Path) -> None:
    """Bit by bit, copies in the middle of a step included."""
    for rank in range(RANKS):
        weights, _ = torch.load(recorded / f"last-True-{rank}.pt")
        others, _ = torch.load(plain / f"last-False-{rank}.pt")
        assert all(torch.equal(weights[name], others[name]) for name in others)


def _assert_nothing_lost(folder: Path, times: int) -> None:
    for number in range(times):
        place = folder / str(number)
        content = (place / "run.jsonl").read_bytes()
        over = int((place / "over").read_text(encoding="utf-8"))
        steps = _steps(place / "run.jsonl")
        assert [step["n"] for step in steps] == list(range(len(steps)))
        # One more may have been written, whose end was not told any more.
        assert over <= len(steps) <= over + 1
        assert content.endswith(b"\n")  # one write of a whole line: none is torn


@pytest.mark.soak
def test_no_finished_event_is_lost_by_kills(quick: Path) -> None:
    _assert_nothing_lost(quick / "killed", 3)


@pytest.mark.soak
def test_no_finished_event_is_lost_by_twenty_kills(tmp_path: Path) -> None:
    _assert_nothing_lost(_trained("killed", tmp_path), 20)


@pytest.mark.soak
def test_recorder_of_one_rank_waits_for_no_other(tmp_path: Path) -> None:
    """Had it asked the others for anything, this training would not have ended."""
    _trained("one_rank", tmp_path)
    assert [path.name for path in tmp_path.glob("*.jsonl")] == ["run.jsonl"]
    assert len(_steps(tmp_path / "run.jsonl")) == STEPS


@pytest.mark.soak
def test_squares_of_shards_add_up(tmp_path: Path) -> None:
    """Each rank's norms are of its own part; √Σ of their squares over the files is that of the whole."""
    _trained("fsdp", tmp_path)
    last = [_steps(path)[-1] for path in _files(tmp_path)]
    _, gradients = torch.load(tmp_path / "last-True-0.pt")
    for index, name in enumerate(gradients):
        parts = [row[1] for step in last for row in step["p"] if row[0] == index and row[1] is not None]
        assert math.hypot(*parts) == pytest.approx(gradients[name].norm().item(), rel=DIGITS)

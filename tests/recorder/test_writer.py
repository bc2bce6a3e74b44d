"""The file: whole lines, appended; no more than so large; a full disk is a warning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from gradtui_recorder import watch
from gradtui_recorder import writer as writers
from gradtui_recorder.schema import MOST, THINNED
from gradtui_recorder.writer import Writer, ranked

from .trainings import kinds, lines, loop, mlp, steps, train


class _Os:
    """The module os with another `write`."""

    def __init__(self, write: Callable[[int, bytes], int]) -> None:
        self.write = write

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def test_a_line_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def write(file: int, data: bytes) -> int:
        written.append(data)
        return os.write(file, data)

    monkeypatch.setattr(writers, "os", _Os(write))
    train(mlp(), tmp_path / "run.jsonl")
    assert all(data.endswith(b"\n") and data.count(b"\n") == 1 for data in written)
    assert [json.loads(data) for data in written] == lines(tmp_path / "run.jsonl")
    assert [json.loads(data)["k"] for data in written] == ["run", "step", "step", "step", "end"]


def test_a_file_is_appended_to_and_a_torn_line_of_before_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"k":"run","schema":1}\n{"k":"step","n"')
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rec = watch(model, optimizer, path)
    loop(model, optimizer, 1)
    rec.close()
    text = path.read_text().splitlines()
    assert text[1] == '{"k":"step","n"'
    assert [json.loads(line)["k"] for line in text[2:]] == ["run", "step", "end"]


def test_a_full_disk_ends_the_record_and_not_the_training(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.warns(RuntimeWarning, match=r"cannot be written any more \(No space left on device\)") as warned:
        rec = watch(model, optimizer, "/dev/full", every=1)
    loop(model, optimizer, 3)
    rec.close()
    assert len(warned) == 1


#: Records to a file as far as others can see, until it is told to end.
_OTHER = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.lockf(file, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


def test_two_processes_that_are_given_one_path_have_files_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    command = [sys.executable, "-c", _OTHER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        model = mlp()
        with pytest.warns(RuntimeWarning, match=r"another process: this one records to .*run\.2\.jsonl"):
            rec = watch(model, torch.optim.SGD(model.parameters(), lr=0.1), path)
        assert rec.path == tmp_path / "run.2.jsonl"
        rec.close()
        other.communicate()
    assert path.read_text() == ""
    assert [line["k"] for line in lines(rec.path)] == ["run", "end"]
    train(mlp(), path, 1)
    assert [line["k"] for line in lines(path)] == ["run", "step", "end"]


def test_a_file_that_is_deleted_under_way_is_said(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rec = watch(model, optimizer, tmp_path / "run.jsonl", every=1)
    loop(model, optimizer, 2)
    (tmp_path / "run.jsonl").unlink()
    with pytest.warns(RuntimeWarning, match=r"run\.jsonl was deleted: recording ends") as warned:
        loop(model, optimizer, 3)
    rec.close()
    assert len(warned) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.jsonl"
    left = 6000

    def write(file: int, data: bytes) -> int:
        nonlocal left
        if left <= 0:
            raise OSError(28, "No space left on device")
        done = os.write(file, data[:left])
        left -= done
        return done

    monkeypatch.setattr(writers, "os", _Os(write))
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rec = watch(model, optimizer, path, every=1)
    with pytest.warns(RuntimeWarning, match="recording ends"):
        loop(model, optimizer, 30)
    loop(model, optimizer, 30)
    rec.close()
    assert path.stat().st_size == 6000


def test_from_so_many_bytes_on_lines_are_left_out(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "run.jsonl")
    thinned = []
    for size in (0, THINNED - 1, THINNED, 2 * THINNED, 4 * THINNED, MOST):
        writer.bytes = size
        thinned.append(writer.thinned)
    assert thinned == [1, 1, 2, 4, 8, 16]
    assert writer.full
    writer.close()


def test_the_largest_file_ends_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "MOST", 5000)
    path = tmp_path / "run.jsonl"
    train(mlp(), path, 30)
    assert kinds(path, "end")[0]["why"] == "size"
    assert 2 <= len(steps(path)) < 10
    assert lines(path)[-1]["k"] == "end"
    assert not torch.nn.modules.module._global_forward_hooks


def test_thinned_steps_of_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "THINNED", 4000)
    found = [line["n"] for line in train(mlp(), tmp_path / "run.jsonl", 40)]
    distances = [later - earlier for earlier, later in pairwise(found)]
    assert distances[0] == 1
    assert distances == sorted(distances)
    assert distances[-1] >= 4


def test_a_forked_process_writes_nothing(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "run.jsonl")
    child = os.fork()
    if child == 0:
        os._exit(0 if not writer.on and not writer.write({"k": "note"}) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert writer.write({"k": "note"})
    writer.close()
    assert len(lines(tmp_path / "run.jsonl")) == 1


@pytest.mark.parametrize(
    ("path", "rank", "expected"),
    [("a/run.jsonl", 0, "a/run.jsonl"), ("a/run.jsonl", 2, "a/run.rank2.jsonl"), ("run", 1, "run.rank1")],
)
def test_the_files_of_several_processes(path: str, rank: int, expected: str) -> None:
    assert ranked(path, rank) == Path(expected)

"""Files that are to be written are looked at before anything is computed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradtui.cli.output_files import check_writable
from gradtui_engine import ExperimentError


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("run.txt", "could not be opened again; give a file that ends in .npz"),
        ("folder.npz", "is a folder; give a file such as run.npz"),
        ("pipe.npz", "is not a file, and is left as it is"),
        ("no/run.npz", "the folder '{folder}/no' does not exist"),
        (f"{'x' * 300}.npz", "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_written_is_refused(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(ExperimentError) as caught:
        check_writable(tmp_path / name, "--save", ".npz")
    (problem,) = caught.value.problems
    assert problem.field == "--save"
    assert words.format(folder=tmp_path) in problem.message


def test_a_folder_that_nobody_may_write_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everywhere: the system's answer stands in for it."""
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(ExperimentError, match="cannot be written: Permission denied"):
        check_writable(tmp_path / "run.npz", "--save", ".npz")


def test_what_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "Run.NPZ"
    check_writable(path, "--save", ".npz")
    assert not path.exists()
    path.write_text("before")
    check_writable(path, "--save", ".npz")
    assert path.read_text() == "before"

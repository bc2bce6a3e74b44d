"""docs/real-runs.md is true: its columns, its sizes, its links, its commands. Its Python runs in
tests/recorder, which needs PyTorch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui_engine.recordings.recording import open_recording
from gradtui_recorder.schema import A_COLUMNS, MOST, P_COLUMNS, THINNED
from tests.tooling import ROOT
from tests.tui.helpers import run_main

PAGE = (ROOT / "docs" / "real-runs.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("row", "columns"), [("a", A_COLUMNS), ("p", P_COLUMNS)])
def test_every_column_has_its_row_in_its_order(row: str, columns: tuple[str, ...]) -> None:
    (table,) = re.findall(rf"^\| column of `{row}` .*\n\|.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    named = [
        name for cells in re.findall(r"^\| (.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", cells)
    ]
    assert named == list(columns)


def test_the_sizes_are_the_recorders() -> None:
    assert [int(size) * 2**20 for size in re.findall(r"From (\d+) MB on .* at (\d+) MB the record", PAGE)[0]] == [
        THINNED,
        MOST,
    ]


def test_every_command_is_one() -> None:
    named = set(re.findall(r"(?:`|^|machine )gradtui (\w+) ", PAGE, re.MULTILINE))
    assert named <= set(SUBCOMMANDS)
    assert named >= {"open", "why", "mirror", "model"}


def test_the_example_of_a_file_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    path = tmp_path / "run.jsonl"
    path.write_text(block, encoding="utf-8")
    recording = open_recording([path])
    recording.refresh()
    assert recording.complete
    assert recording.columns.steps.tolist() == [0, 10]
    steps, losses = recording.columns.every_loss
    assert (steps.tolist(), losses.tolist()) == ([0, 8, 9, 10], [1.0, 0.6, 0.55, 0.5])
    assert recording.columns.activations["grad"].tolist() == [[0.5], [0.3]]
    assert run_main(capsys, "why", path).status == 0

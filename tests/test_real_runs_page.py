"""docs/real-runs.md is true: its columns, its sizes, its links, its commands. Its Python runs in
tests/recorder, which needs PyTorch."""

from __future__ import annotations

import re

import pytest

from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui_recorder.schema import A_COLUMNS, MOST, P_COLUMNS, THINNED
from tests.tooling import ROOT

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

"""The command line as a fixture."""

from __future__ import annotations

from functools import partial

import pytest

from .helpers import Command, run_main


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """`gradtui ARGUMENTS` in this process, its output 100 columns wide."""
    monkeypatch.setenv("COLUMNS", "100")
    return partial(run_main, capsys)

"""The command line as a fixture, and a Pilot that waits no longer than it has to."""

from __future__ import annotations

from functools import partial

import pytest
from textual import _wait

from tests.tui.helpers import Command, run_main

# Pilot looks every 5 ms, not every 20, whether the process is idle. It does so three times a key, which is most of what
# a test of the app takes.
_wait.SLEEP_GRANULARITY = 1 / 200
_wait.SLEEP_IDLE = 1 / 4000


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """`gradtui ARGUMENTS` in this process, its output 100 columns wide."""
    monkeypatch.setenv("COLUMNS", "100")
    return partial(run_main, capsys)

"""What PyTorch is the oracle of is left out where it is missing, and pytest says so."""

from __future__ import annotations

import importlib.util

collect_ignore = [] if importlib.util.find_spec("torch") else ["test_pytorch.py", "test_replay_pytorch.py"]


def pytest_report_header() -> list[str]:
    return [f"left out: {name}, for want of torch (pip install torch)" for name in collect_ignore]

"""What PyTorch is needed for is left out where it is not installed, and pytest says so."""

from __future__ import annotations

import importlib.util

collect_ignore = [] if importlib.util.find_spec("torch") else ["test_in_torch.py"]


def pytest_report_header() -> list[str]:
    return [f"left out: {name}, for want of torch" for name in collect_ignore]

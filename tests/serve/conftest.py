"""Tests with the real OpenSSH client. Without it, or without asyncssh, they are left out, and pytest says so."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_LACKS = [
    *(["Linux"] if sys.platform != "linux" else []),
    *(["asyncssh (pip install 'gradtui[serve]')"] if importlib.util.find_spec("asyncssh") is None else []),
    *(["the OpenSSH client (apt-get install openssh-client)"] if shutil.which("ssh") is None else []),
]
collect_ignore_glob = ["test_*.py"] if _LACKS else []


def pytest_report_header() -> list[str]:
    return [f"left out: tests/serve, for want of {', '.join(_LACKS)}"] if _LACKS else []


if not _LACKS:
    from .ssh import Server

    @pytest.fixture(scope="module")
    def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
        """A server with the usual limits, but for one address, from which all tests come."""
        with Server(tmp_path_factory.mktemp("server"), "--class", "--sessions", "40") as found:
            yield found

    @pytest.fixture
    def start(tmp_path: Path) -> Iterator[type[Server]]:
        """Makes servers with other options; all are ended."""
        made: list[Server] = []

        def make(*options: object) -> Server:
            found = Server(tmp_path, *options)
            made.append(found)
            return found.__enter__()

        yield make  # type: ignore[misc]
        for each in made:
            each.__exit__(None, None, None)

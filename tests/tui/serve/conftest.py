"""Tests with the real OpenSSH client and Chromium. What one of them is missing for is left out, and pytest says so."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Debian's and others' names.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_LACKS = [
    *(["Linux"] if sys.platform != "linux" else []),
    *(["asyncssh (pip install 'gradtui[serve]')"] if importlib.util.find_spec("asyncssh") is None else []),
    *(["the OpenSSH client (apt-get install openssh-client)"] if shutil.which("ssh") is None else []),
]
_LACKS_WEB = [
    f"{name} (pip install 'gradtui[serve]')"
    for name in ("aiohttp", "textual_serve")
    if importlib.util.find_spec(name) is None
]
#: Files by pattern → what they lack.
_LEFT_OUT = {
    "*test_*.py": _LACKS,
    "*test_web*.py": _LACKS_WEB,
    "test_refusals.py": _LACKS_WEB,
    **dict.fromkeys(
        ("*test_web_page.py", "*test_web_lecture.py"),
        [] if CHROMIUM is not None else ["Chromium (apt-get install chromium)"],
    ),
}
collect_ignore_glob = [pattern for pattern, lacks in _LEFT_OUT.items() if lacks]


def pytest_report_header() -> list[str]:
    return [f"left out: {pattern}, for want of {', '.join(_LEFT_OUT[pattern])}" for pattern in collect_ignore_glob]


if not _LACKS:
    from tests.tui.serve.servers import Server

    @pytest.fixture(scope="module")
    def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
        """A server with the usual limits, but for one address, from which all tests come, and the module's OPTIONS."""
        options = getattr(request.module, "OPTIONS", ())
        with Server(tmp_path_factory.mktemp("server"), "--class", "--sessions", "40", *options) as found:
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

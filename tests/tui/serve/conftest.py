"""Tests with the real OpenSSH client and Chromium. What one of them is missing for is left out, and pytest says so.

A server costs two seconds of a core until it listens: of each kind there is one for all tests of a process.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
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
#: Files by pattern → what they lack. Every shared server serves browsers too.
_LEFT_OUT = {
    "*test_*.py": _LACKS or _LACKS_WEB,
    **dict.fromkeys(
        ("*test_web_page.py", "*test_web_lecture.py"),
        [] if CHROMIUM is not None else ["Chromium (apt-get install chromium)"],
    ),
}
collect_ignore_glob = [pattern for pattern, lacks in _LEFT_OUT.items() if lacks]


def pytest_report_header() -> list[str]:
    return [f"left out: {pattern}, for want of {', '.join(_LEFT_OUT[pattern])}" for pattern in collect_ignore_glob]


if not (_LACKS or _LACKS_WEB):
    from tests.tui.serve import zygotes
    from tests.tui.serve.presenter import Presenter
    from tests.tui.serve.servers import KINDS, Server

    @pytest.fixture(scope="session", autouse=True)
    def _one_zygote() -> Iterator[None]:
        yield
        zygotes.close()

    @pytest.fixture(scope="session")
    def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
        """A server by its kind; it runs until the last test has ended."""
        running: dict[str, Server] = {}

        def of_kind(kind: str) -> Server:
            if kind not in running or running[kind].process.poll() is not None:
                running[kind] = KINDS[kind](tmp_path_factory.mktemp(kind)).__enter__()
            running[kind].fresh()
            return running[kind]

        yield of_kind
        for server in running.values():
            server.__exit__(None, None, None)

    @pytest.fixture
    def server(servers: Callable[[str], Server]) -> Server:
        """A server with the usual limits, but for one address, from which all tests come."""
        return servers("usual")

    @pytest.fixture
    def start(tmp_path: Path) -> Iterator[type[Server]]:
        """Makes servers with other options; all are ended."""
        made: list[Server] = []

        def make(*options: object) -> Server:
            server = Server(tmp_path, *options)
            made.append(server)
            return server.__enter__()

        yield make  # type: ignore[misc]
        for server in made:
            server.__exit__(None, None, None)

    @pytest.fixture(scope="session")
    def lecture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Presenter]:
        """A presenter of a small network, with browsers and metrics, for all tests that leave it running."""
        folder = tmp_path_factory.mktemp("lecture")
        with Presenter(folder, "--web", "0", "--metrics", "0", "--depth", "6", "--width", "8") as presenter:
            # Said once, at the beginning.
            assert presenter.serving
            yield presenter
            presenter.process.terminate()
            presenter.ended()

    @pytest.fixture
    def presenter(lecture: Presenter) -> Presenter:
        """At the lecture's beginning, with nobody there."""
        lecture.fresh()
        return lecture

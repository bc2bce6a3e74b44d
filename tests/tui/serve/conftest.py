"""Tests with the real OpenSSH client and Chromium.

A server costs two seconds of a core until it listens: of each kind there is one for all tests of a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import left_out

if not left_out.wants(Path(__file__).parent):
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

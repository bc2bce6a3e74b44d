"""The server's end: every terminal restored, no process left; and what is the same when it starts again."""

from __future__ import annotations

import contextlib
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tui.serve.servers import Server, Visitor, until
from tests.tui.terminal import Terminal

SHOWN = "vanishing"


@pytest.mark.soak
def test_sigterm_with_ten_sessions_ends_in_time_with_every_terminal_restored(start: type[Server]) -> None:
    server = start("--class")
    with contextlib.ExitStack() as stack:
        visitors = [stack.enter_context(server.visit()) for _ in range(10)]
        for each in visitors:
            each.shows(SHOWN)
        processes = server.processes()
        assert len(processes) == 11
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for each in visitors:
            assert each.ended() == 1
            assert each.restored
            assert "the host has ended the demonstration" in each.last_line
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 10
        assert not _alive(processes)


@pytest.mark.soak
def test_a_server_that_is_killed_leaves_no_process(start: type[Server]) -> None:
    server = start()
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        processes = server.processes()
        assert len(processes) == 2
        server.process.kill()
        until(lambda: not _alive(processes), "the processes to be gone", 2)


def _alive(processes: set[int]) -> set[int]:
    found = set()
    for pid in processes:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.add(pid)
    return found


@pytest.mark.soak
def test_the_host_key_is_for_its_owner_alone_and_the_same_after_a_restart(start: type[Server]) -> None:
    first = start()
    assert stat.S_IMODE(first.key.stat().st_mode) == 0o600
    text = first.key.read_bytes()
    shown = first.serving["fingerprint"]
    first.process.terminate()
    first.process.wait(10)
    second = start()
    assert second.key.read_bytes() == text
    assert second.serving["fingerprint"] == shown
    said = subprocess.run(["ssh-keygen", "-lf", str(second.key)], capture_output=True, text=True, check=True).stdout
    assert shown in said


@pytest.mark.soak
def test_a_port_that_is_taken_is_said_in_a_line(server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gradtui", "serve", "--allow-root", "--port", str(server.port), "--host-key",
         str(server.key)], capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"another program listens on 127.0.0.1 port {server.port}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.soak
def test_a_long_day_of_visitors_leaves_no_descriptor_and_no_process_behind(start: type[Server]) -> None:
    server = start("--class", "--handshake-rate", "1000")

    def descriptors() -> int:
        return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))

    with server.visit() as visitor:
        visitor.shows(SHOWN)
    until(lambda: not server.sessions(), "the first visitor's end")
    before = descriptors()
    for count in range(30):
        with server.visit() as visitor:
            visitor.follow(0.02 * (count % 10))
    until(lambda: not server.sessions(), "the last visitor's end", 5)
    # The first visitor's connection may have been among them still.
    until(lambda: descriptors() <= before, "the descriptors to be closed", 5)


@pytest.mark.soak
def test_the_host_sees_a_live_table_and_ctrl_c_ends_the_server(tmp_path: Path) -> None:
    words = ("serve", "--port", "0", "--allow-root", "--host-key", str(tmp_path / "key"))
    with Terminal(*words, size=(160, 30)) as host:
        host.shows("SHA256:")
        host.shows("places taken")
        found = re.search(r"ssh -C -p (\d+) demo@127", host.text)
        assert found is not None
        with Visitor(int(found[1]), size=(80, 24)) as visitor:
            visitor.shows("error signal")
            host.shows("80×24")
            host.press("\x03")
            assert visitor.ended() == 1
            assert visitor.restored
        assert host.ended() == 0
        assert "stopped  visitors 1" in host.text
        assert "Traceback" not in host.text

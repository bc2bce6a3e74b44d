"""What visitors may try against the host: the front end does not grow, and nobody else notices.

How fast everybody else is served meanwhile is measured by bench/attacks.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from typing import ClassVar

import pytest

from gradtui.serve.ssh import asyncssh_limits
from tests.tui.serve.attacks import ATTACKS, Attack, half_open, keys
from tests.tui.serve.servers import LOGIN, PASSWORD, Server, memory, until
from tests.tui.serve.target import Target

SHOWN = "vanishing"
#: kB that the front may grow by while it is attacked, and that a session's process may take.
MOST_GROWTH, MOST_CHILD = 5_000, 100_000


@pytest.fixture
def host(servers: Callable[[str], Server]) -> Server:
    """A server that loses patience soon."""
    return servers("guarded")


@pytest.fixture
def visited(host: Server) -> Server:
    """It has had its first visitors: what is loaded later is no growth."""
    for _ in range(3 if host.metrics()["gradtui_sessions_opened_total"] < 3 else 0):
        asyncio.run(_look(target(host)))
    host.fresh()
    return host


def target(host: Server, seconds: float = 1.0, address: str = "127.0.0.1") -> Target:
    return Target(host.port, host.pid, LOGIN, seconds, address)


async def _look(at: Target) -> None:
    async with at.visiting():
        pass


async def _peaks(at: Target, peaks: dict[int, int]) -> None:
    """The most that each session has ever taken, looked at until this is cancelled."""
    while True:
        for pid in at.sessions():
            with contextlib.suppress(OSError, AssertionError):  # gone meanwhile
                peaks[pid] = memory(pid, "VmHWM")
        await asyncio.sleep(0.05)


async def under(attack: Attack, at: Target) -> dict[int, int]:
    """The attack, while somebody plays who notices nothing; the attacked sessions' peaks."""
    peaks: dict[int, int] = {}
    async with at.visiting() as (_, channel, session):
        own = at.sessions()
        watching = asyncio.create_task(_peaks(at, peaks))
        await attack.run(at)
        watching.cancel()
        size = session.size
        channel.write(b"\x1b[B")
        while session.size == size:
            await asyncio.sleep(0.01)
        assert own <= at.sessions()
    return {pid: peak for pid, peak in peaks.items() if pid not in own}


@pytest.mark.soak
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_grows_neither_the_front_nor_its_session_and_leaves_the_others_alone(
    visited: Server, attack: Attack
) -> None:
    host = visited
    with open(f"/proc/{host.pid}/clear_refs", "w") as peak:  # noqa: PTH123
        peak.write("5")
    before = memory(host.pid)
    peaks = asyncio.run(under(attack, target(host)))
    assert memory(host.pid, "VmHWM") - before < MOST_GROWTH
    assert all(peak < MOST_CHILD for peak in peaks.values())
    if attack.ends:
        assert host.wait_for("ended", reason=attack.ends)
    asyncio.run(_look(target(host)))


def test_who_sends_more_packets_than_anybody_types_is_read_more_slowly() -> None:
    class Fake:
        """A connection that is its own transport, and takes so many packets at once."""

        _recv_seq, _inpbuf, _deferred_packets = 0, b"", ()
        reading: ClassVar[list[bool]] = []

        def data_received(self, data: bytes, datatype: object) -> None:
            self._recv_seq = (self._recv_seq + len(data)) % 2**32

        def get_write_buffer_size(self) -> int:
            return 0

        def is_closing(self) -> bool:
            return False

        def pause_reading(self) -> None:
            self.reading.append(False)

        def resume_reading(self) -> None:
            self.reading.append(True)

    async def script() -> None:
        loop, conn = asyncio.get_running_loop(), Fake()
        conn._transport = conn  # type: ignore[attr-defined]
        asyncssh_limits.bound_connection(conn, lambda on: None, lambda: None)
        conn.data_received(bytes(int(asyncssh_limits.PACKETS_AT_ONCE)), None)
        assert conn.reading == []
        began = loop.time()
        conn.data_received(bytes(int(asyncssh_limits.MOST_PACKETS / 2)), None)
        assert conn.reading == [False]
        while conn.reading == [False]:
            await asyncio.sleep(0.01)
        # Half of what comes in a second, less what has come due between the two.
        assert 0.3 < loop.time() - began < 5
        assert conn.reading == [False, True]

    asyncio.run(script())


@pytest.mark.soak
def test_a_hundred_thousand_keys_at_once_come_in_at_the_speed_of_a_person(host: Server) -> None:
    name = 'gradtui_bytes_total{direction="in"}'
    before = host.metrics()[name]
    asyncio.run(keys(target(host, 2.0)))
    # A burst of 4096, 2 s of 3000 a second, and one window of 16 kB that is on its way.
    assert host.metrics()[name] - before < 4096 + 6000 + 2 * 16384 + 3000


@pytest.mark.soak
def test_most_of_five_hundred_half_open_connections_are_turned_away_and_nobody_else_is(start: type[Server]) -> None:
    host = start("--login", LOGIN, "--password", PASSWORD)

    async def meanwhile() -> None:
        attacking = asyncio.create_task(half_open(target(host, 2.0, "127.0.0.3")))
        await asyncio.sleep(0.5)
        await _look(target(host))
        await attacking

    asyncio.run(meanwhile())
    refused = host.metrics()
    turned_away = sum(refused[f'gradtui_refusals_total{{reason="{name}"}}'] for name in ("rate", "handshakes"))
    assert turned_away > 400


@pytest.mark.soak
def test_who_does_not_log_in_is_told_so_and_gone(host: Server) -> None:
    """The version has been exchanged, and nothing else: the sentence comes as it is."""
    with socket.create_connection(("127.0.0.1", host.port), timeout=2 * LOGIN + 5) as silent:
        silent.sendall(b"SSH-2.0-silent\r\n")
        said = b"".join(iter(partial(silent.recv, 4096), b""))
    assert said.startswith(b"SSH-2.0-gradtui\r\n")
    assert b"gradtui: not logged in within 3 s" in said
    assert host.wait_for("refused", reason="login")


@pytest.mark.soak
def test_a_client_that_is_frozen_is_dropped(servers: Callable[[str], Server]) -> None:
    server = servers("impatient")
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        visitor.signal(signal.SIGSTOP)
        # After three times half a second, and before it would have been idle.
        assert server.wait_for("ended")["reason"] == "gone"
        visitor.signal(signal.SIGCONT)


@pytest.mark.soak
def test_a_session_that_is_stopped_leaves_the_others_drawing(server: Server) -> None:
    with server.visit() as one:
        one.shows(SHOWN)
        (pid,) = server.sessions()
        with server.visit() as other:
            other.shows(SHOWN)
            os.kill(pid, signal.SIGSTOP)
            other.press(" ")
            until(lambda: other.follow(0.05) or other.wire.count(b"\x1b[6n") > 20, "frames of the other session")
            os.kill(pid, signal.SIGCONT)

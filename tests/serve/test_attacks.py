"""What visitors may try against the host: the front end does not grow, nobody else notices, new visitors come in.

Each is an asyncssh client, turned from the protocol where OpenSSH would not do it, or a bare socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import asyncssh
import pytest

from gradtui.serve import bounds

from .ssh import Server, memory, until

SHOWN = "gradient"
#: kB that the front may grow by while it is attacked, and that a session's process may take.
MOST_GROWTH, MOST_CHILD = 5_000, 100_000
#: Seconds in which a new visitor has the first frame.
SERVED = 2.0


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that loses patience soon, and that has had its first visitors: what is loaded later is no growth."""
    options = ("--class", "--login", "3", "--password", "sesame")
    with Server(tmp_path_factory.mktemp("host"), *options) as found:
        for _ in range(3):
            asyncio.run(_visit(found, _look))
        until(lambda: not found.sessions(), "the first visitors to be gone")
        yield found


class Watching(asyncssh.SSHClientSession[bytes]):
    """A client's session: how much has come, and the last of it."""

    def __init__(self) -> None:
        self.size, self.text = 0, b""
        self.first = asyncio.Event()

    def data_received(self, data: bytes, datatype: Any) -> None:
        self.size += len(data)
        self.text = (self.text + data)[-20_000:]
        if self.size > 3000:
            self.first.set()


async def _connect(host: Server, **options: Any) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        "127.0.0.1", host.port, username="demo", password=options.pop("password", "sesame"), known_hosts=None,
        config=None, client_keys=None, agent_path=None, **options,
    )  # fmt: skip


async def _open(conn: asyncssh.SSHClientConnection, **options: Any) -> tuple[Any, Watching]:
    size = options.pop("size", (120, 36))
    channel, session = await conn.create_session(
        Watching, term_type="xterm-256color", term_size=size, encoding=None, **options
    )
    return channel, session


Attack = Callable[[asyncssh.SSHClientConnection], Awaitable[None]]


async def _visit(host: Server, attack: Attack, **options: Any) -> None:
    conn = await _connect(host, **options)
    try:
        await attack(conn)
    finally:
        conn.abort()


async def _look(conn: asyncssh.SSHClientConnection) -> None:
    _, session = await _open(conn)
    await asyncio.wait_for(session.first.wait(), 10)


async def _under(host: Server, attack: Callable[[], Awaitable[None]]) -> None:
    """The attack, between two looks at the front's memory; a visitor who comes right after it is served."""
    until(lambda: not host.sessions(), "the visitors before to be gone")
    before = memory(host.pid)
    await attack()
    assert memory(host.pid) - before < MOST_GROWTH
    began = time.monotonic()
    await _visit(host, _look)
    assert time.monotonic() - began < SERVED
    assert all(memory(pid) < MOST_CHILD for pid in host.sessions())


def test_the_names_of_asyncssh_that_the_bounds_rest_on_are_there() -> None:
    connection = asyncssh.SSHServerConnection.__init__.__code__
    known = set(dir(asyncssh.SSHServerConnection)) | set(asyncssh.connection.SSHConnection.__init__.__code__.co_names)
    assert set(bounds.CONNECTION) <= known | set(connection.co_names)
    assert set(bounds.CHANNEL) <= set(dir(asyncssh.SSHServerChannel))
    assert asyncssh.compression.get_decompressor(b"zlib@openssh.com") is not None


def test_a_window_that_is_never_read_stops_the_program_and_nothing_piles_up(host: Server) -> None:
    async def attack() -> None:
        conn = await _connect(host)
        channel, session = await _open(conn)
        await session.first.wait()
        channel.pause_reading()
        channel.write(b" ")
        await asyncio.sleep(5)
        conn.abort()

    asyncio.run(_under(host, attack))


def test_a_socket_that_is_never_read_stops_the_program_and_nothing_piles_up(host: Server) -> None:
    async def attack() -> None:
        conn = await _connect(host)
        channel, session = await _open(conn, window=1 << 30)
        await session.first.wait()
        conn._transport.pause_reading()  # type: ignore[union-attr]
        channel.write(b" ")
        await asyncio.sleep(5)
        conn.abort()

    asyncio.run(_under(host, attack))


def test_a_key_exchange_that_is_never_finished_ends_the_connection(host: Server) -> None:
    async def attack() -> None:
        conn: Any = await _connect(host)
        channel, session = await _open(conn)
        await session.first.wait()
        channel.write(b" ")
        # Keys first, so that there is something to say meanwhile; then an exchange is begun, and no more is sent.
        await asyncio.sleep(0.5)
        conn._send_kexinit()
        conn._send = lambda data: None
        await asyncio.wait_for(conn.wait_closed(), 15)

    asyncio.run(_under(host, attack))
    assert host.wait_for("ended", reason="stuck")


def test_a_flood_of_variables_is_not_kept(host: Server) -> None:
    async def attack() -> None:
        conn = await _connect(host)
        with contextlib.suppress(asyncssh.Error, OSError):
            await _open(conn, env={f"LANG{n}": "x" * 200_000 for n in range(300)})
        conn.abort()

    asyncio.run(_under(host, attack))


def test_small_variables_by_the_thousand_are_not_kept_either(host: Server) -> None:
    async def attack() -> None:
        conn = await _connect(host)
        _, session = await _open(conn, env={f"LC_{n}": "x" * 1000 for n in range(5000)})
        await session.first.wait()
        conn.abort()

    asyncio.run(_under(host, attack))


def test_a_packet_that_grows_beyond_measure_ends_the_connection(host: Server) -> None:
    class Bomb(asyncssh.compression.Compressor):
        """400 MB of zeros as one packet of 400 kB, cut to what fits: what follows never ends."""

        def compress(self, data: bytes) -> bytes:
            return zlib.compress(data + bytes(20_000_000))

    async def attack() -> None:
        conn: Any = await _connect(host, compression_algs=["zlib@openssh.com"])
        conn._compressor = Bomb()
        conn.send_debug("x")
        await asyncio.wait_for(conn.wait_closed(), 10)

    asyncio.run(_under(host, attack))


def test_three_wrong_passwords_end_the_connection_and_cost_half_a_second_each(host: Server) -> None:
    class Guesser(asyncssh.SSHClient):
        tries = 0

        def password_auth_requested(self) -> str:
            Guesser.tries += 1
            return f"guess {Guesser.tries}"

    async def attack() -> None:
        began = time.monotonic()
        with contextlib.suppress(asyncssh.Error, OSError):
            await _connect(host, password=None, client_factory=Guesser)
        assert Guesser.tries == 3
        assert time.monotonic() - began >= 1.5

    asyncio.run(_under(host, attack))


def test_a_hundred_thousand_keys_at_once_come_in_at_the_speed_of_a_person(host: Server) -> None:
    async def attack() -> None:
        conn = await _connect(host)
        channel, session = await _open(conn)
        await session.first.wait()
        before = host.metrics()['gradtui_bytes_total{direction="in"}']
        channel.write(b"j" * 100_000)
        await asyncio.sleep(2)
        # A burst of 4096, 2 s of 3000 a second, and one window of 16 kB that is on its way.
        assert host.metrics()['gradtui_bytes_total{direction="in"}'] - before < 4096 + 6000 + 2 * 16384 + 3000
        (pid,) = host.sessions()
        assert memory(pid) < MOST_CHILD
        conn.abort()

    asyncio.run(_under(host, attack))


@pytest.mark.parametrize("size", [(10_000, 10_000), (0, 0), (2**32 - 1, 2**32 - 1), (1, 1)])
def test_windows_of_any_size_are_brought_to_a_sensible_one(host: Server, size: tuple[int, int]) -> None:
    async def attack() -> None:
        conn = await _connect(host)
        channel, session = await _open(conn, size=size)
        for n in range(200):
            channel.change_terminal_size(*size if n % 2 else (80, 24))
        channel.change_terminal_size(*size)
        await asyncio.sleep(1)
        assert session.size > 100
        (pid,) = host.sessions()
        assert memory(pid) < MOST_CHILD
        conn.abort()

    asyncio.run(_under(host, attack))


def test_a_size_that_is_typed_is_brought_to_a_sensible_one(host: Server) -> None:
    async def attack() -> None:
        conn = await _connect(host)
        channel, session = await _open(conn)
        await session.first.wait()
        channel.write(b"\x1b[48;20000;20000;0;0t")
        await asyncio.sleep(1)
        (pid,) = host.sessions()
        assert memory(pid) < MOST_CHILD
        conn.abort()

    asyncio.run(_under(host, attack))


def test_five_hundred_half_open_connections_shut_nobody_else_out(start: type[Server]) -> None:
    host = start("--login", "3", "--password", "sesame")

    async def attack() -> None:
        sockets = []
        for _ in range(500):
            each = socket.socket()
            each.bind(("127.0.0.3", 0))
            each.connect(("127.0.0.1", host.port))
            sockets.append(each)
        await asyncio.sleep(0.5)
        began = time.monotonic()
        await _visit(host, _look)
        assert time.monotonic() - began < SERVED
        for each in sockets:
            each.close()

    asyncio.run(_visit(host, _look))
    asyncio.run(_under(host, attack))
    refused = host.metrics()
    assert (
        refused['gradtui_refusals_total{reason="rate"}'] + refused['gradtui_refusals_total{reason="handshakes"}'] > 400
    )


def test_keys_before_the_program_is_there_and_garbage_do_no_harm(host: Server) -> None:
    async def attack() -> None:
        conn = await _connect(host)
        channel, session = await _open(conn)
        channel.write(b"\x03\x1c\x1a" + bytes(range(128, 256)) * 30)
        await session.first.wait()
        assert b"Traceback" not in session.text
        assert b"/gradtui/" not in session.text
        conn.abort()

    asyncio.run(_under(host, attack))


def test_a_client_that_is_frozen_is_dropped(start: type[Server]) -> None:
    server = start("--keepalive", "0.5")
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        visitor.signal(signal.SIGSTOP)
        until(lambda: not server.sessions(), "the session's end", 5)
        visitor.signal(signal.SIGCONT)


def test_a_session_that_is_stopped_leaves_the_others_at_their_pace(start: type[Server]) -> None:
    server = start("--class", "--depth", "300")
    with server.visit() as one:
        one.shows(SHOWN)
        (pid,) = server.sessions()
        with server.visit() as other:
            other.shows(SHOWN)
            import os

            os.kill(pid, signal.SIGSTOP)
            other.press(" ")
            other.follow(1)
            wire = len(other.wire)
            questions = other.wire.count(b"\x1b[6n")
            other.follow(2)
            assert (other.wire.count(b"\x1b[6n") - questions) / 2 >= 10
            assert len(other.wire) > wire

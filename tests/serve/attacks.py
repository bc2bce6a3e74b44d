"""What visitors may try against the host: a row for each attack, kept up for some seconds.

The tests take from it what is refused and what memory it costs, `bench/attacks.py` what everybody else notices of it.
Each is an asyncssh client, turned from the protocol where OpenSSH would not do it, or a bare socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.packet import Boolean, String, UInt32

PASSWORD = "sesame"
#: Bytes that are more than the modes which the program sets first.
FIRST_FRAME = 3000
#: Seconds in which a server ends what it has to end, beyond its own patience.
_SOON = 5.0


@dataclass(frozen=True)
class Target:
    """A server under attack: its port and process, its --login, from where to attack it and for how long."""

    port: int
    front: int
    login: float
    seconds: float
    address: str = "127.0.0.1"

    def sessions(self) -> set[int]:
        """The processes of its sessions: the warm parent's children."""
        return {pid for warm in _children(self.front) for pid in _children(warm)}

    def clock(self) -> Callable[[], bool]:
        """Whether the attack goes on."""
        end = time.monotonic() + self.seconds
        return lambda: time.monotonic() < end

    async def connect(self, **options: Any) -> Any:
        """A connection that has logged in. Typed as anything: what follows is not what its types foresee."""
        return await asyncssh.connect(
            "127.0.0.1", self.port, username="demo", password=options.pop("password", PASSWORD), known_hosts=None,
            config=None, client_keys=None, agent_path=None, local_addr=(self.address, 0), **options,
        )  # fmt: skip

    @contextlib.asynccontextmanager
    async def connected(self, **options: Any) -> AsyncIterator[Any]:
        conn = await self.connect(**options)
        try:
            yield conn
        finally:
            conn.abort()

    @contextlib.asynccontextmanager
    async def visiting(self, **options: Any) -> AsyncIterator[tuple[Any, Any, Watching]]:
        """A connection whose session has its first frame."""
        async with self.connected() as conn:
            channel, session = await start(conn, **options)
            await asyncio.wait_for(session.first.wait(), 10)
            yield conn, channel, session


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class Watching(asyncssh.SSHClientSession[bytes]):
    """A client's session: how much has come, and the last of it."""

    def __init__(self) -> None:
        self.size, self.text = 0, b""
        self.first = asyncio.Event()

    def data_received(self, data: bytes, datatype: Any) -> None:
        self.size += len(data)
        self.text = (self.text + data)[-20_000:]
        if self.size > FIRST_FRAME:
            self.first.set()


async def start(conn: Any, **options: Any) -> tuple[Any, Watching]:
    """Ask for the program."""
    size = options.pop("size", (120, 36))
    channel, session = await conn.create_session(
        Watching, term_type="xterm-256color", term_size=size, encoding=None, **options
    )
    return channel, session


# -- what there is not -------------------------------------------------------------------------------------


async def commands(target: Target) -> None:
    """Commands, files, and a shell without a terminal: one for each connection."""
    asked: list[dict[str, Any]] = [
        {"command": "id"}, {"command": "scp -f /etc/passwd"}, {"subsystem": "sftp"}, {"subsystem": "netconf"}, {},
        {"command": "sh", "term_type": "xterm"},
    ]  # fmt: skip
    going = target.clock()
    while True:
        for each in asked:
            # Who comes as fast as this is asked to wait.
            with contextlib.suppress(asyncssh.Error, OSError):
                async with target.connected() as conn:
                    channel, session = await conn.create_session(Watching, encoding=None, **each)
                    await asyncio.wait_for(channel.wait_closed(), 10)
                    assert channel.get_exit_status() == 1, each
                    assert session.text.startswith(b"gradtui: "), each
                    assert session.text.count(b"\n") == 1, each
        if not going():
            return


async def forwardings(target: Target) -> None:
    """Every kind of forwarding, again and again on one connection, as fast as the answers come."""
    going = target.clock()
    while True:
        # The server may have had enough of it.
        with contextlib.suppress(asyncssh.DisconnectError, OSError):
            async with target.connected() as conn:
                await _forwardings(conn, going)
        if not going():
            return


async def _forwardings(conn: Any, going: Callable[[], bool]) -> None:
    while True:
        for ask in (
            lambda: conn.create_connection(asyncssh.SSHTCPSession, "127.0.0.1", 22),
            lambda: conn.create_unix_connection(asyncssh.SSHUNIXSession, "/run/x"),
            lambda: conn.create_tun(asyncssh.SSHTunTapSession),
            lambda: conn.create_tap(asyncssh.SSHTunTapSession),
            lambda: conn.create_server(lambda host, port: True, "127.0.0.1", 0),
            lambda: conn.create_unix_server(lambda: True, "/tmp/x"),
        ):
            try:
                await ask()
            except (asyncssh.ChannelOpenError, asyncssh.ChannelListenError):
                continue
            raise AssertionError("something is forwarded")
        if not going():
            return


async def requests(target: Target) -> None:
    """On a session: another one, the agent, X11, by the hundred."""
    async with target.visiting() as (conn, channel, _):
        going = target.clock()
        while True:
            assert not await channel._make_request(b"auth-agent-req@openssh.com")
            cookie = String("MIT-MAGIC-COOKIE-1"), String(b"0" * 32)
            assert not await channel._make_request(b"x11-req", Boolean(False), *cookie, UInt32(0))
            try:
                await start(conn)
            except asyncssh.ChannelOpenError:
                pass
            except asyncssh.DisconnectError:
                return
            else:
                raise AssertionError("two sessions on one connection")
            if not going():
                return


# -- what would pile up ------------------------------------------------------------------------------------


async def unread_window(target: Target) -> None:
    """A window that is never read."""
    async with target.visiting() as (_, channel, _session):
        channel.pause_reading()
        channel.write(b" ")
        await asyncio.sleep(target.seconds)


async def unread_socket(target: Target) -> None:
    """A socket that is never read, and a window of a gigabyte."""
    async with target.visiting(window=1 << 30) as (conn, channel, _):
        conn._transport.pause_reading()
        channel.write(b" ")
        await asyncio.sleep(target.seconds)


async def endless_exchange(target: Target) -> None:
    """A key exchange that is begun, while there is something to say, and never finished."""
    async with target.visiting() as (conn, channel, _):
        channel.write(b" ")
        await asyncio.sleep(0.5)
        conn._send_kexinit()
        conn._send = lambda data: None
        await asyncio.wait_for(conn.wait_closed(), target.login + _SOON)


async def variables(target: Target) -> None:
    """300 variables of 200 kB."""
    await _variables(target, {f"LANG{n}": "x" * 200_000 for n in range(300)})


async def many_variables(target: Target) -> None:
    """5000 variables of 1 kB."""
    await _variables(target, {f"LC_{n}": "x" * 1000 for n in range(5000)})


async def _variables(target: Target, env: dict[str, str]) -> None:
    going = target.clock()
    while True:
        with contextlib.suppress(asyncssh.Error, OSError):
            async with target.connected() as conn:
                _, session = await start(conn, env=env)
                await asyncio.wait_for(session.first.wait(), 10)
        if not going():
            return


class Bomb(asyncssh.compression.Compressor):
    """20 MB of zeros behind each packet: what 20 kB on the wire grow to."""

    def compress(self, data: bytes) -> bytes:
        return zlib.compress(data + bytes(20_000_000))


async def bomb(target: Target) -> None:
    """A packet that grows beyond measure ends the connection."""
    going = target.clock()
    while True:
        with contextlib.suppress(asyncssh.DisconnectError, OSError):
            async with target.connected(compression_algs=["zlib@openssh.com"]) as conn:
                conn._compressor = Bomb()
                conn.send_debug("x")
                await asyncio.wait_for(conn.wait_closed(), 10)
        if not going():
            return


async def guesses(target: Target) -> None:
    """Passwords, one after the other: three a connection, half a second each."""

    class Guesser(asyncssh.SSHClient):
        tries = 0

        def password_auth_requested(self) -> str:
            Guesser.tries += 1
            return f"guess {Guesser.tries}"

    going = target.clock()
    while True:
        Guesser.tries, began = 0, time.monotonic()
        with contextlib.suppress(asyncssh.Error, OSError):
            await target.connect(password=None, client_factory=Guesser)
        assert Guesser.tries == 3
        assert time.monotonic() - began >= 1.5
        if not going():
            return


async def keys(target: Target) -> None:
    """100 kB of keys at once: at the speed of a person they take half a minute."""
    async with target.visiting() as (_, channel, _session):
        channel.write(b"j" * 100_000)
        await asyncio.sleep(target.seconds)


async def early_keys(target: Target) -> None:
    """Signals, and bytes that are no text, before the program is there."""
    going = target.clock()
    while True:
        with contextlib.suppress(asyncssh.DisconnectError, OSError):
            async with target.connected() as conn:
                channel, session = await start(conn)
                channel.write(b"\x03\x1c\x1a" + bytes(range(128, 256)) * 30)
                await asyncio.wait_for(session.first.wait(), 10)
                assert b"Traceback" not in session.text
                assert b"/gradtui/" not in session.text
        if not going():
            return


async def half_open(target: Target) -> None:
    """500 connections that never say a word."""
    sockets = []
    try:
        for _ in range(500):
            each = socket.socket()
            sockets.append(each)
            each.bind((target.address, 0))
            each.connect(("127.0.0.1", target.port))
        await asyncio.sleep(target.seconds)
    finally:
        for each in sockets:
            each.close()


# -- windows -----------------------------------------------------------------------------------------------


def windows(columns: int, rows: int) -> Attack:
    """Windows of this size, and changes to and fro."""

    async def run(target: Target) -> None:
        async with target.connected() as conn:
            channel, session = await start(conn, size=(columns, rows))
            going = target.clock()
            while going():
                for _ in range(50):
                    channel.change_terminal_size(80, 24)
                    channel.change_terminal_size(columns, rows)
                await asyncio.sleep(0.1)
            assert session.size > 100

    return Attack(f"windows of {columns}×{rows}", run)


async def typed_size(target: Target) -> None:
    """A size that is typed, as a terminal would report it."""
    async with target.visiting() as (_, channel, _session):
        going = target.clock()
        while going():
            channel.write(b"\x1b[48;20000;20000;0;0t")
            await asyncio.sleep(0.2)


# -- a session that goes wrong -----------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _own_process(target: Target) -> AsyncIterator[tuple[int, Any, Watching]]:
    """A session of the attacker's, and its process. Others come and go meanwhile: not theirs."""
    while True:
        before = target.sessions()
        async with target.visiting() as (_, channel, session):
            if len(found := target.sessions() - before) == 1:
                yield found.pop(), channel, session
                return


def _struck(strike: Callable[[int], None]) -> Callable[[Target], Awaitable[None]]:
    """Something ends the attacker's own session, once it plays; the terminal is then put right."""

    async def run(target: Target) -> None:
        going = target.clock()
        while True:
            async with _own_process(target) as (pid, channel, session):
                channel.write(b" ")
                strike(pid)
                await asyncio.wait_for(_computing(channel), 15)
                assert b"\x1b[?1049l" in session.text
                assert channel.get_exit_status() == 1
                assert b"Traceback" not in session.text
            if not going():
                return
            await asyncio.sleep(0.3)

    return run


async def blocked(target: Target) -> None:
    """A session whose program does nothing, whatever comes."""
    async with _own_process(target) as (pid, channel, _):
        os.kill(pid, signal.SIGSTOP)
        channel.write(b"j" * 1000)
        await asyncio.sleep(target.seconds)
        os.kill(pid, signal.SIGCONT)


async def no_memory(target: Target) -> None:
    """A session gets no more memory, and is asked to compute: it says that it cannot, or fails."""
    async with _own_process(target) as (pid, channel, _):
        resource.prlimit(pid, resource.RLIMIT_DATA, (1 << 20, 1 << 20))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_computing(channel), target.seconds)


async def _computing(channel: Any) -> None:
    """Something to compute and to draw, again and again until the channel is closed."""
    closed = asyncio.ensure_future(channel.wait_closed())
    while not (await asyncio.wait([closed], timeout=0.1))[0]:
        with contextlib.suppress(OSError):
            channel.write(b"R")


def _use_up_time(pid: int) -> None:
    """The kernel's limit is what has been used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = (int(fields[11]) + int(fields[12])) // os.sysconf("SC_CLK_TCK")
    _, hard = resource.prlimit(pid, resource.RLIMIT_CPU)
    resource.prlimit(pid, resource.RLIMIT_CPU, (max(1, used), hard))


# -- the table ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attack:
    """A name, as people would call it, what is done, and by which reason the server has to end the session, if any."""

    name: str
    run: Callable[[Target], Awaitable[None]]
    ends: str = ""


ATTACKS = (
    Attack("commands, files, no terminal", commands),
    Attack("forwardings", forwardings),
    Attack("second session, agent, X11", requests),
    Attack("a window that is never read", unread_window),
    Attack("a socket that is never read", unread_socket),
    Attack("a key exchange never finished", endless_exchange, "stuck"),
    Attack("300 variables of 200 kB", variables),
    Attack("5000 variables of 1 kB", many_variables),
    Attack("a zlib bomb", bomb),
    Attack("password guessing", guesses),
    Attack("100 kB of keys", keys),
    Attack("keys before the program", early_keys),
    windows(10_000, 10_000),
    windows(0, 0),
    windows(2**32 - 1, 2**32 - 1),
    windows(1, 1),
    Attack("a size that is typed", typed_size),
    Attack("500 half-open connections", half_open),
    Attack("a session killed", _struck(lambda pid: os.kill(pid, signal.SIGKILL)), "killed"),
    Attack("a session that crashes", _struck(lambda pid: os.kill(pid, signal.SIGSEGV)), "crash"),
    Attack("a session blocked", blocked),
    Attack("a session out of memory", no_memory),
    Attack("a session out of CPU time", _struck(_use_up_time), "cpu"),
)

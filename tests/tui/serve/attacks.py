"""What visitors may try against the host: a row for each attack, kept up for some seconds.

The tests take from it what is refused and what memory it costs, `bench/attacks.py` what everybody else notices of it.
Each is an asyncssh client, turned from the protocol where OpenSSH would not do it, or a bare socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncssh
from asyncssh.packet import Boolean, String, UInt32

from tests.tui.serve.strikes import blocked, no_memory, struck, use_up_time
from tests.tui.serve.target import Target, Watching, start

#: Seconds in which a server ends what it has to end, beyond its own patience.
_SOON = 5.0


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
    Attack("a session killed", struck(lambda pid: os.kill(pid, signal.SIGKILL)), "killed"),
    Attack("a session that crashes", struck(lambda pid: os.kill(pid, signal.SIGSEGV)), "crash"),
    Attack("a session blocked", blocked),
    Attack("a session out of memory", no_memory),
    Attack("a session out of CPU time", struck(use_up_time), "cpu"),
)

"""What stock asyncssh lets through, stopped.

All that serve uses of private names is here, and is of asyncssh, which is pinned (~=2.24).
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from asyncssh import compression
from asyncssh.compression import Decompressor

from ..session.meter import Meter


class Private(NamedTuple):
    """A name that is not asyncssh's promise, in a module or a class, "asyncssh.connection:SSHConnection"."""

    owner: str
    name: str
    purpose: str


_CONNECTION = "asyncssh.connection:SSHConnection"
#: All of them; a test says by name which another asyncssh lacks.
PRIVATE_NAMES = (
    Private(_CONNECTION, "_deferred_packets", "read: packets that wait for the end of a key exchange"),
    Private(_CONNECTION, "_inpbuf", "read: bytes that have come and wait"),
    Private(_CONNECTION, "_recv_seq", "read: packets that have come"),
    Private(_CONNECTION, "_transport", "read: what is sent and not taken, and what reading is paused on"),
    Private(_CONNECTION, "_compressor", "set to None: a connection that has gone lets go of its memory"),
    Private(_CONNECTION, "_decompressor", "set to None, likewise"),
    Private(_CONNECTION, "pause_writing", "replaced: the program has to wait"),
    Private(_CONNECTION, "resume_writing", "replaced: the program may go on"),
    Private(_CONNECTION, "data_received", "replaced: floods are dropped, and many packets read more slowly"),
    Private("asyncssh.channel:SSHServerChannel", "_process_env_request", "replaced: few variables are kept"),
    Private("asyncssh.compression", "_ZLibCompress", "registered again, beside a bounded inflater"),
    Private("asyncssh.compression", "register_compression_alg", "called with it"),
)

#: Packets that wait for the end of a key exchange, before the program has to wait too.
MOST_DEFERRED = 32
#: Bytes of a packet once inflated: the largest that a client sends is 32 kB; a bomb grew by 411 MB.
MOST_INFLATED = 1 << 16
#: Bytes that have come and wait (passwords take half a second each), and that are sent and not taken, before a
#: connection is dropped. A person's never come near: a frame has 5 to 30 kB, two are under way.
MOST_WAITING, MOST_UNSENT = 1 << 18, 1 << 20
#: Packets a second, and at once, before a connection has to wait: 15 answers, a key repeat of 30 and a mouse that moves
#: are under 300. Requests that are refused cost the front 0.5 ms each; one visitor sent 1500 a second, and took 3 of
#: another's 15 frames.
MOST_PACKETS, PACKETS_AT_ONCE = 400.0, 1000.0
#: Bytes that the kernel keeps of what a visitor sends (it doubles them): what comes at once is worked off at once.
RECEIVED = 1 << 13
#: Bytes of variables that a visitor may send, and how many are kept.
MOST_VALUE, MOST_VARIABLES = 64, 8
COMPRESSION = ("zlib@openssh.com", "none")


class Inflater(Decompressor):
    """zlib, to a bound: None, which asyncssh takes for broken data, where a packet grows beyond it."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj()

    def decompress(self, data: bytes) -> bytes | None:
        try:
            inflated = self._inflate.decompress(data, MOST_INFLATED)
        except zlib.error:
            return None
        return None if self._inflate.unconsumed_tail else inflated


def bound_compression() -> None:
    """From now on every connection of this process inflates to the bound."""
    compression.register_compression_alg(
        b"zlib@openssh.com", compression._ZLibCompress, Inflater, after_auth=True, default=False
    )


def bound_connection(connection: Any, pause: Callable[[bool], None], drop: Callable[[], None]) -> None:
    """pause(True) when the socket takes no more, pause(False) when it does again; drop() what floods."""
    receive = connection.data_received
    loop, meter, counted = asyncio.get_running_loop(), Meter(MOST_PACKETS, PACKETS_AT_ONCE), 0

    def throttle(transport: asyncio.Transport) -> None:
        """Read on when as many packets as have come may have come."""
        nonlocal counted
        number = connection._recv_seq
        # Each key exchange may begin to count anew.
        came, counted = number - counted if number >= counted else number, number
        now = loop.time()
        paid = min(float(came), meter.available(now))
        meter.take(paid, now)
        if came > paid:
            transport.pause_reading()
            loop.call_later((came - paid) / MOST_PACKETS, resume, transport)

    def resume(transport: asyncio.Transport) -> None:
        if not transport.is_closing():
            transport.resume_reading()

    def data_received(data: bytes, datatype: Any = None) -> None:
        receive(data, datatype)
        transport = connection._transport
        if transport is None:
            return
        unsent = transport.get_write_buffer_size()
        if len(connection._inpbuf) > MOST_WAITING or unsent > MOST_UNSENT or deferred(connection) > 8 * MOST_DEFERRED:
            drop()
        else:
            throttle(transport)

    # The transport calls these on the connection, where asyncssh has empty ones.
    connection.pause_writing = lambda: pause(True)
    connection.resume_writing = lambda: pause(False)
    connection.data_received = data_received


def release(connection: Any) -> None:
    """A connection that has gone is found by the collector of garbage, later; its packers, 300 kB, go at once."""
    connection._compressor = connection._decompressor = None


def deferred(connection: Any) -> int:
    """Packets that wait for the end of a key exchange."""
    return len(connection._deferred_packets)


def bound_channel(channel: Any, welcome: tuple[str, ...]) -> dict[str, str]:
    """Of the variables that come only these are kept, in the mapping that is returned."""
    kept: dict[str, str] = {}

    def env(packet: Any) -> bool:
        name, value = packet.get_string(), packet.get_string()
        packet.check_end()
        text = name.decode("ascii", "replace")
        if text not in welcome or len(value) > MOST_VALUE or len(kept) >= MOST_VARIABLES:
            return False
        kept[text] = value.decode("ascii", "replace")
        return True

    channel._process_env_request = env
    return kept

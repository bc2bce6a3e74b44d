"""An address and a port to listen on, or one sentence that says which option to change."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem

T = TypeVar("T")


async def listen(option: str, host: str, port: int, begin: Callable[[str, int], Awaitable[T]]) -> T:
    """What begin(host, port) returns; option is the port's. Raises ExperimentError."""
    try:
        return await begin(host, port)
    except OSError as error:
        raise ExperimentError([_problem(error, option, host, port)]) from None


def _problem(error: OSError, option: str, host: str, port: int) -> Problem:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        reason = error.strerror if isinstance(error, socket.gaierror) else _reason(error)
        message = Message("cannot listen on {host}: {reason}; 0.0.0.0 is every address of this machine", host=host,
                          reason=reason)  # fmt: skip
        return Problem("--host", message)
    place = {"host": host, "port": port, "reason": _reason(error)}
    if error.errno == errno.EADDRINUSE:
        return Problem(option, Message("another program listens on {host} port {port}; 0 takes a free one", **place))
    if error.errno == errno.EACCES:
        message = Message("cannot listen on {host} port {port}: {reason}; those below 1024 are root's", **place)
        return Problem(option, message)
    return Problem(option, Message("cannot listen on {host} port {port}: {reason}", **place))


def _reason(error: OSError) -> str:
    """The system's own words: asyncio puts a sentence around them."""
    return os.strerror(error.errno) if error.errno else str(error)


def own_address(host: str) -> str:
    """What visitors call this machine: an address on the way out of it where all are listened on.

    Its name is often known to itself alone. No packet is sent; 192.0.2.1 and 2001:db8::1 are nobody's (RFC 5737, 3849).
    """
    elsewhere = {"0.0.0.0": (socket.AF_INET, "192.0.2.1"), "": (socket.AF_INET, "192.0.2.1"),
                 "::": (socket.AF_INET6, "2001:db8::1")}.get(host)  # fmt: skip
    if elsewhere is None:
        return host
    family, far = elsewhere
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            return str(probe.getsockname()[0])
    except OSError:
        # No network: its name is as good as anything.
        return socket.gethostname()

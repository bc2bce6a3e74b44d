"""An address and a port to listen on, or one sentence that says which option to change."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gradtui_engine.message import Message
from gradtui_engine.problems import ExperimentError, Problem

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
    return Problem(option, Message("cannot listen on {host} port {port}: {reason}", **place))


def _reason(error: OSError) -> str:
    """The system's own words: asyncio puts a sentence around them."""
    return os.strerror(error.errno) if error.errno else str(error)

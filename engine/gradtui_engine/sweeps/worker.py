"""A worker process of a pool: reads calls from its standard input, and writes what they have come to.

Nothing heavy is imported before a call asks for it. What a call prints goes to the standard error.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import sys
import threading
from pathlib import Path
from typing import IO, Any

from ..core.allowances import put_in_force

#: The length of what follows, in bytes.
LENGTH = struct.Struct("!Q")


def serve(memory: int | None, allowed: bytes) -> None:
    """Calls, until there are no more. memory: bytes that a call may take, beyond what the worker has by itself;
    allowed: the allowances of who made the worker, pickled, which hold here as well."""
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Nobody types into a worker: whoever made it ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    put_in_force(pickle.loads(allowed))
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(calls, waiting), daemon=True).start()
    limited = memory is None
    while True:
        work = waiting.get()
        try:
            function, arguments, named = pickle.loads(work)
            if not limited:
                # After the imports: what a function needs by itself is not the call's.
                _limit(int(memory or 0))
                limited = True
            answer: tuple[bool, Any] = True, function(*arguments, **named)
        except BaseException as error:
            answer = False, error
        body = _pickled(answer)
        answers.write(LENGTH.pack(len(body)) + body)
        answers.flush()


def _pickled(answer: tuple[bool, Any]) -> bytes:
    try:
        return pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        told = RuntimeError(f"{type(answer[1]).__name__} cannot be sent: {error}")
        return pickle.dumps((False, told), protocol=pickle.HIGHEST_PROTOCOL)


def _read(calls: IO[bytes], waiting: queue.SimpleQueue[bytes]) -> None:
    """Reads ahead, so that it is noticed at once when the program at the other end is no more."""
    while True:
        head = calls.read(LENGTH.size)
        if len(head) < LENGTH.size:
            os._exit(0)
        (length,) = LENGTH.unpack(head)
        waiting.put(calls.read(length))


def _limit(memory: int) -> None:
    """Let the address space grow by so many bytes and no more."""
    try:
        import resource

        now = _size()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = now + memory if most == resource.RLIM_INFINITY else min(now + memory, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))
    except (ImportError, OSError, ValueError):
        return  # a system without it: the size of a trace is looked at before all the same


def _size() -> int:
    """Bytes of this process' address space."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")

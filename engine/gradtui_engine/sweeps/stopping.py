"""Which sweeps have been stopped, in this process: cells that are computed here look it up while they are computed.

In a worker process of its own nobody is asked: there the process is ended, or its result is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

_stopped: set[str] = set()
_asked: dict[str, Callable[[], bool]] = {}


def stop(run: str, cells: Sequence[Future[Any]]) -> None:
    """The cells of this run that are being computed in this process end soon; it is remembered until all have."""
    left = set(cells)
    if not left:
        return
    _stopped.add(run)

    def ended(cell: Future[Any]) -> None:
        left.discard(cell)
        if not left:
            _stopped.discard(run)

    for cell in cells:
        cell.add_done_callback(ended)


def is_stopped(run: str) -> bool:
    """Whether a run's cells are to end."""
    return run in _stopped or (run in _asked and _asked[run]())


@contextmanager
def asked(run: str, stop: Callable[[], bool]) -> Iterator[None]:
    """Meanwhile stop() is asked whether a run's cells are to end."""
    _asked[run] = stop
    try:
        yield
    finally:
        del _asked[run]

"""ctrl+C and SIGTERM, for what goes on until somebody wants no more of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Stop:
    """The first signal asks for the end, which comes as soon as it can; the second one is the end (KeyboardInterrupt).

    signal is the number of the one that has come, None for none.
    """

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.signal: int | None = None
        self._event = threading.Event()
        self._before: dict[int, Any] = {}

    @property
    def asked(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """So long, or until one comes."""
        self._event.wait(seconds)

    def __enter__(self) -> Self:
        # Elsewhere Python lets nobody listen to signals.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._caught) for number in self._SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
        self._event.set()


def leave(status: int) -> int:
    """The end of a program while a computation may still be under way."""
    if threading.active_count() > 1:
        # A computation is still under way, and Python would wait for it. The terminal is restored, and all is said.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status

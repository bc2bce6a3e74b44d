"""Counts of what happens, and how Prometheus reads them (text format 0.0.4), on loopback alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from .session.endings import ENDS, REFUSALS, Ending, Refused
from .session.session import Session
from .session.zygote_client import End

#: Upper bounds of the classes of the first frame's seconds.
CLASSES = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)
LOOPBACK = "127.0.0.1"
_REQUEST, _SECONDS = 8192, 5.0


class Metrics:
    """A watcher that counts."""

    def __init__(self, live: Callable[[], Iterable[Session]], following: Callable[[], int] | None = None) -> None:
        """live: the sessions of this moment; following: of a lecture, how many follow the presenter."""
        self._live, self._following = live, following
        self.opens = 0
        self.ends: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.frames: list[int] = [0] * len(CLASSES)
        self.frame_sum, self.frame_count = 0.0, 0
        self._sent = self._received = 0

    def opened(self, session: Session) -> None:
        self.opens += 1

    def first_frame(self, session: Session, seconds: float) -> None:
        self.frame_count += 1
        self.frame_sum += seconds
        for index, bound in enumerate(CLASSES):
            self.frames[index] += seconds <= bound

    def ended(self, session: Session, ending: Ending, end: End) -> None:
        self.ends[ending.reason] += 1
        self._sent += session.sent
        self._received += session.received

    def refused(self, address: str, refusal: Refused) -> None:
        self.refusals[refusal.reason] += 1

    def text(self) -> str:
        """All of it."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        live = list(self._live())
        yield from _head("gradtui_sessions", "gauge", "live sessions")
        yield f"gradtui_sessions {len(live)}"
        if self._following is not None:
            yield from _head("gradtui_following", "gauge", "live sessions that follow the presenter")
            yield f"gradtui_following {self._following()}"
        yield from _head("gradtui_sessions_opened_total", "counter", "sessions opened")
        yield f"gradtui_sessions_opened_total {self.opens}"
        yield from _head("gradtui_first_frame_seconds", "histogram", "from the request to the first frame")
        for bound, count in zip(CLASSES, self.frames, strict=True):
            yield f'gradtui_first_frame_seconds_bucket{{le="{bound:g}"}} {count}'
        yield f'gradtui_first_frame_seconds_bucket{{le="+Inf"}} {self.frame_count}'
        yield f"gradtui_first_frame_seconds_sum {self.frame_sum:.6f}"
        yield f"gradtui_first_frame_seconds_count {self.frame_count}"
        yield from _head("gradtui_bytes_total", "counter", "bytes to visitors (out) and from them (in)")
        yield f'gradtui_bytes_total{{direction="out"}} {self._sent + sum(session.sent for session in live)}'
        yield f'gradtui_bytes_total{{direction="in"}} {self._received + sum(session.received for session in live)}'
        yield from _head("gradtui_refusals_total", "counter", "visitors and requests turned away")
        for name in REFUSALS.names:
            yield f'gradtui_refusals_total{{reason="{name}"}} {self.refusals[name]}'
        yield from _head("gradtui_ends_total", "counter", "sessions ended")
        for name in ENDS.names:
            yield f'gradtui_ends_total{{reason="{name}"}} {self.ends[name]}'

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Serve GET /metrics."""
        return await asyncio.start_server(self._answer, host, port, limit=_REQUEST)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _SECONDS)
            known = request.startswith((b"GET /metrics ", b"GET / "))
            body = self.text().encode() if known else b"not here; try /metrics\n"
            status = "200 OK" if known else "404 Not Found"
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
            await asyncio.wait_for(writer.drain(), _SECONDS)
        writer.close()


def _head(name: str, kind: str, text: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"

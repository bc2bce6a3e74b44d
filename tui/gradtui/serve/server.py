"""The server: its parts put together, from the start to the end."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from gradtui_engine.core.figures import exact
from gradtui_engine.core.problems import ExperimentError, Problem

from ..text.language import tr
from .lecture.relay import Relay
from .listen import listen, own_address
from .metrics import LOOPBACK, Metrics
from .report import Report
from .server_options import ServerOptions
from .session.sessions import Sessions
from .session.zygote_client import LaunchError, ZygoteClient
from .ssh.front import Admission, Front

#: Seconds between two looks of the live table.
_LOOK = 1.0


def many_files() -> None:
    """As many open files as the system lets this process have: each visitor takes two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 1 << 16) if most > 0 else 1 << 16, most))


class Server:
    """The parts, put together."""

    def __init__(self, options: ServerOptions, out: TextIO, lecture: Relay | None = None) -> None:
        self.options, self._lecture = options, lecture
        self.report = Report(out, options.form)
        self.zygote = ZygoteClient(options.limits, self.report.note, options.arguments, lecture is not None)
        following = lecture.following if lecture is not None else None
        self.metrics = Metrics(lambda: self.sessions.live.values(), following)
        watchers = Watchers((self.report, self.metrics))
        self.sessions = Sessions(options.limits, self.zygote, watchers, lecture.join if lecture is not None else None)
        admission = Admission(options.password, options.authorized_keys)
        self.front = Front(self.sessions, options.limits, admission, lambda: options.arguments)
        self.web: Any = None
        if options.web is not None:
            from .web.front import Web

            self.web = Web(self.sessions, options.limits, lambda: options.arguments, self.report.note, options.names)

    async def run(self, key: Any, fingerprint: str) -> int:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        loop.set_exception_handler(lambda loop, context: self._fault(context))
        counting: asyncio.Server | None = None
        told: dict[str, Any] = {}
        try:
            try:
                await self.zygote.start()
            except LaunchError as error:
                raise ExperimentError([Problem("sessions", str(error))]) from None
            asked = self.options
            port = await listen("--port", asked.host, asked.port, lambda host, port: self.front.listen(host, port, key))
            page = await listen("--web", asked.host, asked.web, self.web.listen) if asked.web is not None else None
            if asked.metrics is not None:
                counting = await listen("--metrics", LOOPBACK, asked.metrics, self.metrics.listen)
            told = self._announce(port, fingerprint, page, counting)
            if self._lecture is not None:
                self._lecture.begin(told, stop.set)
            while not stop.is_set():
                self.report.refresh(self.sessions.live.values(), self.options.limits.sessions)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _LOOK)
        finally:
            visitors = len(self.sessions.live)
            await self.sessions.close()
            await self.front.close()
            if self.web is not None:
                await self.web.close()
            if counting is not None:
                counting.close()
            await self.zygote.close()
            if told:
                self.report.event("stopped", visitors=visitors)
            self.report.close()
        return 0

    def _announce(
        self, port: int, fingerprint: str, page: int | None, counting: asyncio.Server | None
    ) -> dict[str, Any]:
        host = own_address(self.options.host)
        limits = self.options.limits
        told: dict[str, Any] = {
            "address": f"ssh -C -p {port} demo@{host}",
            "fingerprint": fingerprint,
            "limits": tr(
                "{sessions} sessions, {each} of one address, {total} s each, {idle} s without a key",
                sessions=limits.sessions,
                each=limits.per_address,
                total=exact(limits.total),
                idle=exact(limits.idle),
            ),
        }
        if page is not None:
            told["web"] = f"http://{f'[{host}]' if ':' in host else host}:{page}/"
        if counting is not None:
            told["metrics"] = f"http://127.0.0.1:{counting.sockets[0].getsockname()[1]}/metrics"
        self.report.serving(port, told)
        return told

    def _fault(self, context: Mapping[str, Any]) -> None:
        """What nobody has caught: for the log, never for a visitor."""
        error = context.get("exception")
        self.report.note(f"{context.get('message', '')}: {error!r}" if error is not None else str(context["message"]))


class Watchers:
    """One watcher that tells each of several what happens."""

    def __init__(self, watchers: Sequence[Any]) -> None:
        self._watchers = watchers

    def __getattr__(self, name: str) -> Callable[..., None]:
        def tell(*what: Any) -> None:
            for watcher in self._watchers:
                getattr(watcher, name)(*what)

        return tell

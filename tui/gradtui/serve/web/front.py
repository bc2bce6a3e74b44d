"""The browser's front: one page, what it loads, and a WebSocket that becomes a session. No other address is answered.

The terminal in the page and what it speaks are textual-serve's (MIT), out of the installed package; sessions and limits
are the same as over SSH.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import html
import ipaddress
import logging
import re
import socket
import string
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from urllib.parse import urlsplit

from aiohttp import web

from ...share.clipboard import PAGE
from ...text.language import ENGLISH, LANGUAGES, current, speaking, tr
from ..session.endings import refused
from ..session.limits import Limits
from ..session.meter import Meters
from ..session.sessions import Sessions
from ..session.visitor import Visitor
from .aiohttp_limits import Connection, Connections
from .tab import Tab

#: What the page loads: its name there, the package and the path in it, its type.
FILES = (
    ("page.css", "gradtui.serve.web", "page/page.css", "text/css"),
    ("page.js", "gradtui.serve.web", "page/page.js", "text/javascript"),
    ("xterm.css", "textual_serve", "static/css/xterm.css", "text/css"),
    ("textual.js", "textual_serve", "static/js/textual.js", "text/javascript"),
    *(
        (f"RobotoMono-{face}.ttf", "textual_serve", f"static/fonts/RobotoMono-{face}.ttf", "font/ttf")
        for face in ("VariableFont_wght", "Italic-VariableFont_wght")
    ),
)
#: Nothing but what is above, and the WebSocket of {host}. xterm.js writes the sizes of its cells into style elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:; "
    "connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Server": "gradtui",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), clipboard-read=(), geolocation=(), microphone=()",
}
#: Requests at once for each session that one address may have: a page is one and six.
_REQUESTS = 20
_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
#: Seconds that tabs may take to say goodbye at the end.
_GOODBYE = 2.0


@dataclass(frozen=True)
class File:
    """What is sent, as it is and compressed."""

    body: bytes
    packed: bytes
    type: str

    @classmethod
    def of(cls, path: Traversable, kind: str) -> File:
        body = path.read_bytes()
        return cls(body, gzip.compress(body, mtime=0), kind)

    def answer(self, request: web.Request) -> web.Response:
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        headers = {"Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if packed else {})
        charset = "utf-8" if self.type.startswith("text/") else None
        body = self.packed if packed else self.body
        return web.Response(body=body, content_type=self.type, charset=charset, headers=headers)


class Web:
    """The listener, and what its pages have in common."""

    def __init__(
        self, sessions: Sessions, limits: Limits, arguments: Callable[[], Sequence[str]],
        note: Callable[[str], None], names: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """arguments: what the next visitor's program is started with; names: what visitors may call this host."""
        self.sessions, self.arguments = sessions, arguments
        self._names = {"localhost", socket.gethostname().lower(), *(name.lower() for name in names)}
        self._files = {name: File.of(resources.files(package) / path, kind) for name, package, path, kind in FILES}
        self._template = string.Template((resources.files(__package__) / "page" / "index.html").read_text("utf-8"))
        rate = limits.handshake_rate
        self._visits = Meters(rate, max(2 * rate, 1))
        self._requests = Meters(10 * rate, _REQUESTS * limits.per_address)
        self._connections = Connections(limits, note)
        self._tabs: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._runner: web.AppRunner | None = None

    async def listen(self, host: str, port: int) -> int:
        """Start; the port that is listened on."""
        logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
        app = web.Application(middlewares=[self._admit])
        app.on_response_prepare.append(self._guarded)
        app.router.add_get("/", self._page, allow_head=False)
        app.router.add_get("/ws", self._visit, allow_head=False)
        for name, file in self._files.items():
            app.router.add_get(f"/static/{name}", self._sender(file), allow_head=False)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GOODBYE)
        await self._runner.setup()
        server = self._runner.server
        assert server is not None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self._connections, server), host, port, backlog=128)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listen no more, and close what is left; the sessions are to be ended before."""
        if self._server is not None:
            self._server.close()
        if self._tabs:
            await asyncio.wait(self._tabs, timeout=_GOODBYE)
        if self._runner is not None:
            await self._runner.cleanup()

    # -- who is answered -------------------------------------------------------------------------------

    @web.middleware
    async def _admit(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Only who asks for this very host, a page of its own, and not too often."""
        now = asyncio.get_running_loop().time()
        address = _address(request)
        visit = request.path == "/ws"
        if not self._known(request.headers.get("Host", "")):
            return self._turn_away(address, "host", 421)
        if visit and not _own(request):
            return self._turn_away(address, "origin", 403)
        meters = self._visits if visit else self._requests
        if not meters.take(address, now):
            return self._turn_away(address, "rate", 429)
        return await handler(request)

    def _known(self, host: str) -> bool:
        """Whether it is a name of ours: a page from elsewhere may have let its own name lead here since."""
        if not _HOST.fullmatch(host):
            return False
        name = urlsplit(f"//{host}").hostname or ""
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(name)
            return True
        return name in self._names

    def _turn_away(self, address: str, reason: str, status: int) -> web.Response:
        refusal = refused(reason)
        self.sessions.watcher.refused(address, refusal)
        return web.Response(status=status, text=f"{refusal.sentence}\n")

    async def _guarded(self, request: web.Request, response: web.StreamResponse) -> None:
        host = request.headers.get("Host", "")
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = _POLICY.format(host=host if self._known(host) else "")
        # The program of tomorrow has the page of tomorrow.
        response.headers["Cache-Control"] = "max-age=3600" if request.path.startswith("/static/") else "no-store"

    # -- what is answered ------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.Response:
        """The page in the language of the program that it will show: the browser's, unless the host has chosen one."""
        chosen = "--lang" in self.arguments()
        with speaking(current() if chosen else language_of(request.headers.get("Accept-Language", ""))):
            return self._written()

    def _written(self) -> web.Response:
        burst, rate = self.sessions.limits.input_burst, self.sessions.limits.input_rate
        words = {
            "lang": current(),
            "starting": tr("gradtui starts …"),
            "lacking": tr("this page needs WebGL 2, which the browser lacks or has switched off"),
            "without": tr("this page needs JavaScript"),
            "ended": tr("The session has ended."),
            "again": tr("Start again"),
            "too_much": tr("More than {most} characters at once are too much: nothing was pasted.", most=burst),
            "burst": str(burst),
            "rate": str(rate),
        }
        page = self._template.substitute({name: html.escape(text) for name, text in words.items()})
        return web.Response(text=page, content_type="text/html")

    def _sender(self, file: File) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def send(request: web.Request) -> web.Response:
            return file.answer(request)

        return send

    async def _visit(self, request: web.Request) -> web.StreamResponse:
        tab = Tab(self.sessions, self.arguments)
        if not tab.socket.can_prepare(request).ok:
            return web.Response(status=400, text="400\n")
        connection = request.protocol
        assert isinstance(connection, Connection)
        connection.settle()
        task = asyncio.current_task()
        assert task is not None
        running = asyncio.ensure_future(tab.run(request, visitor_of(request), _window(request)))
        self._tabs.add(running)
        running.add_done_callback(self._tabs.discard)
        try:
            await running
        except asyncio.CancelledError:
            running.cancel()
            raise
        return tab.socket


def visitor_of(request: web.Request) -> Visitor:
    """Who, as far as a browser says: xterm.js has all colours, and the language is the browser's."""
    environment = {"COLORTERM": "truecolor"}
    locale = locale_of(request.headers.get("Accept-Language", ""))
    if locale != ENGLISH:
        environment["LC_ALL"] = f"{locale}.UTF-8"
    if not _secure(request.headers.get("Origin", "")):
        environment["TERM_PROGRAM"] = PAGE
    return Visitor(_address(request), environment=environment)


def language_of(accepted: str) -> str:
    """The first of the browser's languages that there is."""
    return locale_of(accepted).partition("_")[0]


def locale_of(accepted: str) -> str:
    """The same with script and country, zh_TW: whose Chinese it is."""
    for wish in accepted.split(",")[:10]:
        code, *parts = re.split("[-_]", wish.partition(";")[0].strip())
        if code.lower() in LANGUAGES:
            return "_".join([code.lower(), *(part for part in parts if part.isascii() and part.isalnum())])
    return ENGLISH


def _secure(origin: str) -> bool:
    """Whether browsers let the page write to the clipboard: over HTTPS, or from the reader's own machine."""
    parts = urlsplit(origin)
    name = parts.hostname or ""
    with contextlib.suppress(ValueError):
        return parts.scheme == "https" or ipaddress.ip_address(name).is_loopback
    return parts.scheme == "https" or name == "localhost"


def _own(request: web.Request) -> bool:
    """Whether the WebSocket is opened by our own page. Browsers always say from where; nobody else needs to come."""
    origin = request.headers.getall("Origin", [])
    host = request.headers.getall("Host", [])
    if len(origin) != 1 or len(host) != 1:
        return False
    scheme, _, place = origin[0].partition("://")
    return scheme in ("http", "https") and place.lower() == host[0].lower()


def _window(request: web.Request) -> tuple[int, int]:
    """What the page has measured, 0×0 where that is no size."""
    sizes = [request.query.get(name, "") for name in ("width", "height")]
    columns, rows = (int(text) if re.fullmatch("[0-9]{1,5}", text) else 0 for text in sizes)
    return columns, rows


def _address(request: web.Request) -> str:
    return request.remote or "unknown"

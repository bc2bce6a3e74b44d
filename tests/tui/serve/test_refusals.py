"""Every refusal: whoever is turned away reads its sentence, and nothing else of the host; the log has its reason."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path

import asyncssh
import pytest

from gradtui.serve.report import JSON, Report
from gradtui.serve.session.endings import REFUSALS, Refused, refused
from gradtui.serve.session.sessions import Sessions
from gradtui.serve.session.visitor import Visitor
from gradtui.serve.session.zygote_client import LaunchError
from tests.tui.serve.servers import Server
from tests.tui.serve.ssh.test_front import asking
from tests.tui.serve.target import Target
from tests.tui.serve.target import start as ask
from tests.tui.serve.wires import betrayed
from tests.tui.serve.zygotes import Sink, run

SHOWN = "? help"


@dataclass(frozen=True)
class Way:
    """How somebody comes to be refused: the kind of the server, and what is then on the wire."""

    reason: str
    kind: str
    wire: Callable[[Server, Path], bytes]


def _runs(*words: str, tool: str = "ssh", options: tuple[str, ...] = ()) -> Callable[[Server, Path], bytes]:
    def wire(server: Server, folder: Path) -> bytes:
        done = server.run(*words, tool=tool, options=options)
        assert done.returncode != 0
        return (done.stdout + done.stderr).encode()

    return wire


def _beside(*addresses: str) -> Callable[[Server, Path], bytes]:
    """A session of each of these addresses is there already."""

    def wire(server: Server, folder: Path) -> bytes:
        with contextlib.ExitStack() as stack:
            for address in addresses:
                stack.enter_context(server.visit("-b", address)).shows(SHOWN)
            return _visit(server, folder)

    return wire


def _visit(server: Server, folder: Path) -> bytes:
    with server.visit("-o", "LogLevel=INFO", "-o", "NumberOfPasswordPrompts=9", **asking(folder, "wrong")) as visitor:
        assert visitor.ended() != 0
        assert visitor.restored
        return visitor.wire


def _connection(server: Server) -> socket.socket:
    """From an address of its own, or the visitors after it would have to wait as well."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=10, source_address=("127.0.0.4", 0))


def _silent(server: Server, folder: Path) -> bytes:
    """What comes after the version, to who says no more than theirs."""
    wire = b""
    with _connection(server) as found:
        # Who is turned away at once may not have been heard: what was told before the reset counts.
        with contextlib.suppress(ConnectionError):
            found.sendall(b"SSH-2.0-silent\r\n")
        with contextlib.suppress(ConnectionError):
            for data in iter(partial(found.recv, 4096), b""):
                wire += data
    return wire


def _after(others: int) -> Callable[[Server, Path], bytes]:
    """So many connections of this address have said nothing yet."""

    def wire(server: Server, folder: Path) -> bytes:
        with contextlib.ExitStack() as stack:
            for _ in range(others):
                other = stack.enter_context(_connection(server))
                other.recv(100)
            return _silent(server, folder)

    return wire


def _second(server: Server, folder: Path) -> bytes:
    async def script() -> str:
        async with Target(server.port, server.pid, 1, 1).visiting() as (conn, _, _session):
            with pytest.raises(asyncssh.ChannelOpenError) as refusal:
                await ask(conn)
            return str(refusal.value)

    return asyncio.run(script()).encode()


def _page(path: str, **headers: str) -> Callable[[Server, Path], bytes]:
    def wire(server: Server, folder: Path) -> bytes:
        host = server.serving["web"].split("/")[2]
        usual = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}  # fmt: skip
        with contextlib.closing(http.client.HTTPConnection(host, timeout=10)) as found:
            found.request("GET", path, headers=usual | headers)
            answer = found.getresponse()
            assert answer.status in (403, 421)
            return str(answer.headers).encode() + answer.read()

    return wire


WAYS = (
    Way("command", "usual", _runs("id")),
    Way("subsystem", "usual", _runs(tool="sftp")),
    Way("terminal", "usual", _runs()),
    Way("second", "usual", _second),
    Way("forwarding", "usual", _runs(options=("-o", "LogLevel=INFO", "-W", "127.0.0.1:1"))),
    Way("host", "usual", _page("/ws", Host="evil.example.org")),
    Way("origin", "usual", _page("/ws", Origin="http://evil.example.org")),
    Way("silent", "impatient", _runs(options=("-N",))),
    Way("login", "impatient", _silent),
    Way("handshakes", "impatient", _after(1)),
    Way("full", "narrow", _beside("127.0.0.2", "127.0.0.3")),
    Way("address", "narrow", _beside("127.0.0.1")),
    # Ten at once, and five a second.
    Way("rate", "narrow", _after(10)),
    Way("password", "guarded", _visit),
)


def test_every_refusal_has_its_way() -> None:
    assert {way.reason for way in WAYS} | set(_ELSEWHERE) == set(REFUSALS)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.reason)
@pytest.mark.soak
def test_who_is_refused_reads_why_and_nothing_else(way: Way, servers: Callable[[str], Server], tmp_path: Path) -> None:
    server = servers(way.kind)
    wire = way.wire(server, tmp_path)
    first, _, rest = REFUSALS[way.reason].sentence.partition("{most}")
    last = rest.partition("{")[0].encode()
    assert first.partition("{")[0].encode() in wire
    assert last in wire
    assert betrayed(wire) == []
    server.wait_for("refused", reason=way.reason)


class _Unable:
    """A zygote that starts no session."""

    async def launch(self, *what: object) -> None:
        raise LaunchError("/srv/secret")


async def _launch(sessions: Sessions) -> Refused:
    sessions.zygote = _Unable()  # type: ignore[assignment]
    return await _open(sessions)


async def _closing(sessions: Sessions) -> Refused:
    await sessions.close()
    return await _open(sessions)


async def _open(sessions: Sessions) -> Refused:
    found = await sessions.open(Visitor("here"), (80, 24), [], Sink())
    assert isinstance(found, Refused)
    return found


#: What takes a server that is going wrong or going away.
_ELSEWHERE = {"launch": _launch, "closing": _closing}


@pytest.mark.parametrize("reason", list(_ELSEWHERE))
def test_who_comes_at_a_bad_moment_is_told_so(reason: str) -> None:
    async def script(sessions: Sessions) -> None:
        refusal = await _ELSEWHERE[reason](sessions)
        assert refusal.reason == reason
        assert refusal.sentence == f"gradtui: {REFUSALS[reason].sentence}"
        assert len(sessions) == 0

    assert reason in run(script)


def test_a_flood_of_refusals_is_told_in_a_few_lines_and_how_many_more_there_were() -> None:
    out = StringIO()
    report = Report(out, JSON)
    for _ in range(500):
        report.refused("192.0.2.1", refused("forwarding"))
    report.refused("192.0.2.2", refused("forwarding"))
    report.refused("192.0.2.1", refused("full", most=1))
    report.close()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    told = Counter((line["address"], line["reason"]) for line in lines if line["event"] == "refused")
    assert told["192.0.2.2", "forwarding"] == told["192.0.2.1", "full"] == 1
    assert 20 <= told["192.0.2.1", "forwarding"] <= 25
    assert told["192.0.2.1", "forwarding"] + sum(line.get("lines", 0) for line in lines) == 500

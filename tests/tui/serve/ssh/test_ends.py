"""Every end of a session, in a terminal with the real OpenSSH client: it is put right, and nothing else is told."""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gradtui.serve.session.endings import ENDS
from gradtui.serve.session.sessions import Sessions
from gradtui.serve.session.terminal_reset import RESTORE, ScreenFollower, farewell
from gradtui.serve.session.unanswered_queries import UnansweredQueries
from tests.tui.serve.servers import Server, Visitor, kill, until
from tests.tui.serve.wires import betrayed
from tests.tui.serve.zygotes import opened, run

SHOWN = "vanishing"


@dataclass(frozen=True)
class Way:
    """A way to an end: its reason, the kind of the server or the options of one of its own, what is done, the client's
    exit status (None: it is killed itself), what is said, and what the host's log has.

    Where the client has gone, nobody can say anything to its terminal: it is left as a cut line leaves it.
    """

    name: str
    reason: str
    server: str | tuple[str, ...]
    act: Callable[[Server, Visitor], None]
    status: int | None
    says: str = ""
    cut: bool = False
    log: str = ""


def _press(keys: str) -> Callable[[Server, Visitor], None]:
    return lambda server, visitor: visitor.press(keys)


def _session(server: Server, visitor: Visitor) -> None:
    (pid,) = server.sessions()
    kill(pid)


def _abort(server: Server, visitor: Visitor) -> None:
    (pid,) = server.sessions()
    os.kill(pid, signal.SIGSEGV)


def _compute(server: Server, visitor: Visitor) -> None:
    """A new seed, again and again: playing alone takes 20 s for one of computing."""
    until(lambda: visitor.press("R") or visitor.follow(0.02) or b"used up" in visitor.wire, "the end")


def _nothing(server: Server, visitor: Visitor) -> None:
    pass


_FAILED, _STOPPED = "the program has failed", "was stopped by the host"
WAYS = (
    Way("q", "left", "failing", _press("q"), 0),
    Way("a failure", "crash", "failing", _press("y"), 1, _FAILED, log="/srv/secret"),
    Way("no memory", "crash", "failing", _press("L"), 1, _FAILED, log="MemoryError"),
    Way("a fault of a library", "crash", "failing", _abort, 1, _FAILED),
    Way("killed", "killed", "failing", _session, 1, _STOPPED),
    Way("~.", "gone", "failing", _press("\r~."), 255, cut=True),
    Way("the client killed", "gone", "failing", lambda server, visitor: visitor.signal(signal.SIGKILL), None, cut=True),
)
#: Ends that take a server of their own with them.
LAST_WAYS = (
    Way("no key", "idle", ("--idle", "2"), _nothing, 1, "no key was pressed for 2 s"),
    Way("the end of the time", "total", ("--total", "3", "--warning", "2"), _nothing, 1, "as long as one may be"),
    Way("computing", "cpu", ("--cpu", "1", "--depth", "300"), _compute, 1, "used up its 1 s of computing"),
    Way("SIGTERM", "closing", (), lambda server, visitor: server.process.terminate(), 1, "has ended the demonstration"),
    Way("the server killed", "", (), lambda server, visitor: kill(server.pid), 255, cut=True),
)
#: Ends that the real client cannot bring about: a test of each with a client that breaks the protocol.
_ELSEWHERE = {"stuck": "test_attacks", "flood": "test_web_refusals"}


def test_every_reason_has_its_way() -> None:
    assert {way.reason for way in (*WAYS, *LAST_WAYS) if way.reason} | set(_ELSEWHERE) == set(ENDS)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.soak
def test_the_terminal_is_put_right_and_no_more_than_a_sentence_is_said(
    way: Way, servers: Callable[[str], Server]
) -> None:
    assert isinstance(way.server, str)
    _end(way, servers(way.server))


@pytest.mark.soak
@pytest.mark.parametrize("way", LAST_WAYS, ids=lambda way: way.name)
def test_the_terminal_is_put_right_where_the_server_ends_as_well(way: Way, start: type[Server]) -> None:
    _end(way, start(*way.server))


def _end(way: Way, server: Server) -> None:
    with server.visit(size=(100, 30)) as visitor:
        settings = termios.tcgetattr(visitor.master)
        visitor.shows(SHOWN)
        way.act(server, visitor)
        assert visitor.ended() == way.status or way.status is None
        assert betrayed(visitor.wire) == []
        if way.cut:
            if way.status is not None:
                assert termios.tcgetattr(visitor.master)[:4] == settings[:4]
        else:
            assert visitor.restored
            assert way.says in visitor.last_line
            assert len(visitor.last_line.splitlines()) == bool(way.says)
    if way.reason:
        ended = server.wait_for("ended")
        assert ended["reason"] == way.reason
        assert way.log in ended.get("log", "")


@pytest.mark.parametrize("reason", list(ENDS))
@pytest.mark.soak
def test_whatever_the_reason_the_screen_that_was_entered_is_left(reason: str) -> None:
    async def script(sessions: Sessions) -> None:
        session, sink = await opened(sessions)
        session.close(reason)
        ending = await session.ended
        assert sink.data.endswith(farewell(ending.sentence, alternate=True)) == (reason != "gone")
        assert betrayed(sink.data) == []

    run(script)
    screen = ScreenFollower()
    screen.feed(b"\x1b[?1049h" + RESTORE)
    assert not screen.alternate


def test_what_the_terminal_answers_after_the_end_is_not_typed_at_the_visitors_own_shell(
    servers: Callable[[str], Server],
) -> None:
    """The program is killed while its question is on its way."""
    server = servers("usual")
    late: list[str] = []
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        visitor.screen.answer = late.append
        visitor.press(" ")
        until(lambda: visitor.follow(0.05) or late, "a question")
        _session(server, visitor)
        until(lambda: visitor.follow(0.02) or b"under the number" in visitor.wire, "the farewell")
        visitor.press("".join(late) + "jjj")
        assert visitor.ended() == 1
        assert b"R" not in visitor.wire.rpartition(b"under the number")[2]
        assert b"jjj" not in visitor.wire


def test_who_leaves_while_a_question_is_open_finds_no_answer_at_their_shell(server: Server) -> None:
    with server.visit() as visitor:
        visitor.shows(SHOWN)
        visitor.press(" ")
        visitor.press("q")
        assert visitor.ended() == 0
        assert visitor.restored
        assert b"^[" not in visitor.wire


def test_an_answer_that_never_comes_holds_nobody_back() -> None:
    queries = UnansweredQueries()
    queries.written(b"\x1b[2;1H\x1b[6n")
    assert not queries.any
    queries.received(b"\x1b[2;1R")
    assert not queries.any
    queries.written(b"\x1b[2;2H\x1b[6n and \x1b[2;3H\x1b[6n")
    assert queries.any
    queries.received(b"\x1b[2;3R")
    assert not queries.any


@pytest.mark.parametrize("cut", range(1, 12))
def test_questions_and_answers_are_followed_however_they_are_cut(cut: int) -> None:
    def parts(data: bytes) -> list[bytes]:
        return [data[start : start + cut] for start in range(0, len(data), cut)]

    queries = UnansweredQueries()
    for part in parts(b"\x1b7\x1b[2;1H\x1b[6n\x1b8 a frame \x1b7\x1b[2;2H\x1b[6n\x1b8"):
        queries.written(part)
    for part in parts(b"j\x1b[2;1Rk"):
        queries.received(part)
    assert queries.any
    for part in parts(b"\x1b[A\x1b[2;2R"):
        queries.received(part)
    assert not queries.any

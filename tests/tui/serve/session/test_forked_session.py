"""Programs that are forked from the zygote: each is its visitor's own, in their window, language and colours."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable

import pyte
import pytest

from gradtui.serve.session.session import Session
from gradtui.serve.session.sessions import Sessions
from gradtui.serve.session.visitor import Visitor
from tests.tui.serve.servers import EXPLORE
from tests.tui.serve.zygotes import run, run_with_own_zygote


class Window:
    """A visitor's end: a terminal that answers nothing."""

    def __init__(self, columns: int, rows: int) -> None:
        self.size, self.data = (columns, rows), b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._more = asyncio.Event()

    def deliver(self, data: bytes) -> None:
        self.data += data
        self._stream.feed(data)
        self._more.set()

    def hold(self, on: bool) -> None:
        """Keys are few here."""

    @property
    def lines(self) -> list[str]:
        return list(self._screen.display)

    async def shows(self, text: str) -> None:
        await self.until(lambda: any(text in line for line in self.lines))

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._more.clear()
            await self._more.wait()


async def visit(
    sessions: Sessions, *arguments: str, size: tuple[int, int] = (80, 24), **environment: str
) -> tuple[Session, Window]:
    window = Window(*size)
    session = await sessions.open(Visitor("here", environment=environment), size, arguments or EXPLORE, window)
    assert isinstance(session, Session)
    return session, window


async def left(session: Session) -> int:
    session.write(b"q")
    return (await session.ended).status


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 36), (200, 60)])
@pytest.mark.soak
def test_a_screen_fits_its_visitors_window(size: tuple[int, int]) -> None:
    async def script(sessions: Sessions) -> None:
        session, window = await visit(sessions, size=size)
        await window.until(lambda: window.lines[-1].startswith(" ? help"))
        await window.until(lambda: {line[-1] for line in window.lines[2:-2]} <= set("╮│╯"))
        assert await left(session) == 0

    run(script)


@pytest.mark.soak
def test_what_one_visitor_does_no_other_sees() -> None:
    async def script(sessions: Sessions) -> None:
        first, window = await visit(sessions)
        await window.shows("? help")
        at_first = window.lines[0]
        first.write(b"m")
        await window.shows("LSTM 64 steps")
        second, other = await visit(sessions)
        await other.shows("? help")
        assert other.lines[0] == at_first
        second.write(b"\x1b[H")
        await other.shows("forward · layer 1")
        assert "LSTM" in window.lines[0]
        assert (await left(first), await left(second)) == (0, 0)

    run(script)


def test_a_visitor_computes_what_the_zygote_did_not() -> None:
    """Its threads are not those of the process that it was forked from: a pool that believes in them would wait."""

    async def script(sessions: Sessions) -> None:
        session, window = await visit(sessions)
        await window.shows("seed 0")
        session.write(b"R")
        await window.shows("seed 1")
        session.write(b"4")
        await window.shows("what each f leaves")
        assert await left(session) == 0

    run(script)


@pytest.mark.parametrize(
    ("environment", "seen"),
    [
        ({"COLORTERM": "truecolor"}, rb"\x1b\[[\d;]*38;2;"),
        ({}, rb"\x1b\[[\d;]*38;5;"),
        ({"LANG": "zh_CN.UTF-8"}, "消失".encode()),
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LC_CTYPE": "C.UTF-8"}, "消失".encode()),
        ({"LC_ALL": "en_GB.ISO-8859-1"}, rb"\+-+"),
    ],
    ids=["all colours", "256 colours", "Chinese", "Chinese messages", "ASCII"],
)
@pytest.mark.soak
def test_each_visitor_sees_a_screen_in_their_language_and_colours(environment: dict[str, str], seen: bytes) -> None:
    async def script(sessions: Sessions) -> None:
        session, window = await visit(sessions, **environment)
        await window.until(lambda: re.search(seen, window.data) is not None)
        if "COLORTERM" not in environment:
            assert b"38;2;" not in window.data
        assert await left(session) == 0

    run(script)


def test_a_visitor_who_wants_no_colours_gets_none() -> None:
    async def script(sessions: Sessions) -> None:
        session, window = await visit(sessions, NO_COLOR="1", COLORTERM="truecolor")
        await window.shows("? help")
        red, green, blue = zip(*re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", window.data), strict=True)
        assert red == green == blue, "shades of grey"
        assert await left(session) == 0

    run(script)


def test_a_signal_ends_a_visitors_program_in_order_and_leaves_the_zygote() -> None:
    async def script(sessions: Sessions) -> None:
        session, window = await visit(sessions)
        await window.shows("? help")
        os.kill(session.process.pid, signal.SIGTERM)
        await session.ended
        assert b"\x1b[?1049l" in window.data
        assert sessions.zygote.pid is not None
        os.kill(sessions.zygote.pid, signal.SIGTERM)  # a service manager tells the whole group
        again, other = await visit(sessions)
        await other.shows("? help")
        assert await left(again) == 0

    run(script)


@pytest.mark.soak
def test_who_comes_to_the_story_finds_it_trained() -> None:
    """The zygote has trained its first pair: 20 visitors who press space would keep two cores busy for a minute."""

    async def script(sessions: Sessions) -> None:
        session, window = await visit(sessions, "--view", "story")
        await window.shows("almost nothing of the")
        session.write(b"8")
        await window.shows("50 layers of sigmoid")
        session.write(b"1")
        await window.shows("30 layers of sigmoid")
        # To the last iteration that is there: of what nobody has trained it would be the first.
        session.write(b"\x1b[F")
        await window.shows("iteration 399")
        await window.shows("It learns")
        assert await left(session) == 0

    run_with_own_zygote(script, arguments=("--view", "story"))

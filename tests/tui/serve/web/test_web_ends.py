"""Every way in which a browser's session ends: nothing is left, and the page says why."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable

import pytest

from tests.tui.serve.servers import Server, kill
from tests.tui.serve.tabs import SHOWN, run, visit
from tests.tui.serve.waiting import until


@pytest.mark.parametrize("way", ["closed", "cut", "frozen and cut"])
def test_a_closed_tab_takes_its_process_along(server: Server, way: str) -> None:
    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            await tab.say("stdin", " ")
            if way == "closed":
                await tab.socket.close()
            else:
                if way == "frozen and cut":
                    tab.freeze()
                    await asyncio.sleep(1)
                tab.cut()
            await until(lambda: not server.sessions(), "the session to be gone", 3)
        server.wait_for("ended", reason="gone")

    run(script())


def test_tabs_that_close_while_the_program_starts_leave_nothing(server: Server) -> None:
    async def script() -> None:
        for wait in (0.0, 0.005, 0.02, 0.05, 0.1):
            async with visit(server) as tab:
                await asyncio.sleep(wait)
                tab.cut()
        # Sessions are born one after the other: when this one is there, those before have been.
        async with visit(server) as tab:
            await tab.shows(SHOWN)
        await until(lambda: not server.sessions(), "the sessions to be gone", 3)
        await until(lambda: server.metrics()["gradtui_sessions"] == 0, "the places to be free", 3)

    run(script())


def test_a_killed_program_is_one_line_with_a_number_in_the_page(server: Server) -> None:
    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            kill(server.wait_for("opened")["pid"])
            said = await tab.last_words()
            number = server.wait_for("ended", reason="killed")["id"]
            assert said.startswith("gradtui: the session was stopped by the host")
            assert said.endswith(number)
            assert tab.wire.count(b"\x1b[?1049l") == 1

    run(script())


@pytest.mark.soak
def test_who_presses_no_key_is_told_why_it_ended(servers: Callable[[str], Server]) -> None:
    server = servers("impatient")

    async def script() -> None:
        async with visit(server) as tab:
            assert "no key was pressed for 5 s" in await tab.last_words()

    run(script())


@pytest.mark.soak
def test_the_end_of_the_server_is_told_to_every_tab_and_leaves_no_process(start: type[Server]) -> None:
    server = start("--web", "0")

    async def script() -> None:
        async with visit(server) as first, visit(server) as frozen:
            await first.shows(SHOWN)
            await frozen.shows(SHOWN)
            frozen.freeze()
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert await first.last_words() == "gradtui: the host has ended the demonstration"
            assert await asyncio.to_thread(server.process.wait, 10) == 0
            assert time.monotonic() - began < 10
            assert not server.processes()
            frozen.cut()

    run(script())

"""The browser's front against pages of elsewhere, full houses, and what no page of ours says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
import zlib
from collections.abc import Callable

import aiohttp
import pytest

from tests.tui.helpers import run_main
from tests.tui.serve.servers import Server, memory
from tests.tui.serve.tabs import SHOWN, alone, client, run, visit
from tests.tui.serve.waiting import until

#: kB that the front may grow by while it is attacked.
MOST_GROWTH = 5_000


HELP = b"help"


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin", ["http://evil.example.org", "null", "", "https://127.0.0.1", "http://127.0.0.1", "file://", "{host}"]
)
def test_only_the_hosts_own_page_opens_a_session(server: Server, origin: str) -> None:
    async def script() -> None:
        host = server.serving["web"].split("/")[2]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            async with visit(server, Origin=origin.format(host=host)):
                pass
        assert refusal.value.status == 403
        server.wait_for("refused", reason="origin")
        assert not server.sessions()

    run(script())


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True), ("LOCALHOST:1", True), ("[::1]:8000", True), ("10.1.2.3", True),
        ("demo.example.org", True), ("evil.example.org", False), ("demo.example.org.evil", False), ("", False),
        ("demo.example.org; script-src *", False), ("a@demo.example.org", False), ("[::1", False),
        ("demo.example.org:x", False),
    ],
)  # fmt: skip
def test_only_names_of_this_host_are_answered(server: Server, host: str, known: bool) -> None:
    """A page elsewhere could let its own name lead here (DNS rebinding), and be of the same origin."""

    async def script() -> None:
        async with client() as session, session.get(server.serving["web"], headers={"Host": host}) as answer:
            assert answer.status == (200 if known else 421)
            assert "*" not in answer.headers["Content-Security-Policy"]
        if not known:
            with pytest.raises(aiohttp.WSServerHandshakeError):
                async with visit(server, Host=host, Origin=f"http://{host}"):
                    pass

    run(script())


FULL = "every place is taken (2 in all); please try again later"


def test_an_address_has_its_share_and_another_its_own_and_a_full_house_is_read_in_the_page_and_over_ssh(
    servers: Callable[[str], Server],
) -> None:
    server = servers("narrow")

    async def script() -> None:
        async with visit(server) as first:
            await first.shows(HELP)
            async with visit(server) as second:
                assert "this address has as many sessions as one may have (1)" in await second.last_words()
            async with visit(server, source="127.0.0.2") as other:
                await other.shows(HELP)
                async with visit(server, source="127.0.0.3") as third:
                    assert await third.last_words() == f"gradtui: {FULL}"
                assert FULL in await asyncio.to_thread(_over_ssh, server)

    run(script())


def _over_ssh(server: Server) -> str:
    with server.visit("-b", "127.0.0.5") as visitor:
        assert visitor.ended() == 1
        return visitor.text


@pytest.mark.parametrize("option", [("--password", "sesame"), ("--authorized-keys", "/dev/null")])
def test_a_browser_does_not_come_in_where_a_password_or_a_key_is_asked_for(
    option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_main(capsys, "serve", "--web", "0", "--allow-root", *option)
    assert done.status == 2
    assert f"lets everybody in, and {option[0]} does not" in done.err


# -- what a page may say -----------------------------------------------------------------------------------

DEEP = "[" * 10_000


@pytest.mark.parametrize(
    "message",
    [
        "no JSON", "", "{}", "[]", "5", '["exec", "id"]', '["stdin"]', '["stdin", 5]', '["stdin", "a", "b"]',
        '["resize", 5]', '["resize", {"width": true, "height": 5}]', '["resize", {"width": 1e9, "height": 5}]',
        '["resize", {}]', '["ping", {"a": 1}]', '[["stdin"], "a"]', '["focus", 1]', DEEP, b"\x00binary",
    ],
)  # fmt: skip
def test_what_no_page_of_ours_says_ends_the_session_in_one_line(server: Server, message: str | bytes) -> None:
    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            await (tab.socket.send_bytes if isinstance(message, bytes) else tab.socket.send_str)(message)  # type: ignore[arg-type]
            assert await tab.last_words() == "gradtui: more came in than anybody can type"
        server.wait_for("ended", reason="flood")

    run(script())


def test_more_keys_than_anybody_types_end_the_session(server: Server) -> None:
    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            for _ in range(3):
                await tab.say("stdin", "j" * 30_000)
            assert "more came in" in await tab.last_words()

    run(script())


def test_a_flood_of_messages_that_are_no_keys_ends_the_session_too(server: Server) -> None:
    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            with contextlib.suppress(ConnectionError):
                for _ in range(50_000):
                    await tab.say("focus")
            await until(lambda: not server.sessions(), "the session to be gone", 3)
        server.wait_for("ended", reason="flood")

    run(script())


@pytest.mark.parametrize("packed", [False, True])
def test_a_message_that_is_too_long_is_not_even_taken_in(server: Server, packed: bool) -> None:
    """Packed: 100 MB of zeros in 100 kB."""

    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            before = memory(server.pid)
            with contextlib.suppress(ConnectionError):
                if packed:
                    packer = zlib.compressobj(9, wbits=-15)
                    bomb = packer.compress(bytes(100_000_000)) + packer.flush(zlib.Z_SYNC_FLUSH)
                    writer = tab.socket._writer
                    writer._write_websocket_frame(bomb.removesuffix(b"\0\0\xff\xff"), 1, 0x40)
                else:
                    await tab.socket.send_str(json.dumps(["stdin", "j" * 70_000]))
            await until(lambda: not server.sessions(), "the session to be gone", 3)
            assert memory(server.pid) - before < MOST_GROWTH

    run(script())


@pytest.mark.soak
def test_a_page_that_does_not_read_makes_the_program_wait(server: Server) -> None:
    async def script() -> None:
        async with visit(server, "?width=300&height=100", packed=False) as tab:
            await tab.shows(SHOWN)
            before = memory(server.pid)
            tab.freeze()
            await tab.say("stdin", " ")

            def sent() -> float:
                return server.metrics()['gradtui_bytes_total{direction="out"}']

            # What still goes out fills the buffers on the way.
            last, still = await asyncio.to_thread(sent), 0
            end = time.monotonic() + 30
            while still < 4:
                await asyncio.sleep(0.5)
                now = await asyncio.to_thread(sent)
                last, still = now, still + 1 if now == last else 0
                assert time.monotonic() < end, "the program does not wait"
                # Another view, and so another screen of some 20 kB.
                await tab.say("stdin", str(1 + int(time.monotonic() * 2) % 6))
            assert memory(server.pid) - before < MOST_GROWTH
            assert len(server.sessions()) == 1
            tab.cut()

    run(script())


@pytest.mark.soak
def test_a_page_that_has_stopped_answering_is_dropped(servers: Callable[[str], Server]) -> None:
    server = servers("impatient")

    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            tab.freeze()
            await until(lambda: not server.sessions(), "the session to be gone", 6)
            tab.cut()
        server.wait_for("ended", reason="gone")

    run(script())


# -- connections -------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_half_open_connections_are_bounded_and_closed_and_keep_nobody_else_out(start: type[Server]) -> None:
    server = start("--web", "0", "--login", "2")
    host, port = server.serving["web"].split("/")[2].split(":")

    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
        await alone(server)
        before = memory(server.pid)
        connections = []
        for _ in range(300):
            connection = socket.create_connection((host, int(port)), 5)
            with contextlib.suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
            connections.append(connection)
        await asyncio.sleep(0.2)
        try:
            async with visit(server, source="127.0.0.2") as tab:
                await tab.shows(SHOWN)
            assert memory(server.pid) - before < MOST_GROWTH
            # They have two seconds.
            await asyncio.sleep(2.5)
            async with visit(server) as tab:
                await tab.shows(SHOWN)
        finally:
            for each in connections:
                each.close()

    run(script())


def test_who_asks_again_and_again_is_asked_to_wait(servers: Callable[[str], Server]) -> None:
    server = servers("narrow")

    async def script() -> None:
        async with client("127.0.0.6") as session:
            seen = set()
            for _ in range(300):
                async with session.get(server.serving["web"]) as answer:
                    seen.add(answer.status)
                    text = await answer.text()
                if 429 in seen:
                    break
            assert seen == {200, 429}
            assert text == "gradtui: too many connections from this address; please wait a moment\n"
        # Nobody else has to.
        async with client("127.0.0.2") as session, session.get(server.serving["web"]) as answer:
            assert answer.status == 200

    run(script())

"""The browser's front without a browser: what is served, and what is said with the page."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Callable

import aiohttp
import pytest

from gradtui.serve.web.front import FILES, language_of, locale_of
from tests.tui.serve.servers import Server
from tests.tui.serve.tabs import SHOWN, client, run, visit
from tests.tui.serve.waiting import until

# -- the page ----------------------------------------------------------------------------------------------


def test_the_page_names_only_files_that_are_served_and_nothing_of_elsewhere(server: Server) -> None:
    async def script() -> None:
        async with client() as session, session.get(server.serving["web"]) as answer:
            page = await answer.text()
            assert answer.status == 200
            named = re.findall(r'(?:src|href)="(static/[^"]*)"', page)
            assert len(named) == 4
            assert "//" not in page
            for each in named:
                async with session.get(server.serving["web"] + each) as found:
                    assert found.status == 200
                    assert len(await found.read()) > 500

    run(script())


def test_the_policy_allows_this_host_alone_and_no_frames(server: Server) -> None:
    async def script() -> None:
        async with client() as session, session.get(server.serving["web"]) as answer:
            policy = dict(each.strip().split(" ", 1) for each in answer.headers["Content-Security-Policy"].split(";"))
            host = server.serving["web"].split("/")[2]
            assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
            assert policy["script-src"] == policy["font-src"] == "'self'"
            assert policy["connect-src"] == f"'self' ws://{host} wss://{host}"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"

    run(script())


def test_the_files_are_what_is_installed_whether_packed_or_not(server: Server) -> None:
    async def script() -> None:
        for name, *_ in FILES:
            address = f"{server.serving['web']}static/{name}"
            bodies = set()
            for encoding in ("gzip", "identity"):
                headers = {"Accept-Encoding": encoding}
                async with client() as session, session.get(address, headers=headers) as answer:
                    assert answer.headers.get("Content-Encoding", "identity") == encoding
                    bodies.add(await answer.read())
            assert len(bodies) == 1

    run(script())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "static/", 404), ("GET", "static", 404), ("GET", "static/../web.py", 404), ("GET", "metrics", 404),
        ("GET", "static/%2e%2e/%2e%2e/etc/passwd", 404), ("GET", "download/x", 404), ("HEAD", "", 405),
        ("POST", "", 405), ("GET", "ws", 403), ("CONNECT", "", 404),
    ],
)  # fmt: skip
def test_there_is_nothing_else(server: Server, method: str, path: str, status: int) -> None:
    host, port = server.serving["web"].split("/")[2].split(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(f"{method} /{path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
    assert answer.startswith(f"HTTP/1.1 {status} "), answer


@pytest.mark.parametrize(
    "request_", [b"no HTTP at all\r\n\r\n", b"GET / HTTP/1.1\r\nHost: " + b"a" * 9000 + b"\r\n\r\n"]
)
def test_what_is_no_request_is_answered_without_a_word_of_the_software(server: Server, request_: bytes) -> None:
    host, port = server.serving["web"].split("/")[2].split(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(request_)
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"Server: gradtui" in answer
    assert not re.search(rb"aiohttp|python|Traceback", answer, re.IGNORECASE)


# -- the protocol ------------------------------------------------------------------------------------------


def test_a_tab_gets_the_program_and_keys_reach_it(server: Server) -> None:
    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            assert server.wait_for("opened")["window"] == "100×30"
            await tab.say("stdin", "q")
            assert await tab.last_words() == ""
            assert server.wait_for("ended")["reason"] == "left"
            assert tab.socket.close_code == 1000

    run(script())


def test_a_ping_comes_back_and_is_no_key(server: Server) -> None:
    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            await tab.say("ping", "123")
            async with asyncio.timeout(10):
                while (message := await tab.socket.receive()).type is not aiohttp.WSMsgType.TEXT:
                    pass
            assert json.loads(message.data) == ["pong", "123"]

    run(script())


def test_the_program_follows_the_pages_size_up_to_the_limit(server: Server) -> None:
    async def script() -> None:
        async with visit(server) as tab:
            await tab.shows(SHOWN)
            await tab.say("focus")
            await tab.say("resize", {"width": 160, "height": 50})
            # The footer of a screen of 50 lines.
            await tab.shows(b"\x1b[50;")
            await tab.say("resize", {"width": 10**9, "height": 10**9})
            await tab.shows(b"\x1b[100;")
            assert b"\x1b[101;" not in tab.wire

    run(script())


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("?width=120&height=36", "120×36"), ("?width=99999&height=99999", "300×100"), ("?width=0&height=0", "80×24"),
        ("?width=-5&height=9", "80×24"), ("?width=1&height=1", "20×6"), ("?width=٣&height=3e9", "80×24"), ("", "80×24"),
    ],
)  # fmt: skip
def test_the_first_size_is_a_size_whatever_the_page_says(server: Server, asked: str, given: str) -> None:
    async def script() -> None:
        async with visit(server, asked):
            await until(lambda: server.read() or server.events, "the session")
            assert server.wait_for("opened")["window"] == given

    run(script())


def test_the_program_speaks_the_browsers_language(server: Server) -> None:
    async def script() -> None:
        async with visit(server, Accept_Language="zh-CN,zh;q=0.9,en;q=0.8") as tab:
            await tab.shows("梯度".encode())

    run(script())


@pytest.mark.parametrize(("kind", "word"), [("usual", "会话已结束"), ("impatient", "The session has ended")])
@pytest.mark.soak
def test_the_page_speaks_the_language_of_the_program_in_it(
    servers: Callable[[str], Server], kind: str, word: str
) -> None:
    """That of the browser, unless the host has chosen one."""
    found = servers(kind)

    async def script() -> None:
        headers = {"Accept-Language": "zh-CN,zh;q=0.9"}
        async with client() as session, session.get(found.serving["web"], headers=headers) as answer:
            assert word in await answer.text()

    run(script())


@pytest.mark.parametrize(
    ("accepted", "code"),
    [("", "en"), ("zh-TW", "zh"), ("fr, zh;q=0.5, en;q=0.3", "zh"), ("en-GB,zh", "en"), ("*", "en"), (",;-,", "en")],
)
def test_the_first_language_that_there_is_counts(accepted: str, code: str) -> None:
    assert language_of(accepted) == code


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        ("", "en"),
        ("zh-TW,zh;q=0.9", "zh_TW"),
        ("fr, zh-Hant-HK;q=0.5", "zh_Hant_HK"),
        ("zh;q=1", "zh"),
        ("zh-$(x)", "zh"),
    ],
)
def test_the_country_comes_along_as_its_chinese_may_be_another(accepted: str, locale: str) -> None:
    assert locale_of(accepted) == locale


def test_where_the_page_may_not_write_to_the_clipboard_the_command_is_shown_as_text(server: Server) -> None:
    """Browsers give it to pages over HTTPS or of the reader's own machine."""

    async def script() -> None:
        port = server.serving["web"].split(":")[2].rstrip("/")
        for host, has_one in ((f"127.0.0.1:{port}", True), ("demo.example.org", False)):
            async with visit(server, Host=host, Origin=f"http://{host}") as tab:
                await tab.shows(SHOWN)
                await tab.say("stdin", "w")
                await tab.shows(b"if it does not arrive: " if has_one else b"this terminal has no clipboard: ")
                assert (b"\x1b]52;c;" in tab.wire) == has_one

    run(script())

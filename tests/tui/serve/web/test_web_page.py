"""The page in headless Chromium: textual-serve's terminal over our sessions, under our policy."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.tui.serve.browser import Browser, Page
from tests.tui.serve.servers import Server
from tests.tui.serve.waiting import until

SHOWN = "vanishing"


def run(folder: Path, script: Callable[[Browser], Awaitable[None]]) -> None:
    """Run it with a browser of its own."""

    async def with_browser() -> None:
        async with Browser(folder) as browser:
            await asyncio.wait_for(script(browser), 90)

    asyncio.run(with_browser())


async def rows(page: Page) -> tuple[int, int]:
    columns, lines = await page.run("[theTerminal.cols, theTerminal.rows]")
    return columns, lines


@pytest.mark.soak
def test_a_reader_opens_the_page_and_has_the_program(server: Server, tmp_path: Path) -> None:
    async def script(browser: Browser) -> None:
        page = await browser.open(server.serving["web"], size=(1100, 700))
        # The program's first frame fills the page's own terminal: the size came from the page.
        first = await page.shows("help")
        columns, lines = await rows(page)
        assert server.wait_for("opened")["window"] == f"{columns}×{lines}"
        # Roboto Mono at 16 px is 9.6 px wide, rounded down; another font would have been measured otherwise.
        assert 1100 // 10 <= columns <= 1100 // 9
        assert await page.run("document.fonts.check('16px \"Roboto Mono\"')")
        assert not await page.visible(".starting")
        assert not await page.visible(".ended")
        # A picture of 700 lines that is nothing but background has 4 kB.
        assert len(await page.picture()) > 30_000

        # No click is needed before the first key.
        await page.press("5")
        assert "hyperbolic" not in first
        await page.shows("hyperbolic")

        await page.resize(700, 500)
        await page.becomes(f"theTerminal.cols < {columns} && theTerminal.rows < {lines}", True)
        # The program's last line is the page's.
        await page.until(lambda text: "help" in text.splitlines()[-1], "the footer on the last line")

        await page.press("q")
        await page.appears(".ended")
        assert server.wait_for("ended")["reason"] == "left"
        assert page.complaints == []

        # The link starts another.
        await page.run("document.querySelector('.ended a').click()")
        await page.shows(SHOWN)
        server.wait_for("opened")

    run(tmp_path, script)


@pytest.mark.soak
def test_a_closed_tab_takes_its_process_along(server: Server, tmp_path: Path) -> None:
    async def script(browser: Browser) -> None:
        page = await browser.open(server.serving["web"])
        await page.shows(SHOWN)
        assert len(server.sessions()) == 1
        await page.close()
        await until(lambda: not server.sessions(), "the session to be gone", 3)

    run(tmp_path, script)


@pytest.mark.soak
def test_the_command_is_in_the_readers_clipboard(server: Server, tmp_path: Path) -> None:
    async def script(browser: Browser) -> None:
        page = await browser.open(server.serving["web"])
        await page.run("window.written = []; navigator.clipboard.writeText = async (text) => written.push(text)")
        await page.shows(SHOWN)
        await page.press("w")
        await page.shows("if it does not arrive:")
        assert await page.run("written.join('|')") == "gradtui --view explore"
        assert page.complaints == []

    run(tmp_path, script)


#: Textual writes what is pasted into the field that has the focus.
_PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  document.querySelector("#terminal textarea").dispatchEvent(event);
}"""


@pytest.mark.soak
def test_what_is_pasted_reaches_the_program_and_too_much_of_it_is_left_out_and_said(
    server: Server, tmp_path: Path
) -> None:
    async def script(browser: Browser) -> None:
        page = await browser.open(server.serving["web"])
        await page.shows(SHOWN)
        await page.press("W")
        await page.shows("enter keeps")
        await page.run(f"({_PASTE})('1234')")
        await page.shows("1234")
        assert not await page.visible(".too-much")
        # More than a message may have, which used to end the session; then at a person's pace again and again.
        for size in (100_000, 4_000, 4_000, 4_000):
            await page.run(f"({_PASTE})('5'.repeat({size}))")
        await page.appears(".too-much")
        await page.press("6")
        await page.until(lambda text: "5556" in text, "the end of the 4,000, and the key after them")
        assert not await page.visible(".ended")
        assert page.complaints == []
        # Each ends with the mark of its end: the program still hears keys.
        await page.call("Input.dispatchKeyEvent", type="keyDown", key="Escape", windowsVirtualKeyCode=27)
        await page.until(lambda text: "enter keeps" not in text, "the dialog to close")

    run(tmp_path, script)


@pytest.mark.soak
def test_the_page_is_in_the_browsers_language(server: Server, tmp_path: Path) -> None:
    async def script(browser: Browser) -> None:
        page = await browser.open(server.serving["web"], language="zh-CN,zh;q=0.9")
        await page.shows("梯度")

    run(tmp_path, script)


@pytest.mark.soak
def test_what_the_address_asks_textual_js_to_fetch_is_not_fetched(server: Server, tmp_path: Path) -> None:
    async def script(browser: Browser) -> None:
        page = await browser.open(server.serving["web"] + "?ping=http://127.0.0.1:1/&delay=1")
        await page.shows(SHOWN)
        assert page.complaints == []

    run(tmp_path, script)


@pytest.mark.soak
def test_a_full_house_is_said_in_the_page(start: type[Server], tmp_path: Path) -> None:
    server = start("--web", "0", "--sessions", "1")

    async def script(browser: Browser) -> None:
        first = await browser.open(server.serving["web"])
        await first.shows(SHOWN)
        second = await browser.open(server.serving["web"])
        await second.shows("gradtui: every place is taken (1 in all); please try again later")
        await second.appears(".ended")
        assert await second.visible(".textual-terminal")

    run(tmp_path, script)


@pytest.mark.soak
def test_a_page_of_another_origin_opens_no_session_and_shows_none(server: Server, tmp_path: Path) -> None:
    """Another port is another origin already."""
    page = (
        "<script>const socket = new WebSocket('ws://{place}/ws');"
        "socket.onclose = () => document.title = 'closed'; socket.onopen = () => document.title = 'open';</script>"
        "<iframe src='http://{place}/'></iframe>"
    ).format(place=server.serving["web"].split("/")[2])

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    async def script(browser: Browser) -> None:
        await until(lambda: not server.sessions(), "the sessions before to be gone")
        server.read()
        server.events.clear()
        elsewhere = await browser.open(f"http://127.0.0.1:{other.server_port}/")
        await elsewhere.becomes("document.title", "closed")
        server.wait_for("refused", reason="origin")
        assert any("frame" in each for each in elsewhere.complaints), elsewhere.complaints
        assert not server.sessions()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        try:
            run(tmp_path, script)
        finally:
            other.shutdown()
            thread.join()

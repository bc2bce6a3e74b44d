"""Headless Chromium, driven through its DevTools protocol: a page, its keys, its terminal's text, a picture of it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

from tests.left_out import CHROMIUM
from tests.tui.serve.waiting import until
from tests.tui.terminal import DEADLINE

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader",
    "--remote-debugging-port=0",
)  # fmt: skip
#: textual.js keeps its terminal to itself; this keeps it for the test as well.
_KEEP_TERMINAL = """
Object.defineProperty(Object.prototype, "terminal", {configurable: true, set(value) {
  delete Object.prototype.terminal;
  this.terminal = window.theTerminal = value;
}});
"""
_TEXT = """
(() => {
  const terminal = window.theTerminal;
  if (!terminal) return "";
  const lines = [...Array(terminal.rows).keys()].map((row) => terminal.buffer.active.getLine(row));
  return lines.map((line) => line ? line.translateToString(true) : "").join("\\n");
})()
"""


class Browser:
    """Chromium with a profile of its own."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        self._profile = folder / "profile"
        self._log = (folder / "chromium.log").open("wb")
        self._process = subprocess.Popen(
            [CHROMIUM, *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        self._pages: list[Page] = []

    async def __aenter__(self) -> Browser:
        told = self._profile / "DevToolsActivePort"
        await until(lambda: told.exists() and "\n" in told.read_text(), "Chromium to start")
        self._port = int(told.read_text().split()[0])
        self._client = aiohttp.ClientSession()
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            for page in self._pages:
                await page.close()
            await self._client.close()
        finally:
            self._kill()

    def _kill(self) -> None:
        # Its helpers are of the same group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._log.close()

    async def open(self, address: str, size: tuple[int, int] = (1100, 700), language: str = "en") -> Page:
        """A page in a window of so many pixels, for a reader of this language."""
        async with self._client.put(f"http://127.0.0.1:{self._port}/json/new?about:blank") as answer:
            target = await answer.json()
        socket = await self._client.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0)
        page = Page(socket)
        self._pages.append(page)
        for method in ("Page.enable", "Runtime.enable", "Log.enable", "Network.enable"):
            await page.call(method)
        await page.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=_KEEP_TERMINAL)
        await page.resize(*size)
        await page.call("Page.navigate", url=address)
        return page


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        #: What the page has complained of: exceptions, and what its policy has refused.
        self.complaints: list[str] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            found = json.loads(message.data)
            if found.get("id") in self._asked:
                self._asked.pop(found["id"]).set_result(found)
            elif "method" not in found:
                continue
            elif found["method"] == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(found["params"]["exceptionDetails"]))
            elif found["method"] == "Log.entryAdded" and found["params"]["entry"]["level"] == "error":
                self.complaints.append(found["params"]["entry"]["text"])

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A method of the DevTools protocol."""
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        found = await asyncio.wait_for(self._asked[number], DEADLINE)
        assert "error" not in found, (method, found["error"])
        return dict(found["result"])

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def resize(self, width: int, height: int) -> None:
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                        mobile=False)  # fmt: skip

    async def press(self, key: str) -> None:
        """A key with a character, as a keyboard's events."""
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key,
                        windowsVirtualKeyCode=ord(key.upper()))  # fmt: skip
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=ord(key.upper()))

    async def text(self) -> str:
        """What the page's terminal shows."""
        return str(await self.run(_TEXT))

    async def until(self, condition: Callable[[str], bool], what: str) -> str:
        """Wait until the terminal's text fulfils it; the text."""
        end = time.monotonic() + DEADLINE
        while not condition(found := await self.text()):
            assert time.monotonic() < end, f"waited in vain for {what}: {self.complaints}\n{found}"
            await asyncio.sleep(0.05)
        return found

    async def shows(self, text: str) -> str:
        """Wait for it; all that the terminal shows then."""
        return await self.until(lambda found: text in found, repr(text))

    async def becomes(self, script: str, value: object) -> None:
        """Wait until an expression has the value."""
        end = time.monotonic() + DEADLINE
        while (found := await self.run(script)) != value:
            assert time.monotonic() < end, f"{script} is {found}, not {value}: {self.complaints}"
            await asyncio.sleep(0.05)

    async def visible(self, selector: str) -> bool:
        """Whether an element is there and displayed."""
        return bool(await self.run(_visible(selector)))

    async def appears(self, selector: str) -> None:
        await self.becomes(_visible(selector), True)

    async def picture(self) -> bytes:
        """A PNG of it."""
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"])

    async def close(self) -> None:
        """As a reader closes a tab."""
        if not self._socket.closed:
            with contextlib.suppress(ConnectionError, AssertionError, TimeoutError):
                await self._socket.send_json({"id": 0, "method": "Page.close", "params": {}})
                await asyncio.wait_for(asyncio.shield(self._reading), 5)
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()


def _visible(selector: str) -> str:
    return f"document.querySelector({selector!r})?.checkVisibility() ?? false"

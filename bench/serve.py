"""Measure `gradtui serve` under load, beside the goals that it is held to.

asyncssh clients on loopback, one process for all. Each answers what a terminal is asked after every frame, and counts:
that is its frames per second. Clients and server share the cores, so the figures are the server's at the least.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

SIZE = (120, 36)
#: Seconds after which a visitor sends playback back to its start: that of the network which everybody lands on takes 8.
AGAIN = 4.0
_PRIVATE = ("Private_Dirty", "Private_Clean")
_QUESTION = re.compile(rb"\x1b\[(\d+);(\d+)H\x1b\[6n")


@dataclass(frozen=True)
class Goal:
    """A figure and what it is held to."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    def __str__(self) -> str:
        met = self.value >= self.limit if self.at_least else self.value <= self.limit
        sign = "≥" if self.at_least else "≤"
        return f"  {'ok  ' if met else 'MISS'} {self.name:<52} {self.value:8.2f} {self.unit:<4} {sign} {self.limit:g}"


class Viewer(asyncssh.SSHClientSession[bytes]):
    """A terminal: answers, and counts its frames."""

    def __init__(self) -> None:
        self.frames, self.size, self.began = 0, 0, time.monotonic()
        self.first = 0.0
        self._rest = b""

    def connection_made(self, chan: Any) -> None:
        self.chan = chan

    def data_received(self, data: bytes, datatype: Any) -> None:
        self.size += len(data)
        if not self.first and self.size > 1000:
            self.first = time.monotonic() - self.began
        text = self._rest + data
        end = 0
        for found in _QUESTION.finditer(text):
            self.frames += 1
            self.chan.write(b"\x1b[%b;%bR" % found.groups())
            end = found.end()
        self._rest = text[max(end, len(text) - 16) :]


class Server:
    """`gradtui serve` for a class."""

    def __init__(self, folder: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gradtui", "serve", "--port", "0", "--allow-root", "--log", "json", "--class",
             "--sessions", "100", "--handshake-rate", "1000", "--host-key", f"{folder}/key",
             "--view", "explore"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.port = int(json.loads(self.process.stdout.readline())["port"])
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def sessions(self) -> list[int]:
        return [pid for zygote in _children(self.process.pid) for pid in _children(zygote)]

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _kilobytes(pid: int, *fields: str) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(each) for each in re.findall(rf"^(?:{'|'.join(fields)}):\s+(\d+)", text, re.MULTILINE))


async def visit(server: Server) -> tuple[asyncssh.SSHClientConnection, Viewer]:
    """A visitor who has asked for the program; the clock runs from before the connection."""
    began = time.monotonic()
    conn = await asyncssh.connect(
        "127.0.0.1", server.port, username="demo", known_hosts=None, config=None, client_keys=None, agent_path=None
    )
    _, viewer = await conn.create_session(
        Viewer, term_type="xterm-256color", term_size=SIZE, encoding=None, env={"COLORTERM": "truecolor"}
    )
    viewer.began = began
    return conn, viewer


async def crowd(server: Server, count: int, seconds: float, least: float) -> None:
    """So many at once, 0.1 s after each other, all playing."""
    found = []
    for _ in range(count):
        found.append(asyncio.create_task(visit(server)))
        await asyncio.sleep(0.1)
    visitors = await asyncio.gather(*found)
    await asyncio.sleep(2)
    for _, viewer in visitors:
        viewer.chan.write(b" ")
    await asyncio.sleep(2)
    before = [viewer.frames for _, viewer in visitors]
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for _, viewer in visitors:
            viewer.chan.write(b"\x1b[H ")  # going to the start pauses
        await asyncio.sleep(min(AGAIN, left))
    rates = [(viewer.frames - start) / seconds for start, (_, viewer) in zip(before, visitors, strict=True)]
    firsts = [viewer.first for _, viewer in visitors]
    private = [_kilobytes(pid, *_PRIVATE) / 1024 for pid in server.sessions()]
    print(f"{count} sessions at {SIZE[0]}×{SIZE[1]}, {seconds:g} s")
    print(Goal("alive", len(server.sessions()), count, "", at_least=True))
    print(Goal("slowest session", min(rates), least, "fps", at_least=True))
    print(Goal("first frame, login included, median", statistics.median(firsts), 0.6, "s"))
    print(f"       slowest first frame {max(firsts):.2f} s; median of frames {statistics.median(rates):.1f} fps")
    print(Goal("private memory of a session, median", statistics.median(private), 20, "MB"))
    print(Goal("front end, resident", _kilobytes(server.process.pid, "Rss") / 1024, 60, "MB"))
    print(
        f"       of which no other process shares {_kilobytes(server.process.pid, *_PRIVATE) / 1024:.0f} MB", flush=True
    )
    for conn, _ in visitors:
        conn.abort()
    await asyncio.sleep(2)


async def alone(server: Server, times: int) -> None:
    firsts = []
    for _ in range(times):
        conn, viewer = await visit(server)
        while not viewer.first:
            await asyncio.sleep(0.005)
        firsts.append(viewer.first)
        conn.abort()
        await asyncio.sleep(0.3)
    print("one visitor alone")
    print(Goal("first frame, login included, median", statistics.median(firsts), 0.5, "s"), flush=True)


async def cycles(server: Server, count: int) -> None:
    """Visitors who come and go, some of them in the middle of something."""
    for stage in ("warm-up", "measured"):
        for number in range(20 if stage == "warm-up" else count):
            conn, viewer = await visit(server)
            end = time.monotonic() + 1
            while number % 3 and not viewer.first and time.monotonic() < end:
                await asyncio.sleep(0.005)
            if number % 5 == 4:
                viewer.chan.write(b"q")
                await asyncio.wait_for(viewer.chan.wait_closed(), 5)
            conn.abort()
        await asyncio.sleep(3)
        if stage == "warm-up":
            before = server.descriptors(), _kilobytes(server.process.pid, "Rss")
    print(f"{count} visitors who come and go")
    print(Goal("more descriptors", server.descriptors() - before[0], 0, ""))
    print(Goal("front end's growth", (_kilobytes(server.process.pid, "Rss") - before[1]) / 1024, 5, "MB"))
    print(Goal("sessions left", len(server.sessions()), 0, ""), flush=True)


async def measure(server: Server, quick: bool) -> None:
    await alone(server, 5 if quick else 15)
    await crowd(server, 20, 5 if quick else 60, 13)
    await crowd(server, 50, 5 if quick else 20, 5)
    await cycles(server, 60 if quick else 500)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a first impression, in under a minute")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            asyncio.run(measure(server, arguments.quick))
        finally:
            server.process.terminate()
            server.process.wait(15)


if __name__ == "__main__":
    main()

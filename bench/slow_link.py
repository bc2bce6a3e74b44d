"""What visitors have of `gradtui serve` behind a slow link: the real OpenSSH client in a terminal, through a relay.

The relay lets 50 kB/s through each way, 20 ms late, and keeps as much as a router at home does. A key's time runs from
the press to the end of the first frame that shows what it did.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import pty
import random
import re
import statistics
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.tui.serve.servers import Server, _settings

from pty_session import Wire
from serve import SIZE

#: The goal: seconds from a key to its frame at this many bytes a second, so many seconds late each way.
MOST, RATE, DELAY = 0.5, 50e3, 0.02
#: Bytes that wait in the relay before it reads no more, and that the kernel keeps before it.
_QUEUE, _SOCKET = 1 << 17, 1 << 14
#: Networks: playback does not come to its end while it is measured.
_EXPERIMENTS = {"mlp": ("--depth", "240"), "lstm": ("--cell", "lstm")}
#: Keys: play from the start; pause; a step back; another view, and the one of before.
_PLAY, _PAUSE, _STEP, _VIEWS = b"\x1b[H ", b" ", b"N", (b"5", b"1")
#: What arrives of a frame at its end, and of the one that shows that playback stands: ■ is nowhere else on the screen.
_FRAME = re.compile(rb"\x1b\[\?2026l")
_STANDS = re.compile("■".encode() + rb".*?\x1b\[\?2026l", re.DOTALL)
_NUMBERS = re.compile(rb"vanishing|healthy|exploding")


class Relay:
    """TCP to the server and back, as fast as the link is."""

    def __init__(self, port: int, rate: float, delay: float) -> None:
        self._port, self._rate, self._delay = port, rate, delay
        #: Bytes that have come from the server.
        self.received = 0

    async def listen(self) -> int:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        self._server.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, thither = await asyncio.open_connection("127.0.0.1", self._port, limit=_SOCKET)
        tasks = [
            asyncio.create_task(self._pass(reader, thither, down=False)),
            asyncio.create_task(self._pass(there, writer, down=True)),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, thither):
            each.close()
        for task in tasks:
            task.cancel()

    async def _pass(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, down: bool) -> None:
        """A packet after the other: each leaves when the one before has, and arrives some time after it has left."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_QUEUE // _PACKET)
        delivering = asyncio.create_task(self._deliver(waiting, to))
        free = 0.0
        try:
            while data := await source.read(_PACKET):
                self.received += len(data) if down else 0
                free = max(free, time.monotonic()) + len(data) / self._rate
                await waiting.put((free + self._delay, data))
        except OSError:
            pass
        finally:
            delivering.cancel()

    async def _deliver(self, waiting: asyncio.Queue[tuple[float, bytes]], to: asyncio.StreamWriter) -> None:
        while True:
            at, data = await waiting.get()
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            to.write(data)


_PACKET = 1400


class Client:
    """ssh in a terminal that answers what it is asked."""

    def __init__(self, port: int, *options: str) -> None:
        self.wire = Wire()
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        os.set_blocking(self.master, False)
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", "ssh", "-tt", "-p", str(port), *options, *_settings(), "demo@127.0.0.1"],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(slave)
        asyncio.get_running_loop().add_reader(self.master, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self.master)
        elif answers := self.wire.feed(data, time.monotonic()):
            self.press(answers)

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    async def comes(self, what: re.Pattern[bytes], since: int, patience: float = 30.0) -> None:
        """Until this has arrived after so many bytes."""
        async with asyncio.timeout(patience):
            while not what.search(self.wire.received, since):
                await asyncio.sleep(0.001)

    async def key(self, key: bytes, shown: re.Pattern[bytes]) -> float:
        """Seconds from a key to the end of the frame that shows it."""
        since, began = len(self.wire.received), time.monotonic()
        self.press(key)
        await self.comes(shown, since)
        return time.monotonic() - began

    async def quiet(self, seconds: float) -> None:
        while time.monotonic() - self.wire.last_at < seconds:
            await asyncio.sleep(0.02)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.master)
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@dataclass
class Measured:
    """One way over the link: what a visitor has of it. Seconds by what was pressed, frames and bytes a second."""

    name: str
    goal: bool
    waits: dict[str, list[float]]
    frames: float = 0.0
    rate: float = 0.0

    HEADING = f"{'median, slowest':<28}{'pause':>14}{'step':>14}{'view':>14}{'fps':>7}{'kB/s':>7}"

    def __str__(self) -> str:
        times = "".join(f"{statistics.median(each):6.2f},{max(each):5.2f} s" for each in self.waits.values())
        slowest = max(max(each) for each in self.waits.values())
        verdict = ("met" if slowest <= MOST else "MISSED") if self.goal else ""
        return f"{self.name:<28}{times}{self.frames:7.1f}{self.rate / 1e3:7.1f}  {verdict}"


@contextlib.asynccontextmanager
async def visitor(port: int, rate: float, delay: float, *options: str) -> AsyncIterator[tuple[Relay, Client]]:
    relay = Relay(port, rate, delay)
    client = Client(await relay.listen(), *options)
    try:
        await client.comes(_NUMBERS, 0)
        await client.quiet(1.0)
        yield relay, client
    finally:
        client.close()
        relay.close()
        await asyncio.sleep(0.5)


async def measure(port: int, name: str, link: tuple[float, float], keys: int, *options: str) -> Measured:
    found = Measured(name, link[0] == RATE, {"pause": [], "step": [], "view": []})
    frames, seconds, received, moments = 0, 0.0, 0, random.Random(0)
    async with visitor(port, *link, *options) as (relay, client):
        for number in range(keys):
            client.press(_PLAY)
            await asyncio.sleep(1)
            before, came, began = len(client.wire.frames), relay.received, time.monotonic()
            await asyncio.sleep(1.5 + moments.uniform(0, 0.2))
            frames, received = frames + len(client.wire.frames) - before, received + relay.received - came
            seconds += time.monotonic() - began
            found.waits["pause"].append(await client.key(_PAUSE, _STANDS))
            await client.quiet(0.5)
            found.waits["step"].append(await client.key(_STEP, _FRAME))
            await client.quiet(0.3)
            if number % 2 == 0:
                for key in _VIEWS:
                    found.waits["view"].append(await client.key(key, _FRAME))
                    await client.quiet(0.5)
    found.frames, found.rate = frames / seconds, received / seconds
    return found


async def all_links(network: str, port: int, keys: int) -> list[Measured]:
    found = []
    for speed, link in (("no limit", (float("inf"), 0.0)), (f"{RATE / 1e3:g} kB/s, {DELAY * 1e3:g} ms", (RATE, DELAY))):
        for option in ((), ("-C",)):
            found.append(await measure(port, " ".join((network, speed, *option)), link, keys, *option))
            print(found[-1], flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=25, help="how many of each (25)")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; key to frame ≤ {MOST:g} s at {RATE / 1e3:g} kB/s")
    print(Measured.HEADING)
    for network, options in _EXPERIMENTS.items():
        with tempfile.TemporaryDirectory() as folder, Server(Path(folder), *options) as host:
            asyncio.run(all_links(network, host.port, arguments.keys))


if __name__ == "__main__":
    main()

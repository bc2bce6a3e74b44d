"""Measure a lecture: how long a presenter's step takes until it is on the screen of every follower.

The presenter's terminal and all followers are this process's; they share the cores with what is measured, so the
figures are the lecture's at the most. A follower's screen has the step when the frame is complete that came after it:
nothing else changes meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any

import asyncssh

from serve import SIZE, Goal, Viewer

#: Long enough that playback does not come to its end while it is measured.
EXPERIMENT = ("--depth", "240")
#: Keys: a step back (the screen opens at the end of the gradient's way); another view, and back.
STEP, VIEWS = "N", ("5", "1")


class Watched(Viewer):
    """A follower: knows when its last frame was complete."""

    def __init__(self) -> None:
        super().__init__()
        self.latest = 0.0

    def data_received(self, data: bytes, datatype: Any) -> None:
        before = self.frames
        super().data_received(data, datatype)
        if self.frames > before:
            self.latest = time.monotonic()


class Presenter:
    """`gradtui serve --present` in a terminal that answers what it is asked."""

    def __init__(self, folder: Path, followers: int) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        os.set_blocking(self.master, False)
        self._log = folder / "log"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gradtui", "serve", "--present", "--port", "0", "--allow-root", "--log", "json",
             "--class", "--sessions", str(followers), "--host-key", str(folder / "key"), "--log-file", str(self._log),
             *EXPERIMENT],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env=os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )  # fmt: skip
        os.close(slave)
        self._viewer = Viewer()
        self._viewer.connection_made(self)
        asyncio.get_running_loop().add_reader(self.master, self._read)

    def _read(self) -> None:
        try:
            self._viewer.data_received(os.read(self.master, 1 << 16), None)
        except OSError:
            asyncio.get_running_loop().remove_reader(self.master)

    def write(self, data: bytes) -> None:
        """What the terminal answers, and keys."""
        os.write(self.master, data)

    async def port(self) -> int:
        for _ in range(600):
            await asyncio.sleep(0.05)
            lines = self._log.read_text().splitlines() if self._log.exists() else []
            for event in map(json.loads, lines):
                if event["event"] == "serving":
                    return int(event["port"])
        raise RuntimeError("the server has not started")

    async def end(self) -> None:
        self.process.terminate()
        for _ in range(400):
            if self.process.poll() is not None:
                return
            await asyncio.sleep(0.05)
        self.process.kill()


async def join(port: int) -> tuple[asyncssh.SSHClientConnection, Watched]:
    conn = await asyncssh.connect(
        "127.0.0.1", port, username="demo", known_hosts=None, config=None, client_keys=None, agent_path=None
    )
    _, viewer = await conn.create_session(
        Watched, term_type="xterm-256color", term_size=SIZE, encoding=None, env={"COLORTERM": "truecolor"}
    )
    return conn, viewer


async def until_all(viewers: list[Watched], since: float, seconds: float) -> float:
    """Seconds until the last of them has a frame that is newer; infinite where one has none in time."""
    end = since + seconds
    while time.monotonic() < end:
        if all(each.latest > since for each in viewers):
            return max(each.latest for each in viewers) - since
        await asyncio.sleep(0.002)
    return float("inf")


async def quiet(viewers: list[Watched], seconds: float = 0.4) -> None:
    """Wait until no frame has come to anybody for so long."""
    for _ in range(200):
        if time.monotonic() - max(each.latest for each in viewers) > seconds:
            return
        await asyncio.sleep(0.05)


async def measure(followers: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        presenter = Presenter(Path(folder), followers)
        try:
            port = await presenter.port()
            joined = await asyncio.gather(*(join(port) for _ in range(followers)))
            viewers = [viewer for _, viewer in joined]
            while not all(each.first for each in viewers):
                await asyncio.sleep(0.05)
            for name, keys, limit in (("a step", (STEP,), 0.5), ("another view", VIEWS, 1.0)):
                taken = []
                for number in range(steps):
                    await quiet(viewers)
                    since = time.monotonic()
                    presenter.write(keys[number % len(keys)].encode())
                    taken.append(await until_all(viewers, since, 10))
                print(f"{name}, presenter's key to the last of {followers} screens of {SIZE[0]}×{SIZE[1]}")
                print(Goal("slowest", max(taken), limit, "s"))
                print(f"       median {statistics.median(taken):.3f} s", flush=True)
            await quiet(viewers)
            presenter.write(b"\x1b[H ")
            await asyncio.sleep(1)
            before = [each.frames for each in viewers]
            await asyncio.sleep(5)
            rates = [(each.frames - start) / 5 for start, each in zip(before, viewers, strict=True)]
            print("the presenter plays, 15 steps a second")
            print(Goal("slowest follower", min(rates), 5, "fps", at_least=True))
            for conn, _ in joined:
                conn.abort()
        finally:
            await presenter.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--followers", type=int, default=30)
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    asyncio.run(measure(arguments.followers, arguments.steps))


if __name__ == "__main__":
    main()

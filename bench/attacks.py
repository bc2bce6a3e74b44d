"""What everybody else notices while somebody attacks `gradtui serve`: every attack of
tests/tui/serve/attacks.py, kept up.

Meanwhile one visitor plays, and others come one after the other, look and go. The attacker is a process of its own at
the lowest priority, as it would be on a machine of its own; all the same it shares the cores with what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import multiprocessing
import os
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
from tests.tui.serve.attacks import ATTACKS, Attack
from tests.tui.serve.servers import Server, Visitor, memory
from tests.tui.serve.target import PASSWORD, Target

from serve import AGAIN, Viewer

#: Most that the front may grow by and that an attacked session may take, least frames of who plays beside it, longest
#: wait of a new visitor, and of a place for a client that is frozen.
GROWTH, CHILD, FRAMES, SERVED, FROZEN = 5.0, 100.0, 13.0, 2.0, 65.0
SIZE = (120, 36)
#: Where the attacker comes from: its limits are not everybody's.
_ELSEWHERE = "127.0.0.2"


@dataclass
class Row:
    """What one attack did."""

    name: str
    growth: float = 0.0
    child: float = 0.0
    frames: float = 0.0
    waits: list[float] = field(default_factory=list)
    wrong: str = ""

    HEADING = f"{'attack':<32}{'front':>9}{'session':>9}{'fps':>7}{'visitor':>9}"

    def missed(self) -> list[str]:
        goals = {
            f"front +{GROWTH:g} MB": self.growth <= GROWTH,
            f"session {CHILD:g} MB": self.child <= CHILD,
            f"{FRAMES:g} fps": self.frames >= FRAMES,
            f"visitor {SERVED:g} s": bool(self.waits) and max(self.waits) <= SERVED,
            self.wrong: not self.wrong,
        }
        return [name for name, met in goals.items() if not met]

    def __str__(self) -> str:
        missed = self.missed()
        return (
            f"{self.name:<32}{self.growth:+6.1f} MB{self.child:6.0f} MB{self.frames:7.1f}"
            f"{max(self.waits, default=math.nan):7.2f} s  {'MISSED: ' + ', '.join(missed) if missed else 'met'}"
        )


def attack(number: int, target: Target, said: Any) -> None:
    """In the attacker's process; says what the server ought not to have done."""
    os.nice(19)
    try:
        asyncio.run(asyncio.wait_for(ATTACKS[number].run(target), target.seconds + target.login + 30))
    except Exception as error:
        said.send(f"{type(error).__name__}: {error}")
    said.close()


async def measure(host: Server, named: Attack, number: int | None, target: Target) -> Row:
    row = Row(named.name)
    async with target.connected() as conn, asyncio.timeout(target.seconds + target.login + 90):
        before = target.sessions()
        _, viewer = await conn.create_session(
            Viewer, term_type="xterm-256color", term_size=SIZE, encoding=None, env={"COLORTERM": "truecolor"}
        )
        while not viewer.first:
            await asyncio.sleep(0.05)
        own = target.sessions() - before
        await _look(target)
        playing = asyncio.create_task(_play(viewer))
        await asyncio.sleep(1)
        Path(f"/proc/{host.pid}/clear_refs").write_text("5")
        resident, frames, began = memory(host.pid), viewer.frames, time.monotonic()
        ours, theirs = multiprocessing.Pipe(duplex=False)
        elsewhere = Target(target.port, target.front, target.login, target.seconds, _ELSEWHERE)
        process = _SPAWN.Process(target=attack, args=(number, elsewhere, theirs)) if number is not None else None
        if process is not None:
            process.start()
        theirs.close()
        coming = asyncio.create_task(_come_and_go(target, row))
        peaks = 0
        while process.is_alive() if process is not None else time.monotonic() - began < target.seconds:
            await asyncio.sleep(0.1)
            for pid in target.sessions() - own:
                with contextlib.suppress(OSError, AssertionError):
                    peaks = max(peaks, memory(pid, "VmHWM"))
            host.read()
        row.frames = (viewer.frames - frames) / (time.monotonic() - began)
        for each in (coming, playing):
            each.cancel()
        await asyncio.wait([coming, playing])
        row.growth, row.child = (memory(host.pid, "VmHWM") - resident) / 1024, peaks / 1024
        with contextlib.suppress(EOFError):
            row.wrong = ours.recv() if process is not None else ""
    return row


async def _play(viewer: Viewer) -> None:
    """From the start, again and again."""
    while True:
        viewer.chan.write(b"\x1b[H ")  # going to the start pauses
        await asyncio.sleep(AGAIN)


async def _look(target: Target) -> float:
    """A visitor who comes, sees the first frame and goes: seconds."""
    began = time.monotonic()
    async with target.visiting():
        return time.monotonic() - began


async def _come_and_go(target: Target, row: Row) -> None:
    while True:
        await asyncio.sleep(1)
        began = time.monotonic()
        try:
            await _look(target)
        except (asyncssh.Error, OSError, TimeoutError):
            row.waits.append(math.inf)
        except asyncio.CancelledError:
            # At the attack's end somebody may still be coming in: it has taken so long at the least.
            row.waits.append(time.monotonic() - began)
            raise
        else:
            row.waits.append(time.monotonic() - began)


def frozen(folder: Path) -> str:
    """A client that is stopped (SIGSTOP): seconds until its session is ended, with the usual --keepalive."""
    with Server(folder) as host, Visitor(host.port, size=SIZE) as visitor:
        visitor.shows("vanishing")
        visitor.signal(signal.SIGSTOP)
        began = time.monotonic()
        host.wait_for("ended", FROZEN + 30)
        took = time.monotonic() - began
        visitor.signal(signal.SIGCONT)
    return f"a frozen client is dropped after {took:.0f} s, ≤ {FROZEN:g} s {'met' if took <= FROZEN else 'MISSED'}"


_SPAWN = multiprocessing.get_context("spawn")


async def all_of_them(host: Server, only: str, seconds: float) -> list[Row]:
    target = Target(host.port, host.pid, 10.0, seconds)
    for _ in range(3):
        await _look(target)
    rows = []
    print(Row.HEADING)
    quiet = Attack("(none)", ATTACKS[0].run)
    for number, each in [(None, quiet), *enumerate(ATTACKS)]:
        if only in each.name:
            await asyncio.sleep(1)
            rows.append(await measure(host, each, number, target))
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="how long each attack lasts at least (8)")
    parser.add_argument("--only", default="", metavar="TEXT", help="the attacks whose name contains TEXT")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        with Server(Path(folder), "--password", PASSWORD) as host:
            rows = asyncio.run(all_of_them(host, arguments.only, arguments.seconds))
        if not arguments.only:
            print(frozen(Path(folder)))
    missed = [each.name for each in rows if each.missed()]
    print(f"{len(rows) - len(missed)} of {len(rows)} met" + (f"; missed: {', '.join(missed)}" if missed else ""))


if __name__ == "__main__":
    main()

"""What is measured of the screen, each in its own session, and the goals."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from pty_session import NUMBERS, Frame, Link, Session

UP, DOWN = "\x1b[A", "\x1b[B"
#: The next pane: unlike an arrow at the end of a list it always changes something on the screen.
NEXT = "\t"
#: 50 KB/s, 20 ms each way, and as much in the queue as a kernel's socket holds.
SLOW = Link(rate=50e3, delay=0.02, queue=1 << 17)
#: After so long without a byte nothing is under way any more.
QUIET = 0.1
#: What the program loads when it has time, so that a key need not wait for it, is loaded by then.
_LOADED = 2.0
#: Playback is left alone for so long before it is measured.
_WARM = 0.5


@dataclass(frozen=True, slots=True)
class Case:
    """A network: what people see, and one whose playback outlasts a measure that has to be played to."""

    name: str
    usual: tuple[str, ...]
    long: tuple[str, ...]
    #: Takes seconds to compute.
    heavy: tuple[str, ...]


CASES = (
    Case("mlp", (), ("--depth", "300"), ("--depth", "3000", "--width", "64")),
    Case("lstm", ("--cell", "lstm"), ("--cell", "lstm"), ("--cell", "lstm", "--width", "256", "--batch", "256")),
)


@dataclass(frozen=True, slots=True)
class Length:
    """How much is measured: starts, seconds of playback, key presses, idle seconds, pauses, seconds of computing."""

    starts: int
    seconds: float
    keys: int
    idle: float
    pauses: int
    storm: float


#: The most that a measure may be, and how it is written.
GOALS = {
    "first frame": (0.5, "s"),
    "CPU per frame in playback": (6.0, "ms"),
    "bytes per frame in playback": (8.0, "KB"),
    "key to first changed byte": (20.0, "ms"),
    "key to first changed byte, p99": (60.0, "ms"),
    "bytes per cursor key": (1.0, "KB"),
    "CPU when idle": (0.5, "%"),
    "key to visible pause at 50 KB/s": (0.5, "s"),
    "event loop blocked at most": (50.0, "ms"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """A measured number, with what else there is to say of it."""

    name: str
    value: float
    note: str = ""

    @property
    def met(self) -> bool:
        return self.name not in GOALS or self.value <= GOALS[self.name][0]

    def __str__(self) -> str:
        most, unit = GOALS.get(self.name, (None, "s"))
        told = "" if most is None else f"≤ {most:g} {unit:<4}{'met' if self.met else 'MISSED'}"
        return f"{self.name:<33}{self.value:8.2f} {unit:<3}{told:<19}{self.note}".rstrip()


def playback(case: Case, length: Length) -> list[Result]:
    """Thirty steps a second, a frame each: CPU and bytes while every pane moves."""
    cpu, seconds, frames = 0.0, 0.0, list[Frame]()
    with _opened(case.usual) as session:
        session.press("+")
        session.settle(QUIET)
        while seconds < length.seconds:
            session.press(" ")
            session.pump(_WARM)
            used, took, drawn = _while_moving(session, length.seconds - seconds)
            cpu, seconds, frames = cpu + used, seconds + took, frames + drawn
            session.settle(2 * QUIET)
    sizes = sorted(each.size for each in frames)
    note = f"{len(frames)} frames, {len(frames) / seconds:.0f} a second"
    largest = f"largest {sizes[-1] / 1e3:.1f} KB, {sum(sizes) / seconds / 1e3:.0f} KB/s"
    return [
        Result("CPU per frame in playback", cpu / len(frames) * 1e3, note),
        Result("bytes per frame in playback", statistics.median(sizes) / 1e3, largest),
    ]


def _while_moving(session: Session, most: float) -> tuple[float, float, list[Frame]]:
    """Seconds of CPU, seconds, and the frames, until playback has come to its end or the time is up."""
    start, before, first = time.perf_counter(), session.cpu, len(session.wire.frames)
    used, took, last = 0.0, 0.0, first
    while time.perf_counter() - start < most:
        session.pump(0.2)
        if len(session.wire.frames) == last:
            return used, took, session.wire.frames[first:last]
        used, took, last = session.cpu - before, time.perf_counter() - start, len(session.wire.frames)
    session.press(" ")
    return used, took, session.wire.frames[first:last]


def keys(case: Case, length: Length) -> list[Result]:
    """Arrow keys, at random moments, each after all is quiet: when the first byte comes, and how many come."""
    waits, sizes, moments = [], [], random.Random(0)
    with _opened(case.usual) as session:
        for _, key in zip(range(length.keys), _arrows(), strict=False):
            session.pump(moments.uniform(0.0, 0.02))
            before = len(session.wire.received)
            waits.append(_wait(session, key))
            session.settle(0.05)
            sizes.append(len(session.wire.received) - before)
    waits.sort()
    return [
        Result("key to first changed byte", statistics.median(waits) * 1e3, f"{len(waits)} keys"),
        Result("key to first changed byte, p99", _p99(waits) * 1e3, f"longest {waits[-1] * 1e3:.0f} ms"),
        Result("bytes per cursor key", statistics.median(sizes) / 1e3, f"largest {max(sizes) / 1e3:.1f} KB"),
    ]


def still(case: Case, length: Length) -> list[Result]:
    """The program paused, and nobody touches it."""
    with _opened(case.usual) as session:
        session.pump(_LOADED)
        before, frames = session.cpu, len(session.wire.frames)
        session.pump(length.idle)
        share = (session.cpu - before) / length.idle
        return [Result("CPU when idle", share * 100, f"{len(session.wire.frames) - frames} frames")]


def paused(case: Case, length: Length) -> list[Result]:
    """Through a slow link: from the key that pauses until the last byte that moves has arrived."""
    waits: list[float] = []
    frames, seconds, moments = 0, 0.0, random.Random(0)
    with _opened(case.long, SLOW) as session:
        session.press("+")
        session.settle(3 * QUIET)
        while len(waits) < length.pauses:
            session.press(" ")
            session.pump(_WARM)
            before, span = len(session.wire.frames), 1.0 + moments.uniform(0.0, 0.2)
            session.pump(span)
            if not session.wire.frames or session.wire.frames[-1].at < time.perf_counter() - 0.4:
                continue  # played to its end: the next key starts it again
            frames, seconds = frames + len(session.wire.frames) - before, seconds + span
            pressed = session.press(" ")
            session.settle(6 * QUIET)
            waits.append(session.wire.last_at - pressed)
    note = f"longest {max(waits):.2f} s, {frames / seconds:.0f} frames a second"
    return [Result("key to visible pause at 50 KB/s", statistics.median(waits), note)]


def blocked(case: Case, length: Length) -> list[Result]:
    """Keys while a long computation runs and when it arrives: by how much the longest wait exceeds the usual one.

    A new seed every half second keeps the worker busy; then its last result arrives. What the program says by itself
    meanwhile may be taken for an answer: the figure is a lower bound.
    """
    with _opened(case.heavy) as session:
        compute = session.wire.last_at - session.started
        usual = statistics.median([_wait(session, NEXT) for _ in range(10) if _settled(session)])
        waits, start, seed = [], time.perf_counter(), 0.0
        while (now := time.perf_counter() - start) < length.storm + 1.5 * compute:
            if now < length.storm and now - seed > 0.5:
                seed = now
                session.press("R")  # not measured: nothing is to be seen of it until its result is there
                session.pump(0.02)
            waits.append(_wait(session, NEXT))
            session.pump(0.04)
    waits.sort()
    note = f"{len(waits)} keys, median {statistics.median(waits) * 1e3:.0f} ms, computed in {compute:.1f} s"
    return [Result("event loop blocked at most", max(waits[-1] - usual, 0.0) * 1e3, note)]


def _opened(arguments: tuple[str, ...], link: Link | None = None) -> Session:
    """The program with its numbers on the screen, still."""
    session = Session(*arguments, link=link)
    session.wait_for(NUMBERS)
    session.settle(3 * QUIET)
    return session


def _arrows() -> Iterator[str]:
    """Up and down the stages: eight this way, eight that, so that the cursor never rests against an end."""
    return cycle([UP] * 8 + [DOWN] * 8)


def _settled(session: Session) -> bool:
    session.settle(0.05)
    return True


def _wait(session: Session, key: str) -> float:
    """Seconds from a key to the first byte after it."""
    pressed = session.press(key)
    session.pump(5.0, until_byte=True)
    return time.perf_counter() - pressed


def _p99(ordered: list[float]) -> float:
    return ordered[min(int(0.99 * len(ordered)), len(ordered) - 1)]

"""A recording of 256 MB: seconds to the first picture and to the whole, milliseconds a snapshot and a step shown.

The recording is of an MLP of 20 layers, 57 steps between two lines, as the recorder writes it with its usual budget.
Seconds are the thread's own, the system's included: others on the machine do not count.
"""

from __future__ import annotations

import argparse
import gc
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "recorder")]

import orjson  # noqa: E402
from tests.recordings import mlp_lines  # noqa: E402

from gradtui_engine.recordings.recording import open_recording  # noqa: E402
from pty_session import Session  # noqa: E402

FIRST, FRAME = 1.0, 1 / 15
#: What the first picture has that no other line of the screen has.
LOSS = re.compile(rb"loss, step by step")
#: Seconds that a frame of the screen leaves for reading on.
SLICE = 0.05
#: Slices between two pictures, of which there are five a second.
PICTURE = 4
#: Seconds that the first look may take: all heads, with the losses, and the first lines evenly spread over the file.
FIRST_SLICE = 0.5


def main() -> None:
    """Write the file, open it, and print the times beside their goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=256, help="size of the file (default 256)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "run.jsonl"
        count = write(path, given.mb * 2**20)
        size = path.stat().st_size
        print(f"recording of {size / 2**20:.0f} MB, {count} lines of steps, {size / count / 1e3:.1f} kB each")
        screen(path)
        gc.disable()
        before = resident()
        start = time.thread_time()
        recording = open_recording([path])
        recording.refresh(FIRST_SLICE)
        snapshot = recording.snapshot()
        first = time.thread_time() - start
        known = int((snapshot.columns["loss"] == snapshot.columns["loss"]).sum())
        told("first picture", first, "s", FIRST, f"no screen; {snapshot.count} of {count} events, {known} losses")
        start, slices = time.thread_time(), 0
        while not recording.complete:
            recording.refresh(SLICE)
            slices += 1
            if slices % PICTURE == 0:
                recording.snapshot()
        whole = time.thread_time() - start + first
        told("all of it", whole, "s", None, f"{slices} slices of {SLICE * 1e3:.0f} ms, {size / whole / 1e6:.0f} MB/s")
        told("a snapshot", seconds(recording.snapshot, 50), "s", FRAME)
        places = iter(range(10**9))
        told("a step's record", seconds(lambda: recording.at(next(places) * 997 % count), 200), "s", FRAME)
        told("a look for news", seconds(lambda: recording.refresh(SLICE), 50), "s", FRAME)
        print(f"  memory {(resident() - before) / 2**20:.0f} MB, of which columns {recording.nbytes / 2**20:.0f} MB")


def screen(path: Path, runs: int = 5) -> None:
    """`gradtui open` on a real terminal, from its start to the first picture of the loss: seconds of the clock."""
    times = []
    for _ in range(runs):
        with Session("open", str(path)) as session:
            times.append(session.wait_for(LOSS))
    told("on the screen", statistics.median(times), "s", FIRST, "by the clock, with Python's own start")


def write(path: Path, size: int) -> int:
    """Lines of a healthy training until the file has so many bytes; how many are of steps."""
    header, step = mlp_lines(layers=20, steps=2, every=57)[0:3:2]
    with path.open("wb") as file:
        file.write(orjson.dumps(header) + b"\n")
        ring = step["ring"]
        count = 0
        while file.tell() < size:
            n = 57 * count
            values = [round(0.1 + (31 * count + 7 * row) % 997 / 1000, 5) for row in range(40)]
            line = step | {
                "n": n,
                "loss": values[0],
                "ring": [[n - 56 + index, pair[1]] for index, pair in enumerate(ring)],
                "a": [
                    [*row[:2], values[row[0]], 1.2345, -2.3456, 2.3456, *row[6:8], values[-1], None]
                    for row in step["a"]
                ],
                "p": [[row[0], values[row[0]], 2.3456, 0.0012345, None] for row in step["p"]],
            }
            file.write(orjson.dumps(line) + b"\n")
            count += 1
    return count


def seconds(function: Callable[[], object], repeats: int) -> float:
    """The middle one of so many times."""
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        function()
        times.append(time.thread_time() - start)
    return sorted(times)[repeats // 2]


def told(name: str, value: float, unit: str, goal: float | None, more: str = "") -> None:
    verdict = "" if goal is None else f"goal ≤ {goal * 1e3:.0f} ms {'met' if value <= goal else 'MISSED'}"
    print(f"  {name:<18}{value * 1e3:10.1f} ms   {verdict:<22} {more}")


def resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


if __name__ == "__main__":
    main()

"""First frame: seconds from starting the process to the first picture, and to the first one with numbers in it.

`python bench/first_frame.py [RUNS]` starts the real program on a real pty at 120×40, RUNS times, and prints medians.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import time

#: What is on the screen at the first picture, and what only a finished computation puts there.
FIRST, NUMBERS = b"gradtui", b"vanishing"
TIMEOUT = 20.0


def once() -> tuple[float, float]:
    """One start: (seconds to the first picture, seconds to the verdict)."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "gradtui"], stdin=slave, stdout=slave, stderr=slave, env=environment, close_fds=True
    )
    os.close(slave)
    seen, first, numbers = b"", 0.0, 0.0
    while not numbers and time.perf_counter() - start < TIMEOUT:
        if select.select([master], [], [], TIMEOUT)[0]:
            seen += os.read(master, 65536)
            now = time.perf_counter() - start
            first = first or (now if FIRST in seen else 0.0)
            numbers = now if NUMBERS in seen else 0.0
    os.write(master, b"q")
    while process.poll() is None:
        if select.select([master], [], [], 0.05)[0]:
            try:
                os.read(master, 65536)
            except OSError:
                break
    process.wait()
    os.close(master)
    return first, numbers


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    once()  # warm the file cache
    times = [once() for _ in range(runs)]
    for name, column in (("first frame", 0), ("verdict on screen", 1)):
        values = sorted(each[column] for each in times)
        print(f"{name:<18} median {statistics.median(values):.3f} s   min {values[0]:.3f}   max {values[-1]:.3f}")


if __name__ == "__main__":
    main()

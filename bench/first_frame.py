"""First frame: seconds from starting the process to the first picture, and to the first one with numbers in it.

`python bench/first_frame.py [RUNS]` starts the real program on a real pty at 120×40, RUNS times, and prints medians.
"""

from __future__ import annotations

import statistics
import sys

from pty_session import FIRST, NUMBERS, Session

RUNS = 9


def once() -> tuple[float, float]:
    """One start: (seconds to the first picture, seconds to the verdict)."""
    with Session() as session:
        return session.wait_for(FIRST), session.wait_for(NUMBERS)


def starts(runs: int) -> list[tuple[float, float]]:
    """So many starts, after one that warms the file cache."""
    once()
    return [once() for _ in range(runs)]


def main() -> None:
    times = starts(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
    for name, column in (("first frame", 0), ("verdict on screen", 1)):
        values = sorted(each[column] for each in times)
        print(f"{name:<18} median {statistics.median(values):.3f} s   min {values[0]:.3f}   max {values[-1]:.3f}")


if __name__ == "__main__":
    main()

"""Measure the screen: the real program on a real pty at 120×40, beside the goals that it is held to."""

from __future__ import annotations

import argparse
import os
import statistics

from first_frame import starts
from screen_measures import CASES, GOALS, Length, Result, blocked, keys, paused, playback, still

FULL = Length(starts=9, seconds=20.0, keys=300, idle=10.0, pauses=9, storm=6.0)
QUICK = Length(starts=3, seconds=5.0, keys=60, idle=3.0, pauses=3, storm=3.0)


def main() -> None:
    """Print a line for each measure, as it comes, and how many goals were met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[each.name for each in CASES], help="only this network")
    parser.add_argument("--quick", action="store_true", help="a first impression, in under two minutes")
    arguments = parser.parse_args()
    length = QUICK if arguments.quick else FULL
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians where nothing else is said")
    pictures, numbers = zip(*starts(length.starts), strict=True)
    results = _print(
        "start",
        [
            Result("first frame", statistics.median(pictures), f"{min(pictures):.2f}–{max(pictures):.2f}"),
            Result("first numbers", statistics.median(numbers), f"{min(numbers):.2f}–{max(numbers):.2f}"),
        ],
    )
    for case in CASES:
        if arguments.only in (None, case.name):
            for measure in (playback, keys, still, paused, blocked):
                results += _print(case.name, measure(case, length))
    judged = [each.met for each in results if each.name in GOALS]
    print(f"\n{len(judged)} goals, {sum(judged)} met, {len(judged) - sum(judged)} missed")


def _print(case: str, results: list[Result]) -> list[Result]:
    for each in results:
        print(f"  {case:<7}{each}", flush=True)
    return results


if __name__ == "__main__":
    main()

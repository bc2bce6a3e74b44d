"""Measure the engine side by side with its limit, a plain NumPy step and PyTorch."""

from __future__ import annotations

import argparse
import os

from cases import CASES, Case

ROUNDS, QUICK_ROUNDS = 21, 5
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main() -> None:
    """Measure the chosen cases and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="only the cases whose name contains NAME")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"rounds per case (default {ROUNDS})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds: a first impression")
    arguments = parser.parse_args()
    chosen = _chosen(arguments.only)
    if not chosen:
        parser.error(f"no case is named {arguments.only!r}; there are: {', '.join(each.name for each in CASES)}")
    rounds = (QUICK_ROUNDS if arguments.quick else ROUNDS) if arguments.rounds is None else arguments.rounds
    if rounds < 1:
        parser.error(f"--rounds {rounds} given; allowed: 1 or more")
    # A BLAS reads these once, when NumPy is first imported: hence the late import.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    from report import print_case, print_machine

    print_machine()
    for case in chosen:
        print_case(case, rounds)


def _chosen(part: str | None) -> list[Case]:
    return [case for case in CASES if part is None or part in case.name]


if __name__ == "__main__":
    main()

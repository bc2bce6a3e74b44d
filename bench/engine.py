"""Measure the engine side by side with its limit, a plain NumPy step and PyTorch."""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from cases import CASES, Case

SECONDS, QUICK_SECONDS = 4.0, 0.5
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main() -> None:
    """Measure the chosen cases, print a table for each, and which goals were missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="only the cases whose name contains NAME")
    parser.add_argument("--seconds", type=float, metavar="S", help=f"measure each case for S seconds ({SECONDS})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SECONDS} s a case: a first impression")
    parser.add_argument("--all", action="store_true", help="every contestant in every case, also without a goal")
    parser.add_argument("--list", action="store_true", help="the names of the cases")
    arguments = parser.parse_args()
    chosen = _chosen(arguments.only)
    if not chosen:
        parser.error(f"no case is named {arguments.only!r}; there are: {', '.join(each.name for each in CASES)}")
    if arguments.list:
        print("\n".join(each.name for each in chosen))
        return
    seconds = (QUICK_SECONDS if arguments.quick else SECONDS) if arguments.seconds is None else arguments.seconds
    # A BLAS reads these once, when NumPy is first imported: hence the late import.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    from report import print_case, print_goals, print_machine

    print_machine()
    # A process for each: the allocator learns from what it has been asked for, and a case would depend on those before.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        results = [pool.submit(print_case, case, seconds, arguments.all) for case in chosen]
        print_goals([result for each in results for result in each.result()])


def _chosen(part: str | None) -> list[Case]:
    return [case for case in CASES if part is None or part in case.name]


if __name__ == "__main__":
    main()

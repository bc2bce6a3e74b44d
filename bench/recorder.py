"""What recording a training costs, in steps that are looked at and in others, side by side with wandb.watch."""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from engine import THREADS

SECONDS, QUICK_SECONDS = 8.0, 2.0
NAMES = ("mlp", "cnn", "lstm", "transformer")


def main() -> None:
    """Measure the chosen models, print a table for each, and which goals were missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="only the models whose name contains NAME")
    parser.add_argument("--seconds", type=float, metavar="S", help=f"measure each for S seconds ({SECONDS:g})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SECONDS:g} s a model: a first impression")
    arguments = parser.parse_args()
    chosen = [name for name in NAMES if arguments.only is None or arguments.only in name]
    if not chosen:
        parser.error(f"no model is named {arguments.only!r}; there are: {', '.join(NAMES)}")
    seconds = (QUICK_SECONDS if arguments.quick else SECONDS) if arguments.seconds is None else arguments.seconds
    # Read once, when torch is first imported: hence the late import.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    from recorder_report import print_machine, print_model
    from report import print_goals

    print_machine()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        results = [pool.submit(print_model, name, seconds) for name in chosen]
        print_goals([result for each in results for result in each.result()])


if __name__ == "__main__":
    main()

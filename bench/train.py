"""Measure training with its numbers recorded side by side with PyTorch's, in one process and thread."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from engine import THREADS

SECONDS, QUICK_SECONDS = 8.0, 1.0


@dataclass(frozen=True, slots=True)
class Case:
    """An experiment that is trained; torch_over is the least by which PyTorch with the same norms must take longer."""

    name: str
    experiment: Mapping[str, str | int | float]
    torch_over: float | None = None


# With a small rate the networks stay what they were: nothing dies, nothing becomes subnormal while it is measured.
_ALL: dict[str, str | int | float] = {"learning_rate": 1e-3}
_MLP = {"cell": "mlp", "depth": 30, "width": 64, "batch": 64, "activation": "relu", "init": "he_normal"} | _ALL
_LSTM = {"cell": "lstm", "width": 64, "batch": 32, "data": "digits-pixels", "init": "xavier_normal"} | _ALL
CASES = (
    *(Case(f"mlp-{dtype}", _MLP | {"dtype": dtype}, 2.0) for dtype in ("float64", "float32")),
    *(Case(f"lstm-{dtype}", _LSTM | {"dtype": dtype}, 2.0) for dtype in ("float64", "float32")),
    *(Case(f"mlp-adam-{dtype}", _MLP | {"dtype": dtype, "optimizer": "adam"}) for dtype in ("float64", "float32")),
)


def main() -> None:
    """Measure the chosen cases, print a table for each, and which goals were missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="only the cases whose name contains NAME")
    parser.add_argument("--seconds", type=float, metavar="S", help=f"measure each case for S seconds ({SECONDS:g})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SECONDS:g} s a case: a first impression")
    arguments = parser.parse_args()
    chosen = [case for case in CASES if arguments.only is None or arguments.only in case.name]
    if not chosen:
        parser.error(f"no case is named {arguments.only!r}; there are: {', '.join(case.name for case in CASES)}")
    seconds = (QUICK_SECONDS if arguments.quick else SECONDS) if arguments.seconds is None else arguments.seconds
    # A BLAS reads these once, when NumPy is first imported: hence the late import.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    from report import print_goals, print_machine
    from train_report import print_training

    print_machine()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        results = [pool.submit(print_training, case, seconds) for case in chosen]
        print_goals([result for each in results for result in each.result()])


if __name__ == "__main__":
    main()

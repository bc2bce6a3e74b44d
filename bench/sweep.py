"""Measure sweeps side by side in one run: serial, two processes, Dask (where it is installed), by turns.

Also what one cell costs over its own computing: CPU time in this thread, and the time of a call that does nothing.
"""

from __future__ import annotations

import argparse
import operator
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from engine import THREADS

if TYPE_CHECKING:
    from gradtui_engine import Sweep

WORKERS, ROUNDS, QUICK_ROUNDS = 2, 5, 2
#: A pool of two processes does so many times the cells of one, at the least, on two quiet cores.
LEAST = 1.7


def plans(quick: bool) -> Mapping[str, Sweep]:
    """What is swept: gradients alone, and trainings."""
    from gradtui_engine import Axis, Experiment, Sweep, Training

    count = 6 if quick else 12
    base = Experiment(activation="tanh", sigma_b=0.05)
    axes = {"x": Axis.parse(f"sigma_w=0.8:1.8:{count}"), "y": Axis.parse("depth=10:40:4")}
    return {
        "gradients": Sweep(base=base, **axes),
        "trainings of 50": Sweep(base=base, **axes, training=Training(iterations=50), measures=("accuracy",)),
    }


@contextmanager
def executors() -> Iterator[dict[str, Executor | None]]:
    """Each up before anything is measured; Dask only where it is installed."""
    from gradtui_engine import Pool

    with ExitStack() as stack:
        made: dict[str, Executor | None] = {"serial": None, f"{WORKERS} processes": stack.enter_context(Pool(WORKERS))}
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            print("Dask is not installed: pip install 'gradtui[dask]'")
        else:
            cluster = LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None)
            client = stack.enter_context(Client(stack.enter_context(cluster)))
            made[f"Dask, {WORKERS} workers"] = client.get_executor()
        yield made


def seconds_of(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measured(sweep: Sweep, made: Mapping[str, Executor | None], rounds: int) -> dict[str, list[float]]:
    """Seconds of the whole sweep by each, in turns, so that whatever else the machine does meets all of them."""
    from gradtui_engine import run_sweep

    seconds: dict[str, list[float]] = {name: [] for name in made}
    for number in range(rounds + 1):
        for name, executor in made.items():
            taken = seconds_of(lambda executor=executor: list(run_sweep(sweep, executor)))  # type: ignore[misc]
            if number:  # the first one imports and warms up
                seconds[name].append(taken)
    return seconds


def own_share(sweep: Sweep) -> tuple[float, float]:
    """CPU seconds of a cell, and of its own computing alone: the least of five, in this thread."""
    from gradtui_engine import simulate
    from gradtui_engine.sweeps.cell import compute
    from gradtui_engine.training.trainer import Trainer

    i, j = sweep.shape[0] // 2, sweep.shape[1] // 2
    plain, experiment, training = sweep.plain(i, j), sweep.experiment_at(i, j), sweep.training_at(i, j)

    def alone() -> None:
        if training is None:
            simulate(experiment)
        else:
            trainer = Trainer(training.replace(validate_every=10**7), statistics=False)
            trainer.advance(training.iterations)
            trainer.validate()

    def least(work: Callable[[], object]) -> float:
        taken = []
        for _ in range(5):
            start = time.thread_time()
            work()
            taken.append(time.thread_time() - start)
        return min(taken)

    return least(lambda: compute(plain)), least(alone)


def calls(executor: Executor) -> float:
    """Milliseconds of a call that does nothing, of 200 of them one after the other."""
    for _ in range(5):
        executor.submit(operator.neg, 0).result()
    return 1e3 * statistics.median(seconds_of(lambda: executor.submit(operator.neg, 0).result()) for _ in range(200))


def main() -> None:
    """Print a table for each plan, and whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, metavar="N", help=f"rounds of all of them ({ROUNDS})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds of small planes")
    arguments = parser.parse_args()
    # A BLAS reads these once, when NumPy is first imported: hence the late imports.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    from report import print_machine

    print_machine()
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else ROUNDS)
    ratios = []
    with executors() as made:
        for title, sweep in plans(arguments.quick).items():
            cells = sweep.shape[0] * sweep.shape[1]
            whole, own = own_share(sweep)
            print(f"\n{title}: {cells} cells; one takes {1e3 * whole:.1f} ms of CPU, {1e3 * own:.1f} of them its own")
            seconds = measured(sweep, made, rounds)
            for name, taken in seconds.items():
                ratio = statistics.median(one / two for one, two in zip(seconds["serial"], taken, strict=True))
                print(f"  {name:<18} {cells / min(taken):7.1f} cells/s   × {ratio:.2f}")
                if name.endswith("processes"):
                    ratios.append(ratio)
        print()
        for name, executor in made.items():
            if executor is not None:
                print(f"a call that does nothing, {name}: {calls(executor):.2f} ms")
    met = min(ratios) >= LEAST
    print(f"\n{'goal met' if met else 'GOAL MISSED'}: {WORKERS} processes × {min(ratios):.2f}, wanted × {LEAST}")


if __name__ == "__main__":
    main()

"""What `gradtui why` says of the zoo: seeded faults and healthy trainings, recorded and judged."""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

SEEDS, PROCESSES = 3, 2
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class Row:
    """One training at one seed: what was seeded, what was found first, and what of it is right (None: not asked)."""

    name: str
    seed: int
    expected: str
    first: str
    first_right: bool
    among: bool
    layer: bool | None
    step: bool | None
    told: str

    @property
    def right(self) -> bool:
        return self.among and self.layer is not False and self.step is not False


def main() -> None:
    """Record and judge the trainings; print the matrix, then whatever is not right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one training of each kind, one seed: a first impression")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help=f"of each training ({SEEDS})")
    parser.add_argument("--first-seed", type=int, default=0, metavar="N", help="the first of them (0)")
    parser.add_argument("--held-out", action="store_true", help="the trainings that were written after the rules")
    parser.add_argument("--every", default="1", metavar="N", help="record each Nth step, or: auto (1)")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only the trainings whose name or kind has TEXT in it"
    )
    given = parser.parse_args()
    every = given.every if given.every == "auto" else int(given.every)
    os.environ.update(dict.fromkeys(THREADS, "1"))
    chosen = _chosen(given.held_out, given.quick, given.only)
    if not chosen:
        parser.error(f"no training has {given.only!r} in its name or kind")
    seeds = range(given.first_seed, given.first_seed + (1 if given.quick else given.seeds))
    start = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(row, name, seed, every) for name in chosen for seed in seeds]
        rows = [job.result() for job in jobs]
    print(f"{len(chosen)} trainings, {len(seeds)} seeds, every {every}; {time.perf_counter() - start:.0f} s")
    print_matrix(rows)
    print_wrong(rows)


def _chosen(held_out: bool, quick: bool, part: str) -> list[str]:
    trainings = _trainings(held_out)
    return [
        name
        for name, training in trainings.items()
        if (training.quick or not quick) and (part in name or part == training.kind)
    ]


def _trainings(held_out: bool) -> dict[str, object]:
    from tests.recorder.zoo.table import HELD_OUT, TRAININGS

    return {training.name: training for training in (HELD_OUT if held_out else TRAININGS)}


def row(name: str, seed: int, every: int | str) -> Row:
    """Record one training, and judge it."""
    import warnings

    from tests.recorder.zoo.judge import judge

    warnings.simplefilter("ignore")
    training = (_trainings(False) | _trainings(True))[name]
    with TemporaryDirectory(prefix="gradtui-why-") as directory:
        judged = judge(training, seed, Path(directory), every)
    expected = training.kind or HEALTHY
    first_right = judged.among if training.healthy else judged.first in training.kinds
    return Row(name, seed, expected, judged.first, first_right, judged.among, judged.layer, judged.step, str(judged))


def print_matrix(rows: Sequence[Row]) -> None:
    """For each kind that was seeded: how many were found first, at any place, in the right layer, at the right step."""
    print(f"\n{'seeded':<18}{'runs':>6}{'first':>8}{'among':>8}{'layer':>8}{'step':>8}   found first otherwise")
    kinds = [kind for kind in dict.fromkeys(row.expected for row in rows) if kind != HEALTHY]
    for kind in (*kinds, HEALTHY):
        of = [row for row in rows if row.expected == kind]
        if of:
            others = Counter(row.first for row in of if not row.first_right)
            print(_line(kind, of) + "   " + ", ".join(f"{name} {count}" for name, count in others.most_common()))
    faults = [row for row in rows if row.expected != HEALTHY]
    if faults:
        print(_line("all faults", faults))
    alarms = sum(not row.among for row in rows if row.expected == HEALTHY)
    print(f"false alarms: {alarms} of {len(rows) - len(faults)} healthy runs")


def _line(name: str, rows: Sequence[Row]) -> str:
    return (
        f"{name:<18}{len(rows):>6}{share(row.first_right for row in rows):>8}{share(row.among for row in rows):>8}"
        f"{share(row.layer for row in rows):>8}{share(row.step for row in rows):>8}"
    )


def share(right: Iterable[bool | None]) -> str:
    """How many of those that were asked."""
    asked = [each for each in right if each is not None]
    return f"{sum(asked)}/{len(asked)}" if asked else "–"


def print_wrong(rows: Sequence[Row]) -> None:
    """What was expected and what was found of each that is not right."""
    wrong = [row for row in rows if not row.right]
    print(f"\nnot right: {len(wrong)}")
    for each in wrong:
        print(f"\n{each.told}")


if __name__ == "__main__":
    main()

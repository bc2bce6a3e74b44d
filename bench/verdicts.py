"""Verdicts against short trainings: how often what is called healthy learns, and what is called otherwise does not."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

COUNT, ITERATIONS, PROCESSES = 200, 200, 2
#: A network has learnt if its loss on samples that it has not seen is below this share of the loss of guessing. The
#: loss of one that has not is known to 1 or 2 %; how far one gets that has is not for one iteration to tell.
LEARNT = 0.95
QUESTIONS = ("signal", "first_step")
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True, slots=True)
class Case:
    """One experiment, its verdict (a kind for each question), and the loss at the end of training over guessing."""

    command: str
    kinds: tuple[str, ...]
    severity: str
    ratio: float

    @property
    def learns(self) -> bool:
        return self.ratio < LEARNT

    def healthy(self, questions: Sequence[str]) -> bool:
        """Whether the answers to these questions are all healthy."""
        return all(kind == "healthy" for name, kind in zip(QUESTIONS, self.kinds, strict=True) if name in questions)


def main() -> None:
    """Draw, judge and train the experiments; print the matrices, a table of kinds, and what is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=COUNT, help=f"experiments ({COUNT})")
    parser.add_argument("--seed", type=int, default=0, help="which ones are drawn (0)")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help=f"of each training ({ITERATIONS})")
    given = parser.parse_args()
    # A BLAS reads these once, when NumPy is first imported: hence the late import in `case`.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    start = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(case, given.seed, index, given.iterations) for index in range(given.count)]
        cases = [job.result() for job in jobs]
    learnt = sum(each.learns for each in cases)
    print(f"{len(cases)} experiments, {learnt} learn: held-out loss under {LEARNT:g} of guessing")
    print(f"after {given.iterations} iterations; {time.perf_counter() - start:.0f} s")
    for questions in (*((name,) for name in QUESTIONS), QUESTIONS):
        print_matrix(questions, cases)
    for index, question in enumerate(QUESTIONS):
        print_kinds(question, [(each.kinds[index], each.learns) for each in cases])
    print_unexplained("healthy, does not learn", [each for each in cases if each.healthy(QUESTIONS) > each.learns])
    print_unexplained("not healthy, learns", [each for each in cases if each.healthy(QUESTIONS) < each.learns])


def case(seed: int, index: int, iterations: int) -> Case:
    """Draw experiment `index`, judge its first iteration, and train it."""
    import numpy as np

    from gradtui_engine import build
    from gradtui_engine.analysis.diagnosis import diagnose
    from short_training import train
    from verdict_draws import draw

    experiment = draw(np.random.default_rng([seed, index]))
    network = build(experiment)
    outcome = diagnose(network.run())
    kinds = {answer.question: answer.kind for answer in outcome.answers}
    ratio = train(network, iterations).ratio
    return Case(experiment.to_command(), tuple(kinds[name] for name in QUESTIONS), outcome.severity, ratio)


def print_matrix(questions: Sequence[str], cases: Sequence[Case]) -> None:
    """How many are called healthy and learn, and so on, with the shares of each row and column that agree."""
    table = {(healthy, learns): 0 for healthy in (True, False) for learns in (True, False)}
    for each in cases:
        table[each.healthy(questions), each.learns] += 1
    print(f"\n{' and '.join(questions):<24}{'learns':>8}{'does not':>10}   right")
    for healthy, name in ((True, "healthy"), (False, "not healthy")):
        right, wrong = table[healthy, healthy], table[healthy, not healthy]
        print(f"  {name:<22}{table[healthy, True]:>8}{table[healthy, False]:>10}   {share(right, right + wrong)}")
    found = [share(table[learns, learns], table[True, learns] + table[False, learns]) for learns in (True, False)]
    right = table[True, True] + table[False, False]
    print(f"  {'called so':<22}{found[0]:>8}{found[1]:>10}   {share(right, len(cases))} of all")


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def print_kinds(question: str, answers: Sequence[tuple[str, bool]]) -> None:
    """Of each kind of answer to a question: how many got it, and how many of them learn."""
    print(f"\n{question:<24}{'number':>8}{'learns':>10}")
    for kind in sorted({kind for kind, _ in answers}, key=lambda name: (name != "healthy", name)):
        learns = [learnt for name, learnt in answers if name == kind]
        print(f"  {kind:<22}{len(learns):>8}{share(sum(learns), len(learns)):>10}")


def print_unexplained(title: str, cases: Sequence[Case]) -> None:
    """The experiments that a verdict is wrong about, each as the command that shows it."""
    print(f"\n{title}: {len(cases)}")
    for each in sorted(cases, key=lambda one: one.ratio):
        name, *words = each.command.split(" ")
        print(f"  ×{each.ratio:<8.3g} {' / '.join(each.kinds):<24} {' '.join((name, 'run', *words))}")


if __name__ == "__main__":
    main()

"""How soon each cell learns to add: iterations until the mean square error on held-out samples is under 0.04.

Answering 1 without looking costs 1/6. Width 32, batch 64, Adam, clipped by norm 1. Prints a row for each cell and rate,
with a column for each number of steps: the median over the seeds, and all of them. From the repository's root:

    PYTHONPATH=engine python bench/tasks.py [--steps 30 100] [--seeds 3] [--most 2000] [--only GRU]
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import statistics
from typing import Any

from gradtui_engine import Experiment, Trainer, Training, TrainingHistory

#: The loss that counts as learnt, and the iterations between two looks at it.
LEARNT, EVERY = 0.04, 25
#: What is compared: name, fields of the experiment, learning rates. A ReLU's identity grows with large steps, and so
#: it is shown with a smaller rate as well.
ROWS: tuple[tuple[str, dict[str, Any], tuple[float, ...]], ...] = (
    ("RNN, orthogonal", {"cell": "rnn", "activation": "tanh", "init": "orthogonal"}, (3e-3,)),
    ("IRNN", {"cell": "rnn", "activation": "relu", "init": "identity"}, (3e-3, 1e-3)),
    ("GRU", {"cell": "gru"}, (3e-3,)),
    ("LSTM, forget bias 0", {"cell": "lstm", "forget_bias": 0.0}, (3e-3,)),
    ("LSTM, forget bias 1", {"cell": "lstm", "forget_bias": 1.0}, (3e-3,)),
    ("LSTM, forget bias 4", {"cell": "lstm", "forget_bias": 4.0}, (3e-3,)),
)


def learnt_after(fields: dict[str, Any], rate: float, steps: int, seed: int, most: int) -> int | None:
    """The iterations until it has learnt; None where `most` are not enough."""
    experiment = Experiment(
        **fields, data="adding", steps=steps, width=32, batch=64, seed=seed, optimizer="adam", learning_rate=rate,
        clip="norm", clip_threshold=1.0,
    )  # fmt: skip
    training = Training(experiment=experiment, iterations=most, validate_every=EVERY)
    history = TrainingHistory(Trainer(training, statistics=False))
    while not history.done:
        history.advance(EVERY)
        for row in history.validations:
            if row.loss < LEARNT:
                return row.iteration
    return None


def told(found: list[int | None], most: int) -> str:
    """450 (350 450 500): the median, and each; >2000 where one did not learn."""
    median = statistics.median(most + 1 if each is None else each for each in found)
    each = " ".join(f">{most}" if one is None else str(one) for one in found)
    return f"{f'>{most}' if median > most else round(median)} ({each})"


def main() -> None:
    parser = argparse.ArgumentParser(description="How soon each cell learns the adding problem.")
    parser.add_argument("--steps", type=int, nargs="+", default=[30])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=2000)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    print(f"{'cell':<22}{'rate':<8}" + "".join(f"T {steps:<24}" for steps in arguments.steps))
    for name, fields, rates in ROWS:
        if arguments.only.lower() not in name.lower():
            continue
        for rate in rates:
            print(f"{name:<22}{rate:<8}", end="", flush=True)
            for steps in arguments.steps:
                seeds = range(arguments.seeds)
                found = [learnt_after(fields, rate, steps, seed, arguments.most) for seed in seeds]
                print(f"{told(found, arguments.most):<26}", end="", flush=True)
            print()


if __name__ == "__main__":
    main()

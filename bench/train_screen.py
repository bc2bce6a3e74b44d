"""Measure training beside the screen: the real program on a real pty, its Train view open, beside the goals.

The same training in a process without a screen and on the screen, by turns; medians.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import statistics
import subprocess
import sys
import time

from pty_session import NUMBERS, Session
from screen_measures import NEXT, QUIET

#: (name, options of the experiment, iterations).
CASES = (
    ("mlp", ("--activation", "relu", "--init", "he_normal", "--learning-rate", "0.01"), 3000),
    ("lstm", ("--cell", "lstm", "--data", "adding", "--steps", "64", "--optimizer", "adam"), 600),
)
GOALS = {
    "seconds on the screen / without": 1 / 0.7,
    "ms between two frames": 1000 / 15,
    "ms from key to first changed byte": 50.0,
}
#: What stands in the line of the training when it has ended.
_ENDED = re.compile("■".encode())
_TRAIN = """
import os, sys, time
os.environ["OPENBLAS_NUM_THREADS"] = "1"
from gradtui_engine import Experiment, Trainer, Training, TrainingHistory
from gradtui_engine.experiment.experiment import options
texts = {name[2:].replace("-", "_"): text for name, text in zip(sys.argv[2::2], sys.argv[3::2])}
experiment = Experiment(**{name: options()[name].kind.parse(text) for name, text in texts.items()})
history = TrainingHistory(Trainer(Training(experiment=experiment, iterations=int(sys.argv[1]))))
start = time.perf_counter()
history.advance()
print(time.perf_counter() - start)
"""


def main() -> None:
    """Print a line for each measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", nargs="?", type=int, default=5, help="of each (default 5)")
    rounds = parser.parse_args().rounds
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians")
    for name, options, iterations in CASES:
        ratios, gaps = list[float](), list[float]()
        for _ in range(rounds):
            alone = _without(options, iterations)
            seconds, between = _on_screen(options, iterations)
            ratios.append(seconds / alone)
            gaps += between
        waits = _keys(options)
        spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
        _print(name, "seconds on the screen / without", statistics.median(ratios), spread)
        _print(name, "ms between two frames", statistics.median(gaps) * 1e3, f"longest {max(gaps) * 1e3:.0f}")
        note = f"{len(waits)} keys, longest {waits[-1] * 1e3:.0f}"
        _print(name, "ms from key to first changed byte", statistics.median(waits) * 1e3, note)


def _without(options: tuple[str, ...], iterations: int) -> float:
    """Seconds of the training in a process of its own, from the first iteration to the last."""
    command = [sys.executable, "-c", _TRAIN, str(iterations), *options]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _on_screen(options: tuple[str, ...], iterations: int) -> tuple[float, list[float]]:
    """Seconds from the key that trains to the sign that it has ended, and those between two frames."""
    with _opened(options, iterations) as session:
        first, before = len(session.wire.frames), len(session.wire.received)
        pressed = session.press(" ")
        while not _ENDED.search(session.wire.received, before) and time.perf_counter() < pressed + 120:
            session.pump(0.02)
        moments = [frame.at for frame in session.wire.frames[first:]]
        return moments[-1] - pressed, [later - sooner for sooner, later in itertools.pairwise(moments)]


def _keys(options: tuple[str, ...]) -> list[float]:
    """Seconds from a key that changes what is on the screen to the first byte after it, while it trains.

    A frame that was due anyway may be taken for the answer: the figure is a lower bound.
    """
    waits = []
    with _opened(options, 10**5) as session:
        session.press(" ")
        session.pump(1.0)
        for number in range(40):
            pressed = session.press(NEXT if number % 2 else "x")
            session.pump(5.0, until_byte=True)
            waits.append(time.perf_counter() - pressed)
            session.pump(0.1)
    return sorted(waits)


def _opened(options: tuple[str, ...], iterations: int) -> Session:
    session = Session(*options, "--view", "train", "--iterations", str(iterations))
    session.wait_for(NUMBERS)
    session.settle(3 * QUIET)
    return session


def _print(case: str, name: str, value: float, note: str) -> None:
    goal = GOALS[name]
    verdict = "met" if value <= goal else "MISSED"
    print(f"  {case:<6}{name:<35}{value:8.2f}  ≤ {goal:.2f} {verdict}  {note}", flush=True)


if __name__ == "__main__":
    main()

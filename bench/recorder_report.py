"""Measures one model with and without a recorder, and prints its table."""

from __future__ import annotations

import gc
import json
import math
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path

import torch

import gradtui
from recorder_models import MODELS, Training
from report import Result
from timing import LEAST_ROUNDS, Times, ratio

#: Steps of one turn, and those before them that do not count: the first one is looked at whoever watches, and leaves
#: memory and caches behind that cost the next two 5 ms of an LSTM's 15.
STEPS, BEFORE = 6, 3
MOST_ROUNDS = 101
BUDGET = 0.01
#: Steps of a training whose recorder says itself what it has cost: the first eight are looked at, which at +60 % are
#: paid after 480, and 33 µs in each step.
STEADY_STEPS = 1000
#: Steps shorter than this cannot keep the budget.
SHORT = 4e-3
PLAIN, LOOKED_AT, OTHERS, WANDB = "plain", "a step that is looked at", "another step", "wandb.watch, logged"

#: Watches a training for a turn; what it gives is called after each step.
Watcher = Callable[[Training], AbstractContextManager[Callable[[], object]]]


def print_machine() -> None:
    """Versions, and what the numbers mean."""
    wandb = "" if has_wandb() else "; wandb is not installed: no comparison with it"
    print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, one thread{wandb}")
    print("CPU time, medians; shares are medians of the rounds' ratios, with their quartiles.")


def has_wandb() -> bool:
    return find_spec("wandb") is not None


def print_model(name: str, seconds: float) -> list[Result]:
    """Time a model's steps in turns, print the table, and tell whether the recorder keeps its budget."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place, _wandb(place) as wandb:
        watchers: dict[str, Watcher] = {
            PLAIN: lambda training: nullcontext(lambda: None),
            LOOKED_AT: _recorded(place, every=1),
            OTHERS: _recorded(place, every=10**9),
        }
        if wandb is not None:
            watchers[WANDB] = wandb
        times = _measure(name, watchers, seconds)
        print(f"\n{name}: {(MODELS[name].__doc__ or '').rstrip('.')}; {len(times[PLAIN])} rounds")
        for watcher, values in times.items():
            more = "" if watcher == PLAIN else _more(times, watcher)
            print(f"  {watcher:<26}{statistics.median(values) * 1e3:9.3f} ms   {more}".rstrip(), flush=True)
        usual = statistics.median(times[OTHERS])
        interval = max(1, math.ceil((statistics.median(times[LOOKED_AT]) / usual - 1) / BUDGET))
        print(f"  one step in {interval} keeps {BUDGET:.0%}; {_bytes(Path(place)) / 1e3:.1f} kB an event")
        return _steady(name, Path(place))


def _measure(name: str, watchers: Mapping[str, Watcher], seconds: float) -> Times:
    """Seconds of CPU a step, of all of this process' threads, by round: each watcher's turn, in an order drawn anew."""
    start = time.perf_counter()
    torch.manual_seed(0)
    training = MODELS[name]()
    for _ in range(STEPS):
        training.step()
    times: dict[str, list[float]] = {watcher: [] for watcher in watchers}
    orders = random.Random(0)
    gc.collect()
    gc.freeze()
    for number in range(MOST_ROUNDS):
        if number >= LEAST_ROUNDS and time.perf_counter() - start > seconds:
            break
        for watcher in orders.sample(list(watchers), len(watchers)):
            with watchers[watcher](training) as after:
                for _ in range(BEFORE):
                    training.step()
                    after()
                begun = time.process_time()
                for _ in range(STEPS):
                    training.step()
                    after()
                times[watcher].append((time.process_time() - begun) / STEPS)
    gc.unfreeze()
    return times


def _more(times: Times, watcher: str) -> str:
    spread = ratio(times, watcher, PLAIN)
    low, median, high = ((value - 1) * 100 for value in (spread.low, spread.median, spread.high))
    micro = (statistics.median(times[watcher]) - statistics.median(times[PLAIN])) * 1e6
    return f"{median:+7.1f} %  ({low:+.1f} to {high:+.1f})  {micro:+9.0f} µs"


def _recorded(place: str, every: int) -> Watcher:
    @contextmanager
    def watched(training: Training) -> Iterator[Callable[[], object]]:
        with gradtui.watch(training.model, training.optimizer, f"{place}/every{every}.jsonl", every=every):
            yield lambda: None

    return watched


@contextmanager
def _wandb(place: str) -> Iterator[Watcher | None]:
    """wandb's own watch of gradients and weights, offline, every step logged; None where it is not installed."""
    if not has_wandb():
        yield None
        return
    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": place}
    import wandb

    run = wandb.init(project="recorder", dir=place)

    @contextmanager
    def watched(training: Training) -> Iterator[Callable[[], object]]:
        run.watch(training.model, log="all", log_freq=1)
        yield lambda: run.log({"step": 1})
        run.unwatch(training.model)

    yield watched
    run.finish()


def _bytes(place: Path) -> float:
    lines = (place / "every1.jsonl").read_text(encoding="utf-8").splitlines()
    return statistics.median(len(line) + 1 for line in lines if json.loads(line)["k"] == "step")


def _steady(name: str, place: Path) -> list[Result]:
    """A training of a steady loop, whose recorder chooses its steps: what it says itself that it has cost."""
    torch.manual_seed(0)
    training = MODELS[name]()
    path = place / "steady.jsonl"
    with gradtui.watch(training.model, training.optimizer, path, budget=BUDGET):
        for _ in range(STEADY_STEPS):
            training.step()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    end, looked_at = lines[-1], sum(line["k"] == "step" for line in lines)
    share, step = end["own"] / end["wall"], end["wall"] / STEADY_STEPS
    text = (
        f"says itself {share:.2%} of {end['wall']:.1f} s: {looked_at} of {STEADY_STEPS} steps, {step * 1e3:.1f} ms each"
    )
    if step < SHORT:
        print(f"  {text}  (shorter than {SHORT * 1e3:g} ms: no goal)", flush=True)
        return []
    result = Result(name, text, share <= BUDGET)
    print(f"  {text}  ≤ {BUDGET:.0%} {'met' if result.met else 'MISSED'}", flush=True)
    return [result]

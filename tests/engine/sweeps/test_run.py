"""A sweep computed: the same cells on every executor, none lost, and an end within a second."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gradtui_engine import Experiment, Pool, Sweep, Training, run_sweep
from gradtui_engine.sweeps import run as runs
from gradtui_engine.sweeps import stopping
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.run import ATTEMPTS
from gradtui_engine.sweeps.store import FILE

from . import plans
from .plans import SMALL, TRAINED, by_place, contents

#: Cells of minutes.
LONG = Sweep(
    base=Experiment(depth=3, width=16), x=Axis.parse("gain=0.5,1"), measures=("loss",),
    training=Training(iterations=10**6),
)  # fmt: skip


class Plainly(Executor):
    """An executor of somebody's own: calls go over a wire of JSON, one at a time, when somebody asks."""

    def __init__(self) -> None:
        self.most = self.open = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.open += 1
        self.most = max(self.most, self.open)

        def compute() -> None:
            (plain,) = args
            result = fn(json.loads(json.dumps(plain)))
            self.open -= 1
            future.set_result(json.loads(json.dumps(result, allow_nan=False)))

        threading.Timer(0.001, compute).start()
        return future


class Broken(Executor):
    """One that breaks at the first call and stays so, as ProcessPoolExecutor does: whatever was under way is lost."""

    def __init__(self, after: int) -> None:
        self.after, self.calls = after, 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls += 1
        if self.calls > self.after:
            raise BrokenExecutor("a child process terminated abruptly")
        future: Future[Any] = Future()
        future.set_exception(BrokenExecutor("a child process terminated abruptly"))
        return future


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as made:
        yield made


@pytest.mark.parametrize("sweep", [SMALL, TRAINED], ids=["runs", "trainings"])
def test_every_executor_comes_to_the_same_cells_to_the_bit(sweep: Sweep, pool: Pool) -> None:
    here = contents(run_sweep(sweep))
    assert len(here) == 6
    with ThreadPoolExecutor(3) as threads:
        assert contents(run_sweep(sweep, threads)) == here
    assert contents(run_sweep(sweep, pool)) == here
    assert contents(run_sweep(sweep, Plainly())) == here


def test_no_more_cells_are_under_way_than_the_window_has_room_for() -> None:
    sweep = SMALL.replace(x=Axis.parse("sigma_w=1:2:20"))
    for window, most in ((3, 3), (1, 1), (None, 40)):
        executor = Plainly()
        assert len(list(run_sweep(sweep, executor, window=window))) == 40
        assert executor.most <= most


def test_a_cell_that_kills_its_worker_has_a_reason_and_the_others_come(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runs, "compute", plans.dies_in_the_corner)
    cells = by_place(run_sweep(SMALL, pool, tmp_path))
    assert len(cells) == 6
    assert {place for place, cell in cells.items() if cell.reason} == {(0, 1)}
    assert f"ended {ATTEMPTS} times" in cells[0, 1].reason
    assert "SIGKILL" in cells[0, 1].reason
    assert not cells[0, 1].lasting
    # Whatever it was may have passed: those are tried again, the others are known.
    monkeypatch.undo()
    again = by_place(run_sweep(SMALL, pool, tmp_path))
    assert contents(again.values()) == contents(run_sweep(SMALL))
    assert {place for place, cell in again.items() if not cell.known} == {(0, 1)}


def test_workers_that_are_killed_by_others_cost_time_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every cell's worker is killed once, whatever it computes."""
    with monkeypatch.context() as patch, Pool(2) as own:
        patch.setattr(runs, "compute", plans.dies_once)
        patch.setenv("GRADTUI_TEST", str(tmp_path))
        cells = list(run_sweep(SMALL.replace(y=None), own))
    assert len(list(tmp_path.iterdir())) == 3
    assert contents(cells) == contents(run_sweep(SMALL.replace(y=None)))


def test_an_executor_that_breaks_for_good_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    class Threads(ThreadPoolExecutor):
        """In place of processes, which take a second to come up."""

    monkeypatch.setattr(runs, "Pool", Threads)
    executor = Broken(after=4)
    assert contents(run_sweep(SMALL, executor, window=4)) == contents(run_sweep(SMALL))


def test_of_many_cells_that_were_under_way_the_one_that_breaks_it_is_found() -> None:
    """Others lose all cells under way; then they are tried one by one."""

    class Loses(Executor):
        """Cells wait until three are there; the one of depth 6 and σ_w 1.5 takes all with it."""

        def __init__(self) -> None:
            self.waiting: list[tuple[Future[Any], Any]] = []
            self.alone = False

        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            self.waiting.append((future, args[0]))
            if len(self.waiting) == 3 or self.alone:
                waiting, self.waiting = self.waiting, []
                breaks = any(plain["experiment"] | culprit == plain["experiment"] for _, plain in waiting)
                self.alone = self.alone or breaks
                for each, plain in waiting:
                    if breaks:
                        each.set_exception(BrokenExecutor("gone"))
                    else:
                        each.set_result(fn(plain))
            return future

    culprit = {"depth": 6, "sigma_w": 1.5}
    cells = by_place(run_sweep(SMALL, Loses(), window=3))
    assert {place for place, cell in cells.items() if cell.failed} == {(1, 1)}
    assert "gone" in cells[1, 1].reason


def test_what_an_executor_itself_raises_is_a_reason() -> None:
    class Odd(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(ConnectionError("the scheduler is gone"))
            return future

    cells = list(run_sweep(SMALL, Odd()))
    assert len(cells) == 6
    assert all("ConnectionError: the scheduler is gone" in cell.reason and not cell.lasting for cell in cells)


@pytest.mark.parametrize("where", ["here", "threads", "processes"])
def test_to_stop_it_takes_less_than_a_second(where: str, pool: Pool) -> None:
    executor = {"here": None, "threads": ThreadPoolExecutor(2), "processes": pool}[where]
    # Its workers are up, and in the middle of a cell then.
    list(run_sweep(SMALL, pool))
    stops = time.monotonic() + 0.3
    assert list(run_sweep(LONG, executor, stop=lambda: time.monotonic() > stops)) == []
    assert time.monotonic() - stops < 1
    if isinstance(executor, ThreadPoolExecutor):
        executor.shutdown()  # threads are waited for: they have stopped, too
    assert time.monotonic() - stops < 2
    if where != "processes":  # those are remembered until their workers have ended
        assert not stopping._stopped


def test_to_close_it_stops_it_as_well_and_nothing_is_lost(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        cells = run_sweep(SMALL, threads, tmp_path)
        first = next(cells)
        cells.close()  # type: ignore[attr-defined]
    assert not first.known
    kept = len((tmp_path / FILE).read_text().splitlines())
    assert kept >= 1
    again = list(run_sweep(SMALL, store=tmp_path))
    assert sum(cell.known for cell in again) == kept
    assert len(again) == 6


#: A program that is killed in the middle of a sweep.
SCRIPT = """
import sys
sys.path.insert(0, {root!r})
from gradtui_engine import Pool, run_sweep
from tests.engine.sweeps.test_run import MANY
for cell in run_sweep(MANY, Pool(2), {folder!r}):
    print(cell.i, cell.j, flush=True)
"""
MANY = SMALL.replace(x=Axis.parse("sigma_w=0.5:2.5:60"))


def test_a_sweep_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    path, folder = tmp_path / "script.py", tmp_path / "store"
    path.write_text(SCRIPT.format(root=str(Path(__file__).parents[3]), folder=str(folder)))
    with subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        said = [program.stdout.readline() for _ in range(8)]
        os.kill(program.pid, signal.SIGKILL)
        program.wait()
    assert all(said)
    cells = list(run_sweep(MANY, store=folder))
    assert 8 <= sum(cell.known for cell in cells) < 120
    assert contents(cells) == contents(run_sweep(MANY))

"""The pool of processes: what a worker's death costs, what it may take, and that none is left behind."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path

import numpy as np
import pytest

from gradtui_engine import Pool
from gradtui_engine.core import allowances
from gradtui_engine.core.allowances import Allowances, current
from gradtui_engine.sweeps.pool import ONE_THREAD, WorkerDied, machine_memory

#: Longer than any of this takes on a busy machine; nothing waits so long where all is well.
PATIENCE = 60


# -- what the workers are asked; top level, as they import it ----------------------------------------------------


def itself(value: object) -> object:
    return value


def environment() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in ONE_THREAD}


def allowed() -> Allowances:
    return current()


def process() -> int:
    print("what a call prints is no answer")
    return os.getpid()


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def raises() -> None:
    raise KeyError("this")


def unpicklable() -> object:
    return lambda: 0


def allocates(size: int) -> int:
    return int(np.ones(size, dtype=np.uint8).sum())


def works_for_minutes(mark: str) -> None:
    Path(mark).write_text(str(os.getpid()))
    time.sleep(300)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as made:
        yield made


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and was waited for is none."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def until(condition: object) -> None:
    """Waits until something is so; the test's time runs out where it never is."""
    end = time.monotonic() + PATIENCE
    tick = threading.Event()
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        tick.wait(0.01)


def test_calls_come_to_what_they_return_or_raise(pool: Pool) -> None:
    assert list(pool.map(itself, range(5), timeout=PATIENCE)) == list(range(5))
    with pytest.raises(KeyError, match="this"):
        pool.submit(raises).result(PATIENCE)
    with pytest.raises(RuntimeError, match="cannot be sent"):
        pool.submit(unpicklable).result(PATIENCE)
    assert pool.submit(itself, "goes on").result(PATIENCE) == "goes on"


def test_a_worker_has_one_thread_and_may_print(pool: Pool) -> None:
    assert set(pool.submit(environment).result(PATIENCE).values()) == {"1"}
    assert pool.submit(process).result(PATIENCE) in pool.processes


def test_a_worker_that_dies_costs_its_own_call_and_is_made_anew(pool: Pool) -> None:
    calls = [pool.submit(killed if number == 3 else itself, *([] if number == 3 else [number])) for number in range(8)]
    results = [call.exception(PATIENCE) or call.result() for call in calls]
    assert isinstance(results[3], WorkerDied)
    assert isinstance(results[3], BrokenExecutor)
    assert "SIGKILL" in str(results[3])
    assert results[:3] + results[4:] == [0, 1, 2, 4, 5, 6, 7]
    assert len(pool.processes) <= 2


def test_to_cancel_a_call_ends_it_within_a_second_and_the_pool_goes_on(pool: Pool, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    call = pool.submit(works_for_minutes, str(mark))
    until(lambda: mark.exists() and mark.read_text())
    start = time.monotonic()
    assert call.cancel()
    assert isinstance(call.exception(PATIENCE), WorkerDied)
    assert time.monotonic() - start < 1
    until(lambda: not is_there(int(mark.read_text())))
    assert pool.submit(itself, 7).result(PATIENCE) == 7


def test_memory_beyond_what_a_call_may_take_is_an_error_and_the_worker_lives() -> None:
    with Pool(1, memory=200 * 2**20) as pool:
        first = pool.submit(process).result(PATIENCE)
        assert pool.submit(allocates, 50 * 2**20).result(PATIENCE) == 50 * 2**20
        with pytest.raises(MemoryError):
            pool.submit(allocates, 400 * 2**20).result(PATIENCE)
        assert pool.submit(process).result(PATIENCE) == first


def test_without_a_limit_of_its_own_a_worker_has_its_share_of_the_machine() -> None:
    machine = machine_memory()
    assert 2**20 < machine < math.inf
    assert Pool(1).memory == max(2**29, machine)
    assert Pool(4).memory == max(2**29, machine / 4)
    assert Pool(10_000).memory == 2**29
    assert Pool(1, memory=math.inf).memory == math.inf


def test_what_is_allowed_here_is_what_workers_may_do(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Allowances(tables=False, largest_trace=2**20, iterations=50)
    monkeypatch.setattr(allowances, "_in_force", limits)
    with Pool(1) as pool:
        assert pool.submit(allowed).result(PATIENCE) == limits


def test_a_pool_that_is_shut_down_takes_no_more_and_leaves_no_process() -> None:
    pool = Pool(2)
    ids = {pool.submit(process).result(PATIENCE) for _ in range(2)}
    pool.shutdown()
    assert not [pid for pid in ids if is_there(pid)]
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(itself, 1)
    with pytest.raises(ValueError, match="workers: 0 given"):
        Pool(0)


def test_to_shut_down_with_calls_under_way_gives_them_up(tmp_path: Path) -> None:
    mark, pool = tmp_path / "mark", Pool(1)
    calls = [pool.submit(works_for_minutes, str(mark)) for _ in range(3)]
    until(lambda: mark.exists() and mark.read_text())
    pool.shutdown(cancel_futures=True)
    assert all(call.done() for call in calls)
    assert not is_there(int(mark.read_text()))


#: A program without a guard for its main module, as people write them.
SCRIPT = """
import sys
sys.path.insert(0, {root!r})
from gradtui_engine import Pool
from gradtui_engine.core import allowances
from gradtui_engine.core.allowances import Allowances, current
from tests.engine.sweeps.test_pool import itself, works_for_minutes
pool = Pool(2)
print(list(pool.map(itself, range(4))), flush=True)
{end}
"""


def script(tmp_path: Path, end: str) -> subprocess.Popen[str]:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(root=str(Path(__file__).parents[3]), end=end))
    return subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, text=True)


def test_it_works_from_a_script_without_a_guard_that_forgets_to_close_it(tmp_path: Path) -> None:
    with script(tmp_path, "print(*pool.processes)") as program:
        said, _ = program.communicate(timeout=PATIENCE)
    assert said.splitlines()[0] == "[0, 1, 2, 3]"
    assert program.returncode == 0
    until(lambda: not [pid for pid in map(int, said.splitlines()[1].split()) if is_there(pid)])


def test_workers_end_with_a_program_that_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with script(tmp_path, f"pool.submit(works_for_minutes, {str(mark)!r}).result()") as program:
        until(lambda: mark.exists() and mark.read_text())
        program.kill()
        program.wait()
        until(lambda: not is_there(int(mark.read_text())))

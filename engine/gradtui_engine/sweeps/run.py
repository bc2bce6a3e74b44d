"""A sweep computed: cells as they are finished, those that are known first, on any `concurrent.futures.Executor`."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.message import Message, Verbatim
from ..core.problems import ExperimentError
from . import stopping
from .cell import KEPT, STOPPED, Cell, compute, failed
from .pool import Pool, WorkerDied
from .store import Store
from .sweep import Sweep

#: Cells under way at a time: enough for 32 workers to have the next one waiting, and few to be taken back.
WINDOW = 64
#: Seconds between two looks at whether somebody has stopped it.
_LOOK = 0.05
#: How often a cell is tried whose worker died: something else may have ended it.
ATTEMPTS = 3

Result = Mapping[str, Any]
Place = tuple[int, int]


def never() -> bool:
    """Nobody stops it."""
    return False


@dataclass
class _Work:
    """A cell that is to be computed."""

    place: Place
    key: str
    plain: dict[str, Any]
    attempts: int = 0


def run(
    sweep: Sweep,
    executor: Executor | None = None,
    store: str | Path | None = None,
    *,
    stop: Callable[[], bool] = never,
    window: int | None = None,
    memory: int | None = None,
    only: Collection[Place] | None = None,
) -> Iterator[Cell]:
    """The cells of a sweep, each once, in the order in which they are finished; those that the store knows first.

    Without an executor cells are computed here, one by one. A cell that cannot be computed is a Cell with a reason. At
    most `window` cells are under way; stop is asked all the time: once it says so, cells under way are given up and
    nothing more comes, within a second. What closes the generator does the same. memory: bytes that a cell's trace may
    take. only: these cells alone, where the others are there already. Nothing of the executor is shut down: that is
    its owner's. Raises ExperimentError where the store cannot be used, behind the cell that it has not taken.
    """
    kept = Store(store) if store is not None else None
    with closing(kept) if kept is not None else nullcontext():
        known = {} if kept is None else kept.results()
        todo: deque[_Work] = deque()
        name = uuid.uuid4().hex
        for i, j in sweep.cells():
            if stop():
                return
            if only is not None and (i, j) not in only:
                continue
            key = sweep.key(i, j)
            cell = _known(sweep, i, j, known.get(key))
            if cell is not None:
                yield cell
                continue
            todo.append(_Work((i, j), key, {**sweep.plain(i, j), "memory": memory, "run": name}))
        if not todo:
            return
        way = _serially(todo, stop, name) if executor is None else _Under(executor, todo, stop, name, window).results()
        with closing(way):
            for work, result in way:
                cell = Cell.of(*work.place, sweep.measures, result)
                if kept is not None:
                    try:
                        kept.add(work.key, work.plain, result)
                    except ExperimentError:
                        yield cell
                        raise
                yield cell


def _known(sweep: Sweep, i: int, j: int, row: Result | None) -> Cell | None:
    """The cell that a store's line tells of; None where there is none to be used."""
    if row is None or row.get("status") not in KEPT:
        return None
    try:
        return Cell.of(i, j, sweep.measures, row, known=True)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _serially(todo: deque[_Work], stop: Callable[[], bool], name: str) -> Generator[tuple[_Work, Result], None, None]:
    with stopping.asked(name, stop):
        while todo and not stop():
            work = todo.popleft()
            result = compute(work.plain)
            if result["status"] == STOPPED:
                return
            yield work, result


@dataclass
class _Under:
    """Cells under way on an executor."""

    executor: Executor
    todo: deque[_Work]
    stop: Callable[[], bool]
    name: str
    window: int | None
    #: Cells whose worker died: they are tried one by one, so that the one that kills is found.
    suspects: deque[_Work] = field(default_factory=deque)
    pending: dict[Future[Any], _Work] = field(default_factory=dict)
    #: The pool that stands in for an executor that broke for good.
    own: Pool | None = None

    def results(self) -> Generator[tuple[_Work, Result], None, None]:
        try:
            while (self.todo or self.suspects or self.pending) and not self.stop():
                self._submit()
                done, _ = wait(self.pending, timeout=_LOOK, return_when=FIRST_COMPLETED)
                for future in done:
                    work = self.pending.pop(future)
                    result = self._result(future, work)
                    if result is not None:
                        yield work, result
        finally:
            self._give_up()

    def _submit(self) -> None:
        most = self.window or int(getattr(self.executor, "window", WINDOW))
        while True:
            if self.suspects:
                if self.pending:
                    return
                work = self.suspects.popleft()
            elif self.todo and len(self.pending) < most:
                work = self.todo.popleft()
            else:
                return
            try:
                future = self.executor.submit(compute, work.plain)
            except BrokenExecutor:
                # It stays broken, whoever made it: a pool of this program's own goes on.
                self.own = Pool(getattr(self.executor, "_max_workers", None))
                self.executor = self.own
                future = self.executor.submit(compute, work.plain)
            self.pending[future] = work

    def _result(self, future: Future[Any], work: _Work) -> Result | None:
        """What a cell has come to; None where it is to be tried again."""
        try:
            result = future.result()
            return None if result["status"] == STOPPED else result
        except (BrokenExecutor, CancelledError) as error:
            work.attempts += 1
            if work.attempts < ATTEMPTS:
                # A pool of ours knows which one it was; of others each one under way may have been.
                (self.todo if isinstance(error, WorkerDied) else self.suspects).append(work)
                return None
            return failed(
                Message("the process that computed it ended {count} times: {problem}",
                        count=work.attempts, problem=Verbatim(str(error)))
            )  # fmt: skip
        except Exception as error:
            return failed(f"{type(error).__name__}: {error}")

    def _give_up(self) -> None:
        """Nothing of it goes on: cells that threads compute here, those of a pool, those that wait elsewhere."""
        stopping.stop(self.name, list(self.pending))
        for future in self.pending:
            future.cancel()
        if self.own is not None:
            self.own.shutdown(wait=False, cancel_futures=True)

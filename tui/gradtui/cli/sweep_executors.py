"""Where the cells of a sweep are computed: one row each, by name; nothing of Dask is loaded before it is asked for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING

from gradtui_engine.sweeps.pool import Pool, cores

from .sweep_plan import DASK, PROCESSES, SERIAL, THREADS

if TYPE_CHECKING:
    from .sweep_plan import SweepOptions

#: Gives an executor for as long as it is needed.
Opened = Callable[["SweepOptions"], contextlib.AbstractContextManager[Executor]]
#: What threads that compute cells are called; the seconds that each has to end by itself.
_THREADS, _MOMENT = "gradtui sweep", 0.1


class _OneByOne(ThreadPoolExecutor):
    """One thread, which is given the next cell once the one before has been told."""

    window = 1


def executor_of(options: SweepOptions) -> contextlib.AbstractContextManager[Executor]:
    """The executor that is asked for. Raises ExperimentError where there is none to be had."""
    return _ROWS[DASK if options.address is not None else options.executor](options)


def _serial(options: SweepOptions) -> contextlib.AbstractContextManager[Executor]:
    """Cells one after the other; in a thread, so that whoever waits for a long one can end it."""
    return _in_threads(_OneByOne(1, _THREADS))


def _threads(options: SweepOptions) -> contextlib.AbstractContextManager[Executor]:
    return _in_threads(ThreadPoolExecutor(options.workers or cores(), _THREADS))


@contextlib.contextmanager
def _in_threads(pool: Executor) -> Iterator[Executor]:
    try:
        yield pool
    finally:
        # A thread looks between two array operations whether it is to end, and one may take seconds: see `still_busy`.
        pool.shutdown(wait=False, cancel_futures=True)


def still_busy() -> bool:
    """Whether a thread is in the middle of a cell that has been given up."""
    threads = [thread for thread in threading.enumerate() if thread.name.startswith(_THREADS)]
    for thread in threads:
        thread.join(_MOMENT)
    return any(thread.is_alive() for thread in threads)


@contextlib.contextmanager
def _processes(options: SweepOptions) -> Iterator[Executor]:
    pool = Pool(options.workers)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _dask(options: SweepOptions) -> contextlib.AbstractContextManager[Executor]:
    from .sweep_dask import dask_executor

    return dask_executor(options.address, options.workers or cores())


_ROWS: Mapping[str, Opened] = {SERIAL: _serial, THREADS: _threads, PROCESSES: _processes, DASK: _dask}

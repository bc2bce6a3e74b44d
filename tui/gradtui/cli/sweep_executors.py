"""Where the cells of a sweep are computed: one row each, by name; nothing of Dask is loaded before it is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING

from gradtui_engine.sweeps.pool import Pool, cores

from .sweep_plan import DASK, PROCESSES, SERIAL, THREADS

if TYPE_CHECKING:
    from .sweep_plan import SweepOptions

#: Gives an executor for as long as it is needed; None: no executor, cells one after the other.
Opened = Callable[["SweepOptions"], contextlib.AbstractContextManager[Executor | None]]


def executor_of(options: SweepOptions) -> contextlib.AbstractContextManager[Executor | None]:
    """The executor that is asked for. Raises ExperimentError where there is none to be had."""
    return _ROWS[DASK if options.address is not None else options.executor](options)


@contextlib.contextmanager
def _serial(options: SweepOptions) -> Iterator[None]:
    yield None


@contextlib.contextmanager
def _threads(options: SweepOptions) -> Iterator[Executor]:
    with _ended(ThreadPoolExecutor(options.workers or cores(), "gradtui sweep")) as pool:
        yield pool


@contextlib.contextmanager
def _processes(options: SweepOptions) -> Iterator[Executor]:
    with _ended(Pool(options.workers)) as pool:
        yield pool


@contextlib.contextmanager
def _ended(executor: Executor) -> Iterator[Executor]:
    """However it ends, nothing goes on: what is under way has been given up, or is done."""
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _dask(options: SweepOptions) -> contextlib.AbstractContextManager[Executor]:
    from .sweep_dask import dask_executor

    return dask_executor(options.address, options.workers or cores())


_ROWS: Mapping[str, Opened] = {SERIAL: _serial, THREADS: _threads, PROCESSES: _processes, DASK: _dask}

"""Dask for sweeps: a cluster of this machine's processes, or a scheduler that runs already. Loaded when asked for."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import signal
import sys
import types
from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem

#: Seconds to wait for a scheduler's answer, for a cluster's start, and for its end.
PATIENCE, _START, _END = 5.0, 60.0, 0.2
#: The extra that has it.
EXTRA = "pip install 'gradtui[dask]'"


@contextlib.contextmanager
def dask_executor(address: str | None, workers: int) -> Iterator[Executor]:
    """An executor on the scheduler at an address; without one on as many processes of this machine, one thread each.

    Raises ExperimentError where Dask is not installed, nobody answers, or who answers has no workers.
    """
    option = "--executor" if address is None else "--address"
    if importlib.util.find_spec("distributed") is None:
        raise ExperimentError([Problem(option, Message("needs Dask: {command}", command=EXTRA))])
    import distributed

    with contextlib.ExitStack() as stack:
        stack.enter_context(_silence())
        if address is None:
            stack.enter_context(_no_main())
            where: Any = _cluster(distributed, workers)
            stack.callback(_closed, where)
        else:
            where = address
            _ask(distributed, address)
        client = distributed.Client(where, timeout=_START, set_as_default=False)
        stack.callback(_closed, client)
        if address is None:
            stack.callback(_kill, where)
        # pure: no two cells are one, whatever they are called with.
        yield client.get_executor(pure=False)


def _cluster(distributed: Any, workers: int) -> Any:
    """A scheduler and workers on loopback. A cell whose worker dies is not Dask's to try again: the sweep does."""
    import dask

    dask.config.set({"distributed.scheduler.allowed-failures": 0})
    return distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1",
        silence_logs=logging.CRITICAL,
    )  # fmt: skip


def _ask(distributed: Any, address: str) -> None:
    """Whether a scheduler with workers is there. Raises ExperimentError.

    A client would wait for ten seconds more before it gave up, and believe whatever server answers.
    """
    try:
        about = asyncio.run(asyncio.wait_for(_identity(distributed, address), PATIENCE))
        workers = about["workers"]
    except ValueError:
        message = Message("{given} is no address of a scheduler, such as tcp://10.0.0.1:8786", given=repr(address))
        raise ExperimentError([Problem("--address", message)]) from None
    except Exception:
        message = Message(
            "no Dask scheduler answers at {given} within {seconds} s; {command} starts one",
            given=repr(address), seconds=round(PATIENCE), command="dask scheduler",
        )  # fmt: skip
        raise ExperimentError([Problem("--address", message)]) from None
    if not workers:
        message = Message(
            "the scheduler at {given} has no workers; {command} starts one",
            given=repr(address), command=f"dask worker {address}",
        )  # fmt: skip
        raise ExperimentError([Problem("--address", message)])


async def _identity(distributed: Any, address: str) -> Any:
    if "://" not in address:
        raise ValueError(address)
    from distributed.comm import connect

    comm = await connect(address, timeout=PATIENCE)
    try:
        await comm.write({"op": "identity", "reply": True})
        return await comm.read()
    finally:
        comm.abort()


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What Dask says of workers that end is told cell by cell here."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextlib.contextmanager
def _no_main() -> Iterator[None]:
    """Workers import what they compute and not this program's `__main__`, as `spawn` has them do, guarded or not."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _kill(cluster: Any) -> None:
    """The workers, by force: one that is in the middle of a cell would be waited for, for ten seconds."""
    with contextlib.suppress(Exception):
        for nanny in cluster.workers.values():
            nanny.auto_restart = False
            os.kill(nanny.process.pid, signal.SIGKILL)


def _closed(end: Any) -> None:
    with contextlib.suppress(Exception):  # it is to end: what is wrong with that is nobody's matter any more
        end.close(timeout=_END)

"""What happens beside the screen: computations in one worker thread, and the signals that end the program."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from textual.message import Message

from gradtui_engine import Experiment, ExperimentError, Trace, simulate


class Simulated(Message):
    """A worker's result: the trace of an experiment, or what is wrong with it."""

    def __init__(self, asked: Experiment, trace: Trace | None, problem: str) -> None:
        super().__init__()
        self.asked, self.trace, self.problem = asked, trace, problem


def compute(experiment: Experiment) -> Simulated:
    """Run an experiment, with all that every view reads, so that the screen does not wait for it later."""
    try:
        trace = simulate(experiment)
        _ = trace.outcome, trace.steps, trace.updates
    except ExperimentError as error:
        return Simulated(experiment, None, str(error).replace("\n", "; "))
    except MemoryError:
        return Simulated(experiment, None, "not enough memory for this size")
    return Simulated(experiment, trace, "")


class _Impatient(ThreadPoolExecutor):
    """Does not wait for a computation that nobody wants any more: `q` quits at once, whatever is being computed."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=True)


def prepare(leave: Callable[[int], object]) -> None:
    """Set up the running event loop: one worker thread (a trace may take 2 GiB), and `leave(status)` on signals."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_Impatient(max_workers=1, thread_name_prefix="simulate"))
    for name in ("SIGTERM", "SIGHUP"):
        # Not on Windows, nor outside of the main thread; there the terminal is left as the signal leaves it.
        with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
            number = getattr(signal, name)
            loop.add_signal_handler(number, leave, 128 + number)

"""Who is measured: the engine, its limit, a plain NumPy step and PyTorch, on the same network and batch."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradtui_engine.network import Network
from gradtui_engine.numerics import Array, norm
from gradtui_engine.trace import Trace
from limits import LIMITS
from plain import PLAIN

RECORDED, TORCH, PLAIN_NAME = "recorded", "torch", "plain numpy"
#: Appended to the name of a contestant that also collects the activation statistics.
STATISTICS = " + activation statistics"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a contestant has computed, to be compared: the loss and the gradient of the first parameter."""

    loss: float
    gradient: Array


Step = Callable[[], Answer]

# Largest relative differences between contestants, which sum in different orders through 50 layers.
_TOLERANCE = {"float32": 1e-3, "float64": 1e-10}


def steps(network: Network) -> dict[str, Step]:
    """The contestants that compute the loss and all gradients, by name. PyTorch's only if it is installed."""
    cell = network.experiment.cell
    found: dict[str, Step] = {
        RECORDED: lambda: _recorded(network, statistics=False),
        RECORDED + STATISTICS: lambda: _recorded(network, statistics=True),
        PLAIN_NAME: _answering(PLAIN[cell](network)),
    }
    if has_torch():
        from torch_rival import RIVALS

        found[TORCH] = _answering(RIVALS[cell](network, statistics=False))
        found[TORCH + STATISTICS] = _answering(RIVALS[cell](network, statistics=True))
    return found


def limits(network: Network) -> dict[str, Callable[[], None]]:
    """The bare matrix products, by memory layout."""
    return LIMITS[network.experiment.cell](network)


def has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def check(found: dict[str, Step], dtype: str) -> None:
    """Assert that all contestants compute the same thing, or the comparison would mean nothing."""
    tolerance = _TOLERANCE[dtype]
    expected = found[RECORDED]()
    scale = norm(expected.gradient)
    assert scale > 0, "the gradient has vanished: choose another experiment"
    for name, step in found.items():
        answer = step()
        difference = norm(np.asarray(answer.gradient - expected.gradient)) / scale
        assert abs(answer.loss / expected.loss - 1) <= tolerance, f"{name}: loss {answer.loss}, not {expected.loss}"
        assert difference <= tolerance, f"{name}: gradient off by {difference:.1e} of its norm"


def _recorded(network: Network, statistics: bool) -> Answer:
    """The engine: one run and all that the stages tell about the gradient (and about the signal)."""
    trace = network.run()
    _told(trace)
    if statistics:
        for stage in trace.stages:
            _ = stage.activation
    return Answer(trace.loss, next(iter(trace.parameter_gradients.values())))


def _told(trace: Trace) -> tuple[list[object], list[float]]:
    """All of the stages but the signal, and the norm of each parameter's gradient."""
    rows: list[object] = [
        (each.gradient_norm, each.gradient_rms, each.factor, dict(each.factors), each.cell_gradient_norm)
        for each in trace.stages
    ]
    return rows, [norm(array) for array in trace.parameter_gradients.values()]


def _answering(step: Callable[[], tuple[float, Array]]) -> Step:
    return lambda: Answer(*step())

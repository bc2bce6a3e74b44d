"""Who is measured: the engine, its limit, a plain NumPy step and PyTorch, on the same network and batch."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

import plain_mlp
import plain_recurrent
from cases import Extra
from gradtui_engine import Trace
from gradtui_engine.analysis.activation_statistics import statistics_of
from gradtui_engine.analysis.stages import gradients_of
from gradtui_engine.core.numerics import Array, norm, norm_inside
from gradtui_engine.run.network import Network
from layout import Gradients
from plain_mlp import PlainStep

RECORDED, TORCH, PLAIN = "recorded", "torch", "plain numpy"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a contestant has computed, to be compared: loss, gradients, and parameters after the update, by name."""

    loss: float
    gradients: Gradients
    updated: Mapping[str, Array] = field(default_factory=dict)


Step = Callable[[], Answer]

# The largest relative differences between contestants, which sum in different orders. Through 50 layers with relu and
# BatchNorm float32 agrees in no digit of the gradient, however exact the step: what is computed is compared in float64.
_TOLERANCE, _LOSS_TOLERANCE = 1e-9, {"float64": 1e-9, "float32": 1e-2}


def steps(network: Network, extras: tuple[Extra, ...], torch: bool, plain: bool) -> dict[str, Step]:
    """The contestants that compute the loss and all gradients, by name."""
    found: dict[str, Step] = {f"{RECORDED}{extra}": _recorded(network, extra) for extra in extras}
    if plain:
        found[PLAIN] = _plain(network)
    if torch:
        found |= {f"{TORCH}{extra}": _torch(network, extra) for extra in extras}
    return found


def has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def check(found: Mapping[str, Step], network: Network) -> None:
    """Assert that all contestants compute the same thing, or the comparison would mean nothing.

    In float64 every gradient and every update is compared, in float32 the loss and what is a float32 number.
    """
    (reference, first), *others = found.items()
    expected, dtype = first(), network.experiment.dtype
    assert np.isfinite(expected.loss), f"{reference}: loss {expected.loss}"
    assert norm(next(iter(expected.gradients.values()))) > 0, "the gradient has vanished: choose another experiment"
    for name, step in others:
        answer = step()
        off = abs(answer.loss / expected.loss - 1)
        assert off <= _LOSS_TOLERANCE[dtype], f"{name}: loss {answer.loss}, not {expected.loss}"
        assert all(array.dtype == dtype for array in answer.gradients.values()), f"{name}: a gradient is not {dtype}"
        if dtype == "float64":
            _assert_close(f"{name}: gradient", answer.gradients, expected.gradients)
        if dtype == "float64" and answer.updated:
            _assert_close(f"{name}: update", *(_updates(each, network) for each in (answer, expected)))


def _updates(answer: Answer, network: Network) -> Gradients:
    return {name: np.asarray(answer.updated[name] - before) for name, before in network.parameters.items()}


def _assert_close(what: str, found: Gradients, wanted: Gradients) -> None:
    """Each array within the tolerance of its norm; one that is 0 but for rounding, of a thousandth of the largest."""
    assert found.keys() == wanted.keys(), f"{what}: other parameters"
    scales = {name: norm(array) for name, array in wanted.items()}
    least = 1e-3 * max(scales.values())
    for name, scale in scales.items():
        off = norm(np.asarray(found[name] - wanted[name]))
        assert off <= _TOLERANCE * max(scale, least), f"{what} of {name}: off by {off:.1e}, of a norm of {scale:.1e}"


def _recorded(network: Network, extra: Extra) -> Step:
    """The engine: one run, all that the stages tell of the gradient, and of the signal or the update if asked."""

    def step() -> Answer:
        trace = network.run()
        _told(trace)
        updated = {}
        if extra is Extra.STATISTICS:
            with np.errstate(all="ignore"):
                _ = statistics_of(trace)
        elif extra is Extra.UPDATE:
            updated = {name: trace.updated(name) for name in trace.parameters}
        return Answer(trace.loss, trace.parameter_gradients, updated)

    return step


def _told(trace: Trace) -> tuple[object, list[float]]:
    """The gradient at all stages with its factors taken apart, and the norm of each parameter's gradient."""
    with np.errstate(all="ignore"):
        return gradients_of(trace), [norm_inside(array) for array in trace.parameter_gradients.values()]


def _plain(network: Network) -> Step:
    module = plain_mlp if network.experiment.cell == "mlp" else plain_recurrent
    step: PlainStep = module.step_of(network)
    return lambda: Answer(*step())


def _torch(network: Network, extra: Extra) -> Step:
    import torch_mlp
    import torch_recurrent

    module = torch_mlp if network.experiment.cell == "mlp" else torch_recurrent
    step = module.step_of(network, extra)
    return lambda: Answer(*step())

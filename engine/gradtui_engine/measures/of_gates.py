"""What can be asked of an LSTM's gates: the numbers of one unit, and what the direct path carries by itself.

    z = w_x·x_t + w_h·h_(t−1) + b,  f_t = σ(z),  c_t = f_t·c_(t−1) + i_t·g_t

(Hochreiter & Schmidhuber 1997; the forget gate: Gers, Schmidhuber & Cummins 2000). The unit is the first one, with the
first sample: the one that the screen's panes open with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..cells.table import GATED
from ..core.message import English
from ..core.numerics import Array, ratio
from .of_run import Measure

if TYPE_CHECKING:
    from ..analysis.run import Run

_LSTM = ("lstm",)


def _of_unit(read: Callable[[Run, int], float]) -> Callable[[Run, int], float | None]:
    """At step 1 and after; of a stack nothing, as its layers' arrays have other names."""
    return lambda run, stage: read(run, stage) if stage > 0 and run.resolved.layers == 1 else None


def _row(run: Run, gate: str) -> int:
    """The row of the unit's weights of a gate."""
    return run.resolved.kind.block(gate) * run.resolved.width


def _weighted(run: Run, weight: str, values: Array) -> float:
    return float(run.trace.parameters[f"lstm.{weight}_l0"][_row(run, "f")] @ values)


def _from_input(run: Run, stage: int) -> float:
    return _weighted(run, "weight_ih", run.trace.values["input"][stage - 1, 0])


def _from_state(run: Run, stage: int) -> float:
    return _weighted(run, "weight_hh", run.trace.values["h"][stage - 1, 0])


def _from_bias(run: Run, stage: int) -> float:
    return float(sum(run.trace.parameters[f"lstm.bias_{part}_l0"][_row(run, "f")] for part in ("ih", "hh")))


def _z(run: Run, stage: int) -> float:
    return _from_input(run, stage) + _from_state(run, stage) + _from_bias(run, stage)


def _gate(letter: str) -> Callable[[Run, int], float]:
    return lambda run, stage: float(run.trace.values["gates"][stage - 1, 0, _row(run, letter)])


def _cell(run: Run, stage: int) -> float:
    return float(run.trace.values["c"][stage, 0, 0])


def _cell_before(run: Run, stage: int) -> float:
    return _cell(run, stage - 1)


def _kept(run: Run, stage: int) -> float:
    return _gate("f")(run, stage) * _cell_before(run, stage)


def _written(run: Run, stage: int) -> float:
    return _gate("i")(run, stage) * _gate("g")(run, stage)


def _direct_alone(run: Run, stage: int) -> float | None:
    """‖∏_t f_t ⊙ ∂L/∂c_T‖ / ‖∂L/∂c_T‖: the gradient at the start, if the gates handed none on."""
    path = run.resolved.kind.path
    if path is None or run.resolved.layers > 1:
        return None
    gradient = run.trace.gradients[path.state][-1]
    width, start = run.resolved.width, _row(run, path.gate)
    gates = path.factors(run.trace.values["gates"][:, :, start : start + width])
    return ratio(float(np.linalg.norm(np.prod(gates, axis=0) * gradient)), float(np.linalg.norm(gradient)))


def _unit(name: str, label: English, description: str, read: Callable[[Run, int], float]) -> Measure:
    return Measure(name, label, description, _of_unit(read), at=True, first_time=1, cells=_LSTM)


OF_GATES = (
    Measure(
        "direct_alone",
        "what the direct path brings to the start by itself",
        "what would reach the start by the direct path alone, the gates handing nothing on, relative to the end",
        _direct_alone,
        cells=GATED,
    ),
    _unit("unit_from_x", "what x adds", "of unit 1's forget gate, sample 1: what the input adds to z", _from_input),
    _unit("unit_from_h", "what h adds", "what the state before adds to z: w_h·h_(t−1)", _from_state),
    _unit("unit_from_b", "what the bias adds", "what the bias adds to z", _from_bias),
    _unit("unit_z", "z of the forget gate", "their sum: z of that gate", _z),
    _unit("unit_f", "forget gate of unit 1", "σ of that: f", _gate("f")),
    _unit("unit_i", "input gate of unit 1", "the unit's input gate i", _gate("i")),
    _unit("unit_g", "candidate of unit 1", "the unit's candidate g", _gate("g")),
    _unit("unit_before", "cell state before", "the unit's cell state before: c_(t−1)", _cell_before),
    _unit("unit_kept", "what is kept", "what is kept of it: f·c_(t−1)", _kept),
    _unit("unit_written", "what is written", "what is added to it: i·g", _written),
    _unit("unit_c", "cell state of unit 1", "the unit's cell state after: c_t", _cell),
)

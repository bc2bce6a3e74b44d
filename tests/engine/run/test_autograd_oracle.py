"""Every gradient of a trace against HIPS autograd on an independent forward pass (see oracles)."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, Trace, build
from gradtui_engine.cells.residual_blocks import BLOCKS, RESIDUALS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.losses import LOSSES
from tests.engine import oracles
from tests.engine.helpers import drawn, shaken, small
from tests.engine.oracles import difference, gradients_of
from tests.engine.strategies import small_experiments
from tests.examples import covering

# Norm of the difference over norm: up to 64 steps' sums of products at eps 2e-16, in another order, whose
# terms may cancel a thousandfold.
TOLERANCE = 1e-10
# A gradient that is itself what is left of numbers of order 1 that cancel (behind a norm over one unit, say, it
# is 0) has no relative precision: rounding of order eps, enlarged by 1/√eps_norm = 316 a layer.
NOTHING = 1e-12


def nothing(trace: Trace) -> float:
    """The length below which a gradient of this trace is what larger numbers leave where they cancel.

    The bias before a batch norm gets 0: the sum of the batch's gradients, each as large as that of the layer. A norm
    over two numbers gives ±1, whatever they are: every gradient behind it is 0, and each further such norm
    enlarges the rounding again.
    """
    experiment = trace.experiment.resolved
    row = NORMALISATIONS[experiment.norm]
    largest = max([1.0, *trace.norms_in_run.values()])
    numbers = trace.input.shape[-2] if row.axis == 0 else experiment.width
    if row.name == "none" or experiment.kind.over_time or numbers > 2:
        return largest * NOTHING
    return largest * NOTHING * 316.0 ** (experiment.depth - 1)


def disagreements(trace: Trace) -> dict[str, float]:
    """How far each gradient of the trace is from autograd's, for those that are too far."""
    wanted = gradients_of(trace)
    found = {"loss": abs(trace.loss - wanted.loss) / (abs(wanted.loss) or 1.0)}
    pairs = {name: (trace.parameter_gradients[name], array) for name, array in wanted.parameters.items()}
    pairs |= {f"d{name}": (trace.gradients[name], array) for name, array in wanted.slots.items()}
    for name, (ours, theirs) in pairs.items():
        if oracles.length(ours - theirs) > nothing(trace):
            found[name] = difference(ours, theirs)
    return {name: error for name, error in found.items() if not error <= TOLERANCE}


def test_every_row_has_an_oracle() -> None:
    assert oracles.NETWORKS.keys() == set(CELLS.names)
    assert oracles.FORMULAS.keys() == set(ACTIVATIONS.names)
    assert oracles.LOSSES.keys() == set(LOSSES.names)


@pytest.mark.parametrize("cell", CELLS.names)
@drawn(150)
@given(data=st.data())
def test_autograd_finds_every_gradient_the_states_total_derivatives_too(cell: str, data: st.DataObject) -> None:
    assert not disagreements(shaken(data.draw(small_experiments(st.just(cell)))).run())


@covering(
    cell=["rnn", "lstm", "gru", "mgu", "mingru"],
    layers=[1, 3],
    readout=["last", "all"],
    more=[{}, {"pin_forget": 0.7}, {"pin_forget": 1.0, "activation": "relu"}],
)
def test_autograd_agrees_on_stacked_cells_pinned_gates_and_every_step_read_out(
    cell: str, layers: int, readout: str, more: dict[str, Any]
) -> None:
    assert not disagreements(shaken(small(cell, layers=layers, readout=readout, **more)).run())


@covering(
    norm=NORMALISATIONS.names,
    position=["before", "after"],
    residual=RESIDUALS,
    block=[None, *BLOCKS],
    span=[1, 2],
)
def test_autograd_agrees_on_every_norm_beside_every_skip(
    norm: str, position: str, residual: str, block: str | None, span: int
) -> None:
    if residual == "deepnorm" and block != "post_norm":
        block = None
    normed = residual != "none" and (residual == "deepnorm" or block == "post_norm")
    experiment = small(
        "mlp",
        norm=None if normed and norm == "none" else norm,
        norm_position=position,
        residual=residual,
        residual_block=block,
        residual_span=span,
        depth=5,
    )
    assert not disagreements(shaken(experiment).run())


@pytest.mark.parametrize("cell", CELLS.names)
def test_autograd_agrees_on_the_default_experiments_as_they_are_shown(cell: str) -> None:
    # 30 layers of 64 sigmoids, whose gradient vanishes to 1e-17, and 64 time steps.
    assert not disagreements(build(Experiment(cell=cell, batch=16)).run())


@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("sizes", [{"depth": 1, "steps": 1}, {"width": 1}, {"batch": 1}, {"inputs": 1}])
def test_autograd_agrees_at_the_smallest_sizes(cell: str, sizes: dict[str, Any]) -> None:
    fields = {"depth": 3, "width": 3, "batch": 3, "inputs": 3, "steps": 3} | sizes
    assert not disagreements(shaken(Experiment(cell=cell, data="gaussian", **fields)).run())


@pytest.mark.parametrize("cell", CELLS.names)
def test_float32_agrees_to_its_own_precision(cell: str) -> None:
    fields: dict[str, Any] = {"cell": cell, "depth": 5, "width": 16, "batch": 8}
    single, exact = (
        build(Experiment(dtype=dtype, **fields)).run().parameter_gradients for dtype in ("float32", "float64")
    )
    # 64 time steps of rounding at eps 1.2e-7, not cancelling; a phase of up to 2π is rounded twice, and turns as often.
    roundings = 64 * (2 * 2 * math.pi if CELLS[cell].ring else 1)
    for name, array in single.items():
        assert difference(array, exact[name]) < roundings * 1.2e-7, name

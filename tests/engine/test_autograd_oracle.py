"""Every gradient of a trace against HIPS autograd on an independent forward pass (see oracles)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, Trace, simulate
from gradtui_engine.cells import CELLS

from .helpers import drawn, shaken
from .oracles import NETWORKS, difference, gradients_of
from .strategies import small_experiments

# Norm of the difference over norm: up to 64 steps' sums of products at eps 2e-16, in another order, whose
# terms may cancel a thousandfold.
TOLERANCE = 1e-10


def disagreements(trace: Trace) -> dict[str, float]:
    """How far each gradient of the trace is from autograd's, for those that are too far."""
    wanted = gradients_of(trace)
    found = {"loss": abs(trace.loss - wanted.loss) / (abs(wanted.loss) or 1.0)}
    for name, array in wanted.parameters.items():
        found[name] = difference(trace.parameter_gradients[name], array)
    for index, array in enumerate(wanted.hidden):
        found[f"dh/{index}"] = difference(trace.gradients[f"h/{index}"], array)
    for index, array in enumerate(wanted.cell):
        found[f"dc/{index}"] = difference(trace.gradients[f"c/{index}"], array)
    return {name: error for name, error in found.items() if not error <= TOLERANCE}


def test_every_cell_has_an_oracle() -> None:
    assert NETWORKS.keys() == set(CELLS.names)


@drawn(150)
@given(small_experiments(st.just("mlp")))
def test_autograd_finds_every_gradient_of_an_mlp(experiment: Experiment) -> None:
    assert not disagreements(shaken(experiment).run())


@drawn(100)
@given(small_experiments(st.just("lstm")))
def test_autograd_finds_every_gradient_of_an_lstm_the_cell_states_total_derivatives_too(
    experiment: Experiment,
) -> None:
    assert not disagreements(shaken(experiment).run())


@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("gain", [1.0, 4.0])
def test_autograd_agrees_on_the_default_experiments_as_they_are_shown(cell: str, gain: float) -> None:
    # 30 layers of 64 sigmoids, whose gradient vanishes to 1e-17, and 64 time steps.
    assert not disagreements(simulate(Experiment(cell=cell, batch=16, gain=gain)))


@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("sizes", [{"depth": 1, "steps": 1}, {"width": 1}, {"batch": 1}, {"inputs": 1}])
def test_autograd_agrees_at_the_smallest_sizes(cell: str, sizes: dict[str, int]) -> None:
    fields = {"depth": 3, "width": 3, "batch": 3, "inputs": 3, "steps": 3} | sizes
    if cell == "mlp":
        del fields["steps"]
    assert not disagreements(shaken(Experiment(cell=cell, data="gaussian", **fields)).run())


@pytest.mark.parametrize("cell", CELLS.names)
def test_float32_agrees_to_its_own_precision(cell: str) -> None:
    fields = {"cell": cell, "depth": 5, "width": 16, "batch": 8}
    single, exact = (
        simulate(Experiment(dtype=dtype, **fields)).parameter_gradients for dtype in ("float32", "float64")
    )
    for name, array in single.items():
        # 64 time steps of rounding at eps 1.2e-7, not cancelling.
        assert difference(array, exact[name]) < 64 * 1.2e-7, name

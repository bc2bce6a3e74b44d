"""What a stage learns from: its parameters, the norms of their gradients, and how far the update moves them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.numerics import Array
from tests.engine.helpers import analysed, shaken, small
from tests.engine.oracles import length

# Ratios of norms of a few hundred numbers: two roots of sums, one rounding a number.
TOLERANCE = 1e-12

every_cell = pytest.mark.parametrize("cell", CELLS.names)


def test_a_layers_parameters_are_its_weight_and_bias_with_their_gradient_norms() -> None:
    trace = simulate(small("mlp"))
    assert not trace.stages[0].parameters
    for stage in trace.stages[1:]:
        names = [f"layers.{stage.index}.weight", f"layers.{stage.index}.bias"]
        wanted = {name: length(trace.parameter_gradients[name]) for name in names}
        assert stage.parameters == pytest.approx(wanted, rel=TOLERANCE)


def test_a_time_steps_parameters_are_the_shared_ones_with_the_norms_of_its_contributions() -> None:
    trace = simulate(small("lstm"))
    assert not trace.stages[0].parameters
    for stage in trace.stages[1:]:
        wanted = {name: length(array) for name, array in trace.contributions(stage.index).items()}
        assert len(wanted) == 4
        assert stage.parameters == pytest.approx(wanted, rel=TOLERANCE)


def whole(*arrays: Array) -> float:
    """The norm of several arrays as one."""
    return length(np.concatenate([np.ravel(array) for array in arrays]))


@pytest.mark.parametrize("changes", [{}, {"norm": "layer"}, {"norm": "batch", "residual": "add"}, {"width": 1}])
def test_a_layers_gradient_norm_is_that_of_all_of_its_parameters_together(changes: dict[str, Any]) -> None:
    trace = analysed(shaken(small("mlp", activation="prelu", **changes)).run())
    assert trace.stages[0].parameter_gradient_norm is None
    for stage in trace.stages[1:]:
        prefix = f"layers.{stage.index}."
        arrays = [array for name, array in trace.parameter_gradients.items() if name.startswith(prefix)]
        assert len(arrays) == 3 + {"none": 0, "layer": 2, "batch": 2}[trace.resolved.norm]
        assert stage.parameter_gradient_norm == pytest.approx(whole(*arrays), rel=TOLERANCE)


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_time_steps_gradient_norm_is_that_of_its_own_addend(cell: str) -> None:
    trace = analysed(shaken(small(cell)).run())
    assert trace.stages[0].parameter_gradient_norm is None
    for time in range(1, 9):
        delta = trace.gradients[f"projection/{time}"]
        entering = np.einsum("bg,bi->gi", delta, trace.input[time - 1])
        recurrent = np.einsum("bg,bh->gh", delta, trace.values[f"h/{time - 1}"])
        biases = (delta.sum(axis=0),) * 2
        found = trace.stages[time].parameter_gradient_norm
        assert found == pytest.approx(whole(entering, recurrent, *biases), rel=TOLERANCE)


@pytest.mark.parametrize(("cell", "layers"), [("gru", 1), ("lstm", 3)])
def test_a_time_steps_gradient_norm_counts_every_gate_and_every_stacked_layer(cell: str, layers: int) -> None:
    trace = analysed(shaken(small(cell, layers=layers)).run())
    for time in range(1, 9):
        addends = trace.contributions(time)
        assert len(addends) == 4 * layers
        assert trace.stages[time].parameter_gradient_norm == pytest.approx(whole(*addends.values()), rel=TOLERANCE)


def test_a_vanished_gradient_norm_is_not_lost_in_float32() -> None:
    # Squares of 1e-30 underflow in float32 and in the sum of squares.
    trace = simulate(small("mlp", depth=32, activation="sigmoid", gain=0.5, dtype="float32"))
    arrays = [trace.parameter_gradients[f"layers.1.{kind}"].astype(np.float64) for kind in ("weight", "bias")]
    assert 0 < whole(*arrays) < 1e-25
    assert trace.stages[1].parameter_gradient_norm == pytest.approx(whole(*arrays), rel=1e-6)


def test_the_update_ratio_of_plain_sgd_is_the_gradient_over_the_weight_times_the_learning_rate() -> None:
    trace = simulate(small("mlp", learning_rate=0.3, norm="rms"))
    for stage in trace.stages[1:]:
        name = f"layers.{stage.index}.weight"
        wanted = 0.3 * length(trace.parameter_gradients[name]) / length(trace.parameters[name])
        assert stage.update_ratio == pytest.approx(wanted, rel=TOLERANCE)


def test_the_update_ratio_is_that_of_the_clipped_gradient() -> None:
    plain, clipped = (simulate(small("mlp", clip=clip, clip_threshold=1e-3)) for clip in ("none", "norm"))
    total = whole(*plain.parameter_gradients.values())
    for one, other in zip(plain.stages[1:], clipped.stages[1:], strict=True):
        # PyTorch adds 1e-6 to the norm.
        assert other.update_ratio == pytest.approx(one.update_ratio * 1e-3 / (total + 1e-6), rel=1e-10)


def test_the_first_update_of_adam_is_the_learning_rate_in_every_number() -> None:
    trace = simulate(small("mlp", optimizer="adam", learning_rate=0.01))
    for stage in trace.stages[2:]:  # the input has pixels that are never on, whose weights get no gradient
        weight = trace.parameters[f"layers.{stage.index}.weight"]
        # |g| ≫ ε = 1e-8, but for a few numbers.
        assert stage.update_ratio == pytest.approx(0.01 * math.sqrt(weight.size) / length(weight), rel=1e-3)


@every_cell
def test_only_a_layer_has_an_update_of_its_own(cell: str) -> None:
    ratios = [stage.update_ratio for stage in simulate(small(cell)).stages]
    assert ratios[0] is None
    assert all((each is None) == CELLS[cell].over_time for each in ratios[1:])

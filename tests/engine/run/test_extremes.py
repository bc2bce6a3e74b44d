"""The ends of what can be asked for, across the tables: they end in a result, without a warning, and it is right."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Trace, build, simulate
from gradtui_engine.analysis.json_document import document
from gradtui_engine.analysis.outcome import KINDS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.optimisers import OPTIMISERS
from gradtui_engine.training.doctor import examine
from gradtui_engine.training.doctor_document import report_document
from tests.engine.helpers import analysed, shaken, with_inputs
from tests.engine.oracles import loss_of
from tests.engine.strategies import init_names
from tests.examples import in_one

OVER_TIME = [row.name for row in CELLS.values() if row.over_time]
DEEP: dict[str, Any] = {"depth": 1000, "width": 8, "batch": 4}
WIDE: dict[str, Any] = {"depth": 2, "width": 2048, "batch": 4, "dtype": "float32"}
LONG: dict[str, Any] = {"data": "gaussian", "steps": 2000, "inputs": 2, "width": 4, "batch": 2}


def looked_at(trace: Trace) -> str:
    """The kind of the outcome, after everything that a view or a file may ask for; warnings are errors here."""
    json.dumps(document(trace), allow_nan=False)
    assert trace.outcome.signal.kind in KINDS
    assert len(trace.theory.factors) == len(trace.decay.running_product) == len(trace.stages)
    assert trace.updates.keys() == trace.clipped.keys() == trace.parameters.keys()
    assert all(trace.update_ratio(name) >= 0 or math.isnan(trace.update_ratio(name)) for name in trace.parameters)
    for each in trace.running_statistics.values():
        assert each.ndim == 1
    return trace.outcome.signal.kind


# -- depth and length --------------------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.parametrize("norm", NORMALISATIONS.names)
@pytest.mark.parametrize(("activation", "dtype"), [("relu", "float32"), ("tanh", "float64")])
def test_a_thousand_layers_of_every_norm_end_in_a_result(norm: str, activation: str, dtype: str) -> None:
    trace = simulate(Experiment(**DEEP, norm=norm, activation=activation, dtype=dtype))
    assert len(trace.stages) == 1001
    # BatchNorm grows without an end (1.21 a layer of ReLU: e^190 is beyond float32).
    assert looked_at(trace) in (("exploding", "non_finite") if norm == "batch" else KINDS)


@pytest.mark.soak
@pytest.mark.parametrize("block", ["post", "pre"])
@pytest.mark.parametrize("span", [1, 2])
def test_a_thousand_layers_with_scaled_skips_are_healthy(block: str, span: int) -> None:
    trace = simulate(
        Experiment(
            **{**DEEP, "width": 64},
            norm="layer",
            residual="scaled",
            residual_block=block,
            residual_span=span,
            activation="relu",
            init="he_normal",
        )
    )
    assert looked_at(trace) == "healthy"
    assert trace.loss == pytest.approx(loss_of(trace), rel=1e-10)


@pytest.mark.soak
def test_a_thousand_layers_of_unscaled_skips_overflow_float32_and_say_where() -> None:
    # √2 a layer, forward as well: the 256th layer passes 3e38.
    trace = simulate(Experiment(**{**DEEP, "width": 64}, residual="add", activation="relu", dtype="float32"))
    assert looked_at(trace) == "non_finite"
    assert 150 < trace.outcome.signal.stage < 450


@pytest.mark.soak
@pytest.mark.parametrize(
    "init",
    ["uniform", "truncated_normal", "trunc_normal", "torch_default", "orthogonal", "identity", "lsuv", "constant"],
)
def test_a_thousand_layers_of_an_initialiser_end_in_a_result(init: str) -> None:
    kind = looked_at(simulate(Experiment(**DEEP, init=init, activation="tanh")))
    assert (kind == "symmetric") == (init == "constant")


@pytest.mark.soak
@pytest.mark.parametrize(
    ("cell", "more"),
    [*((cell, {}) for cell in OVER_TIME), ("gru", {"layers": 2, "readout": "all", "dtype": "float32"})],
)
def test_two_thousand_steps_of_every_cell_end_in_a_result_that_is_right(cell: str, more: dict[str, Any]) -> None:
    trace = simulate(Experiment(cell=cell, **LONG, **more))
    assert len(trace.stages) == 2001
    # The whole document needs a second: every step's share of every parameter. Once is enough.
    assert looked_at(trace) if more else trace.outcome.signal.kind in KINDS
    # The same equations written anew; float32 rounds at 1.2e-7, and the states forget it.
    assert trace.loss == pytest.approx(loss_of(trace), rel=1e-9 if trace.experiment.dtype == "float64" else 1e-4)


@pytest.mark.soak
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_two_thousand_steps_through_a_pinned_gate_keep_the_gradient(cell: str) -> None:
    found = simulate(Experiment(cell=cell, **LONG, pin_forget=1.0))
    assert {stage.factors["direct"] for stage in found.stages[:-1]} == {1.0}


# -- width -------------------------------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.parametrize(
    "fields",
    [
        {"norm": "batch", "activation": "gelu", "data": "gaussian"},
        {"norm": "layer", "residual": "scaled", "residual_block": "pre"},
        {"norm": "rms", "norm_position": "after", "activation": "prelu"},
        {"init": "truncated_normal", "activation": "sin", "optimizer": "adamw", "clip": "adaptive"},
    ],
)
def test_two_thousand_units_end_in_a_healthy_result(fields: dict[str, Any]) -> None:
    trace = simulate(Experiment(**WIDE, **fields))
    assert looked_at(trace) == "healthy"
    # Sums of 2048 products in float32, through four layers and norms.
    assert trace.loss == pytest.approx(loss_of(trace), rel=1e-4)


@pytest.mark.soak
@pytest.mark.parametrize("cell", OVER_TIME)
def test_two_thousand_units_of_every_cell_end_in_a_healthy_result(cell: str) -> None:
    fields = {"width": 2048 if cell == "rnn" else 1024, "steps": 2, "inputs": 3, "batch": 2, "dtype": "float32"}
    assert looked_at(simulate(Experiment(cell=cell, data="gaussian", **fields))) == "healthy"


# -- the smallest ------------------------------------------------------------------------------------------

ONE: dict[str, Any] = {"depth": 1, "width": 1, "inputs": 1, "steps": 1, "batch": 1, "data": "gaussian"}


@pytest.mark.parametrize(("cell", "init"), [(cell, init) for cell in CELLS for init in init_names(cell)])
@in_one("dtype", ["float32", "float64"])
def test_one_unit_one_sample_one_step_end_in_a_result_that_is_right(cell: str, init: str, dtype: str) -> None:
    trace = simulate(Experiment(**ONE, cell=cell, init=init, dtype=dtype))
    looked_at(trace)
    assert trace.loss == pytest.approx(loss_of(trace), rel=1e-12 if dtype == "float64" else 1e-5)


@pytest.mark.parametrize("norm", NORMALISATIONS.names)
@pytest.mark.parametrize("position", ["before", "after"])
@pytest.mark.parametrize("residual", ["none", "add", "scaled"])
@pytest.mark.parametrize("depth", [1, 3])
def test_one_unit_of_every_norm_and_skip_ends_in_a_result_that_is_right(
    norm: str, position: str, residual: str, depth: int
) -> None:
    fields = ONE | {"batch": 2 if norm == "batch" else 1, "depth": depth}
    network = shaken(Experiment(**fields, norm=norm, norm_position=position, residual=residual, activation="tanh"))
    trace = analysed(network.run())
    looked_at(trace)
    assert trace.loss == pytest.approx(loss_of(trace), rel=1e-10)


@pytest.mark.parametrize("optimizer", OPTIMISERS.names)
@pytest.mark.parametrize("clip", CLIPPINGS.names)
@pytest.mark.parametrize("init", ["zeros", "normal"])
def test_every_optimiser_behind_every_clipping_takes_the_smallest_network(optimizer: str, clip: str, init: str) -> None:
    looked_at(simulate(Experiment(**ONE, optimizer=optimizer, clip=clip, init=init)))


# -- strange data ------------------------------------------------------------------------------------------

STRANGE = [{"cell": cell} for cell in CELLS] + [{"norm": norm} for norm in NORMALISATIONS] + [{"residual": "add"}]


@pytest.mark.parametrize("fields", STRANGE)
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_in_the_data_are_named(fields: dict[str, Any], number: float) -> None:
    network = build(Experiment(**({"depth": 3, "width": 4, "batch": 4} | fields)))
    inputs = network.batch.inputs.copy()
    inputs[..., 0] = number
    trace = analysed(with_inputs(network, inputs).run())
    assert looked_at(trace) == "non_finite"
    assert trace.outcome.signal.site == "input"


@pytest.mark.parametrize("fields", STRANGE)
@pytest.mark.parametrize("value", [0.0, 3.0])
def test_samples_that_are_all_alike_end_in_a_finite_result(fields: dict[str, Any], value: float) -> None:
    # Every unit's variance over the batch is 0: BatchNorm divides by √ε.
    network = build(Experiment(**({"depth": 3, "width": 4, "batch": 4} | fields)))
    trace = analysed(with_inputs(network, np.full_like(network.batch.inputs, value)).run())
    assert looked_at(trace) != "non_finite"
    assert trace.loss == pytest.approx(loss_of(trace), rel=1e-10)


@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("gain", [0.0, 1e-30, 1e30])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_doctor_takes_the_ends_of_the_scale(cell: str, gain: float, dtype: str) -> None:
    fields = {"cell": cell, "gain": gain, "dtype": dtype, "depth": 6, "width": 4, "batch": 4, "steps": 5, "inputs": 3}
    report = examine(Experiment(data="gaussian", **fields), training=0)
    json.dumps(report_document(report), allow_nan=False)
    assert report.before.outcome.signal.kind in KINDS


@pytest.mark.parametrize("sigma_b", [0.0, 1e-30, 1e30])
@pytest.mark.parametrize("sigma_w", [0.0, 1e-30, 1e30])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sin"])
def test_the_ends_of_the_mean_field_scales_end_in_a_result(sigma_b: float, sigma_w: float, activation: str) -> None:
    looked_at(simulate(Experiment(depth=3, width=4, sigma_w=sigma_w, sigma_b=sigma_b, activation=activation)))

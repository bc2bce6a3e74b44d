"""The profile: running product, geometric mean, half-life, and how far the signal carries."""

from __future__ import annotations

import itertools
import json
import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, simulate
from gradtui_engine.analysis.decay import Decay, decay_of, half_life
from gradtui_engine.analysis.json_document import document
from tests.engine.helpers import analysed, drawn, shaken
from tests.engine.oracles import length
from tests.engine.strategies import small_experiments


def along(*norms: float, axis: str = "time") -> Decay:
    """The decay along stages of these gradient norms, the input's (initial state's) first."""
    return decay_of(norms, norms, axis)


# -- constructed -------------------------------------------------------------------------------------------


def test_the_running_product_is_each_norm_over_the_last_ones() -> None:
    assert along(8.0, 1.0, 4.0, 2.0).running_product == (4.0, 0.5, 2.0, 1.0)


@pytest.mark.parametrize(("axis", "mean"), [("time", 1.0), ("layer", 2.0)])
def test_the_geometric_mean_starts_at_the_initial_state_or_at_layer_one(axis: str, mean: float) -> None:
    # Over time all three factors count, (2/2)^(1/3); an MLP's input does not learn: (8/2)^(1/2).
    assert along(2.0, 8.0, 4.0, 2.0, axis=axis).geometric_mean == pytest.approx(mean, rel=1e-15)


@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=30))
@drawn(100)
def test_the_running_product_is_the_product_of_the_factors(norms: list[float]) -> None:
    found = along(*norms)
    factors = [now / after for now, after in itertools.pairwise(norms)]
    for index in range(len(norms)):
        assert found.running_product[index] == pytest.approx(math.prod(factors[index:]), rel=1e-12)
    assert found.geometric_mean ** len(factors) == pytest.approx(math.prod(factors), rel=1e-10)


@pytest.mark.parametrize(
    ("factor", "steps"),
    [
        (0.5, 1.0),
        (0.25, 0.5),
        (0.731, 2.2),
        (0.982, 38.0),
        (math.sqrt(0.5), 2.0),
        (1.0, math.inf),
        (2.0, -1.0),  # doubles in one
        (0.0, 0.0),
        (math.inf, 0.0),
    ],
)
def test_the_half_life_is_the_number_of_stages_until_half_is_left(factor: float, steps: float) -> None:
    assert half_life(factor) == pytest.approx(steps, rel=0.01)  # the published ones have two digits
    if 0 < factor < 1:
        assert factor ** half_life(factor) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("factor", [math.nan, -1.0])
def test_what_is_no_factor_has_no_half_life(factor: float) -> None:
    assert math.isnan(half_life(factor))


@pytest.mark.parametrize(
    ("norms", "vanished"),
    [
        ((1e-4, 1e-2, 1.0), 2),
        ((1e-4, 9e-4, 1.0), 1),
        ((1e-2, 1e-4, 1.0), 1),  # first, though it comes back
        ((1e-3, 1e-1, 1.0), None),  # exactly the threshold is not under it
        ((1.0, 1.0), None),
        ((1e-9, 1e-6, 1e-5), 2),  # relative to the output's, not absolute
        ((0.0, 0.0, 1.0), 1),
    ],
)
def test_vanished_after_counts_the_stages_below_the_output_until_a_thousandth(
    norms: tuple[float, ...], vanished: int | None
) -> None:
    assert along(*norms).vanished_after == vanished


@pytest.mark.parametrize(
    ("norms", "subnormal"),
    [
        ((1e-39, 1e-20, 1.0), 2),
        ((1.1754943e-38, 1.0), 1),
        ((1.1754944e-38, 1.0), None),  # float32's smallest normal number, 2^−126, itself
        ((1e-60, 1e-50), 0),
        ((0.0, 1.0), 1),
    ],
)
def test_subnormal_after_counts_until_float32_loses_digits(norms: tuple[float, ...], subnormal: int | None) -> None:
    assert np.finfo(np.float32).tiny == 2.0**-126
    assert along(*norms).subnormal_after == subnormal


def test_one_stage_alone_neither_grows_nor_decays() -> None:
    found = along(3.0)
    assert (found.running_product, found.geometric_mean, found.half_life) == ((1.0,), 1.0, math.inf)


def test_a_signal_that_has_underflowed_on_the_way_has_the_mean_of_where_it_had_not() -> None:
    # 0.1 a stage down to 1e-323, and then nothing: not "×0 a stage".
    found = along(0.0, 0.0, 1e-2, 1e-1, 1.0)
    assert found.geometric_mean == pytest.approx(0.1, rel=1e-12)
    assert found.running_product[:2] == (0.0, 0.0)


# -- of traces ---------------------------------------------------------------------------------------------

REAL: list[dict[str, Any]] = [
    {},
    {"dtype": "float32", "depth": 60},
    {"activation": "relu", "init": "he_normal"},
    {"cell": "lstm", "forget_bias": 0.0},
    {"cell": "rnn", "gain": 2.0, "activation": "relu"},
    {"cell": "gru", "layers": 2, "readout": "all", "data": "digits-rows"},
]


@pytest.mark.parametrize("fields", REAL)
def test_the_profile_of_a_trace_is_that_of_its_gradients(fields: dict[str, Any]) -> None:
    trace = simulate(Experiment(**fields))
    states = [length(trace.gradients[f"h/{stage.index}"]) for stage in trace.stages]
    found, first = trace.decay, 1 if trace.axis != "time" else 0
    # float32 rounds 4096 squares once each.
    rel = 1e-5 if fields.get("dtype") == "float32" else 1e-12
    assert found.running_product == pytest.approx([each / states[-1] for each in states], rel=rel, abs=0.0)
    # The rest is of the path that carries: c of an LSTM; with a loss on every step, that of the last one alone.
    carried = trace
    if fields.get("readout") == "all":
        carried = simulate(Experiment(**fields | {"readout": "last"}))
    norms = [length(carried.gradients[name]) for name in trace.program.cells or trace.program.stages]
    mean = math.exp((math.log(norms[first]) - math.log(norms[-1])) / (len(norms) - 1 - first))
    assert found.geometric_mean == pytest.approx(mean, rel=1e-6)
    assert found.geometric_mean == trace.outcome.average_factor
    last = len(norms) - 1
    steps = last if fields.get("readout") == "all" else 1  # the loss is the mean over the steps
    for limit, after in ((1e-3 * norms[-1], found.vanished_after), (2.0**-126 * steps, found.subnormal_after)):
        under = [last - index for index, each in enumerate(norms) if each < limit]
        assert after == (min(under) if under else None)


@drawn(60)
@given(small_experiments())
def test_the_running_product_of_a_trace_multiplies_its_factors(experiment: Experiment) -> None:
    trace = analysed(shaken(experiment).run())
    product = 1.0
    for stage, found in zip(trace.stages[-2::-1], trace.decay.running_product[-2::-1], strict=True):
        product *= stage.factor if stage.factor is not None else math.nan
        if math.isfinite(product) and product > sys.float_info.min:
            assert found == pytest.approx(product, rel=1e-10)


def test_a_thousand_sigmoid_layers_keep_their_mean_though_the_gradient_underflows() -> None:
    trace = simulate(Experiment(depth=1000, width=16, batch=4))
    assert trace.stages[1].gradient_norm == 0.0
    # The factor of a wide network is 0.236; of 16 units it scatters by √(2/16)/2 a layer, not in the mean.
    assert trace.decay.geometric_mean == pytest.approx(0.236, rel=0.1)
    assert trace.decay.half_life == pytest.approx(math.log(0.5) / math.log(0.236), rel=0.1)


def test_the_document_has_the_profile() -> None:
    trace = simulate(Experiment(depth=60))
    found = json.loads(json.dumps(document(trace), allow_nan=False))
    assert found["profile"] == {
        "geometric_mean": trace.decay.geometric_mean,
        "half_life": trace.decay.half_life,
        "vanished_after": trace.decay.vanished_after,
        "subnormal_after": trace.decay.subnormal_after,
    }
    assert [stage["running_product"] for stage in found["stages"]] == list(trace.decay.running_product)

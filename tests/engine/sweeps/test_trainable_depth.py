"""The mark of sweeps: what can be trained is what mean field says, σ_w × depth of tanh (Schoenholz et al. 2017)."""

from __future__ import annotations

import statistics

import pytest

from gradtui_engine import Experiment, Pool, Sweep, Training, run_sweep
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.curves import SCALES
from gradtui_engine.theory.meanfield import fixed_point

#: At three times this rate 50 layers learn nowhere, and at σ_w 0.8 18 layers do.
RATE = 0.03


@pytest.mark.soak
def test_after_200_iterations_a_network_has_learnt_where_it_is_less_than_6_depth_scales_deep_and_nowhere_else() -> None:
    sweep = Sweep(
        base=Experiment(activation="tanh", sigma_b=0.05, learning_rate=RATE),
        x=Axis.parse("sigma_w=0.8,0.9,1,1.2,1.4,1.6,2"), y=Axis.parse("depth=18,30,50"),
        measures=("accuracy",), training=Training(iterations=200),
    )  # fmt: skip
    with Pool() as pool:
        cells = list(run_sweep(sweep, pool))
    assert len(cells) == 21
    inside, outside = {}, {}
    for cell in cells:
        experiment, accuracy = sweep.experiment_at(cell.i, cell.j), cell.values["accuracy"]
        assert isinstance(accuracy, float)
        xi = fixed_point("tanh", float(experiment.sigma_w or 0), 0.05).depth_scale
        place = inside if experiment.depth < SCALES * xi else outside
        place[experiment.sigma_w, experiment.depth] = accuracy
    assert len(inside) >= 9
    assert len(outside) >= 8
    # Right by chance is 0.1. Just inside or outside a training is on its way: 0.37 of 50 layers at σ_w = 1, 0.44 of 30
    # at σ_w = 2.
    assert min(inside.values()) > 0.3, inside
    assert max(outside.values()) < 0.5, outside
    assert statistics.mean(inside.values()) > 0.75
    assert statistics.mean(outside.values()) < 0.3

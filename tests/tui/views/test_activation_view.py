"""The activation pane: f and f′ behind the histogram are the network's own, at the z that it got."""

from __future__ import annotations

import numpy as np
import pytest

from gradtui.text.heat import Array
from gradtui.views.explore import activation
from gradtui.views.frame.curves import histogram_with_curves
from gradtui_engine import Experiment
from gradtui_engine.rules.activations import ACTIVATIONS
from tests.tui.helpers import CASES, scene_of, texts, trace_of

HEIGHT = 6


def drawn(experiment: Experiment, stage: int = 1) -> list[str]:
    """The rows of the histogram, which stand under the line of numbers."""
    lines = texts(activation.view(scene_of(experiment, selected=stage), 64, 30))
    return [line.rstrip() for line in lines[1 : 1 + HEIGHT]]


def curves_of(name: str, z: Array, slope: float) -> list[str]:
    return [line.rstrip() for line in texts(histogram_with_curves(z, 64, HEIGHT, ACTIVATIONS[name], slope))[:HEIGHT]]


@pytest.mark.parametrize("slope", [0.4, 0.9])
@pytest.mark.parametrize("name", ["leaky_relu", "prelu"])
def test_the_curves_have_the_networks_slope(name: str, slope: float) -> None:
    experiment = Experiment(activation=name, slope=slope, depth=3)
    z = trace_of(experiment).values["z/1"]
    row = ACTIVATIONS[name]
    assert drawn(experiment) == curves_of(name, z, slope)
    assert row.slope is not None
    assert drawn(experiment) != curves_of(name, z, row.slope)


def test_over_time_the_curves_stand_behind_the_z_of_the_step() -> None:
    experiment = CASES["rnn"]
    trace = trace_of(experiment)
    z = trace.values["projection/3"] + trace.values["h/2"] @ trace.parameters["rnn.weight_hh_l0"].T
    # tanh is what the network did with it: the oracle is the state itself.
    assert np.tanh(z) == pytest.approx(trace.values["h/3"])
    assert drawn(experiment, 3) == curves_of("tanh", z, 1.0)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_gated_state_has_no_one_activation_and_no_curves(name: str) -> None:
    assert "○" not in "".join(drawn(CASES[name], 3))


def test_of_a_cell_with_gates_it_says_that_the_gates_are_saturated() -> None:
    lstm = Experiment(cell="lstm", data="gaussian", steps=4, width=8, batch=8)
    for experiment, stage, gates in ((lstm, 3, True), (lstm, 0, False), (Experiment(depth=4, width=8), 3, False)):
        for width in (80, 45):
            first = texts(activation.view(scene_of(experiment, selected=stage), width, 12))[0]
            assert "sat" in first
            assert ("gates sat" in first) is gates

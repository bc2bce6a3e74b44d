"""The activation pane: what a stage does to the gradient, in a sentence whose numbers are the network's own."""

from __future__ import annotations

import numpy as np
import pytest

from gradtui.model import events as e
from gradtui.model.update import update
from gradtui.views.explore import activation
from gradtui.views.frame.scene import Scene
from gradtui_engine import Experiment
from gradtui_engine.core.figures import percent, short
from gradtui_engine.rules.activations import ACTIVATIONS
from tests.tui.helpers import CASES, scene_of, texts, timeline_of, trace_of


def said(scene: Scene, width: int = 200, height: int = 30) -> str:
    return "\n".join(line.rstrip() for line in texts(activation.view(scene, width, height)))


def test_of_a_sigmoid_it_says_the_most_the_average_and_what_gets_through() -> None:
    experiment = CASES["mlp"]
    trace = trace_of(experiment)
    for layer in (1, 12, 30):
        a = trace.values[f"h/{layer}"]
        mean = float((a * (1 - a)).mean())
        # What comes out of the activation backwards, over what went in.
        kept = np.linalg.norm(trace.gradient(f"z/{layer}")) / np.linalg.norm(trace.gradient(f"h/{layer}"))
        factor = trace.stages[layer - 1].gradient_norm / trace.stages[layer].gradient_norm
        assert said(scene_of(experiment, selected=layer)).splitlines()[0] == (
            f"The slope of sigmoid is at most 0.25: here {short(mean)} on average, and {percent(kept)} of the gradient "
            f"gets through (×{short(kept)}). With the weights the whole layer multiplies it by {short(factor)}."
        )


def test_of_relu_it_says_how_many_units_are_on() -> None:
    experiment = Experiment(activation="relu", init="he_normal", depth=6)
    on = percent(float((trace_of(experiment).values["z/3"] > 0).mean()))
    start = f"The slope of ReLU is 1 where a unit is on, 0 where it is off: here {on} are on, and "
    assert said(scene_of(experiment, selected=3)).startswith(start)


@pytest.mark.parametrize("name", ["leaky_relu", "prelu"])
@pytest.mark.parametrize("slope", [0.4, 0.9])
def test_of_a_leaky_relu_it_says_the_networks_slope(name: str, slope: float) -> None:
    shown = said(scene_of(Experiment(activation=name, slope=slope, depth=3), selected=2))
    assert f"is 1 where a unit is on, {slope} where it is off" in shown


def test_a_line_changes_no_gradient() -> None:
    shown = said(scene_of(Experiment(activation="linear", depth=3), selected=2))
    assert shown.startswith("The slope of linear is 1 everywhere: it changes no gradient. With the weights")


@pytest.mark.parametrize("name", ACTIVATIONS.names)
def test_every_activation_has_its_sentence(name: str) -> None:
    assert said(scene_of(Experiment(activation=name, depth=3), selected=1)).startswith(
        f"The slope of {ACTIVATIONS[name].in_a_sentence} is "
    )


def test_over_time_the_slope_is_that_at_the_z_of_the_step() -> None:
    experiment = CASES["rnn"]
    h = trace_of(experiment).values["h/3"]
    mean = short(float((1 - h**2).mean()))
    assert f"The slope of tanh is at most 1: here {mean} on average." in said(scene_of(experiment, selected=3))


@pytest.mark.parametrize(("name", "block", "kept"), [("lstm", 1, False), ("gru", 1, False), ("mgu", 0, True)])
def test_of_a_gated_cell_the_gate_is_what_multiplies(name: str, block: int, kept: bool) -> None:
    """PyTorch's order of blocks: i f g o, and r z n."""
    experiment = CASES[name]
    gates = np.asarray(trace_of(experiment).values["gates/3"], dtype=np.float64)
    width = experiment.resolved.width
    gate = gates[:, block * width : (block + 1) * width]
    mean = float((1 - gate if kept else gate).mean())
    assert f": here {short(mean)} on average, so it keeps {percent(mean)} of it." in said(
        scene_of(experiment, selected=3)
    )


def test_a_pinned_gate_is_said_to_be_held() -> None:
    scene = scene_of(Experiment(cell="lstm", data="gaussian", steps=4, width=8, batch=8, pin_forget=0.9), selected=2)
    assert "multiplies the gradient by f, which is held at 0.900." in said(scene)


def test_the_first_stage_has_no_slope() -> None:
    assert said(scene_of(CASES["mlp"], selected=0)).startswith("The input itself: no slope")
    assert said(scene_of(CASES["lstm"], selected=0)).startswith("The state before the first step: no slope yet.")


def test_mean_and_spread_are_those_of_what_is_drawn() -> None:
    z = trace_of(CASES["mlp"]).values["z/4"].astype(np.float64)
    expected = f"mean of z {short(float(z.mean()))}  spread {short(float(z.std()))}  saturated "
    assert expected in said(scene_of(CASES["mlp"], selected=4))


def test_of_a_cell_with_gates_it_says_that_the_gates_are_saturated() -> None:
    lstm = Experiment(cell="lstm", data="gaussian", steps=4, width=8, batch=8)
    for experiment, stage, gates in ((lstm, 3, True), (lstm, 0, False), (Experiment(depth=4, width=8), 3, False)):
        for width in (80, 45):
            shown = said(scene_of(experiment, selected=stage), width, 14)
            assert "sat" in shown
            assert ("gates sat" in shown) is gates


# -- behind a key ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mlp", "lstm", "rnn"])
def test_units_times_samples_stand_behind_a_key_that_the_pane_shows(name: str) -> None:
    scene = scene_of(CASES[name], selected=1)
    assert "units 1–" not in said(scene)
    assert said(scene).splitlines()[-1] == "K units × samples"
    state = update(scene.state, e.TurnUnits(), timeline_of(CASES[name]))
    assert state.units
    assert state.pane == "activation"
    whole = said(scene_of(CASES[name], selected=1, units=True))
    assert "units 1–27 of 64 ↓ × samples 1–64 of 64 →" in whole or name == "rnn"
    assert "K back to how they are spread" in whole
    assert activation.title(scene_of(CASES[name], selected=1, units=True), 60).startswith("units × samples · ")
    assert not update(state, e.TurnUnits(), timeline_of(CASES[name])).units


def test_the_shades_are_the_units_values() -> None:
    """A row of the map is a unit, a column a sample: the darkest and the brightest are where the oracle has them."""
    experiment = Experiment(depth=3, width=6, batch=5)
    values = trace_of(experiment).values["h/2"]
    rows = texts(activation.view(scene_of(experiment, selected=2, units=True), 80, 12))
    first = next(index for index, line in enumerate(rows) if "×" in line and "units" in line) + 1
    low, high = np.percentile(values, (2, 98))
    shades = " ░▒▓█"
    for unit in range(6):
        for sample in range(5):
            level = min(8, max(0, int((values[sample, unit] - low) / (high - low) * 9)))
            assert rows[first + unit][sample] == shades[level // 2]


def test_in_another_view_the_key_says_where_it_works() -> None:
    scene = scene_of(CASES["mlp"], view="maths")
    after = update(scene.state, e.TurnUnits(), timeline_of(CASES["mlp"]))
    assert not after.units
    assert "in Explore" in after.message


def test_a_highway_network_shows_what_its_gates_keep_layer_by_layer() -> None:
    experiment = Experiment(residual="highway", depth=4, activation="tanh")
    kept = 1 - trace_of(experiment).values["t/2"]
    low, mean, high = (short(float(each)) for each in (kept.min(), kept.mean(), kept.max()))
    shown = said(scene_of(experiment, selected=2))
    assert f"kept of h, 1 − t, by layer ▇▇▇▇  layer 2: {mean}, from {low} to {high}" in shown
    assert f"layer 2: {mean}" in said(scene_of(experiment, selected=2), width=40)
    assert "1 − t" not in said(scene_of(Experiment(depth=4), selected=2))

"""The two paths of an LSTM: its numbers against a forward pass and a chain rule written out here."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradtui.views.explore import paths
from gradtui.views.frame.timeaxis import MARGIN, TimeAxis
from gradtui_engine import Experiment, Run
from gradtui_engine.core.figures import percent, short
from tests.tui.helpers import SIZES, assert_page, cut_numbers, scene_of, texts, trace_of

SMALL = Experiment(cell="lstm", data="gaussian", steps=7, width=3, batch=2)
CASES = {
    "plain": SMALL,
    "pinned": SMALL.replace(pin_forget=0.9),
    "biased": SMALL.replace(forget_bias=4.0, input_bias=-1.0),
    "two layers": SMALL.replace(layers=2, readout="all"),
    "wild": SMALL.replace(gain=3.0),
}
cases = pytest.mark.parametrize("name", CASES)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def forward(name: str) -> list[dict[str, np.ndarray]]:
    """The gates of sample 1 at each step from 1 on, worked out from the weights and the inputs of the top layer."""
    trace, layer = trace_of(CASES[name]), CASES[name].layers - 1
    weights = trace.parameters
    below = trace.values["input"] if layer == 0 else trace.values["h_l0"][1:]
    h, c = np.zeros(3), np.zeros(3)
    found = []
    for x in below[:, 0]:
        pre = weights[f"lstm.weight_ih_l{layer}"] @ x + weights[f"lstm.weight_hh_l{layer}"] @ h
        pre = pre + weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"]
        i, f, g, o = sigmoid(pre[:3]), sigmoid(pre[3:6]), np.tanh(pre[6:9]), sigmoid(pre[9:])
        if CASES[name].pin_forget is not None:
            f = np.full(3, CASES[name].pin_forget)
        before, c = c, f * c + i * g
        h = o * np.tanh(c)
        found.append({"i": i, "f": f, "g": g, "before": before, "c": c})
    return found


@cases
def test_the_units_sum_is_what_the_weights_make_of_the_inputs(name: str) -> None:
    for time, gates in enumerate(forward(name), 1):
        for unit in range(3):
            scene = scene_of(CASES[name], selected=time, unit=unit)
            line = texts(paths.view(scene, 110, 5))[0]
            f, i, g, before, c = (short(float(gates[each][unit])) for each in ("f", "i", "g", "before", "c"))
            kept, written = (float(gates[a][unit] * gates[b][unit]) for a, b in (("f", "before"), ("i", "g")))
            assert line.startswith(f"c {c} = f·c {short(kept)} + i·g {short(written)}")
            assert f"f {f} × c {before}   i {i} × g {g}" in line
            assert kept + written == pytest.approx(float(gates["c"][unit]))


def _own_loss(trace: Run, time: int) -> np.ndarray:
    """What the loss of a step itself gives its c: ∂L_t/∂o_t W ⊙ o ⊙ (1 − tanh² c); 0 where it has none."""
    if trace.resolved.readout != "all" or time == 0:
        return np.zeros_like(trace.gradients[f"c/{time}"])
    above = trace.gradients["output"][time - 1] @ trace.parameters["output.weight"]
    return above * trace.values[f"gates/{time}"][:, -3:] * (1 - np.tanh(trace.values[f"c/{time}"]) ** 2)


@cases
def test_direct_path_and_gates_add_up_to_the_gradients_whole_factor(name: str) -> None:
    """∂L/∂c_(t−1) = f ⊙ ∂L/∂c_t + the rest: two vectors, so by the cosine rule."""
    trace = trace_of(CASES[name])
    for time in range(1, 8):
        here, below = (trace.gradients[f"c/{at}"] for at in (time, time - 1))
        direct = trace.values[f"gates/{time}"][:, 3:6] * here
        own = _own_loss(trace, time - 1)
        rest, size = below - direct - own, np.linalg.norm(here)
        one, two = float(np.linalg.norm(direct) / size), float(np.linalg.norm(rest) / size)
        # c₀ is no function of h₀: nothing passes through the gates, and nothing has no direction.
        cosine = float((direct * rest).sum() / (one * two * size**2)) if time > 1 else 0.0
        line = texts(paths.view(scene_of(CASES[name], selected=time), 110, 5))[1]
        assert f"∂L/∂c: direct ×{short(one)}  through h and the gates ×{short(two)}" in line
        three = float(np.linalg.norm(own) / size)
        assert (f"  own loss ×{short(three)}" in line) == (trace.resolved.readout == "all" and time > 1)
        assert f"direct share {percent(one / (one + two + three))}, cosine {short(cosine)}" in line
        both = float(np.linalg.norm(below - own) / size)
        assert (one**2 + two**2 + 2 * cosine * one * two) ** 0.5 == pytest.approx(both)


def test_a_pinned_gate_is_the_direct_paths_factor_at_every_step() -> None:
    for time in range(1, 8):
        line = texts(paths.view(scene_of(CASES["pinned"], selected=time), 110, 5))[1]
        assert "direct ×0.900 " in line


def test_the_rows_through_time_show_the_selected_steps_numbers_behind_them() -> None:
    trace = trace_of(SMALL)
    for time in range(1, 8):
        via_f, via_h, c = (
            line.rstrip() for line in texts(paths.view(scene_of(SMALL, selected=time, unit=1), 110, 5))[2:]
        )
        factors = trace.stages[time - 1].factors
        assert via_f.endswith(f"  {short(factors['direct'])} at t={time}")
        assert via_h.endswith(f"  {short(factors['gates'])} at t={time}")
        assert c.endswith(f"  {short(float(trace.values[f'c/{time}'][0, 1]))} at t={time}")


def test_a_factor_of_the_first_state_there_is_none() -> None:
    """Step t's factor leads from c_t to c_(t−1): the initial state's column is empty, and its number a dash."""
    via_f = texts(paths.view(scene_of(SMALL, selected=0), 110, 5))[2]
    axis = TimeAxis.of(8, 110)
    assert via_f[MARGIN : MARGIN + axis.columns.count(0)].strip() == ""
    assert via_f.rstrip().endswith("  – at t=0")
    assert paths.title(scene_of(SMALL, selected=0), 80).endswith("at t = 1")


@pytest.mark.parametrize("size", SIZES)
@cases
def test_it_is_a_page_at_every_size_and_no_number_is_cut(name: str, size: tuple[int, int]) -> None:
    for height in (2, 4, 5, 8):
        lines = paths.view(scene_of(CASES[name]), size[0] - 2, height)
        assert_page(lines, size[0] - 2, height, name)
        assert cut_numbers("\n".join(texts(lines))) == []
        assert not re.search("…", "\n".join(texts(lines)))

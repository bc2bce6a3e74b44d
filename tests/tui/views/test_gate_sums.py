"""A gate's formula with its numbers: what the weights, the states and the inputs come to, worked out here again."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradtui.views.explore import why
from gradtui_engine import Experiment, Phase
from gradtui_engine.core.figures import short
from tests.tui.helpers import CASES, scene_of, texts, trace_of

#: Cell → its gates that are a σ, or tanh, of [h_(t−1), x_t] alone: letter and block of rows in the weights.
GATES = {"lstm": {"i": 0, "f": 1, "g": 2, "o": 3}, "gru": {"r": 0, "z": 1}, "mgu": {"f": 0}}
DIRECT = {"lstm": "f", "gru": "z", "mgu": "f"}


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def lines(experiment: Experiment, width: int = 120, height: int = 30, **fields: int) -> list[str]:
    return [line.rstrip() for line in texts(why.view(scene_of(experiment, **fields), width, height))]


@pytest.mark.parametrize("time", [1, 3, 7])
@pytest.mark.parametrize("name", GATES)
def test_every_gate_of_x_and_h_stands_with_its_numbers(name: str, time: int) -> None:
    experiment, unit = CASES[name], 2
    trace = trace_of(experiment)
    weights = {key.split(".")[1]: value.astype(float) for key, value in trace.parameters.items()}
    before = trace.values[f"h/{time - 1}"][0].astype(float)
    now = trace.input[time - 1, 0].astype(float)
    said = "\n".join(lines(experiment, selected=time - 1, unit=unit))
    for letter, block in GATES[name].items():
        row = block * experiment.resolved.width + unit
        state, own = float(weights["weight_hh_l0"][row] @ before), float(weights["weight_ih_l0"][row] @ now)
        bias = sum(float(value[row]) for key, value in weights.items() if key.startswith("bias") and "l0" in key)
        f, shown = (np.tanh, "tanh") if letter == "g" else (sigmoid, "σ")
        sign = "−" if bias < 0 else "+"
        formula = f"{letter}_t = {shown}(W_{letter}·[h_(t−1), x_t] + b_{letter})"
        value = short(float(f(state + own + bias)))
        assert f"{formula} = {shown}({short(state + own)} {sign} {short(abs(bias))}) = {value}" in said
        if letter == DIRECT[name]:
            made_of = f"{short(state)} from W_{letter}·h_(t−1), {short(own)} from W_{letter}·x_t"
            assert f"unit {unit + 1}, sample 1: {made_of}" in said


@pytest.mark.parametrize("unit", [0, 3])
def test_the_value_is_what_the_network_had(unit: int) -> None:
    """Of a lower layer too: x_t is then what the layer below has put out."""
    experiment = CASES["stacked"]
    trace = trace_of(experiment)
    for step in trace.steps:
        if step.phase is not Phase.FORWARD or step.operation != "lstm_step":
            continue
        gates = next(name for name in trace.program.instructions[step.instruction or 0].outputs if "gates" in name)
        value = float(trace.values[gates][0, experiment.resolved.width + unit])
        said = "\n".join(lines(experiment, step=step.index, unit=unit))
        found = re.search(r"^f_t = .* = (\S+)$", said, re.M)
        assert found is not None
        assert float(found[1]) == pytest.approx(value, rel=0.006)


def test_a_pinned_gate_has_no_formula_but_its_value() -> None:
    experiment = Experiment(cell="lstm", data="gaussian", steps=4, width=8, batch=8, pin_forget=0.9)
    assert "f_t is held at 0.900" in lines(experiment, selected=1)


def test_an_rnn_and_a_layer_have_no_gates() -> None:
    for name in ("rnn", "mlp"):
        assert "W_f" not in "".join(lines(CASES[name], selected=1))


@pytest.mark.parametrize("size", [(78, 9), (118, 7)])
def test_the_forget_gate_is_whole_in_the_smallest_pane_that_an_lstm_has_at_80_by_24(size: tuple[int, int]) -> None:
    """The mission's formula, with its numbers, beside the bars."""
    for time in (0, 20, 63):
        said = lines(CASES["lstm"], *size, selected=time)
        (line,) = (each for each in said if each.startswith("f_t = σ(W_f·[h_(t−1), x_t] + b_f) = σ("))
        assert re.fullmatch(r".* = σ\(\S+ [+−] \S+\) = 0\.\d+", line)
        assert any(each.startswith("unit 1, sample 1: ") for each in said)
        assert not any(each.endswith("…") for each in said)

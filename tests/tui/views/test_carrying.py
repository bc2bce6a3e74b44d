"""Why another cell passes on what it does: measured, and said where a gate is not what it is known for."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradtui.model.cure_keys import CURES, toggled
from gradtui.model.pairs import PAIRS
from gradtui.model.state import Changes
from gradtui.text.spans import cell_len
from gradtui.views.explore import why
from gradtui.views.frame.carrying import switched
from gradtui.views.frame.carrying import why as why_it_starts
from gradtui_engine import Experiment
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.figures import short
from tests.tui.helpers import scene_of, texts, trace_of
from tests.tui.pairs import compared, text

RNN, LSTM = (Experiment(cell=cell, seed=0) for cell in ("rnn", "lstm"))
HONEST = "Less arrives in B than in A: its gate starts {factor} open, b opens it."


def forget_gate(experiment: Experiment) -> float:
    """What a step's direct path keeps, from ∂L/∂c and the gates' own values: the geometric mean of ‖f ⊙ ∂L/∂c‖."""
    run = trace_of(experiment)
    width, factors = experiment.resolved.width, []
    for time in range(1, len(run.stages)):
        forget = run.values[f"gates/{time}"][:, width : 2 * width]
        arrived = run.gradient(f"c/{time}")
        factors.append(np.linalg.norm(forget * arrived) / np.linalg.norm(arrived))
    return float(np.exp(np.mean(np.log(factors))))


def test_from_an_rnn_to_an_lstm_less_arrives_at_the_defaults_and_the_message_says_why() -> None:
    before, after = trace_of(RNN), trace_of(LSTM)
    assert after.outcome.ratio < before.outcome.ratio
    long, brief = switched(before, after)
    shares = f"RNN → LSTM: {short(before.outcome.ratio)} → {short(after.outcome.ratio)}"
    open_ = forget_gate(LSTM)
    assert long == f"{shares} of the error signal arrives: its gate starts {short(open_)} open, b opens it"
    assert brief == f"{shares} arrives: its gate starts {short(open_)} open, b opens it"


def test_an_rnn_that_beats_the_gates_says_that_its_weights_happen_to_and_where_one_forgets() -> None:
    gru, rnn = trace_of(RNN.replace(cell="gru")), trace_of(RNN)
    assert gru.outcome.signal.kind == "vanishing"
    long, brief = switched(gru, rnn)
    share = short(rnn.outcome.ratio)
    end = f"{share} arrives: fresh weights keep ×{short(rnn.outcome.average_factor)} a step; 0 7: one that forgets"
    assert long == f"GRU → RNN: {short(gru.outcome.ratio)} → {end}"
    assert brief == f"RNN: {end}"
    # The page that it names: there an RNN forgets, and nothing is said of luck.
    lag = PAIRS["lstm"].experiment
    assert trace_of(lag).outcome.signal.kind == "vanishing"
    assert why_it_starts(trace_of(lag), lag.resolved).startswith("no gate, its weights alone: ×0.")


@pytest.mark.parametrize("old", CELLS)
@pytest.mark.parametrize("new", CELLS)
def test_every_switch_is_told_in_a_line_of_80(old: str, new: str) -> None:
    if old != new:
        long, brief = switched(*(trace_of(Experiment(cell=cell)) for cell in (old, new)))
        assert long.startswith(f"{CELLS[old].title} → {CELLS[new].title}: ")
        assert cell_len(brief) < 80
        assert cell_len(long) < 110


def test_a_gate_that_is_open_needs_no_opening() -> None:
    pinned = trace_of(LSTM.replace(pin_forget=1.0))
    assert switched(trace_of(RNN), pinned)[0].endswith(" arrives: its gate is 1.00 open")
    half = trace_of(LSTM.replace(pin_forget=0.5))
    assert switched(trace_of(RNN), half)[0].endswith(" arrives: its gate is 0.500 open"), "no bias opens it"


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.soak
def test_where_no_gradient_is_left_nothing_is_told(cell: str) -> None:
    dead = trace_of(Experiment(cell=cell, init="zeros", data="adding" if cell != "mlp" else None))
    assert "nan" not in why_it_starts(dead, dead.resolved)


def test_compare_says_of_a_gate_that_carries_less_why() -> None:
    honest = HONEST.format(factor=short(forget_gate(LSTM)))
    assert honest in text(compared(RNN, (("cell", "lstm"),)), "difference")


def test_the_first_choice_of_the_gates_key_is_what_an_lstm_is_known_for() -> None:
    changes: Changes | None = toggled(CURES["gate"], RNN, ())
    assert changes == (("cell", "lstm"), ("forget_bias", 4.0))
    assert trace_of(RNN.replace(**dict(changes))).outcome.ratio > 1 > trace_of(RNN).outcome.ratio
    assert "Less arrives" not in text(compared(RNN, changes), "difference")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (
            "rnn",
            r"no gate: fresh weights \(xavier_normal\) happen to keep ×0.951 a step, and no single step has to be "
            "remembered here; 0 7, a page of the story, has an RNN that forgets over 50 steps, and learns nothing",
        ),
        ("lru", r"\|λ\| starts from 0.9 to 0.999, ×0.98\d a step"),
        ("lstm", f"its gate starts {short(forget_gate(LSTM))} open, b opens it"),
        ("gru", r"its gate starts 0.5\d\d open, b opens it"),
    ],
)
def test_explore_says_of_a_cell_why_it_starts_as_it_does(cell: str, reason: str) -> None:
    start = scene_of(Experiment(cell=cell))
    said = " ".join(" ".join(texts(why.view(start, 118, 30))).split())
    assert re.search(f"why: {reason}", said)
    layers = " ".join(texts(why.view(scene_of(Experiment(depth=4)), 118, 30)))
    assert "why: " not in layers

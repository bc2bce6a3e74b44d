"""What explodes and vanishes over time, of recurrent modules and of cells in a loop."""

from __future__ import annotations

import pytest

from tests.engine.findings.records import faults, flat, found, with_losses
from tests.recordings import Line, lstm_lines, run_line, step_line

STEPS = 30


def flat_lstm(factor: float, times: int = 60, **other: object) -> list[Line]:
    return with_losses(lstm_lines(STEPS, times, factor=factor, **other), flat())  # type: ignore[arg-type]


def test_the_first_of_many_steps_gets_nothing() -> None:
    finding = found(flat_lstm(0.85))["vanishing_time"]
    assert (finding.layer, finding.step, finding.severity) == ("lstm", 0, "error")
    assert finding.evidence["ratio"] == pytest.approx(0.85**60, rel=1e-4)
    assert finding.evidence["factor_per_step"] == pytest.approx(0.85, rel=1e-4)
    assert "0.500" in str(finding.cause)  # the forget gate
    assert "bias" in finding.remedy


def test_a_thousandth_that_arrives_is_enough() -> None:
    assert "vanishing_time" not in found(flat_lstm(0.9))  # 0.9⁶⁰ = 1.8e-3


def test_where_the_loss_falls_by_five_percent_it_is_a_note() -> None:
    lines = with_losses(lstm_lines(STEPS, 60, factor=0.85), lambda n: 2.0 * 0.99**n)
    assert not found(lines)["vanishing_time"].is_fault


def test_padding_behind_the_end_of_a_sequence_is_no_place_that_a_gradient_enters_at() -> None:
    lines = lstm_lines(STEPS, 60, factor=0.95)
    (layer,) = lines[1]["seq"][0]["l"]  # all lines have the same
    layer["h"] = layer["c"] = layer["h"][20:] + [0.0] * 20
    assert "vanishing_time" not in found(with_losses(lines, flat()))
    assert "exploding_time" not in found(lines)


def test_of_a_reverse_direction_time_runs_the_other_way() -> None:
    lines = lstm_lines(STEPS, 60, factor=0.85, bidirectional=True)
    forward, backward = lines[1]["seq"][0]["l"]  # all lines have the same
    backward["h"] = backward["c"] = backward["h"][::-1]
    forward["h"] = forward["c"] = [1.0] * 61
    finding = found(with_losses(lines, flat()))["vanishing_time"]
    assert finding.evidence["direction"] == "reverse"


@pytest.mark.parametrize(("factor", "explodes"), [(1.2, True), (1.1, False)])
def test_a_gradient_that_grows_on_its_way_back_over_time(factor: float, explodes: bool) -> None:
    # 1.2⁶⁰ = 56,000; 1.1⁶⁰ = 304.
    assert ("exploding_time" in faults(flat_lstm(factor))) == explodes


def loop_lines(module: list[str], gradients: list[float], steps: int = STEPS) -> list[Line]:
    """A module that is called once for each of these, and a head."""
    modules = [["cell", *module], ["head", "Linear", "Linear", {}]]
    calls = [(0, call) for call in range(len(gradients))] + [(1, 0)]
    lines: list[Line] = [run_line(modules, [("cell.weight", (8, 8)), ("head.weight", (2, 8))])]
    for n in range(steps):
        line = step_line(n, calls, 2)
        for row, gradient in zip(line["a"], gradients, strict=False):
            row[8] = gradient
        lines.append(line)
    lines.append({"k": "end", "n": steps, "why": "closed"})
    return with_losses(lines, flat())


def test_the_calls_of_a_cell_in_a_loop_are_its_time_steps() -> None:
    lines = loop_lines(["GRUCell", "GRUCell"], [0.7 ** (29 - t) for t in range(30)])
    finding = found(lines)["vanishing_time"]
    assert (finding.layer, finding.evidence["time_steps"]) == ("cell", 29)


def test_a_head_that_is_called_for_each_sample_has_no_time() -> None:
    sizes = [1e-5 if t % 3 == 0 else 1.0 for t in range(30)]
    assert "vanishing_time" not in found(loop_lines(["Linear", "Linear"], sizes))


def test_a_cell_of_somebodys_own_is_known_by_the_order_of_its_gradients() -> None:
    lines = loop_lines(["MyCell", "Linear"], [0.7 ** (29 - t) for t in range(30)])
    assert "vanishing_time" in faults(lines)

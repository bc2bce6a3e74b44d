"""How a training starts: units that are all the same, scales that grow or fade with depth."""

from __future__ import annotations

import pytest

from tests.engine.findings.records import faults, flat, found, with_losses
from tests.recordings import Line, mlp_lines

MATRIX = "layers.1.weight"


def symmetric_lines(still: bool = True, **other: object) -> list[Line]:
    lines = mlp_lines(4, 20, header={"symmetric": [MATRIX]}, **other)  # type: ignore[arg-type]
    lines[4]["symmetric"] = [MATRIX] if still else []
    return lines


def test_units_that_start_alike_and_are_alike_at_the_fourth_event_are_symmetric() -> None:
    finding = found(symmetric_lines())["symmetric"]
    assert (finding.layer, finding.step, finding.severity) == ("layers.1", 0, "error")
    assert finding.evidence["matrices"] == [MATRIX]
    assert "same" in str(finding.cause)


def test_all_zeros_are_named_as_the_cause() -> None:
    finding = found(symmetric_lines(at={(None, MATRIX): {"weight": 0.0}}))["symmetric"]
    assert "zeros" in str(finding.cause)


def test_what_parts_with_the_first_updates_is_not_symmetric() -> None:
    assert faults(symmetric_lines(still=False)) == []  # LoRA's B, a last layer that was zeroed


def test_nothing_is_said_of_steps_in_which_nothing_moves() -> None:
    # The first steps of a warm-up have a rate of 0.
    still = {(None, f"layers.{k}.{kind}"): {"update": 0.0} for k in range(4) for kind in ("weight", "bias")}
    assert faults(symmetric_lines(lr=[[0.0]] * 20, at=still)) == []


def test_nor_of_an_expert_to_which_nothing_is_sent() -> None:
    lines = symmetric_lines()
    for line in lines[1:-1]:
        line["a"] = [row for row in line["a"] if row[0] != 2]
    assert "symmetric" not in found(lines)


def test_nor_of_a_matrix_that_is_not_trained() -> None:
    lines = symmetric_lines()
    lines[0]["params"][2][3] = False
    assert "symmetric" not in found(lines)


def test_before_the_fourth_event_it_is_said_why_it_cannot_be_asked() -> None:
    from tests.engine.findings.records import diagnosed

    lines = symmetric_lines()[:4]
    assert "symmetric" in diagnosed(lines).left_out


# -- bad_init ------------------------------------------------------------------------------------------------


def scaled(factor: float, layers: int = 9) -> list[Line]:
    at = {(0, f"layers.{k}"): {"rms": factor**k} for k in range(layers - 1)}
    return with_losses(mlp_lines(layers, 20, at=at), flat())


@pytest.mark.parametrize(("factor", "bad"), [(3.0, True), (1.8, False), (1.3, False), (0.4, True), (0.6, False)])
def test_outputs_that_grow_or_fade_a_hundredfold_over_depth_at_step_0(factor: float, bad: bool) -> None:
    # 1.8⁷ = 61; 1.3 is no factor of 1.4; 0.6⁷ = 1/36.
    assert ("bad_init" in faults(scaled(factor))) == bad


def test_one_layer_of_another_scale_is_no_trend() -> None:
    at = {(0, "layers.3"): {"rms": 1e-3}, (0, "layers.5"): {"rms": 50.0}}
    assert "bad_init" not in found(mlp_lines(8, 20, at=at))


@pytest.mark.parametrize("layer", [3, 7])
def test_a_layer_that_starts_at_0_has_no_scale_and_an_output_one_of_its_own(layer: int) -> None:
    zero = {(0, f"layers.{layer}.weight"): {"weight": 0.0}} if layer < 7 else {}
    at = {(0, f"layers.{k}"): {"rms": 0.6**k} for k in range(7)}
    # 0.6⁶ = 1/21: one of these is not among them.
    assert "bad_init" not in found(mlp_lines(8, 20, at=at | {(0, f"layers.{layer}"): {"rms": 1e-5}} | zero))


def test_what_an_rnn_does_over_time_is_no_matter_of_depth() -> None:
    lines = scaled(3.0)
    lines[0]["modules"] = [[name, "RNN", "RNN", {}] for name, *_ in lines[0]["modules"]]
    for line in lines[1:-1]:
        line["seq"] = [
            {"m": m, "of": [4, 4], "l": [{"layer": 0, "reverse": False, "h": [1.0] * 9}], "check": None}
            for m in range(0, 16, 2)
        ]
    assert "bad_init" not in found(lines)


def test_what_goes_on_from_a_checkpoint_has_no_start() -> None:
    lines = scaled(3.0)
    for line in lines[1:-1]:
        line["n"] += 500
    at_500 = [line for line in lines if line["k"] != "step" or line["n"] >= 500]
    assert "bad_init" not in found(at_500)

"""Half precision: gradients that round to 0, updates that round away, a scaler that lets no step by."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.findings.records import faults, flat, found, with_losses
from tests.recordings import At, Line, mlp_lines

LAYERS = 4


def half(zero: float, grad: float, *, scale: float | None = None, at: At | None = None, **other: Any) -> list[Line]:
    """float16 whose gradients at the activations have this share of zeros and this norm."""
    numbers = {(None, f"acts.{k}"): {"zero": zero, "grad": grad} for k in range(LAYERS - 1)}
    return with_losses(mlp_lines(LAYERS, 20, half="float16", scale=scale, at=numbers | dict(at or {}), **other), flat())


def test_a_gradient_half_of_which_is_exactly_0_because_it_is_tiny() -> None:
    finding = found(half(0.7, 1e-6))["underflow"]
    assert (finding.layer, finding.step, finding.severity) == ("acts.0", 0, "error")
    assert finding.evidence["zeros"] == pytest.approx(0.7)
    assert "without a loss scale" in str(finding.cause)


@pytest.mark.parametrize(("zero", "grad"), [(0.5, 1e-6), (0.75, 0.1)])
def test_zeros_that_max_pooling_leaves_are_none(zero: float, grad: float) -> None:
    assert "underflow" not in found(half(zero, grad))


def test_a_scale_that_lifts_the_gradient_above_what_rounds_away_lifts_it() -> None:
    assert "underflow" not in found(half(0.7, 1e-6, scale=65536.0))
    assert "scale of 2" in str(found(half(0.7, 1e-6, scale=2.0))["underflow"].cause)


def test_in_float32_zeros_are_no_matter_of_precision() -> None:
    lines = half(0.9, 1e-6)
    for line in lines[1:-1]:
        line["half"] = None
    assert "underflow" not in found(lines)


# -- updates that are lost -----------------------------------------------------------------------------------


def bfloat(still: float, **other: Any) -> list[Line]:
    at = {(None, f"layers.{k}.weight"): {"still": still} for k in range(LAYERS)}
    lines = with_losses(mlp_lines(LAYERS, 20, half="bfloat16", at=at, **other), flat())
    for row in lines[0]["params"]:
        row[2] = "bfloat16"
    return lines


@pytest.mark.parametrize(("still", "lost"), [(0.95, True), (0.9, False)])
def test_updates_after_which_nine_in_ten_weights_are_the_same(still: float, lost: bool) -> None:
    assert ("update_lost" in faults(bfloat(still))) == lost


def test_rows_of_an_embedding_that_are_in_no_batch_are_not_lost() -> None:
    lines = bfloat(0.1)
    lines[0]["modules"][0][1:3] = ["Embedding", "Embedding"]
    for line in lines[1:-1]:
        line["p"][0][4] = 0.99
    assert "update_lost" not in found(lines)


def test_a_rate_of_0_loses_nothing() -> None:
    assert "update_lost" not in found(bfloat(1.0, lr=[[0.0]] * 20))


# -- the scaler ----------------------------------------------------------------------------------------------


def skipping(skipped: list[bool], scale: list[float] | None = None) -> list[Line]:
    scales = scale or [65536.0] * len(skipped)
    return with_losses(mlp_lines(LAYERS, len(skipped), skipped=skipped, scale=scales), flat())


def test_a_scaler_that_leaves_out_nine_in_ten_of_20_events_is_stuck() -> None:
    finding = found(skipping([False] * 5 + [True] * 18 + [False] * 2 + [True] * 5))["scaler_stuck"]
    assert (finding.step, finding.severity) == (5, "error")


def test_the_first_steps_that_look_for_a_scale_are_none() -> None:
    assert "scaler_stuck" not in found(skipping([True] * 12 + [False] * 20))


def test_with_a_scale_of_1_and_less_nothing_is_left_to_look_for() -> None:
    scales = [65536.0 / 2**n for n in range(12)]
    assert "scaler_stuck" not in found(skipping([True] * 12, scales))
    low = [2.0 ** (3 - n) for n in range(12)]
    assert found(skipping([True] * 12, low))["scaler_stuck"].step == 0


def test_gradients_of_a_step_that_was_left_out_may_be_infinite() -> None:
    at = {(n, f"layers.{k}"): {"grad": "inf"} for n in range(3) for k in range(LAYERS)}
    gradients = [["inf", "inf"] if n < 3 else [1.0, 1.0] for n in range(20)]
    lines = mlp_lines(LAYERS, 20, at=at, gn=gradients, skipped=[n < 3 for n in range(20)], scale=65536.0)
    assert faults(lines) == []

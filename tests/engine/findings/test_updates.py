"""Updates beside their weights: too large where they do damage, too small where nothing moves."""

from __future__ import annotations

import numpy as np
import pytest

from gradtui_engine.findings import updates
from gradtui_engine.findings.facts import Facts
from tests.engine.findings.records import faults, flat, found, with_losses
from tests.recordings import Line, mlp_lines, recorded

WEIGHT = "layers.1.weight"
NAMES = [f"layers.{k}.{kind}" for k in range(4) for kind in ("weight", "bias")]


def jump(n: int) -> float:
    return 1.0 if n < 12 else 5.0


def test_an_update_larger_than_its_weight_after_which_the_loss_is_half_as_large_again() -> None:
    lines = with_losses(mlp_lines(4, 40, at={(11, WEIGHT): {"update": 1.5}}), jump)
    finding = found(lines)["update_too_large"]
    assert (finding.layer, finding.step, finding.severity) == ("layers.1", 11, "error")
    assert finding.evidence["update_ratio"] == 1.5
    assert finding.evidence["loss_times"] == 5.0
    assert 'group["lr"] = 7e-4' in finding.remedy  # 0.1 · 0.01 / 1.5


def test_without_damage_it_is_a_note() -> None:
    finding = found(mlp_lines(4, 40, at={(11, WEIGHT): {"update": 1.5}}))["update_too_large"]
    assert not finding.is_fault


def test_a_loss_that_is_back_after_a_few_steps_is_no_damage() -> None:
    # At the edge of stability.
    swing = {11: 1.3, 12: 2.4, 13: 4.8, 14: 3.3, 15: 1.2}
    at = {(n, WEIGHT): {"update": 0.12} for n in range(9, 14)}
    lines = with_losses(mlp_lines(4, 40, at=at), lambda n: swing.get(n, 1.0))
    assert "update_too_large" not in faults(lines)


@pytest.mark.parametrize(("events", "large"), [((9, 10, 11), True), ((9, 11, 13), False)])
def test_a_tenth_counts_three_events_running(events: tuple[int, ...], large: bool) -> None:
    lines = with_losses(mlp_lines(4, 40, at={(n, WEIGHT): {"update": 0.2} for n in events}), jump)
    assert ("update_too_large" in faults(lines)) == large


def test_not_of_a_weight_that_starts_at_0() -> None:
    at = {(n, WEIGHT): {"update": 1e9 if n == 0 else 1 / n, "weight": 1e-4 * n} for n in range(40)}
    assert "update_too_large" not in found(with_losses(mlp_lines(4, 40, at=at), lambda n: 1.0 + (n > 1)))


def test_not_of_a_last_layer_that_is_drawn_small_on_purpose() -> None:
    """A policy's: 0.01 of its initialiser's scale. 8 inputs, 64 numbers: a norm of 0.0283 is rms·√fan_in = 0.01."""
    at = {(n, WEIGHT): {"update": 0.3, "weight": 0.0283 + 0.01 * n} for n in range(40)}
    assert "update_too_large" not in found(with_losses(mlp_lines(4, 40, at=at), jump))


def test_a_loss_that_is_no_higher_than_some_before_is_as_noisy_as_that() -> None:
    noisy = [2.6 if n % 7 == 3 else 1.0 for n in range(12)]
    lines = with_losses(mlp_lines(4, 40, at={(11, WEIGHT): {"update": 1.5}}), lambda n: noisy[n] if n < 12 else 1.9)
    assert "update_too_large" not in faults(lines)


def test_a_weight_that_grows_beyond_all_bounds_did_not_start_at_0() -> None:
    at = {(n, WEIGHT): {"update": 100.0, "weight": 2.0 * 100.0**n} for n in range(6)}
    lines = with_losses(mlp_lines(4, 40, at=at), lambda n: 1.0 if n == 0 else 1e6)
    assert found(lines)["update_too_large"].step == 0


def test_a_bias_is_no_weight() -> None:
    lines = with_losses(mlp_lines(4, 40, at={(11, "layers.1.bias"): {"update": 50.0}}), jump)
    assert "update_too_large" not in found(lines)


def test_a_rate_that_rose_is_the_cause() -> None:
    rates = [[0.1] if n < 11 else [10.0] for n in range(40)]
    lines = with_losses(mlp_lines(4, 40, at={(11, WEIGHT): {"update": 1.5}}, lr=rates), jump)
    assert "rose from 0.1 to 10" in str(found(lines)["update_too_large"].cause)


@pytest.mark.parametrize(("update", "fault"), [(0.2, False), (1.5, True)])
def test_what_the_noise_of_small_batches_does_is_no_damage(update: float, fault: bool) -> None:
    """A first loss below the median of the later ones: ln 3 is less than three of their differences, 0.95 each."""
    noise = np.random.default_rng(0).normal(0, 1.0, 40)
    losses = [1.0, *(round(float(3.0 * 0.99**n * np.exp(noise[n])), 5) for n in range(39))]
    at = {(n, WEIGHT): {"update": update} for n in range(4)}
    kinds = faults(with_losses(mlp_lines(4, 40, at=at), losses))
    assert ("update_too_large" in kinds) == fault


# -- too small -----------------------------------------------------------------------------------------------


def small(events: range = range(30), update: float = 1e-9, **other: object) -> list[Line]:
    at = {(n, name): {"update": update} for n in events for name in NAMES}
    return mlp_lines(4, 30, at=at, **other)  # type: ignore[arg-type]


def test_updates_that_move_nothing() -> None:
    finding = found(with_losses(small(lr=[[1e-9]] * 30), flat()))["update_too_small"]
    assert (finding.step, finding.severity) == (0, "error")
    assert 'group["lr"] = 1e-3' in finding.remedy  # 1e-9 · 1e-3 / 1e-9


def test_where_the_gradient_is_what_is_small_no_rate_is_the_remedy() -> None:
    tiny = {(None, name): {"grad": 1e-9, "update": 1e-10} for name in NAMES}
    lines = with_losses(mlp_lines(4, 30, at=tiny, lr=[[0.01]] * 30, gn=[[4e-9, 4e-9]] * 30), flat())
    finding = found(lines)["update_too_small"]
    assert "the gradient is what is small" in finding.cause  # a rate of 1e5 would make up for it
    assert "lr" not in finding.remedy


@pytest.mark.parametrize("update", [1e-6, 2e-7])
def test_above_1e_7_something_moves(update: float) -> None:
    assert "update_too_small" not in found(with_losses(small(update=update), flat()))


def test_a_loss_that_is_down_to_a_twentieth_has_nothing_left_to_learn() -> None:
    assert "update_too_small" not in found(with_losses(small(), lambda n: 2.0 * 0.8**n))


def test_what_has_learnt_and_come_to_rest_is_no_fault() -> None:
    # Full batches at a minimum.
    lines = with_losses(small(range(12, 30)), lambda n: max(2.0 * 0.8**n, 0.5))
    assert "update_too_small" not in faults(lines)


def test_a_last_layer_that_moves_says_that_the_rate_is_not_at_fault() -> None:
    lines = with_losses(small(), flat())
    for line in lines[1:-1]:
        line["p"][6][3] = 1e-3
    assert "update_too_small" not in found(lines)


def test_weights_without_a_gradient_do_not_count() -> None:
    at = {(None, name): {"update": 0.0, "grad": 0.0} for name in NAMES}
    assert "update_too_small" not in found(with_losses(mlp_lines(4, 30, at=at), flat()))


def test_what_follows_a_large_update_is_looked_for_once_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once an event it took 22 s of a recording of 10,000 events."""
    asked: list[Facts] = []
    monkeypatch.setattr(updates, "_FOLLOWS", (("dead_from", asked.append),))
    at: dict[tuple[int | None, str], dict[str, float]] = {(None, "layers.1.weight"): {"update": 0.5}}
    assert updates.update_too_large(Facts(recorded(mlp_lines(steps=50, at=at)))) is not None
    assert len(asked) == 1

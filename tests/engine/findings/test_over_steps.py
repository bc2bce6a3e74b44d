"""The course of the loss: spikes, one that rises, one that does not fall."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.spikes import _candidates
from tests.engine.findings.records import faults, flat, found, with_losses
from tests.recordings import Line, mlp_lines, recorded

NLL = "NllLossBackward0"


def noisy(spread: float, seed: int = 0, count: int = 400) -> list[float]:
    """A loss that falls, whose logarithm is spread so much."""
    noise = np.random.default_rng(seed).normal(0, spread, count)
    return [round(float(2.0 * 0.995**n * np.exp(noise[n])), 6) for n in range(count)]


def sampled(losses: list[float], every: int = 10, **other: object) -> list[Line]:
    """A line for each tenth step; the losses between are in the ring."""
    return with_losses(mlp_lines(3, len(losses) // every, every=every, **other), losses)  # type: ignore[arg-type]


def test_an_early_spike_is_not_put_down_to_a_rate_of_the_end() -> None:
    losses = noisy(0.1)
    losses[25] = 30.0
    rates = [[0.01]] * 19 + [[1.0]]
    spike = found(sampled(losses, every=20, lr=rates))["loss_spike"]
    assert spike.step == 25
    assert "learning rate" not in spike.cause
    # In the recorded step behind it, it would be why.
    rates[2] = [1.0]
    assert "learning rate rose 100 times" in found(sampled(losses, every=20, lr=rates))["loss_spike"].cause


def test_a_spike_between_two_recorded_steps_has_its_exact_step() -> None:
    losses = noisy(0.1)
    losses[233] = 9.0
    finding = found(sampled(losses))["loss_spike"]
    assert (finding.step, finding.severity) == (233, "warning")
    assert finding.evidence["loss"] == 9.0


def test_one_that_stays_is_an_error() -> None:
    losses = [loss if n < 233 else 9.0 for n, loss in enumerate(noisy(0.1))]
    assert found(sampled(losses))["loss_spike"].severity == "error"


def test_where_it_began_is_the_first_module_whose_outputs_are_far_from_usual() -> None:
    losses = noisy(0.1)
    losses[230] = 9.0
    at = {(230, "layers.1"): {"rms": 8.0}, (230, "layers.2"): {"rms": 30.0}}
    finding = found(sampled(losses, at=at))["loss_spike"]
    assert (finding.layer, finding.evidence["began_at"]) == ("layers.1", 230)


@pytest.mark.parametrize("spread", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_noise_of_any_size_is_no_spike(spread: float, seed: int) -> None:
    assert "loss_spike" not in found(sampled(noisy(spread, seed)))


def test_near_a_loss_of_0_nothing_is_undone() -> None:
    losses = [2.0 * 0.95**n for n in range(400)]
    losses[300] *= 300  # still 1e-4 of what it was at first
    assert "loss_spike" not in found(sampled(losses))


def test_nor_where_a_margin_is_kept_and_the_loss_is_exactly_0() -> None:
    losses = [0.4, 0.3, 0.2, 0.1, *(0.0 for _ in range(196))]
    losses[87] = 4e-3
    assert "loss_spike" not in found(sampled(losses))
    losses[87] = 0.5
    assert found(sampled(losses))["loss_spike"].step == 87


def test_a_swing_at_the_edge_of_stability_is_none() -> None:
    losses = [0.32, *(0.09 * 0.99**n for n in range(199))]
    losses[50:56] = [0.057, 0.077, 0.143, 0.29, 0.2, 0.07]
    assert "loss_spike" not in found(sampled(losses))


def noisy_but(losses: dict[int, float], spread: float = 0.1) -> list[float]:
    """Losses of a fair noise, others in these steps."""
    return [losses.get(n, loss) for n, loss in enumerate(noisy(spread))]


def test_a_hard_sample_is_a_note_where_outputs_gradient_and_updates_are_as_usual() -> None:
    """Recorded, and back at the next step: no more than the loss says that anything was unusual."""
    losses = noisy_but({230: 9.0})
    finding = found(sampled(losses))["loss_spike"]
    assert (finding.step, finding.severity) == (230, "note")
    # The gradient of that batch is a bad one's; an update threw weights; it does not come back.
    large = [[50.0, 50.0] if n == 23 else [1.0, 1.0] for n in range(40)]
    assert found(sampled(losses, gn=large))["loss_spike"].severity == "warning"
    thrown = {(230, "layers.1.weight"): {"update": 0.3}}
    assert found(sampled(losses, at=thrown))["loss_spike"].severity == "warning"
    assert found(sampled(noisy_but({230: 9.0, 231: 4.0, 232: 2.0})))["loss_spike"].severity == "warning"


@pytest.mark.parametrize("seed", range(5))
def test_losses_with_a_heavy_tail_have_large_ones(seed: int) -> None:
    """Squared errors of log-normal targets in batches of 16; some of the largest are of recorded steps."""
    targets = np.exp(np.random.default_rng(seed).normal(0, 1.3, (400, 16)))
    losses = [round(float(loss), 6) for loss in np.square(targets - 1.5).mean(1)]
    assert faults(sampled(losses)) == []


def test_rare_positives_in_small_batches_are_no_spikes() -> None:
    positives = np.random.default_rng(1).random(400) < 0.1
    losses = [round(2 * 0.97**n + (0.4 if n > 100 and positives[n] else 0.03), 6) for n in range(400)]
    assert "loss_spike" not in faults(sampled(losses))


def test_a_loss_that_comes_down_at_once_does_not_stay_up() -> None:
    """Losses over a decade, which are twice as large by chance behind the one that stands out."""
    after = {204 + k: loss for k, loss in enumerate([0.37, 2.56, 2.2, 1.75, 2.13, 0.7, 1.9, 2.1, 1.8, 1.7])}
    losses = [after.get(n, 900.0 if n == 203 else loss) for n, loss in enumerate(noisy(0.5))]
    assert found(sampled(losses))["loss_spike"].severity == "warning"


def test_of_a_gradient_that_is_clipped_nobody_says_that_nothing_clips_it() -> None:
    losses = noisy_but({230: 900.0})
    clipped = [[6885.9, 1.0] if n == 23 else [1.3, 0.9] for n in range(40)]
    finding = found(sampled(losses, gn=clipped))["loss_spike"]
    assert "nothing clips" not in finding.cause
    assert "is clipped to 1" in finding.cause
    assert "clip_grad_norm_(model.parameters(), 0.5)" in finding.remedy
    free = [[6885.9, 6885.9] if n == 23 else [1.3, 1.3] for n in range(40)]
    assert "nothing clips" in found(sampled(losses, gn=free))["loss_spike"].cause


def test_a_loss_that_is_added_to_it_later_makes_no_spike() -> None:
    """A discriminator that comes in at step 205: two backward passes from then on."""
    losses = [loss + (9.0 if n >= 205 else 0.0) for n, loss in enumerate(noisy(0.1))]
    passes = [1 if n < 21 else 2 for n in range(40)]
    assert "loss_spike" not in found(sampled(losses, mb=passes))
    assert "loss_spike" in found(sampled(losses))


# -- rises ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("end", "rises"), [(8.0, True), (5.0, False)])
def test_a_loss_that_ends_at_three_times_what_it_was(end: float, rises: bool) -> None:
    lines = sampled([2.0 + (end - 2.0) * n / 400 for n in range(400)])
    assert ("loss_rises" in faults(lines)) == rises


def test_a_minus_in_front_of_the_loss() -> None:
    losses = [-2.3 * 1.02**n for n in range(200)]
    finding = found(sampled(losses, root="NegBackward0"))["loss_rises"]
    assert (finding.step, finding.severity) == (0, "error")
    assert "sign" in str(finding.message)


@pytest.mark.parametrize(
    ("losses", "root"),
    [
        ([-0.02 - 0.93 * n / 200 for n in range(200)], "NegBackward0"),  # a similarity
        ([1.5 - 6.0 * n / 200 for n in range(200)], "NegBackward0"),  # the likelihood of a density
        ([math.sin(n) * (1 + n / 20) for n in range(200)], "NegBackward0"),  # a policy gradient
        ([-2.0 * 1.02**n for n in range(200)], "MeanBackward0"),
    ],
)
def test_losses_that_are_negative_for_good_reason(losses: list[float], root: str) -> None:
    assert "loss_rises" not in found(sampled(losses, root=root))


# -- flat ----------------------------------------------------------------------------------------------------


def guessing(level: float, root: str = NLL, **other: object) -> list[Line]:
    return with_losses(mlp_lines(3, 80, root=root, **other), flat(level))  # type: ignore[arg-type]


def test_a_loss_that_stays_where_guessing_is_means_the_labels() -> None:
    finding = found(guessing(math.log(8)))["loss_flat"]  # the last layer has 8 outputs
    assert finding.is_fault
    assert finding.evidence["guessing"] == pytest.approx(math.log(8))


@pytest.mark.parametrize(
    ("steps", "update", "first"),
    [
        (60, 1e-3, "not trained for long enough (80 steps)"), (60, 2e-5, "too small a learning rate"),
        (1000, 1e-3, "gradients, updates and outputs are sound: the labels"),
    ],
)  # fmt: skip
def test_the_labels_are_the_cause_where_it_was_trained_for_long_enough(steps: int, update: float, first: str) -> None:
    moving = {(None, f"layers.{layer}.weight"): {"update": update} for layer in range(3)}
    lines = mlp_lines(steps=steps // 20 + 1, every=20, root=NLL, at=moving)
    finding = found(with_losses(lines, flat(math.log(8))))["loss_flat"]
    assert finding.is_fault
    assert finding.cause.startswith(first)
    assert "labels" in finding.cause


def test_a_loss_that_comes_back_to_guessing_has_lost_what_it_knew() -> None:
    lines = with_losses(mlp_lines(3, 80, root=NLL), lambda n: 1.5 if n < 40 else math.log(8))
    finding = found(lines)["loss_flat"]
    assert (finding.step, finding.is_fault) == (40, True)
    assert "lost" in str(finding.cause)


@pytest.mark.parametrize(
    "lines",
    [
        guessing(math.log(8) * 1.2),
        guessing(math.log(8), "MseLossBackward0"),
        guessing(math.log(8), "BinaryCrossEntropyWithLogitsBackward0"),
    ],
)
def test_elsewhere_a_loss_that_does_not_fall_is_a_note(lines: list[Line]) -> None:
    assert faults(lines) == []
    assert "loss_flat" in found(lines)


def test_with_another_fault_it_is_a_note() -> None:
    lines = guessing(math.log(8), stale=[False] + [True] * 79)
    assert faults(lines) == ["stale_gradient"]
    assert not found(lines)["loss_flat"].is_fault


def test_a_rate_that_still_rises_has_not_begun() -> None:
    assert "loss_flat" not in found(guessing(math.log(8), lr=[[1e-3 * n / 80] for n in range(80)]))


def test_fifty_steps_are_too_few() -> None:
    assert "loss_flat" not in found(with_losses(mlp_lines(3, 40, root=NLL), flat(math.log(8))))


def test_while_a_training_goes_on_a_loss_that_has_not_fallen_yet_is_no_fault_before_200_steps() -> None:
    def severity(steps: int, end: str | None) -> str:
        lines = with_losses(mlp_lines(3, steps, root=NLL, end=end), flat(math.log(8)))
        diagnosis = diagnose(recorded(lines), experiments=False, growing=True)
        return next(finding.severity for finding in diagnosis.findings if finding.kind == "loss_flat")

    assert severity(120, None) == "note"
    assert severity(120, "closed") == "warning"
    assert severity(220, None) == "warning"


def test_what_a_recorded_step_shows_may_have_begun_right_after_the_one_before() -> None:
    """A rate that was raised at 50: the update is seen at 52, the loss jumps at 51."""
    at = {(52, f"layers.{layer}.weight"): {"update": 40.0} for layer in range(3)}
    lines = with_losses(
        mlp_lines(3, 40, every=4, at=at), lambda n: round(1.0 + 0.01 * math.sin(n), 5) if n <= 50 else 900.0 + n
    )
    kinds = faults(lines)
    assert kinds.index("update_too_large") < kinds.index("loss_spike")


@pytest.mark.soak
def test_what_is_looked_at_closely_are_the_losses_over_three_times_the_95th_percentile_of_the_20_before() -> None:
    losses = np.exp(np.random.default_rng(0).normal(size=40_000))
    expected = [
        at
        for at in range(20, len(losses))
        if losses[at] > 0.1 and losses[at] >= 3 * np.percentile(losses[at - 20 : at], 95)
    ]
    assert list(_candidates(losses, 1.0)) == expected
    assert 0 < len(expected) < 400  # of over three times the smallest there are 20,000

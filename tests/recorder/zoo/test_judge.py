"""The judge itself: what counts as right, and what does not."""

from __future__ import annotations

import pytest

from gradtui_engine.findings.finding import Finding

from .judge import Judgement
from .training import Training


def finding(kind: str, layer: str | None = None, step: int | None = None, severity: str = "error") -> Finding:
    return Finding(kind, layer, step, severity, "", {}, "", "")


DEAD = Training("dead", lambda seed, watch: None, "dead", also=("saturated",), layers=("net.2",), steps=(40, 41))
HEALTHY = Training("healthy", lambda seed, watch: None)
FROZEN = Training("frozen", lambda seed, watch: None, "frozen", note=True)


@pytest.mark.parametrize(
    ("training", "findings", "every", "right"),
    [
        (DEAD, [finding("dead", "net.2", 41)], 1, True),
        (DEAD, [finding("loss_flat", None, 0), finding("dead", "net.2.relu", 40)], 1, True),
        (DEAD, [finding("saturated", "net.2", 40)], 1, True),
        (DEAD, [finding("dead", "net.20", 40)], 1, False),
        (DEAD, [finding("dead", None, 40)], 1, False),
        (DEAD, [finding("dead", "net.2", 42)], 1, False),
        (DEAD, [finding("dead", "net.2", 50)], 10, True),
        (DEAD, [finding("dead", "net.2", 39)], 10, False),
        (DEAD, [finding("dead", "net.2", None)], 1, False),
        (DEAD, [finding("dead", "net.2", 40, "note")], 1, False),
        (DEAD, [finding("vanishing", "net.2", 40)], 1, False),
        (DEAD, [], 1, False),
        (HEALTHY, [], 1, True),
        (HEALTHY, [finding("vanishing", "0", 0, "note")], 1, True),
        (HEALTHY, [finding("vanishing", "0", 0, "warning")], 1, False),
        (FROZEN, [finding("frozen", "body", 0, "note")], 1, True),
        (FROZEN, [], 1, False),
        (FROZEN, [finding("frozen", "body", 0, "note"), finding("dead", "1", 0)], 1, False),
    ],
)
def test_right_is_kind_and_layer_and_step(training: Training, findings: list[Finding], every: int, right: bool) -> None:
    judgement = Judgement(training, 0, training.steps, tuple(findings), every)
    assert judgement.right is right, str(judgement)


def test_what_was_found_instead_is_said() -> None:
    text = str(Judgement(DEAD, 3, DEAD.steps, (finding("vanishing", "net.4", 7),)))
    assert "dead, seed 3" in text
    assert "expected dead in net.2 from step 40 to 41" in text
    assert "error vanishing in net.4 at step 7" in text

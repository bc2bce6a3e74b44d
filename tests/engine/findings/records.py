"""What the rules are asked about: records made without torch, with the losses that a test is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.finding import Diagnosis, Finding
from tests.recordings import Line, recorded


def with_losses(lines: list[Line], losses: Sequence[Any] | Callable[[int], Any] | float) -> list[Line]:
    """The lines with these losses, of every step: of the steps between two lines in the ring."""
    value = _by_step(losses)
    before = -1
    for line in lines:
        if line["k"] == "step":
            line["loss"] = value(line["n"])
            line["ring"] = [[n, value(n)] for n in range(before + 1, line["n"])]
            before = line["n"]
    return lines


def _by_step(losses: Sequence[Any] | Callable[[int], Any] | float) -> Callable[[int], Any]:
    if callable(losses):
        return losses
    if isinstance(losses, int | float):
        return lambda n: losses
    return lambda n: losses[n]


def flat(level: float = 2.0) -> Callable[[int], float]:
    """A loss that does not fall, with a little noise."""
    noise = np.random.default_rng(0).normal(0, 0.02, 100_000)
    return lambda n: round(float(level * (1 + noise[n])), 5)


def found(lines: list[Line]) -> dict[str, Finding]:
    """The findings by kind."""
    return {finding.kind: finding for finding in diagnosed(lines).findings}


def faults(lines: list[Line]) -> list[str]:
    """The kinds of the faults, in order."""
    return [finding.kind for finding in diagnosed(lines).findings if finding.is_fault]


def diagnosed(lines: list[Line]) -> Diagnosis:
    return diagnose(recorded(lines), experiments=False)

"""The table of schedules: by what share of the learning rate each iteration of a training goes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import power
from ..core.table import Table


class Course(Protocol):
    """What a schedule reads: N iterations, w of warmup; step: every so many iterations times the factor."""

    @property
    def iterations(self) -> int: ...
    @property
    def warmup_iterations(self) -> int: ...
    @property
    def step_every_iterations(self) -> int: ...
    @property
    def step_factor(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """share(k, course) of the rate at iteration k, from 0; k counts from the end of the warmup, of `length` iterations.

    Before, the share rises as min(1, (k + 1) / w) (Goyal et al. 2017), whatever the schedule. In PyTorch's words:
    SequentialLR([LinearLR(start_factor=1 / w, total_iters=w - 1), X], milestones=[w]), where X is CosineAnnealingLR
    (T_max=N - w) or StepLR(s, γ). warms says that the schedule is nothing else: without a warmup of its own it takes a
    tenth of the iterations. told is what a heading says of it, with {factor} and {every}: empty where the rate, or the
    warmup beside it, says all.
    """

    name: str
    formula: str
    share: Callable[[int, int, Course], float]
    source: str
    note: English
    warms: bool = False
    told: English = ""
    aliases: Aliases = NO_ALIASES


def _constant(k: int, length: int, course: Course) -> float:
    return 1.0


def _cosine(k: int, length: int, course: Course) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, k / max(1, length))))


def _step(k: int, length: int, course: Course) -> float:
    # Beyond the largest number it is infinite: the training diverges, which is an outcome.
    return power(course.step_factor, k // course.step_every_iterations)


SCHEDULES = Table(
    "schedule",
    (
        Schedule(
            "constant", "η", _constant, "–", "The same rate from the first iteration to the last.",
            aliases=Aliases(("none", "constant_lr")),
        ),
        Schedule(
            "warmup", "η · min(1, (k + 1) / w)", _constant, "Goyal et al. 2017",
            "The rate rises over the first w iterations: the first steps, along a gradient that nothing has calmed "
            "yet, are small.",
            warms=True,
            aliases=Aliases(("linear_warmup", "constant_with_warmup"), ("linear_lr", "linear")),
        ),
        Schedule(
            "cosine", "η · ½ (1 + cos(π k / N))", _cosine, "Loshchilov & Hutter 2017",
            "Falls along half a cosine to 0: large steps to look around, small ones to settle.",
            told="cosine to 0",
            aliases=Aliases(("cosine_annealing_lr", "cosine_annealing", "cosine_decay"), ("cosine_with_restarts",)),
        ),
        Schedule(
            "step", "η · γ^⌊k / s⌋", _step, "He et al. 2016",
            "Divides the rate, by ten without another factor, every s iterations.",
            told="step: × {factor} every {every}",
            aliases=Aliases(("step_lr", "step_decay"), ("multi_step_lr", "exponential_lr", "exponential_decay")),
        ),
    ),
)  # fmt: skip


def share(name: str, k: int, course: Course) -> float:
    """The share of the rate at iteration k, from 0 to 1 (and above, where a step's factor is)."""
    warmup = course.warmup_iterations
    if k < warmup:
        return min(1.0, (k + 1) / warmup)
    return SCHEDULES[name].share(k - warmup, course.iterations - warmup, course)

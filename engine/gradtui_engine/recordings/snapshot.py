"""A recording up to some moment, as it is shown: numbers that never change, while its file may grow."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..analysis.outcome import LEARNT, OFF_SCALE, Answer, Finding
from ..core.figures import exact, short
from ..core.message import Message
from ..core.numerics import Array
from ..training.snapshot import summary_of

#: The share of the losses at either end whose median counts as where it began, and where it is.
_END = 10


@dataclass(frozen=True, eq=False)
class RecordingSnapshot:
    """The first `count` events of a recording, with the names of a `TrainingSnapshot`.

    columns are read-only, their first axis the event: loss, accuracy (NaN: it is not recorded), learning_rate (of the
    first group), (count,); gradient and cell_gradient: log10 ‖∂L/∂h‖ and log10 ‖∂L/∂c‖, −inf where it is 0,
    (count, stages); update_ratio (count, parameters), in the order of `parameters`; std, saturated, dead,
    stage_update_ratio, parameter_gradient: log10 ‖∂L/∂θ‖ (count, stages); gates: their means (count, gates, steps);
    gradient_before and gradient_after: norm of all gradients, after backward and as the optimizer gets it, (count,).
    NaN is not known.

    steps are the training's own (count,): an event's number is not its step. places names the stages along the axis
    "module" or "time". done: the record has ended, interrupted: it ended before the training did. words say what was
    recorded, and complete whether all of it has been read: before, an event that has not been shows the one before it.
    """

    count: int
    columns: Mapping[str, Array]
    axis: str
    parameters: tuple[str, ...]
    steps: Array
    places: tuple[str, ...]
    words: str
    every_loss: tuple[Array, Array]
    done: bool = False
    interrupted: bool = False
    complete: bool = True
    validations: tuple[()] = ()
    guess: float = math.nan
    batch_guess: float = math.nan
    broken: tuple[str, int | None] | None = None

    @functools.cached_property
    def summary(self) -> Mapping[str, Array]:
        """loss, accuracy, learning_rate (count,), and of the stages each row of STAGE_NUMBERS that is known, by its
        name: (count, stages)."""
        summary = summary_of(self.columns)
        if "stage_update_ratio" in self.columns:
            summary["update_ratio"] = self.columns["stage_update_ratio"]
        return summary

    @property
    def last_step(self) -> int:
        """The last step of which anything is known, its loss at the least; 0 where nothing is."""
        return max((int(steps[-1]) for steps in (self.steps, self.every_loss[0]) if len(steps)), default=0)

    @functools.cached_property
    def loss_range(self) -> tuple[Array, Array]:
        """The smallest and the largest loss from each event up to the next, (count,): of every step, not of the events
        alone, so that no spike between two of them is lost; NaN where none is known."""
        steps, losses = self.every_loss
        events = np.searchsorted(self.steps, steps, side="right") - 1
        known = events >= 0
        least, most = (np.array(self.columns["loss"], dtype=float) for _ in range(2))
        np.fmin.at(least, events[known], losses[known])
        np.fmax.at(most, events[known], losses[known])
        return least, most

    @functools.cached_property
    def outcome(self) -> Answer | None:
        """What has become of its loss so far; None where none is known."""
        losses = self.every_loss[1]
        if not losses.size:
            return None
        numbers = {"iterations": float(self.steps[-1]) + 1.0, "end": float(losses[-1])}
        return learning_of(losses).answer("learning", numbers)


def learning_of(losses: Array) -> Finding:
    """Whether the loss falls: the median of the last tenth beside that of the first."""
    tenth = max(1, len(losses) // _END)
    start, end = float(np.median(losses[:tenth])), float(np.median(losses[-tenth:]))
    values = {"start": short(start), "end": short(end)}
    rule = Message("median of the last tenth of the losses < {limit} × that of the first", limit=exact(LEARNT))
    if not math.isfinite(losses[-1]) or not math.isfinite(end):
        message = Message("the loss is no longer finite")
        return Finding("diverged", True, Message("loss"), None, message, rule, math.inf)
    moved = end / start if start > 0 else math.nan
    if end > OFF_SCALE * start > 0:
        message = Message("the loss has grown from {start} to {end}", **values)
        return Finding("diverged", True, Message("loss"), None, message, rule, moved)
    # A loss may be negative: then it falls where it goes down by as much.
    if end < start - (1 - LEARNT) * abs(start):
        message = Message("the loss falls, from {start} to {end}", **values)
        return Finding("falling", False, Message("loss"), None, message, rule, moved)
    message = Message("the loss stays where it began: it was {start}, and is {end}", **values)
    return Finding("stalled", False, Message("loss"), None, message, rule, moved)

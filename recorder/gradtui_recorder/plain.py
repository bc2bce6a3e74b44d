"""Steps of a plain loop that are not looked at: one backward pass, one optimizer's step, no loss scale.

Nearly all steps of nearly all trainings are such. What the caches hold there is the training's: 20 µs of Python took 60
to 140 µs of its time. So no more is done than to keep the loss and to count, in one function; whatever is otherwise (a
second backward pass, a step without one, a loss that is given) goes the way of all other steps.
Whether anybody has cleared the gradient since the step before shows by that of one parameter.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from .context import Context
from .gradients import Gradients, Reference
from .schedule import Schedule


class Plain:
    """Is `context.plain` in such steps; `leave` takes back what has been passed over, and goes the longer way."""

    __slots__ = ("_clock", "_context", "_gradients", "_losses", "_reference", "_root", "_schedule", "_stale")

    def __init__(self, context: Context, schedule: Schedule, gradients: Gradients) -> None:
        self._context = context
        self._clock = context.clock
        self._losses = context.losses
        self._schedule = schedule
        self._gradients = gradients
        self._reference: Reference | None = None
        self._stale = False
        self._root: Any = None

    def enter(self) -> None:
        """From the step on that begins now."""
        self._reference = next((one for one in self._gradients.references if one.optimizer == 0), None)
        if self._reference is not None:
            self._context.plain = self

    def leave(self) -> None:
        """The step that is under way is none of these."""
        self._context.plain = None
        reference = self._reference
        if reference is not None:
            reference.touched = self._root is not None
            reference.accumulated = self._stale if reference.touched else reference.written is not None
        if self._root is not None:
            self._losses.add(self._root)
            self._root = None

    @property
    def pending(self) -> bool:
        """Whether a backward pass of this step is over already."""
        return self._root is not None

    def began(self) -> None:
        """The first backward pass of the step begins."""
        reference = self._reference
        self._stale = reference is not None and reference.parameter.grad is not None and not reference.changed

    def passed(self, root: Any) -> None:
        """A backward pass is over, the first one."""
        self._root = root

    def stepped(self) -> bool:
        """The optimizer has stepped; false where the step goes the longer way."""
        start = time.perf_counter()
        root, context, schedule = self._root, self._context, self._schedule
        step = context.n
        if not isinstance(root, torch.Tensor) or self._losses.given.waits or step + 1 >= schedule.next:
            return False
        if root.device.type == "cpu" and root.numel() == 1:
            loss = root.item()
            # Infinity less itself is no number either.
            if loss - loss != 0:
                return False
            self._losses.values.append(loss)
            self._losses.steps.append(step)
            self._losses.given.latest = loss
        elif root.numel() == 1:
            self._losses.wait(step, root.detach().reshape(()))
            self._losses.given.latest = None
        self._root = None
        if self._stale:
            self._gradients.stale = True
        if self._reference is not None:
            self._reference.note()
        context.n = step + 1
        schedule.unseen(start - context.last, self._clock.seconds)
        context.last = start
        self._clock.seconds += time.perf_counter() - start
        return True

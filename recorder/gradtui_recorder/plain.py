"""Steps of a plain loop that are not looked at: one backward pass, one optimizer's step, no loss scale.

Nearly all steps of nearly all trainings are such. What the caches hold there is the training's: 20 µs of Python took 60
to 140 µs of its time. So no more is done than to keep the loss and to count, in one function; whatever is otherwise (a
second backward pass, a step without one, a loss that is given) goes the way of all other steps.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from .context import Context
from .schedule import Schedule


class Plain:
    """Is `context.plain` in such steps; `leave` takes back what has been passed over, and goes the longer way."""

    __slots__ = ("_clock", "_context", "_losses", "_root", "_schedule")

    def __init__(self, context: Context, schedule: Schedule) -> None:
        self._context = context
        self._clock = context.clock
        self._losses = context.losses
        self._schedule = schedule
        self._root: Any = None

    def enter(self) -> None:
        """From the step on that begins now."""
        self._context.plain = self

    def leave(self) -> None:
        """The step that is under way is none of these."""
        self._context.plain = None
        if self._root is not None:
            self._losses.add(self._root)
            self._root = None

    @property
    def pending(self) -> bool:
        """Whether a backward pass of this step is over already."""
        return self._root is not None

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
        context.n = step + 1
        schedule.unseen(start - context.last, self._clock.seconds)
        context.last = start
        self._clock.seconds += time.perf_counter() - start
        return True

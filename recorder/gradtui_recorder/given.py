"""Losses that the user gives, and which step each of them is of."""

from __future__ import annotations

from typing import Any

import torch

from .schema import written


class Given:
    """Of one that is given after a backward pass it is plain: it is of the step under way.

    Between an optimizer's step and the next backward pass it is of the step that has just run, where most people log.
    Some say it before `backward`, though, and who does so says it before the first one already (`_ahead`), or says the
    very number that the next backward pass begins at: it waits until that has come.
    """

    def __init__(self) -> None:
        #: Of the step under way: since its last optimizer's step, and before.
        self.values: list[Any] = []
        self._kept: list[Any] = []
        #: Of this step, or of the one before.
        self.waiting: list[Any] = []
        self._ahead = False
        #: Whether an optimizer has stepped in the step under way.
        self._marked = False
        #: What is recorded of the step before: its loss, and those given of it.
        self.latest: Any = None
        self._last: tuple[int, list[Any]] = (-1, [])

    def give(self, value: Any, step: int, begun: bool) -> None:
        """step is the number of the one under way; begun: a backward pass of it is over, since when nobody stepped."""
        value = _number(value) if isinstance(value, torch.Tensor) else float(value)
        if begun or not (step or self._marked):
            self._ahead |= not begun
            self.values.append(value)
        elif self._ahead or self._marked or self.waiting or self.of(step - 1) or not equal(value, self.latest):
            self.waiting.append(value)
        else:
            self._last = (step - 1, [value])

    @property
    def waits(self) -> bool:
        """Whether a step that is under way has been given any."""
        return bool(self.values or self.waiting)

    def of(self, step: int) -> list[Any]:
        """Those given of the last step, if that is its number."""
        return self._last[1] if self._last[0] == step else []

    def settle(self, step: int, loss: Any) -> list[Any]:
        """An optimizer steps, whose backward passes began at this loss: all that were given of the step before, where
        some have been waiting that are of it."""
        waiting, self.waiting = self.waiting, []
        if not waiting:
            return []
        if self._ahead:
            self._ahead = equal(waiting[0], loss) or not equal(waiting[0], self.latest)
        else:
            self._ahead = equal(waiting[0], loss)
        if self._ahead:
            self.values[:0] = waiting
        elif self._marked:
            self._kept += waiting
        else:
            self._last = (step - 1, self.of(step - 1) + waiting)
            return self._last[1]
        return []

    def mark(self) -> None:
        """An optimizer has stepped: what was given before is of this step."""
        self._marked = True
        self._kept += self.values
        self.values = []

    def taken(self, step: int) -> list[Any]:
        """Those of a step that is over."""
        values, self._kept = self._kept, []
        self._marked = False
        self._last = (step, values)
        return values


def mean(values: list[Any]) -> Any:
    """Of numbers, or of tensors on a device, which are not waited for."""
    loss = sum(values[1:], start=values[0]) / len(values)
    return loss.float().mean() if isinstance(loss, torch.Tensor) else loss


def equal(one: Any, other: Any) -> bool:
    """Whether both are known here, and would be written as the same number."""
    return isinstance(one, float) and isinstance(other, float) and written(one) == written(other)


def _number(value: Any) -> Any:
    is_here = value.device.type == "cpu" and value.numel() == 1
    return float(value.item()) if is_here else value.detach()

"""The loss: the root of each backward pass, in every step; steps between two lines wait in a ring."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import torch

from .given import Given, equal, mean
from .schema import written
from .transfer import Numbers

#: So many losses wait at the most: where more steps are between two lines, the newest are kept.
RING: Final = 4096
#: So many backward passes of a step are kept of which it is not known whose they are.
_OTHERS: Final = 64
#: What a loss goes through on its way to the root: a loss scale, the mean over micro-batches, another precision.
_PASSED: Final = (
    "MulBackward0",
    "DivBackward0",
    "ToCopyBackward0",
    "AliasBackward0",
    "ViewBackward0",
    "CloneBackward0",
)


def root_name(roots: Any) -> str | None:
    """The name of the function that gave the loss (the first, of several), below what only scales it."""
    loss = roots if isinstance(roots, torch.Tensor) else next(iter(roots), None)
    node = getattr(loss, "grad_fn", None)
    for _ in range(8):
        if node is None or node.name() not in _PASSED:
            break
        below = [function for function, _ in node.next_functions if function is not None]
        if len(below) != 1 or type(below[0]).__name__ == "AccumulateGrad":
            break
        node = below[0]
    return None if node is None else str(node.name())


class Losses:
    """Of the step under way, and of those since the last line.

    On a CPU a loss is read at once. On a device it stays there, in a ring of its own, until a line is written: to read
    it would wait for the device.
    """

    def __init__(self) -> None:
        self.passes = 0
        self._sum: Any = None
        self._kept: Any = None
        self._kept_passes = 0
        #: What the user says that they are.
        self.given = Given()
        self._others: list[Any] = []
        #: The steps since the last line, and their losses where they were read.
        self.steps: deque[int] = deque(maxlen=RING)
        self.values: deque[float] = deque(maxlen=RING)
        self._buffer: Any = None
        self._next = 0

    # -- of this step --------------------------------------------------------------------------------------

    def add(self, roots: Any) -> None:
        """A backward pass is over that began at these."""
        self.passes += 1
        for value in _values(roots):
            self._sum = value if self._sum is None else self._sum + value

    def perhaps(self, roots: Any) -> None:
        """A backward pass is over that may have been one of ours: which of our parameters it reached is not known."""
        if len(self._others) < _OTHERS:
            self._others.append(_values(roots))

    def adopt(self) -> None:
        """It was one of ours."""
        for values in self._others:
            self.passes += 1
            for value in values:
                self._sum = value if self._sum is None else self._sum + value

    @property
    def unsure(self) -> bool:
        """Whether no backward pass of this step is known to be ours, and some may be."""
        return self.passes == 0 and bool(self._others)

    def forget(self) -> None:
        """The gradient was cleared: those passes were not of this step."""
        self.passes, self._sum = 0, None

    def keep(self, scale: Any, step: int) -> None:
        """An optimizer has stepped: what came before is of this step, whatever is cleared from here on.

        scale is the loss scale, a tensor, that is taken out of it.
        """
        loss = self._sum
        if loss is not None and scale is not None:
            loss = loss / (scale if isinstance(loss, torch.Tensor) else scale.item())
        self._settle(step, loss)
        self.given.mark()
        if loss is not None:
            self._kept = loss if self._kept is None else self._kept + loss
            self._sum = None
        self._kept_passes += self.passes
        self.passes = 0
        if self._others:
            self._others = []

    def taken(self, step: int) -> tuple[int, Any]:
        """Backward passes of the step that is over, and its loss: a number, a tensor on a device, or None."""
        passes, loss = self._kept_passes, self._kept
        self._kept, self._kept_passes = None, 0
        self._settle(step, self._sum)
        given = self.given.taken(step)
        loss = self.given.latest = mean(given) if given else loss
        return passes, loss

    def finish(self, step: int) -> None:
        """There are no more steps: what was given since the last one is of that."""
        self._settle(step, None)

    def _settle(self, step: int, loss: Any) -> None:
        """What was given of the step before, when that was over, replaces its loss: in the ring, which may begin with
        the step of the line before."""
        values = self.given.settle(step, loss)
        late = mean(values) if values else None
        if late is None or equal(late, self.given.latest):
            return
        self.given.latest = late
        if self.steps and self.steps[-1] == step - 1:
            self.steps.pop()
            if self._next:
                self._next -= 1
            else:
                self.values.pop()
        self.wait(step - 1, late)

    # -- of the steps between two lines --------------------------------------------------------------------

    def wait(self, step: int, loss: Any) -> None:
        """Keeps the loss of a step that has no line."""
        if loss is None:
            return
        if isinstance(loss, torch.Tensor) or self._next:
            device = loss.device if isinstance(loss, torch.Tensor) else self._buffer.device
            if self._buffer is None or self._buffer.device != device:
                self._buffer = torch.zeros(RING, dtype=torch.float32, device=device)
                self._next = 0
            while self.values:
                self._put(self.values.popleft())
            self._put(loss)
        else:
            self.values.append(loss)
        self.steps.append(step)

    def _put(self, loss: Any) -> None:
        self._buffer[self._next % RING] = loss.detach() if isinstance(loss, torch.Tensor) else loss
        self._next += 1

    def flush(self, line: dict[str, Any], numbers: Numbers | None) -> None:
        """Puts the ring into a line: what is on a device comes with its numbers (None: it is waited for)."""
        steps, values = list(self.steps), list(self.values)
        if self._buffer is not None and self._next:
            count = min(self._next, RING, len(steps))
            start = (self._next - count) % RING
            kept = torch.cat((self._buffer[start:], self._buffer[:start]))[:count] if start else self._buffer[:count]
            if numbers is None:
                line["ring"] = [
                    [step, written(value)] for step, value in zip(steps[-count:], kept.tolist(), strict=True)
                ]
            else:
                line["ring"] = _Ring(steps[-count:])
                numbers.put(kept.clone(), line["ring"], "losses")
        else:
            line["ring"] = [[step, written(value)] for step, value in zip(steps, values, strict=True)]
        self.steps.clear()
        self.values.clear()
        self._next = 0


class _Ring(dict[str, Any]):
    """A ring whose losses are under way."""

    def __init__(self, steps: list[int]) -> None:
        super().__init__()
        self.steps = steps

    def pairs(self) -> list[list[Any]]:
        return [[step, loss] for step, loss in zip(self.steps, self["losses"], strict=True)]


def ring_pairs(ring: Any) -> Any:
    """[[n, loss]], once the losses are there."""
    return ring.pairs() if isinstance(ring, _Ring) else ring


def _values(roots: Any) -> list[Any]:
    """The scalars that a backward pass began at: read on a CPU, left where they are on a device."""
    return [
        root.item() if root.device.type == "cpu" else root.detach().reshape(())
        for root in ((roots,) if isinstance(roots, torch.Tensor) else roots)
        if isinstance(root, torch.Tensor) and root.numel() == 1
    ]

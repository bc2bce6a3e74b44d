"""Gradients that arrive at the outputs of a recurrent module, and states that go from one call of it to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

import torch
from torch import Tensor

#: A state is the one before, or made of it by so few operations: by a mask's, say.
NEAR: Final = 24
#: So many calls of a loop are its time steps; those after them are not looked at.
MOST_CALLS: Final = 512

TOO_MANY: Final = f"it is called more than {MOST_CALLS} times in a step: over time, the first ones are recorded"
DIFFERENTIATED: Final = "its gradient is differentiated once more: the gradient over time is not recorded"


#: What has to be done with a row once its numbers are there. Raises Impossible where they say that it is wrong.
Finish = Callable[[], None]


class Numbers(Protocol):
    """What brings numbers from tensors into a line."""

    def put(self, tensor: Any, into: Any, key: Any, *, factor: float = 1.0, scaled: bool = False) -> None:
        """into[key] becomes the number, or the list of those of a vector; scaled: without the loss scale."""


class Impossible(Exception):
    """The gradient over time of a module cannot be had in this step, for a reason that is worth a note."""


class Arrived:
    """The gradients that arrive at some tensors while `counts`, those of several backward passes added up.

    A hook on the tensor's node, and not on the tensor, comes after all hooks that a training has on the tensor, which
    may clip the gradient there. What arrives at a parameter becomes its .grad, into which others write (as the average
    over all ranks): it has to be copied.
    """

    def __init__(self, counts: Callable[[], bool], copies: bool = False) -> None:
        self._counts, self._copies = counts, copies
        self._handles: list[Any] = []
        self._twice = False
        self.gradients: dict[Any, Tensor] = {}
        #: How often something has arrived.
        self.times = 0

    def listen(self, key: Any, tensor: Any) -> None:
        """Hear of a tensor's gradient as `gradients[key]`, where it has any."""
        if isinstance(tensor, Tensor) and tensor.requires_grad:
            edge = torch.autograd.graph.get_gradient_edge(tensor)
            self._handles.append(edge.node.register_prehook(partial(self._heard, key, edge.output_nr)))

    def leave(self) -> None:
        """Hear of no more. A leaf's node may live as long as the model."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def known(self) -> Mapping[Any, Tensor]:
        """The gradients. Raises Impossible where they were differentiated, in which case other paths carry some too."""
        if self._twice:
            raise Impossible(DIFFERENTIATED)
        return self.gradients

    def _heard(self, key: Any, number: int, gradients: Sequence[Tensor | None]) -> None:
        if torch.is_grad_enabled():
            self._twice = True
        gradient = gradients[number]
        if gradient is None or not self._counts():
            return
        self.times += 1
        gradient, before = gradient.detach(), self.gradients.get(key)
        if before is not None:
            self.gradients[key] = before + gradient
        else:
            self.gradients[key] = gradient.clone() if self._copies else gradient


def states_of(state: Any) -> tuple[Tensor, ...]:
    """(h,) or (h, c), of what a module takes or gives as its state."""
    return tuple(state) if isinstance(state, tuple | list) else (state,)


def norm(tensor: Tensor, dimensions: tuple[int, ...] | None = None) -> Tensor:
    """In float64 where there is one: the squares of float32's small gradients (1e-23) are 0 in float32."""
    dtype = torch.float32 if tensor.device.type == "mps" else torch.float64
    return torch.linalg.vector_norm(tensor, dim=dimensions, dtype=dtype)


def made_of(state: Tensor, earlier: Tensor) -> bool:
    """Whether a state is an earlier one, or was made of it by a few operations that carry gradients."""
    if state is earlier:
        return True
    target, near = earlier.grad_fn, [state.grad_fn]
    for node in near:
        if node is not None and node is target:
            return True
        if node is not None and len(near) < NEAR:
            near += [following for following, _ in node.next_functions]
    return False

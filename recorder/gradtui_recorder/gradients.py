"""Gradients: of activations by hooks on the outputs themselves, and of parameters, as a backward pass leaves them.

`register_full_backward_hook` is never used: it stops trainings whose ReLU works in place (pytorch#61519).
"""

from __future__ import annotations

import weakref
from typing import Any, Final

import torch

from .context import Context
from .sample import A, Call, Sample
from .tensors import gradient_values, norm, norms

#: Parameters whose gradient tells whether a backward pass was one of ours: one is enough for most models, a mixture of
#: experts takes a few.
_MOST_REFERENCES: Final = 16


class Reference:
    """A parameter by whose gradient it is seen what happened to all of its optimizer's gradients.

    The object that holds the gradient, and how often it was written (`_version`), are compared: `accumulated` says that
    since its optimizer's step nobody has cleared it, `touched` that a backward pass has reached it since.
    """

    __slots__ = ("accumulated", "optimizer", "parameter", "touched", "version", "written")

    def __init__(self, parameter: Any, optimizer: int) -> None:
        self.parameter = parameter
        self.optimizer = optimizer
        self.written: Any = None
        self.version = -1
        self.accumulated = False
        self.touched = False

    def note(self) -> None:
        """Keeps what the gradient is now."""
        gradient = self.parameter.grad
        if gradient is None:
            self.written = None
            self.accumulated = False
        else:
            self.written = weakref.ref(gradient)
            self.version = gradient._version

    @property
    def changed(self) -> bool:
        """Whether the gradient is another one than that which was noted, or was written since."""
        gradient = self.parameter.grad
        if gradient is None:
            return self.written is not None
        return self.written is None or self.written() is not gradient or bool(gradient._version != self.version)

    @property
    def kept(self) -> bool:
        """Whether what was written since is no clearing: clipping between two micro-batches scales what is there.

        Costs a transfer, where a gradient of this step was written in place.
        """
        gradient = self.parameter.grad
        if gradient is None or self.written is None or self.written() is not gradient:
            return False
        with torch.no_grad():
            return bool(gradient_values(gradient).count_nonzero())


class Gradients:
    """What backward passes leave in the parameters."""

    def __init__(self, context: Context) -> None:
        self._context = context
        #: The model's parameters that each optimizer has, and all of the model's with the number of theirs (-1: none).
        self.owned: list[list[Any]] = []
        self.all: list[tuple[Any, int]] = []
        self.references: list[Reference] = []
        #: Whether, since the last line, an optimizer has stepped with a gradient that nobody had cleared.
        self.stale = False
        self._before: list[tuple[Any, int, Any, int]] = []

    # -- of activations ------------------------------------------------------------------------------------

    def follow(self, call: Call, tensor: Any, sample: Sample) -> None:
        """Has the norm of ∂L/∂output put into the call's row as soon as it is known."""
        call.hooked = True
        context = self._context

        def arrived(gradient: Any) -> None:
            if context.sample is not sample or sample.repeated or not context.passing:
                return
            with context.clock:
                context.guard.call("gradients", self._arrived, call, gradient, sample)

        handle = tensor.register_hook(arrived)
        if tensor.is_leaf:
            sample.handles.append(handle)  # A parameter that a module gives as it is lives on, with what hangs on it.

    def _arrived(self, call: Call, gradient: Any, sample: Sample) -> None:
        call.reached = True
        if gradient.layout is not torch.strided or gradient.numel() == 0:
            return
        with torch.no_grad():
            gradient = gradient.detach()
            sample.numbers.put(norm(gradient), call.row, A["grad"], scaled=True)
            if gradient.dtype is torch.float16:
                sample.numbers.put((gradient == 0).float().mean(), call.row, A["zero"])

    # -- of parameters -------------------------------------------------------------------------------------

    def begin(self) -> bool:
        """A backward pass begins. Whether a gradient that an earlier one of this step gave has been cleared since."""
        cleared = False
        for reference in self.references:
            if reference.changed and not (reference.touched and reference.kept):
                reference.accumulated = False
                cleared = cleared or reference.touched
                reference.touched = False
        sample = self._context.sample
        if sample is not None:
            self._before = [
                (parameter, owner, parameter.grad, -1 if parameter.grad is None else parameter.grad._version)
                for parameter, owner in self.all
            ]
            if "stale" not in sample.line:
                self._look_at_old(sample)
        for reference in self.references:
            reference.note()
        return cleared

    def ended(self) -> bool:
        """It is over. Whether it was one of ours: it has left something in a gradient of a parameter of ours."""
        ours = False
        for reference in self.references:
            if reference.changed:
                ours = reference.touched = True
                reference.note()
        if self._before:
            ours = self._look_for_references() or ours
        self._before = []
        return ours

    def stepped(self, optimizer: int) -> bool:
        """An optimizer has stepped. Whether its gradient was cleared by nobody since its step before."""
        stale = [
            # Without a backward pass in between nobody has looked whether it was cleared.
            reference.accumulated and (reference.touched or not reference.changed)
            for reference in self.references
            if reference.optimizer == optimizer
        ]
        for reference in self.references:
            if reference.optimizer == optimizer:
                reference.note()
                reference.accumulated = reference.written is not None
            reference.touched = False
        return bool(stale) and all(stale)

    def passed_over(self) -> bool:
        """A backward pass is over that nobody looked at. Whether its gradient is there, and nobody cleared it."""
        for reference in self.references:
            changed = reference.changed
            reference.note()
            reference.touched = reference.kept
            if changed and not reference.touched:
                reference.accumulated = False
        return not self.references or any(reference.touched for reference in self.references)

    def reached(self, optimizer: int) -> bool:
        """Whether a parameter of an optimizer has a gradient, though no reference of its has one: it becomes one.

        So it is in a mixture of experts, where each step reaches others.
        """
        for parameter in self.owned[optimizer]:
            if parameter.grad is not None:
                if len(self.references) < _MOST_REFERENCES:
                    self.references.append(Reference(parameter, optimizer))
                return True
        return False

    def whole_norms(self, sample: Sample) -> None:
        """The norm of all gradients of each optimizer, as this backward pass leaves them, before anybody clips."""
        with torch.no_grad():
            for number, parameters in enumerate(self.owned):
                values = [gradient_values(parameter.grad) for parameter in parameters if parameter.grad is not None]
                values = [value for value in values if value.numel() and not value.is_meta]
                for device in {value.device for value in values}:
                    here = norms([value for value in values if value.device == device])
                    total = norm(torch.stack([each.to(here[0].dtype) for each in here]))
                    sample.numbers.put(total, sample.before[-1], (number, device), scaled=True)

    def _look_for_references(self) -> bool:
        """Compares all parameters: one whose gradient came, though no reference's of its optimizer did, becomes one."""
        known = {reference.optimizer for reference in self.references if reference.touched}
        ours = False
        for parameter, owner, gradient, version in self._before:
            now = parameter.grad
            if now is None or (now is gradient and now._version == version):
                continue
            ours = True
            if owner not in known and len(self.references) < _MOST_REFERENCES:
                reference = Reference(parameter, owner)
                reference.touched = True
                reference.note()
                self.references.append(reference)
                known.add(owner)
        return ours

    def _look_at_old(self, sample: Sample) -> None:
        """Where nobody seems to have cleared the gradient: `grad.data.zero_()` leaves no trace but zeros."""
        sample.line["stale"] = None
        old = [reference.parameter.grad for reference in self.references if reference.accumulated]
        values = [gradient_values(gradient) for gradient in old if gradient is not None]
        if values:
            sample.line["old"] = {"norm": None}
            with torch.no_grad():
                sample.numbers.put(norm(values[0]), sample.line["old"], "norm")

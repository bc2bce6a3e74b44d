"""Optimizers' steps: the gradient that they get, what they do to the parameters, and when a training step is over.

With several optimizers a training step is over when each that steps in it has stepped, or one steps a second time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from threading import get_ident
from typing import Any, Final

import torch

from .compiled import apart
from .context import Context
from .sample import P, Sample
from .tensors import elements, gradient_values, local, norms

#: An optimizer that has not stepped in so many training steps is not waited for.
_PATIENCE: Final = 8
#: Columns of a parameter's row while it is under way: the norm of the update and of what it was added to.
DELTA: Final = P["update"]
BASE: Final = len(P)


class Optimizers:
    """The hooks on the optimizers' steps."""

    def __init__(
        self,
        context: Context,
        optimizers: list[Any],
        stepped: Callable[[int], None],
        over: Callable[[bool], None],
    ) -> None:
        self._context = context
        self._stepped = stepped
        self._over = over
        self.all = optimizers
        #: Steps taken so far, of any of them.
        self.steps = 0
        #: Those that have stepped in this training step, in the order in which they did.
        self.stepped: list[int] = []
        self.inside = False
        #: Backward passes inside of the step that is being taken: a closure made them.
        self.passes = 0
        self._last = [0] * len(optimizers)
        self._kept: list[tuple[int, Any, Any]] = []
        self._closure = False
        #: Whose step is being taken, and which of ours that is.
        self._outer: Any = None
        #: Those that have stepped inside of the backward pass that is under way.
        self.delayed: list[int] = []
        self._number = -1
        hooked = [
            (number, one)
            for number, optimizer in enumerate(optimizers)
            for one in (optimizer, *_within(optimizer, optimizers))
        ]
        #: Whether there is one alone, which takes its steps itself, each by one backward pass.
        self.alone = len(hooked) == 1 and not isinstance(optimizers[0], torch.optim.LBFGS)
        self._handles = [
            handle
            for number, one in hooked
            for handle in (
                one.register_step_pre_hook(apart(functools.partial(self._before, number))),
                one.register_step_post_hook(apart(functools.partial(self._after, number))),
            )
        ]

    def number(self, optimizer: Any) -> int | None:
        """Which of ours it is."""
        return next((number for number, mine in enumerate(self.all) if mine is optimizer), None)

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()

    def _before(self, number: int, optimizer: Any, arguments: Any, options: Any) -> None:
        context = self._context
        if context.plain is not None or "step" in context.guard.off:
            return
        if self.inside and self._outer is not optimizer and number == self._number:
            return  # One optimizer takes its step by means of another.
        with context.clock:
            if not context.passing:
                context.thread = get_ident()
            self._outer, self._number = optimizer, number
            if number in self.stepped:
                context.guard.call("step", self._over, True)
            self.inside = True
            self.passes = 0
            sample = context.sample
            if sample is not None:
                # A closure makes the gradient inside of the step: what is there now may be that of the step before.
                self._closure = any(callable(given) for given in (*arguments[1:2], options.get("closure")))
                context.guard.call("parameters", self._look, optimizer, sample)

    def _after(self, number: int, optimizer: Any, arguments: Any, options: Any) -> None:
        context = self._context
        plain = context.plain
        if plain is not None:
            try:
                if plain.stepped():
                    return
            except Exception as error:
                context.guard.failed("backward", error)
            plain.leave()
        elif self._outer is not None and self._outer is not optimizer:
            return
        with context.clock:
            self.inside = False
            self._outer = None
            self.steps += 1
            sample = context.sample
            if sample is not None:
                if self.passes:
                    context.guard.call("parameters", self._gradients, optimizer, self.parameters(optimizer), sample)
                context.guard.call("updates", self._compare, optimizer, sample)
                sample.repeated = False
            self._step(number)

    def left_out(self, number: int) -> None:
        """GradScaler did not let the optimizer step: some of its gradients are no numbers."""
        context = self._context
        with context.clock:
            sample = context.sample
            if sample is not None:
                sample.line["skipped"] = True
                context.guard.call("parameters", self._only_norms, self.all[number], sample)
            self._step(number)

    def settle(self) -> None:
        """A backward pass is over: so are the steps that were taken inside of it."""
        delayed, self.delayed = self.delayed, []
        for number in delayed:
            self._step(number)

    def _step(self, number: int) -> None:
        context = self._context
        if "step" in context.guard.off:
            return
        if context.passing:
            # Taken as soon as a parameter's gradient is there: the loss is known when the backward pass is over.
            self.delayed.append(number)
            return
        try:
            self._stepped(number)
            self.stepped.append(number)
            self._last[number] = context.n
            if len(self.all) == 1 or all(
                other in self.stepped for other, last in enumerate(self._last) if context.n - last <= _PATIENCE
            ):
                self._over(False)
        except Exception as error:
            context.guard.failed("step", error)

    # -- parameters ----------------------------------------------------------------------------------------

    def parameters(self, optimizer: Any) -> list[tuple[int, Any]]:
        """Those that are the model's, with their indices in the record."""
        indices = self._context.watched.indices
        return [
            (indices[id(parameter)], parameter)
            for group in optimizer.param_groups
            for parameter in group["params"]
            if id(parameter) in indices
        ]

    def others(self, sample: Sample) -> None:
        """Norms of the weights of those that did not step: what changes from line to line is trained in between."""
        parameters = [
            (index, parameter)
            for number, optimizer in enumerate(self.all)
            if number not in self.stepped
            for index, parameter in self.parameters(optimizer)
            if parameter.numel() and index not in sample.rows
        ]
        with torch.no_grad():
            weights = norms([local(parameter.detach()) for _, parameter in parameters])
            for (index, _), weight in zip(parameters, weights, strict=True):
                sample.numbers.put(weight, sample.parameter_row(index), P["weight"])

    def _look(self, optimizer: Any, sample: Sample) -> None:
        """Before the step: norms of the weights and of the gradients, and some elements to compare with later."""
        with torch.no_grad():
            parameters = [(index, parameter) for index, parameter in self.parameters(optimizer) if parameter.numel()]
            weights = norms([local(parameter.detach()) for _, parameter in parameters])
            for (index, _), weight in zip(parameters, weights, strict=True):
                sample.numbers.put(weight, sample.parameter_row(index), P["weight"])
            if not self._closure or self._context.losses.passes:
                self._gradients(optimizer, parameters, sample)
            self._kept = [
                (index, parameter, elements(parameter).clone())
                for index, parameter in parameters
                if self._closure or parameter.grad is not None
            ]

    def _compare(self, optimizer: Any, sample: Sample) -> None:
        """After it: by how much it has changed them."""
        with torch.no_grad():
            if not self._kept:
                return
            old = [values for _, _, values in self._kept]
            deltas = [elements(parameter) - values for (_, parameter, _), values in zip(self._kept, old, strict=True)]
            rows = [sample.parameter_row(index) for index, _, _ in self._kept]
            for row, values, delta, base, change in zip(rows, old, deltas, norms(old), norms(deltas), strict=True):
                sample.numbers.put(change, row, DELTA)
                sample.numbers.put(base, row, BASE)
                if values.dtype in (torch.float16, torch.bfloat16):
                    sample.numbers.put((delta == 0).float().mean(), row, P["still"])
            self._kept = []

    def _only_norms(self, optimizer: Any, sample: Sample) -> None:
        self._closure = False
        self._look(optimizer, sample)
        self._kept = []

    def _gradients(self, optimizer: Any, parameters: list[tuple[int, Any]], sample: Sample) -> None:
        with torch.no_grad():
            self._gradient_norms(optimizer, parameters, sample)

    def _gradient_norms(self, optimizer: Any, parameters: list[tuple[int, Any]], sample: Sample) -> None:
        reached = [(index, parameter) for index, parameter in parameters if parameter.grad is not None]
        values = [gradient_values(parameter.grad) for _, parameter in reached]
        # A fused optimizer takes the loss scale out itself, and leaves the step out itself.
        scale = getattr(optimizer, "grad_scale", None)
        overflow = getattr(optimizer, "found_inf", None)
        if overflow is not None:
            sample.numbers.put(overflow.detach().reshape(()), sample.line, "overflow")
        for (index, _), value in zip(reached, norms(values), strict=True):
            sample.numbers.put(value if scale is None else value / scale, sample.parameter_row(index), P["grad"])


def _within(optimizer: Any, others: list[Any]) -> list[Any]:
    """Optimizers that one has inside: of sharpness-aware minimisation it is the inner one that is asked to step."""
    return [
        value
        for value in vars(optimizer).values()
        if isinstance(value, torch.optim.Optimizer) and not any(value is other for other in others)
    ]

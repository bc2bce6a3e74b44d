"""Forward passes: the statistics of what each module puts out, taken at once, as operations in place may follow.

One hook on all modules of the process, there in steps that are looked at alone, finds ours by their identity: so
nothing of the recorder is in the model, and copies of it (pickled, deep, averaged) record nothing.
"""

from __future__ import annotations

import math
from threading import get_ident
from typing import Any, Final

import torch
from torch.nn.modules.module import register_module_forward_hook

from .context import Context
from .functions import Functions
from .gradients import Gradients
from .sample import MOST_CALLS, A, Call, Sample
from .sequences import Sequences
from .tensors import LOOKED_AT, first_tensor, norm, real
from .units import RECTIFIERS, SATURATING, has_channels, off, saturated
from .weakly import weakly

#: Of those that are there, by id: where a training is dropped while it is looked at, a handle that is freed with it has
#: lost its hook already.
_handles: Final[dict[int, Any]] = {}


class Forward:
    """The hook on forward passes, and what it does for each call of a module of ours."""

    def __init__(self, context: Context, gradients: Gradients, functions: Functions, sequences: Sequences) -> None:
        self._context = context
        self._gradients = gradients
        self._functions = functions
        self._sequences = sequences
        self._recorded = context.watched.recorded
        self._outer = context.watched.outer
        self._root = id(context.watched.model)
        self._many: set[int] = set()

    def install(self) -> None:
        if id(self) not in _handles:
            _handles[id(self)] = register_module_forward_hook(weakly(self._hook), with_kwargs=True, always_call=True)

    def remove(self) -> None:
        handle = _handles.pop(id(self), None)
        if handle is not None:
            handle.remove()

    def _hook(self, module: Any, inputs: Any, *rest: Any) -> None:
        # Another thread that is about to call a hook which was just removed knows no more that it takes named inputs.
        # So is one of a call that has raised an error: of the model itself it may be that memory ran out, and then its
        # graph, which is that memory, must not be held.
        if len(rest) < 2:
            if id(module) == self._root:
                self._functions.clear()
            return
        named, output = rest
        index = self._recorded.get(id(module))
        outer = self._outer.get(id(module))
        if index is None and outer is None and id(module) != self._root:
            return
        context = self._context
        if context.sample is None or torch.compiler.is_compiling() or torch.jit.is_tracing():
            return
        if torch.is_grad_enabled() and torch._C._current_graph_task_id() == -1:
            context.thread = get_ident()
        with context.clock:
            if index is not None:
                context.guard.call("forward", self._called, index, module, inputs, named, output, context.sample)
            if outer is not None:
                context.guard.call("forward", self._came_out, outer, output, context.sample)
            if id(module) == self._root:
                context.guard.call("forward", self._whole, (inputs, named), output, context.sample)

    # -- one call ------------------------------------------------------------------------------------------

    def _called(self, index: int, module: Any, inputs: Any, named: Any, output: Any, sample: Sample) -> None:
        tensor = first_tensor(output)
        if tensor is None or sample.repeated:
            return
        silent = not torch.is_grad_enabled()
        again = torch._C._current_graph_task_id() != -1
        call = self._call(index, sample, silent, again)
        if call is None or silent:
            return
        if tensor.dtype in (torch.float16, torch.bfloat16):
            sample.half = str(tensor.dtype).rpartition(".")[2]
        channels = has_channels(module)
        if channels is not None:
            sample.channels = call.channels = channels
        with torch.no_grad():
            self._statistics(call, module, tensor.detach(), sample)
            if not sample.line.get("x"):
                self._input((inputs, named), sample)
        context = self._context
        if tensor.requires_grad:
            context.guard.call("gradients", self._gradients.follow, call, tensor, sample)
            if self._sequences.takes(module):
                name = context.watched.modules[index][0]
                context.guard.call("sequences", self._sequences.called, index, name, module, inputs, named, output)
            context.guard.call("functions", self._functions.called, call, module, inputs, named, tensor, sample)

    def _call(self, index: int, sample: Sample, silent: bool, again: bool) -> Call | None:
        """The call's place; None where it is the same call made again for a checkpoint, or one of too many."""
        if again and not silent:
            # Made again inside of a backward pass. Where the first was without gradients, this is the one that counts.
            waiting = sample.silent.get(index)
            if not waiting:
                return None
            call = waiting.pop()
            call.silent = False
            return call
        if silent:
            return sample.without_gradients(index)
        count = sample.counts[index] = sample.counts.get(index, 0) + 1
        if count > MOST_CALLS:
            self._too_many(index)
            return None
        call = Call(index, sample.forward, sample.backward, False)
        sample.calls.append(call)
        return call

    def _statistics(self, call: Call, module: Any, tensor: Any, sample: Sample) -> None:
        values = real(tensor)
        put, row = sample.numbers.put, call.row
        # Of all of it: a number that is not finite shows wherever it is.
        put(norm(values), row, A["rms"], factor=1 / math.sqrt(tensor.numel()))
        part = values
        if values.ndim > 1 and values.numel() > LOOKED_AT:
            part = values[: max(1, values.shape[0] * LOOKED_AT // values.numel())]
        put(part.mean(), row, A["mean"])
        smallest, largest = torch.aminmax(part)
        put(smallest, row, A["min"])
        put(largest, row, A["max"])
        if isinstance(module, RECTIFIERS):
            put(off(values, sample.channels), row, A["off"])
        elif type(module) in SATURATING:
            put(saturated(part, *SATURATING[type(module)]), row, A["sat"])

    def _came_out(self, index: int, output: Any, sample: Sample) -> None:
        """Of a module with others inside only whether its output is finite: its own code may be what breaks it."""
        if not torch.is_grad_enabled() or torch._C._current_graph_task_id() != -1 or sample.repeated:
            return
        tensor = first_tensor(output)
        if tensor is None or not sample.calls or len(sample.outer) >= MOST_CALLS:
            return
        row: list[Any] = [index, None]
        with torch.no_grad():
            sample.numbers.put(norm(real(tensor.detach())), row, 1, factor=1 / math.sqrt(tensor.numel()))
        sample.outer.append((row, sample.calls[-1]))

    def _too_many(self, index: int) -> None:
        if index not in self._many:
            self._many.add(index)
            name = self._context.watched.modules[index][0]
            self._context.note(
                f"called more than {MOST_CALLS} times in a step: the first {MOST_CALLS} are recorded", name
            )

    # -- the model as a whole ------------------------------------------------------------------------------

    def _whole(self, inputs: Any, output: Any, sample: Sample) -> None:
        if torch._C._current_graph_task_id() != -1:
            return
        if not torch.is_grad_enabled():
            # Nothing of it is made again for a checkpoint: it was an evaluation.
            sample.forget_silent()
            return
        with torch.no_grad():
            self._input(inputs, sample)
        tensor = first_tensor(output)
        if tensor is not None and tensor.requires_grad:
            self._context.guard.call("functions", self._functions.came_out, tensor, sample)
        # What nothing goes back through is let go at once, and its graph.
        self._functions.clear()
        sample.forward += 1

    def _input(self, inputs: Any, sample: Sample) -> None:
        """Mean, rms, smallest, largest and shape of what comes in, where it is numbers and nobody's output."""
        tensor = first_tensor(inputs)
        if tensor is None or tensor.grad_fn is not None:
            return
        values = real(tensor.detach())
        smallest, largest = torch.aminmax(values)
        x: list[Any] = [*[None] * 4, list(tensor.shape)]
        sample.line["x"] = x
        for column, value in enumerate((values.mean(), norm(values), smallest, largest)):
            sample.numbers.put(value, x, column, factor=1 / math.sqrt(tensor.numel()) if column == 1 else 1.0)

"""What is put in the place of two functions of torch's, once a process, for as long as anybody records.

`torch.autograd.backward` (which Tensor.backward calls) and `GradScaler.step` are replaced when the first recorder comes
and restored when the last one goes. Several recorders share the replacement: none wraps that of another.
"""

from __future__ import annotations

import functools
import sys
import weakref
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Protocol

import torch
from torch.amp import GradScaler

from .compiled import apart


class Listener(Protocol):
    """Who wants to know of backward passes, and of steps that go through a GradScaler."""

    def begin_backward(self) -> None: ...

    def end_backward(self, roots: Any) -> None: ...

    def break_backward(self) -> None: ...

    def scaler_step(self, scaler: Any, optimizer: Any) -> AbstractContextManager[None]: ...


#: Held by their optimizers alone: a sweep that drops one training after another is to free each.
_recorders: list[weakref.ref[Listener]] = []
_originals: dict[str, Any] = {}
_replacements: dict[str, Any] = {}


def register(recorder: Listener) -> None:
    if not _recorders:
        _replace("backward", torch.autograd, "backward", _backward)
        _replace("scaler", GradScaler, "step", _scaler_step)
    _recorders.append(weakref.ref(recorder))


def unregister(recorder: Listener) -> None:
    before = len(_recorders)
    # One that is on its way out is known by nobody any more.
    _recorders[:] = [reference for reference in _recorders if reference() not in (None, recorder)]
    if before and not _recorders:
        _restore("backward", torch.autograd, "backward")
        _restore("scaler", GradScaler, "step")


def _listening() -> list[Listener]:
    return [recorder for reference in _recorders if (recorder := reference()) is not None]


def _replace(key: str, owner: Any, name: str, make: Any) -> None:
    current = getattr(owner, name)
    if current is _replacements.get(key):
        return  # Somebody had wrapped ours, and has put it back after the last recorder had gone.
    _originals[key] = current
    _replacements[key] = functools.wraps(current)(make(current))
    setattr(owner, name, _replacements[key])


def _restore(key: str, owner: Any, name: str) -> None:
    """Where somebody else has wrapped ours since, it stays: without recorders it passes on what it gets."""
    if getattr(owner, name) is _replacements[key]:
        setattr(owner, name, _originals[key])
        del _replacements[key]


def _backward(original: Any) -> Any:
    def backward(tensors: Any, *arguments: Any, **options: Any) -> Any:
        # Checkpointing calls it inside of a backward pass: that is a part of the one which is under way.
        if not _recorders or torch._C._current_graph_task_id() != -1:
            return original(tensors, *arguments, **options)
        recorders = _listening()
        for recorder in recorders:
            recorder.begin_backward()
        try:
            result = original(tensors, *arguments, **options)
        except BaseException:
            for recorder in recorders:
                recorder.break_backward()
            raise
        for recorder in recorders:
            recorder.end_backward(tensors)
        return result

    def traced(*arguments: Any, **options: Any) -> Any:
        return (original if torch.compiler.is_compiling() else backward)(*arguments, **options)

    return traced if _traces_backward() else apart(backward)


def _traces_backward() -> bool:
    """Whether torch compiles whole backward passes, as a part of what calls them: nobody sees these then."""
    dynamo = sys.modules.get("torch._dynamo")
    return dynamo is not None and any(
        getattr(dynamo.config, name, False) for name in ("trace_autograd_ops", "compiled_autograd")
    )


def _scaler_step(original: Any) -> Any:
    def step(scaler: Any, optimizer: Any, *arguments: Any, **options: Any) -> Any:
        with ExitStack() as stack:
            for recorder in _listening():
                stack.enter_context(recorder.scaler_step(scaler, optimizer))
            return original(scaler, optimizer, *arguments, **options)

    return step

"""Compiled models: steps that are looked at run as they are written, so that there is something to look at.

`torch.compiler.set_stance("force_eager")` for such a step costs no graph, no break and no new compilation. Whether a
model is compiled cannot be known: what is watched may be the module within, which is compiled later, or by a function
that calls it. So it is done wherever the compiler is loaded, as by the first optimizer of a process; it takes 4 µs. To
load it here would take 3 s.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import RLock
from typing import Any, Final

import torch

#: Those that look at a step: the process has one stance, which the first of them changes and the last puts back. Each
#: on its own would put back what another had set, and leave the training uncompiled for good.
_looking: Final[set[int]] = set()
#: One that may be taken again: what is set may free a recorder, which then puts back its own.
_lock: Final = RLock()
_stance: Any = None


def apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that breaks the graph where a training compiles what calls it, as its optimizer's step, and runs as it
    is written. It cannot be a part of a graph, and without this its own lines would be compiled, anew for each step."""
    dynamo = sys.modules.get("torch._dynamo")
    if dynamo is None:
        return function
    left_out = dynamo.disable(function)

    def called(*arguments: Any, **options: Any) -> Any:
        if torch.compiler.is_compiling():
            return left_out(*arguments, **options)
        return function(*arguments, **options)

    return called


class Compiled:
    """Switches what is compiled to eager, and back to what the training had chosen."""

    def eager(self) -> None:
        global _stance
        if "torch._dynamo" not in sys.modules:
            return
        with _lock:
            if not _looking:
                _stance = torch.compiler.set_stance("force_eager")
            _looking.add(id(self))

    def again(self) -> None:
        global _stance
        if id(self) not in _looking:
            return
        with _lock:
            _looking.discard(id(self))
            if not _looking:
                stance, _stance = _stance, None
                stance.__exit__(None, None, None)

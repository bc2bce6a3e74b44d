"""Compiled models: steps that are looked at run as they are written, so that there is something to look at.

`torch.compiler.set_stance("force_eager")` for such a step costs no graph, no break and no new compilation. Whether a
model is compiled cannot be known: what is watched may be the module within, which is compiled later, or by a function
that calls it. So it is done wherever the compiler is loaded, as by the first optimizer of a process; it takes 4 µs. To
load it here would take 3 s.
"""

from __future__ import annotations

import sys
from typing import Any

import torch


class Compiled:
    """Switches what is compiled to eager, and back to what the training had chosen."""

    def __init__(self) -> None:
        self._stance: Any = None

    def eager(self) -> None:
        if self._stance is None and "torch._dynamo" in sys.modules:
            self._stance = torch.compiler.set_stance("force_eager")

    def again(self) -> None:
        if self._stance is not None:
            stance, self._stance = self._stance, None
            stance.__exit__(None, None, None)

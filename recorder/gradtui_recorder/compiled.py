"""Compiled models: steps that are looked at run as they are written, so that there is something to look at.

`torch.compiler.set_stance("force_eager")` for such a step costs no graph, no break and no new compilation. It is there
only where the compiler is loaded: to load it would take 3 s.
"""

from __future__ import annotations

import sys
from typing import Any

import torch


class Compiled:
    """Switches a compiled model to eager, and back."""

    def __init__(self, compiled: bool) -> None:
        self.compiled = compiled
        self._stance: Any = None

    def eager(self) -> None:
        if self.compiled and self._stance is None and "torch._dynamo" in sys.modules:
            self._stance = torch.compiler.set_stance("force_eager")

    def again(self) -> None:
        if self._stance is not None:
            self._stance = None
            torch.compiler.set_stance("default")

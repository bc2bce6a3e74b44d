"""What the process keeps of a recorder does not keep it: a training that is dropped is freed with its recorder."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


def weakly(method: Callable[..., None]) -> Callable[..., None]:
    """A method for as long as its object lives, which this does not hold; then it does nothing."""
    reference = weakref.WeakMethod(method)

    def call(*arguments: Any) -> None:
        bound = reference()
        if bound is not None:
            bound(*arguments)

    return call

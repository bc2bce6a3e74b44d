"""GradScaler: the loss scale, and steps that it leaves out because a gradient overflowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .context import Context
from .optimizers import Optimizers


@contextmanager
def scaled_step(context: Context, optimizers: Optimizers, scaler: Any, optimizer: Any) -> Iterator[None]:
    """Around one call of `GradScaler.step`, where it is for an optimizer of ours."""
    number = context.guard.call("scaler", _ours, optimizers, scaler, optimizer)
    if number is None:
        yield
        return
    if context.plain is not None:
        context.plain.leave()
    counted = optimizers.steps
    context.scale = scaler._scale
    try:
        yield
        if optimizers.steps == counted:
            context.guard.call("scaler", optimizers.left_out, number)
    finally:
        context.scale = None


def _ours(optimizers: Optimizers, scaler: Any, optimizer: Any) -> int | None:
    """Which of our optimizers it is; None where it is none, or nothing is scaled."""
    return optimizers.number(optimizer) if scaler.is_enabled() else None

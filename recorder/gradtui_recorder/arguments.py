"""What `watch` is given: said at once where it cannot be meant, with what is allowed."""

from __future__ import annotations

import os
from typing import Any, Final

import torch
from torch import nn

#: What is put around optimizers is at the most so deep.
_WRAPPED: Final = 4


def checked_optimizers(given: Any) -> list[Any]:
    """The optimizers themselves, each once, without what Accelerate or Lightning puts around them.

    Raises TypeError for what is none, ValueError for an empty list.
    """
    optimizers = list(given) if isinstance(given, list | tuple) else [given]
    if not optimizers:
        raise ValueError("optimizer: a torch.optim.Optimizer or a list of them is needed, an empty list was given")
    inner: list[Any] = []
    for optimizer in optimizers:
        for _ in range(_WRAPPED):
            inside = getattr(optimizer, "optimizer", None)
            if isinstance(inside, torch.optim.Optimizer) or hasattr(inside, "optimizer"):
                optimizer = inside
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(
                f"optimizer: a torch.optim.Optimizer or a list of them is needed, {_said(optimizer)} was given"
            )
        if not any(optimizer is other for other in inner):
            inner.append(optimizer)
    return inner


def check(model: Any, path: Any, every: Any, budget: Any, scaler: Any) -> None:
    """Raises TypeError or ValueError for the first of them that cannot be meant."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: a torch.nn.Module is needed, {_said(model)} was given")
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: the name of a file is needed, {_said(path)} was given")
    if every != "auto":
        if isinstance(every, str):
            raise ValueError(f'every: "auto" or a whole number of steps from 1 on is needed, {every!r} was given')
        if isinstance(every, bool) or not isinstance(every, int):
            raise TypeError(f'every: "auto" or a whole number of steps from 1 on is needed, {every!r} was given')
        if every < 1:
            raise ValueError(f'every: "auto" or a whole number of steps from 1 on is needed, {every} was given')
    if isinstance(budget, bool) or not isinstance(budget, int | float):
        raise TypeError(f"budget: a share of the time from 0 to 1 is needed, as 0.01; {_said(budget)} was given")
    if not 0 <= budget <= 1:
        raise ValueError(f"budget: a share of the time from 0 to 1 is needed, as 0.01; {budget} was given")
    if scaler is not None and not callable(getattr(scaler, "get_scale", None)):
        raise TypeError(f"scaler: a torch.amp.GradScaler is needed, {_said(scaler)} was given")


def _said(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"

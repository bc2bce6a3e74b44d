"""The run line: the model, its parameters and optimizers as they are before the first step."""

from __future__ import annotations

import os
import sys
import time
import uuid
from typing import Any, Final

import torch

from .schema import A_COLUMNS, P_COLUMNS, SCHEMA
from .watched import Watched, module_row

#: What of an optimizer stands in the record, where it has it.
_OPTIONS: Final = (
    "lr", "weight_decay", "momentum", "betas", "eps", "alpha", "dampening", "nesterov", "amsgrad", "maximize", "fused",
    "max_iter", "history_size",
)  # fmt: skip


def rank() -> tuple[int, int]:
    """(rank, number of processes) of torch.distributed, or of what torchrun says of them in the environment."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    try:
        return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except (KeyError, ValueError):
        return 0, 1


def run_line(watched: Watched, optimizers: list[Any], symmetric: list[str]) -> dict[str, Any]:
    """The first line of a run, as schema.py has it."""
    owners = {
        id(parameter): index
        for index, optimizer in reversed(list(enumerate(optimizers)))
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    return {
        "k": "run",
        "schema": SCHEMA,
        "id": uuid.uuid4().hex,
        "torch": str(torch.__version__),
        "time": round(time.time(), 3),
        "rank": list(rank()),
        "compiled": watched.compiled,
        "script": sys.argv[0] if sys.argv else "",
        "modules": [module_row(name, module) for name, module in watched.modules],
        "params": [
            [
                name,
                list(parameter.shape),
                str(parameter.dtype).rpartition(".")[2],
                bool(parameter.requires_grad),
                owners.get(id(parameter)),
            ]
            for name, parameter in watched.parameters
        ],
        "tied": watched.tied(),
        "symmetric": symmetric,
        "opt": [_optimizer_row(optimizer) for optimizer in optimizers],
        "fields": {"a": list(A_COLUMNS), "p": list(P_COLUMNS)},
    }


def _optimizer_row(optimizer: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"name": type(optimizer).__name__, "groups": len(optimizer.param_groups)}
    options = {**optimizer.defaults, **optimizer.param_groups[0]}
    for key in _OPTIONS:
        if key in options:
            value = plain_number(options[key])
            if value is not None:
                row[key] = value
    return row


def plain_number(value: Any) -> Any:
    """A setting as JSON knows it: a number of a tensor too (a learning rate can be one), pairs as lists."""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, tuple | list):
        return [plain_number(part) for part in value]
    return None

"""Small trainings that are recorded, and their lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradtui_recorder import watch


def lines(path: Path) -> list[dict[str, Any]]:
    """All lines of a file; each has to be whole."""
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def kinds(path: Path, kind: str) -> list[dict[str, Any]]:
    """The lines of one kind."""
    return [line for line in lines(path) if line["k"] == kind]


def steps(path: Path) -> list[dict[str, Any]]:
    """The step lines."""
    return kinds(path, "step")


def names(path: Path) -> list[str]:
    """The modules' names, by index."""
    return [row[0] for row in kinds(path, "run")[0]["modules"]]


def columns(path: Path, step: dict[str, Any], column: str, table: str = "a") -> dict[str, Any]:
    """A column of a step's rows, by the name of the module or the parameter (of its first call)."""
    run = kinds(path, "run")[0]
    at = run["fields"][table].index(column)
    of = [row[0] for row in run["modules" if table == "a" else "params"]]
    result: dict[str, Any] = {}
    for row in step[table]:
        result.setdefault(of[row[0]], row[at])
    return result


def notes(path: Path) -> list[str]:
    return [line["text"] for line in kinds(path, "note")]


def mlp(width: int = 8, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 3))


def batch(step: int, count: int = 16, inputs: int = 4, classes: int = 3) -> tuple[Any, Any]:
    """The same batch for the same step, without the process's random numbers."""
    generator = torch.Generator().manual_seed(step)
    x = torch.randn(count, inputs, generator=generator)
    return x, torch.randint(0, classes, (count,), generator=generator)


def train(
    model: Any,
    path: Path,
    count: int = 3,
    *,
    optimizer: Any = None,
    batches: Callable[[int], tuple[Any, Any]] = batch,
    before_step: Callable[[], object] = lambda: None,
    **options: Any,
) -> list[dict[str, Any]]:
    """A plain loop; its step lines."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, path, **{"every": 1, **options}):
        loop(model, optimizer, count, batches, before_step)
    return steps(path)


def loop(
    model: Any,
    optimizer: Any,
    count: int,
    batches: Callable[[int], tuple[Any, Any]] = batch,
    before_step: Callable[[], object] = lambda: None,
) -> None:
    """So many steps, watched or not."""
    for step in range(count):
        x, y = batches(step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        before_step()
        optimizer.step()


def total(values: Iterable[Any]) -> float:
    """√Σ x² over tensors, in double precision."""
    return float(torch.sqrt(sum((value.detach().double() ** 2).sum() for value in values)))  # type: ignore[call-overload]

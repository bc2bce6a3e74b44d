"""Gradients that nobody clears, also where that is in the steps between two lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from gradtui_recorder import watch

from .trainings import batch, mlp, steps

cross_entropy = nn.functional.cross_entropy


@pytest.mark.parametrize("none", [True, False])
@pytest.mark.parametrize("way", ["plain", "scaler", "two optimizers"])
def test_a_gradient_that_is_cleared_at_the_steps_that_are_looked_at_alone_is_stale(
    tmp_path: Path, way: str, none: bool
) -> None:
    """zero_grad at the head of each epoch of ten batches: in every tenth step all is well, and in none between them."""
    model = mlp()
    parts = [model[:2], model[2:]] if way == "two optimizers" else [model]
    optimizers = [torch.optim.SGD(part.parameters(), lr=1e-3) for part in parts]
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, enabled=way == "scaler")
    with watch(model, optimizers, tmp_path / "run.jsonl", every=10):
        for step in range(45):
            # From step 20 on as it should be.
            if step % 10 == 0 or step > 20:
                model.zero_grad(set_to_none=none)
            scaler.scale(cross_entropy(model(batch(step)[0]), batch(step)[1])).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers:
                scaler.step(optimizer)
            scaler.update()
    assert [line["n"] for line in steps(tmp_path / "run.jsonl")] == [0, 10, 20, 30, 40]
    assert [line["stale"] for line in steps(tmp_path / "run.jsonl")] == [False, True, True, False, False]


@pytest.mark.parametrize("way", ["data", "another model before", "another model after", "no backward", "validation"])
def test_between_two_lines_nothing_is_stale_that_was_cleared(tmp_path: Path, way: str) -> None:
    model, other = mlp(), mlp(seed=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=7):
        for step in range(30):
            if way == "another model before":
                cross_entropy(other(batch(step)[0]), batch(step)[1]).backward()
            if way == "data":
                for parameter in model.parameters():
                    if parameter.grad is not None:
                        parameter.grad.data.zero_()
            else:
                optimizer.zero_grad(set_to_none=step % 2 == 0)
            if way != "no backward" or step % 3:
                cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
            if way == "another model after":
                cross_entropy(other(batch(step)[0]), batch(step)[1]).backward()
            optimizer.step()
            if way == "validation" and step % 5 == 4:
                cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
    assert [line["stale"] for line in steps(tmp_path / "run.jsonl")] == [False] * 5

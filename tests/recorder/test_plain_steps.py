"""Steps of a plain loop that are not looked at take a short way, which leaves what the long one would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gradtui_recorder import recorder as recorders
from gradtui_recorder import watch

from .trainings import batch, kinds, mlp, steps

cross_entropy = nn.functional.cross_entropy


def _loss(model: Any, step: int) -> Any:
    return cross_entropy(model(batch(step)[0]), batch(step)[1])


def _record(path: Path, change: str, every: int = 10) -> list[dict[str, Any]]:
    """25 steps, which after the 13th are of another kind."""
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    other = mlp(seed=1)
    with watch(model, optimizer, path, every=every) as rec:
        for step in range(25):
            changed = step >= 13
            if not (change == "nobody clears" and changed):
                optimizer.zero_grad()
            loss = _loss(model, step)
            if change in ("no backward", "closure") and changed:
                pass
            elif change == "scaler" and changed:
                scaler.scale(loss).backward()
            elif change == "list" and changed:
                torch.autograd.backward([loss])
            else:
                loss.backward()
            if change == "accumulates" and changed:
                _loss(model, step + 100).backward()
            elif change == "another model" and changed:
                _loss(other, step).backward()
            elif change == "given" and changed:
                rec.loss(step)
            if change == "closure" and changed:
                optimizer.step(lambda loss=loss: loss.backward())
            elif change == "scaler" and changed:
                scaler.step(optimizer)
                scaler.update()
            else:
                optimizer.step()
    assert kinds(path, "note") == []
    assert kinds(path, "end")[0]["n"] == 25
    return steps(path)


@pytest.mark.parametrize(
    "change",
    ["", "nobody clears", "no backward", "scaler", "list", "accumulates", "given", "closure"],
)
def test_the_short_way_leaves_what_the_long_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    short = _record(tmp_path / "short.jsonl", change)
    taken = []
    monkeypatch.setattr(recorders.Plain, "enter", lambda self: taken.append(self))
    long = _record(tmp_path / "long.jsonl", change)
    assert len(taken) > 5
    assert [line["n"] for line in short] == [0, 10, 20]
    for one, other in zip(short, long, strict=True):
        for key in one.keys() - {"t", "dt", "own"}:
            assert one[key] == other[key], key
    ends = [kinds(tmp_path / name, "end")[0]["ring"] for name in ("short.jsonl", "long.jsonl")]
    assert ends[0] == ends[1]
    assert [line["stale"] for line in short] == [False, False, change == "nobody clears"]


def test_another_models_backward_pass_counts_once_at_the_most(tmp_path: Path) -> None:
    """Where it comes for the first time between two steps that are looked at, its loss is added in that step alone."""
    short = _record(tmp_path / "run.jsonl", "another model")
    losses = dict(short[2]["ring"])
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(20):
        optimizer.zero_grad()
        loss = _loss(model, step)
        loss.backward()
        optimizer.step()
        if step in losses and step != 13:
            assert losses[step] == pytest.approx(loss.item(), rel=1e-4)


def test_a_step_that_is_more_than_it_seemed_is_one_step(tmp_path: Path) -> None:
    """After its backward pass a closure makes another one, inside of the step."""
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=5):
        for step in range(12):
            optimizer.zero_grad()
            _loss(model, step).backward()
            optimizer.step((lambda step=step: _loss(model, step).backward()) if step > 7 else None)
    assert [line["n"] for line in steps(tmp_path / "run.jsonl")] == [0, 5, 10]
    assert kinds(tmp_path / "run.jsonl", "end")[0]["n"] == 12


def test_two_recorders_and_one_that_ends_in_between(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    first = watch(model, optimizer, tmp_path / "1.jsonl", every=100)
    second = watch(model, optimizer, tmp_path / "2.jsonl", every=7)
    for step in range(20):
        optimizer.zero_grad()
        _loss(model, step).backward()
        if step == 12:
            first.close()
        optimizer.step()
    second.close()
    assert len(kinds(tmp_path / "1.jsonl", "end")[0]["ring"]) == 11
    assert [len(line["ring"]) for line in steps(tmp_path / "2.jsonl")] == [0, 6, 6]
    assert len(kinds(tmp_path / "2.jsonl", "end")[0]["ring"]) == 5

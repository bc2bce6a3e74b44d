"""Numbers under way: what a device delivers late is written late, and losses wait on it in a ring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from gradtui_recorder import losses as ring
from gradtui_recorder import watch
from gradtui_recorder.losses import Losses, ring_pairs, root_name
from gradtui_recorder.transfer import Numbers, Transfer

from .trainings import kinds, lines, loop, mlp, steps


def test_numbers_of_several_precisions_vectors_and_scales() -> None:
    numbers = Numbers()
    row: list[Any] = [None] * 4
    line: dict[str, Any] = {}
    numbers.put(torch.tensor(2.0), row, 0, factor=3.0)
    numbers.put(torch.tensor(1e300, dtype=torch.float64), row, 1)
    numbers.put(torch.tensor([1.0, float("inf")]), line, "vector")
    numbers.put(torch.tensor(8.0), row, 2, scaled=True)
    numbers.put(torch.tensor(float("nan"), dtype=torch.float64), row, 3)
    numbers.transfer(torch.tensor(4.0)).complete()
    assert row == [6.0, 1e300, 2.0, "nan"]
    assert line == {"vector": [1.0, "inf"]}


def test_what_came_after_a_mark_is_taken_away() -> None:
    numbers = Numbers()
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    numbers.put(torch.tensor(1.0), first, "x")
    numbers.put(torch.tensor(2.0), second, "x")
    rest = numbers.split(1)
    numbers.transfer(None).complete()
    assert (first, second) == ({"x": 1.0}, {})
    rest.transfer(None).complete()
    assert second == {"x": 2.0}


def test_a_line_whose_numbers_are_late_is_written_a_step_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.jsonl"
    monkeypatch.setattr(Transfer, "waits", True)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rec = watch(model, optimizer, path, every=1)
    loop(model, optimizer, 3)
    assert [line["n"] for line in steps(path)] == [0, 1]
    rec.close()
    assert [line["n"] for line in steps(path)] == [0, 1, 2]
    assert [line["k"] for line in lines(path)][-1] == "end"
    at_once = tmp_path / "at_once.jsonl"
    monkeypatch.undo()
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, at_once, every=1):
        loop(model, optimizer, 3)
    assert [(line["a"], line["p"], line["loss"]) for line in steps(path)] == [
        (line["a"], line["p"], line["loss"]) for line in steps(at_once)
    ]
    assert kinds(path, "note") == []


@pytest.mark.parametrize("count", [3, 7, 8, 20])
def test_the_ring_of_a_device_keeps_the_newest(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(ring, "RING", 7)
    for numbers in (None, Numbers()):
        losses = Losses()
        for step in range(count):
            losses.wait(step, torch.tensor(step / 2))
        line: dict[str, Any] = {}
        losses.flush(line, numbers)
        if numbers is not None:
            numbers.transfer(None).complete()
        assert ring_pairs(line["ring"]) == [[step, step / 2] for step in range(max(0, count - 7), count)]
        losses.wait(99, torch.tensor(1.0))
        losses.flush(line, None)
        assert line["ring"] == [[99, 1.0]]


def test_the_ring_of_a_cpu_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "RING", 7)
    losses = Losses()
    for step in range(40):
        losses.wait(step, float(step))
    line: dict[str, Any] = {}
    losses.flush(line, None)
    assert line["ring"] == [[step, float(step)] for step in range(33, 40)]


def test_the_loss_is_named_below_what_scales_it() -> None:
    x = torch.ones(3, requires_grad=True)
    loss = x.square().sum()
    assert root_name(loss) == "SumBackward0"
    assert root_name(loss / 4 * torch.tensor(1024.0)) == "SumBackward0"
    assert root_name([loss.half().float(), loss]) == "SumBackward0"
    assert root_name(loss * x.mean()) == "MulBackward0"
    assert root_name(torch.ones(1)) is None
    assert root_name([]) is None

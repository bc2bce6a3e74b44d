"""`rec.loss(x)` wherever a loop has it: which step it is of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gradtui_engine.recordings.recording import open_recording
from gradtui_recorder import losses as ring
from gradtui_recorder import watch

from .trainings import batch, kinds, mlp, notes, steps


def _record(
    path: Path,
    places: Sequence[str],
    *,
    every: int = 3,
    count: int = 10,
    factor: float | None = None,
    item: bool = True,
    first: int = 0,
    micro: int = 1,
) -> tuple[list[float], list[float]]:
    """Losses as backward begins at them (their sum over the micro-batches), and as they are in the record.

    Given is, at these places from step `first` on, the loss times factor (None: the loss itself).
    """
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    losses = []
    with watch(model, optimizer, path, every=every) as rec:

        def say(place: str, loss: Any, step: int) -> None:
            if place in places and step >= first:
                value = loss if factor is None else loss * factor
                rec.loss(value.item() if item else value)

        for step in range(count):
            optimizer.zero_grad()
            losses.append(0.0)
            for part in range(micro):
                x, y = batch(micro * step + part)
                loss = nn.functional.cross_entropy(model(x), y)
                say("before", loss, step)
                loss.backward()
                say("between", loss, step)
                losses[-1] += loss.item()
            optimizer.step()
            say("after", loss, step)
            say("again", 3 * loss, step)
    assert notes(path) == []
    recording = open_recording([path])
    recording.refresh()
    every_step, recorded = recording.columns.every_loss
    assert every_step.tolist() == [*range(count)]
    assert recording.columns.loss.tolist() == recorded[::every].tolist()
    return losses, recorded.tolist()


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("item", [True, False])
@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_the_loss_itself_is_of_its_own_step_wherever_it_is_said(
    tmp_path: Path, place: str, item: bool, every: int
) -> None:
    path = tmp_path / "run.jsonl"
    losses, recorded = _record(path, [place], item=item, every=every)
    assert recorded == pytest.approx(losses, rel=1e-4)
    # The ring has the steps in between alone: a number that is known is not written twice.
    assert [[n for n, _ in line["ring"]] for line in steps(path)] == [
        [*range(max(line["n"] - every + 1, 0), line["n"])] for line in steps(path)
    ]


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_another_number_holds_instead_of_the_loss_that_backward_began_at(
    tmp_path: Path, place: str, every: int
) -> None:
    losses, recorded = _record(tmp_path / "run.jsonl", [place], factor=10.0, every=every)
    assert recorded == pytest.approx([10 * loss for loss in losses], rel=1e-4)


def test_one_that_is_said_after_its_line_was_written_stands_in_the_next_ring(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    losses, _ = _record(path, ["after"], factor=10.0, count=4)
    first, second = steps(path)
    assert first["loss"] == pytest.approx(losses[0], rel=1e-4)
    assert [n for n, _ in second["ring"]] == [0, 1, 2]
    assert second["loss"] == pytest.approx(losses[3], rel=1e-4)
    [[n, loss]] = kinds(path, "end")[0]["ring"]
    assert (n, loss) == (3, pytest.approx(10 * losses[3], rel=1e-4))


@pytest.mark.parametrize("every", [1, 3])
def test_several_of_one_step_are_their_mean(tmp_path: Path, every: int) -> None:
    losses, recorded = _record(tmp_path / "run.jsonl", ["between", "after", "again"], every=every)
    assert recorded == pytest.approx([(1 + 1 + 3) / 3 * loss for loss in losses], rel=1e-4)
    losses, recorded = _record(tmp_path / "late.jsonl", ["after", "again"], every=every)
    assert recorded == pytest.approx([2 * loss for loss in losses], rel=1e-4)


@pytest.mark.parametrize("place", ["before", "after"])
def test_one_that_is_said_from_a_later_step_on_is_of_the_step_that_has_it(tmp_path: Path, place: str) -> None:
    losses, recorded = _record(tmp_path / "run.jsonl", [place], first=4)
    assert recorded == pytest.approx(losses, rel=1e-4)


@pytest.mark.parametrize("place", ["before", "between"])
def test_of_micro_batches_it_is_the_mean(tmp_path: Path, place: str) -> None:
    losses, recorded = _record(tmp_path / "run.jsonl", [place], micro=4, factor=1.0)
    assert recorded == pytest.approx([loss / 4 for loss in losses], rel=1e-4)


def test_after_the_step_that_sums_micro_batches_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    said = []
    with watch(model, optimizer, path, every=1) as rec:
        for step in range(12):
            x, y = batch(step)
            loss = nn.functional.cross_entropy(model(x), y)
            (loss / 4).backward()
            said.append(loss.item())
            if step % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
            rec.loss(loss)
    means = [sum(said[start : start + 4]) / 4 for start in (0, 4, 8)]
    recording = open_recording([path])
    recording.refresh()
    assert recording.columns.every_loss[1] == pytest.approx(means, rel=1e-4)


@pytest.mark.parametrize("together", [True, False])
def test_with_several_optimizers_both_losses_are_of_the_same_step(tmp_path: Path, together: bool) -> None:
    """Each said after its own optimizer's step, or both at the end."""
    path = tmp_path / "run.jsonl"
    model = mlp()
    first = torch.optim.SGD(model[:2].parameters(), lr=0.1)
    second = torch.optim.SGD(model[2:].parameters(), lr=0.1)
    means = []
    with watch(model, [first, second], path, every=2) as rec:
        for step in range(6):
            values = []
            for optimizer in (first, second):
                model.zero_grad()
                loss = nn.functional.cross_entropy(model(batch(step)[0]), batch(step)[1])
                loss.backward()
                optimizer.step()
                values.append(loss.item())
                if not together:
                    rec.loss(loss)
            if together:
                rec.loss(values[0])
                rec.loss(values[1])
            means.append(sum(values) / 2)
    recording = open_recording([path])
    recording.refresh()
    assert recording.columns.every_loss[1] == pytest.approx(means, rel=1e-4)


def test_what_a_critic_says_is_of_its_own_step(tmp_path: Path) -> None:
    """The generator steps every third time; that a step without it is over shows when the critic steps again."""
    path = tmp_path / "run.jsonl"
    model = mlp()
    critic = torch.optim.SGD(model[:2].parameters(), lr=0.01)
    generator = torch.optim.SGD(model[2:].parameters(), lr=0.01)
    with watch(model, [critic, generator], path, every=1) as rec:
        for step in range(9):
            for optimizer in (critic, generator) if step % 3 == 2 else (critic,):
                model.zero_grad()
                nn.functional.cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
                if optimizer is critic:
                    rec.loss(float(step))
                optimizer.step()
    assert [line["loss"] for line in steps(path)] == [*range(9)]


def test_a_number_takes_its_place_in_a_ring_on_a_device() -> None:
    """Which keeps the order, whatever is a tensor there and what a number of Python's."""
    losses = ring.Losses()
    losses.wait(0, 1.0)
    losses.wait(1, torch.tensor(2.0))
    losses.wait(2, 3.0)
    losses.given.give(4.0, 3, False)
    losses.keep(None, 3)
    losses.wait(3, torch.tensor(5.0))
    line: dict[str, Any] = {}
    losses.flush(line, None)
    assert line["ring"] == [[0, 1.0], [1, 2.0], [2, 4.0], [3, 5.0]]

"""Which steps are looked at, on a clock that the tests turn: shares of time are exact."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from gradtui_recorder import schedule as schedules
from gradtui_recorder import watch
from gradtui_recorder.schedule import FIRST, Schedule

from .trainings import mlp, notes, steps, train


def _run(schedule: Schedule, count: int, step: float, sampled: float, other: float = 10e-6) -> tuple[list[int], float]:
    """The steps that are looked at, and the recorder's share of the time."""
    looked, own, wall = [], 0.0, 0.0
    for n in range(count):
        due = schedule.due(n)
        cost = sampled if due else other
        own += cost
        wall += step + cost
        if due:
            looked.append(n)
            schedule.seen(n, step + cost, cost, own)
        else:
            schedule.unseen(step + cost, own)
    return looked, own / wall


def test_every_so_many() -> None:
    assert _run(Schedule(3, 0.01), 10, 0.01, 0.001)[0] == [0, 3, 6, 9]
    assert _run(Schedule(1, 0.0), 4, 1e-6, 1.0)[0] == [0, 1, 2, 3]


@pytest.mark.parametrize("step", [0.004, 0.02, 1.0])
@pytest.mark.parametrize("share", [0.2, 0.6, 2.0])
@pytest.mark.parametrize("budget", [0.01, 0.05])
def test_on_a_steady_loop_the_share_is_kept(step: float, share: float, budget: float) -> None:
    count = int(8 * share / budget * 8)
    looked, own = _run(Schedule("auto", budget), count, step, share * step)
    assert looked[:FIRST] == list(range(FIRST))
    assert own <= budget
    assert own >= 0.5 * budget


def test_of_a_few_hundred_steps_something_is_seen_after_the_start_whatever_it_costs() -> None:
    looked, _ = _run(Schedule("auto", 0.01), 300, 0.005, 0.005)
    assert looked == [*range(FIRST), 8, 16, 32, 64, 128, 256]


def test_from_one_sample_to_the_next_it_is_what_a_step_costs_over_the_share() -> None:
    looked, _ = _run(Schedule("auto", 0.01), 20_000, 0.01, 0.005, other=0.0)
    distances = {later - earlier for earlier, later in zip(looked[-20:], looked[-19:], strict=False)}
    assert all(50 <= distance <= 52 for distance in distances)


def test_short_steps_are_looked_at_often_enough_to_see_something() -> None:
    looked, _ = _run(Schedule("auto", 0.01), 300, 0.0002, 0.002)
    assert 25 <= len(looked) <= 60
    assert max(later - earlier for earlier, later in pairwise(looked)) <= 40
    # In the long run their distance is bounded by the share all the same.
    looked, own = _run(Schedule("auto", 0.01), 200_000, 0.002, 0.002, other=0.0)
    assert own < 0.011


def test_a_loss_that_ceases_to_be_a_number_is_looked_at() -> None:
    schedule = Schedule("auto", 0.01)
    _run(schedule, 20, 0.01, 0.005)
    assert not schedule.due(20)
    schedule.soon(21)
    assert schedule.due(21)


def test_of_a_large_file_every_second_is_left_out() -> None:
    schedule = Schedule(2, 0.01)
    schedule.thinned = 2
    assert _run(schedule, 10, 0.01, 0.001)[0] == [0, 4, 8]


def test_steps_that_are_too_short_for_the_share_are_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.jsonl"
    monkeypatch.setattr(schedules, "SHORT", 1e9)
    lines = train(mlp(), path, 40, every="auto")
    assert [line["n"] for line in lines[:8]] == list(range(8))
    assert len(notes(path)) == 1
    assert "recording costs more than 1 %" in notes(path)[0]
    assert 8 < len(lines) < 40


def test_the_first_step_whose_loss_is_not_finite_is_in_the_ring_and_the_next_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, path, every=100):
        for step in range(14):
            optimizer.zero_grad()
            loss = model(torch.rand(2, 4)).sum()
            (loss * float("nan") if step == 9 else loss).backward()
            optimizer.step()
    assert [line["n"] for line in steps(path)] == [0, 10]
    assert steps(path)[1]["ring"][-1] == [9, "nan"]

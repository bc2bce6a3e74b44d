"""Several optimizers of one model: lines have the weights of all, and each optimizer is seen to step now and then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.recordings.recording import open_recording
from gradtui_recorder import watch
from gradtui_recorder.turns import Turns

from .trainings import batch, columns, kinds, mlp, notes, steps


def _record(path: Path, period: int, count: int, every: Any, turn: int = 0) -> list[dict[int, float]]:
    """The second optimizer steps in one of `period` steps (0: never); the weights' norms before each step."""
    model = mlp()
    first = torch.optim.SGD(model[:2].parameters(), lr=0.05)
    second = torch.optim.SGD(model[2:].parameters(), lr=0.05)
    norms = []
    with watch(model, [first, second], path, every=every):
        for step in range(count):
            norms.append({index: float(p.detach().norm()) for index, p in enumerate(model.parameters())})
            for optimizer in (first, second) if period and step % period == turn else (first,):
                model.zero_grad()
                nn.functional.cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
                optimizer.step()
    assert notes(path) == []
    assert kinds(path, "end")[0]["n"] == count
    return norms


@pytest.mark.parametrize(("period", "turn"), [(2, 1), (3, 2), (3, 0), (5, 4), (8, 3)])
def test_one_that_steps_now_and_then_is_seen_to(tmp_path: Path, period: int, turn: int) -> None:
    path = tmp_path / "run.jsonl"
    _record(path, period, 120, 10, turn)
    lines = steps(path)
    assert {line["n"] % period for line in lines if 1 in line["o"]} == {turn}
    assert sum(line["o"] == [0, 1] for line in lines) >= 3
    # No tenth step passes without a line near it, and no more than half of them are beside those.
    assert all(any(0 <= line["n"] - step <= period for line in lines) for step in range(0, 110, 10))
    assert len(lines) <= 12 + 6 * period
    assert len({columns(path, line, "weight", "p")["2.weight"] for line in lines}) > 3


@pytest.mark.parametrize("every", [1, 4])
def test_a_line_has_the_weights_of_those_that_did_not_step_as_well(tmp_path: Path, every: int) -> None:
    path = tmp_path / "run.jsonl"
    norms = _record(path, 3, 12, every, 2)
    for line in steps(path):
        rows = {row[0]: row for row in line["p"]}
        assert sorted(rows) == [*range(6)]
        for index, norm in norms[line["n"]].items():
            assert rows[index][2] == pytest.approx(norm, rel=5e-5)  # five digits
        if line["o"] == [0]:
            assert all(rows[index][1] is None and rows[index][3] is None for index in range(2, 6))


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize("period", [0, 3])
@pytest.mark.soak
def test_that_one_never_steps_is_known_by_its_weights(tmp_path: Path, period: int, every: int) -> None:
    path = tmp_path / "run.jsonl"
    _record(path, period, 100, every, 2 % (period or 3))
    recording = open_recording([path])
    recording.refresh()
    found = [(finding.kind, finding.severity) for finding in diagnose(recording).findings]
    assert [severity for name, severity in found if name == "not_updated"] == ([] if period else ["error"])


def test_with_one_that_does_not_come_it_is_looked_for_less_and_less() -> None:
    turns = Turns()
    looked = []
    for _ in range(100):
        turns.hid([0, 1])
        turns.shown([0])
        looked.append(0)
        while turns.wanted:
            turns.shown([0])
            looked[-1] += 1
    assert set(looked) == {0, 8}
    assert [line for line, count in enumerate(looked) if count] == [1, 5, 13, 29, 61]
    turns.shown([0, 1])
    assert not turns.wanted

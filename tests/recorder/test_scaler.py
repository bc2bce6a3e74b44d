"""GradScaler: everything is without the loss scale, and a step that it leaves out is said to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gradtui_recorder import watch

from .trainings import batch, columns, mlp, notes, steps


def _scaled(
    path: Path, *, unscale: bool = False, fused: bool = False, overflow: int = -1, given: bool = False, every: int = 1
) -> list[dict[str, Any]]:
    model = mlp()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with watch(model, optimizer, path, every=every, scaler=scaler if given else None):
        for step in range(4):
            x, y = batch(step)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            if step == overflow:
                loss = loss * torch.tensor(float("inf"))
            scaler.scale(loss).backward()
            if unscale:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            scaler.step(optimizer)
            scaler.update()
    assert notes(path) == []
    return steps(path)


def _plain(path: Path, clip: bool = False) -> list[dict[str, Any]]:
    model = mlp()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    with watch(model, optimizer, path, every=1):
        for step in range(4):
            x, y = batch(step)
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
    return steps(path)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("unscale", [False, True])
@pytest.mark.parametrize("given", [False, True])
def test_the_scale_is_taken_out(tmp_path: Path, fused: bool, unscale: bool, given: bool) -> None:
    path, plain_path = tmp_path / "scaled.jsonl", tmp_path / "plain.jsonl"
    scaled = _scaled(path, fused=fused, unscale=unscale, given=given)
    for line, plain in zip(scaled, _plain(plain_path, unscale), strict=True):
        assert (line["scale"], line["skipped"], line["root"]) == (1024.0, False, "NllLossBackward0")
        assert line["loss"] == pytest.approx(plain["loss"], rel=1e-3)
        assert line["gn"] == pytest.approx(plain["gn"], rel=1e-3)
        for table, column in (("a", "grad"), ("a", "rms"), ("p", "grad"), ("p", "weight"), ("p", "update")):
            expected = columns(plain_path, plain, column, table)
            assert columns(path, line, column, table) == pytest.approx(expected, rel=2e-3, abs=1e-7), column


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("unscale", [False, True])
def test_a_step_that_is_left_out(tmp_path: Path, fused: bool, unscale: bool) -> None:
    path = tmp_path / "run.jsonl"
    lines = _scaled(path, fused=fused, unscale=unscale, overflow=1)
    assert [line["n"] for line in lines] == [0, 1, 2, 3]
    assert [line["skipped"] for line in lines] == [False, True, False, False]
    assert [line["scale"] for line in lines] == [1024.0, 1024.0, 512.0, 512.0]
    assert lines[1]["gn"][0] in ("inf", "nan")
    weights = columns(path, lines[1], "weight", "p")
    assert weights == columns(path, lines[2], "weight", "p")
    assert len(lines[1]["p"]) == 6


def test_losses_in_the_ring_are_without_the_scale(tmp_path: Path) -> None:
    lines = _scaled(tmp_path / "run.jsonl", every=3)
    plain = _plain(tmp_path / "plain.jsonl")
    assert [n for n, _ in lines[1]["ring"]] == [1, 2]
    assert [loss for _, loss in lines[1]["ring"]] == pytest.approx([line["loss"] for line in plain[1:3]], rel=1e-3)


def test_a_scaler_that_is_off_has_no_scale(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1, scaler=scaler):
        scaler.scale(nn.functional.cross_entropy(model(batch(0)[0]), batch(0)[1])).backward()
        scaler.step(optimizer)
        scaler.update()
    assert [(line["scale"], line["skipped"]) for line in steps(tmp_path / "run.jsonl")] == [(None, False)]


def test_zeros_of_half_precision_gradients_are_counted(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1)).half()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        (model(torch.rand(2, 4).half()).sum() * 1e-7).backward()
        optimizer.step()
    line = steps(tmp_path / "run.jsonl")[0]
    assert line["half"] == "float16"
    zero = columns(tmp_path / "run.jsonl", line, "zero")
    assert 0 <= zero["1"] <= 1
    assert zero["0"] >= 0.5
    assert columns(tmp_path / "run.jsonl", line, "still", "p")["0.weight"] == 1.0


def test_another_optimizers_scaler_is_none_of_ours(tmp_path: Path) -> None:
    ours, others = mlp(), mlp(seed=1)
    mine = torch.optim.SGD(ours.parameters(), lr=0.1)
    other = torch.optim.SGD(others.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    with watch(ours, mine, tmp_path / "run.jsonl", every=1):
        for step in range(2):
            mine.zero_grad()
            other.zero_grad()
            scaler.scale(nn.functional.cross_entropy(others(batch(step)[0]), batch(step)[1])).backward()
            scaler.step(other)
            scaler.update()
            nn.functional.cross_entropy(ours(batch(step)[0]), batch(step)[1]).backward()
            mine.step()
    lines = steps(tmp_path / "run.jsonl")
    assert [(line["n"], line["scale"], line["mb"], len(line["a"])) for line in lines] == [
        (0, None, 1, 5),
        (1, None, 1, 5),
    ]

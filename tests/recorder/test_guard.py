"""Errors of the recorder's own: one note, that part is off, the training and the other parts go on."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gradtui_recorder import watch

from .trainings import batch, kinds, mlp, notes, steps, train

#: What is broken → what of the lines is missing then.
PARTS = {
    "forward.real": "a",
    "forward.Forward._statistics": "a",
    "gradients.Gradients.follow": "grad",
    "gradients.Gradients._arrived": "grad",
    "functions.Functions.called": "nothing",
    "functions.Functions.came_out": "nothing",
    "gradients.Gradients.begin": "loss",
    "gradients.Gradients.ended": "loss",
    "losses.Losses.add": "loss",
    "recorder.root_name": "nothing",
    "gradients.Gradients.whole_norms": "p",
    "optimizers.Optimizers._look": "p",
    "optimizers.elements": "p",
    "optimizers.Optimizers._compare": "update",
    "sequences.Sequences.begin": "nothing",
    "sequences.Sequences.put": "nothing",
    "compiled.Compiled.eager": "nothing",
    "gradients.Gradients.stepped": "lines",
    "losses.Losses.keep": "lines",
    "losses.Losses.taken": "lines",
    "step_lines.StepLines.add": "lines",
    "transfer.Numbers.transfer": "lines",
    "transfer.Transfer.complete": "lines",
    "schedule.Schedule.due": "lines",
    "step_lines.run_line": "lines",
    "recorder.Recorder._arm": "lines",
    "forward.Forward.install": "lines",
}


class _Broken(Exception):
    pass


def _break(monkeypatch: pytest.MonkeyPatch, place: str, error: type[BaseException] = _Broken) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise error("it is broken")

    module, *names = place.split(".")
    owner: Any = importlib.import_module(f"gradtui_recorder.{module}")
    for name in names[:-1]:
        owner = getattr(owner, name)
    monkeypatch.setattr(owner, names[-1], broken)


def _weights(path: Path | None) -> list[Any]:
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    if path is None:
        for step in range(3):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
            optimizer.step()
    else:
        train(model, path, 3, optimizer=optimizer)
    return list(model.state_dict().values())


@pytest.mark.parametrize("place", PARTS)
def test_a_broken_part_is_a_note_and_the_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    path = tmp_path / "run.jsonl"
    plain = _weights(None)
    _break(monkeypatch, place)
    watched = _weights(path)
    assert all(torch.equal(one, other) for one, other in zip(plain, watched, strict=True))
    own = [text for text in notes(path) if "an error of the recorder's own" in text]
    assert len(own) == 1
    assert "it is broken" in own[0]
    lines = steps(path)
    missing = PARTS[place]
    assert not torch.nn.modules.module._global_forward_hooks
    if missing == "lines":
        assert len(lines) <= 1
        return
    assert len(lines) == 3
    last = lines[-1]
    assert (last["loss"] is None) == (missing == "loss")
    assert bool(last["a"]) == (missing != "a")
    assert bool(last["p"]) == (missing != "p")
    if missing != "a":
        assert (last["a"][0][8] is None) == (missing == "grad")
    if missing != "p":
        assert (last["p"][0][3] is None) == (missing == "update")
    assert kinds(path, "end")[0]["n"] == 3


@pytest.mark.parametrize("place", ["plain.Plain.passed", "plain.Plain.stepped", "losses.Losses.wait"])
def test_broken_steps_that_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    path = tmp_path / "run.jsonl"
    _break(monkeypatch, place)
    train(mlp(), path, 12, every=5)
    assert len([text for text in notes(path) if "it is broken" in text]) == 1
    assert kinds(path, "end")[0]["n"] >= 1


def test_a_broken_scaler_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, "scaler._ours")
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(3):
            optimizer.zero_grad()
            scaler.scale(nn.functional.cross_entropy(model(batch(step)[0]), batch(step)[1])).backward()
            scaler.step(optimizer)
            scaler.update()
    assert len(notes(tmp_path / "run.jsonl")) == 1
    assert len(steps(tmp_path / "run.jsonl")) == 3


def test_an_interruption_by_the_user_goes_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, "forward.real", KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        train(mlp(), tmp_path / "run.jsonl")
    assert "tests" not in torch.autograd.backward.__module__
    assert not torch.nn.modules.module._global_forward_hooks


def test_an_error_of_the_training_is_none_of_the_recorders(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(4):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(batch(step)[0]), batch(step)[1])
            if step == 1:
                loss.backward()
                with pytest.raises(RuntimeError, match="second time"):
                    loss.backward()
                continue
            loss.backward()
            optimizer.step()
    assert [line["n"] for line in steps(tmp_path / "run.jsonl")] == [0, 1, 2]
    assert notes(tmp_path / "run.jsonl") == []

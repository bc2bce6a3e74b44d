"""What `watch` is given wrongly is said at once; a file that cannot be written is a warning."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import gradtui
from gradtui_recorder import watch

from .trainings import kinds, mlp, steps, train


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"model": "net"}, TypeError, "model: a torch.nn.Module is needed, a str was given"),
        ({"optimizer": None}, TypeError, "optimizer: a torch.optim.Optimizer or a list of them is needed, None was"),
        ({"optimizer": []}, ValueError, "an empty list was given"),
        ({"optimizer": [1]}, TypeError, "a int was given"),
        ({"every": 0}, ValueError, 'every: "auto" or a whole number of steps from 1 on is needed, 0 was given'),
        ({"every": -3}, ValueError, "-3 was given"),
        ({"every": 2.5}, TypeError, "2.5 was given"),
        ({"every": True}, TypeError, "True was given"),
        ({"every": "often"}, ValueError, "'often' was given"),
        ({"budget": -0.1}, ValueError, "budget: a share of the time from 0 to 1 is needed, as 0.01; -0.1 was given"),
        ({"budget": float("nan")}, ValueError, "nan was given"),
        ({"budget": "1%"}, TypeError, "a str was given"),
        ({"path": 3}, TypeError, "path: the name of a file is needed, a int was given"),
        ({"scaler": 3}, TypeError, "scaler: a torch.amp.GradScaler is needed, a int was given"),
    ],
)
def test_wrong_arguments(tmp_path: Path, options: dict[str, Any], kind: type[Exception], said: str) -> None:
    model = mlp()
    given: dict[str, Any] = {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), 0.1),
        "path": tmp_path / "run.jsonl",
        **options,
    }
    with pytest.raises(kind) as error:
        watch(**given)
    assert said in str(error.value)
    assert not (tmp_path / "run.jsonl").exists()
    assert "tests" not in torch.autograd.backward.__module__


def test_a_path_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "there is no such folder" / "run.jsonl"
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.warns(RuntimeWarning, match=r"no such folder.*cannot be written \(No such file or directory\)"):
        rec = watch(model, optimizer, path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rec.loss(1.0)
        rec.note("nothing")
        nn.functional.cross_entropy(model(torch.rand(2, 4)), torch.tensor([0, 1])).backward()
        optimizer.step()
        rec.close()
        # Where warnings are errors, none is raised: the training is worth more than its log.
        watch(model, optimizer, path).close()


def test_the_wrapper_of_an_optimizer_is_taken_off(tmp_path: Path) -> None:
    class Wrapper:
        def __init__(self, optimizer: Any) -> None:
            self.optimizer = optimizer

    model = mlp()
    inner = torch.optim.SGD(model.parameters(), 0.1)
    rec = gradtui.watch(model, [Wrapper(Wrapper(inner)), inner], tmp_path / "run.jsonl")
    model(torch.rand(2, 4)).sum().backward()
    inner.step()
    rec.close()
    assert len(kinds(tmp_path / "run.jsonl", "run")[0]["opt"]) == 1
    assert len(steps(tmp_path / "run.jsonl")) == 1


def test_of_several_processes_each_has_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    model = mlp()
    rec = watch(model, torch.optim.SGD(model.parameters(), 0.1), tmp_path / "run.jsonl")
    rec.close()
    assert rec.path == tmp_path / "run.rank1.jsonl"
    assert kinds(rec.path, "run")[0]["rank"] == [1, 4]


def test_an_error_in_the_loop_ends_the_record_with_it(tmp_path: Path) -> None:
    model = mlp()

    def fail() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path / "run.jsonl", before_step=fail)
    assert kinds(tmp_path / "run.jsonl", "end")[0]["why"] == "error"

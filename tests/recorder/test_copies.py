"""Copies of a watched model: nothing of the recorder is in them, and what they do is not recorded."""

from __future__ import annotations

import copy
import gc
import io
import pickle
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules import module as torch_module
from torch.optim.swa_utils import AveragedModel

from gradtui_recorder import watch

from .trainings import batch, kinds, loop, mlp, steps


def _pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


def _saved(model: Any) -> Any:
    file = io.BytesIO()
    torch.save(model, file)
    assert b"gradtui" not in file.getvalue()
    return torch.load(io.BytesIO(file.getvalue()), weights_only=False)


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, _pickled, _saved, AveragedModel])
def test_copies_of_a_watched_model(tmp_path: Path, copied: Any) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(3):
            twin = copied(model)  # in a step that is looked at, before its forward pass
            optimizer.zero_grad()
            out = model(batch(step)[0])
            again = copied(model)
            if copied is not copy.copy:  # which has the same modules inside
                assert not any(module._forward_hooks or module._backward_hooks for module in twin.modules())
                twin(batch(step)[0]).sum().backward()
                again(batch(step)[0])
            nn.functional.cross_entropy(out, batch(step)[1]).backward()
            optimizer.step()
    lines = steps(tmp_path / "run.jsonl")
    assert [len(line["a"]) for line in lines] == [5, 5, 5]
    assert [line["mb"] for line in lines] == [1, 1, 1]


def test_a_model_that_has_its_recorder_as_an_attribute(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rec = watch(model, optimizer, tmp_path / "run.jsonl", every=1)
    model.rec = rec  # type: ignore[assignment]
    assert copy.deepcopy(model).rec is rec
    assert _saved(model).rec is None
    assert pickle.loads(pickle.dumps(optimizer)).param_groups[0]["lr"] == 0.1
    rec.close()


def test_what_wraps_a_model_is_looked_through(tmp_path: Path) -> None:
    model = mlp()
    wrapped = nn.DataParallel(model)
    optimizer = torch.optim.SGD(wrapped.parameters(), lr=0.1)
    with watch(wrapped, optimizer, tmp_path / "run.jsonl", every=1):
        wrapped(batch(0)[0]).sum().backward()
        optimizer.step()
    assert [row[0] for row in steps(tmp_path / "run.jsonl")[0]["a"]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("every", [1, 7], ids=["looked at", "not looked at"])
@pytest.mark.soak
def test_a_training_that_is_dropped_is_freed_and_its_record_ended(tmp_path: Path, every: int) -> None:
    """A sweep of fifty trainings in one process is not to hold fifty models."""
    original = torch.autograd.backward
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer, tmp_path / "run.jsonl", every=every)
    loop(model, optimizer, 3)
    gc.collect()
    loop(model, optimizer, 2)
    held = weakref.ref(model)
    del model, optimizer
    gc.collect()
    assert held() is None
    end = kinds(tmp_path / "run.jsonl", "end")[0]
    assert (end["n"], end["why"]) == (5, "closed")
    assert torch.autograd.backward is original
    assert not torch_module._global_forward_hooks

"""A plain loop: what stands in the lines is what PyTorch computes, counted once more by hand."""

from __future__ import annotations

import atexit
import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gradtui_recorder import watch

from .trainings import batch, columns, kinds, loop, mlp, names, steps, total, train


def test_to_import_the_program_loads_nothing_heavy() -> None:
    code = "import gradtui, sys; print(sorted({'torch', 'numpy', 'textual', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_run_line_and_end_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = mlp()
    train(model, path)
    run, end = kinds(path, "run")[0], kinds(path, "end")[0]
    assert names(path) == [name for name, _ in model.named_modules()]
    assert run["modules"][1] == ["0", "Linear", "Linear", {"in_features": 4, "out_features": 8}]
    assert run["params"][0] == ["0.weight", [8, 4], "float32", True, 0]
    assert run["opt"][0]["name"] == "SGD"
    assert run["opt"][0]["lr"] == 0.1
    assert (run["schema"], run["rank"], run["tied"], run["symmetric"], run["compiled"]) == (1, [0, 1], [], [], False)
    assert (end["n"], end["why"]) == (3, "closed")
    assert end["own"] < end["wall"]


def test_a_step_has_the_numbers_that_autograd_has(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    model = mlp()
    twin = copy.deepcopy(model)
    line = train(model, path, 1)[0]

    x, y = batch(0)
    outputs = [x]
    for layer in twin:
        outputs.append(layer(outputs[-1]))
        outputs[-1].retain_grad()
    loss = nn.functional.cross_entropy(outputs[-1], y)
    loss.backward()

    assert line["loss"] == pytest.approx(loss.item(), rel=1e-4)
    assert line["root"] == "NllLossBackward0"
    assert (line["n"], line["mb"], line["o"], line["lr"], line["stale"]) == (0, 1, [0], [0.1], False)
    for name, output in zip("01234", outputs[1:], strict=True):
        values = output.detach()
        for column, expected in (
            ("mean", values.mean()),
            ("rms", values.square().mean().sqrt()),
            ("min", values.min()),
            ("max", values.max()),
            ("grad", total([output.grad])),
        ):
            assert columns(path, line, column)[name] == pytest.approx(float(expected), rel=1e-4, abs=1e-8), column
    assert columns(path, line, "off")["1"] == pytest.approx(float((outputs[2] == 0).all(0).float().mean()))
    assert columns(path, line, "sat")["3"] == pytest.approx(float((outputs[4].abs() > 0.97).float().mean()))
    # Behind a module that is an activation, the layer's own row has nothing to say.
    assert columns(path, line, "off")["0"] is columns(path, line, "sat")["2"] is None
    assert line["x"][1] == pytest.approx(float(x.square().mean().sqrt()), rel=1e-4)

    gradients = [parameter.grad for parameter in twin.parameters()]
    assert line["gn"] == pytest.approx([total(gradients)] * 2, rel=1e-4)
    for name, parameter in twin.named_parameters():
        assert parameter.grad is not None
        assert columns(path, line, "grad", "p")[name] == pytest.approx(total([parameter.grad]), rel=1e-4)
        assert columns(path, line, "weight", "p")[name] == pytest.approx(total([parameter]), rel=1e-4)
        ratio = 0.1 * total([parameter.grad]) / total([parameter])
        assert columns(path, line, "update", "p")[name] == pytest.approx(ratio, rel=1e-3)


def test_clipping_is_seen_before_and_after(tmp_path: Path) -> None:
    model = mlp()

    def clip() -> None:
        nn.utils.clip_grad_norm_(model.parameters(), 0.01)

    line = train(model, tmp_path / "run.jsonl", 1, before_step=clip)[0]
    assert line["gn"][0] > 0.1
    assert line["gn"][1] == pytest.approx(0.01, rel=1e-3)


def test_losses_of_steps_between_two_lines_wait_in_the_ring(tmp_path: Path) -> None:
    every_step = train(mlp(), tmp_path / "1.jsonl", 8)
    some = train(mlp(), tmp_path / "3.jsonl", 8, every=3)
    assert [line["n"] for line in some] == [0, 3, 6]
    assert some[1]["ring"] == [[n, every_step[n]["loss"]] for n in (1, 2)]
    assert kinds(tmp_path / "3.jsonl", "end")[0]["ring"] == [[7, every_step[7]["loss"]]]


def test_at_the_end_of_the_program_the_record_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.jsonl"
    asked: list[Any] = []
    monkeypatch.setattr(atexit, "register", asked.append)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer, path)
    loop(model, optimizer, 1)
    (at_exit,) = asked
    at_exit()
    assert kinds(path, "end")[0]["why"] == "exit"
    assert len(steps(path)) == 1


def test_closed_it_leaves_nothing_behind(tmp_path: Path) -> None:
    # Other tests leave recorders of theirs open: what they have put there is none of this one's.
    backward, step = torch.autograd.backward, torch.amp.GradScaler.step
    hooks = [*torch.nn.modules.module._global_forward_hooks]
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train(model, tmp_path / "run.jsonl", 2, optimizer=optimizer)
    assert torch.autograd.backward is backward
    assert torch.amp.GradScaler.step is step
    assert [*torch.nn.modules.module._global_forward_hooks] == hooks
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks

"""Compiled models: nothing is compiled for the recorder, and steps that are looked at have all their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from gradtui_recorder import watch
from tests.recorder.trainings import batch, columns, kinds, mlp, notes, steps

#: Of inductor's and dynamo's own, which are no matter of ours.
pytestmark = [pytest.mark.soak, pytest.mark.filterwarnings("ignore")]

EVERY, STEPS = 4, 12


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


def _within(model: nn.Module, compiled: Any) -> tuple[nn.Module, Any]:
    return model, compiled


def _compiled(model: nn.Module, compiled: Any) -> tuple[nn.Module, Any]:
    return compiled, compiled


class _Own(nn.Sequential):
    """With a forward of its own: torch compiles nn.Sequential's not in place."""

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
        return x


def _in_place(model: nn.Module, compiled: Any) -> tuple[nn.Module, Any]:
    model = _Own(*model.children())
    model.compile(backend="eager", fullgraph=True)
    return model, model


def _by_a_function(model: nn.Module, compiled: Any) -> tuple[nn.Module, Any]:
    return model, torch.compile(lambda x: model(x), backend="eager", fullgraph=True)


#: What is watched, and what is called.
WAYS: dict[str, Callable[[nn.Module, Any], tuple[nn.Module, Any]]] = {
    "what is compiled": _compiled,
    "the module within": _within,
    "a module compiled in place": _in_place,
    "a module that a compiled function calls": _by_a_function,
}


def _trained(path: Path, watched: nn.Module, called: Any) -> None:
    optimizer = torch.optim.SGD(watched.parameters(), 0.1)
    with watch(watched, optimizer, path, every=EVERY):
        for step in range(STEPS):
            inputs, labels = batch(step)
            optimizer.zero_grad()
            nn.functional.cross_entropy(called(inputs), labels).backward()
            optimizer.step()


def _assert_whole(path: Path) -> None:
    assert [step["n"] for step in steps(path)] == list(range(0, STEPS, EVERY))
    for step in steps(path):
        for column in ("rms", "grad"):
            values = columns(path, step, column)
            assert {name for name in values if name} == {"0", "1", "2", "3", "4"}
            assert all(value is not None for value in values.values())
    assert notes(path) == []


def _assert_compiled_once() -> None:
    assert counters["stats"]["unique_graphs"] == 1
    assert not counters["graph_break"]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_compiled_for_it(way: str, tmp_path: Path) -> None:
    model = mlp()
    watched, called = WAYS[way](model, torch.compile(model, backend="eager", fullgraph=True))
    _trained(tmp_path / "run.jsonl", watched, called)
    _assert_whole(tmp_path / "run.jsonl")
    _assert_compiled_once()


def test_with_the_machine_s_own_compiler(tmp_path: Path) -> None:
    import torch._inductor.config

    compiled = torch.compile(mlp())
    with torch._inductor.config.patch(compile_threads=1):  # no processes of its own
        _trained(tmp_path / "run.jsonl", compiled, compiled)
    _assert_whole(tmp_path / "run.jsonl")
    _assert_compiled_once()
    assert kinds(tmp_path / "run.jsonl", "run")[0]["compiled"]


def _counted() -> tuple[list[int], Any]:
    """Calls of what a backend makes, and the backend."""
    calls: list[int] = []

    def backend(graph: Any, examples: Any) -> Any:
        def run(*inputs: Any) -> Any:
            calls.append(len(calls))
            return graph.forward(*inputs)

        return run

    return calls, backend


def test_steps_between_run_compiled(tmp_path: Path) -> None:
    """Of twelve steps the three that are looked at are eager, the others go through the graph."""
    calls, backend = _counted()
    compiled = torch.compile(mlp(), backend=backend, fullgraph=True)
    _trained(tmp_path / "run.jsonl", compiled, compiled)
    assert len(calls) == STEPS - STEPS // EVERY


def test_stance_that_the_training_has_chosen_is_put_back(tmp_path: Path) -> None:
    model = mlp()
    compiled = torch.compile(model, backend="eager")
    with torch.compiler.set_stance("force_eager"):
        _trained(tmp_path / "run.jsonl", compiled, compiled)
        compiled(batch(0)[0])
    assert counters["stats"]["unique_graphs"] == 0


def test_numbers_are_those_of_the_same_training_uncompiled(tmp_path: Path) -> None:
    model = mlp()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    _trained(tmp_path / "compiled.jsonl", compiled, compiled)
    model = mlp()
    _trained(tmp_path / "plain.jsonl", model, model)
    # The backend "eager" runs the same kernels: not a digit differs.
    for one, other in zip(steps(tmp_path / "compiled.jsonl"), steps(tmp_path / "plain.jsonl"), strict=True):
        for key in ("a", "p", "gn", "loss", "root"):
            assert one[key] == other[key]


def test_two_recorders_whose_steps_overlap_leave_the_training_compiled(tmp_path: Path) -> None:
    """A model each of a pair that is trained in turns: each took the other's stance for the training's own."""
    model, other = mlp(), mlp(seed=1)
    calls, backend = _counted()
    compiled, others = torch.compile(model, backend=backend), torch.compile(other, backend=backend)
    optimizers = [torch.optim.SGD(one.parameters(), lr=0.1) for one in (model, other)]
    first = watch(compiled, optimizers[0], tmp_path / "1.jsonl", every=4)
    second = watch(others, optimizers[1], tmp_path / "2.jsonl", every=4)
    for step in range(6):
        for one, optimizer in zip((compiled, others), optimizers, strict=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(one(batch(step)[0]), batch(step)[1]).backward()
            optimizer.step()
    # The other one takes its fourth step while the first one is about to look at its fifth: of both that is eager.
    assert len(calls) == 7
    first.close()
    second.close()
    for name in ("1.jsonl", "2.jsonl"):
        assert [len(line["a"]) for line in steps(tmp_path / name)] == [5, 5]


def _optimizer_compiled(model: nn.Module, optimizer: Any) -> Callable[[Any, Any], Any]:
    step = torch.compile(lambda: optimizer.step(), backend="eager")

    def trained(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        step()
        return loss

    return trained


def _all_compiled(model: nn.Module, optimizer: Any) -> Callable[[Any, Any], Any]:
    def trained(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return torch.compile(trained, backend="eager")


@pytest.mark.parametrize("way", [_optimizer_compiled, _all_compiled])
def test_a_step_that_is_compiled_is_seen_and_is_one_graph_as_it_was(tmp_path: Path, way: Any) -> None:
    """The lines of the recorder's hooks on it were compiled too, and it ended by an error of the compiler's."""
    graphs = []
    for watched in (False, True):
        torch._dynamo.reset()
        counters.clear()
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        losses = []
        if watched:
            recorder = watch(model, optimizer, tmp_path / "run.jsonl", every=EVERY)
        trained = way(model, optimizer)
        for step in range(STEPS):
            losses.append(trained(*batch(step)).item())
        graphs.append(counters["stats"]["unique_graphs"])
    recorder.close()
    assert graphs[0] == graphs[1]
    assert notes(tmp_path / "run.jsonl") == []
    lines = steps(tmp_path / "run.jsonl")
    assert [(line["n"], len(line["a"]), line["mb"], line["stale"]) for line in lines] == [
        (step, 5, 1, False) for step in range(0, STEPS, EVERY)
    ]
    ring = {n: loss for line in (*lines, *kinds(tmp_path / "run.jsonl", "end")) for n, loss in line["ring"]}
    ring |= {line["n"]: line["loss"] for line in lines}
    assert [ring[step] for step in range(STEPS)] == pytest.approx(losses, rel=1e-4)

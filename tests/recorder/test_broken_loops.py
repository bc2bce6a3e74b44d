"""Loops that do not go as planned: others' backward passes in between, errors that are caught, several threads."""

from __future__ import annotations

import contextlib
import gc
import weakref
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.modules import module as torch_module

from gradtui_recorder import watch

from .trainings import batch, columns, kinds, mlp, notes, steps, total


def _losses(path: Path) -> list[Any]:
    """The loss of every step, out of the lines and the rings."""
    known: dict[int, Any] = {}
    for line in (*steps(path), *kinds(path, "end")):
        known |= dict(line["ring"])
        if line["k"] == "step":
            known[line["n"]] = line["loss"]
    return [known.get(step) for step in range(kinds(path, "end")[0]["n"])]


@pytest.mark.parametrize("after", [False, True], ids=["before the backward pass", "after it"])
def test_what_another_model_trains_now_and_then_is_not_in_the_loss(tmp_path: Path, after: bool) -> None:
    """In three of four steps there is one backward pass alone: these go the short way."""
    model, other = mlp(), mlp(seed=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []

    def train_other() -> None:
        (100 * other(batch(0)[0])).square().sum().backward()

    with watch(model, optimizer, tmp_path / "run.jsonl", every=50):
        for step in range(40):
            if step % 4 == 3 and not after:
                train_other()
            optimizer.zero_grad()
            loss = cross_entropy(model(batch(step)[0]), batch(step)[1])
            loss.backward()
            if step % 4 == 3 and after:
                train_other()
            optimizer.step()
            losses.append(loss.item())
    assert _losses(tmp_path / "run.jsonl") == pytest.approx(losses, rel=1e-4)


def test_a_generator_that_goes_through_the_discriminator_now_and_then_is_not_in_its_loss(tmp_path: Path) -> None:
    model, generator = mlp(), nn.Linear(2, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    with watch(model, optimizer, tmp_path / "run.jsonl", every=50):
        for step in range(40):
            optimizer.zero_grad(set_to_none=step % 8 > 3)
            loss = cross_entropy(model(batch(step)[0]), batch(step)[1])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if step % 4 == 3:
                (100 * model(generator(torch.ones(5, 2)))).square().sum().backward()
    assert _losses(tmp_path / "run.jsonl") == pytest.approx(losses, rel=1e-4)


def test_steps_of_lbfgs_have_the_loss_that_they_begin_at(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
    losses = []
    with watch(model, optimizer, tmp_path / "run.jsonl", every=5):
        for step in range(12):

            def closure(step: int = step) -> Any:
                optimizer.zero_grad()
                loss = cross_entropy(model(batch(step)[0]), batch(step)[1])
                loss.backward()
                return loss

            losses.append(optimizer.step(closure).item())
    assert _losses(tmp_path / "run.jsonl") == pytest.approx(losses, rel=1e-4)


class _Fails(torch.autograd.Function):
    """Raises in the backward pass, as a device does that has no memory left."""

    @staticmethod
    def forward(context: Any, x: Any, fails: bool) -> Any:
        context.fails = fails
        return x.clone()

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        if context.fails:
            raise RuntimeError("out of memory")
        return gradients[0], None


@pytest.mark.parametrize("every", [1, 4])
def test_a_backward_pass_that_raises_and_is_caught_costs_its_own_step_alone(tmp_path: Path, every: int) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses: list[Any] = []
    with watch(model, optimizer, tmp_path / "run.jsonl", every=every):
        for step in range(16):
            optimizer.zero_grad()
            loss = cross_entropy(_Fails.apply(model(batch(step)[0]), step % 5 == 2), batch(step)[1])
            losses.append(None if step % 5 == 2 else pytest.approx(loss.item(), rel=1e-4))
            with contextlib.suppress(RuntimeError):
                loss.backward()
            optimizer.step()
    assert _losses(tmp_path / "run.jsonl") == losses
    assert not any(line["stale"] for line in steps(tmp_path / "run.jsonl"))
    assert notes(tmp_path / "run.jsonl") == []


def test_two_threads_train_a_model_each(tmp_path: Path) -> None:
    """One process's hooks see both. At once they ended the process, and each loss was in the other's record."""
    losses: list[list[float]] = [[], []]

    def trained(number: int) -> None:
        model = mlp(seed=number)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        with watch(model, optimizer, tmp_path / f"{number}.jsonl", every=3):
            for step in range(60):
                optimizer.zero_grad()
                loss = 100**number * cross_entropy(model(batch(step)[0]), batch(step)[1])
                loss.backward()
                optimizer.step()
                losses[number].append(loss.item())

    threads = [Thread(target=trained, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(2):
        assert _losses(tmp_path / f"{number}.jsonl") == pytest.approx(losses[number], rel=1e-4)
        assert [len(line["a"]) for line in steps(tmp_path / f"{number}.jsonl")] == [5] * 20
        assert notes(tmp_path / f"{number}.jsonl") == []


def test_a_hook_that_another_thread_has_just_taken_away_may_be_called_without_named_inputs(tmp_path: Path) -> None:
    """torch asks after the call's start whether a hook takes them: then it is in no list any more."""
    model = mlp()
    with watch(model, torch.optim.SGD(model.parameters(), lr=0.1), tmp_path / "run.jsonl"):
        hooks = torch_module._global_forward_hooks
        for hook in list(hooks.values()):
            assert hook(model, (), torch.zeros(3)) is None  # type: ignore[call-arg]


class _Given(nn.Module):
    """Gives a parameter as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.prompt = nn.Parameter(torch.ones(4))

    def forward(self) -> Any:
        return self.prompt


class _Prompted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.given, self.body = _Given(), mlp()

    def forward(self, x: Any) -> Any:
        return self.body(x + self.given())


def test_nothing_stays_on_a_parameter_that_a_module_gives_as_it_is(tmp_path: Path) -> None:
    model = _Prompted()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(5):
            optimizer.zero_grad()
            cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
            gradient = total([model.given.prompt.grad])
            optimizer.step()
            assert not model.given.prompt._backward_hooks
    last = steps(tmp_path / "run.jsonl")[-1]
    assert columns(tmp_path / "run.jsonl", last, "grad")["given"] == pytest.approx(gradient, rel=1e-4)


def test_gradients_whose_squares_single_precision_does_not_know(tmp_path: Path) -> None:
    """Through 40 sigmoid layers little comes back: 1e-27, of which the square is 0 in single precision."""
    torch.manual_seed(0)
    layers = [part for _ in range(40) for part in (nn.Sigmoid(), nn.Linear(6, 6))]
    model = nn.Sequential(nn.Linear(4, 6), *layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    gradients: list[Any] = []
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        first = model[0](batch(0)[0])
        first.register_hook(gradients.append)
        mse_loss(model[1:](first), torch.zeros(16, 6)).backward()
        weights = total([model[0].weight.grad])
        optimizer.step()
    line = steps(tmp_path / "run.jsonl")[0]
    assert 0 < total(gradients) < 1e-26
    assert columns(tmp_path / "run.jsonl", line, "grad")["0"] == pytest.approx(total(gradients), rel=1e-4, abs=0)
    assert columns(tmp_path / "run.jsonl", line, "grad", "p")["0.weight"] == pytest.approx(weights, rel=1e-4, abs=0)


def test_numbers_whose_squares_are_beyond_single_precision_are_finite(tmp_path: Path) -> None:
    model = nn.Linear(4, 3, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-30)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        out = model(1e25 * torch.ones(2, 4))
        out.sum().backward()
        optimizer.step()
    row = columns(tmp_path / "run.jsonl", steps(tmp_path / "run.jsonl")[0], "rms")
    assert row[""] == pytest.approx(total([out]) / 6**0.5, rel=1e-4)


class _Ragged(nn.Module):
    """Has a nested tensor on the way, of which there is no norm."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        parts = self.inner(torch.nested.nested_tensor([x[:3], x[3:]]))
        return torch.cat([self.head(part) for part in parts.unbind()])


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")  # of torch, about its own
def test_a_nested_tensor_is_passed_over(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = _Ragged()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        for step in range(2):
            cross_entropy(model(batch(step)[0]), batch(step)[1]).backward()
            optimizer.step()
    assert notes(tmp_path / "run.jsonl") == []
    assert set(columns(tmp_path / "run.jsonl", steps(tmp_path / "run.jsonl")[1], "rms")) == {"head"}


class _Runs(nn.Module):
    """Two layers, and an error between them where it is asked for one."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last, self.fails = nn.Linear(4, 8), nn.Linear(8, 3), False

    def forward(self, x: Any) -> Any:
        x = self.last(_Marked.apply(self.first(x)))
        if self.fails:
            raise RuntimeError("out of memory")
        return x


class _Marked(torch.autograd.Function):
    """Keeps a mark as long as the graph lives."""

    mark: Any = None

    @staticmethod
    def forward(context: Any, x: Any) -> Any:
        context.mark = _Mark()
        _Marked.mark = weakref.ref(context.mark)
        return x.clone()

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        return gradients[0]


class _Mark:
    pass


@pytest.mark.soak
def test_a_forward_pass_that_raises_leaves_no_graph_behind(tmp_path: Path) -> None:
    """Where it was memory that ran out, this is what has to be free for the next try, with a smaller batch."""
    torch.manual_seed(0)
    model = _Runs()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        model.fails = True
        with pytest.raises(RuntimeError, match="memory"):
            model(batch(0)[0])
        gc.collect()
        assert _Marked.mark() is None
        model.fails = False
        cross_entropy(model(batch(0)[0]), batch(0)[1]).backward()
        optimizer.step()
    assert len(steps(tmp_path / "run.jsonl")[0]["a"]) == 2

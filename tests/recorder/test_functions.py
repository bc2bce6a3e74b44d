"""Units behind activations that are functions: in the row of the module whose output they are applied to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from gradtui_recorder import watch

from .trainings import columns, steps


class _Net(nn.Module):
    """Three layers with whatever is between them."""

    def __init__(
        self, between: Callable[[Any], Any], conv: bool = False, out: Callable[[Any], Any] = lambda y: y
    ) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.between, self.out = between, out
        self.first = nn.Conv2d(1, 6, 3) if conv else nn.Linear(4, 6)
        self.second = nn.Linear(6, 6) if not conv else nn.Linear(6 * 4, 6)
        self.third = nn.Linear(6, 1)
        with torch.no_grad():
            # Half of the first layer's units are dead, a third of the second's far out.
            assert self.first.bias is not None
            self.first.bias[:3] = -100.0
            self.second.bias[:2] = 100.0

    def forward(self, x: Any) -> Any:
        return self.out(self.third(self.between(self.second(self.between(self.first(x)).flatten(1)))))


def _line(model: Any, path: Path, x: Any) -> dict[str, Any]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with watch(model, optimizer, path, every=1):
        model(x).sum().backward()
        optimizer.step()
    return steps(path)[0]


@pytest.mark.parametrize(
    "relu",
    [
        functional.relu,
        functional.relu_,
        lambda x: torch.relu(x),
        lambda x: functional.dropout(functional.relu(x), 0.1),
        lambda x: functional.relu(x).unsqueeze(0).squeeze(0),
        lambda x: functional.relu(functional.dropout(x, 0.1)),
        lambda x: x.clamp(min=0),
        lambda x: torch.clamp_min(x, 0),
    ],
)
def test_units_that_a_functional_relu_leaves_off(tmp_path: Path, relu: Callable[[Any], Any]) -> None:
    off = columns(tmp_path / "run.jsonl", _line(_Net(relu), tmp_path / "run.jsonl", torch.rand(64, 4) + 1), "off")
    assert off["first"] >= 0.5
    assert off["second"] is not None
    assert off["third"] is None


@pytest.mark.parametrize(
    "over_time", [lambda x: x.amax(1), lambda x: x.max(1)[0], lambda x: x.sum(1), lambda x: x[:, -1]]
)
def test_units_behind_a_relu_that_is_gathered_over_time(tmp_path: Path, over_time: Callable[[Any], Any]) -> None:
    class Text(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.head = nn.Linear(4, 6), nn.Linear(6, 1)
            with torch.no_grad():
                self.first.bias[:3] = -100.0
                self.first.bias[3:] = 100.0

        def forward(self, x: Any) -> Any:
            return self.head(over_time(functional.relu(self.first(x))))

    path = tmp_path / "run.jsonl"
    assert columns(path, _line(Text(), path, torch.rand(8, 5, 4)), "off")["first"] == 0.5


def test_a_clamp_at_another_place_is_no_relu(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    line = _line(_Net(lambda x: x.clamp(-1, 1)), path, torch.rand(64, 4))
    assert columns(path, line, "off")["first"] is None


def test_of_pictures_a_unit_is_a_channel(tmp_path: Path) -> None:
    model = _Net(
        lambda x: functional.max_pool2d(functional.relu(x), 2) if x.ndim == 4 else functional.relu(x), conv=True
    )
    line = _line(model, tmp_path / "run.jsonl", torch.rand(16, 1, 6, 6))
    with torch.no_grad():
        x = torch.rand(16, 1, 6, 6)
        alive = (functional.relu(model.first(x)).amax(dim=(0, 2, 3)) > 0).sum().item()
    assert columns(tmp_path / "run.jsonl", line, "off")["first"] == pytest.approx(1 - alive / 6, abs=0.17)
    assert columns(tmp_path / "run.jsonl", line, "off")["first"] >= 0.5


@pytest.mark.parametrize(("function", "share"), [(torch.tanh, 1 / 3), (torch.sigmoid, 1 / 3)])
def test_outputs_at_the_ends_of_a_saturating_function(tmp_path: Path, function: Any, share: float) -> None:
    line = _line(_Net(function, out=torch.sigmoid), tmp_path / "run.jsonl", torch.rand(64, 4))
    sat = columns(tmp_path / "run.jsonl", line, "sat")
    assert sat["first"] == pytest.approx(0.5, abs=0.01)
    assert sat["second"] == pytest.approx(share, abs=0.01)
    assert sat["third"] is not None  # the model's own output


@pytest.mark.parametrize("function", [functional.gelu, functional.silu, functional.softmax, functional.leaky_relu])
def test_what_never_is_off_nor_saturated_says_nothing(tmp_path: Path, function: Any) -> None:
    between = (lambda x: function(x, -1)) if function is functional.softmax else function
    line = _line(_Net(between), tmp_path / "run.jsonl", torch.rand(8, 4))
    assert all(row[6] is row[7] is None for row in line["a"])


@pytest.mark.parametrize("module", [True, False])
@pytest.mark.parametrize("kind", ["conv1d", "linear"])
def test_of_three_dimensions_units_are_channels_after_a_convolution_and_else_the_last(
    tmp_path: Path, kind: str, module: bool
) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first: Any = nn.Conv1d(3, 8, 1) if kind == "conv1d" else nn.Linear(3, 8)
            self.second: Any = nn.Conv1d(8, 1, 1) if kind == "conv1d" else nn.Linear(8, 1)
            self.relu = nn.ReLU()
            with torch.no_grad():
                self.first.bias.copy_(torch.tensor([-100.0] * 6 + [100.0] * 2))

        def forward(self, x: Any) -> Any:
            return self.second(self.relu(self.first(x)) if module else functional.relu(self.first(x)))

    x = torch.rand(2, 3, 5) if kind == "conv1d" else torch.rand(2, 5, 3)
    off = columns(tmp_path / "run.jsonl", _line(Net(), tmp_path / "run.jsonl", x), "off")
    assert off["relu" if module else "first"] == 0.75


def test_a_gate_is_no_activation_of_its_layer(tmp_path: Path) -> None:
    line = _line(_Net(lambda x: torch.sigmoid(x) * x), tmp_path / "run.jsonl", torch.rand(8, 4))
    assert all(row[6] is row[7] is None for row in line["a"])


def test_branches_that_are_put_together_are_each_looked_at(tmp_path: Path) -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right, self.head = nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(6, 1)
            with torch.no_grad():
                self.right.bias.fill_(-100.0)

        def forward(self, x: Any) -> Any:
            return self.head(torch.cat([functional.relu(self.left(x)), functional.relu(self.right(x))], 1))

    off = columns(tmp_path / "run.jsonl", _line(Branches(), tmp_path / "run.jsonl", torch.rand(64, 4)), "off")
    assert off["right"] == 1.0
    assert off["left"] < 1.0


def test_a_cell_by_hand_adds_two_layers_up(tmp_path: Path) -> None:
    class Cell(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inward, self.hidden, self.head = nn.Linear(2, 5), nn.Linear(5, 5), nn.Linear(5, 1)
            with torch.no_grad():
                self.inward.bias.fill_(50.0)

        def forward(self, x: Any) -> Any:
            h = torch.zeros(x.shape[0], 5)
            for t in range(x.shape[1]):
                h = torch.tanh(self.inward(x[:, t]) + self.hidden(h))
            return self.head(h)

    line = _line(Cell(), tmp_path / "run.jsonl", torch.rand(3, 4, 2))
    assert columns(tmp_path / "run.jsonl", line, "sat")["inward"] == 1.0
    assert [row[1] for row in line["a"] if row[0] == 1] == [0, 1, 2, 3]


def test_inside_of_a_checkpoint_nothing_is_computed_twice_for_it(tmp_path: Path) -> None:
    from torch.utils.checkpoint import checkpoint

    calls = []

    def block(x: Any) -> Any:
        calls.append(1)
        return functional.relu(layer(x))

    layer, head = nn.Linear(4, 4), nn.Linear(4, 1)
    model = nn.ModuleList([layer, head])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        head(checkpoint(block, torch.rand(3, 4), use_reentrant=False)).sum().backward()
        optimizer.step()
    assert len(calls) == 2
    line = steps(tmp_path / "run.jsonl")[0]
    assert [row[:2] for row in line["a"]] == [[1, 0], [2, 0]]
    assert all(row[8] is not None for row in line["a"])

"""Recurrent modules in recorded trainings: `seq` as the recorder writes it, against the equations written out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.checkpoint import checkpoint

from gradtui_recorder import watch
from gradtui_recorder.sequences import SAMPLES
from gradtui_recorder.taken import PACKED

from .trainings import columns, names, notes, steps
from .unfused import unfused

TIME, INPUTS, WIDTH, CLASSES = 6, 3, 5, 4
#: A line has five digits.
DIGITS = 1e-4

#: How a model calls its recurrent module: (module, inputs (batch, time, inputs)) → output.
Call = Callable[[nn.LSTM, Tensor], Tensor]
CALLS: dict[str, Call] = {
    "plainly": lambda lstm, x: lstm(x)[0],
    "by keywords": lambda lstm, x: lstm(input=x, hx=None)[0],
    "checkpointed": lambda lstm, x: checkpoint(lambda y: lstm(y)[0], x, use_reentrant=False),
    "checkpointed, reentrant": lambda lstm, x: checkpoint(lambda y: lstm(y)[0], x, use_reentrant=True),
}


class _Model(nn.Module):
    def __init__(self, call: Call) -> None:
        super().__init__()
        self.embedding = nn.Linear(INPUTS, INPUTS)
        self.lstm = nn.LSTM(INPUTS, WIDTH, 2, batch_first=True)
        self.head = nn.Linear(WIDTH, CLASSES)
        self._call = call

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.head(self._call(self.lstm, self.embedding(x))[:, -1])
        return scores


def _model(call: str = "plainly") -> _Model:
    torch.manual_seed(0)
    return _Model(CALLS[call]).double()


def _batch(step: int, count: int = 4) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(step)
    x = torch.randn(count, TIME, INPUTS, generator=generator, dtype=torch.float64)
    return x, torch.randint(CLASSES, (count,), generator=generator)


def _oracle(count: int, samples: int) -> list[list[float]]:
    """‖∂L/∂h_t‖ of both layers in the first step of the model."""
    model = _model()
    x, labels = _batch(0, count)
    zeros = torch.zeros(2, count, WIDTH, dtype=torch.float64)
    written_out = unfused(model.lstm, model.embedding(x).transpose(0, 1), zeros, zeros)
    nn.functional.cross_entropy(model.head(written_out.output[-1]), labels).backward()
    return [[_gradient(h)[:samples].norm().item() for h in one.hidden] for one in written_out.directions]


def _gradient(tensor: Tensor) -> Tensor:
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def _trained(path: Path, model: nn.Module, count: int = 4, number: int = 2, **options: Any) -> list[dict[str, Any]]:
    optimizer = torch.optim.SGD(model.parameters(), 0.0)  # each step is the first one again
    with watch(model, optimizer, path, **{"every": 1, **options}):
        for _ in range(number):
            x, labels = _batch(0, count)
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), labels).backward()
            optimizer.step()
    return steps(path)


@pytest.mark.parametrize("call", CALLS)
def test_gradients_over_time_are_those_of_the_equations(tmp_path: Path, call: str) -> None:
    path = tmp_path / "run.jsonl"
    count = SAMPLES + 2
    lines = _trained(path, _model(call), count)
    for line, samples in zip(lines, (count, SAMPLES), strict=True):
        (row,) = line["seq"]
        assert names(path)[row["m"]] == "lstm"
        assert row["of"] == [samples, count]
        for one, norms in zip(row["l"], _oracle(count, samples), strict=True):
            assert one["h"] == pytest.approx(norms, rel=DIGITS)
    assert lines[0]["seq"][0]["check"] < 1e-12
    assert lines[1]["seq"][0]["check"] is None
    assert notes(path) == []


@pytest.mark.parametrize("call", [call for call in CALLS if "checkpointed" in call])
def test_checkpointed_modules_have_all_their_numbers(tmp_path: Path, call: str) -> None:
    """The same as without checkpointing, each call once."""
    plain = _trained(tmp_path / "plain.jsonl", _model())
    lines = _trained(tmp_path / "run.jsonl", _model(call))
    for line, other in zip(lines, plain, strict=True):
        assert len(line["a"]) == len(other["a"])
        for column in ("mean", "rms", "min", "max", "grad"):
            seen = columns(tmp_path / "run.jsonl", line, column)
            assert seen == pytest.approx(columns(tmp_path / "plain.jsonl", other, column), rel=DIGITS)
        assert line["p"] == other["p"]
        assert line["gn"] == other["gn"]


def test_loss_scale_is_not_in_them(tmp_path: Path) -> None:
    model = _model()
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with watch(model, optimizer, tmp_path / "run.jsonl", every=1):
        x, labels = _batch(0)
        scaler.scale(nn.functional.cross_entropy(model(x), labels)).backward()
        scaler.step(optimizer)
        scaler.update()
    (row,) = steps(tmp_path / "run.jsonl")[0]["seq"]
    for one, norms in zip(row["l"], _oracle(4, 4), strict=True):
        assert one["h"] == pytest.approx(norms, rel=DIGITS)
    assert row["check"] < 1e-12


def test_optimizer_that_steps_again_takes_the_sequences_along(tmp_path: Path) -> None:
    """The second optimizer steps every other time: that a step is over shows when the first one steps again."""
    model = _model()
    parts = (model.lstm, model.head)
    optimizers = [torch.optim.SGD(part.parameters(), 0.0) for part in parts]
    with watch(model, optimizers, tmp_path / "run.jsonl", every=1):
        for step in range(6):
            x, labels = _batch(0)
            for parameter in model.parameters():
                parameter.grad = None
            nn.functional.cross_entropy(model(x), labels).backward()
            optimizers[0].step()
            if step % 2:
                optimizers[1].step()
    lines = steps(tmp_path / "run.jsonl")
    assert len(lines) == 6
    for line in lines:
        (row,) = line["seq"]
        for one, norms in zip(row["l"], _oracle(4, 4), strict=True):
            assert one["h"] == pytest.approx(norms, rel=DIGITS)
    assert notes(tmp_path / "run.jsonl") == []


class _Packed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(INPUTS, CLASSES, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        lengths = torch.arange(len(x)).add(1).flip(0)
        last: Tensor = self.gru(pack_padded_sequence(x, lengths, batch_first=True))[1][-1]
        return last


def test_packed_sequence_is_a_note_once(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    torch.manual_seed(0)
    lines = _trained(path, _Packed().double(), number=3)
    assert all("seq" not in line for line in lines)
    assert notes(path) == [PACKED]


class _Loop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(INPUTS, WIDTH)
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        h = c = torch.zeros(len(x), WIDTH, dtype=x.dtype)
        for time in range(x.shape[1]):
            h, c = self.cell(x[:, time], (h, c))
        scores: Tensor = self.head(h)
        return scores


def test_cell_in_a_loop_has_a_row_for_each_call_and_a_sequence(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    torch.manual_seed(0)
    line = _trained(path, _Loop().double(), number=1)[0]
    index = names(path).index("cell")
    rows = [row for row in line["a"] if row[0] == index]
    assert [row[1] for row in rows] == list(range(TIME))
    (sequence,) = line["seq"]
    over_time = sequence["l"][0]["h"]
    # The gradient at the output of call t is ∂L/∂h_t.
    assert over_time == [None, *(row[8] for row in rows)]
    assert over_time[-1] > over_time[1] > 0
    assert len(sequence["l"][0]["c"]) == TIME + 1

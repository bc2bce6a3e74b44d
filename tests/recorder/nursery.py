"""A process that trains in forked ones, torch being loaded once: python -m tests.recorder.nursery NAME FOLDER.

Children are forked before any backward pass: torch's autograd allows none after a fork that came after one.
"""

from __future__ import annotations

import copy
import io
import os
import pickle
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch._dynamo  # the first optimizer of each child would load it: 2 s
from torch import Tensor, nn

import gradtui

torch.set_num_threads(1)

#: Processes that train together.
RANKS = 2
STEPS = 3


class Model(nn.Module):
    """A fused LSTM whose last output is read."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        scores: Tensor = self.head(self.lstm(inputs)[0][:, -1])
        return scores


def data(rank: int) -> tuple[Tensor, Tensor]:
    """A batch of a rank's own."""
    generator = torch.Generator().manual_seed(rank)
    return torch.randn(6, 5, 4, generator=generator), torch.randint(3, (6,), generator=generator)


def distributed(folder: Path, rank: int, recording: bool, sharded: bool = False) -> None:
    """A rank's training; its last weights go into a file."""
    store = torch.distributed.FileStore(str(folder / "store"), RANKS)
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=RANKS)
    torch.manual_seed(0)
    model = Model()
    if sharded:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        trained = model = fully_shard(model, mesh=init_device_mesh("cpu", (RANKS,)))
    else:
        trained = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(trained.parameters(), 0.1, momentum=0.9)
    recorder = gradtui.watch(trained, optimizer, folder / "run.jsonl", every=1) if recording else None
    inputs, labels = data(rank)
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(trained(inputs), labels)
        if step == 1 and not sharded:
            # As some do in the middle of a step: an average of the weights, a checkpoint of the whole model.
            copied = copy.deepcopy(model)
            pickle.loads(pickle.dumps(model))
            torch.save(model, io.BytesIO())
            copied(inputs).sum().backward()
        loss.backward()
        optimizer.step()
    if recorder is not None:
        recorder.close()
    weights = {name: _full(parameter) for name, parameter in model.named_parameters()}
    gradients = {name: _full(parameter.grad) for name, parameter in model.named_parameters()}
    torch.save((weights, gradients), folder / f"last-{recording}-{rank}.pt")
    torch.distributed.destroy_process_group()


def _full(tensor: Tensor | None) -> Tensor:
    assert tensor is not None
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor.detach()


def trained_for_ever(folder: Path, told: int) -> None:
    """Writes a byte into a pipe for each step that is over."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.AdamW(model.parameters())
    gradtui.watch(model, optimizer, folder / "run.jsonl", every=1)
    inputs = torch.randn(4, 8)
    while True:
        optimizer.zero_grad()
        model(inputs).square().mean().backward()
        optimizer.step()
        os.write(told, b".")


def _forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _waited(children: Sequence[int]) -> None:
    for child in children:
        _, status = os.waitpid(child, 0)
        if status:
            raise SystemExit(f"a child ended with {status}")


def _ranks(folder: Path, recording: Sequence[bool], sharded: bool = False) -> None:
    folder.mkdir(exist_ok=True)
    _waited([_forked(lambda r=rank: distributed(folder, r, recording[r], sharded)) for rank in range(RANKS)])  # type: ignore[misc]


def ddp(folder: Path) -> None:
    _ranks(folder / "both", (True, True))
    _ranks(folder / "none", (False, False))


def one_rank(folder: Path) -> None:
    _ranks(folder, (True, False))


def fsdp(folder: Path) -> None:
    _ranks(folder, (True, True), sharded=True)


def killed(folder: Path, times: int = 20) -> None:
    """Each training is killed right after another number of steps; the file says how many were over."""
    for number in range(times):
        place = folder / str(number)
        place.mkdir(parents=True)
        reading, writing = os.pipe()
        child = _forked(lambda: trained_for_ever(place, writing))  # noqa: B023
        os.close(writing)
        over = 0
        while over < 3 + 7 * number % 40:
            over += len(os.read(reading, 1))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while rest := os.read(reading, 4096):
            over += len(rest)
        os.close(reading)
        (place / "over").write_text(str(over), encoding="utf-8")


def quick(folder: Path) -> None:
    """Two in one: to load torch takes longer than both."""
    ddp(folder)
    killed(folder / "killed", 3)


TRAININGS = {work.__name__: work for work in (quick, one_rank, fsdp, killed)}

if __name__ == "__main__":
    TRAININGS[sys.argv[1]](Path(sys.argv[2]))

"""Runs a training, plain or recorded, and compares what `diagnose` says with what is to be said."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from gradtui_engine.findings.finding import Finding

from .training import Killed, Steps, Training


class NoRecorder:
    """What `watch` returns where nothing is recorded."""

    def loss(self, value: Any) -> None: ...

    def note(self, text: str) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> NoRecorder:
        return self

    def __exit__(self, *error: object) -> None: ...


@dataclass(slots=True)
class Plain:
    """A training without a recorder: the loss of every backward, and seconds of CPU."""

    losses: list[float]
    onset: Steps | None
    seconds: float
    state: list[torch.Tensor] = field(default_factory=list)


def plain(training: Training, seed: int) -> Plain:
    """Run a training as it is, with its losses noted."""
    losses: list[torch.Tensor] = []
    models: list[torch.nn.Module] = []
    backward = torch.autograd.backward

    def noting(tensors: Any, *arguments: Any, **named: Any) -> None:
        root = tensors if isinstance(tensors, torch.Tensor) else tensors[0]
        losses.append(root.detach().clone())
        backward(tensors, *arguments, **named)

    def watch(model: Any, *_: Any, **__: Any) -> NoRecorder:
        models.append(model)
        return NoRecorder()

    start = time.process_time()
    torch.autograd.backward = noting
    try:
        onset = _run(training, seed, watch)
    finally:
        torch.autograd.backward = backward
    seconds = time.process_time() - start
    state = [value.detach().clone() for model in models for value in model.state_dict().values()]
    return Plain([float(loss) for loss in losses], onset, seconds, state)


@dataclass(slots=True)
class Recorded:
    """The files of one training (one for each watched model), where its fault began, and seconds of CPU."""

    paths: list[Path]
    onset: Steps | None
    seconds: float
    state: list[torch.Tensor] = field(default_factory=list)


def record(training: Training, seed: int, directory: Path, every: int | str = 1) -> Recorded:
    """Run a training under `gradtui.watch`. One that is killed leaves its files as they are at that moment."""
    import gradtui

    recorders: list[Any] = []
    paths: list[Path] = []
    models: list[torch.nn.Module] = []

    def watch(model: Any, optimizer: Any = None, **options: Any) -> Any:
        paths.append(directory / f"{training.name}-{seed}-{len(paths)}.jsonl")
        models.append(model)
        recorders.append(gradtui.watch(model, optimizer, str(paths[-1]), **{"every": every} | options))
        return recorders[-1]

    start = time.process_time()
    try:
        onset = _run(training, seed, watch, killed=lambda: _as_they_are(paths))
    finally:
        for recorder in recorders:
            recorder.close()
    for path in paths:
        if (left := path.with_suffix(".killed")).exists():
            left.replace(path)
    seconds = time.process_time() - start
    state = [value.detach().clone() for model in models for value in model.state_dict().values()]
    return Recorded(paths, onset, seconds, state)


def _as_they_are(paths: list[Path]) -> None:
    """What a killed process leaves: no end, and here half a line, which a reader passes over."""
    for path in paths:
        path.with_suffix(".killed").write_bytes(path.read_bytes() + b'{"k":"step","n":')


def _run(training: Training, seed: int, watch: Any, killed: Callable[[], None] = lambda: None) -> Steps | None:
    with _one_thread():
        try:
            onset = training.run(seed, watch)
        except Killed:
            killed()
            onset = None
    if onset is None:
        return training.steps
    return (onset, onset) if isinstance(onset, int) else onset


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of a training, the most important first, and what of it is right (None: not asked)."""

    training: Training
    seed: int
    onset: Steps | None
    findings: tuple[Finding, ...]
    every: int | str = 1
    left_out: tuple[str, ...] = ()

    @property
    def faults(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.is_fault]

    @property
    def matching(self) -> list[Finding]:
        """The findings of the kind that was seeded."""
        found = self.findings if self.training.note else self.faults
        return [finding for finding in found if finding.kind in self.training.kinds]

    @property
    def first(self) -> str:
        """The kind of the first fault, or of the first note where notes are what is asked for."""
        found = self.findings if self.training.note else self.faults
        return found[0].kind if found else "healthy"

    @property
    def among(self) -> bool:
        if self.training.healthy:
            return not self.faults and (not self.training.kind or bool(self.matching))
        return bool(self.matching)

    @property
    def layer(self) -> bool | None:
        if not self.training.layers or not self.matching:
            return None
        return any(_within(finding.layer, self.training.layers) for finding in self.matching)

    @property
    def step(self) -> bool | None:
        """A fault between two samples is seen at the second."""
        if self.onset is None or not self.matching:
            return None
        late = self.every if isinstance(self.every, int) else 60
        first, last = self.onset
        return any(
            finding.step is not None and first <= finding.step <= last + (late if late > 1 else 0)
            for finding in self.matching
        )

    @property
    def right(self) -> bool:
        return self.among and self.layer is not False and self.step is not False

    def __str__(self) -> str:
        asked = self.training.kind or "healthy"
        where = f" in {' or '.join(self.training.layers)}" if self.training.layers else ""
        when = f" from step {self.onset[0]} to {self.onset[1]}" if self.onset else ""
        head = f"{self.training.name}, seed {self.seed}, every {self.every}: expected {asked}{where}{when}; found"
        if not self.findings:
            return f"{head} nothing"
        lines = [
            f"  {finding.severity} {finding.kind} in {finding.layer} at step {finding.step}: {finding.message} "
            f"{dict(finding.evidence)}"
            for finding in self.findings
        ]
        return "\n".join([head, *lines])


def _within(layer: str | None, names: tuple[str, ...]) -> bool:
    return layer is not None and any(layer == name or layer.startswith(f"{name}.") for name in names)


def judge(training: Training, seed: int, directory: Path, every: int | str = 1) -> Judgement:
    """Record a training and ask what is wrong with it; of several files, with any of them."""
    from gradtui_engine.findings.diagnosis import diagnose
    from gradtui_engine.recordings.recording import open_recording

    recorded = record(training, seed, directory, every)
    recordings = [open_recording([path]) for path in recorded.paths]
    for recording in recordings:
        recording.refresh()
    diagnoses = [diagnose(recording) for recording in recordings]
    findings = tuple(finding for diagnosis in diagnoses for finding in diagnosis.findings)
    left_out = tuple(f"{kind}: {why}" for diagnosis in diagnoses for kind, why in diagnosis.left_out.items())
    return Judgement(training, seed, recorded.onset, findings, every, left_out)

"""Validation: the loss and accuracy of parameters on samples that no batch contains."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..core.numerics import Array
from ..data.datasets import DEFAULT_BATCH, Batch
from ..experiment.resolved import Resolved
from ..program.output_layer import Sizes
from ..program.program import Program
from ..run.forward import loss_and_output
from ..run.memory import Layout


@dataclass(frozen=True, slots=True)
class Validation:
    """After how many updates (before iteration k), the mean loss, and the share of right answers, None of numbers."""

    iteration: int
    loss: float
    accuracy: float | None


class Evaluation:
    """A forward pass of parameters over many samples, a batch's number at a time (as memory is bound for that many), or
    64 where batches are smaller: one by one 359 digits would take longer than the 25 iterations between two looks.

    BatchNorm takes its running statistics, as in evaluation.
    """

    def __init__(self, resolved: Resolved, samples: Batch) -> None:
        self.size = samples.size
        # Dropout is of training alone.
        resolved = dataclasses.replace(resolved, dropout=0.0)
        self._parts: list[tuple[Batch, Program, Layout]] = []
        every_step = resolved.kind.reads_sequences and resolved.readout == "all"
        programs: dict[int, tuple[Program, Layout]] = {}
        for part in _parts(samples, max(int(resolved.batch or 0), DEFAULT_BATCH), every_step):
            if part.size not in programs:
                program = resolved.kind.build(resolved, Sizes.of(part), str(resolved.loss))
                programs[part.size] = program, Layout(program, resolved)
            self._parts.append((part, *programs[part.size]))

    def run(self, parameter: Callable[[str], Array], running: Mapping[str, Array]) -> tuple[float, float | None]:
        """The mean loss, and the share of right answers (None where the target is no class)."""
        loss, right = 0.0, []
        for part, program, layout in self._parts:
            part_loss, output = loss_and_output(
                program, layout, parameter, part.inputs, part.target, running or None
            )  # fmt: skip
            loss += part_loss * part.size / self.size
            share = accuracy(output, part.target)
            right += [] if share is None else [share * part.size / self.size]
        return loss, (sum(right) if right else None)


def accuracy(output: Array, target: Array) -> float | None:
    """The share of right answers where target holds class numbers or, of other losses, rows of 0 with one 1; None of
    numbers, which always come one to a sample.
    """
    if target.dtype.kind == "i":
        return float(np.mean(output.argmax(-1) == target))
    return float(np.mean(output.argmax(-1) == target.argmax(-1))) if target.shape[-1] > 1 else None


def _parts(samples: Batch, size: int, every_step: bool) -> Iterator[Batch]:
    """The samples in parts of this size, the last one of what is left."""
    for start in range(0, samples.size, size):
        rows = slice(start, min(start + size, samples.size))
        yield dataclasses.replace(
            samples,
            inputs=samples.inputs[..., rows, :],
            target=samples.target[:, rows] if every_step else samples.target[rows],
        )

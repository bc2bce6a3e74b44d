"""The run line; and step lines: what is known of a step that was looked at, written once its numbers have come."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import torch

from .arrived import Finish
from .context import Context
from .header import plain_number, run_line
from .losses import ring_pairs
from .optimizers import BASE, DELTA
from .sample import P, Sample
from .schema import SCHEMA, SYMMETRY_AGAIN, written
from .sequences import Sequences
from .transfer import Transfer


class StepLines:
    """Writes them; one may wait for a device."""

    def __init__(self, context: Context, sequences: Sequences) -> None:
        self._context = context
        self._sequences = sequences
        self._waiting: tuple[Sample, Transfer, Finish | None] | None = None
        #: Names of matrices whose rows were equal at the start, and how many lines were made.
        self.symmetric: list[str] = []
        self.count = 0

    def begin(self, optimizers: list[Any]) -> None:
        """Writes the run line: at once, or once a lazy module's parameters have their shapes."""
        context = self._context
        try:
            self.symmetric = context.watched.symmetric()
            line = run_line(context.watched, optimizers, self.symmetric)
        except Exception:
            context.began({"k": "run", "schema": SCHEMA, "time": time.time(), "modules": [], "params": []})
            raise
        context.began(line)

    def add(
        self,
        sample: Sample,
        loss: Any,
        passes: int,
        seconds: float,
        late: bool,
        stepped: Sequence[int],
        optimizers: Sequence[Any],
    ) -> None:
        """A step is over; its line is written at once where all numbers are there."""
        context = self._context
        line: dict[str, Any] = {
            "k": "step",
            "n": context.n,
            "t": round(time.time(), 3),
            "dt": written(seconds),
            "own": written(context.clock.so_far),
            "loss": None,
            "root": None,
            "mb": passes,
            "o": sorted(set(stepped)),
            "lr": [plain_number(group.get("lr")) for optimizer in optimizers for group in optimizer.param_groups],
            "scale": None,
            "skipped": False,
            "half": sample.half,
            "x": None,
            **sample.line,
        }
        # The same dict, as numbers are under way into it; "k" is its first.
        sample.line.clear()
        sample.line.update(line)
        line = sample.line
        if isinstance(loss, torch.Tensor):
            sample.numbers.put(loss.detach().reshape(()), line, "loss")
        else:
            line["loss"] = written(loss)
        context.losses.flush(line, sample.numbers)
        if self.symmetric and self.count == SYMMETRY_AGAIN:
            line["symmetric"] = context.watched.symmetric(self.symmetric)
        self.count += 1
        finish = context.guard.call("sequences", self._sequences.put, sample.numbers, line, late)
        transfer = sample.numbers.transfer(sample.scale)
        self._waiting = (sample, transfer, finish)
        if not transfer.waits:
            self.flush()

    def flush(self) -> None:
        """Writes the line that waits, where there is one."""
        if self._waiting is None:
            return
        sample, transfer, finish = self._waiting
        self._waiting = None
        transfer.complete()
        context = self._context
        if finish is not None:
            context.guard.call("sequences", finish)
        line = sample.line
        if transfer.scale is not None:
            line["scale"] = written(transfer.scale)
        line["ring"] = ring_pairs(line["ring"])
        line["a"] = sample.activation_rows()
        if broken := sample.broken_rows():
            line["broken"] = broken
        line["p"] = _parameter_rows(sample)
        line["gn"] = _gradient_norms(sample)
        old = line.pop("old", None)
        # Where it only seemed to be old, and was 0, it may have seemed so in the steps before as well.
        line["stale"] = bool(line.get("stale")) and not (old is not None and old["norm"] == 0)
        if line.pop("overflow", 0):
            line["skipped"] = True
        context.writer.write(line)


def _parameter_rows(sample: Sample) -> list[list[Any]]:
    """The rows of P_COLUMNS: the update's norm over that of what it was added to, where that was not 0."""
    for row in sample.rows.values():
        delta, base = _number(row[DELTA]), _number(row[BASE])
        row[DELTA] = written(delta / base) if delta is not None and base else None
    return sample.parameter_rows()


def _gradient_norms(sample: Sample) -> list[Any]:
    """[norm of all gradients after backward, norm of those that the optimizers get]."""
    before = sample.norms_before()
    after = [row[P["grad"]] for row in sample.rows.values() if row[P["grad"]] is not None]
    return [written(math.hypot(*map(float, norms))) if norms else None for norms in (before, after)]


def _number(value: Any) -> float | None:
    """A number again of what is written: "inf" too."""
    return None if value is None else float(value)

"""`watch`: the recorder of a training, whose parts it puts together."""

from __future__ import annotations

import atexit
import math
import os
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from . import patches
from .arrived import Finish
from .compiled import Compiled
from .context import Context
from .forward import Forward
from .functions import Functions
from .gradients import Gradients
from .header import plain_number, rank, run_line
from .losses import ring_pairs, root_name
from .optimizers import BASE, DELTA, Optimizers
from .sample import P, Sample
from .scaler import scaled_step
from .schedule import Every, Schedule
from .schema import SYMMETRY_AGAIN, written
from .sequences import Sequences
from .transfer import Transfer
from .watched import Watched
from .writer import Writer, ranked, warn

#: The open recorders by file: one file has one.
_OPEN: Final[dict[Path, Any]] = {}


def watch(
    model: Any,
    optimizer: Any,
    path: str | os.PathLike[str] = "gradtui-run.jsonl",
    *,
    every: Every = "auto",
    budget: float = 0.01,
    scaler: Any = None,
) -> Recorder:
    """Records a training into a file that `gradtui open` shows and `gradtui why` judges.

    model: the module that is trained, wrapped or compiled or not. optimizer: the one that trains it, or a list of all.
    path: is appended to; of process r > 0 of several it is PATH.rank<r>.jsonl. every: a step is looked at every so
    many, or "auto": the first 8, and then as many as cost no more than `budget`, a share of the training's time.
    scaler: the GradScaler, where it is not one that steps the optimizer itself.

    The training is not changed by a bit, and nothing that goes wrong here stops it. Raises TypeError or ValueError for
    arguments that cannot be meant.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: a torch.nn.Module is needed, {_said(model)} was given")
    optimizers = _optimizers(optimizer)
    if every != "auto":
        if isinstance(every, bool) or not isinstance(every, int):
            raise TypeError(f'every: "auto" or a whole number of steps is needed, {every!r} was given')
        if every < 1:
            raise ValueError(f'every: "auto" or a number from 1 on is needed, {every} was given')
    if isinstance(budget, bool) or not isinstance(budget, int | float):
        raise TypeError(f"budget: a share of the time, as 0.01, is needed, {_said(budget)} was given")
    if not 0 <= budget <= 1:
        raise ValueError(f"budget: a share of the time from 0 to 1 is needed, {budget} was given")
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: the name of a file is needed, {_said(path)} was given")
    if scaler is not None and not callable(getattr(scaler, "get_scale", None)):
        raise TypeError(f"scaler: a torch.amp.GradScaler is needed, {_said(scaler)} was given")
    return Recorder(model, optimizers, Path(path), Schedule(every, budget), scaler)


def _optimizers(given: Any) -> list[Any]:
    """The optimizers themselves, without what Accelerate or Lightning puts around them."""
    optimizers = list(given) if isinstance(given, list | tuple) else [given]
    if not optimizers:
        raise ValueError("optimizer: a torch.optim.Optimizer or a list of them is needed, an empty list was given")
    inner: list[Any] = []
    for optimizer in optimizers:
        while isinstance(getattr(optimizer, "optimizer", None), torch.optim.Optimizer):
            optimizer = optimizer.optimizer
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(
                f"optimizer: a torch.optim.Optimizer or a list of them is needed, {_said(optimizer)} was given"
            )
        if not any(optimizer is other for other in inner):
            inner.append(optimizer)
    return inner


def _said(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


class Recorder:
    """What `watch` returns. It is closed by `close`, as a context manager, and at the end of the program."""

    def __init__(self, model: Any, optimizers: list[Any], path: Path, schedule: Schedule, scaler: Any) -> None:
        self.path = ranked(path, rank()[0])
        absolute = self.path.absolute()
        if absolute in _OPEN:
            earlier = _OPEN[absolute]
            if earlier._context.n == 0:
                warn(f"{self.path} was being recorded to by another recorder, which ends: give each a path of its own")
            earlier.close()
        self._absolute = absolute
        watched = Watched(model)
        self._context = Context(watched, Writer(self.path))
        self._schedule = schedule
        self._scaler = scaler
        self._functions = Functions()
        self._gradients = Gradients(self._context)
        shared = frozenset(id(parameter) for parameter in watched.shared())
        self._sequences = Sequences(self._context.note, lambda: self._context.passing, shared)
        self._forward = Forward(self._context, self._gradients, self._functions, self._sequences)
        self._compiled = Compiled(watched.compiled)
        self._optimizers = Optimizers(self._context, optimizers, self._stepped, self._over)
        self._symmetric: list[str] = []
        self._lines = 0
        self._passes = 0
        self._repeated = False
        self._pending: tuple[Sample, Transfer, Finish | None] | None = None
        self._began = self._last = time.perf_counter()
        self._own = 0.0
        self._closed = not self._context.writer.on
        if self._closed:
            self._optimizers.remove()
            return
        if not watched.waits:
            self._context.guard.call("step", self._begin)
        patches.register(self)
        _OPEN[absolute] = self
        atexit.register(self._exit)
        self._arm()

    # -- for the user --------------------------------------------------------------------------------------

    def loss(self, value: Any) -> None:
        """Says what the loss of the step under way is, where it is not what backward began at."""
        if not self._closed:
            self._context.guard.call("backward", self._context.losses.give, value)

    def note(self, text: str) -> None:
        """Writes a note of the user's own into the record."""
        if not self._closed:
            self._context.guard.call("file", self._context.note, str(text))

    def close(self) -> None:
        """Ends the record. The training goes on as if it had never been recorded. A second call does nothing."""
        self._close("closed")

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: Any, error: Any, place: Any) -> None:
        self._close("closed" if kind is None else "error")

    def __deepcopy__(self, memo: Any) -> Recorder:
        """A copy of a model that has its recorder as an attribute has the same one, which knows the original alone."""
        return self

    def __reduce__(self) -> Any:
        """A file has none: it is read as None, also where this package is not installed."""
        return type(None), ()

    # -- a step under way ----------------------------------------------------------------------------------

    def begin_backward(self) -> None:
        """A backward pass of somebody's begins."""
        context = self._context
        if context.guard.runs("backward"):
            with context.clock:
                context.guard.call("backward", self._begin_backward)

    def end_backward(self, roots: Any) -> None:
        """It is over."""
        context = self._context
        if context.guard.runs("backward"):
            with context.clock:
                context.guard.call("backward", self._end_backward, roots)

    def scaler_step(self, scaler: Any, optimizer: Any) -> AbstractContextManager[None]:
        """Around a step that goes through a GradScaler."""
        if not self._context.guard.runs("scaler"):
            return nullcontext()
        return scaled_step(self._context, self._optimizers, scaler, optimizer)

    def _begin_backward(self) -> None:
        if not self._context.has_begun:
            self._begin()
        self._context.passing = True
        cleared = self._gradients.begin()
        self._repeated = False
        if cleared and self._optimizers.inside and self._optimizers.passes:
            self._repeated = True  # A closure looks for a better step: the first look is the step's.
        elif cleared:
            self._context.losses.forget()
            if self._context.sample is not None:
                self._context.sample.forget()
                self._context.guard.call("sequences", self._sequences.forget)

    def _end_backward(self, roots: Any) -> None:
        self._context.passing = False
        ours = self._gradients.ended()
        sample = self._context.sample
        if not ours or self._repeated:
            return
        losses = self._context.losses
        losses.add(roots)
        self._optimizers.passes += 1
        if sample is None:
            return
        if sample.line.get("root") is None:
            root = roots if isinstance(roots, torch.Tensor) else next(iter(roots), None)
            sample.line["root"] = root_name(root) if isinstance(root, torch.Tensor) else None
        # The norm is that after the last micro-batch, whose number is known from the step before.
        if losses.passes >= self._passes:
            self._gradients.whole_norms(sample)
        self._context.guard.call("sequences", self._sequences.backward_done)
        self._functions.clear()
        sample.backward += 1
        if self._optimizers.inside:
            sample.repeated = True

    def _stepped(self, number: int) -> None:
        """An optimizer has stepped, or GradScaler has left its step out."""
        context = self._context
        if self._gradients.stepped(number) and context.sample is not None:
            context.sample.line["stale"] = True
        context.losses.keep()
        if context.sample is not None:
            context.sample.mark()

    def _over(self, late: bool) -> None:
        """The training step is over; late where the next one has begun, and what came since belongs to that."""
        context = self._context
        sample = context.sample
        rest = sample.rest() if sample is not None and late else None
        passes = context.losses.kept_passes
        scale = self._scale()
        loss = context.losses.taken(scale)
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        if self._pending is not None:
            self._write()
        if sample is None:
            context.losses.wait(context.n, loss)
        else:
            self._line(sample, loss, scale, passes, seconds)
        self._passes = passes
        self._optimizers.stepped.clear()
        own = context.clock.so_far
        self._schedule.over(context.n, sample is not None, seconds, own - self._own)
        self._own = own
        context.n += 1
        self._functions.clear()
        context.guard.call("sequences", self._sequences.end)
        context.sample = None
        self._arm(rest, late)

    def _scale(self) -> Any:
        context = self._context
        if context.scale is None and self._scaler is not None and self._scaler.is_enabled():
            return self._scaler._scale
        return context.scale

    # -- the next one --------------------------------------------------------------------------------------

    def _arm(self, rest: Sample | None = None, late: bool = False) -> None:
        """Decides whether the step that begins is looked at. One that has begun unseen is not."""
        context = self._context
        self._schedule.thinned = context.writer.thinned
        due = self._schedule.due(context.n) and (not late or rest is not None)
        if due and context.guard.runs("step"):
            context.sample = rest or Sample()
            context.guard.call("sequences", self._sequences.begin, self._lines == 0)
            self._gradients.owned = [
                [parameter for _, parameter in self._optimizers.parameters(optimizer)]
                for optimizer in self._optimizers.all
            ]
            owners = {id(p): number for number, owned in enumerate(self._gradients.owned) for p in owned}
            self._gradients.all = [(p, owners.get(id(p), -1)) for _, p in context.watched.parameters]
            self._forward.install()
            context.guard.call("compiled", self._compiled.eager)
        else:
            self._forward.remove()
            context.guard.call("compiled", self._compiled.again)

    def _begin(self) -> None:
        """Writes the run line: at once, or once a lazy module's parameters have their shapes."""
        watched = self._context.watched
        self._symmetric = watched.symmetric()
        self._context.began(run_line(watched, self._optimizers.all, self._symmetric))

    # -- its line ------------------------------------------------------------------------------------------

    def _line(self, sample: Sample, loss: Any, scale: Any, passes: int, seconds: float) -> None:
        context = self._context
        stepped = self._optimizers.stepped
        line = {
            "k": "step",
            "n": context.n,
            "t": round(time.time(), 3),
            "dt": written(seconds),
            "own": written(context.clock.so_far),
            "loss": None,
            "root": None,
            "mb": passes,
            "o": sorted(stepped),
            "lr": [
                plain_number(group.get("lr")) for optimizer in self._optimizers.all for group in optimizer.param_groups
            ],
            "scale": None,
            "skipped": False,
            "half": sample.half,
            "x": None,
            **sample.line,
        }
        sample.line = line
        if isinstance(loss, torch.Tensor):
            sample.numbers.put(loss.detach().reshape(()), line, "loss")
        else:
            line["loss"] = written(loss)
        context.losses.flush(line, sample.numbers)
        factor = None
        if scale is not None:
            # On a device it waits for it: in steps that are looked at alone.
            factor = float(scale)
            line["scale"] = written(factor)
        if self._symmetric and self._lines == SYMMETRY_AGAIN:
            line["symmetric"] = context.watched.symmetric(self._symmetric)
        finish = context.guard.call("sequences", self._sequences.put, sample.numbers, line)
        transfer = sample.numbers.transfer(factor)
        self._pending = (sample, transfer, finish)
        if not transfer.waits:
            self._write()

    def _write(self) -> None:
        """Writes the line whose numbers have come."""
        assert self._pending is not None
        sample, transfer, finish = self._pending
        self._pending = None
        transfer.complete()
        context = self._context
        if finish is not None:
            context.guard.call("sequences", finish)
        line = sample.line
        line["ring"] = ring_pairs(line.get("ring", []))
        line["a"] = sample.activation_rows()
        line["p"] = _parameter_rows(sample)
        norms = {number: norm for part in sample.before for number, norm in part.items()}
        before = [_number(norms.get(number)) for number in line["o"]]
        after = [_number(row[P["grad"]]) for row in line["p"] if row[P["grad"]] is not None]
        line["gn"] = [_root_of_squares(before), _root_of_squares(after)]
        old = line.pop("old", None)
        line["stale"] = bool(line.get("stale")) and not (old is not None and old["norm"] == 0)
        if line.pop("overflow", 0):
            line["skipped"] = True
        context.writer.write(line)
        self._lines += 1
        if context.writer.full:
            self._close("size")

    # -- the end -------------------------------------------------------------------------------------------

    def _exit(self) -> None:
        self._close("exit")

    def _close(self, why: str) -> None:
        if self._closed:
            return
        self._closed = True
        context = self._context
        patches.unregister(self)
        self._forward.remove()
        self._optimizers.remove()
        context.guard.call("compiled", self._compiled.again)
        atexit.unregister(self._exit)
        _OPEN.pop(self._absolute, None)
        context.guard.call("file", self._end, why)
        context.writer.close()
        context.sample = None

    def _end(self, why: str) -> None:
        context = self._context
        if not context.writer.on:
            return
        if self._optimizers.stepped:
            self._over(False)
        if self._pending is not None:
            self._write()
        if not context.has_begun:
            self._begin()
        line: dict[str, Any] = {"k": "end", "n": context.n, "why": why}
        context.losses.flush(line, None)
        line["own"] = written(context.clock.seconds)
        line["wall"] = written(time.perf_counter() - self._began)
        context.writer.write(line)


def _parameter_rows(sample: Sample) -> list[list[Any]]:
    """The rows of P_COLUMNS: the update's norm over that of what it was added to, where that was not 0."""
    for row in sample.rows.values():
        delta, base = _number(row[DELTA]), _number(row[BASE])
        row[DELTA] = written(delta / base) if delta is not None and base else None
    return sample.parameter_rows()


def _number(value: Any) -> float | None:
    """A number as it was before it was written: "inf" is one again."""
    return None if value is None else float(value)


def _root_of_squares(values: list[float | None]) -> float | str | None:
    known = [value for value in values if value is not None]
    return written(math.hypot(*known)) if known else None

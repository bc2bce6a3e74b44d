"""`watch`: the recorder of a training, whose parts it puts together.

In a step that is not looked at, what is done costs a few µs, whatever the model: the loss is kept, and one parameter's
gradient says whose backward passes there were.
"""

from __future__ import annotations

import atexit
import math
import os
import time
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from . import patches
from .arguments import check, checked_optimizers
from .compiled import Compiled
from .context import Context
from .forward import Forward
from .functions import Functions
from .gradients import Gradients
from .header import rank
from .losses import root_name
from .optimizers import Optimizers
from .plain import Plain
from .sample import Sample
from .scaler import scaled_step
from .schedule import Every, Schedule
from .schema import written
from .sequences import Sequences
from .step_lines import StepLines
from .turns import Turns
from .watched import Watched
from .weakly import weakly
from .writer import Writer, claim, ranked, release, warn


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
    path: is appended to; of process r > 0 of several it is PATH with .rank<r> before its suffix. every: a step is
    looked at every so many, or "auto": the first 8, and then as many as cost no more than `budget`, a share of the
    training's time. scaler: the GradScaler, where it is none that steps the optimizer by its own `step`.

    The training is not changed by a bit, and nothing that goes wrong here stops it: a file that cannot be written is
    a warning. Raises TypeError or ValueError for arguments that cannot be meant.
    """
    optimizers = checked_optimizers(optimizer)
    check(model, path, every, budget, scaler)
    return Recorder(model, optimizers, Path(path), Schedule(every, budget), scaler)


class Recorder:
    """What `watch` returns. It is closed by `close`, as a context manager, and at the end of the program."""

    def __init__(self, model: Any, optimizers: list[Any], path: Path, schedule: Schedule, scaler: Any) -> None:
        #: The file: of process r > 0 of several one of its own, as where another process records to the same.
        self.path = ranked(path, rank()[0])
        self._absolute = self.path.absolute()
        release(self._absolute)
        watched = Watched(model)
        self._context = context = Context(watched, Writer(self.path))
        self.path = context.writer.path
        self._absolute = self.path.absolute()
        self._schedule = schedule
        self._scaler = scaler
        self._functions = Functions()
        self._gradients = Gradients(context)
        shared = frozenset(id(parameter) for parameter in watched.shared())
        self._sequences = Sequences(context.note, lambda: context.passing, shared)
        self._forward = Forward(context, self._gradients, self._functions, self._sequences)
        self._compiled = Compiled()
        self._lines = StepLines(context, self._sequences)
        self._optimizers = Optimizers(context, optimizers, self._stepped, self._over)
        self._turns = Turns()
        #: Backward passes before each of the last steps of an optimizer.
        self._passes: deque[int] = deque((0,), maxlen=8)
        self._repeated = False
        #: Whether the last loss was a number, as far as it is known without waiting for a device.
        self._finite = True
        self._plain = Plain(context, schedule, self._gradients)
        context.guard.ended = self._give_up
        #: Whether the step under way has had one backward pass, ours, and no loss scale so far.
        self._plainly = True
        self._began = time.perf_counter()
        self._own = 0.0
        self._closed = not context.writer.on
        if self._closed:
            self._optimizers.remove()
            return
        if not watched.waits:
            context.guard.call("step", self._lines.begin, self._optimizers.all)
        patches.register(self)
        claim(self._absolute, weakly(self._give_way))
        self._at_exit = weakly(self._exit)
        atexit.register(self._at_exit)
        context.guard.call("step", self._arm)

    # -- for the user --------------------------------------------------------------------------------------

    def loss(self, value: Any) -> None:
        """Says what the loss of a step is (of several in one step, their mean), instead of the number that backward
        begins at: after backward that of the step under way, after the optimizer's step that of the one that has just
        run. Before backward it is that of the step which begins, where it is so from the first step on."""
        if self._closed:
            return
        context = self._context
        begun = context.losses.passes > 0 or (context.plain is not None and context.plain.pending)
        context.guard.call("given", context.losses.given.give, value, context.n, begun)

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
        if context.elsewhere:
            return
        plain = context.plain
        if plain is not None:
            if not plain.pending:
                context.guard.call("backward", plain.began)
                return
            context.guard.call("backward", self._passed_over)
        context.passing = True
        if "backward" in context.guard.off:
            return
        with context.clock:
            try:
                if not context.has_begun:
                    context.guard.call("step", self._lines.begin, self._optimizers.all)
                self._repeated = False
                if self._gradients.begin():
                    self._cleared()
            except Exception as error:
                context.guard.failed("backward", error)

    def end_backward(self, roots: Any) -> None:
        """It is over: roots is what it began at."""
        context = self._context
        if context.elsewhere:
            return
        if context.plain is not None:
            context.guard.call("backward", context.plain.passed, roots)
            return
        context.passing = False
        if "backward" in context.guard.off:
            return
        with context.clock:
            try:
                if not self._gradients.ended() and not self._optimizers.delayed:
                    context.losses.perhaps(roots)
                    self._plainly = False
                elif not self._repeated:
                    context.losses.add(roots)
                    self._optimizers.passes += 1
                    if context.sample is not None:
                        self._passed(roots, context.sample)
                self._optimizers.settle()
            except Exception as error:
                context.guard.failed("backward", error)

    def break_backward(self) -> None:
        """It has raised an error, which the training may catch: of a gradient there is what it has left, no loss."""
        context = self._context
        if context.plain is not None or context.elsewhere:
            return
        context.passing = False
        self._plainly = False
        context.guard.call("backward", self._gradients.ended)
        context.guard.call("step", self._optimizers.settle)

    def scaler_step(self, scaler: Any, optimizer: Any) -> AbstractContextManager[None]:
        """Around a step that goes through a GradScaler."""
        if "scaler" in self._context.guard.off:
            return nullcontext()
        return scaled_step(self._context, self._optimizers, scaler, optimizer)

    def _passed_over(self) -> None:
        """A second backward pass of a step begins that seemed to have one."""
        plain, self._context.plain = self._context.plain, None
        if plain is not None:
            plain.leave()
            if not self._gradients.passed_over():
                self._context.losses.forget()

    def _cleared(self) -> None:
        """A gradient that an earlier backward pass of this step gave was cleared."""
        context = self._context
        if self._optimizers.inside and self._optimizers.passes:
            self._repeated = True  # A closure looks for a better step: its first look is the step's.
            self._plainly = False
            return
        context.losses.forget()
        if context.sample is not None:
            context.sample.forget()
            context.guard.call("sequences", self._sequences.forget)

    def _passed(self, roots: Any, sample: Sample) -> None:
        """A backward pass of ours is over, in a step that is looked at."""
        context = self._context
        if sample.line.get("root") is None:
            sample.line["root"] = context.guard.call("root", root_name, roots)
        # The norm is that after the last micro-batch: it is not worked out before there are as many as there were.
        if context.losses.passes >= min(self._passes):
            context.guard.call("parameters", self._gradients.whole_norms, sample)
        context.guard.call("sequences", self._sequences.backward_done)
        self._functions.clear()
        sample.backward += 1
        sample.repeated = self._optimizers.inside

    def _stepped(self, number: int) -> None:
        """An optimizer has stepped, or GradScaler has left its step out."""
        context = self._context
        if context.losses.unsure and self._gradients.reached(number):
            context.losses.adopt()
        if self._gradients.stepped(number):
            self._gradients.stale = True
        scale = context.scale
        if scale is None and self._scaler is not None and self._scaler.is_enabled():
            scale = self._scaler._scale
        self._plainly = self._plainly and scale is None and context.losses.passes == 1
        self._passes.append(context.losses.passes)
        context.losses.keep(scale, context.n)
        if context.sample is not None:
            context.sample.mark(number, scale)
            context.guard.call("sequences", self._sequences.mark)

    def _over(self, late: bool) -> None:
        """The training step is over; late where the next one has begun, and what came since belongs to that."""
        context = self._context
        sample = context.sample
        now = time.perf_counter()
        seconds = now - context.last
        context.last = now
        passes, loss = context.losses.taken(context.n)
        if sample is None:
            context.losses.wait(context.n, loss)
            self._turns.hid(self._optimizers.stepped)
            self._schedule.unseen(seconds, context.clock.so_far)
            finite = not isinstance(loss, float) or math.isfinite(loss)
            if self._finite and not finite:
                self._schedule.soon(context.n + 1)
            self._finite = finite
            rest = None
        else:
            rest = sample.rest() if late else None
            sample.line["stale"], self._gradients.stale = self._gradients.stale, False
            self._lines.flush()
            context.guard.call("parameters", self._optimizers.others, sample)
            self._turns.shown(self._optimizers.stepped)
            if passes and not sample.calls:
                context.note("no call of a module was seen (compiled scripts and replicas have none): no activations")
            self._lines.add(sample, loss, passes, seconds, late, self._optimizers.stepped, self._optimizers.all)
            own = context.clock.so_far
            self._schedule.seen(context.n, seconds, own - self._own, own)
            self._look_away(late)
        self._own = context.clock.so_far
        self._optimizers.stepped.clear()
        context.n += 1
        if (self._schedule.due(context.n) or self._turns.wanted) and (not late or rest is not None):
            self._arm(rest)
        elif late:
            context.guard.call("sequences", self._sequences.end)
        elif self._plainly and self._optimizers.alone and not context.guard.off:
            self._plain.enter()
        self._plainly = True

    # -- the next one --------------------------------------------------------------------------------------

    def _arm(self, rest: Sample | None = None) -> None:
        """The step that begins is looked at."""
        context = self._context
        if self._closed or not context.guard.runs("step"):
            return
        context.sample = rest or Sample()
        self._gradients.owned = [
            [parameter for _, parameter in self._optimizers.parameters(optimizer)] for optimizer in self._optimizers.all
        ]
        owners = {id(p): number for number, owned in enumerate(self._gradients.owned) for p in owned}
        self._gradients.all = [(p, owners.get(id(p), -1)) for _, p in context.watched.parameters]
        context.guard.call("sequences", self._sequences.begin, context.n == 0, rest is not None)
        self._forward.install()
        context.guard.call("compiled", self._compiled.eager)

    def _look_away(self, late: bool) -> None:
        """The step that was looked at is over: nothing of it is held."""
        context = self._context
        context.look_away()
        self._functions.clear()
        self._forward.remove()
        context.guard.call("sequences", self._sequences.end, late)
        context.guard.call("compiled", self._compiled.again)
        self._schedule.thinned = context.writer.thinned
        text = self._schedule.too_short()
        if text:
            context.note(text)
        if context.writer.full:
            self._close("size")

    def _give_up(self) -> None:
        """There are no more step lines: nothing is looked at, and nothing held."""
        self._context.look_away()
        self._context.plain = None
        self._forward.remove()
        try:
            self._compiled.again()
            self._sequences.end()
        except Exception:
            self._context.guard.off.update(("compiled", "sequences"))

    # -- the end -------------------------------------------------------------------------------------------

    def _exit(self) -> None:
        self._close("exit")

    def _give_way(self) -> None:
        """The same file is recorded to anew: in a notebook whose cell is run again."""
        if self._context.n == 0:
            warn(f"{self.path} was to be recorded to by another recorder, which ends: give each a path of its own")
        self._close("closed")

    def __del__(self) -> None:
        """The training is gone, its optimizer and all: nothing more comes."""
        if not getattr(self, "_closed", True):
            self._close("closed")

    def _close(self, why: str) -> None:
        if self._closed:
            return
        self._closed = True
        context = self._context
        patches.unregister(self)
        self._forward.remove()
        self._optimizers.remove()
        context.guard.call("compiled", self._compiled.again)
        atexit.unregister(self._at_exit)
        claim(self._absolute, None)
        context.guard.call("file", self._end, why)
        context.look_away()
        context.writer.close()

    def _end(self, why: str) -> None:
        context = self._context
        if not context.writer.on:
            return
        context.guard.call("given", context.losses.finish, context.n)
        if self._optimizers.stepped:
            context.guard.call("step", self._over, False)
        context.guard.call("step", self._lines.flush)
        if not context.has_begun:
            context.guard.call("step", self._lines.begin, self._optimizers.all)
        line: dict[str, Any] = {"k": "end", "n": context.n, "why": why, "mb": context.losses.passes}
        context.losses.flush(line, None)
        line["own"] = written(context.clock.seconds)
        line["wall"] = written(time.perf_counter() - self._began)
        context.writer.write(line)

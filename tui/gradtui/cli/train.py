"""`gradtui train`: a training without a screen, one alone or A and B side by side."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from gradtui_engine.core.figures import counted
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.experiment.experiment import options as experiment_options
from gradtui_engine.experiment.training import Training
from gradtui_engine.training import archive
from gradtui_engine.training.history import TrainingHistory
from gradtui_engine.training.json_document import document
from gradtui_engine.training.record_lines import Recorder
from gradtui_engine.training.stream import Stream
from gradtui_engine.training.trainer import Trainer

from ..model.ineffective_options import without_effect, without_effect_in_training
from ..text import glyphs
from ..text.language import tr
from ..text.table_words import scale
from .output_files import check_writable, not_written
from .printed import toml
from .stop import Stop
from .train_plan import Plan, check_together
from .train_progress import progress
from .train_report import interrupted, report

if TYPE_CHECKING:
    from .invocation import Invocation

#: Width where the output is not a terminal.
_COLUMNS = 100
#: The exit status of a process that a signal has ended is this and its number.
_OF_SIGNALS = 128
_PROG = "gradtui train"


def train(invocation: Invocation[Plan], out: TextIO) -> int:
    """Train what was asked for, and print what came of it."""
    plan = invocation.options
    options = plan.options
    check_together(options)
    if options.save is not None:
        check_writable(Path(options.save), "--save", ".npz")
    if options.record is not None:
        check_writable(Path(options.record), "--record", ".jsonl")
    histories = _started(plan)
    if options.print_config:
        resolved = histories[0].trainer.network.resolved
        out.write(toml(plan.a.to_toml(resolved)))
        if plan.b is not None:
            print(
                f"{_PROG}: {tr('note: the file has A alone; B is {options}', options=plan.b_as_options())}",
                file=sys.stderr,
            )
        return 0
    if options.save is not None:
        for history in histories:
            archive.refuse_too_large(history.training, history.trainer.stream, "--save")
    for note in _notes(plan, histories):
        print(f"{_PROG}: {note}", file=sys.stderr)
    recorders = _recorders(plan, histories, Path(options.record)) if options.record is not None else []
    with Stop() as stop:
        _train(histories, recorders, stop)
    problems = _written(options.save, histories)
    for recorder in recorders:
        if recorder.failure is not None:
            print(f"{_PROG}: {not_written(recorder.path, recorder.failure)}", file=sys.stderr)
    if options.json:
        for line in interrupted([history.snapshot() for history in histories]):
            print(f"{_PROG}: {line}", file=sys.stderr)
        json.dump(document(*histories), out, allow_nan=False)
        out.write("\n")
    else:
        width = shutil.get_terminal_size((_COLUMNS, 24)).columns
        out.write(
            "\n".join(
                report([each.snapshot() for each in histories], [each.trainer.stream for each in histories], width)
            )
            + "\n"
        )
        if options.plot:
            from .train_plot import plots

            colour, blocks = out.isatty(), glyphs.current() != glyphs.ASCII
            out.write("\n" + "\n".join(plots([each.snapshot() for each in histories], width, colour, blocks)) + "\n")
        saved = [] if options.save is None or problems else [options.save]
        for path in [*saved, *(str(recorder.path) for recorder in recorders if recorder.failure is None)]:
            out.write("\n" + tr("saved {path}", path=path) + "\n")
    if problems:
        raise ExperimentError(problems)
    if stop.signal is not None:
        return _OF_SIGNALS + stop.signal
    return 1 if any(_diverged(history) for history in histories) else 0


def _diverged(history: TrainingHistory) -> bool:
    outcome = history.outcome
    return outcome is not None and outcome.kind == "diverged"


# -- before ------------------------------------------------------------------------------------------------


def _started(plan: Plan) -> list[TrainingHistory]:
    """The histories, with nothing in them yet. Raises ExperimentError; B's problems say that they are B's."""
    histories = [TrainingHistory(Trainer(plan.a))]
    if plan.b is not None:
        try:
            histories.append(TrainingHistory(Trainer(plan.b)))
        except ExperimentError as error:
            raise ExperimentError(Problem(f"--b {each.field}", each.message) for each in error.problems) from None
    return histories


def _notes(plan: Plan, histories: Sequence[TrainingHistory]) -> list[str]:
    """What has no effect, and what somebody who compares A and B has to know."""
    notes = [*without_effect_in_training(plan.a, plan.a.given())]
    scaled = [_scaled(history.trainer.stream) for history in histories]
    notes += scaled[0]
    if plan.b is not None and scaled[1] != scaled[0]:
        notes += [tr("B: {note}", note=note) for note in scaled[1]]
    if plan.b is None:
        return notes
    changed = [name for name, _ in plan.changes]
    of_b = [
        *without_effect(plan.b.experiment, [name for name in changed if name in experiment_options()]),
        *without_effect_in_training(plan.b, changed),
    ]
    notes += [tr("B: {note}", note=note) for note in of_b]
    if not _same_batches(*(history.trainer.stream for history in histories)):
        notes.append(tr("note: B reads other batches than A"))
    return notes


def _scaled(stream: Stream) -> list[str]:
    """What becomes of numbers as a file's target, and whose numbers decide it where some are held out."""
    if stream.about is None or stream.about.scale is None:
        return []
    used = scale(stream.about.scale)
    if len(stream.held_rows):
        used += tr(" (of the {count} samples that are not held out)", count=counted(len(stream.training_rows)))
    return [used]


def _same_batches(a: Stream, b: Stream) -> bool:
    """Whether both read the same samples in the same order: by the first two batches, but for rounding."""
    for k in (0, 1):
        one, other = a.batch(k), b.batch(k)
        for first, second in ((one.inputs, other.inputs), (one.target, other.target)):
            if first.shape != second.shape or not np.allclose(first, second, rtol=1e-5, atol=1e-6):
                return False
    return True


def _recorders(plan: Plan, histories: Sequence[TrainingHistory], path: Path) -> list[Recorder]:
    """A's recorder, and B's beside it: RUN.b.jsonl. Raises ExperimentError."""
    paths = [path, path.with_suffix(f".b{path.suffix}")][: len(histories)]
    if len(paths) > 1:
        check_writable(paths[1], "--record", ".jsonl")
    recorders = []
    for history, each in zip(histories, paths, strict=True):
        try:
            recorders.append(Recorder(each, history, _command(history.training)))
        except OSError as error:
            raise ExperimentError([Problem("--record", not_written(each, error))]) from None
    return recorders


def _command(training: Training) -> str:
    """What trains the same."""
    return shlex.join(["gradtui", "train", *training.to_arguments()])


# -- training ----------------------------------------------------------------------------------------------


def _train(histories: Sequence[TrainingHistory], recorders: Sequence[Recorder], stop: Stop) -> None:
    """By turns, an iteration each, until all are done or somebody wants no more; of each one at the least."""
    with progress(histories) as tell:
        while not all(history.done for history in histories) and (not histories[-1].count or stop.signal is None):
            for index, history in enumerate(histories):
                if history.done:
                    continue
                history.advance(1)
                if recorders:
                    recorders[index].step()
            tell()
    for history in histories:
        if not history.done:
            history.interrupted = True
            history.trainer.validate()
    for recorder, history in zip(recorders, histories, strict=False):
        why = "interrupted" if history.interrupted else "diverged" if history.trainer.diverged else "done"
        recorder.end(why)


# -- afterwards --------------------------------------------------------------------------------------------


def _written(path: str | None, histories: Sequence[TrainingHistory]) -> list[Problem]:
    """Write the archive; what was wrong with that is told behind the report: hours may be in it."""
    if path is None:
        return []
    try:
        archive.save(path, *histories)
    except OSError as error:
        return [Problem("--save", not_written(Path(path), error))]
    return []

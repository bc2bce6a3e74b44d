"""`gradtui open`: what was saved or recorded is on the screen again.

What `gradtui run --save` and `gradtui run --json` have written is one iteration a record; a recorded training
(`gradtui.watch`, `gradtui train --record`, another tool's log) is all that was recorded of it, while it grows too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradtui_engine import Experiment, ExperimentError, Problem
from gradtui_engine.analysis.opening import read
from gradtui_engine.analysis.record import Source
from gradtui_engine.core.message import Message
from gradtui_engine.recordings.opening import is_saved, trainings
from gradtui_engine.recordings.recording import Recording, open_recording

from ..model import events as e
from ..model.needs import Computed
from ..model.needs import Recording as RecordOf
from ..model.opening import Opening
from ..model.panes_of import cell_of
from ..model.state import State, Steps
from ..model.timeline import Timeline
from ..model.trainings import HistoryOf
from ..share import address
from ..text.language import tr
from .launch import screen_texts

if TYPE_CHECKING:
    from .words import Words

#: A and B.
_MOST = 2
#: Seconds that are read of a recorded training before the screen opens: the rest is read beside it.
_AT_ONCE = 0.1


@dataclass(frozen=True)
class _Opened:
    """What is shown as A or B: where it comes from, its axis, and what is there of it already."""

    source: Source
    axis: str
    results: dict[Any, Any]
    recording: Recording | None = None
    #: What is to be said of it.
    told: str = ""


def opening(words: Words) -> Opening:
    """What the screen opens with: one record as A, or two as A and B. Raises ExperimentError with every problem."""
    return _opening(*_opened(words.files), dict(screen_texts(words)))


def beside(words: Words, experiment: Experiment, along: str) -> Opening:
    """A recorded training as A, at its first step, and as B an experiment as it begins. Raises ExperimentError.

    along is the recurrent module over whose time steps both are looked at, "" for modules and layers.
    """
    opened, problems = _opened(words.files)
    other = _Opened(Source(experiment), experiment.resolved.kind.axis, {})
    shown = _opening([*opened[:1], other], problems, {"iteration": "0", **screen_texts(words)})
    return shown._replace(state=replace(shown.state, along=along))


def _opening(opened: Sequence[_Opened], problems: list[Problem], given: dict[str, Any]) -> Opening:
    first = opened[0] if opened else None
    recorded = first is not None and first.recording is not None
    if len(opened) == _MOST:
        given.setdefault("view", "compare")
    elif recorded:
        given.setdefault("view", "train")
    sources = tuple(each.source for each in opened)
    known = sources[0].experiment if sources else None
    cell = "" if known is not None or first is None else cell_of(first.axis)
    try:
        state, cursor = address.read(known or Experiment(), given, sources, cell)
    except ExperimentError as error:
        problems += error.problems
    if problems:
        raise ExperimentError(problems)
    results = {need: result for each in opened for need, result in each.results.items()}
    if recorded:
        assert first is not None
        state = _at_step(state, first, given.get("iteration") is not None)
    told = tr("; ").join(each.told for each in opened if each.told)
    return Opening(state, (*cursor, *([e.Message(told)] if told else [])), results)


def _at_step(state: State, opened: _Opened, asked: bool) -> State:
    """The cursor at the step that was asked for, else at the last one, with which it goes on."""
    assert opened.recording is not None
    steps = Steps(opened.recording.columns.steps)
    last = max(len(steps) - 1, 0)
    step = state.iteration if asked else opened.source.iteration
    follows = not asked and not opened.source.pinned
    iteration = last if follows else steps.iteration(step)
    sources = (replace(state.recordings[0], pinned=False, iteration=steps[iteration]), *state.recordings[1:])
    return replace(
        state, recordings=sources, steps=steps, trained=len(steps), iteration=iteration, opened=iteration,
        follows=follows,
    )  # fmt: skip


def _opened(files: Sequence[str]) -> tuple[list[_Opened], list[Problem]]:
    """All that can be read, A and B at the most; and what is wrong with the others, or with how many there are."""
    opened: list[_Opened] = []
    problems: list[Problem] = []
    asked = [_asked(file) for file in files]
    saved = [path for path, _ in asked if is_saved(path)]
    recorded = [(path, step) for path, step in asked if path not in saved]
    for path in saved:
        try:
            opened += [_Opened(record.source, record.axis, {RecordOf(record.source): _computed(record)})
                       for record in read(path)]  # fmt: skip
        except ExperimentError as error:
            problems += error.problems
    try:
        opened += _runs(recorded)
    except ExperimentError as error:
        problems += error.problems
    if not files:
        message = Message("needs a file that run --save, run --json or gradtui.watch has written")
        problems.append(Problem("FILE", message))
    elif len(opened) > _MOST:
        message = Message("{count} records; two at the most, as A and B", count=len(opened))
        problems.append(Problem("FILE", message))
    return opened[:_MOST], problems


def _asked(file: str) -> tuple[Path, int | None]:
    """A file, and the step of it that is asked for: RUN.jsonl@120."""
    name, at, step = file.rpartition("@")
    if at and step.isdecimal() and not Path(file).exists():
        return Path(name), int(step)
    return Path(file), None


def _runs(recorded: Sequence[tuple[Path, int | None]]) -> Iterable[_Opened]:
    """Each recorded training once, or each step of it that is asked for; files of one training are one."""
    for files in trainings(path for path, _ in recorded):
        recording = open_recording(files)
        recording.refresh(_AT_ONCE)
        if recording.complete and recording.ended is not None and not recording.count:
            raise ExperimentError([Problem(str(files[0]), Message("ended before a step was recorded"))])
        whole = Source(
            recording=str(files[0]), words=recording.words, recorded=True, files=tuple(map(str, files))
        )  # fmt: skip
        steps = list(dict.fromkeys(step for path, step in recorded if path in files))
        if len(steps) > 1:
            steps = [step for step in steps if step is not None] if len(steps) > _MOST else steps
        known = Steps(recording.columns.steps)
        for step in steps:
            nearest = 0 if step is None else known.nearest(step)
            source = whole if step is None else replace(whole, iteration=nearest, pinned=True)
            told = (
                tr("step {step} was not looked at: {nearest} is", step=step, nearest=nearest)
                if step not in (None, nearest)
                else ""
            )
            yield _Opened(source, "module", {HistoryOf(whole): recording}, recording, told)


def _computed(record: Any) -> Computed:
    return Computed(record, Timeline.of(record))

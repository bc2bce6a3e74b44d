"""`gradtui doctor`: what it prints, and how it tells how far it is. Rich; no Textual."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.status import Status
from rich.text import Text

from gradtui_engine.core.figures import exact, percent, ratio_text, short, times
from gradtui_engine.core.message import English

from ..text.glyphs import render
from ..text.language import tr
from ..text.summary import answer_lines, describe
from .columns import GAP, widths_of
from .tables import console_on

if TYPE_CHECKING:
    from gradtui_engine.analysis.outcome import Outcome
    from gradtui_engine.training.examined import Examination, Trial
    from gradtui_engine.training.short_training import Attempt

    from .invocation import Invocation
    from .own_options import DoctorOptions

#: Seconds that all of it may take, about, where nobody has said how long to train.
SECONDS = 120.0
#: The exit status after ctrl+C.
_INTERRUPTED = 130
_STYLES = {"cures": "green", "helps": "bold", "no cure": "dim", "worse": "red"}
#: Before what is to be copied.
_INDENT = "    "
#: Share that must be done before the time that is left can be told.
_TOLD = 0.02


def doctor(invocation: Invocation[DoctorOptions], out: TextIO) -> int:
    """Diagnose, train, try every remedy, print what was measured; 0 where the experiment is healthy and learns, 1 where
    not, 130 after ctrl+C.
    """
    from gradtui_engine.training.doctor_document import report_document

    report, interrupted = _examined(invocation)
    if report is None:
        return _INTERRUPTED
    if invocation.options.json:
        json.dump(report_document(report), out, allow_nan=False)
        out.write("\n")
    else:
        _print(report, console_on(out), lowered=invocation.options.train is None)
    return _INTERRUPTED if interrupted else int(not report.before.outcome.healthy)


def _examined(invocation: Invocation[DoctorOptions]) -> tuple[Examination | None, bool]:
    """As much of the examination as there is when it ends, and whether ctrl+C ended it."""
    from gradtui_engine.training.doctor import ITERATIONS, examinations

    asked = invocation.options.train
    iterations, seconds = (ITERATIONS, SECONDS) if asked is None else (asked, None)
    report = None
    # Shown on a terminal only, on stderr: twenty remedies take half a minute.
    with Console(stderr=True).status(tr("examining …")) as line:
        told = _Progress(line)
        try:
            for so_far in examinations(invocation.experiment, told.begin, told.watch, iterations, seconds):
                report = so_far
        except KeyboardInterrupt:
            return report, True
    return report, False


class _Progress:
    """The line that tells what is tried, at which rate, and how long all that is left will take."""

    def __init__(self, line: Status, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._clock = line, clock
        self._start, self._what, self._left = clock(), tr("examining …"), ""

    def begin(self, name: str, rate: float | None) -> None:
        remedy = tr(name) if name else tr("the experiment as it stands")
        if rate is None:
            self._what = tr("trying {remedy} …", remedy=remedy)
        else:
            self._what = tr("training {remedy} at a rate of {rate} …", remedy=remedy, rate=exact(rate))
        self._tell()

    def watch(self, share: float) -> None:
        if share >= _TOLD:
            left = (self._clock() - self._start) / share * (1 - share)
            self._left = tr("{seconds} s left", seconds=round(left))
        self._tell()

    def _tell(self) -> None:
        self._line.update("  ".join(filter(None, (self._what, self._left))))


# -- what is printed ---------------------------------------------------------------------------------------


def _print(report: Examination, console: Console, lowered: bool) -> None:
    before = report.before
    console.print(Text(describe(before.resolved), "bold"))
    _print_answers(before.outcome, console)
    if report.text:
        text = tr(report.text)
        console.print(Text(tr("{sentence}.", sentence=text[:1].upper() + text[1:]), "bold"))
    if lowered:
        _print_shortening(report, console)
    if not report.complete:
        console.print(Text(tr("interrupted: not every remedy has been tried"), "bold"))
    if not report.trials:
        return
    console.print()
    console.print(Text(tr("in PyTorch the network is model, its last nn.Linear output"), "dim"))
    if report.plan is not None:
        console.print(Text(_caption(report), "dim"))
    rows = [[tr(heading) for heading, _ in _columns(report)]]
    rows += [[cell(trial) for _, cell in _columns(report)] for trial in report.trials]
    widths = widths_of(rows)
    console.print(Text(_line(rows[0], widths), "bold"), no_wrap=True)
    for trial, row in zip(report.trials, rows[1:], strict=True):
        console.print(Text(_line(row, widths), _STYLES[trial.effect]), no_wrap=True)
        for part in Text(render(tr(trial.text))).wrap(console, console.width - GAP):
            console.print(Text(" " * GAP + part.plain.rstrip()))
        # What is to be copied stays in one line, however narrow the terminal is.
        copied = [trial.command, *(line.text(tr(line.where)) for line in trial.pytorch(before))]
        for line in "\n".join(copied).split("\n"):
            console.print(Text(_INDENT + line, "dim"), no_wrap=True, overflow="ignore", crop=False)


def _print_answers(outcome: Outcome, console: Console) -> None:
    """The three questions with their answers, each with what was tested and where that comes from."""
    lines = answer_lines(outcome)
    for answer, line in zip(outcome.answers, lines, strict=False):
        console.print(Text(line, "" if answer.healthy else "bold"))
        measured = tr(
            "  {severity}; rule: {rule}; measured {value} at {place}",
            severity=tr(answer.severity),
            rule=tr(answer.rule),
            value=ratio_text(answer.measured),
            place=tr(answer.site),
        )
        console.print(Text(measured, "dim"))
        console.print(Text(tr("  source: {reference}", reference=tr(answer.source)), "dim"))
    for line in lines[len(outcome.answers) :]:
        console.print(Text(line, "dim"))


def _print_shortening(report: Examination, console: Console) -> None:
    """That fewer iterations were done than usual, if they were."""
    from gradtui_engine.training.doctor import ITERATIONS

    plan = report.plan
    if plan is None or plan.iterations == ITERATIONS:
        return
    text = tr(
        "trained for {count} iterations instead of {usual}, so that all of it takes about 2 minutes: --train {usual} "
        "does them all",
        count=plan.iterations,
        usual=ITERATIONS,
    )
    console.print(Text(text, "bold"))


def _caption(report: Examination) -> str:
    """What the columns of a training are of."""
    plan, trained = report.plan, report.before.trained
    assert plan is not None
    assert trained is not None
    loss = tr("loss on held-out samples") if trained.held_out else tr("loss of the last batches")
    if plan.rates == 1:
        return tr("after {count} iterations: {loss}", count=plan.iterations, loss=loss)
    return tr(
        "after {count} iterations at the best of {rates} learning rates: {loss}",
        count=plan.iterations,
        rates=plan.rates,
        loss=loss,
    )


def _columns(report: Examination) -> tuple[tuple[English, Callable[[Trial], str]], ...]:
    """The headings, and what each says of a trial."""
    return _OF_FIRST_GRADIENT if report.plan is None else _OF_TRAINING


def _best(trial: Trial) -> Attempt:
    trained = trial.measured.trained
    assert trained is not None
    return trained.best


_OF_TRAINING: tuple[tuple[English, Callable[[Trial], str]], ...] = (
    ("remedy", lambda trial: tr(trial.remedy.name)),
    ("effect", lambda trial: tr(trial.effect)),
    ("arrives", lambda trial: short(trial.measured.outcome.ratio)),
    ("loss", lambda trial: short(_best(trial).loss)),
    ("right", lambda trial: percent(_best(trial).accuracy)),
    ("rate", lambda trial: exact(_best(trial).rate)),
)
_OF_FIRST_GRADIENT: tuple[tuple[English, Callable[[Trial], str]], ...] = (
    ("remedy", lambda trial: tr(trial.remedy.name)),
    ("effect", lambda trial: tr(trial.effect)),
    ("factor", lambda trial: times(trial.measured.outcome.average_factor)),
    ("end to end", lambda trial: short(trial.measured.outcome.ratio)),
    ("loss", lambda trial: short(trial.measured.loss)),
    ("after 1 update", lambda trial: short(trial.measured.loss_after)),
)


def _line(cells: list[str], widths: list[int]) -> str:
    """The cells in a line, the first two to the left and numbers to the right."""
    padded = []
    for index, (cell, width) in enumerate(zip(map(render, cells), widths, strict=True)):
        blanks = " " * (width - cell_len(cell))
        padded.append(cell + blanks if index < 2 else blanks + cell)
    return (" " * GAP).join(padded)

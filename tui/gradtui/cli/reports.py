"""`gradtui doctor`, `check` and `theory`: what they print. Rich tables; no Textual."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradtui_engine.core.figures import exact, percent, rounded, short

from ..text.glyphs import render
from ..text.language import tr
from ..text.summary import answer_lines, describe

if TYPE_CHECKING:
    from .invocation import Invocation
    from .own_options import DoctorOptions

#: Width where the output is not a terminal.
_COLUMNS = 120
_STYLES = {"cures": "green", "helps": "cyan", "no cure": "yellow", "worse": "red"}


def _console(out: TextIO) -> Console:
    # Rich reads COLUMNS and NO_COLOR itself.
    return _Console(file=out, highlight=False, soft_wrap=False, width=None if out.isatty() else _COLUMNS)


class _Console(Console):
    """Breaks lines where they are broken in the glyphs that will be written."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*map(_rendered, objects), **options)


class _Table(Table):
    """As wide as what will be written."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        super().add_row(*map(_rendered, cells), **options)


def _rendered(cell: Any) -> Any:
    if isinstance(cell, Text):
        return Text(render(cell.plain), cell.style)
    return render(cell) if isinstance(cell, str) else cell


def _table(*columns: str) -> Table:
    table = _Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        last = index == len(columns) - 1
        # Chinese has no spaces to break a line at: what has no room goes on in the next line, and is not cut.
        table.add_column(
            render(column),
            justify="left" if index == 0 or last else "right",
            no_wrap=not last,
            overflow="fold" if last else "ellipsis",
        )
    return table


def doctor(invocation: Invocation[DoctorOptions], out: TextIO) -> int:
    """Diagnose, try every remedy, print what was measured; 1 where the experiment is unhealthy, else 0."""
    from gradtui_engine.analysis.doctor import examine, report_document
    from gradtui_engine.experiment.training import Training

    from .applying import print_applied

    # Shown on a terminal only, on stderr: a deep network and twenty remedies can take a minute.
    with Console(stderr=True).status(tr("examining …")) as status_line:
        report = examine(
            invocation.experiment, lambda name: status_line.update(tr("trying {remedy} …", remedy=tr(name)))
        )
    outcome = report.before.outcome
    status = 0 if outcome.healthy else 1
    if invocation.options.json:
        json.dump(report_document(report), out, allow_nan=False)
        out.write("\n")
        return status
    console = _console(out)
    console.print(Text(describe(report.before.resolved), "bold"))
    for answer, line in zip(outcome.answers, answer_lines(outcome), strict=False):
        console.print(Text(line, "" if answer.healthy else "bold"))
        measured = tr(
            "  {severity}; rule: {rule}; measured {value} at {place}",
            severity=tr(answer.severity),
            rule=tr(answer.rule),
            value=short(answer.measured),
            place=tr(answer.site),
        )
        console.print(Text(measured, "dim"))
        console.print(Text(tr("  source: {reference}", reference=tr(answer.source)), "dim"))
    for line in answer_lines(outcome)[len(outcome.answers) :]:
        console.print(Text(line, "dim"))
    if outcome.healthy:
        return status
    console.print()
    table = _table(tr("remedy"), "", tr("factor"), tr("end to end"), tr("loss"), tr("after 1 update"), tr("why"))
    for trial in report.trials:
        tried = trial.measured
        table.add_row(
            tr(trial.remedy.name),
            Text(tr(trial.effect), _STYLES[trial.effect]),
            f"×{short(tried.outcome.average_factor)}",
            short(tried.outcome.ratio),
            short(tried.loss),
            short(tried.loss_after),
            tr(trial.text),
        )
    console.print(table)
    console.print()
    before = report.before
    training = Training(experiment=before.experiment)
    print_applied(console, (trial.remedy for trial in report.trials), training, before.resolved)
    return status


def check(invocation: Invocation[None], out: TextIO) -> int:
    """The gradient check, parameter by parameter; 1 where one fails, else 0."""
    from gradtui_engine.analysis.gradient_check import TOLERANCE, check_parameters
    from gradtui_engine.run.network import build

    experiment, console = invocation.experiment, _console(out)
    console.print(Text(describe(experiment.resolved), "bold"))
    console.print(Text(tr("recorded gradient against central differences of the loss, float64"), "dim"))
    table = _table(tr("parameter"), tr("worst error"), tr("moved"), tr("at a kink"), "")
    total = len(build(experiment).parameters)
    rows = []
    # Shown on a terminal only, on stderr: 60 layers have 122 parameters, each of which takes 50 losses and more.
    with Console(stderr=True).status(tr("checking the gradient …")) as status_line:
        for row in check_parameters(experiment):
            rows.append(row)
            status_line.update(tr("checked {count} of {total} parameters …", count=len(rows), total=total))
    failed, count = 0, len(rows)
    for row in rows:
        failed += not row.passed
        verdict = Text(tr("ok"), "green") if row.passed else Text(tr("WRONG"), "bold red")
        if row.passed and row.unresolved:
            verdict = Text(tr("ok: too small for differences to resolve"), "yellow")
        if not row.checked:
            verdict = Text(tr("at kinks: no derivative to check"), "yellow")
        table.add_row(row.name, short(row.error), str(row.checked), str(row.left_out or ""), verdict)
    console.print(table)
    style = "bold red" if failed else "green"
    within = tr(
        "{passed} of {count} parameters within {tolerance}",
        passed=count - failed,
        count=count,
        tolerance=exact(TOLERANCE),
    )
    console.print(Text(within, style))
    return 1 if failed else 0


def theory(out: TextIO) -> int:
    """The reference figures beside what this engine computes; 1 where one is further off than its tolerance."""
    from gradtui_engine.analysis.published_figures import figures

    console = _console(out)
    table = _table(tr("figure"), tr("published"), tr("computed"), tr("source"))
    off = 0
    for row in figures():
        close = math.isclose(row.published, row.computed, rel_tol=row.tolerance)
        source = row.source
        if not row.exact:
            source = tr("{source} (measured, within {share})", source=source, share=percent(row.tolerance))
        computed = Text(rounded(row.computed, 6), "green" if close else "bold red")
        table.add_row(tr(row.name), rounded(row.published, 6), computed, source)
        off += not close
    console.print(table)
    return 1 if off else 0

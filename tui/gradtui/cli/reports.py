"""`gradtui check` and `theory`: what they print. Rich tables; no Textual."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from gradtui_engine.core.figures import exact, percent, rounded, short

from ..text.language import tr
from ..text.summary import describe
from .tables import console_on, table_of

if TYPE_CHECKING:
    from .invocation import Invocation


def check(invocation: Invocation[None], out: TextIO) -> int:
    """The gradient check, parameter by parameter; 1 where one fails, else 0."""
    from gradtui_engine.analysis.gradient_check import TOLERANCE, check_parameters
    from gradtui_engine.run.network import build

    experiment, console = invocation.experiment, console_on(out)
    console.print(Text(describe(experiment.resolved), "bold"))
    console.print(Text(tr("recorded gradient against central differences of the loss, float64"), "dim"))
    if experiment.resolved.number_type.is_emulated:
        coarse = tr(
            "in {dtype} a loss has steps of {eps}: a difference of two would be coarser than what it is to show",
            dtype=experiment.dtype, eps=short(experiment.resolved.number_type.eps),
        )  # fmt: skip
        console.print(Text(coarse, "dim"))
    table = table_of(tr("parameter"), tr("worst error"), tr("moved"), tr("at a kink"), "")
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

    console = console_on(out)
    table = table_of(tr("figure"), tr("published"), tr("computed"), tr("source"))
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

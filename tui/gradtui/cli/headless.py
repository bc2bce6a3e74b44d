"""`gradtui run`: the same numbers without a screen. Imports neither Textual nor, unless asked to plot, plotext."""

from __future__ import annotations

import functools
import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from gradtui_engine.analysis.jacobian import spectra
from gradtui_engine.analysis.json_document import document
from gradtui_engine.analysis.record import Listed, Record, has
from gradtui_engine.analysis.signal import allowance
from gradtui_engine.analysis.stage_numbers import FACTOR_PARTS, STAGE_NUMBERS, StageNumber, StageNumbers
from gradtui_engine.core.figures import loss_text, percent, short
from gradtui_engine.core.message import English, Message
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.core.thresholds import VANISHED_TEXT

from ..text import glyphs
from ..text.axis_words import AXIS_WORDS
from ..text.language import tr
from ..text.scale import LogScale
from ..text.summary import answer_lines, describe_source
from ..text.undefined import defined
from ..views.theory.words import REGIMES
from .columns import GAP, aligned, widths_of
from .output_files import check_writable, not_written
from .printed import toml

if TYPE_CHECKING:
    from .invocation import Invocation
    from .own_options import RunOptions

#: Width of the plot and table where the output is not a terminal.
_COLUMNS = 100
_PLOT_ROWS = 24


def run(invocation: Invocation[RunOptions], out: TextIO) -> int:
    """Run the experiment and print what is asked for."""
    from gradtui_engine import Run, build

    options = invocation.options

    if options.json and options.plot:
        message = Message("is not for --json, which prints one document; give one of them")
        raise ExperimentError([Problem("--plot", message)])
    if options.save is not None:
        check_writable(Path(options.save), "--save", ".npz")
    network = build(invocation.experiment)
    if options.print_config:
        out.write(toml(network.experiment.to_toml(network.resolved)))
        return 0
    trace = network.run()
    record = Run.of(trace)
    if options.save is not None:
        try:
            record.save(options.save)
        except OSError as error:
            raise ExperimentError([Problem("--save", not_written(Path(options.save), error))]) from None
    if options.json:
        json.dump(document(record, with_jacobian=options.jacobian), out, allow_nan=False)
        out.write("\n")
        return 0
    # Before anything is printed: there may be none.
    spread = jacobian_lines(record) if options.jacobian else []
    width = shutil.get_terminal_size((_COLUMNS, 24)).columns
    out.write("\n".join(table(record, width)) + "\n")
    if spread:
        out.write("\n" + "\n".join(spread) + "\n")
    if options.plot:
        out.write("\n" + plot(record, width, out.isatty()) + "\n")
    if options.save is not None:
        out.write("\n" + tr("saved {path}", path=options.save) + "\n")
    return 0


def plot(record: Record, width: int, colour: bool) -> str:
    """The plotext plot of the gradient's norm against the stage."""
    from ..text.plot import gradient_plot

    series = []
    for row in (STAGE_NUMBERS["gradient_norm"], STAGE_NUMBERS["cell_gradient_norm"]):
        values = [value for stage in record.stages if (value := row.read(stage)) is not None]
        if values:
            series.append((glyphs.render(tr(row.head)), values))
    return gradient_plot(series, record.axis, width, _PLOT_ROWS, colour, _blocks())


def table(record: Record, width: int) -> list[str]:
    """One line per stage, the last on top, as the gradient comes down; the bar takes what room is left."""
    columns = _columns(record)
    while True:
        rows = [[head for _, head, _ in columns]]
        rows += ([cell(stage) for _, _, cell in columns] for stage in reversed(record.stages))
        taken = sum(column + GAP for column in widths_of(rows))
        spare = [name for name in _SPARE if name in [name for name, _, _ in columns]]
        if not spare or taken + _LEAST_BAR <= width:
            break
        columns = [column for column in columns if column[0] != spare[0]]
    scale = LogScale.of([stage.gradient_norm for stage in record.stages])
    room = max(_LEAST_BAR, width - taken)
    title = f"{scale.label}, │ = 1"[:room]
    bars = [title, *(scale.bar(stage.gradient_norm, room, _blocks()) for stage in reversed(record.stages))]
    lines = ((line + " " * GAP + bar).rstrip() for line, bar in zip(aligned(rows), bars, strict=True))
    return [*summary(record), "", *lines]


def jacobian_lines(listed: Listed) -> list[str]:
    """The spread of the singular values of each stage's Jacobian, and end to end. Raises ExperimentError."""
    jacobians = spectra(listed)
    values_of = {f"{stage + 1} / {stage}": values for stage, values in reversed(list(enumerate(jacobians.stages)))}
    values_of[tr("end to end")] = jacobians.end_to_end
    rows = [[tr("stages"), tr("largest"), tr("median"), tr("smallest")]]
    for name, values in values_of.items():
        rows.append([name, *(short(float(value)) for value in (values[0], np.median(values), values[-1]))])
    title = tr("singular values of ∂h/∂h, sample 1 (all near 1: dynamical isometry, Saxe et al. 2014)")
    return [title, *aligned(rows, least=8)]


def _blocks() -> bool:
    """Whether bars and curves are drawn finer than a character's cell."""
    return glyphs.current() != glyphs.ASCII


def summary(record: Record) -> list[str]:
    """What was run, the loss, the diagnosis, how far the signal carries, and what theory says of infinite depth."""
    theory, reach = record.theory, list(_reach(record))
    lines = [describe_source(record.source)]
    if record.loss is not None:
        lines.append(tr("loss {value}", value=loss_text(record.loss)))
    lines += answer_lines(record.outcome)
    if reach:
        lines.append(tr("reach: {distances}", distances=tr(", ").join(reach)))
    if theory is None:
        return lines
    if theory.chi is not None and theory.regime is not None:
        pace = tr(AXIS_WORDS[record.axis].pace, factor=short(math.sqrt(theory.chi)))
        words = [f"{pace} (√χ)", tr(REGIMES[theory.regime][1])]
        if theory.q_star is not None:
            words.append(tr("z settles at a variance of {variance} (q*)", variance=short(theory.q_star)))
        if theory.depth_scale is not None and theory.depth_scale < math.inf:
            words.append(tr("depth scale {scale}", scale=short(theory.depth_scale)))
        numbers = tr(", ").join(words)
        lines.append(tr("theory: {words}", words=f"{numbers} · {tr(theory.note)}"))
    else:
        lines.append(tr("theory: {words}", words=tr(theory.note)))
    return lines


def _reach(record: Record) -> Iterator[str]:
    along, counted = record.decay, AXIS_WORDS[record.axis].counted
    factor = record.outcome.signal.numbers.get("average_factor")
    if "healthy_up_to" in record.outcome.signal.numbers and factor is not None:
        yield tr(allowance(record.axis, factor))
    if 0 < along.half_life < math.inf:
        yield tr(_HALF_LIVES[record.axis], count=short(along.half_life))
    if along.vanished_after is not None:
        yield tr(
            "under {limit} of the output's after {distance}",
            limit=VANISHED_TEXT,
            distance=counted(along.vanished_after),
        )
    if along.subnormal_after is not None:
        distance = counted(along.subnormal_after)
        yield tr("under float32's smallest normal number after {distance}", distance=distance)


#: Half-lives by what the stages are: as a number with digits behind the point they have no singular.
_HALF_LIVES: dict[str, English] = {
    "layer": "half-life {count} layers",
    "block": "half-life {count} blocks",
    "time": "half-life {count} steps",
    "module": "half-life {count} modules",
}
#: The least width of a bar.
_LEAST_BAR = 10
#: The numbers of a stage that are columns; between them stand the parts of the factor, in the order in which they
#: first occur: the whole is the factor, the cosine is for those who want to add up.
_FIRST = ("gradient_norm", "cell_gradient_norm", "factor", "predicted_factor")
_LAST = ("activation_mean", "activation_std", "activation_saturated", "activation_dead")
_LEFT_OUT = ("whole", *(part for part in FACTOR_PARTS if part.startswith("cosine")))
#: The columns that give way to the bar in a narrow terminal, in this order.
_SPARE = (
    *reversed(_LAST), "factor_scale", "predicted_factor", "factor_loss", "factor_recurrent", "factor_gates",
    "factor_direct", "factor_cell", "factor_skip", "factor_branch", "factor_norm",
)  # fmt: skip
#: A column's name, its head, and its text for a stage.
Column = tuple[str, str, Callable[[StageNumbers], str]]


def _columns(record: Record) -> list[Column]:
    parts = dict.fromkeys(part for stage in record.stages for part in stage.factors if part not in _LEFT_OUT)
    rows = [STAGE_NUMBERS[name] for name in (*_FIRST, *(f"factor_{part}" for part in parts), *_LAST)]
    columns: list[Column] = [(record.axis, tr(record.axis), lambda stage: str(stage.index))]
    return columns + [
        (row.name, tr(row.head), functools.partial(_text, record, row)) for row in rows if has(record, row)
    ]


def _text(record: Record, row: StageNumber, stage: StageNumbers) -> str:
    value = row.read(stage)
    if row.unit == "share":
        return percent(value)
    return short(defined(value, record) if row.unit == "ratio" else value)

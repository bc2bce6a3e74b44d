"""`gradtui run`: the same numbers without a screen. Imports neither Textual nor, unless asked to plot, plotext."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gradtui_engine.document import document
from gradtui_engine.problems import ExperimentError, Problem

from .formats import percent, short
from .scale import LogScale
from .summary import experiment_line, verdict_line

if TYPE_CHECKING:
    import argparse

    from gradtui_engine import Experiment, Stage, Trace

#: Width of the plot and table where the output is not a terminal.
_COLUMNS = 100
_PLOT_ROWS = 24


def run(experiment: Experiment, switches: argparse.Namespace, out: TextIO) -> int:
    """Run the experiment and print what is asked for."""
    from gradtui_engine import build

    if switches.json and switches.plot:
        raise ExperimentError([Problem("--plot", "is not for --json, which prints one document; give one of them")])
    if switches.save is not None:
        check_writable(Path(switches.save))
    network = build(experiment)
    if switches.print_config:
        out.write(network.experiment.to_toml())
        return 0
    trace = network.run()
    if switches.save is not None:
        try:
            trace.save(switches.save)
        except OSError as error:
            raise ExperimentError(
                [Problem("--save", f"{switches.save!r} cannot be written: {error.strerror}")]
            ) from None
    if switches.json:
        json.dump(document(trace), out, allow_nan=False, ensure_ascii=False)
        out.write("\n")
        return 0
    width = shutil.get_terminal_size((_COLUMNS, 24)).columns
    out.write("\n".join(table(trace, width, can_print_blocks(out))) + "\n")
    if switches.plot:
        out.write("\n" + plot(trace, width, out.isatty()) + "\n")
    if switches.save is not None:
        out.write(f"\nsaved {switches.save}\n")
    return 0


def check_writable(path: Path) -> None:
    """Refuse a path that cannot be written before anything is computed."""
    if path.is_dir():
        raise ExperimentError([Problem("--save", f"{str(path)!r} is a folder; give a file such as run.npz")])
    if not path.absolute().parent.is_dir():
        raise ExperimentError([Problem("--save", f"the folder {str(path.parent)!r} does not exist")])


def can_print_blocks(out: TextIO) -> bool:
    """Whether the output's encoding has block characters."""
    try:
        "█▏│".encode(out.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def plot(trace: Trace, width: int, colour: bool) -> str:
    """The plotext plot of the gradient's norm against the stage."""
    from .plotting import gradient_plot

    series = [("‖∂L/∂h‖", [stage.gradient_norm for stage in trace.stages])]
    cells = [stage.cell_gradient_norm for stage in trace.stages]
    if cells[0] is not None:
        series.append(("‖∂L/∂c‖", [value for value in cells if value is not None]))
    return gradient_plot(series, trace.axis, width, _PLOT_ROWS, colour)


def table(trace: Trace, width: int, blocks: bool) -> list[str]:
    """One line per stage, the last on top, as the gradient comes down; the bar takes what room is left."""
    lines = [experiment_line(trace), f"loss {trace.loss:.6g}", verdict_line(trace.outcome), ""]
    parts = [name for name in trace.stages[0].factors if name != "cosine"] or ["factor"]
    head = [trace.axis, "‖∂L/∂h‖", *(["‖∂L/∂c‖"] if trace.program.cells else []), "factor", *parts]
    head = head if trace.stages[0].factors else head[: -len(parts)]
    head += ["mean", "std", "sat.", "dead"]
    rows = [_cells(stage, parts if trace.stages[0].factors else []) for stage in reversed(trace.stages)]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    scale = LogScale.of([stage.gradient_norm for stage in trace.stages])
    room = max(10, width - sum(widths) - 2 * len(widths))
    title = f"{scale.label}, {'│' if blocks else '|'} = 1"
    lines.append("  ".join(name.rjust(size) for name, size in zip(head, widths, strict=True)) + "  " + title[:room])
    for stage, row in zip(reversed(trace.stages), rows, strict=True):
        bar = scale.bar(stage.gradient_norm, room, blocks)
        lines.append(
            ("  ".join(text.rjust(size) for text, size in zip(row, widths, strict=True)) + "  " + bar).rstrip()
        )
    return lines


def _cells(stage: Stage, parts: list[str]) -> list[str]:
    statistics = stage.activation
    cell = [] if stage.cell_gradient_norm is None else [short(stage.cell_gradient_norm)]
    return [
        str(stage.index),
        short(stage.gradient_norm),
        *cell,
        short(stage.factor),
        *(short(stage.factors.get(part)) for part in parts),
        short(statistics.mean),
        short(statistics.std),
        percent(statistics.saturated),
        percent(statistics.dead),
    ]


def print_problems(problems: tuple[Problem, ...], command: str) -> None:
    for problem in problems:
        print(f"{command}: {problem}", file=sys.stderr)

"""What stands around the panes: the header with the verdict, the timeline, the footer."""

from __future__ import annotations

from gradtui_engine import Experiment
from gradtui_engine.experiment import options

from ..commands import Command, key_name
from ..formats import short
from ..state import SPEEDS, State
from ..summary import MARKS, describe
from .scene import Scene
from .spans import Line, first_fit, fit, runs, spread, width_of

SMALLEST = (60, 16)
FOOTER_KEYS = 7


def too_small(width: int, height: int) -> Line:
    """The one line that a terminal below the smallest size gets."""
    wide, tall = SMALLEST
    return fit([(f"gradtui needs {wide}×{tall}; this is {width}×{height}", "text")], width)


def waiting(experiment: Experiment, width: int) -> list[Line]:
    """The header before the first trace has arrived."""
    return [
        fit([(" gradtui  ", "brand"), (describe(experiment), "text")], width),
        fit([(" computing …", "dim")], width),
    ]


def header(scene: Scene, width: int) -> list[Line]:
    """Two lines: what is run, and what became of the gradient: what, how fast, how bad, where."""
    trace, outcome = scene.trace, scene.trace.outcome
    style = {"healthy": "healthy", "vanishing": "vanishing", "exploding": "exploding"}.get(outcome.kind, "broken")
    loss: Line = [(f"  loss {trace.loss:.4g} ", "label")]
    brand: Line = [(" gradtui  ", "brand")]
    names = [(describe(trace.experiment, with_batch=batch), "text") for batch in (True, False)]
    left = first_fit(
        width,
        [*brand, names[0], *loss],
        [*brand, names[1], *loss],
        [(" ", "text"), names[1], *loss],
        [(" ", "text"), names[1]],
    )
    first = spread(left[:-1], loss, width) if left[-1:] == loss else fit(left, width)
    verdict: Line = [(f" {MARKS[outcome.kind]} {outcome.kind.replace('_', '-')}", style)]
    if outcome.kind not in ("healthy", "vanishing", "exploding"):
        return [first, fit([*verdict, (f"  {outcome.message}", "text")], width)]
    unit = "step" if scene.over_time else "layer"
    verdict.append((f"  ×{short(outcome.average_factor)} a {unit}", style))
    crossed = {
        "vanishing": f"under {outcome.limit:g} of the output's from {outcome.site} down",
        "exploding": f"over {outcome.limit:g} times the output's from {outcome.site} down",
    }
    place = "t = 0" if scene.over_time else "layer 1"
    # What matters most stands first; what does not fit is left out whole.
    for text in (
        f"{place} gets {short(outcome.ratio)} of the output's gradient",
        crossed.get(outcome.kind, ""),
    ):
        span = (f"   {text}", "text")
        if text and width_of(verdict) + width_of([span]) <= width:
            verdict.append(span)
    return [first, fit(verdict, width)]


def timeline(scene: Scene, width: int) -> Line:
    """Phase, position and speed: a bar over forward, loss and backward, filled up to the cursor."""
    state, trace = scene.state, scene.trace
    if state.message:
        return fit([(" " + state.message, "message")], width)
    step = scene.step
    mark = "▶" if state.playing else "‖"
    text = f" {mark} {step.phase} · {step.site} · step {step.index + 1} of {len(trace.steps)}"
    tail = f" · {SPEEDS[state.speed]}/s by {state.grain} "
    room = width - len(text) - len(tail) - 1
    if room < 10:
        tail = ""
        room = width - len(text) - 1
    if room < 6:
        return fit([(text, "text")], width)
    loss = scene.timeline.loss / scene.timeline.last
    position = step.index / scene.timeline.last
    done, turn = round(position * (room - 1)), round(loss * (room - 1))
    bar: Line = []
    for cell in range(room):
        style = "forward" if cell < turn else "backward"
        glyph = "◆" if cell == turn else ("━" if cell <= done else "┄")
        bar.append((glyph, "cursor" if cell == done else (style if cell <= done else "dim")))
    return fit([(" ", "text"), *runs(bar), (text, "text"), (tail, "dim")], width)


def footer(commands: list[Command], state: State, width: int) -> Line:
    """The keys that matter most, `?` first, seven at the most; the last ones give way where there is no room."""
    line: Line = [(" ", "text")]
    fields = options()
    usable = [
        each
        for each in commands
        if each.argument not in fields or fields[each.argument].applies_to(state.experiment.cell)
    ]
    for each in usable[:FOOTER_KEYS]:
        label = "pause" if each.id == "play" and state.playing else each.label
        spans: Line = [(key_name(each.keys[0]), "key"), (f" {label}   ", "label")]
        if width_of(line) + width_of(spans) > width:
            break
        line += spans
    return fit(line, width)

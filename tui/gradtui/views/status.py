"""What stands around the panes: the header with the verdict, the timeline, the footer."""

from __future__ import annotations

from gradtui_engine import Experiment
from gradtui_engine.experiment import options

from ..commands import Command, key_name
from ..formats import short
from ..state import SPEEDS, State
from ..summary import MARKS, describe
from ..timeline import label
from .scene import Scene
from .spans import Line, first_fit, fit, runs, spread, width_of

SMALLEST = (60, 16)
FOOTER_KEYS = 7
#: The least width of the timeline's bar.
_LEAST_BAR = 8


def too_small(width: int, height: int) -> Line:
    """The one line that a terminal below the smallest size gets."""
    wide, tall = SMALLEST
    texts = (
        f"gradtui needs {wide}×{tall}; this is {width}×{height}",
        f"gradtui needs {wide}×{tall}",
        f"{wide}×{tall}",
        "",
    )
    return fit(first_fit(width, *([(text, "text")] for text in texts)), width)


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
    loss: Line = [(f"loss {trace.loss:.4g} ", "label")]
    brand: Line = [(" gradtui  ", "brand")]
    names: list[Line] = [[(describe(trace.experiment, detail), "text")] for detail in (2, 1, 0)]
    space: Line = [(" ", "text")]
    # One space at least stands before the loss; names shorten, the seed stays.
    left = first_fit(width - width_of(loss) - 1, [*brand, *names[0]], [*brand, *names[1]], [*space, *names[1]])
    if width_of(left) < width - width_of(loss):
        first = spread(left, loss, width)
    else:
        first = fit(first_fit(width, [*space, *names[1]], [*space, *names[2]]), width)
    verdict: Line = [(f" {MARKS[outcome.kind]} {outcome.kind.replace('_', '-')}", style)]
    if outcome.kind not in ("healthy", "vanishing", "exploding"):
        # Whole sentences, or the place alone: a number is never cut.
        texts = (outcome.message, outcome.message.split(";")[0], outcome.message.split(":")[0], outcome.site)
        return [first, fit(first_fit(width, *([*verdict, (f"  {text}", "text")] for text in texts), verdict), width)]
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
    name = label(step).ljust(scene.timeline.label_width)
    number = str(step.index + 1).rjust(len(str(len(trace.steps))))
    long_text = f" {mark} {name} · step {number} of {len(trace.steps)}"
    short_text = f" {mark} {name} · {number}/{len(trace.steps)}"
    speed = f"{SPEEDS[state.speed]}/s".rjust(4)
    # The longest that leaves room for a bar; all of them have one width at every step, so that the bar stands still.
    tails = [(long_text, f" · {speed} by {state.grain:<9} "), (short_text, f" · {speed} {state.grain:<9} ")]
    text, tail = next((pair for pair in tails if len("".join(pair)) + _LEAST_BAR <= width), (short_text, ""))
    if not tail:
        tail = f" {speed} {str(state.grain)[:2]}"
    room = width - len(text) - len(tail) - 1
    if room < 1:
        return fit([(text + tail, "text")], width)
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

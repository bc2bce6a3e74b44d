"""The panes: which there are, which view fills each, and where each stands at a given size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..state import PANES, State
from . import activation, cell, gradient, why
from .scene import Scene
from .spans import Line

View = Callable[[Scene, int, int], list[Line]]


@dataclass(frozen=True, slots=True)
class Pane:
    """One pane: its title and view, and what it means, for the help screen."""

    id: str
    title: Callable[[Scene, int], str]
    view: View
    help: str


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the screen, border included."""

    x: int
    y: int
    width: int
    height: int


TABLE = {
    each.id: each
    for each in (
        Pane(
            "gradient",
            gradient.title,
            gradient.view,
            "How much gradient each stage gets. A stage is a layer, or a time step of a cell. The axis is logarithmic "
            "and stays the same during playback; the line marks 1. Bars that shrink steadily from the output "
            "to the input are a vanishing gradient; bars that grow, an exploding one.",
        ),
        Pane(
            "activation",
            activation.title,
            activation.view,
            "What the units of the selected stage put out: how the values are spread, and each unit (row) for each "
            "sample (column). Saturated units sit where the activation is flat; dead ones pass no gradient at all.",
        ),
        Pane(
            "cell",
            cell.cell_title,
            cell.cell_view,
            "The LSTM's memory: each unit's cell state through time. A row that keeps its shade remembers.",
        ),
        Pane(
            "gates",
            cell.gates_title,
            cell.gates_view,
            "How far the gates are open, on average. The forget gate f is the factor of the direct path: near 1, "
            "the gradient of c passes from step to step almost unchanged.",
        ),
        Pane(
            "why",
            why.title,
            why.view,
            "The equation of the step under the cursor, with its numbers put in: which factor this stage "
            "multiplies the gradient by, and what that has made of it so far.",
        ),
    )
}

HEADER, TIMELINE, FOOTER = 2, 1, 1
#: From here on the panes stand side by side instead of one at a time beside the bars.
_WIDE = 100
#: Rows from which on the panes over time are stacked, and from which on all of them are.
_STACKED_FROM, _TALL_FROM = 26, 36


def arrange(state: State, width: int, height: int) -> dict[str, Box]:
    """Where each pane stands. One that is not named is not shown."""
    top = HEADER
    room = height - HEADER - TIMELINE - FOOTER
    if state.zoomed:
        return {state.pane: Box(0, top, width, room)}
    if state.axis == "time":
        return _stacked(state, width, top, room)
    return _side_by_side(state, width, top, room)


def _side_by_side(state: State, width: int, top: int, room: int) -> dict[str, Box]:
    left = min(width // 2, 72) if width >= _WIDE else width * 9 // 20
    right = width - left
    boxes = {"gradient": Box(0, top, left, room)}
    if room >= 16:
        below = min(12, max(8, room // 4))
        boxes["activation"] = Box(left, top, right, room - below)
        boxes["why"] = Box(left, top + room - below, right, below)
    else:
        second = state.pane if state.pane != "gradient" else "why"
        boxes[second] = Box(left, top, right, room)
    return boxes


#: Rows of the gates' pane with its frame, of the last row of panes at a tall and at a middling size.
_GATES, _LAST, _LAST_SMALL = 6, 9, 6


def _stacked(state: State, width: int, top: int, room: int) -> dict[str, Box]:
    """Time runs to the right in every pane; what does not fit under the bars is shown when it is focused."""
    panes = PANES[state.cell]
    if room < _STACKED_FROM:
        return _under_the_bars(state, width, top, room)
    tall = room >= _TALL_FROM
    bars = min(14, room // 3) if tall else room // 3
    gates = _GATES if "gates" in panes else 0
    rest = room - bars - gates
    last = (_LAST if tall else _LAST_SMALL) if "cell" in panes else rest
    boxes = {"gradient": Box(0, top, width, bars)}
    y = top + bars
    if "cell" in panes:
        boxes["cell"] = Box(0, y, width, rest - last)
        y += rest - last
    if gates:
        boxes["gates"] = Box(0, y, width, gates)
        y += gates
    if tall or "cell" not in panes:
        half = width // 2
        return boxes | {"why": Box(0, y, half, last), "activation": Box(half, y, width - half, last)}
    boxes["activation" if state.pane == "activation" else "why"] = Box(0, y, width, last)
    return boxes


def _under_the_bars(state: State, width: int, top: int, room: int) -> dict[str, Box]:
    """The bars, and under them the focused pane, or gates and why where there is room for both."""
    bars = max(6, room * 2 // 5)
    size = room - bars
    boxes = {"gradient": Box(0, top, width, bars)}
    second = state.pane
    if second == "gradient":
        second = "gates" if "gates" in PANES[state.cell] else "why"
    if second == "gates" and size >= _GATES + 5:
        boxes["gates"] = Box(0, top + bars, width, _GATES)
        return boxes | {"why": Box(0, top + bars + _GATES, width, size - _GATES)}
    return boxes | {second: Box(0, top + bars, width, size)}


def pane_number(state: State, pane: str) -> int:
    """The digit that shows a pane."""
    return PANES[state.cell].index(pane) + 1

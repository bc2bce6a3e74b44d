"""The state of the screen, frozen, and `update`: a pure function without Textual, clock or engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .timeline import Grain, Timeline

if TYPE_CHECKING:
    from gradtui_engine import Experiment

#: Steps per second.
SPEEDS = (1, 2, 4, 8, 15, 30, 60)
GRAINS = tuple(Grain)

#: The panes that digits and tab reach, in order, by cell of the trace.
PANES = {
    "mlp": ("gradient", "activation", "why"),
    "rnn": ("gradient", "activation", "why"),
    "gru": ("gradient", "gates", "activation", "why"),
    "lstm": ("gradient", "cell", "gates", "activation", "why"),
}


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the screen shows beside the trace.

    step is the cursor in the trace's steps; selected is the stage that the person picked, None while the
    selection follows the cursor. experiment is the one that is asked for: its trace may still be on its way.
    """

    experiment: Experiment
    #: The cell of the trace on screen, and its axis.
    cell: str = "mlp"
    axis: str = "layer"
    step: int = 0
    selected: int | None = None
    playing: bool = False
    speed: int = SPEEDS.index(15)
    grain: Grain = Grain.OPERATION
    pane: str = "gradient"
    zoomed: bool = False
    rows: bool = False
    loaded: bool = False
    message: str = ""


# -- events: what a person or the clock does -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock of playback."""


@dataclass(frozen=True, slots=True)
class TogglePlay:
    """Play, or pause. At the end: from the loss again."""


@dataclass(frozen=True, slots=True)
class Move:
    """So many grains on (or back)."""

    count: int


@dataclass(frozen=True, slots=True)
class Jump:
    """To the first or the last step."""

    end: bool


@dataclass(frozen=True, slots=True)
class Select:
    """Select the stage so many further from the output (negative: nearer), or an absolute one."""

    by: int = 0
    stage: int | None = None


@dataclass(frozen=True, slots=True)
class Faster:
    """Change the speed by so many notches."""

    by: int


@dataclass(frozen=True, slots=True)
class NextGrain:
    """Operation, stage, phase, operation …"""


@dataclass(frozen=True, slots=True)
class Focus:
    """Focus a pane by name, by number (1 = first), or the next or previous one."""

    pane: str = ""
    number: int = 0
    by: int = 0


@dataclass(frozen=True, slots=True)
class Zoom:
    """The focused pane alone, or all of them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Gradients over time as columns, or as rows with a number beside each bar."""


@dataclass(frozen=True, slots=True)
class Change:
    """Another experiment."""

    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Loaded:
    """The trace of an experiment has arrived."""

    experiment: Experiment
    axis: str


@dataclass(frozen=True, slots=True)
class Message:
    """Say something in the status line."""

    text: str


Event = Any


def update(state: State, event: Event, timeline: Timeline | None) -> State:
    """The next state. timeline is that of the trace on screen, None before the first has arrived."""
    handler = _HANDLERS.get(type(event))
    if handler is None:
        raise TypeError(f"no such event: {event!r}")
    if state.message and not isinstance(event, Tick | Loaded | Message):
        # A message gives way to the next thing that the person does.
        state = replace(state, message="")
    return handler(state, event, timeline)


def selected_stage(state: State, timeline: Timeline) -> int:
    """The stage that the panes show: the picked one, else the cursor's."""
    if state.selected is not None:
        return min(state.selected, timeline.stage_count - 1)
    return timeline.stages[timeline.clamp(state.step)]


def _tick(state: State, event: Tick, timeline: Timeline | None) -> State:
    if not state.playing or timeline is None:
        return state
    step = timeline.move(state.step, 1, state.grain)
    stop = timeline.arrived if state.step <= timeline.arrived else timeline.last
    step = min(step, stop)
    return replace(state, step=step, playing=step < stop, selected=None)


def _toggle_play(state: State, event: TogglePlay, timeline: Timeline | None) -> State:
    if timeline is None:
        return state
    if state.playing:
        return replace(state, playing=False)
    step = timeline.loss if state.step >= timeline.arrived else state.step
    return replace(state, playing=True, step=step, selected=None)


def _move(state: State, event: Move, timeline: Timeline | None) -> State:
    if timeline is None:
        return state
    step = timeline.move(state.step, event.count, state.grain)
    return replace(state, step=step, playing=False, selected=None)


def _jump(state: State, event: Jump, timeline: Timeline | None) -> State:
    if timeline is None:
        return state
    return replace(state, step=timeline.last if event.end else 0, playing=False, selected=None)


def _select(state: State, event: Select, timeline: Timeline | None) -> State:
    if timeline is None:
        return state
    stage = event.stage if event.stage is not None else selected_stage(state, timeline) - event.by
    stage = min(max(stage, 0), timeline.stage_count - 1)
    return replace(state, selected=stage, playing=False)


def _faster(state: State, event: Faster, timeline: Timeline | None) -> State:
    speed = min(max(state.speed + event.by, 0), len(SPEEDS) - 1)
    return replace(state, speed=speed)


def _next_grain(state: State, event: NextGrain, timeline: Timeline | None) -> State:
    return replace(state, grain=GRAINS[(GRAINS.index(state.grain) + 1) % len(GRAINS)])


def _focus(state: State, event: Focus, timeline: Timeline | None) -> State:
    panes = PANES[state.cell]
    if event.pane in panes:
        return replace(state, pane=event.pane)
    if event.number:
        if event.number > len(panes):
            return replace(state, message=f"there are {len(panes)} panes: {', '.join(panes)}")
        return replace(state, pane=panes[event.number - 1])
    return replace(state, pane=panes[(panes.index(state.pane) + event.by) % len(panes)])


def _zoom(state: State, event: Zoom, timeline: Timeline | None) -> State:
    return replace(state, zoomed=not state.zoomed)


def _turn(state: State, event: Turn, timeline: Timeline | None) -> State:
    if state.axis == "layer":
        return replace(state, message="layers are rows already; v turns the bars over time")
    return replace(state, rows=not state.rows)


def _change(state: State, event: Change, timeline: Timeline | None) -> State:
    return replace(state, experiment=event.experiment, loaded=False)


def _loaded(state: State, event: Loaded, timeline: Timeline | None) -> State:
    """timeline is the new trace's. It opens with the gradient arrived; pane and selected stage stay where they can."""
    if timeline is None:
        return state
    pane = state.pane if state.pane in PANES[event.experiment.cell] else "gradient"
    selected = None if state.selected is None else min(state.selected, timeline.stage_count - 1)
    if event.experiment.cell != state.cell:
        selected = None
    return replace(
        state,
        experiment=event.experiment,
        cell=event.experiment.cell,
        axis=event.axis,
        pane=pane,
        step=timeline.arrived,
        selected=selected,
        playing=False,
        loaded=True,
        message="",
    )


def _message(state: State, event: Message, timeline: Timeline | None) -> State:
    return replace(state, message=event.text)


_HANDLERS: dict[type, Callable[[State, Any, Timeline | None], State]] = {
    Tick: _tick,
    TogglePlay: _toggle_play,
    Move: _move,
    Jump: _jump,
    Select: _select,
    Faster: _faster,
    NextGrain: _next_grain,
    Focus: _focus,
    Zoom: _zoom,
    Turn: _turn,
    Change: _change,
    Loaded: _loaded,
    Message: _message,
}

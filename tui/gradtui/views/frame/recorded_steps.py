"""What is said of a recorded training's steps: which one is shown, and how many there are."""

from __future__ import annotations

from gradtui_engine.core.figures import counted

from ...model.state import State
from ...text.language import tr


def step_of(state: State) -> int | None:
    """The training's own step under the cursor; None before any is known."""
    return state.steps[state.iteration] if state.steps is not None and len(state.steps) else None


def said(state: State) -> tuple[str, str]:
    """Which step is shown, and how far it has been recorded, in a long form and a short one."""
    mark = "▶" if state.playing else "■"
    step = step_of(state)
    if step is None:
        nothing = tr("no step is recorded yet")
        return f" {mark} {nothing} ", f" {mark} {nothing} "
    last = state.steps.end if state.steps is not None else step
    number = counted(step).rjust(len(counted(last)))
    place = tr("step {number} of {last}", number=number, last=counted(last))
    count = tr("{count} of them recorded", count=counted(state.trained))
    live = "" if state.finished else f" · {tr('being written')}"
    return f" {mark} {place} · {count}{live} ", f" {mark} {place}{live} "

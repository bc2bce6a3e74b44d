"""Where the findings of a recording lead: the pane that lists them and the cursor go together. Part of `update`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..text.language import tr
from . import events as e
from . import training_moves

if TYPE_CHECKING:
    from .state import State
    from .timeline import Timeline


def diagnose(state: State, event: e.Diagnose, timeline: Timeline | None) -> State:
    """So many iterations are to be looked through."""
    return replace(state, diagnosed=event.count)


def found(state: State, event: e.Found, timeline: Timeline | None) -> State:
    """The findings so far. One that was chosen stays chosen, wherever it stands now.

    One that the command line has asked for is gone to, unless that has put the cursor itself.
    """
    before, chosen = state.findings, state.finding
    following = replace(state, findings=event.places)
    if chosen is None or not event.places:
        return following
    if before:
        name = before[min(chosen, len(before) - 1)].name
        same = next((number for number, place in enumerate(event.places) if place.name == name), None)
        return replace(following, finding=same)
    last = len(event.places) - 1
    if chosen > last:
        said = tr("finding {given}: there are 1 to {most}; the last one is shown", given=chosen + 1, most=last + 1)
        following = replace(following, message=said)
    if not state.follows:
        return replace(following, finding=min(chosen, last))
    return choose(following, e.ChooseFinding(min(chosen, last)), timeline)


def choose(state: State, event: e.ChooseFinding, timeline: Timeline | None) -> State:
    """A finding, and with it the step and the stage that it is about, in all panes."""
    if not state.findings:
        return state
    number = min(max(event.number, 0), len(state.findings) - 1)
    place = state.findings[number]
    following = replace(state, finding=number, playing=False)
    about = place.stage is not None or place.along
    if about and place.along != state.along:
        # Its stages come with another record.
        following = replace(following, along=place.along, selected=place.stage, lock=None, loaded=False)
    elif place.stage is not None and timeline is not None:
        following = replace(following, selected=min(place.stage, timeline.stage_count - 1))
    if place.step is None:
        return following
    return training_moves.go_to(following, e.GoTo(step=place.step), timeline)


def walk(state: State, by: int, timeline: Timeline | None) -> State:
    """So many findings on; from none to the first."""
    number = 0 if state.finding is None else state.finding + by
    return choose(state, e.ChooseFinding(number), timeline)

"""A lecture, as the state sees it: what a presenter shows, who follows, and who has gone off to explore."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..text.language import tr
from . import events as e
from . import training_moves
from .keys import shown_keys
from .panes_of import panes_of
from .state import Audience, Changes, State

if TYPE_CHECKING:
    from .events import Event
    from .timeline import Timeline

#: What followers share with the presenter: what an address spells (a test holds the two together).
FIELDS = (
    "experiment", "changes", "view", "step", "selected", "unit", "grain", "quantity", "axis_kind", "lock", "row",
    "function", "terms", "angle", "wave", "sheet", "pane", "rows", "interleaved", "own_axes", "units", "zoomed",
    "lesson", "plan", "turns", "iteration", "training", "preset", "finding", "sweep", "spot_x", "spot_y", "resting",
)  # fmt: skip
#: The cursor of a presenter whose own trace is on its way: followers' opens where every trace does.
OPENING = -1
#: Neither a person's doing nor a reason to leave the presenter.
QUIET = (e.Tick, e.Trained, e.Swept, e.Diagnose, e.Found, e.Loaded, e.Message, e.Present, e.Audience, e.Recall)


def adopt(state: State, timeline: Timeline | None) -> State:
    """The state with all that the presenter shows; the cursor waits where the trace is still on its way.

    What cannot be shown here (`unable`) leaves the screen as it is until the presenter shows something else.
    """
    shown = state.presented
    if shown is None or _asked(shown) == state.unable:
        return state
    same = shown.experiment == state.experiment and not state.recordings
    if not same or shown.plan != state.plan:
        state = training_moves.restarted(state)
    loaded = state.loaded and same
    adopted = replace(
        state,
        **{name: getattr(shown, name) for name in FIELDS},
        recordings=(),
        loaded=loaded,
        playing=False,
        unable=None,
    )
    # Where the presenter's cursor goes along with the training, so does that of every follower, who trains too.
    along = shown.training and shown.follows
    where = state.iteration if along else shown.iteration
    adopted = training_moves.opened(replace(adopted, iteration=where, follows=along))
    if not loaded or timeline is None:
        adopted = replace(adopted, step=state.step, selected=state.selected)
    else:
        step = timeline.arrived if shown.step == OPENING else timeline.clamp(shown.step)
        selected = None if shown.selected is None else min(shown.selected, timeline.stage_count - 1)
        adopted = replace(
            adopted, step=step, selected=selected, unit=min(shown.unit, shown.experiment.resolved.width - 1)
        )
    panes = panes_of(adopted)
    own, theirs = state.lesson, shown.lesson
    if own is not None and theirs is not None and (own.lesson, own.step) == (theirs.lesson, theirs.step):
        # The reader's own answers.
        adopted = replace(adopted, lesson=own)
    elif theirs is not None:
        adopted = replace(adopted, offset=None)
    return replace(adopted, pane=shown.pane if shown.pane in panes else panes[0])


def present(state: State, event: e.Present, timeline: Timeline | None) -> State:
    """The presenter shows something else. The first time is when a visitor begins to follow."""
    following = state.following or state.presented is None
    shown = replace(state, presented=event.shown, following=following)
    return adopt(shown, timeline) if following else shown


def follow(state: State, event: e.Follow, timeline: Timeline | None) -> State:
    """Follow the presenter again."""
    return adopt(replace(state, following=True, unable=None), timeline) if state.presented is not None else state


def unable(state: State, event: e.Unable, timeline: Timeline | None) -> State:
    """What is shown cannot be computed here: back to the experiment of the trace, until something else is shown."""
    asked = (state.experiment, state.changes)
    return replace(state, experiment=event.experiment, loaded=False, unable=asked)


def leave(before: State, after: State, event: Event) -> State:
    """After what a person has done: who has moved anything that is shared is on their own from now on."""
    if not before.following or isinstance(event, (*QUIET, e.Follow, e.Unable)):
        return after
    if not after.playing and all(getattr(before, name) == getattr(after, name) for name in FIELDS):
        return after
    said = tr("on your own · {key} follows the presenter again", key=shown_keys("follow"))
    return replace(after, following=False, message=after.message or said)


def _asked(shown: State) -> tuple[object, Changes]:
    return shown.experiment, shown.changes


# -- the presenter's -----------------------------------------------------------------------------------------


def audience(state: State, event: e.Audience, timeline: Timeline | None) -> State:
    return replace(state, audience=event.audience)


def invite(state: State, event: e.Invite, timeline: Timeline | None) -> State:
    """Say how visitors come in."""
    return replace(state, message=invitation(state.audience)) if state.audience is not None else state


def invitation(audience: Audience) -> str:
    if audience.ended:
        return tr("the server has ended; nobody sees this any more")
    if audience.page:
        return tr("visitors: {command} · {page}", command=audience.invitation, page=audience.page)
    return tr("visitors come in with: {command}", command=audience.invitation)


def ways_in(state: State) -> tuple[tuple[str, str], ...]:
    """For the presenter's help: (where, address), whole whatever the window; nothing where there is no lecture."""
    crowd = state.audience
    if crowd is None or crowd.ended:
        return ()
    ways = (tr("terminal"), crowd.invitation), (tr("browser"), crowd.page)
    counts = tr("visitors {visitors} · following {following}", visitors=crowd.visitors, following=crowd.following)
    return (*(way for way in ways if way[1]), ("", counts))


# -- what the timeline says of it ------------------------------------------------------------------------------


def notes(state: State) -> tuple[str, ...]:
    """Where one stands in a lecture, the longest form first; nothing where there is none."""
    if state.audience is not None:
        crowd = state.audience
        counts = {"visitors": crowd.visitors, "following": crowd.following}
        if crowd.ended:
            return tr("the server has ended"), tr("ended")
        return tr("visitors {visitors} · following {following}", **counts), f"{crowd.following}/{crowd.visitors}"
    if state.presented is None:
        return ()
    if state.following:
        return tr("following the presenter"), tr("following")
    return tr("on your own · {key} follows", key=shown_keys("follow")), tr("on your own")

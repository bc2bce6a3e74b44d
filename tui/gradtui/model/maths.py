"""What moves on the maths page: the number of terms of a series, and the angle. Part of `update`.

What plays is what the focused pane is about: beside a series its terms come one by one, on the circle and the bridge
the point turns all the way around.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .panes_of import seen_pane
from .state import State

if TYPE_CHECKING:
    from .timeline import Timeline

MOST_TERMS = 12
#: Degrees: once around in both directions. Arrows go by twelfths of π, the clock by a fifth of that: at 15 a second
#: a turn takes 8 s.
MOST_ANGLE, ARROW, TURN = 360, 15, 3
#: While it plays a term comes in so many parts: half a second at 15 a second.
GROWTH = 8
#: The panes whose point turns; in the others it is terms that come.
_TURNING = ("circle", "bridge")


def turns(state: State) -> bool:
    """Whether it is the angle that plays, not the terms."""
    return seen_pane(state) in _TURNING


def share(state: State) -> float:
    """How much has been played, 0 to 1."""
    if turns(state):
        return abs(state.angle) / MOST_ANGLE
    return (state.terms - 1 + state.growth / GROWTH) / (MOST_TERMS - 1)


def toggle(state: State, timeline: Timeline | None) -> State:
    """Play, or pause. From the end: from the beginning again."""
    if state.playing:
        return replace(state, playing=False)
    if turns(state):
        return replace(state, playing=True, angle=state.angle if 0 <= state.angle < MOST_ANGLE else 0)
    return replace(state, playing=True, terms=state.terms if state.terms < MOST_TERMS else 1)


def tick(state: State, steps: int, timeline: Timeline | None) -> State:
    if turns(state):
        angle = min(state.angle + steps * TURN, MOST_ANGLE)
        return replace(state, angle=angle, playing=angle < MOST_ANGLE)
    more, growth = divmod(state.growth + steps, GROWTH)
    if state.terms + more >= MOST_TERMS:
        return replace(state, terms=MOST_TERMS, growth=0, playing=False)
    return replace(state, terms=state.terms + more, growth=growth)


def move(state: State, count: int, timeline: Timeline | None) -> State:
    """So many terms more, or so many twelfths of π on."""
    if turns(state):
        return turned(state, count)
    return with_terms(state, state.terms + count)


def to_end(state: State, end: bool, timeline: Timeline | None) -> State:
    if turns(state):
        return replace(state, angle=MOST_ANGLE if end else 0, playing=False)
    return with_terms(state, MOST_TERMS if end else 1)


def turned(state: State, count: int) -> State:
    """So many twelfths of π on or back; from between two of them first to the next."""
    twelfths = state.angle // ARROW if count > 0 else -(-state.angle // ARROW)
    angle = (twelfths + count) * ARROW
    return replace(state, angle=min(max(angle, -MOST_ANGLE), MOST_ANGLE), playing=False)


def with_terms(state: State, terms: int) -> State:
    return replace(state, terms=min(max(terms, 1), MOST_TERMS), growth=0, playing=False)

"""The story: pairs of a disease and its cure, the wave of the multiplication, and then the training. Part of `update`.

The wave goes from the output down to the input in both columns at once, whatever their depth: `state.wave` of
`WAVE_END` parts of the way have been gone. Behind it comes the training, on the axis of iterations.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import events as e
from .experiments import change
from .names import SHEETS, STORY, WAVE_END
from .navigation import show
from .pairs import PAIRS
from .state import State
from .trainings import iterations_of, training_of_a

if TYPE_CHECKING:
    from .pair import Pair
    from .timeline import Timeline

#: Ticks in which a training is gone through: at 15 a second it takes 7 s, however long it is.
_TRAINING_TICKS = 100
#: The pages in the order of their digits; the sheets of One idea are the last.
PAGES: tuple[str | int, ...] = (*PAIRS.names, *range(SHEETS))


def pair_of(state: State) -> Pair | None:
    """The pair that is asked for; None where something of it has been changed."""
    if state.recordings or state.turns:
        return None
    changes, plan = dict(state.changes), dict(state.plan)
    return next(
        (
            pair
            for pair in PAIRS.values()
            if pair.experiment == state.experiment and dict(pair.changes) == changes and dict(pair.plan) == plan
        ),
        None,
    )


# -- pages -------------------------------------------------------------------------------------------------


def open_pair(state: State, event: e.OpenPair, timeline: Timeline | None) -> State:
    """A pair, from its beginning. Undo leads back to what stood before the story, not from pair to pair."""
    pair = PAIRS[event.name]
    inside = state.view in STORY and pair_of(state) is not None
    following = change(
        state,
        e.Change(
            pair.experiment,
            tuple(pair.changes.items()),
            plan=tuple(pair.plan.items()),
            turns=(),
            record=not inside,
        ),
        timeline,
    )
    following = _at_rest(show(_rewound(following), e.Show("story"), None))
    return replace(following, page=pair.name, pane=pair.pane)


def _at_rest(state: State) -> State:
    """A page as it opens: nothing plays, and all is multiplied."""
    return replace(state, playing=False, training=False, wave=WAVE_END)


def _rewound(state: State) -> State:
    """At the first iteration."""
    return replace(state, iteration=0, opened=0, follows=False, loaded=state.loaded and state.opened == 0)


def open_story(state: State, event: e.OpenStory, timeline: Timeline | None) -> State:
    """The story where one has left it; where something else stands, the page that was open last, else the first."""
    pair = pair_of(state)
    if pair is None:
        return open_pair(state, e.OpenPair(state.page or PAIRS.names[0]), timeline)
    return replace(show(state, e.Show("story"), None), playing=False, page=pair.name, pane=pair.pane)


def next_page(state: State, event: e.NextPage, timeline: Timeline | None) -> State:
    """The page that follows, after the last the first."""
    pair = pair_of(state)
    here = state.sheet if state.view == "idea" else pair.name if pair is not None else PAGES[-1]
    page = PAGES[(PAGES.index(here) + event.by) % len(PAGES)]
    if isinstance(page, int):
        return _at_rest(show(replace(state, sheet=page), e.Show("idea"), timeline))
    return open_pair(state, e.OpenPair(page), timeline)


def open_idea(state: State, event: e.OpenIdea, timeline: Timeline | None) -> State:
    """One idea at the sheet that was shown last; where it stands already, its next sheet."""
    if state.view == "idea":
        return _at_rest(replace(state, sheet=(state.sheet + 1) % SHEETS))
    return replace(show(state, e.Show("idea"), timeline), playing=False)


# -- playing -----------------------------------------------------------------------------------------------


def toggle(state: State, timeline: Timeline | None) -> State:
    """Play or pause. At rest and at the end from the output again: first the wave, then the training."""
    if timeline is None:
        return state
    if state.playing:
        return replace(state, playing=False, training=False)
    trains = training_of_a(state) is not None
    fresh = state.wave >= WAVE_END and state.iteration == 0
    if fresh or at_end(state) or not trains:
        return replace(_rewound(state), playing=True, wave=0)
    return replace(state, playing=True, training=state.wave >= WAVE_END and not state.finished, follows=False)


def tick(state: State, steps: int, timeline: Timeline | None) -> State:
    """The wave first; then the training, at a pace at which it can be watched, but no faster than it trains."""
    if state.wave < WAVE_END:
        state = tick_wave(state, steps, timeline)
        if state.playing:
            return state
        trains = training_of_a(state) is not None
        return replace(state, playing=trains, training=trains and not state.finished)
    last = max(state.trained - 1, 0)
    by = steps * max(1, -(-iterations_of(state) // _TRAINING_TICKS))
    state = replace(state, iteration=min(state.iteration + by, last))
    return replace(state, playing=False) if at_end(state) else state


def at_end(state: State) -> bool:
    """Whether the last iteration is shown, and nothing more will come."""
    return state.finished and state.trained > 0 and state.iteration >= state.trained - 1


def passed(state: State, rows: int) -> int:
    """How many of so many rows the wave has passed; all of them where it has come to its end."""
    return min(rows, -(-rows * state.wave // WAVE_END))


def toggle_wave(state: State, timeline: Timeline | None) -> State:
    """Of a view that has a wave alone."""
    if state.playing or timeline is None:
        return replace(state, playing=False)
    return replace(state, playing=True, wave=0 if state.wave >= WAVE_END else state.wave)


def tick_wave(state: State, steps: int, timeline: Timeline | None) -> State:
    wave = min(state.wave + steps, WAVE_END)
    return replace(state, wave=wave, playing=wave < WAVE_END)


def move(state: State, count: int, timeline: Timeline | None) -> State:
    """The wave by so many steps."""
    wave = min(max(state.wave + count, 0), WAVE_END)
    return replace(state, wave=wave, playing=False, training=False)


def to_end(state: State, end: bool, timeline: Timeline | None) -> State:
    """The beginning, with nothing multiplied yet; or the last iteration that is there."""
    iteration = max(state.trained - 1, 0) if end else 0
    return replace(state, wave=WAVE_END if end else 0, iteration=iteration, playing=False, training=False)

"""What a person, the clock or a worker does, as frozen values: the only things that change the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import state
from .state import Changes, Place, State, Steps

if TYPE_CHECKING:
    from gradtui_engine import Experiment
    from gradtui_engine.analysis.record import Source

    from ..text.scale import Scale
    from .progress import Progress
    from .studies import Studies

Event = Any


# -- playback ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock of playback: so many steps are due."""

    steps: int = 1


@dataclass(frozen=True, slots=True)
class TogglePlay:
    """Play, or pause. At the end: from the loss again."""


@dataclass(frozen=True, slots=True)
class Move:
    """So many grains on (or back)."""

    count: int


@dataclass(frozen=True, slots=True)
class Jump:
    """To the first or the last step, to one step by number, or to a moment that the timeline names (with its stage)."""

    end: bool = False
    step: int | None = None
    moment: str = ""
    stage: int | None = None


@dataclass(frozen=True, slots=True)
class Faster:
    """Change the speed by so many notches."""

    by: int


@dataclass(frozen=True, slots=True)
class NextGrain:
    """Operation, stage, phase, operation …"""


@dataclass(frozen=True, slots=True)
class GoTo:
    """To another iteration, by so many or an absolute one (the last one, where there are not so many).

    ahead: it may be one that nobody has trained up to: whoever looks at it is to wait. step: of a recorded training the
    last iteration up to its own step of that number.
    """

    by: int = 0
    iteration: int | None = None
    ahead: bool = False
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Train:
    """Train up to the end of the plan, and let the cursor follow."""


@dataclass(frozen=True, slots=True)
class Trained:
    """Who trains has come so far; done: to the end, or what cannot go on. pace: iterations a second, 0 unknown.

    ready: all that the screen shows has been computed, so that the cursor may go on. steps: of a recorded training,
    which of its steps the iterations are.
    """

    count: int
    done: bool = False
    pace: int = 0
    ready: bool = True
    steps: Steps | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """Train no further for now."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Train otherwise: the fields of a training that are given."""

    plan: Changes


@dataclass(frozen=True, slots=True)
class Branch:
    """B branches off A's training: what it differs in from some iterations on; it is trained at once."""

    turns: tuple[str, ...]


# -- sweeps ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanSweep:
    """Sweep otherwise: the fields of a sweep's plan that are given."""

    plan: Changes


@dataclass(frozen=True, slots=True)
class ToCell:
    """To another cell of the plane, by so many columns and rows or to one by number."""

    by_columns: int = 0
    by_rows: int = 0
    column: int | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Swept:
    """So many cells of A and B are there; done: no more will come."""

    count: int
    done: bool = False


@dataclass(frozen=True, slots=True)
class StopSweep:
    """Compute no further cells."""


@dataclass(frozen=True, slots=True)
class LeaveSweep:
    """A cell has been opened out of the plane: undo leads back to the plane of what was asked for then."""

    asked: state.Asked


# -- what is wrong with a recording -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Diagnose:
    """Look through so many iterations of a recorded training for what is wrong."""

    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """What has been found in the recording so far, the most important first: where each finding leads."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class ChooseFinding:
    """A finding by number, 0 the first."""

    number: int


# -- looking around ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow key: what it moves is the view's own matter (x: right, y: down)."""

    x: int = 0
    y: int = 0


@dataclass(frozen=True, slots=True)
class Select:
    """Select the stage so many further from the output (negative: nearer), or an absolute one."""

    by: int = 0
    stage: int | None = None


@dataclass(frozen=True, slots=True)
class SelectUnit:
    """Another unit of the selected stage, by so many or an absolute one."""

    by: int = 0
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class Scroll:
    """The open lesson's text, by so many lines; most is how far it can be scrolled at the size that it has, at the line
    that is seen first where nobody has scrolled yet."""

    by: int
    most: int
    at: int = 0


@dataclass(frozen=True, slots=True)
class SelectItem:
    """A row of the list that the view shows (activations, functions, lessons), by number."""

    index: int


@dataclass(frozen=True, slots=True)
class SetTerms:
    """So many terms of the Taylor series."""

    terms: int


@dataclass(frozen=True, slots=True)
class Show:
    """Show a view."""

    view: str


@dataclass(frozen=True, slots=True)
class Focus:
    """Focus a pane by name, or the next or previous one."""

    pane: str = ""
    by: int = 0


@dataclass(frozen=True, slots=True)
class Zoom:
    """The focused pane alone, or all of them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Gradients over time as columns or as rows; in Compare A and B apart or interleaved, over time in rows too."""


@dataclass(frozen=True, slots=True)
class TurnAxes:
    """In Compare: A and B each on an axis of its own, or both on one."""


@dataclass(frozen=True, slots=True)
class Along:
    """Of a recorded training: its modules ("") or the time steps of a recurrent one, by its name."""

    stages: str


@dataclass(frozen=True, slots=True)
class TurnUnits:
    """In Explore: every unit × every sample of the selected stage, or how the values are spread."""


@dataclass(frozen=True, slots=True)
class NextQuantity:
    """The next (or previous) quantity that the bars show, or the one of this name."""

    by: int = 1
    name: str = ""


@dataclass(frozen=True, slots=True)
class NextAxis:
    """The next kind of axis: log, linear, sign-log."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Hold this scale whatever comes, or (None) let it follow the trace."""

    scale: Scale | None


# -- the story ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenStory:
    """The story, at the pair that stands already, else at the first."""


@dataclass(frozen=True, slots=True)
class OpenPair:
    """A pair of the story, by name, from its beginning."""

    name: str


@dataclass(frozen=True, slots=True)
class OpenIdea:
    """One idea; where it is shown, its next sheet."""


@dataclass(frozen=True, slots=True)
class NextPage:
    """So many pages of the story on; after the last comes the first."""

    by: int = 1


# -- experiments -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """Another experiment, what B differs in, recordings of both, another plan, or B's turns (None: as they are).

    record: undo leads back from it.
    """

    experiment: Experiment
    changes: Changes | None = None
    recordings: tuple[Source, ...] = ()
    plan: Changes | None = None
    turns: tuple[str, ...] | None = None
    record: bool = True


@dataclass(frozen=True, slots=True)
class About:
    """A preset has been opened: what is shown is about its point."""

    preset: str


@dataclass(frozen=True, slots=True)
class Remember:
    """Undo leads back to what stood before a series of changes that were tried."""

    experiment: Experiment
    changes: Changes
    recordings: tuple[Source, ...] = ()
    plan: Changes = ()
    turns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undo:
    """Back to the experiment before, or (by = 1) on to the one that was undone."""

    by: int = -1


@dataclass(frozen=True, slots=True)
class Loaded:
    """The record of an experiment has arrived; cell is that of one that does not say which experiment it was.

    stays: another iteration of what was shown, so that the cursor stays where it is.
    """

    experiment: Experiment
    cell: str = ""
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Learn:
    """Where the reader stands in a lesson; None closes it. done: its end has been reached."""

    progress: Progress | None
    offset: int | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Recall:
    """What was done of the lessons in sessions before."""

    studies: Studies


@dataclass(frozen=True, slots=True)
class Message:
    """Say something in the status line; nothing takes back what was said."""

    text: str = ""


# -- a lecture ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Present:
    """What the presenter shows now: of this state the fields of `lecture.FIELDS`."""

    shown: State


@dataclass(frozen=True, slots=True)
class Follow:
    """Follow the presenter again."""


@dataclass(frozen=True, slots=True)
class Unable:
    """What is asked for cannot be computed here: back to this experiment, whose trace is on the screen."""

    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Audience:
    """The presenter hears of the visitors."""

    audience: state.Audience


@dataclass(frozen=True, slots=True)
class Invite:
    """Say how visitors come in."""

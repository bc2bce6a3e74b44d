"""The state of the screen, frozen. `update` alone makes the next one."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .names import SPEEDS, WAVE_END
from .timeline import Grain

if TYPE_CHECKING:
    from gradtui_engine import Experiment
    from gradtui_engine.analysis.record import Source

    from ..text.scale import Scale
    from .progress import Progress
    from .studies import Studies

#: What B differs in from A: pairs of field and value.
Changes = tuple[tuple[str, Any], ...]


class Ascending(Protocol):
    """Whole numbers, ascending: a list, or an array."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


class Steps:
    """The training's own step of each iteration that was recorded, ascending; end is the last step of which anything is
    known, its loss at the least. Equal as an object alone."""

    __slots__ = ("_steps", "end")

    def __init__(self, steps: Ascending, end: int = 0) -> None:
        self._steps = steps
        self.end = max(end, int(steps[len(steps) - 1])) if len(steps) else end

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, iteration: int) -> int:
        """The step of an iteration; of one beyond the ends, that of the end; 0 before the first is there."""
        return 0 if not len(self._steps) else int(self._steps[min(max(iteration, 0), len(self._steps) - 1)])

    @property
    def numbers(self) -> Ascending:
        """All of them."""
        return self._steps

    def iteration(self, step: int) -> int:
        """The last iteration up to a step; the first one before that."""
        return max(bisect.bisect_right(self._steps, step) - 1, 0)

    def nearest(self, step: int) -> int:
        """The step that was recorded nearest to this one; the earlier of two."""
        before = self.iteration(step)
        return min((self[before], self[before + 1]), key=lambda recorded: abs(recorded - step))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding leads: its kind, of which there is one at the most, wherever it is worst; the training's step and
    the stage that it is about, if any.

    along: "" where that is one of the modules, else the recurrent module over whose time steps it is.
    """

    name: str
    step: int | None = None
    stage: int | None = None
    along: str = ""


#: An experiment, what B differs in, the recordings that are shown instead of both, how both are trained, and what B's
#: training differs in from some iteration on.
Asked = tuple["Experiment", Changes, tuple["Source", ...], Changes, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Audience:
    """What the presenter knows of the visitors: how they come in, how many there are, and how many of them follow."""

    invitation: str
    visitors: int = 0
    following: int = 0
    #: Whether the server has ended before the presenter.
    ended: bool = False
    #: The address for browsers; empty where none are served.
    page: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the screen shows beside the traces.

    step is the cursor in the trace's steps; selected is the stage that the person picked, None while the
    selection follows the cursor. experiment is the one that is asked for: its trace may still be on its way. Where
    recordings are shown it is theirs, or, of one that does not say which it was, nobody's.
    """

    experiment: Experiment
    #: What experiment B, of Compare, differs in.
    changes: Changes = ()
    #: What is shown instead of runs of A and B: A's recording, and B's where there are two.
    recordings: tuple[Source, ...] = ()
    #: The preset that was opened last: its sentence stands above the panes while all that it asked for is asked for.
    preset: str = ""
    #: The cell of the trace on screen.
    cell: str = "mlp"
    view: str = "explore"
    step: int = 0
    selected: int | None = None
    unit: int = 0
    playing: bool = False
    speed: int = SPEEDS.index(15)
    grain: Grain = Grain.OPERATION
    #: The focused pane; and while a lesson has the focus, the one beside it that had it before ("" the view's first).
    pane: str = "gradient"
    beside: str = ""
    zoomed: bool = False
    #: Bars over time as rows; A and B interleaved.
    rows: bool = False
    interleaved: bool = False
    #: In Compare: A and B each on an axis of its own instead of one for both.
    own_axes: bool = False
    #: In Explore: every unit × every sample of the selected stage, instead of how the values are spread.
    units: bool = False
    quantity: str = "gradient"
    #: Kind of axis, "" for the quantity's own; the scale that is held, None while it follows the trace.
    axis_kind: str = ""
    lock: Scale | None = None
    #: The lab's activation ("" is the experiment's own), the maths page's function, terms and angle (in degrees), and
    #: how many parts of the next term have been added to the sum, while it plays.
    row: str = ""
    function: int = 0
    terms: int = 3
    angle: int = 60
    growth: int = 0
    #: All lessons, and the highlighted one; where the reader stands in an open one, how far its text is scrolled (None:
    #: nobody has scrolled, and the view shows what is to be read).
    lessons: tuple[str, ...] = ()
    item: str = ""
    lesson: Progress | None = None
    #: What has been done of all lessons.
    studies: Studies = ()
    offset: int | None = None
    #: What undo led to before the lesson was opened, and what was asked for then, the latest last.
    before: tuple[Asked, ...] = ()
    #: What undo and redo lead to, the latest last.
    past: tuple[Asked, ...] = ()
    future: tuple[Asked, ...] = ()
    #: How both are trained: the fields of a training that were given. What B's differs in from some iteration on.
    plan: Changes = ()
    turns: tuple[str, ...] = ()
    #: The cursor on the axis of iterations, and the iteration whose record is asked for: in Train the cursor moves
    #: alone.
    iteration: int = 0
    opened: int = 0
    #: So many iterations are there, of A or B whichever has more. Whether it goes on, and the cursor with it.
    trained: int = 0
    training: bool = False
    follows: bool = True
    #: Whether nothing is left to be trained of A and B.
    finished: bool = False
    #: Of a recorded training, which of its steps the iterations are; None of one that is trained here, and before any
    #: is known. Along what it is looked at: "" its modules, else the recurrent module over whose time steps.
    steps: Steps | None = None
    along: str = ""
    #: Iterations a second, while it is trained.
    pace: int = 0
    #: Of a recorded training: up to so many iterations it is looked through for what is wrong (0: not yet); where the
    #: findings lead, the most important first; and the one that was chosen.
    diagnosed: int = 0
    findings: tuple[Place, ...] = ()
    finding: int | None = None
    #: How far the story's multiplication has come, of WAVE_END parts. Whether the next pair begins by itself.
    wave: int = WAVE_END
    #: The page of the story that was opened last.
    page: str = ""
    #: The sheet of One idea, from 0.
    sheet: int = 0
    loop: bool = False
    #: The sweep: what was given of `sweeps.FIELDS`. The column and row of the cell under the cursor; whether its
    #: computing rests; so many cells of A and B are there, and whether that is all of them. What was asked for when a
    #: cell was opened out of its plane.
    sweep: Changes = ()
    spot_x: int = 0
    spot_y: int = 0
    resting: bool = False
    swept: int = 0
    swept_all: bool = False
    swept_from: Asked | None = None
    loaded: bool = False
    message: str = ""
    #: In a lecture: what is shown, whether one follows, what cannot be computed here; a presenter's: who is there.
    presented: State | None = None
    following: bool = False
    unable: tuple[Experiment, Changes] | None = None
    audience: Audience | None = None

    @property
    def asked(self) -> Asked:
        """What is asked for: what undo leads back to."""
        return self.experiment, self.changes, self.recordings, self.plan, self.turns

    @property
    def nameless(self) -> bool:
        """Whether a recording is shown that does not say which experiment it was."""
        return bool(self.recordings) and self.recordings[0].experiment is None

    @property
    def axis(self) -> str:
        """What a stage of the trace on screen is: a layer, or a step in time."""
        # Here, as the table builds programs: without an experiment the state needs none of it.
        from gradtui_engine.cells.table import CELLS

        return CELLS[self.cell].axis

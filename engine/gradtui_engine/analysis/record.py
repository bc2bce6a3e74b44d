"""The Record: what is known of one iteration, wherever it comes from; and the History: all iterations of a run.

A record has three tiers. Numbers (`Record`) every source has: a run, a file that `run --json` wrote, a line that
somebody's training program wrote. `Arrays` and `Listed` are there where the arrays are: `record.arrays` and
`record.listed` give them, or None. What a reader shows is one row of STAGE_NUMBERS for
each number of a stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from ..cells.cell import PreActivations
from ..core.numerics import Array
from ..core.progress import Watch
from ..program.program import Program
from ..run.steps import Step
from .stage_numbers import StageNumber, StageNumbers

if TYPE_CHECKING:
    from ..data.understood import Understood
    from ..experiment.experiment import Experiment
    from ..experiment.resolved import Resolved
    from ..experiment.training import Training
    from ..run.trace import Merge
    from ..theory.prediction import Theory
    from .decay import Decay
    from .outcome import Outcome


# -- where it comes from -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where a record comes from: an experiment, or a recording (a file), which may know its experiment too.

    Sources are equal where their records are the same, and hashable. resolved is what the experiment comes to, with
    what a CSV file decided, and about what that file was understood as. words are what a header says of a recording
    that has no experiment; of a file with two records they tell them apart: A, B. training and iteration say which
    iteration of which training it is; without, it is the experiment alone.

    Of a recorded training, `recorded` holds: files are all that it was read from, iteration is the training's own step
    (the last one that was recorded up to there is shown), stages says along what it is looked at: "" its modules, else
    the recurrent module over whose time steps. pinned: it stays at that step, wherever the cursor is.
    """

    experiment: Experiment | None = None
    resolved: Resolved | None = field(default=None, compare=False)
    recording: str = ""
    words: str = ""
    about: Understood | None = field(default=None, compare=False)
    training: Training | None = None
    iteration: int = 0
    recorded: bool = False
    files: tuple[str, ...] = ()
    stages: str = ""
    pinned: bool = False

    @property
    def whole(self) -> Source:
        """The recorded training as a whole, of which this is a step."""
        return replace(self, iteration=0, stages="", pinned=False)


# -- what a parameter has ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParameterNumbers:
    """A parameter before and after clipping and update; None where a number is not known."""

    norm: float
    gradient_norm: float | None = None
    clipped_norm: float | None = None
    update_ratio: float | None = None
    update_norm: float | None = None


# -- one iteration -----------------------------------------------------------------------------------------


class Arrays(Protocol):
    """Tier 2: the arrays of the stages. A stage's rows are samples; None where a stage (or the cell) has none."""

    def state(self, stage: int) -> Array:
        """h of a stage, (batch, units)."""
        ...

    def cell_state(self, stage: int) -> Array | None:
        """c of a stage, (batch, units)."""
        ...

    def gates(self, stage: int) -> Array | None:
        """The gates' outputs of a stage, (batch, gates · units)."""
        ...

    def pre_activations(self, stage: int) -> tuple[PreActivations, ...]:
        """z of a stage, the parts that matter most for the gradient first; empty for the first stage."""
        ...


class Operations(Protocol):
    """Every operation of an iteration with what it read and wrote, by slot and by parameter."""

    @property
    def axis(self) -> str: ...

    @property
    def resolved(self) -> Resolved: ...

    @property
    def program(self) -> Program: ...

    @property
    def input(self) -> Array: ...

    @property
    def target(self) -> Array: ...

    @property
    def values(self) -> Mapping[str, Array]:
        """What each slot holds."""
        ...

    @property
    def gradients(self) -> Mapping[str, Array]:
        """dL/dslot, where it is kept."""
        ...

    @property
    def parameters(self) -> Mapping[str, Array]: ...

    @property
    def parameter_gradients(self) -> Mapping[str, Array]: ...

    @property
    def clipped(self) -> Mapping[str, Array]:
        """The gradients that the optimiser gets, by parameter."""
        ...

    @property
    def merges(self) -> Mapping[str, Merge]:
        """Where two paths of the gradient meet, by the slot whose gradient is their sum."""
        ...

    def gradient(self, slot: str) -> Array:
        """dL/dslot, kept or not. Raises KeyError for a slot that no gradient reaches."""
        ...

    def gradient_norm(self, slot: str) -> float:
        """‖dL/dslot‖ of any slot on the way of the gradient."""
        ...

    def slopes(self, stage: int) -> Array:
        """f'(z) of a stage's activation, (batch, units)."""
        ...

    def update_ratio(self, name: str) -> float:
        """‖update‖ / ‖parameter‖."""
        ...


class Record(Protocol):
    """Tier 1: the numbers of one iteration, which every source has; and the other tiers, or None."""

    @property
    def source(self) -> Source: ...

    @property
    def axis(self) -> str:
        """What a stage is: "layer", "block", "time" or "module"."""
        ...

    @property
    def stages(self) -> Sequence[StageNumbers]: ...

    @property
    def steps(self) -> Sequence[Step]:
        """What was computed, in order; stage by stage where nothing finer is known."""
        ...

    @property
    def parameter_numbers(self) -> Mapping[str, ParameterNumbers]: ...

    @property
    def loss(self) -> float | None: ...

    @property
    def decay(self) -> Decay: ...

    @property
    def outcome(self) -> Outcome: ...

    @property
    def theory(self) -> Theory | None: ...

    @property
    def arrays(self) -> Arrays | None: ...

    @property
    def listed(self) -> Listed | None: ...


class Listed(Record, Operations, Protocol):
    """Tier 3: a record with every operation: stepping, the equations, the Jacobian, an archive of all arrays."""

    def archive(self) -> Iterable[tuple[str, Array]]:
        """Every array with its name in an archive that `npz_reading` opens again."""
        ...


def has(record: Record, row: StageNumber) -> bool:
    """Whether any stage of the record has this number."""
    return any(row.read(stage) is not None for stage in record.stages)


# -- all iterations ----------------------------------------------------------------------------------------


class History(Protocol):
    """The axis of iterations."""

    @property
    def count(self) -> int:
        """Iterations that are known so far; grows while it runs."""
        ...

    @property
    def summary(self) -> Mapping[str, Array]:
        """loss (count,), and of the stages each row of STAGE_NUMBERS that is known, (count, stages); NaN for None."""
        ...

    def at(self, iteration: int, watch: Watch | None = None) -> Record:
        """The record of an iteration, from 0. Raises IndexError."""
        ...

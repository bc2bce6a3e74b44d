"""The Run: an experiment's trace with its analysis. A record with every tier, and where most records come from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..cells.cell import PreActivations
from ..core.numerics import Array
from ..core.progress import Watch, part, throttled
from ..experiment.experiment import Experiment
from ..experiment.resolved import Resolved
from ..experiment.training import Training
from ..program.program import Instruction, Program
from ..program.slots import GATES, Slot
from ..run import npz
from ..run.network import build
from ..run.steps import Step
from ..run.trace import Merge, Trace
from ..theory.prediction import Theory
from .analyse import Analysis, analyse
from .decay import Decay
from .history import OneIteration
from .outcome import Outcome
from .pre_activations import pre_activations
from .record import ParameterNumbers, Source
from .stage_numbers import StageNumbers

# Shares of a simulation, for who watches: at depth 10,000 building takes 2, running 3 and the analysis 4 of 9 parts.
_BUILD, _RUN = 0.24, 0.6


@dataclass(frozen=True, eq=False)
class Run:
    """A trace and its analysis: `Record`, `Arrays` and `Listed` in one."""

    trace: Trace
    analysis: Analysis
    #: The file that it was read from; "" where it was run.
    recording: str = ""
    #: Which of a file's records it is; "" where there is one alone.
    words: str = ""
    #: The experiment that was asked for, where it is given in other words than the trace's, which comes to the same.
    asked: Experiment | None = None
    #: The training of which the trace is an iteration; None of an experiment alone.
    training: Training | None = None

    @classmethod
    def of(cls, trace: Trace, watch: Watch | None = None, recording: str = "", words: str = "") -> Run:
        """The trace, analysed."""
        return cls(trace, analyse(trace, watch), recording, words)

    def asked_as(self, experiment: Experiment) -> Run:
        """The same run for an experiment that comes to the same, in other words; all else is shared."""
        return self if experiment == self.experiment else dataclasses.replace(self, asked=experiment)

    # -- numbers -------------------------------------------------------------------------------------------

    @property
    def source(self) -> Source:
        trace = self.trace
        return Source(
            self.experiment, trace.resolved, self.recording, self.words, trace.about, self.training,
            0 if trace.moment is None else trace.moment.iteration,
        )  # fmt: skip

    @property
    def axis(self) -> str:
        return self.trace.axis

    @property
    def loss(self) -> float:
        return self.trace.loss

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.trace.steps

    @property
    def stages(self) -> tuple[StageNumbers, ...]:
        return self.analysis.stages

    @property
    def parameter_numbers(self) -> Mapping[str, ParameterNumbers]:
        return self.analysis.parameter_numbers

    @property
    def decay(self) -> Decay:
        return self.analysis.decay

    @property
    def theory(self) -> Theory:
        return self.analysis.theory

    @property
    def outcome(self) -> Outcome:
        return self.analysis.outcome

    @property
    def arrays(self) -> Run:
        return self

    @property
    def listed(self) -> Run:
        return self

    @property
    def history(self) -> OneIteration:
        """This one iteration as a history."""
        return OneIteration(self)

    # -- arrays of the stages ------------------------------------------------------------------------------

    def state(self, stage: int) -> Array:
        """h of a stage, (batch, units); of tokens each is a row, (tokens · batch, units)."""
        state = self.trace.values[self.program.stages[stage]]
        return state if state.ndim == 2 else state.reshape(-1, state.shape[-1])

    def cell_state(self, stage: int) -> Array | None:
        """c of a stage, (batch, units); None for a network that has none."""
        return self.trace.values[self.program.cells[stage]] if self.program.cells else None

    def gates(self, stage: int) -> Array | None:
        """The gates' outputs of a stage, (batch, gates · units); None where there are none."""
        return self.trace.values.get(Slot(GATES, time=stage).name)

    def pre_activations(self, stage: int) -> tuple[PreActivations, ...]:
        """z of a stage, the parts that matter most for the gradient first; empty for the first stage."""
        return pre_activations(self.trace, stage) if stage else ()

    # -- every operation -----------------------------------------------------------------------------------

    @property
    def program(self) -> Program:
        return self.trace.program

    def gradient(self, slot: str) -> Array:
        """dL/dslot. Raises KeyError for a slot that no gradient reaches."""
        return self.trace.gradient(slot)

    # -- the trace's own ------------------------------------------------------------------------------------

    @property
    def experiment(self) -> Experiment:
        return self.trace.experiment if self.asked is None else self.asked

    @property
    def resolved(self) -> Resolved:
        return self.trace.resolved

    @property
    def values(self) -> dict[str, Array]:
        return self.trace.values

    @property
    def gradients(self) -> dict[str, Array]:
        return self.trace.gradients

    @property
    def parameters(self) -> dict[str, Array]:
        return self.trace.parameters

    @property
    def parameter_gradients(self) -> dict[str, Array]:
        return self.trace.parameter_gradients

    @property
    def clipped(self) -> dict[str, Array]:
        return self.trace.clipped

    @property
    def updates(self) -> dict[str, Array]:
        return self.trace.updates

    @property
    def has_update(self) -> bool:
        return self.trace.has_update

    @property
    def input(self) -> Array:
        return self.trace.input

    @property
    def target(self) -> Array:
        return self.trace.target

    @property
    def merges(self) -> dict[str, Merge]:
        return self.trace.merges

    @property
    def running_statistics(self) -> dict[str, Array]:
        return self.trace.running_statistics

    def activation_at(self, stage: int) -> Instruction | None:
        return self.trace.activation_at(stage)

    def slopes(self, stage: int) -> Array:
        return self.trace.slopes(stage)

    def gradient_norm(self, slot: str) -> float:
        return self.trace.gradient_norm(slot)

    def contributions(self, time: int) -> dict[str, Array]:
        return self.trace.contributions(time)

    def updated(self, name: str) -> Array:
        return self.trace.updated(name)

    def update_ratio(self, name: str) -> float:
        return self.trace.update_ratio(name)

    def archive(self) -> Iterator[tuple[str, Array]]:
        """Every array with its name in an archive; see `npz.arrays`."""
        return npz.arrays(self.trace)

    def save(self, path: str | Path) -> None:
        """Write every array to one .npz file; see `npz.arrays`."""
        npz.save(self.trace, path)


def simulate(experiment: Experiment, watch: Watch | None = None) -> Run:
    """Build, run and analyse: a pure function of the experiment (and of the file that a csv:PATH names).

    watch is told the share that is done; what it raises ends the simulation. Raises ExperimentError.
    """
    watch = throttled(watch)
    network = build(experiment, part(watch, 0.0, _BUILD))
    trace = network.run(part(watch, _BUILD, _RUN))
    return Run.of(trace, part(watch, _RUN, 1.0))

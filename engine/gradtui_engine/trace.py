"""The Trace: the record of one iteration. Pure data, read-only arrays; the only thing that views read."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .node import Node, Workspace
from .numerics import Array, norm
from .operations import OPERATIONS
from .outcome import Outcome, judge
from .program import Instruction, Program, Site
from .stages import Stage, stages_of

if TYPE_CHECKING:
    from .experiment import Experiment


class Phase(enum.StrEnum):
    """The phases of an iteration, in order."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Step:
    """One operation in one direction.

    stage is the stage (layer or time step) that it belongs to, None outside of the stages (output, loss). completes
    is the stage whose gradient dL/dh is known from this step on, None where it completes none.
    """

    index: int
    phase: Phase
    site: Site
    operation: str
    stage: int | None
    completes: int | None
    instruction: int | None

    @property
    def formula(self) -> str:
        """The formula of the operation in this direction."""
        if self.phase is Phase.UPDATE:
            return "θ ← θ − η ∂L/∂θ"
        row = OPERATIONS[self.operation]
        return row.backward_formula if self.phase is Phase.BACKWARD else row.formula


@dataclass(frozen=True)
class Trace:
    """One iteration: values by slot, gradients by slot, parameters and their gradients by name.

    values["h/3"] is the hidden state of stage 3, (batch, units); gradients["h/3"] is dL/dh_3; for an LSTM
    gradients["c/40"] is the total derivative dL/dc_40 (as autograd's `c_t.grad`). Parameters are under PyTorch's
    names. `gradient(slot)` also gives gradients that the trace does not keep.
    """

    experiment: Experiment
    program: Program
    values: dict[str, Array]
    gradients: dict[str, Array]
    parameters: dict[str, Array]
    parameter_gradients: dict[str, Array]
    target: Array
    scratch_norms: dict[str, float]

    def __post_init__(self) -> None:
        for arrays in (self.values, self.gradients, self.parameter_gradients):
            for array in arrays.values():
                array.flags.writeable = False

    @property
    def axis(self) -> str:
        """What a stage is: "layer" or "time"."""
        return self.program.axis

    @property
    def loss(self) -> float:
        return float(self.values["loss"])

    @property
    def input(self) -> Array:
        """The batch: (batch, inputs), or (time, batch, inputs)."""
        return self.values[self.program.input]

    @functools.cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Stage 0 (the input, or the initial state) to the last (depth, or T)."""
        with np.errstate(all="ignore"):
            return stages_of(self)

    @functools.cached_property
    def outcome(self) -> Outcome:
        """What became of the gradient on its way from the last stage to the first."""
        with np.errstate(all="ignore"):
            return judge(self)

    @functools.cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every operation in the order in which it was computed: forward, loss, backward, update."""
        return tuple(_steps_of(self.program))

    def gradient_norm(self, slot: str) -> float:
        """‖dL/dslot‖ of any slot on the way of the gradient, kept or not."""
        known = self.scratch_norms.get(slot)
        return norm(self.gradients[slot]) if known is None else known

    def gradient(self, slot: str) -> Array:
        """dL/dslot; one that is not kept is computed again, by the very operation that computed it in the run."""
        if slot in self.gradients:
            return self.gradients[slot]
        instruction = next(each for each in self.program.instructions if slot in each.inputs)
        wanted = np.empty_like(self.values[slot])
        with np.errstate(all="ignore"):
            OPERATIONS[instruction.operation].backward(self._node(instruction, {slot: wanted}))
        wanted.flags.writeable = False
        return wanted

    def _node(self, instruction: Instruction, extra: dict[str, Array]) -> Node:
        """The instruction bound to this trace, to compute something again; parameter gradients go nowhere."""
        nowhere = {name: np.empty_like(self.parameters[name]) for name in instruction.parameters}
        return Node(
            instruction,
            self.values,
            {**self.gradients, **extra},
            self.parameters,
            nowhere,
            self.target,
            Workspace(),
        )

    def contributions(self, time: int) -> dict[str, Array]:
        """Time step `time`'s addend of each shared parameter's gradient; their sum over time is the gradient."""
        found: dict[str, Array] = {}
        for each in self.program.instructions:
            row = OPERATIONS[each.operation]
            if row.contribution is not None:
                with np.errstate(all="ignore"):
                    parts = row.contribution(self._node(each, {}), time)
                found.update(zip(each.parameters, parts, strict=True))
        return found

    def updated(self, name: str) -> Array:
        """The parameter after the update, θ − η ∂L/∂θ (plain SGD)."""
        with np.errstate(all="ignore"):
            rate = self.parameters[name].dtype.type(self.experiment.learning_rate)
            return np.asarray(self.parameters[name] - rate * self.parameter_gradients[name])

    def save(self, path: str | Path) -> None:
        """Write every array to one .npz file; see `archive`."""
        from .archive import save

        save(self, path)


def _steps_of(program: Program) -> list[Step]:
    stage_of = {name: number for number, name in enumerate(program.stages)}
    rows: list[tuple[Phase, Instruction, int | None]] = []
    for number, each in enumerate(program.instructions):
        rows.append((Phase.LOSS if each.operation == "loss" else Phase.FORWARD, each, number))
    rows += [(Phase.BACKWARD, each, number) for number, each in reversed(list(enumerate(program.instructions)))]
    steps: list[Step] = []
    for index, (phase, each, instruction) in enumerate(rows):
        place = each.site.time if program.axis == "time" else each.site.layer
        done = [stage_of[name] for name in each.inputs if name in stage_of] if phase is Phase.BACKWARD else []
        steps.append(Step(index, phase, each.site, each.operation, place, done[0] if done else None, instruction))
    steps.append(Step(len(rows), Phase.UPDATE, Site("update"), "update", None, None, None))
    return steps

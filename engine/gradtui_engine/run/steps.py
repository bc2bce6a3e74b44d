"""The steps of an iteration: every operation of a program in the order in which it is computed."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ..cells.table import OPERATIONS
from ..core.message import Message
from ..program.program import Instruction, Program, Site


class Phase(enum.StrEnum):
    """The phases of an iteration, in order."""

    FORWARD = Message("forward")
    LOSS = Message("loss")
    BACKWARD = Message("backward")
    CLIP = Message("clip")
    UPDATE = Message("update")


@dataclass(frozen=True, slots=True)
class Step:
    """One operation in one direction.

    stage is the stage (layer or time step) that it belongs to, None outside of the stages (output, loss). completes
    is the stage whose gradient dL/dh is known from this step on, None where it completes none; reaches is the stage
    whose state h is known from this step on, None where it writes none. instruction is the operation's place in the
    program; None for clipping and update, and in a record that has no program.
    """

    index: int
    phase: Phase
    site: Site
    operation: str
    stage: int | None
    completes: int | None
    instruction: int | None
    reaches: int | None = None

    @property
    def formula(self) -> str:
        """The formula of the operation in this direction."""
        if self.instruction is None:
            return {Phase.CLIP: "g ← clip(g)"}.get(self.phase, "θ ← θ + update")
        row = OPERATIONS[self.operation]
        return row.backward_formula if self.phase is Phase.BACKWARD else row.formula


def steps_of(program: Program, clipped: bool) -> tuple[Step, ...]:
    """The steps of a program: forward, loss, backward, clip (where something is clipped), update."""
    completed, reached = _completed(program), _reached(program)
    rows: list[tuple[Phase, Instruction, int]] = []
    for number, instruction in enumerate(program.instructions):
        rows.append((Phase.LOSS if instruction.operation == "loss" else Phase.FORWARD, instruction, number))
    rows += [(Phase.BACKWARD, row, number) for number, row in reversed(list(enumerate(program.instructions)))]
    steps: list[Step] = []
    for index, (phase, instruction, number) in enumerate(rows):
        stage = instruction.site.time if program.axis == "time" else instruction.site.layer
        backward = phase is Phase.BACKWARD
        steps.append(
            Step(
                index, phase, instruction.site, instruction.operation, stage,
                completed.get(number) if backward else None, number, None if backward else reached.get(number),
            )
        )  # fmt: skip
    for phase in (Phase.CLIP, Phase.UPDATE) if clipped else (Phase.UPDATE,):
        steps.append(Step(len(steps), phase, Site(str(phase)), str(phase), None, None, None))
    return tuple(steps)


def _reached(program: Program) -> dict[int, int]:
    """The stage that each instruction writes: the last one, where it writes several."""
    stage_of = {name: stage for stage, name in enumerate(program.stages)}
    reached = {}
    for number, instruction in enumerate(program.instructions):
        stages = [stage_of[name] for name in instruction.outputs if name in stage_of]
        if stages:
            reached[number] = max(stages)
    return reached


def _completed(program: Program) -> dict[int, int]:
    """The stage whose gradient an instruction's backward step completes: that of the first one that reads the stage."""
    stage_at = {program.rows(name): stage for stage, name in enumerate(program.stages)}
    rows = {(whole, row): stage for (whole, places), stage in stage_at.items() for row in places}
    first: dict[int, int] = {}
    for number, instruction in enumerate(program.instructions):
        for name in instruction.inputs:
            whole, places = program.rows(name)
            for row in places:
                stage = rows.get((whole, row))
                if stage is not None:
                    first.setdefault(stage, number)
    completed: dict[int, int] = {}
    for stage, number in first.items():
        # Where all steps are read out at once, the output completes only the last stage.
        completed[number] = max(stage, completed.get(number, stage))
    return completed

"""Where the reader of a lesson stands: part of the state."""

from __future__ import annotations

from dataclasses import dataclass

#: The number of a choice, 0 the first; or the number that the reader predicts.
Answer = int | float


@dataclass(frozen=True, slots=True)
class Progress:
    """The step that is shown, and the answers that were given, by step: going back finds them again."""

    lesson: str
    step: int = 0
    answers: tuple[tuple[int, Answer], ...] = ()

    @property
    def answer(self) -> Answer | None:
        """The answer to the step's question; None where there is none (yet)."""
        return dict(self.answers).get(self.step)

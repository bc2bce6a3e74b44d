"""A row of the zoo: a small training as a stranger would write it, and what is to be said of it.

A training is a function of a seed and of `watch`, which it calls as it would call `gradtui.watch`, without a path. It
returns the step at which its fault begins (or the first and the last step that are right), where that is for chance to
tell and so measured by the training itself, else None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Watch = Callable[..., Any]
Steps = tuple[int, int]
Run = Callable[[int, Watch], int | Steps | None]


class Killed(Exception):
    """The process is gone: nothing is closed, no end is written."""


@dataclass(frozen=True, slots=True)
class Training:
    """kind: what must be among the findings, or one of `also`, where a fault has two names; "" where all is well.

    layers: one of them is the finding's layer, or the part of the model that it is in (empty: not asked). steps: the
    first and the last that are right. A note is enough where `note` is set: the training learns all the same. quick:
    run by `make test`, the others by `make soak` alone.
    """

    name: str
    run: Run
    kind: str = ""
    also: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    steps: Steps | None = None
    note: bool = False
    quick: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        return (self.kind, *self.also)

    @property
    def healthy(self) -> bool:
        return not self.kind or self.kind == "frozen"


class Zoo:
    """The rows of one group, in the order in which they were written."""

    def __init__(self) -> None:
        self.trainings: list[Training] = []

    def healthy(self, *, quick: bool = False) -> Callable[[Run], Run]:
        return self._added(quick=quick)

    def fault(self, kind: str, **expected: Any) -> Callable[[Run], Run]:
        return self._added(kind=kind, **expected)

    def _added(self, **expected: Any) -> Callable[[Run], Run]:
        def add(run: Run) -> Run:
            self.trainings.append(Training(run.__name__, run, **expected))
            return run

        return add

"""The runs of a folder, as a list to choose from: frozen, and what keys make of it. Without Textual, clock or files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gradtui_engine.core.message import English

#: Runs that are marked to be compared.
_MOST = 2
#: What is said of a run before and beside the verdicts of a diagnosis.
LOOKING = "…"
UNREADABLE: English = "cannot be read"


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run: its name (the path of its first file in the folder), all of its files, and what is known of it so far.

    verdict is that of its diagnosis ("" before it, and of a run in which nothing is recorded yet),
    with what is wrong first of all; problem is why it cannot be read. steps is how
    many the training had made at the last line, losses its course, age in seconds, size in bytes.
    """

    name: str
    files: tuple[str, ...]
    size: int = 0
    age: float = 0.0
    steps: int | None = None
    losses: tuple[float, ...] = ()
    verdict: str = ""
    kind: str = ""
    layer: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RunList:
    """The list: what of it is shown (the names with what was typed in them), the cursor in that, what is marked."""

    folder: str
    runs: tuple[RunRow, ...]
    cursor: int = 0
    typed: str = ""
    marked: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[RunRow, ...]:
        wanted = self.typed.casefold()
        return tuple(run for run in self.runs if wanted in run.name.casefold())

    @property
    def chosen(self) -> tuple[RunRow, ...]:
        """What enter opens: the two that are marked, else the one under the cursor."""
        if len(self.marked) == _MOST:
            by_name = {run.name: run for run in self.runs}
            return tuple(by_name[name] for name in self.marked)
        return self.shown[self.cursor : self.cursor + 1]

    # -- what keys make of it ----------------------------------------------------------------------------------

    def moved(self, by: int) -> RunList:
        return replace(self, cursor=min(max(self.cursor + by, 0), max(len(self.shown) - 1, 0)))

    def to(self, number: int) -> RunList:
        return replace(self, cursor=0).moved(number)

    def narrowed(self, typed: str) -> RunList:
        """Other letters: the cursor stays on its run, where that is still shown."""
        here = self.shown[self.cursor].name if self.shown else ""
        following = replace(self, typed=typed)
        names = [run.name for run in following.shown]
        return following.to(names.index(here) if here in names else 0)

    def toggled(self) -> RunList:
        """The run under the cursor marked, or no more; of three the two that were marked last."""
        if not self.shown:
            return self
        name = self.shown[self.cursor].name
        if name in self.marked:
            return replace(self, marked=tuple(each for each in self.marked if each != name))
        return replace(self, marked=(*self.marked, name)[-_MOST:])

    def known(self, run: RunRow) -> RunList:
        """More is known of a run."""
        return replace(self, runs=tuple(run if each.name == run.name else each for each in self.runs))

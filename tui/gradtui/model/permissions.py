"""What the program may do: everything on a person's own machine, next to nothing on one that serves visitors."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from gradtui_engine.core.allowances import Allowances
from gradtui_engine.core.message import English

from ..text import process

#: Bytes that the program takes beside its traces: 145 MB of data (RLIMIT_DATA) in a session that shows a small network.
_PROGRAM = 160 * 2**20
#: Traces of the largest size that have room at once: A and B, each of which takes 1.4 times what its arrays do.
_TRACES = 3


def memory() -> float:
    """Bytes of data that the system lets this process have (ulimit -d)."""
    try:
        import resource
    except ImportError:  # Windows
        return math.inf
    soft, _ = resource.getrlimit(resource.RLIMIT_DATA)
    return math.inf if soft == resource.RLIM_INFINITY else float(soft)


def largest_trace(most: float) -> float:
    """Bytes of a trace, for a process that may have so many in all: of 512 MB 117, and an eighth at the least."""
    return max((most - _PROGRAM) / _TRACES, most / 8)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What is open. A command names what it needs by a field's name (`Command.needs`)."""

    #: Files are written: exports, pictures, the command that was copied.
    files: bool = True
    #: The program stops, and its shell comes back.
    suspend: bool = True
    #: Files of the account are read: settings, keys, lessons, an experiment in TOML.
    own: bool = True
    #: Tables are read: csv:PATH. The engine says itself that they are not.
    tables: bool = True
    #: Trainings are as long as one likes. The engine says itself that they are not.
    long_trainings: bool = True
    #: Sweeps are as large as one likes, and computed in processes of their own. `sweep_reading` says that they are not.
    large_sweeps: bool = True
    #: Commands that come beside the table's (`commands.BROUGHT`), and keys of the table's that make room for them.
    brings: tuple[str, ...] = ()
    moves: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def refusal(self, need: str) -> str:
        """Why what needs this is not to be had, to be passed through tr; empty where it is."""
        return "" if not need or getattr(self, need) else REFUSALS[need]

    def enforce(self) -> None:
        """Put what is no command's business into force, for the whole process."""
        many, large = self.long_trainings, self.large_sweeps
        allowances = Allowances(
            self.tables, largest_trace(memory()), math.inf if many else _ITERATIONS, math.inf if many else _CHECKPOINTS,
            math.inf if large else _CELLS, math.inf if large else _SWEPT, large,
        )  # fmt: skip
        process.change(own_lessons=self.own, engine=allowances)


#: Iterations of a visitor's training, and bytes of its checkpoints: of 512 MB that a session may have.
_ITERATIONS, _CHECKPOINTS = 2000, 16 * 2**20
#: Cells of a visitor's sweep, and iterations of all of them: at 1.8 ms each about a minute of one core.
_CELLS, _SWEPT = 400, 32_000

OPEN = Permissions()
VISITOR = Permissions(files=False, suspend=False, own=False, tables=False, long_trainings=False, large_sweeps=False)
#: Of a lecture.
PRESENTER = replace(OPEN, brings=("invite",))
FOLLOWER = replace(VISITOR, brings=("follow",), moves=(("form", ("O",)),))

#: What is said instead, each in one sentence; {copy} and {quit} are those commands' effective keys.
REFUSALS: dict[str, English] = {
    "files": "nothing is saved on this machine; {copy} copies the command that opens this on yours",
    "suspend": "there is no shell behind this program; {quit} quits",
    "own": "no files are opened here; the presets are {presets}",
}

"""What a command is: one row of the table of commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Generic, TextIO, TypeVar

if TYPE_CHECKING:
    from gradtui_engine import Experiment
    from gradtui_engine.core.options import Option

    from ..model.opening import Opening
    from .invocation import Invocation
    from .words import Words

Own = TypeVar("Own")

#: What is typed behind `gradtui`; nothing for the screen.
NAMES = (
    "",
    "run",
    "train",
    "sweep",
    "open",
    "why",
    "mirror",
    "doctor",
    "check",
    "model",
    "data",
    "theory",
    "presets",
    "lessons",
    "config",
    "serve",
    "kiosk",
)

#: Settings that a command without a screen has.
_PRINTED = ("lang", "glyphs")


class Takes(Enum):
    """What stands on the command line without an option's name in front."""

    NOTHING = 0
    #: One experiment out of a file, or a preset, whose fields are options.
    EXPERIMENT = 1
    #: One preset, whose fields are options: no files are opened.
    PRESET = 2
    #: Files, as many as there are: `files` says which.
    FILES = 3


def nothing_of_its_own(experiment: Experiment, words: Words) -> tuple[None, None]:
    """What a command without options of its own and without a screen has of both."""
    return None, None


@dataclass(frozen=True)
class Subcommand(Generic[Own]):
    """A command: its options beside the experiment's, and what it does."""

    prog: str
    #: What the command does, as the help of `gradtui` lists it after the command's name.
    brief: str
    description: str
    #: What it does, given its Invocation and where it prints; its exit status.
    call: Callable[[Invocation[Own], TextIO], int]
    #: (experiment, words) → (its own options as one value, what the screen opens with; None without a screen). Raises
    #: ExperimentError with every problem of them.
    complete: Callable[[Experiment, Words], tuple[Own, Opening | None]]
    #: Its own options: those of the dataclass that `complete` makes, or of the screen.
    rows: Callable[[], Sequence[Option]] = tuple
    #: Whether complete does more than read (asks for a password, opens a log): then not where a slip is known.
    complete_acts: bool = False
    takes: Takes = Takes.EXPERIMENT
    #: Of files, how the help writes one, and what they are for.
    files: tuple[str, str] = ("FILE", "")
    has_screen: bool = False
    #: Whether a preset's experiment B is for it.
    takes_b: bool = False
    #: Whether it is told how numbers as a file's target are scaled; a training says it itself, of what it holds out.
    scales_target: bool = True
    #: The settings that it takes as options; None for all.
    settings: tuple[str, ...] | None = _PRINTED
    #: Whether wrong settings stop it. `config` reads them itself: a broken file must not stop it.
    needs_settings: bool = True
    #: Called before anything is read; why the command cannot go on, empty where it can.
    enter: Callable[[], str] = str
    #: Whether --version is one of its options.
    tells_version: bool = False

    @property
    def of_experiment(self) -> bool:
        return self.takes in (Takes.EXPERIMENT, Takes.PRESET)


def kiosk(
    call: Callable[[Invocation[Own], TextIO], int],
    complete: Callable[[Experiment, Words], tuple[Own, Opening | None]],
    rows: Callable[[], Sequence[Option]],
    enter: Callable[[], str],
) -> Subcommand[Own]:
    """The row of `gradtui kiosk`, once for the table, and once where a server reads a visitor's arguments itself."""
    return Subcommand(
        "gradtui kiosk",
        "is the screen for a visitor of this machine",
        "The screen for visitors of a machine that is not theirs: every way out of the program is closed. It reads and "
        "writes no files, starts no programs, and reads no settings but those given here. See docs/serving.md.",
        call,
        complete,
        rows=rows,
        complete_acts=True,
        takes=Takes.PRESET,
        has_screen=True,
        settings=None,
        enter=enter,
    )

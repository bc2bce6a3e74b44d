"""What is said where somebody asks of a recorded training what can only be done with one that goes on here."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

from gradtui_engine.recordings.clean import cleaned

from ..text.language import tr
from .keys import shown_keys
from .state import State

if TYPE_CHECKING:
    from gradtui_engine.analysis.record import Source


def file_of(source: Source) -> str:
    """The file of a recording as one would type it."""
    return shlex.quote(cleaned(PurePath(source.recording).name))


def unchanging(state: State) -> str:
    """Why nothing of it can be changed, and what can."""
    file = file_of(state.recordings[0])
    return tr("a recorded training cannot be changed: `gradtui mirror {file}` builds the closest experiment", file=file)


def untrained(state: State) -> str:
    """Why it cannot be trained on, and what can be done instead."""
    file, key = file_of(state.recordings[0]), shown_keys("play")
    return tr(
        "a recorded training is trained elsewhere: {key} plays what was recorded, `gradtui mirror {file}` trains the "
        "closest experiment",
        key=key, file=file,
    )  # fmt: skip

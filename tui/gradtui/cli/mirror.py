"""`gradtui mirror`: the experiment that comes closest to a recorded training, as a command and beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.findings.mirror import Mirror, mirror
from gradtui_engine.recordings.opening import trainings
from gradtui_engine.recordings.recording import Recording, open_recording

from ..text.language import tr
from .own_options import MirrorOptions
from .reading import options_in
from .sentences import page_width, wrapped
from .words import Words

if TYPE_CHECKING:
    from ..model.opening import Opening
    from .invocation import Invocation

_INDENT = "  "
#: Seconds that are read at the most: the first step, and of a large record some of the others, evenly spread.
_SECONDS = 2.0


@dataclass(frozen=True)
class Mirrored:
    """What was asked for: the recording and its mirror."""

    options: MirrorOptions
    recording: Recording
    mirror: Mirror


def asked(words: Words) -> Mirrored:
    """The mirror of the run whose files were typed. Raises ExperimentError, also where none is near."""
    own = options_in(MirrorOptions, words)
    runs = trainings(map(Path, words.files))
    if not runs:
        raise ExperimentError([Problem("FILE", Message("needs a record of a training: RUN.jsonl"))])
    if len(runs) > 1:
        message = Message("takes one run; {count} were given: one after the other", count=len(runs))
        raise ExperimentError([Problem("FILE", message)])
    recording = open_recording(runs[0])
    recording.refresh(_SECONDS)
    return Mirrored(own, recording, mirror(recording))


def beside(mirrored: Mirrored, words: Words) -> Opening:
    """What the screen opens with: the recording and its mirror in Compare. Raises ExperimentError."""
    from .opening_files import beside as opening

    axes = mirrored.recording.axes
    over_time = mirrored.mirror.experiment.resolved.kind.over_time and len(axes) > 1
    return opening(words, mirrored.mirror.experiment, axes[1] if over_time else "")


def print_mirror(invocation: Invocation[Mirrored], out: TextIO) -> int:
    """Print the command, what of the recording it has, and what it cannot have."""
    out.write("\n".join(_report(invocation.options.mirror, page_width())) + "\n")
    return 0


def _report(mirrored: Mirror, width: int) -> Iterator[str]:
    # In one line, so that it can be pasted.
    yield mirrored.experiment.to_command()
    for title, texts in ((tr("taken over:"), mirrored.taken), (tr("not taken over:"), mirrored.missing)):
        if texts:
            yield from ("", title)
            for text in texts:
                yield from wrapped(tr(text), width, _INDENT, _INDENT)

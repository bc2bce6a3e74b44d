"""What a finding leads to beside its step and its module: the experiment that shows the same, and the lesson."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gradtui_engine import ExperimentError
from gradtui_engine.findings.finding import Finding

from ..model import events as e
from ..model.keys import shown_keys
from ..share import clipboard
from ..share.address import understood
from ..text.language import tr
from ..views.train.findings import Findings
from . import learning

if TYPE_CHECKING:
    from .host import Host


def _opened(app: Host) -> Finding | None:
    """The finding that is open; where there is none, that is said."""
    scene = app.scene()
    shown = Findings.of(scene) if scene is not None else None
    if shown is None or not shown.listed:
        app.say(tr("no finding is shown: of a recorded training, `gradtui open RUN.jsonl`, there may be some"))
        return None
    return shown.listed[shown.opened]


def experiment(app: Host, argument: str) -> None:
    """Show the experiment in place of the recording; a command that the screen cannot take is copied instead."""
    finding = _opened(app)
    if finding is None:
        return
    if not finding.experiment:
        app.say(tr("no experiment shows the same as this finding"))
        return
    try:
        state, cursor = understood(finding.experiment)
    except ExperimentError:
        app.say(clipboard.copy(finding.experiment, os.environ, app.copy_to_clipboard, app.permissions.files))
        return
    change = e.Change(state.experiment, state.changes, (), state.plan, state.turns)
    said = tr("what shows the same; {key} leads back to the recording", key=shown_keys("undo"))
    trains: tuple[e.Event, ...] = (e.Train(),) if state.training else ()
    app.send(change, e.Show(state.view), *trains, cue=lambda timeline: (*cursor, e.Message(said)))


def lesson(app: Host, argument: str) -> None:
    """Open the lesson about it."""
    finding = _opened(app)
    if finding is None:
        return
    if finding.lesson:
        learning.open_lesson(app, finding.lesson)
    else:
        app.say(tr("no lesson is about this finding"))

"""What is done with a recorded training on the screen: along what it is looked at, and which of its steps is held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradtui_engine.recordings.recording import Recording

from ..model import events as e
from ..model.trainings import HistoryOf, recorded
from ..text.language import tr

if TYPE_CHECKING:
    from .host import Host


def along(app: Host, argument: str) -> None:
    """Over its modules, or over the time steps of its next recurrent module."""
    recording = _recording(app)
    if recording is None:
        app.say(tr("modules or time: of a recorded training, gradtui open RUN.jsonl"))
        return
    axes = recording.axes
    if len(axes) < 2:
        app.say(tr("no time steps in this recording: the recorder looks into nn.LSTM, nn.GRU and nn.RNN"))
        return
    now = axes.index(app.state.along) if app.state.along in axes else 0
    stages = axes[(now + 1) % len(axes)]
    said = tr("over the time steps of {module}", module=stages) if stages else tr("over the modules")
    app.say(said, after=(e.Along(stages),))


def hold(app: Host, argument: str) -> None:
    """The step under the cursor stays as B while the cursor moves on; or goes, where one is held."""
    state = app.state
    if not recorded(state) or state.steps is None:
        app.say(tr("hold a step: of a recorded training, gradtui open RUN.jsonl"))
        return
    a, *others = state.recordings
    if others and others[0].pinned:
        app.say(tr("no step is held"), after=(e.Change(state.experiment, recordings=(a,)),))
        return
    step = state.steps[state.iteration]
    held = replace(a, iteration=step, pinned=True)
    change = e.Change(state.experiment, recordings=(a, held))
    app.say(tr("B is step {number}: in Compare", number=step), after=(change,))


def _recording(app: Host) -> Recording | None:
    if not recorded(app.state):
        return None
    known: Recording | None = app.trainings.results.get(HistoryOf(app.state.recordings[0].whole))
    return known

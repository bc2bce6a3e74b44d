"""Which experiment the keys change, A's or B's, and how one is tried, kept or taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.fields import Value
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.experiment.data_fields import OF_FILES
from gradtui_engine.run.network import verify

from ..model import events as e
from ..model.changes import differences
from ..model.refusals import unchanging
from ..model.shown import OF_B, source_of_b
from ..model.state import Asked
from ..model.trainings import recorded
from ..text.complaints import complaints
from ..text.language import tr

if TYPE_CHECKING:
    from .host import Cue, Host


def is_b(app: Host) -> bool:
    """Whether the keys that change the experiment change B: while the pane that is B's alone is focused."""
    return app.state.pane in OF_B


def edited(app: Host) -> Experiment:
    """The experiment that the keys change."""
    a = app.state.experiment
    if not is_b(app):
        return a
    source = source_of_b(app.state, a)
    return source.experiment if source is not None and source.experiment is not None else a


def unknown(app: Host) -> bool:
    """Whether nothing can be changed, as nobody knows of what: then it is said."""
    if recorded(app.state):
        app.say(unchanging(app.state))
    elif app.state.nameless:
        app.say(tr("this recording does not say which experiment it was: nothing of it can be changed"))
    return recorded(app.state) or app.state.nameless


def change(app: Host, fields: dict[str, Value], record: bool = True, cue: Cue | None = None) -> str:
    """Ask for another experiment; returns what is wrong with it, empty where nothing is. cue: see `Host.send`."""
    try:
        experiment = edited(app).replace(**without_file(fields))
        verify(experiment)
    except ExperimentError as error:
        return complaints(error.problems, "\n")
    ask(app, experiment, record, cue)
    return ""


def without_file(fields: dict[str, Value]) -> dict[str, Value]:
    """Changes that take other data take back what was said of how a file is read."""
    if "data" in fields and not str(fields["data"]).startswith(PREFIX):
        return {**dict.fromkeys(OF_FILES), **fields}
    return fields


def ask(app: Host, experiment: Experiment, record: bool = True, cue: Cue | None = None) -> None:
    """Ask for an experiment, as A (then cue happens once it is there) or, where the keys change B, as what B differs
    in."""
    if not is_b(app):
        app.send(e.Change(experiment, record=record), cue=cue)
        return
    a = app.state.experiment
    app.send(e.Change(a, differences(a, experiment), record=record))


def fits(experiment: Experiment, field: str, name: Value) -> bool:
    try:
        experiment.replace(**without_file({field: name}))
    except ExperimentError:
        return False
    return True


def settle(app: Host, before: Asked, keep: bool) -> None:
    """After changes that were tried: undo leads back to what stood before; or go back there at once.

    Who still follows a presenter has tried nothing: what has changed is the presenter's.
    """
    if app.state.following or app.state.asked == before:
        return
    app.send(e.Remember(*before) if keep else e.Change(*before, record=False))

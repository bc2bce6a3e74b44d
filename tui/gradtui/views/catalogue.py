"""The views and their panes, collected from the folders: `views/ID/view.py` has the row of the view ID."""

from __future__ import annotations

from importlib import import_module

from ..lessons.staging import needs as lesson_needs
from ..model import diagnoses, names
from ..model.needs import Need, need_of
from ..model.shown import source_of_a
from ..model.state import State
from ..text.language import current as language
from .frame.lacking import guarded
from .frame.pane import Pane
from .frame.view import View


def _view(name: str) -> View:
    row: View = import_module(f"{__package__}.{name}.view").VIEW
    return row


VIEWS: dict[str, View] = {name: _view(name) for name in names.VIEWS}
PANES: dict[str, Pane] = {pane.id: guarded(pane) for view in VIEWS.values() for pane in view.panes}


def needs(state: State) -> tuple[Need, ...]:
    """All that the screen shows: the record first, then what the view adds, then what an open lesson asks."""
    wanted: list[Need] = [need_of(source_of_a(state)), *VIEWS[state.view].needs(state)]
    wanted += diagnoses.needs(state)
    if state.lesson is not None:
        wanted += lesson_needs(state.lesson, language(), state.training)
    return tuple(dict.fromkeys(wanted))

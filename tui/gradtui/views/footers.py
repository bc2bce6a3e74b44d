"""What the footer offers in a state: the keys that matter most there, `?` first."""

from __future__ import annotations

from dataclasses import replace

from gradtui_engine.core.message import English
from gradtui_engine.experiment.experiment import options

from ..model.commands import BY_ID
from ..model.cure_keys import CURES, subject
from ..model.keys import offered
from ..model.permissions import OPEN, Permissions
from ..model.state import State
from ..model.trainings import recorded
from .catalogue import VIEWS
from .frame.footers import Hint
from .lessons.view import BESIDE

#: Keys in the footer, at the most.
MOST = 10
#: Where the permissions bring it along.
_FOLLOW = Hint(("follow",))


#: Commands that a recorded training alone has, and those that it alone has not; and what two do there.
_RECORDED_ALONE, _TRAINED_ALONE = ("along", "hold"), ("plan", "branch")
_OF_RECORDED: dict[str, English] = {"play": "play", "next": "its stages"}


def hints(
    state: State, permissions: Permissions = OPEN, following: English = "next", answers: str = ""
) -> tuple[Hint, ...]:
    """The footer's hints for a state: those that apply, in the order of importance.

    following: what going on does in an open lesson; answers: the letters that answer its question.
    """
    allowed = {command.id for command in offered(permissions)}
    rows = BESIDE if state.lesson is not None and state.view != "lessons" else VIEWS[state.view].footer
    return tuple(
        _named(hint, state, following, answers)
        for hint in (rows[0], _FOLLOW, *rows[1:])
        if hint.keys and allowed.issuperset(hint.commands) and _applies(hint.commands[0], state)
    )[:MOST]


def _named(hint: Hint, state: State, following: English, answers: str) -> Hint:
    """A cure by what it is in the network that its key acts on; what goes on in a lesson by what it does there."""
    command = hint.commands[0]
    if recorded(state) and state.view == "train" and command in _OF_RECORDED:
        return replace(hint, label=_OF_RECORDED[command])
    if command == "next" and hint in BESIDE:
        return replace(hint, label=following, shown=answers)
    if not command.startswith("cure_"):
        return hint
    cure = CURES[BY_ID[command].argument]
    return replace(hint, label=cure.label_of(subject(cure, state.experiment, state.changes)))


def _applies(command: str, state: State) -> bool:
    """Whether a command has a meaning for this experiment: a field that its network has, a cure that it can have."""
    argument = BY_ID[command].argument
    if command.startswith("finding_"):
        return state.pane == "findings" and bool(state.findings)
    if command in _RECORDED_ALONE or command in _TRAINED_ALONE:
        return recorded(state) == (command in _RECORDED_ALONE)
    if command == "lesson_back":
        return state.lesson is None or state.lesson.step > 0
    if state.nameless and (command.startswith("cure_") or argument in options()):
        return False  # nobody knows what it would change
    if state.nameless and (command == "sliders" or (command == "swap" and len(state.recordings) < 2)):
        return False
    if command.startswith("cure_") and len(state.recordings) > 1:
        return False  # B is what was recorded
    if command.startswith("cure_"):
        cure = CURES[argument]
        return bool(cure.choices(subject(cure, state.experiment, state.changes)))
    return argument not in options() or options()[argument].applies_to(state.experiment.cell)

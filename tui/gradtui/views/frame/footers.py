"""What the footer offers in each view: the keys that matter most there, `?` first."""

from __future__ import annotations

from dataclasses import dataclass

from gradtui_engine.experiment.experiment import options

from ...model.commands import BY_ID, offered, shown_keys
from ...model.cure_keys import CURES, subject
from ...model.permissions import OPEN, Profile
from ...model.state import State

#: Keys in the footer, at the most.
MOST = 7


@dataclass(frozen=True, slots=True)
class Hint:
    """One or two commands (up and down) under one label; without a label the command's own."""

    commands: tuple[str, ...]
    label: str = ""

    @property
    def words(self) -> str:
        return self.label or BY_ID[self.commands[0]].label

    @property
    def keys(self) -> str:
        return "".join(shown_keys(each) for each in self.commands)


def _plain(*commands: str) -> tuple[Hint, ...]:
    return tuple(Hint((each,)) for each in commands)


_HELP, _PLAY, _STEP, _LESSONS = _plain("help", "play", "step", "view_lessons")
_STAGE = Hint(("up", "down"), "stage")
#: Where a profile brings it along.
_FOLLOW = Hint(("follow",))

FOOTERS: dict[str, tuple[Hint, ...]] = {
    "explore": (_HELP, _PLAY, _STEP, *_plain("view_compare", "activation", "forget_bias", "init"), _LESSONS),
    "idea": (_HELP, *_plain("view_explore", "view_compare", "preset", "reseed"), _LESSONS),
    "compare": (
        _HELP,
        _PLAY,
        *(Hint((f"cure_{name}",)) for name in CURES),
        *_plain("turn", "swap"),
    ),
    "lab": (
        _HELP,
        Hint(("up", "down"), "another f"),
        Hint(("left", "right"), "unit"),
        *_plain("next_pane", "activation", "view_maths"),
        _LESSONS,
    ),
    "maths": (
        _HELP,
        Hint(("up", "down"), "function"),
        Hint(("left", "right"), "move x"),
        Hint(("slower", "faster"), "terms"),
        *_plain("next_pane", "view_lab"),
        _LESSONS,
    ),
    "theory": (_HELP, *_plain("next_pane", "zoom", "activation", "init", "depth"), _LESSONS),
    "lessons": (_HELP, Hint(("up", "down"), "choose"), Hint(("next",), "open"), *_plain("view_explore", "preset")),
}
#: Beside an open lesson, whatever the view.
LEARNING = (
    _HELP,
    Hint(("next",), "next"),
    Hint(("lesson_back",), "back"),
    _PLAY,
    _STEP,
    _STAGE,
    Hint(("close",), "close"),
)


def hints(state: State, profile: Profile = OPEN) -> tuple[Hint, ...]:
    """The footer's hints for a state: those that apply, in the order of importance."""
    allowed = {each.id for each in offered(profile)}
    rows = LEARNING if state.lesson is not None and state.view != "lessons" else FOOTERS[state.view]
    return tuple(
        _named(each, state)
        for each in (rows[0], _FOLLOW, *rows[1:])
        if each.keys and allowed.issuperset(each.commands) and _applies(each.commands[0], state)
    )[:MOST]


def _named(hint: Hint, state: State) -> Hint:
    """A cure by what it is in the network that its key acts on."""
    command = hint.commands[0]
    if not command.startswith("cure_"):
        return hint
    cure = CURES[BY_ID[command].argument]
    return Hint(hint.commands, cure.label_of(subject(cure, state.experiment, state.changes)))


def _applies(command: str, state: State) -> bool:
    """Whether a command has a meaning for this experiment: a field that its network has, a cure that it can have."""
    argument = BY_ID[command].argument
    if command.startswith("cure_"):
        cure = CURES[argument]
        return bool(cure.choices(subject(cure, state.experiment, state.changes)))
    return argument not in options() or options()[argument].applies_to(state.experiment.cell)

"""The panes of the view that is shown, and the lists that arrows walk in it."""

from __future__ import annotations

from collections.abc import Callable

from gradtui_engine.rules.activations import ACTIVATIONS

from .names import EXPLORE, FUNCTIONS
from .state import State

_PANES: dict[str, Callable[[State], tuple[str, ...]]] = {
    "explore": lambda state: EXPLORE[state.cell],
    "idea": lambda state: ("idea",),
    "compare": lambda state: ("both", "difference") if state.interleaved else ("side_a", "side_b", "difference"),
    "lab": lambda state: ("curve", "reading", "rows"),
    "maths": lambda state: ("circular", "hyperbolic", "circle", "bridge"),
    "theory": lambda state: ("plane", "depth", "spectrum"),
    "lessons": lambda state: ("lessons",),
}


def panes_of(state: State) -> tuple[str, ...]:
    """The panes of the view that is shown, in the order of tab; an open lesson comes last, beside any view."""
    panes = _PANES[state.view](state)
    return (*panes, "lesson") if state.lesson is not None and state.view != "lessons" else panes


#: Every view's panes for the help, in the order of tab; which of them there are depends on the cell or the layout.
PANE_NAMES = (
    f"explore: {', '.join(EXPLORE['lstm'])}; idea: idea; compare: side_a, side_b, both, difference; "
    "lab: curve, reading, rows; maths: circular, hyperbolic, circle, bridge; theory: plane, depth, spectrum; "
    "lessons: lessons; beside an open lesson: lesson"
)

#: View → (the state's field, what it can be): what up and down walk through.
LISTS: dict[str, tuple[str, Callable[[State], tuple[object, ...]]]] = {
    "lab": ("row", lambda state: ("", *ACTIVATIONS.names)),
    "maths": ("function", lambda state: FUNCTIONS),
    "lessons": ("item", lambda state: state.lessons),
}

"""The header of the maths page, which is about no network: what the focused pane shows, and what follows from it."""

from __future__ import annotations

from gradtui_engine.core.message import English
from gradtui_engine.theory.taylor import FUNCTIONS

from ...model.keys import shown_keys
from ...model.state import State
from ...text.language import tr
from ...text.spans import Line, first_fit, fit, spread, width_of
from .layout import CURVES, TWINS_FROM

#: Pane → its sentence; the two of series have one, with the names of the chosen twins.
_SENTENCES: dict[str, tuple[English, ...]] = {
    "circle": (
        "On the circle a point turns and comes back; on the hyperbola it grows and never does.",
        "On the circle a point comes back, on the hyperbola it never does.",
    ),
    "bridge": (
        "i turns growth into rotation: sinh(ix) = i sin x goes around, as sin does.",
        "i turns growth into rotation: sinh(ix) = i sin x.",
    ),
}
_TWINS: tuple[English, ...] = (
    "{first} and {second} are twins: the same terms, with other signs.",
    "{first} and {second}: the same terms, other signs.",
)
#: What follows for networks, or from the picture.
_MEANINGS: dict[str, tuple[English, ...]] = {
    "circle": (
        "The two shaded areas stay equal, t/2 each: so t means the same for sin and for sinh.",
        "The two shaded areas stay equal: t/2 each.",
    ),
    "bridge": (
        "Along the real line sinh never repeats; along the imaginary one it is back after 2πi.",
        "sinh is back after 2πi, never along the real line.",
    ),
}
_FLAT: tuple[English, ...] = (
    "With these signs tanh gets flat on both sides: slope 0, and a gradient vanishes there. tan never does.",
    "tanh gets flat on both sides: there a gradient vanishes. tan never does.",
    "tanh gets flat: there a gradient vanishes.",
)


def header(state: State, width: int) -> list[Line]:
    names = FUNCTIONS.names
    twins = {"first": names[state.function], "second": names[state.function + 3]}
    sentences, meanings = _SENTENCES.get(state.pane, _TWINS), _MEANINGS.get(state.pane, _FLAT)
    brand: Line = [(" gradtui  ", "brand")]
    above = first_fit(width, *([*brand, (tr(text, **twins), "strong")] for text in sentences))
    below = first_fit(width, *([(f" {tr(text)}", "text")] for text in meanings))
    if width < TWINS_FROM and state.pane in CURVES:
        # The twin has no room beside it.
        command, twin = ("next_pane", "second") if state.pane == CURVES[0] else ("previous_pane", "first")
        key: Line = [(shown_keys(command), "key"), (f" {twins[twin]} ", "label")]
        room = width - width_of(key) - 1
        above = first_fit(room, *([(f" {tr(text, **twins)}", "strong")] for text in sentences))
        return [spread(above, key, width), fit(below, width)]
    return [fit(above, width), fit(below, width)]

"""The sentence of the preset that is shown, under the header in every view, and where to look."""

from __future__ import annotations

import functools

from ..model.presets import PRESETS, about
from ..model.state import State
from ..text import glyphs, language
from ..text.language import tr
from ..text.spans import Line, wrap
from .catalogue import VIEWS

#: Rows that it may take where the sentence alone is not longer.
_MOST = 2


def point_lines(state: State, width: int) -> list[Line]:
    """The lines, none where what the preset asked for has been changed, or where an open lesson speaks."""
    lesson = state.lesson is not None and state.view != "lessons"
    own = VIEWS[state.view].header is not None  # which says its own
    preset = None if lesson or own or not state.preset else about(state)
    if preset is None:
        return []
    return list(_lines(preset.name, width, language.current(), glyphs.current()))


@functools.lru_cache(maxsize=64)
def _lines(name: str, width: int, spoken: str, glyph_set: str) -> tuple[Line, ...]:
    preset = PRESETS[name]
    point, look = tr(preset.point), tr("Look at {what}.", what=tr(preset.look))
    lines = _wrapped(point, look, width - 2)
    if len(lines) > _MOST:
        lines = _wrapped(point, "", width - 2)
    return tuple([(" ", "text"), *line] for line in lines)


def _wrapped(point: str, look: str, width: int) -> list[Line]:
    """The sentence, and behind it in another style where to look; on a line of its own where that takes no more."""
    apart = [*wrap(point, width, "strong"), *(wrap(look, width, "key") if look else [])]
    if not look:
        return apart
    joined = wrap(tr("{first} {second}", first=point, second=look), width, "strong")
    if len(joined) >= len(apart):
        return apart
    return joined

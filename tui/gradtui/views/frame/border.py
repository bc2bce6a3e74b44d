"""The border around a pane, with the pane's title in its first row."""

from __future__ import annotations

from ...text import glyphs
from ...text.spans import Line, fit, text_of, width_of

#: What a border is made of: the corners from the top left on, clockwise, then what goes across and what goes down.
_ROUND, _PLAIN = tuple("╭╮╯╰─│"), tuple("++++-|")
#: Styles of the border and of the title, by whether the pane has the focus. The canvas takes their colours from the
#: theme: Textual's own dialogs have the same.
STYLES = {False: ("border", "title"), True: ("border_focused", "title_focused")}
#: Columns of the first row that are not the title's: the corners, a line and a blank before it, a blank and a line
#: behind it.
_AROUND = 6


def bordered(lines: list[Line], title: str, width: int, focused: bool) -> list[Line]:
    """The lines, each of width − 2 cells, in a border of width cells."""
    top_left, top_right, bottom_right, bottom_left, across, down = (
        _ROUND if glyphs.current() == glyphs.BLOCK else _PLAIN
    )
    border, title_style = STYLES[focused]
    side = (down, border)
    first: Line = [(top_left + across * (width - 2) + top_right, border)]
    if title:
        label = f" {text_of(fit([(title, '')], min(width_of([(title, '')]), width - _AROUND)))} "
        rest = width - 3 - width_of([(label, "")])
        first = [(top_left + across, border), (label, title_style), (across * rest + top_right, border)]
    last: Line = [(bottom_left + across * (width - 2) + bottom_right, border)]
    return [first, *([side, *line, side] for line in lines), last]

"""Thin widgets: they hold lines that a view made and repaint the cells that changed."""

from __future__ import annotations

from collections.abc import Mapping

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from . import glyphs
from .views.layout import Box
from .views.spans import Line, width_of

Palette = Mapping[str, Style]


class Lines(Widget):
    """Lines of styled text; `show` repaints only what differs from what is on the screen."""

    DEFAULT_CSS = "Lines { position: absolute; width: 100%; height: 1; }"

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self._lines: list[Line] = []
        #: Where the widget was put last.
        self._box: Box | None = None

    def show(self, lines: list[Line], palette: Palette) -> None:
        before, recolour = self._lines, palette is not self._palette
        self._lines, self._palette = lines, palette
        if recolour or len(before) != len(lines):
            self.refresh()
            return
        for row, (old, new) in enumerate(zip(before, lines, strict=True)):
            if old != new:
                self.refresh(self._changed(row, old, new))

    def put(self, box: Box | None) -> None:
        """Move the widget to its box; without one it is not shown. Only what differs is set."""
        if box is None:
            if self.display:
                self.display = False
            return
        if self._box != box:
            self.styles.offset = (box.x, box.y)
            self.styles.width = box.width
            self.styles.height = box.height
            self._box = box
        if not self.display:
            self.display = True

    @staticmethod
    def _changed(row: int, old: Line, new: Line) -> Region:
        """The cells of a row from its first to its last difference, span by span."""
        start = 0
        for one, other in zip(old, new, strict=False):
            if one != other:
                break
            start += width_of([one])
        return Region(start, row, max(width_of(old), width_of(new)) - start, 1)

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else []
        base = self.rich_style
        segments = [Segment(text, base + self._palette[style]) for text, style in line]
        return Strip(segments).adjust_cell_length(self.size.width, base)


class PaneWidget(Lines):
    """One pane: lines in a frame with a title."""

    DEFAULT_CSS = """
    PaneWidget { border: round $foreground 30%; border-title-color: $text-muted; display: none; }
    PaneWidget.plain { border: ascii $foreground 30%; }
    PaneWidget.plain.focused { border: ascii $border; }
    PaneWidget.focused { border: round $border; border-title-color: $text; border-title-style: bold; }
    """

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(palette, id=id)
        self._title = ""
        if glyphs.current() != glyphs.BLOCK:
            self.add_class("plain")

    class Clicked(Message):
        """The mouse was pressed on a cell of the pane's inside."""

        def __init__(self, pane: str, x: int, y: int) -> None:
            super().__init__()
            self.pane, self.x, self.y = pane, x, y

    class Dragged(Clicked):
        """The mouse was moved over the pane with its button down."""

    class Scrolled(Message):
        """The wheel was turned over the pane: −1 up, 1 down."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def entitle(self, title: str) -> None:
        """Set the frame's title, where it differs: a new one repaints the frame."""
        text = glyphs.render(title)
        if self._title != text:
            self._title = text
            self.border_title = Text(text)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if self.id is not None:
            x, y = (offset.x, offset.y) if offset is not None else (-1, -1)
            self.post_message(self.Clicked(self.id, x, y))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        offset = event.get_content_offset(self) if event.button else None
        if self.id is not None and offset is not None:
            self.post_message(self.Dragged(self.id, offset.x, offset.y))

    def on_mouse_scroll_up(self) -> None:
        self.post_message(self.Scrolled(-1))

    def on_mouse_scroll_down(self) -> None:
        self.post_message(self.Scrolled(1))

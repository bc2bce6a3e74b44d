"""Text in a dialog: lines that a view's function made, drawn by Textual, and sentences broken as views break them."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ...text.spans import Line, text_of, wrap

Palette = Mapping[str, Style]


class Lines(Widget):
    """Lines of styled text; `show` repaints only those that differ."""

    DEFAULT_CSS = "Lines { width: 100%; height: 1; }"

    def __init__(self, palette: Palette, *, id: str) -> None:
        super().__init__(id=id)
        self._palette = palette
        self.lines: list[Line] = []

    def show(self, lines: list[Line], palette: Palette) -> None:
        before, recolour = self.lines, palette is not self._palette
        self.lines, self._palette = lines, palette
        if recolour or len(before) != len(lines):
            self.refresh()
        elif rows := [row for row, (old, new) in enumerate(zip(before, lines, strict=True)) if old != new]:
            self.refresh(*(Region(0, row, self.size.width, 1) for row in rows))

    def render_line(self, y: int) -> Strip:
        line = self.lines[y] if y < len(self.lines) else []
        base = self.rich_style
        segments = [Segment(text, base + self._palette[style]) for text, style in line]
        return Strip(segments).adjust_cell_length(self.size.width, base)


def broken(text: str, width: int) -> str:
    """The text with its lines broken as our views break them, in the terminal's glyphs."""
    parts = (wrap(part, width) for part in text.split("\n"))
    return "\n".join(text_of(line) for lines in parts for line in lines or [[]])


class Wrapped:
    """A text broken as our views break one. Rich knows spaces alone: a Chinese sentence would end at each number."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(broken(self._text, options.max_width))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, options.max_width)

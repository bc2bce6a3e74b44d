"""Lines of styled text in a dialog: what a view's function made, drawn by Textual."""

from __future__ import annotations

from collections.abc import Mapping

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ...text.spans import Line

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

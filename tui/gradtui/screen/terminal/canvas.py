"""One widget for the whole screen: blocks of lines that views made, and the rows of them that changed.

Textual 8.2.8 gathers regions from each widget by messages, waits for a timer, cuts every row where any widget begins or
ends, joins the pieces, and looks each style up in caches of its own: half of a frame's CPU, for rows that stand side by
side and never cover each other. So all of them are one widget's, which keeps its styles, and where nothing lies over it
what changed goes straight to the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ...text.spans import Line
from ...views.frame.layout import Blocks, Box, block_at
from .diff import Rows, Stretch
from .paced_app import PacedApp

Palette = Mapping[str, Style]


class Look(dict[str, Style]):
    """The palette's styles as they come to the screen: on a background, through Textual's filters. Each made once."""

    def __init__(self, canvas: Canvas, palette: Palette) -> None:
        super().__init__()
        self.palette, self._base = palette, canvas.rich_style
        self._filters, self._background = canvas.get_line_filters(), canvas.background_colors[1]
        for name in canvas.OF_THEME:
            self[name] = self._filtered(canvas.get_visual_style(f"canvas--{name}").rich_style)
        self.blank = self._filtered(self._base)

    def __missing__(self, name: str) -> Style:
        style = self[name] = self._filtered(self._base + self.palette[name])
        return style

    def segments(self, line: Line) -> list[Segment]:
        return [Segment(text, self[style]) for text, style in line]

    def row(self, blocks: Blocks, y: int, width: int) -> list[Segment]:
        """A row of the screen, in all of its cells."""
        row, x = list[Segment](), 0
        for box, lines in sorted(blocks.values(), key=lambda block: block.box.x):
            if box.y <= y < box.y + box.height:
                row += self._blank(box.x - x) + self.segments(lines[y - box.y])
                x = box.x + box.width
        return row + self._blank(width - x)

    def _blank(self, cells: int) -> list[Segment]:
        """What stands where no block is."""
        return [Segment(" " * cells, self.blank)] if cells > 0 else []

    def _filtered(self, style: Style) -> Style:
        strip = Strip([Segment("x", style)])
        for line_filter in self._filters:
            strip = strip.apply_filter(line_filter, self._background)
        return next(iter(strip)).style or style


class Canvas(Widget):
    """All that stands on the screen under dialogs and toasts."""

    #: Styles that are not the palette's but Textual's theme's, as the borders of dialogs are.
    OF_THEME = ("border", "title", "border_focused", "title_focused")
    COMPONENT_CLASSES = {f"canvas--{name}" for name in OF_THEME}
    DEFAULT_CSS = """
    Canvas { width: 100%; height: 100%; }
    Canvas > .canvas--border { color: $foreground 30%; }
    Canvas > .canvas--title { color: $text-muted; }
    Canvas > .canvas--border_focused { color: $foreground; }
    Canvas > .canvas--title_focused { color: $text; text-style: bold; }
    """
    ALLOW_SELECT = False

    class Pressed(Message):
        """The mouse was pressed on a cell of a block, or (dragged) moved over it with its button down."""

        def __init__(self, block: str, box: Box, x: int, y: int, dragged: bool) -> None:
            """x and y are counted from the box's corner."""
            super().__init__()
            self.block, self.box, self.x, self.y, self.dragged = block, box, x, y, dragged

    class Scrolled(Message):
        """The wheel was turned over a block: −1 up, 1 down."""

        def __init__(self, block: str, by: int) -> None:
            super().__init__()
            self.block, self.by = block, by

    def __init__(self) -> None:
        super().__init__()
        self._palette: Palette = {}
        self._known_look: Look | None = None
        #: What is shown.
        self.blocks: Blocks = {}
        self._cells = (0, 0)

    def show(self, blocks: Blocks, palette: Palette, size: tuple[int, int]) -> None:
        """Show these blocks on a screen of so many cells. Only rows that differ from those shown are drawn."""
        before, self.blocks = self.blocks, blocks
        if palette is not self._palette:
            self._palette, self._known_look = palette, None
        stay = size == self._cells and [*_boxes(before)] == [*_boxes(blocks)]
        self._cells = size
        if not stay or self._known_look is None:
            rows: list[Stretch] = [(y, 0, self._look.row(blocks, y, size[0])) for y in range(size[1])]
        else:
            # From top to bottom and left to right, as the cursor goes.
            rows = sorted(self._changed(before), key=itemgetter(0, 1))
        if rows and not self._written(rows):
            self.refresh(*(Region(0, y, size[0], 1) for y in {y for y, _, _ in rows}))

    def strips(self, blocks: Blocks, size: tuple[int, int]) -> list[Strip]:
        """The rows of a screen of so many cells with other blocks, in the colours of this one."""
        return [Strip(self._look.row(blocks, y, size[0]), size[0]) for y in range(size[1])]

    def _changed(self, before: Blocks) -> list[Stretch]:
        """What differs, where every block stands as before."""
        return [
            (y, box.x, self._look.segments(line))
            for name, (box, lines) in self.blocks.items()
            if lines is not before[name].lines
            for y, (line, old) in enumerate(zip(lines, before[name].lines, strict=True), box.y)
            if line != old
        ]

    def _written(self, rows: list[Stretch]) -> bool:
        """Whether the rows have been written to the terminal: where nothing lies over them, and there is one."""
        app, screen = self.app, self.screen
        covered = app.screen is not screen or any(widget.display for widget in screen.children if widget is not self)
        return not covered and isinstance(app, PacedApp) and app.write(Rows(rows))

    @property
    def _look(self) -> Look:
        if self._known_look is None:
            self._known_look = Look(self, self._palette)
        return self._known_look

    # -- Textual's side --------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """The theme may be another."""
        super().notify_style_update()
        self._known_look = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of the crop, for Textual: under a dialog, for a picture, without a terminal."""
        width, height = self._cells
        blank = self._look.blank
        rows = [self._look.row(self.blocks if y < height else {}, y, width) for y in crop.line_range]
        return [Strip(row, width).adjust_cell_length(crop.right, blank).crop(*crop.column_span) for row in rows]

    def on_click(self, event: events.Click) -> None:
        self._pressed(event, dragged=False)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button:
            self._pressed(event, dragged=True)

    def _pressed(self, event: events.MouseEvent, dragged: bool) -> None:
        block = block_at(self.blocks, event.x, event.y)
        if block is not None:
            box = self.blocks[block].box
            self.post_message(self.Pressed(block, box, event.x - box.x, event.y - box.y, dragged))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scrolled(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scrolled(event, 1)

    def _scrolled(self, event: events.MouseEvent, by: int) -> None:
        block = block_at(self.blocks, event.x, event.y)
        if block is not None:
            self.post_message(self.Scrolled(block, by))


def _boxes(blocks: Blocks) -> Iterator[tuple[str, Box]]:
    return ((name, block.box) for name, block in blocks.items())

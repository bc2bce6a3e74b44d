"""Thin widgets: they hold lines that a view made and repaint the rows that changed."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Self

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ...text import glyphs
from ...text.spans import Line
from ...views.frame.cache_keys import Same
from ...views.frame.layout import Box

if TYPE_CHECKING:
    from ...views.frame.pane import Pane
    from ...views.frame.scene import Scene

Palette = Mapping[str, Style]
#: The background colours that a widget stands on, as Textual has them.
Backdrop = tuple[Color, Color]


class Look(dict[str, Style]):
    """The palette's styles as they come to the screen: on a background, through Textual's filters. Each made once."""

    def __init__(self, widget: Widget, palette: Palette) -> None:
        super().__init__()
        self._base, self._palette = widget.rich_style, palette
        self._filters, self._background = widget.get_line_filters(), widget.background_colors[1]
        #: Of a row's empty end, and the widget's first row of lines.
        self.blank, self.top = self._filtered(self._base), widget.gutter.top

    def __missing__(self, name: str) -> Style:
        found = self[name] = self._filtered(self._base + self._palette[name])
        return found

    def _filtered(self, style: Style) -> Style:
        strip = Strip([Segment("x", style)])
        for each in self._filters:
            strip = strip.apply_filter(each, self._background)
        return next(iter(strip)).style or style


class Lines(Widget):
    """Lines of styled text; `show` repaints only the rows that differ from those on the screen.

    Rows do not go through Textual's cache of styles: it was 40 % of a frame's CPU, most of it for rows that had not
    changed and filters that had been applied before.
    """

    DEFAULT_CSS = "Lines { position: absolute; width: 100%; height: 1; }"

    def __init__(self, palette: Palette, *, id: str) -> None:
        #: The look and the rows of the widget on the screen, as long as what they depend on (the key) is the same.
        self._look: Look | None = None
        self._look_key: object = None
        self._rows: dict[int, list[Segment]] = {}
        #: The rows that differ from those on the screen.
        self._changed: set[int] = set()
        super().__init__(id=id)
        self._palette = palette
        self._lines: list[Line] = []
        #: The cells that each of the lines takes; 0 where nobody says.
        self._line_width = 0
        #: Where the widget was put last.
        self._box: Box | None = None

    def show(self, lines: list[Line], palette: Palette, width: int = 0) -> None:
        """Show other lines. width: the cells that each of them takes, where that is known."""
        before, recolour = self._lines, palette is not self._palette
        self._lines, self._palette, self._line_width = lines, palette, width
        if recolour or len(before) != len(lines):
            self.refresh()
            return
        if before != lines:
            top = self._look.top if self._look and self._look_key else self.gutter.top
            self._repaint([top + row for row, (old, new) in enumerate(zip(before, lines, strict=True)) if old != new])

    def take_changed(self, backdrop: Backdrop) -> list[tuple[int, list[Segment]]]:
        """(row of the widget, its segments) of all that differs from the screen; then it does not any more.

        backdrop: the background colours of what the widget stands in.
        """
        size, regions = self.outer_size, super()._exchange_repaint_regions()
        rows = self._changed.union(*[region.line_range for region in regions])
        self._changed.clear()
        look = self._current_look(backdrop)
        return [(y, self._made(y, look)) for y in rows if 0 <= y < size.height]

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

    def _repaint(self, rows: list[int]) -> None:
        """Make these rows of the widget anew, at the screen's next update.

        They go straight to the screen's list. Textual sends two messages for each widget, 16 a frame: 0.5 ms of CPU.
        """
        for y in rows:
            self._rows.pop(y, None)
        self._changed.update(rows)
        self._styles_cache.set_dirty(Region(0, rows[0], 1, rows[-1] + 1 - rows[0]))
        if self.is_mounted and self.display:
            self.screen._dirty_widgets.add(self)
            self.screen.check_idle()

    def _current_look(self, backdrop: Backdrop) -> Look:
        """The look; what was made in another one is forgotten. The widget's own styles: `refresh` tells of these."""
        key = (self.outer_size, backdrop, self._palette, self.app.theme)
        if self._look is None or self._look_key != key:
            self._look, self._look_key = Look(self, self._palette), key
            self._rows.clear()
        return self._look

    def _made(self, y: int, look: Look) -> list[Segment]:
        """A row as it comes to the screen, made once for as long as it stays what it is."""
        row = self._rows.get(y)
        if row is None:
            row = self._rows[y] = self._row(y, look)
        return row

    # -- Textual's side --------------------------------------------------------------------------------

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Textual's; the rows that are to be painted anew are made anew."""
        if repaint:
            if regions:
                top = self.gutter.top
                for y in {top + y for region in regions for y in region.line_range}:
                    self._rows.pop(y, None)
            else:
                self._look_key = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _exchange_repaint_regions(self) -> Collection[Region]:
        """Textual's compositor asks what has changed."""
        width = self.outer_size.width
        rows = [Region(0, y, width, 1) for y in self._changed]
        self._changed.clear()
        return [*super()._exchange_repaint_regions(), *rows]

    def render_line(self, y: int) -> Strip:
        """A line as Textual asks for it, before any filter."""
        line = self._lines[y] if y < len(self._lines) else []
        base = self.rich_style
        segments = [Segment(text, base + self._palette[style]) for text, style in line]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of the crop."""
        assert self.parent is not None
        look, width = self._current_look(self.parent.background_colors), self.outer_size.width
        strips = [Strip(self._made(y, look), width) for y in crop.line_range]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _row(self, y: int, look: Look) -> list[Segment]:
        """A row of the widget, as it comes to the screen."""
        return self._line(y, self.outer_size.width, look)

    def _line(self, y: int, width: int, look: Look) -> list[Segment]:
        """A line in exactly so many cells."""
        line = self._lines[y] if y < len(self._lines) else []
        segments = [Segment(text, look[style]) for text, style in line]
        if line and width == self._line_width:
            return segments
        return list(Strip(segments).adjust_cell_length(width, look.blank))


class Frame(NamedTuple):
    """What every pane is made of."""

    trace: Same
    width: int
    height: int
    palette: Palette
    place: str


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
        #: The frame's first row and one with its sides, as Textual makes them, in a look.
        self._edges: tuple[Look, list[Segment], list[Segment]] | None = None
        #: What the lines were made of: trace, size and palette; and what the pane reads beside these.
        self._frame: Frame | None = None
        self._reads: Hashable = None
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

        def __init__(self, pane: str, by: int) -> None:
            super().__init__()
            self.pane, self.by = pane, by

    def fill(self, pane: Pane, scene: Scene, palette: Palette, *, place: str = "", hasty: bool = False) -> bool:
        """Show a pane of a scene. Nothing is made where what the pane reads has not changed.

        place stands before its title (`layout.place`).
        hasty: another scene may follow at once. Then a pane that may wait stays what it is; whether it shows the scene.
        """
        assert self._box is not None
        width, height = self._box.width - 2, self._box.height - 2
        frame, reads = Frame(Same(scene.trace), width, height, palette, place), pane.reads(scene)
        if frame == self._frame:
            if reads is not None and reads == self._reads:
                return True
            if hasty and pane.may_wait:
                return False
        self._frame, self._reads = frame, reads
        self.entitle(place + pane.title(scene, width - 4 - len(place)))
        self.show(pane.view(scene, width, height), palette, width)
        return True

    def entitle(self, title: str) -> None:
        """Set the frame's title; a new one repaints the frame's first row alone, not the pane as Textual's setter."""
        text = glyphs.render(title)
        if self._title != text:
            self._title = text
            self._border_title = Content(text)
            self._repaint([0])

    def _row(self, y: int, look: Look) -> list[Segment]:
        """The frame is Textual's: its last row, the sides of the others, and what the first is made of."""
        width, height = self.outer_size
        if y == height - 1 or width < 3 or height < 3:
            return self._textual(y)
        if self._edges is None or self._edges[0] is not look:
            self._edges = look, self._textual(0), self._textual(1)
        _, top, side = self._edges
        if y == 0:
            return self._top(top, width)
        return [side[0], *self._line(y - 1, width - 2, look), side[-1]]

    def _top(self, row: list[Segment], width: int) -> list[Segment]:
        """The row of the title, put into what Textual made of another one: a new title is a frame's dearest row."""
        if len(row) == 5:  # corner, line, title, line, corner
            corner, line, title, rest, end = row
            room = width - 5 - cell_len(self._title)
            if self._title and room > 0:
                label = Segment(f" {self._title} ", title.style)
                return [corner, line, label, Segment(line.text * room, rest.style), end]
        return self._textual(0)

    def _textual(self, y: int) -> list[Segment]:
        return list(Widget.render_lines(self, Region(0, y, self.outer_size.width, 1))[0])

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
        self._scrolled(-1)

    def on_mouse_scroll_down(self) -> None:
        self._scrolled(1)

    def _scrolled(self, by: int) -> None:
        if self.id is not None:
            self.post_message(self.Scrolled(self.id, by))

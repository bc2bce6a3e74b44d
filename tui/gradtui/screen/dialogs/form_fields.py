"""The widgets of the form: one field, and the list that they stand in. What they show is made by `form_rows`."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from gradtui_engine.core.fields import Choice
from gradtui_engine.experiment.experiment import options

from ...text.glyphs import render
from ...text.spans import text_of
from . import form_model as model
from .form_rows import VALUE_WIDTH, Sheet, empty, rows, value_at
from .lines import Lines, Palette


class Fields(VerticalScroll, inherit_bindings=False, can_focus=False):
    """The list of fields: arrows go from field to field, and the list follows."""


class Entry(Input):
    """The line to type in, in the place of a field's value."""

    DEFAULT_CSS = """
    Entry { padding: 0 1 !important; background: $foreground 8%; }
    Entry:focus { background: $foreground 16%; background-tint: $foreground 0%; }
    """

    class Sought(Message):
        """A slash was typed where none can be meant: the person looks for a field."""

    def __init__(self, field: str) -> None:
        super().__init__(id=f"entry-{field}", compact=True)
        self._field = field
        # An edge of one cell: its text begins where a name does, two cells after an arrow's place.
        self.styles.margin = (0, 0, 0, value_at() + 1)

    def on_key(self, event: events.Key) -> None:
        if event.character == "/" and not model.is_path(self._field, self.value):
            event.stop()
            event.prevent_default()
            self.post_message(self.Sought())


class Field(Lines):
    """One field: a choice that ←/→ turn in place, or a line to type in."""

    DEFAULT_CSS = """
    Field { width: 100%; height: 1; }
    Field.current { background: $foreground 8%; }
    """
    BINDINGS = [
        Binding("left", "turn(-1)"),
        Binding("right", "turn(1)"),
        Binding("enter,space", "list"),
        Binding("backspace,delete", "leave_out"),
    ]

    def __init__(
        self, field: str, palette: Palette, edit: Callable[[str, str], None], ask: Callable[[str], None]
    ) -> None:
        """edit and ask are called at once, not told by message: the next key may already be on its way."""
        super().__init__(palette, id=f"field-{field}")
        self.field, self.text = field, ""
        self._edit, self._ask = edit, ask
        kind = options()[field].kind
        self._choice = bool(kind.names)
        self.entry = Entry(field) if not self._choice or (isinstance(kind, Choice) and kind.prefix) else None

    def compose(self) -> ComposeResult:
        if self.entry is not None:
            yield self.entry

    @property
    def editor(self) -> Widget:
        """What has the focus while the field is edited."""
        return self if self.entry is None or not self.entry.display else self.entry

    # -- showing -------------------------------------------------------------------------------------------

    def fill(self, sheet: Sheet, width: int, current: bool, palette: Palette) -> None:
        """Show what stands in the field now."""
        before, self.text = self.text, sheet.state.texts[self.field]
        lines = rows(sheet, self.field, width, current)
        if self.styles.height is None or self.styles.height.value != len(lines):
            self.styles.height = len(lines)
        self._open(sheet, width, self.text != before)
        self.set_class(current, "current")
        self.show(lines, palette)

    def _open(self, sheet: Sheet, width: int, changed: bool) -> None:
        """A line to type in, or a choice: `csv:` makes the one of the other, and the focus stays in the field.

        The line is written to only where the form has another text for it: it may be a letter ahead of the form.
        """
        is_open, typed = sheet.is_open(self.field), sheet.is_typed(self.field)
        entry, here = self.entry, self.has_focus or (self.entry is not None and self.entry.has_focus)
        self.can_focus = is_open and not typed
        if entry is None:
            return
        if typed and is_open:
            entry.display = True
            entry.styles.width = min(VALUE_WIDTH - 1, width - value_at() - 1)
            entry.placeholder = render(empty(sheet, self.field))
            if changed and entry.value != self.text:
                with entry.prevent(Input.Changed):
                    entry.value = self.text
                entry.cursor_position = len(self.text)
            if here and not entry.has_focus:
                self.screen.set_focus(entry)
                entry.cursor_position = len(self.text)
        else:
            if entry.has_focus and self.can_focus:
                self.screen.set_focus(self)
            entry.display = False

    # -- choosing ------------------------------------------------------------------------------------------

    def action_turn(self, by: int) -> None:
        self._choose(model.turn(self.field, self.text, by))

    def action_list(self) -> None:
        self._ask(self.field)

    def action_leave_out(self) -> None:
        if "" in options()[self.field].choices:
            self._choose("")

    def on_key(self, event: events.Key) -> None:
        """A letter goes to the next name that begins with it."""
        if self.has_focus and event.character is not None and event.character.isalnum():
            event.stop()
            self._choose(model.jump(self.field, self.text, event.character))

    def _choose(self, text: str) -> None:
        if text != self.text:
            self._edit(self.field, text)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._choose(event.input.value)

    def on_click(self, event: events.Click) -> None:
        """On an arrow: turn; on the name between them: the list; elsewhere: only the focus."""
        if event.widget is not self:
            return
        self.screen.set_focus(self.editor)
        offset = event.get_content_offset(self)
        if offset is None or offset.y > 0 or not self.can_focus:
            return
        start = value_at()
        line = text_of(self.lines[0]) if self.lines else ""
        value = line[len(set_cell_size(line, start)) :]
        end = start + cell_len(value[: value.find(" >") + 1])
        if offset.x in (start, start + 1):
            self.action_turn(-1)
        elif offset.x == end:
            self.action_turn(1)
        elif start < offset.x < end:
            self.action_list()

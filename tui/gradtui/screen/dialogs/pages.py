"""Pages to read: a text over nearly the whole screen."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from ...text.glyphs import render
from ...text.language import tr
from .dialogs import Modal, framed


class Page(Modal[None]):
    """A text to read, over nearly the whole screen."""

    DEFAULT_CSS = """
    Page { align: center middle; }
    Page > VerticalScroll { width: 90; max-width: 96%; height: 90%; border: round $foreground; background: $surface;
        padding: 0 1; }
    Page > VerticalScroll.ascii { border: ascii $foreground; }
    Page > VerticalScroll > Static { padding: 0 1 0 0; }
    """
    BINDINGS = [Binding(key, "dismiss", "close") for key in ("escape", "question_mark", "q", "enter")]

    def compose(self) -> ComposeResult:
        with VerticalScroll() as frame:
            framed(frame, self._title())
            yield Static(self._text())

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def _title(self) -> str:
        raise NotImplementedError

    def _text(self) -> RenderableType:
        raise NotImplementedError


class PlainText(Page):
    """A pane in words, as it is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._plain = text

    def _title(self) -> str:
        return tr("plain text · ↑↓ to scroll, esc to close")

    def _text(self) -> Text:
        return Text(render(self._plain))

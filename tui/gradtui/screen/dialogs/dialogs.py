"""The dialogs: help, a choice out of a table, a value for a field. Each returns its answer; none changes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option as Entry

from gradtui_engine.core.fields import Rejected, Value
from gradtui_engine.core.options import Option
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.data.datasets import CSV

from ...text import glyphs
from ...text.describe import About, about, label
from ...text.glyphs import render
from ...text.language import tr
from ...text.spans import padded
from .form_model import parse

#: Columns of a picker's names; the longest, truncated_normal, takes 16.
_NAMES = 17


def framed(frame: Widget, title: str) -> None:
    """Give a dialog's frame its title, and lines that the terminal has."""
    frame.border_title = render(title)
    frame.set_class(glyphs.current() != glyphs.BLOCK, "ascii")


class Modal(ModalScreen[ScreenResultType]):
    """A screen that answers once: enter and escape can both be in the queue when the first of them closes it."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.app.screen is self else AwaitComplete.nothing()  # type: ignore[no-untyped-call]


class Dialog(Modal[str | None]):
    """A frame at the bottom right, so that the bars stay in sight."""

    DEFAULT_CSS = """
    Dialog { align: right bottom; background: $background 0%; }
    Dialog > Vertical { width: 64; max-width: 90%; height: auto; max-height: 100%; border: round $foreground;
        background: $surface; padding: 0 1; margin: 0 1 0 1; }
    Dialog > Vertical.ascii { border: ascii $foreground; }
    Dialog Label.problem { color: $text-error; width: 100%; }
    Dialog Label.about { color: $text-muted; width: 100%; height: auto; }
    Dialog OptionList { height: auto; max-height: 50vh; border: none; padding: 0; background: $surface; }
    Dialog OptionList:focus { border: none; }
    Dialog Input { border: tall $border-blurred; }
    Dialog > .ascii Input { border: ascii $border-blurred; }
    """
    BINDINGS = [Binding("escape", "cancel", "cancel")]

    def action_cancel(self) -> None:
        self.dismiss(None)


class Picker(Dialog):
    """Choose a name; while the highlight moves, `preview` is told, so that the screen can show it.

    A letter goes to the next name that begins with it. The name "" stands for leaving the field out. said is what is
    to be told of each name; without it, what the engine's tables tell of the field's names.
    """

    def __init__(
        self,
        field: str,
        names: tuple[str, ...],
        current: str,
        preview: Callable[[str], None],
        said: Mapping[str, About] | None = None,
        title: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._said = {name: about(field, name) for name in names} if said is None else said
        self._field, self._names, self._current, self._preview = field, names, current, preview

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            framed(frame, self._title or self._title_of_field())
            yield OptionList(*(Entry(self._row(name), id=str(n)) for n, name in enumerate(self._names)))
            yield Label("", classes="about")

    def _title_of_field(self) -> str:
        return tr("{field} · ↑↓ to try, enter to keep, esc to go back", field=label(self._field))

    def _row(self, name: str) -> Text:
        """A name, and what it is; without a name, that it follows from the others."""
        shown = name or tr("auto")
        said = tr(self._said[name].formula) if name else tr("left out: it follows from the others")
        return Text.assemble((padded(shown, _NAMES), "bold"), (render(said), "dim"))

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        current = CSV if self._current.startswith(PREFIX) else self._current
        options.highlighted = self._names.index(current) if current in self._names else 0
        options.focus()

    def on_key(self, event: events.Key) -> None:
        """A letter jumps; OptionList has no use for letters."""
        letter = (event.character or "").lower()
        options = self.query_one(OptionList)
        if not letter.isalnum() or options.highlighted is None:
            return
        event.stop()
        here = options.highlighted
        order = [(here + step) % len(self._names) for step in range(1, len(self._names) + 1)]
        options.highlighted = next((number for number in order if self._names[number].lower().startswith(letter)), here)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        name = self._names[event.option_index]
        note = self._said[name].note
        self.query_one(Label).update(Text(render(tr(note)) if note else ""))
        if name != CSV:
            self._preview(name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._names[event.option_index])


class Ask(Dialog):
    """Ask for a line of text; check says what is wrong with it, under it, while it is typed."""

    def __init__(self, title: str, text: str, check: Callable[[str], str], start: str = "") -> None:
        super().__init__()
        self._title, self._text, self._check, self._start = title, text, check, start

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            framed(frame, tr("{field} · enter to set, esc to go back", field=self._title))
            yield Label(Text(render(self._text)), classes="about")
            yield Input(self._start)
            yield Label("", classes="problem")

    def on_mount(self) -> None:
        box = self.query_one(Input)
        box.focus()
        box.action_select_all()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        problem = self._check(event.value.strip())
        if problem:
            self.query_one(".problem", Label).update(Text(render(problem)))
            event.input.action_select_all()
        else:
            self.dismiss(event.value.strip())


class Prompt(Dialog):
    """Type a value; what is wrong with it is said under it while it is typed, and nothing is lost."""

    def __init__(self, field: str, option: Option, current: Value, check: Callable[[str, Value], str],
                 without: Value = None) -> None:  # fmt: skip
        """without: what the field comes to where it is left empty."""
        super().__init__()
        self._field, self._option, self._check = field, option, check
        self._without = "" if without is None else tr("auto: {value}", value=without)
        self._start = "" if current is None else str(current)

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            framed(frame, tr("{field} · enter to set, esc to go back", field=label(self._field)))
            yield Input(self._start, placeholder=self._without)
            yield Label(Text(render(self._help())), classes="about")
            yield Label("", classes="problem")

    def _help(self) -> str:
        help, allowed = tr(self._option.help), tr(self._option.kind.allowed)
        if self._option.is_optional:
            return tr("{help}: {allowed}; empty: none", help=help, allowed=allowed)
        return tr("{help}: {allowed}", help=help, allowed=allowed)

    def on_mount(self) -> None:
        box = self.query_one(Input)
        box.focus()
        box.action_select_all()

    def on_input_changed(self, event: Input.Changed) -> None:
        """What the text itself gives away is said at once; the start needs no comment."""
        if event.value != self._start:
            self._say(self._read(event.value)[1])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        value, problem = self._read(event.value)
        problem = problem or self._check(self._field, value)
        if problem:
            self._say(problem)
            event.input.action_select_all()
        else:
            self.dismiss(event.value.strip())

    def _read(self, typed: str) -> tuple[Value, str]:
        """The value of the text and what is wrong with it. An optional field may be empty: it is left out then."""
        try:
            return parse(self._field, typed), ""
        except Rejected as error:
            return None, error.message

    def _say(self, problem: str) -> None:
        self.query_one(".problem", Label).update(Text(render(tr(problem)) if problem else ""))


class Page(Modal[None]):
    """A text to read, over nearly the whole screen."""

    DEFAULT_CSS = """
    Page { align: center middle; }
    Page > VerticalScroll { width: 90; max-width: 96%; height: 90%; border: round $foreground; background: $surface;
        padding: 0 1; }
    Page > VerticalScroll.ascii { border: ascii $foreground; }
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

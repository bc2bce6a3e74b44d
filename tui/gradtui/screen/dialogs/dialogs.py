"""The dialogs: a choice out of a table, a line of text, a value. Each returns its answer; none changes anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option as Entry

from gradtui_engine.core.fields import Rejected, Value
from gradtui_engine.core.options import Option
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.data.datasets import CSV

from ...model.panes_of import panes_of
from ...model.shown import OF_B
from ...text import glyphs
from ...text.describe import About, about, label
from ...text.glyphs import render
from ...text.language import tr
from ...text.spans import padded, text_of, width_of, wrap
from ...views.arrangement import beside
from ...views.frame.layout import Box
from ..host import Host
from .form_model import parse
from .lines import broken

#: A dialog's width where there is room, and what frame and padding take of it.
_WIDTH, _AROUND = 64, 4
#: What is said of the first key in a title.
_FIRST_KEY = re.compile("[^,，]*[,，] ?")
#: Columns from which what a name is stands beside it; with fewer it stands under the list, of the highlighted one.
_BESIDE = 30
#: The least rows of a picker's list.
_LEAST_ROWS = 3


def framed(frame: Widget, title: str) -> None:
    """Give a dialog's frame its title, and lines that the terminal has."""
    titled(frame, title)
    frame.set_class(glyphs.current() != glyphs.BLOCK, "ascii")


def titled(frame: Widget, title: str, width: int | None = None) -> None:
    """The title on the upper line; where it is too wide, its keys, which stand behind the first dot, on the lower,
    without the first of them where even that is too narrow: how to leave is said last."""
    name, _, keys = title.partition(" · ")
    fits = width is None or width_of([(title, "")]) <= width
    while width is not None and width_of([(keys, "")]) > width:
        keys = _FIRST_KEY.sub("", keys, count=1) if _FIRST_KEY.match(keys) else ""
    frame.border_title = render(title if fits else name)
    frame.border_subtitle = "" if fits else render(keys)


class Modal(ModalScreen[ScreenResultType]):
    """A screen that answers once: enter and escape can both be in the queue when the first of them closes it."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.app.screen is self else AwaitComplete.nothing()  # type: ignore[no-untyped-call]


class Dialog(Modal[str | None]):
    """A frame at the bottom, beside or under what it changes, so that the picture stays in sight."""

    #: The pane that it must not cover, where that is not what it changes.
    about = ""

    DEFAULT_CSS = """
    Dialog { align: right bottom; background: $background 0%; }
    Dialog > Vertical { height: auto; border: round $foreground; background: $surface; padding: 0 1; }
    Dialog > Vertical.ascii { border: ascii $foreground; }
    Dialog Label.problem { color: $text-error; width: 100%; }
    Dialog Label.about { color: $text-muted; width: 100%; height: auto; }
    Dialog OptionList { height: auto; border: none; padding: 0; background: $surface; }
    Dialog OptionList:focus { border: none; }
    Dialog Input { border: tall $border-blurred; }
    Dialog > .ascii Input { border: ascii $border-blurred; }
    """
    BINDINGS = [Binding("escape", "cancel", "cancel")]

    def action_cancel(self) -> None:
        self.dismiss(None)

    def on_mount(self) -> None:
        self._stand()

    def on_resize(self) -> None:
        self._stand()

    def _stand(self) -> None:
        """Take its place in the room that there is."""
        room, size = self._room(), self.app.size
        frame = self.query_one(Vertical)
        frame.styles.width, frame.styles.max_height = min(_WIDTH, room.width), room.height
        frame.styles.offset = (0, min(room.y + room.height - size.height, 0))
        self.styles.align_horizontal = "left" if room.x == 0 and room.width < size.width else "right"
        width, height = self._inside()
        titled(frame, self.named(), width - 2)
        self.fit(width, height)

    def _room(self) -> Box:
        """What is left of the screen beside the picture of what the keys change."""
        size = self.app.size
        if not isinstance(self.app, Host):
            return Box(0, 0, *size)
        state = self.app.state
        picture = self.about or (state.pane if state.pane in OF_B else panes_of(state)[0])
        return beside(state, *size, picture)

    def _inside(self) -> tuple[int, int]:
        """Columns and rows inside of the frame, at most."""
        room = self._room()
        return min(_WIDTH, room.width) - _AROUND, room.height - 2

    def named(self) -> str:
        """What it is called, and its keys behind a dot."""
        raise NotImplementedError

    def fit(self, width: int, height: int) -> None:
        """Make the content as large as the frame can be inside."""


class Picker(Dialog):
    """Choose a name; while the highlight moves, `preview` is told, so that the screen can show it.

    A letter goes to the next name that begins with it. The name "" stands for leaving the field out. said is what is
    to be told of each name; without it, what the engine's tables tell of the field's names. called is what stands for a
    name in the list.
    """

    def __init__(
        self,
        field: str,
        names: tuple[str, ...],
        current: str,
        preview: Callable[[str], None],
        said: Mapping[str, About] | None = None,
        title: str = "",
        called: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._called = title, called or {}
        self._said = {name: about(field, name) for name in names} if said is None else said
        self._field, self._names, self._current, self._preview = field, names, current, preview

    def compose(self) -> ComposeResult:
        width, _ = self._inside()
        with Vertical() as frame:
            framed(frame, self.named())
            yield OptionList(*(Entry(self._row(name, width), id=str(n)) for n, name in enumerate(self._names)))
            yield Label("", classes="about")

    def named(self) -> str:
        return self._title or tr("{field} · ↑↓ to try, enter to keep, esc to go back", field=label(self._field))

    def _formula(self, name: str) -> str:
        """What a name is; without a name, that it follows from the others."""
        return tr(self._said[name].formula) if name else tr("left out: it follows from the others")

    def _shown(self, name: str) -> str:
        return self._called.get(name, name) or tr("auto")

    def _is_beside(self, width: int) -> bool:
        """Whether what a name is has room beside it: in one line of all of them, or in lines that are wide enough."""
        room = width - self._names_width
        return room >= _BESIDE or all(width_of([(self._formula(name), "")]) <= room for name in self._names)

    @property
    def _names_width(self) -> int:
        return max(width_of([(self._shown(name), "")]) for name in self._names) + 2

    def _row(self, name: str, width: int) -> Text:
        """A name, and what it is in a column of its own."""
        row = Text(render(padded(self._shown(name), self._names_width)), "bold")
        if not self._is_beside(width):
            return row
        for number, line in enumerate(wrap(self._formula(name), width - self._names_width)):
            row.append(("\n" + " " * self._names_width if number else "") + text_of(line).rstrip(), "not bold")
        return row

    def _note(self, name: str, width: int) -> str:
        """What stands under the list: what there is no room for beside the name, and what is to be told of it."""
        note = tr(self._said[name].note) if self._said[name].note else ""
        return note if self._is_beside(width) else "\n".join(filter(None, (self._formula(name), note)))

    def fit(self, width: int, height: int) -> None:
        """What is told has the rows of the longest text, so that the list stands still; the list has the rest."""
        texts = [self._note(name, width).splitlines() for name in self._names]
        told = max(sum(len(wrap(line, width)) for line in lines) for lines in texts)
        told = min(told, height - _LEAST_ROWS)
        options = self.query_one(OptionList)
        options.styles.max_height = height - told
        self.query_one(Label).styles.height = told
        for number, name in enumerate(self._names):
            options.replace_option_prompt_at_index(number, self._row(name, width))

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
        width, _ = self._inside()
        self.query_one(Label).update(Text(broken(self._note(name, width), width)))
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
            framed(frame, self.named())
            yield Label(Text(render(self._text)), classes="about")
            yield Input(self._start)
            yield Label("", classes="problem")

    def named(self) -> str:
        return tr("{field} · enter to set, esc to go back", field=self._title)

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
            framed(frame, self.named())
            yield Input(self._start, placeholder=self._without)
            yield Label(Text(render(self._help())), classes="about")
            yield Label("", classes="problem")

    def named(self) -> str:
        return tr("{field} · enter to set, esc to go back", field=label(self._field))

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

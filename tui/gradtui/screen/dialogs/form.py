"""The form: every field of the experiment, edited in place, shown behind it as soon as the whole is valid."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.timer import Timer
from textual.widgets import Input

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.data.datasets import CSV
from gradtui_engine.experiment.experiment import options

from ...text.glyphs import render
from ...text.language import tr
from ...text.spans import Line, first_title, fit
from ...views.arrangement import FOOTER, HEADER, TIMELINE
from ...views.frame.layout import bars_width
from ..themes import styles_of
from . import form_model as model
from .dialogs import Modal, Picker, framed
from .form_fields import Entry, Field, Fields
from .form_rows import WRONG, Sheet, detail, ends_with_title, heading, indented, status
from .lines import Lines, Palette

#: Seconds without a key after which what was typed is tried: shorter than a glance at the bars, longer than a letter.
DELAY = 0.15
#: Columns of the screen from which the form leaves the bars in sight, and from which it has two columns itself.
_BESIDE_FROM, _TWO_FROM = 100, 180
#: Its width then. One column holds a name (18), a value (24) and a short note (16).
_WIDTH, _WIDTH_OF_TWO = 64, 120
#: What frame, padding and scroll bar take of the width; what stands between two columns.
_AROUND, _BETWEEN = 5, 2
#: What the frame and its padding alone take, and the blanks around a text in the frame.
_FRAME, _BLANKS = 4, 2
#: Rows of the frame.
_EDGES = 2
#: Rows of the screen from which the help has a rule above it, and the header stays in sight.
_TALL = 20
#: Lines of help, by the least rows of the screen: meaning, what is allowed, and what a note needs.
_DETAIL = ((30, 5), (_TALL, 3), (0, 2))
#: Fields that page up and page down pass.
_PAGE = 8


class Form(Modal[Experiment | None]):
    """Edit an experiment. Returns the one to keep, None where the one of the start was put back.

    apply is told each valid experiment, a moment after the last key; verify raises ExperimentError for what cannot
    be seen in the fields alone: a size that is impossible, a file's faults.
    """

    DEFAULT_CSS = f"""
    Form {{ align: right top; background: $background 0%; }}
    Form #form {{ width: 100%; height: 100%; border: round $foreground; background: $surface; padding: 0 1; }}
    Form #form.beside {{ width: {_WIDTH}; }}
    Form #form.two {{ width: {_WIDTH_OF_TWO}; }}
    Form #form.ascii {{ border: ascii $foreground; }}
    Form #find {{ padding: 0 1; margin: 0 0 0 0; background: $foreground 12%; display: none; }}
    Form Fields {{ height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }}
    Form #columns {{ height: auto; layout: vertical; }}
    Form .two #columns {{ layout: horizontal; }}
    Form .column {{ height: auto; width: 100%; }}
    """
    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("escape", "back", priority=True),
        Binding("ctrl+s", "keep", priority=True),
        Binding("enter", "keep"),
        Binding("ctrl+r", "reset", priority=True),
        Binding("ctrl+o", "undo", priority=True),
        Binding("ctrl+t", "hide", priority=True),
        Binding("ctrl+f", "find", priority=True),
        Binding("slash", "find"),
        Binding("up,shift+tab", "step(-1)"),
        Binding("down,tab", "step(1)"),
        Binding("pageup", f"step(-{_PAGE}, False)"),
        Binding("pagedown", f"step({_PAGE}, False)"),
    ]

    def __init__(
        self,
        experiment: Experiment,
        apply: Callable[[Experiment], None],
        verify: Callable[[Experiment], None],
        field: str = "cell",
    ) -> None:
        super().__init__()
        self._tell, self._verify, self._current = apply, verify, field
        self._sheet = Sheet.of(model.of(experiment))
        self._start = self._applied = experiment
        self._waiting: Timer | None = None
        self._only_open = False
        self._width = self._inside = self._rows = 0
        self._fields: dict[str, Field] = {}

    # -- building and drawing --------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        colours = self._colours()
        with Vertical(id="form"):
            yield Input(id="find", compact=True, placeholder=render(tr("find a field: part of its name or help")))
            yield Lines(colours, id="beyond")
            with Fields(), Container(id="columns"):
                for column in (0, 1):
                    with Vertical(classes="column"):
                        for number, group in enumerate(model.GROUPS):
                            if group in model.groups_of_column(column):
                                yield Lines(colours, id=f"group-{number}")
                                for field in model.GROUPS[group]:
                                    yield Field(field, colours, self._edit, self._ask)
            yield Lines(colours, id="detail")

    def _colours(self) -> Palette:
        return styles_of(self.app.current_theme)

    def on_mount(self) -> None:
        self._fields = {field.field: field for field in self.query(Field)}
        self._arrange()
        self._focus(self._current if self._sheet.is_open(self._current) else "cell")

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Beside the bars or over all of them, in one column or two."""
        width, height = self.app.size
        frame = self.query_one("#form")
        two, beside = width >= _TWO_FROM, width >= _BESIDE_FROM
        frame.set_class(two, "two")
        frame.set_class(beside and not two, "beside")
        # The header says what is wrong with the network: where there is room it stays in sight.
        # So do timeline and footer, which a form beside them would cut in the middle of a word.
        above, below = (HEADER, TIMELINE + FOOTER) if beside and height >= _TALL else (0, 0)
        frame.styles.margin = (above, 0, below, 0)
        self._rows = height - above - below - _EDGES
        # From the bars' right edge on, or nothing but slivers of the panes would be left between.
        across = max(_WIDTH_OF_TWO if two else _WIDTH, width - bars_width(width)) if beside else width
        frame.styles.width = across
        room = across - _AROUND
        self._inside = across - _FRAME
        self._width = (room - _BETWEEN) // 2 if two else room
        for column in self.query(".column"):
            column.styles.width = self._width + (_BETWEEN if two else 0)
            column.styles.padding = (0, _BETWEEN if two else 0, 0, 0)
        self._draw()

    def _draw(self) -> None:
        if not self._width:
            return
        sheet, colours = self._sheet, self._colours()
        words = self._words()
        for name, field in self._fields.items():
            field.fill(sheet, self._width, name == self._current, colours)
            wanted = not self._only_open or sheet.is_open(name)
            field.display = wanted and model.found(name, words, tr(options()[name].help))
        for number, (group, names) in enumerate(model.GROUPS.items()):
            title = self.query_one(f"#group-{number}", Lines)
            title.show(heading(group, self._width), colours)
            title.display = any(self._fields[name].display for name in names)
        frame, room = self.query_one("#form"), self._inside
        beyond = self._beyond(room)
        self._put("beyond", beyond)
        rows = self.app.size.height
        most = next(lines for least, lines in _DETAIL if rows >= least)
        rule: list[Line] = [fit([("─" * room, "dim")], room)] if rows >= _TALL else []
        # A title whose fields are out of sight says nothing: its row is the detail's.
        shown = [[len(field.lines) for name in names if (field := self._fields[name]).display]
                 for names in model.GROUPS.values()]  # fmt: skip
        most += ends_with_title(shown, self._rows - len(beyond) - len(rule) - most)
        self._put("detail", [*rule, *detail(sheet, self._current, room, most)])
        framed(frame, first_title(room - _BLANKS, f"{tr('experiment')} · {status(sheet)}", status(sheet)))
        frame.border_subtitle = render(first_title(room - _BLANKS, *self._keys()))

    def _put(self, name: str, lines: list[Line]) -> None:
        widget = self.query_one(f"#{name}", Lines)
        widget.display = bool(lines)
        widget.styles.height = len(lines)
        widget.show(lines, self._colours())

    def _beyond(self, width: int) -> list[Line]:
        """What is wrong with no field in particular: the size of the whole."""
        return [
            line
            for name, problems in self._sheet.problems.items()
            if name not in self._fields
            for problem in problems
            for line in indented(WRONG, tr(problem), width, "broken")
        ]

    def _keys(self) -> tuple[str, ...]:
        """The keys that matter here, for the frame; the longest first."""
        if self._words():
            return tr("enter: the first one found · esc: all fields"), tr("esc: all fields")
        if self._sheet.is_typed(self._current):
            return (
                tr("enter keep · esc put back · ctrl+r default · ctrl+o as it was · / find · ctrl+t hide"),
                tr("enter keep · esc put back · ctrl+r default · / find"),
                tr("enter keep · esc put back"),
            )
        return (
            tr("←→ change · enter list · ctrl+s keep · esc put back · ctrl+r default · / find"),
            tr("←→ change · enter list · ctrl+s keep · esc put back"),
            tr("ctrl+s keep · esc put back"),
        )

    # -- editing ---------------------------------------------------------------------------------------

    def _edit(self, field: str, text: str) -> None:
        if text != self._sheet.state.texts[field]:
            self._change(model.edit(self._sheet.state, field, text))

    def _change(self, state: model.FormState) -> None:
        """Show what is wrong at once, and what is right a moment after the last key."""
        self._sheet = Sheet.of(state)
        self._draw()
        self._stop_waiting()
        self._waiting = self.set_timer(DELAY, self._settle)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None

    def _settle(self) -> bool:
        """Apply what the form says, if it is an experiment that can be built; whether it is."""
        self._stop_waiting()
        experiment = self._sheet.reading.experiment
        if experiment is None:
            return False
        if experiment == self._applied:
            return True
        try:
            self._verify(experiment)
        except ExperimentError as error:
            refused: dict[str, tuple[str, ...]] = {}
            for problem in error.problems:
                refused[problem.field] = (*refused.get(problem.field, ()), problem.message)
            self._sheet = Sheet.of(self._sheet.state, refused)
            self._draw()
            return False
        self._applied = experiment
        self._tell(experiment)
        return True

    def _ask(self, field: str) -> None:
        """Open the whole list of a field's names; what is highlighted in it is tried."""
        before = self._sheet.state.texts[field]

        def answered(name: str | None) -> None:
            text = before if name is None else name
            self._edit(field, (before if model.is_path(field, before) else PREFIX) if text == CSV else text)
            self._focus(field)

        names = options()[field].choices
        self.app.push_screen(Picker(field, names, before, lambda name: self._edit(field, name)), answered)

    def action_reset(self) -> None:
        self._change(model.reset(self._sheet.state, self._current))

    def action_undo(self) -> None:
        self._change(model.undo(self._sheet.state, self._current))

    # -- going from field to field ---------------------------------------------------------------------

    def _shown(self) -> list[str]:
        """The fields that can be gone to, from top to bottom."""
        order = (name for names in model.GROUPS.values() for name in names)
        return [name for name in order if self._fields[name].display and self._sheet.is_open(name)]

    def action_step(self, by: int, round: bool = True) -> None:
        shown = self._shown()
        if not shown:
            return
        if self._finding:
            self._focus(shown[0 if by > 0 else -1])
            return
        here = shown.index(self._current) if self._current in shown else 0
        self._focus(shown[(here + by) % len(shown) if round else max(0, min(here + by, len(shown) - 1))])

    def _focus(self, name: str) -> None:
        field = self._fields[name]
        self.set_focus(field.editor)
        field.scroll_visible(animate=False)
        self._come_to(name)

    def _come_to(self, name: str) -> None:
        if name != self._current:
            self._current = name
            self._draw()

    def on_descendant_focus(self) -> None:
        """The mouse has gone to a field. What has the focus now counts, as keys may have been faster than the event."""
        focused = [name for name, field in self._fields.items() if self.focused in (field, field.entry)]
        if focused and self.focused is not None:
            self._come_to(focused[0])

    # -- finding ---------------------------------------------------------------------------------------

    @property
    def _finding(self) -> bool:
        return self.query_one("#find", Input).has_focus

    def _words(self) -> str:
        box = self.query_one("#find", Input)
        return box.value if box.display else ""

    @on(Entry.Sought)
    def action_find(self) -> None:
        box = self.query_one("#find", Input)
        box.display = True
        self.set_focus(box)

    @on(Input.Changed, "#find")
    def _found(self, event: Input.Changed) -> None:
        event.stop()
        self._draw()

    def action_hide(self) -> None:
        """Only the fields that mean something for this network, or all of them."""
        self._only_open = not self._only_open
        self._draw()

    # -- leaving ---------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def action_keep(self) -> None:
        """Close, if nothing is wrong; else go to the first field that is."""
        if self._finding:
            self.action_step(1)
        elif self._settle():
            self.dismiss(self._applied)
        else:
            self.app.bell()
            wrong = [name for name in self._fields if name in self._sheet.problems]
            self._show_all()
            self._focus(wrong[0] if wrong else self._current)

    def action_back(self) -> None:
        """From a search to all fields; else put back the experiment of the start and close."""
        if self.query_one("#find", Input).display:
            self._show_all()
            self._focus(self._current)
            return
        self._stop_waiting()
        if self._applied != self._start:
            self._tell(self._start)
        self.dismiss(None)

    def _show_all(self) -> None:
        box = self.query_one("#find", Input)
        box.value, box.display = "", False
        self._draw()

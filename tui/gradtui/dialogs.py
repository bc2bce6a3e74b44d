"""The dialogs: help, a choice out of a table, a value for a field. Each returns its answer; none changes anything."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option as Row

from gradtui_engine.activations import ACTIVATIONS
from gradtui_engine.cells import CELLS
from gradtui_engine.clipping import CLIPPINGS
from gradtui_engine.datasets import CSV, DATA_SETS
from gradtui_engine.experiment import is_optional
from gradtui_engine.initialisers import INITIALISERS
from gradtui_engine.losses import LOSSES
from gradtui_engine.mlp import BLOCKS
from gradtui_engine.normalisation import NORMALISATIONS
from gradtui_engine.optimisers import OPTIMISERS
from gradtui_engine.options import Option, Rejected, Value
from gradtui_engine.tabular import PREFIX

from .commands import groups, key_name
from .views.panes import TABLE

#: What a picker says of each name: formula (or description) and note, from the tables themselves.
_ABOUT: dict[str, dict[str, tuple[str, str]]] = {
    "activation": {row.name: (row.formula, row.note) for row in ACTIVATIONS.values()},
    "init": {row.name: (row.formula, row.note) for row in INITIALISERS.values()},
    "cell": {row.name: (row.formula, row.note) for row in CELLS.values()},
    "data": {row.name: (row.description, row.note) for row in DATA_SETS.values()},
    "norm": {row.name: (row.formula, row.note) for row in NORMALISATIONS.values()},
    "residual_block": {row.name: (row.formula, row.note) for row in BLOCKS.values()},
    "loss": {row.name: (row.formula, row.note) for row in LOSSES.values()},
    "clip": {row.name: (row.formula, row.note) for row in CLIPPINGS.values()},
    "optimizer": {row.name: (row.formula, row.note) for row in OPTIMISERS.values()},
}


class Dialog(ModalScreen[str | None]):
    """A frame at the bottom right, so that the bars stay in sight."""

    DEFAULT_CSS = """
    Dialog { align: right bottom; background: $background 0%; }
    Dialog > Vertical { width: 64; max-width: 90%; height: auto; max-height: 100%; border: round $border;
        background: $surface; padding: 0 1; margin: 0 1 0 1; }
    Dialog Label.problem { color: $text-error; width: 100%; }
    Dialog Label.about { color: $text-muted; width: 100%; height: auto; }
    Dialog OptionList { height: auto; max-height: 50vh; border: none; padding: 0; background: $surface; }
    Dialog OptionList:focus { border: none; }
    Dialog Input { border: tall $border-blurred; }
    """
    BINDINGS = [Binding("escape", "cancel", "cancel")]

    def action_cancel(self) -> None:
        self.dismiss(None)


class Picker(Dialog):
    """Choose a name; while the highlight moves, `preview` is told, so that the screen can show it."""

    def __init__(self, field: str, names: tuple[str, ...], current: str, preview: Callable[[str], None]) -> None:
        super().__init__()
        self._field, self._names, self._current, self._preview = field, names, current, preview

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = f"{self._field.replace('_', ' ')} · ↑↓ to try, enter to keep, esc to go back"
            yield OptionList(*(Row(self._row(name), id=str(n)) for n, name in enumerate(self._names)))
            yield Label("", classes="about")

    def _row(self, name: str) -> Text:
        about = _ABOUT.get(self._field, {}).get(name, ("", ""))[0]
        return Text.assemble((f"{name:<15}", "bold"), " ", (about, "dim"))

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        current = CSV if self._current.startswith(PREFIX) else self._current
        options.highlighted = self._names.index(current) if current in self._names else 0
        options.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        name = self._names[event.option_index]
        self.query_one(Label).update(_ABOUT.get(self._field, {}).get(name, ("", ""))[1])
        if name != CSV:
            self._preview(name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._names[event.option_index])


class Prompt(Dialog):
    """Type a value; what is wrong with it is said under it, and nothing is lost."""

    def __init__(self, field: str, option: Option, current: Value, check: Callable[[str, Value], str]) -> None:
        super().__init__()
        self._field, self._option, self._current, self._check = field, option, current, check

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = f"{self._field.replace('_', ' ')} · enter to set, esc to go back"
            yield Input("" if self._current is None else str(self._current))
            empty = "; empty: none" if is_optional(self._field) else ""
            yield Label(f"{self._option.help}: {self._option.kind.allowed}{empty}", classes="about")
            yield Label("", classes="problem")

    def on_mount(self) -> None:
        box = self.query_one(Input)
        box.focus()
        box.action_select_all()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        try:
            # An optional field that is left empty follows from the others, or is not used.
            value = None if not text and is_optional(self._field) else self._option.kind.parse(text)
            problem = self._check(self._field, value)
        except Rejected as error:
            problem = str(error)
        if problem:
            self.query_one(".problem", Label).update(Text(problem))
            event.input.action_select_all()
        else:
            self.dismiss(text)


class Help(ModalScreen[None]):
    """Every key, and what each pane means."""

    DEFAULT_CSS = """
    Help { align: center middle; }
    Help > VerticalScroll { width: 90; max-width: 96%; height: 90%; border: round $border; background: $surface;
        padding: 0 1; }
    """
    BINDINGS = [Binding(key, "dismiss", "close") for key in ("escape", "question_mark", "q", "enter")]

    def __init__(self, pane: str) -> None:
        super().__init__()
        self._pane = pane

    def compose(self) -> ComposeResult:
        with VerticalScroll() as frame:
            frame.border_title = "help · ↑↓ to scroll, esc to close"
            yield Static(self._text())

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def _text(self) -> Text:
        text = Text()
        text.append("The one idea\n", "bold underline")
        text.append(
            "Backpropagation multiplies: the gradient at a stage is the gradient at the output times one factor for "
            "every stage it passed. Below 1 on average it vanishes, above 1 it explodes. Every cure keeps "
            "the product near 1.\n\n"
        )
        text.append("This pane\n", "bold underline")
        text.append(f"{TABLE[self._pane].help}\n\n")
        for group, commands in groups().items():
            text.append(f"{group}\n", "bold underline")
            for each in commands:
                keys = " ".join(key_name(key) for key in each.keys)
                text.append(f"  {keys:<14}", "bold")
                text.append(f"{each.help}\n")
            text.append("\n")
        text.append("The panes\n", "bold underline")
        for name, pane in TABLE.items():
            if name != self._pane:
                text.append(f"  {name}: ", "bold")
                text.append(f"{pane.help}\n")
        return text

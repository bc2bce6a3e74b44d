"""The help: what the focused pane means, what the view is for, and every key that works."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rich.console import Group
from rich.style import Style
from rich.table import Column, Table
from rich.text import Text
from textual import events

from gradtui_engine.core.message import English

from ...model.commands import COMMANDS, Command
from ...model.keys import groups, keys_of, shown_keys
from ...model.lecture import ways_in
from ...model.panes_of import panes_of
from ...model.permissions import OPEN, Permissions
from ...model.state import State
from ...text.glyphs import render
from ...text.language import tr
from ...text.meanings import legend
from ...text.summary import MARKS, kind_name, kind_says
from ...views.catalogue import PANES, VIEWS
from ...views.frame.quantities import QUANTITIES
from ...views.frame.verdict import style_of
from .lines import Wrapped
from .pages import Page

IDEA: English = (
    "Backpropagation multiplies: the gradient at a stage is the gradient at the output times one factor for "
    "every stage it passed. Below 1 on average it vanishes, above 1 it explodes. Every cure keeps "
    "the product near 1."
)
GREY: English = "All else is grey: what has no verdict is told apart by glyph, letter and place."
#: What is drawn in a colour to show it.
_SAMPLE = "██████"
#: Columns of the keys.
_KEYS = 14


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and rows of (what stands in front, text); styles are those of the fronts, where they have any."""

    title: str
    rows: tuple[tuple[str, str], ...]
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is on the screen that wants explaining: the styles, and the kinds of verdict."""

    styles: Collection[str] = ()
    kinds: Collection[str] = ()


def sections(state: State, permissions: Permissions = OPEN, drawn: Drawn = Drawn()) -> tuple[Section, ...]:
    """The focused pane first: who asks for help asks about what is in front of them.

    What the colours and the verdicts mean that are drawn is explained.
    """
    view = VIEWS[state.view]
    here = [("", meaning(state.pane))]
    if PANES[state.pane].shows_quantity:
        quantity = QUANTITIES[state.quantity]
        here.append((tr(quantity.label), tr(quantity.help)))
    others = tuple((tr(PANES[name].label), meaning(name)) for name in panes_of(state) if name != state.pane)
    parts = [
        Section(tr("This pane"), tuple(here)),
        Section(tr("This view: {name}", name=tr(view.label)), (("", tr(view.help)),)),
        Section(tr("The one idea"), (("", tr(IDEA)),)),
        *(
            Section(tr(group), tuple((_key(command, all=True), tr(command.help)) for command in commands))
            for group, commands in groups(permissions).items()
        ),
    ]
    if others:
        parts.insert(2, Section(tr("The other panes of this view"), others))
    if drawn.kinds:
        verdicts = tuple((MARKS[kind], f"{kind_name(kind)}: {kind_says(kind)}") for kind in drawn.kinds)
        parts.insert(2, Section(tr("Verdicts here"), verdicts, tuple(map(style_of, drawn.kinds))))
    if meanings := legend(drawn.styles):
        rows = tuple((_SAMPLE, tr(meaning.says)) for meaning in meanings)
        parts.insert(2, Section(tr("Colours here"), (*rows, ("", tr(GREY))), tuple(row.style for row in meanings)))
    if ways := ways_in(state):
        # A presenter opens the help to show the class how to come in.
        parts.insert(0, Section(tr("This lecture"), ways))
    return tuple(parts)


def meaning(pane: str) -> str:
    """What a pane means, with the keys that work now."""
    return tr(PANES[pane].help, **{command.id: _key(command) for command in COMMANDS})


def _key(command: Command, all: bool = False) -> str:
    """The keys that work; of a command that has none, the name under which the palette finds it."""
    return shown_keys(command.id, all=all) or f"“{tr(command.label)}”"


class Help(Page):
    """Opened by `?`; the same key closes it. palette is what the drawn styles look like."""

    def __init__(
        self,
        state: State,
        permissions: Permissions = OPEN,
        drawn: Drawn = Drawn(),
        palette: Mapping[str, Style] | None = None,
    ) -> None:
        super().__init__()
        self._state, self._permissions, self._drawn, self._palette = state, permissions, drawn, palette or {}

    def on_key(self, event: events.Key) -> None:
        if event.key in keys_of("help"):
            event.stop()
            self.dismiss()

    def _title(self) -> str:
        return tr("help · ↑↓ to scroll, esc to close")

    def _text(self) -> Group:
        parts: list[Text | Table | Wrapped] = []
        for section in sections(self._state, self._permissions, self._drawn):
            parts.append(Text(render(section.title), "bold underline"))
            # What stands in front keeps a column of its own, however often its text is wrapped.
            table = Table.grid(
                Column(width=_KEYS, style="bold"), Column(ratio=1, overflow="fold"), padding=(0, 1), expand=True
            )
            below: list[Text | Table | Wrapped] = []
            for number, (front, body) in enumerate(section.rows):
                style = self._palette.get(section.styles[number], "") if number < len(section.styles) else ""
                if front:
                    table.add_row(Text(render(f"  {front}"), style), Wrapped(body))
                else:
                    (below if table.rows else parts).append(Wrapped(body))
            parts += [*([table] if table.rows else []), *below, Text("")]
        return Group(*parts)

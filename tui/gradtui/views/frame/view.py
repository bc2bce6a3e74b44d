"""What a view is: all that belongs to one, in one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradtui_engine.core.message import English

from ...model.needs import Need
from ...model.state import State
from ...text.spans import Line
from .footers import Hint
from .layout import Arrange, single
from .pane import Pane

Needs = Callable[[State], tuple[Need, ...]]
Header = Callable[[State, int], list[Line]]


@dataclass(frozen=True, slots=True)
class View:
    """One view, whole: the folder `views/ID` exports it as VIEW.

    panes are all that it can have (which of them there are depends on the cell or the layout: `model.panes_of`);
    needs(state) is what it shows beside the trace of experiment A, most wanted first; arrange(state, box) says where
    the panes stand; footer is what the footer offers, the most important key first. header(state, width) is the header
    of a view that is not about one network, in as many lines as it takes.
    """

    id: str
    label: English
    help: English
    panes: tuple[Pane, ...]
    footer: tuple[Hint, ...]
    arrange: Arrange = single
    needs: Needs = lambda state: ()
    header: Header | None = None

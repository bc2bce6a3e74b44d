"""What a view is: all that belongs to one, in one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradtui_engine.core.message import English

from ...model.needs import Need
from ...model.state import State
from .footers import Hint
from .layout import Arrange, single
from .pane import Pane

Needs = Callable[[State], tuple[Need, ...]]


@dataclass(frozen=True, slots=True)
class View:
    """One view, whole: the folder `views/ID` exports it as VIEW.

    panes are all that it can have (which of them there are depends on the cell or the layout: `model.panes_of`);
    needs(state) is what it shows beside the trace of experiment A, most wanted first; arrange(state, box) says where
    the panes stand; footer is what the footer offers, the most important key first.
    """

    id: str
    label: English
    help: English
    panes: tuple[Pane, ...]
    footer: tuple[Hint, ...]
    arrange: Arrange = single
    needs: Needs = lambda state: ()

"""What a pane is: all that belongs to one, in one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradtui_engine.core.message import English

from ...text.spans import Line
from .cache_keys import Reads
from .pointer import Click
from .scene import Scene
from .spoken import Spoken

#: The tiers of a record (see the engine's `analysis.record`): numbers of the stages, their arrays, every operation.
NUMBERS, ARRAYS, OPERATIONS = 1, 2, 3

Draw = Callable[[Scene, int, int], list[Line]]


@dataclass(frozen=True, slots=True)
class Pane:
    """One pane, whole: a row that lacks a part is a fault of types.

    title and view draw it; help says what it means ({quantity}: that command's key); reads is what title and view read
    beside the record; spoken says it in words, after the sentence `intro` (the title where it has none); click is what
    a click inside means. may_wait says that it is redrawn when the cursor rests, not for each of many keys: it costs
    more bytes than all others.
    """

    id: str
    label: English
    title: Callable[[Scene, int], str]
    view: Draw
    help: English
    reads: Reads
    spoken: Spoken
    click: Click
    intro: English = ""
    #: Its bars show the quantity that the person chose.
    shows_quantity: bool = False
    #: It is about experiment B.
    of_b: bool = False
    may_wait: bool = False
    #: What it wants of a record, and whether it wants to know the experiment: `lacking` says what a record lacks.
    tier: int = NUMBERS
    of_experiment: bool = False

"""What a screen opens with."""

from __future__ import annotations

from typing import NamedTuple

from .events import Event
from .needs import NOTHING, Known
from .state import State


class Opening(NamedTuple):
    """What a screen opens with: the state, and the events that put the cursor in place once the record is there."""

    state: State
    cursor: tuple[Event, ...]
    #: What has been read already.
    results: Known = NOTHING

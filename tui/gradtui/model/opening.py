"""What a screen opens with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..text.language import tr
from .events import Event, Jump, Message, Select, SelectUnit
from .needs import NOTHING, Known
from .state import State
from .timeline import Timeline


class Opening(NamedTuple):
    """What a screen opens with: the state, and the events that put the cursor in place once the record is there."""

    state: State
    cursor: tuple[Event, ...]
    #: What has been read already.
    results: Known = NOTHING


def beyond(cursor: Iterable[Event], timeline: Timeline, units: int) -> tuple[Event, ...]:
    """What to say where the cursor was asked for beyond the record's steps or stages, or the units of a stage: the last
    one is shown.
    """
    said = []
    for event in cursor:
        if isinstance(event, Jump) and event.step is not None and event.step > timeline.last:
            given, most = event.step + 1, timeline.last + 1
            said.append(tr("step {given}: there are 1 to {most}; the last one is shown", given=given, most=most))
        elif isinstance(event, Select) and event.stage is not None and event.stage >= timeline.stage_count:
            most = timeline.stage_count - 1
            said.append(tr("stage {given}: there are 0 to {most}; the last one is shown", given=event.stage, most=most))
        elif isinstance(event, SelectUnit) and event.unit is not None and event.unit >= units:
            given, most = event.unit + 1, units
            said.append(tr("unit {given}: there are 1 to {most}; the last one is shown", given=given, most=most))
    return (Message("; ".join(said)),) if said else ()

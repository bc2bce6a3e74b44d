"""Along what a recording can be looked at: its modules, or the time steps of a recurrent one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .columns import Call
from .header import Header
from .stages import Stage, stages_of

#: The classes of torch.nn that are called once for every time step.
CALLED_IN_LOOPS = ("RNNCell", "LSTMCell", "GRUCell")
#: So many calls in a row are time steps.
_LEAST = 3


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The time steps of one layer and direction of a recurrent module, or the calls of a cell in a loop.

    layer is the index of its LayerSequence in the module's Sequences; None of a cell, whose columns are `columns`: of
    its call t − 1 that of t.
    """

    name: str
    module: str
    layer: int | None = None
    columns: tuple[int, ...] = ()


def axes_of(
    header: Header, calls: Sequence[Call], layers: Sequence[tuple[str, Sequence[tuple[int, bool]]]]
) -> tuple[tuple[Stage, ...], dict[str, TimeAxis]]:
    """The stages, and the axes over time by name. layers: of each recurrent module its (layer, reverse)."""
    over_time: dict[str, TimeAxis] = {}
    columns: dict[str, list[int]] = {}
    # A model that is an nn.LSTM itself has no name, and "" are the modules.
    model = next((row.kind for row in header.modules if not row.name), "")
    for index, call in enumerate(calls):
        columns.setdefault(call.module, []).append(index)
    for module, each in layers:
        forward = [layer for layer, reverse in each if not reverse]
        top = (max(forward), False) if forward else each[-1] if each else None
        for index, (layer, reverse) in sorted(enumerate(each), key=lambda pair: pair[1] != top):
            name = module or model
            if (layer, reverse) != top:
                name = f"{module or model} · layer {layer}{' · reverse' if reverse else ''}"
            own = columns.get(module, [])
            over_time[name] = TimeAxis(name, module, index, tuple(own) if len(own) > 1 else ())
    for row in header.modules:
        own = columns.get(row.name, [])
        if (row.base or row.kind) in CALLED_IN_LOOPS and len(own) >= _LEAST and row.name not in over_time:
            over_time[row.name] = TimeAxis(row.name, row.name, None, tuple(own))
    looped = [len(columns[axis.module]) for axis in over_time.values() if len(columns.get(axis.module, ())) >= _LEAST]
    # What a loop over time calls beside the cell is no stage for each time step, either.
    once = {name for name, own in columns.items() if looped and len(own) >= min(looped) - 1 and len(own) > 1}
    return stages_of(header, calls, once), over_time

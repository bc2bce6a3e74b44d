"""The names of the arrays that a trace holds: a role, and the layer and time step that it belongs to.

A slot's name (`h/3`, `c_l0/12`, `gates`) is made here and never taken apart again: what a slot is, its `Slot` says.
"""

from __future__ import annotations

from typing import NamedTuple

#: The roles that more than one module names: what a slot holds.
HIDDEN, CELL_STATE, GATES, PROJECTION = "h", "c", "gates", "projection"
GATE = "t"
MEAN, VARIANCE = "mean", "variance"
#: The output layer before its activation, where it has one.
BARE = "bare_output"
#: Dropout's 0 and 1.
MASK = "mask"
#: What tokens attend to.
ATTENTION = "attention"


class Span(NamedTuple):
    """Layers or time steps from `first` on, as one array: all of them, or those of one width."""

    first: int = 0


class Slot(NamedTuple):
    """What a slot holds, and where it belongs.

    Of an MLP `layer` is the layer (1 = first, 0 = the input). Over time `time` is the step (0 = the initial state), and
    `layer` the number of a stacked cell's lower layer, from 0; None for the last layer, whose states are the stages.
    """

    role: str
    layer: int | Span | None = None
    time: int | Span | None = None

    @property
    def name(self) -> str:
        """h/3 (a stage), h (all of them), h/1: (all from 1 on); of a lower layer c_l0/12, c_l0, c_l0/1:."""
        role, layer, number = self
        if number is None:
            number = layer
        elif layer is not None:
            role = f"{role}_l{layer}"
        if type(number) is int:
            return f"{role}/{number}"
        return f"{role}/{number.first}:" if isinstance(number, Span) and number.first else role

    @property
    def number(self) -> int:
        """The layer or time step of a slot that belongs to one."""
        number = self.layer if self.time is None else self.time
        assert isinstance(number, int), self
        return number

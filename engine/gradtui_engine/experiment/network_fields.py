"""Fields of an Experiment: what kind of network, how large, and its activation."""

from __future__ import annotations

from dataclasses import dataclass

from ..cells.table import CELLS, CHOOSING, LAYERED, OVER_TIME
from ..core.fields import Integer, Number
from ..core.message import Message
from ..core.table import choice_of
from ..core.widths import Widths
from ..rules.activations import ACTIVATIONS
from .field_option import field_option
from .resolved import DEFAULT_DEPTH

#: Hidden layers of an MLP at most.
MOST_LAYERS = 10_000


@dataclass(frozen=True, kw_only=True)
class NetworkFields:
    """Kind and size of the network."""

    cell: str = field_option("mlp", "kind of network", choice_of(lambda: CELLS))
    depth: int | None = field_option(
        None,
        Message("hidden layers; without it {number}, or as many as widths are given", number=DEFAULT_DEPTH),
        Integer(1, MOST_LAYERS),
        LAYERED,
    )
    width: int | str = field_option(
        64, "units of a hidden layer or cell; of an MLP also of each layer", Widths(1, 65_536, MOST_LAYERS)
    )
    layers: int = field_option(1, "stacked layers of a recurrent cell", Integer(1, 100), OVER_TIME)
    activation: str | None = field_option(
        None,
        Message(
            "activation f; without it {defaults}; limited to {limits}",
            defaults=", ".join(f"{CELLS[name].default_activation} ({name})" for name in CHOOSING),
            limits="; ".join(
                f"{', '.join(row.activations)} ({name})" for name, row in CELLS.items() if row.activations
            ),
        ),
        choice_of(lambda: ACTIVATIONS),
        CHOOSING,
    )
    slope: float | None = field_option(
        None, "slope of leaky_relu and prelu on the left; without it 0.01 and 0.25", Number(-10.0, 10.0), LAYERED
    )

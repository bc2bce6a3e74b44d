"""The learning rate of each parameter: that of its layer, where the layer has one of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..experiment.resolved import RATES_OF_LAYERS, Resolved

#: The layer in a parameter's name: layers.3.weight has the number, lstm.weight_hh_l0 that of the stacked layer before.
_NUMBERED, _STACKED = re.compile(r"layers\.(\d+)\."), re.compile(r"_l(\d+)$")


def layers_of(names: Iterable[str]) -> dict[str, int]:
    """Which layer each parameter of a network is of, by name: 1 the first, the output layer the last."""
    numbers = {name: _number(name) for name in names}
    last = max((number for number in numbers.values() if number is not None), default=0) + 1
    return {name: last if number is None else number for name, number in numbers.items()}


def _number(name: str) -> int | None:
    if numbered := _NUMBERED.match(name):
        return int(numbered[1])
    stacked = _STACKED.search(name)
    return int(stacked[1]) + 1 if stacked else None


def has_own(resolved: Resolved) -> bool:
    """Whether a layer has a rate of its own."""
    return any(getattr(resolved, field) is not None for field in RATES_OF_LAYERS.values())


def rates_of(resolved: Resolved, names: Iterable[str]) -> float | dict[str, float]:
    """The one rate of all parameters, or each one's by name, where a layer has its own.

    The largest networks have hundreds of parameters, and nearly all of them one rate: then there is nothing to look up.
    """
    if not has_own(resolved):
        return resolved.learning_rate
    own = dict(_own(resolved))
    return {name: own.get(layer, resolved.learning_rate) for name, layer in layers_of(names).items()}


def _own(resolved: Resolved) -> Iterator[tuple[int, float]]:
    for layer, field in RATES_OF_LAYERS.items():
        rate = getattr(resolved, field)
        if rate is not None:
            yield layer, rate

"""The gradients over time of one recurrent module, event by event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..core.numerics import Array
from .columns import LayerSequence, Sequences
from .growing import Growing
from .header import number

#: Numbers of one layer's row, and layers with directions, that are read at the most.
_MOST_TIMES, _MOST_LAYERS, _MOST_GATES = 2**15, 64, 8
_MOST_NUMBERS = 2**27


class SequenceColumns:
    """What the entries "seq" of one module say."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.lengths = self._new((), np.int64, 0)
        self.check = self._new(())
        self.samples = self._new(())
        #: (layer, reverse) → key ("h", "c", a gate's letter) → (count, T+1 or T).
        self._layers: dict[tuple[int, bool], dict[str, Growing]] = {}

    def _new(self, width: tuple[int, ...], dtype: Any = float, fill: Any = np.nan) -> Growing:
        growing = Growing(width, dtype, fill)
        growing.reserve(self._room)
        return growing

    def all(self) -> Iterable[Growing]:
        yield from (self.lengths, self.check, self.samples)
        for layer in self._layers.values():
            yield from layer.values()

    def fill(self, event: int, entry: Mapping[str, Any]) -> None:
        self._room = len(self.lengths.array)
        self.check.array[event] = number(entry.get("check"))
        samples = entry.get("of")
        self.samples.array[event] = number(samples[0]) if isinstance(samples, list) and samples else np.nan
        layers = entry.get("l")
        for index, layer in enumerate(layers[:_MOST_LAYERS] if isinstance(layers, list) else ()):
            if not isinstance(layer, Mapping):
                continue
            number_of = layer.get("layer", index)
            which = (number_of if isinstance(number_of, int) else index, layer.get("reverse") in (True, 1))
            for key, values in [*layer.items()][: _MOST_GATES + 4]:
                if isinstance(key, str) and len(key) == 1 and key.isprintable() and isinstance(values, list):
                    self._put(event, which, key, values)

    def _put(self, event: int, which: tuple[int, bool], key: str, values: list[Any]) -> None:
        array = _floats(values[:_MOST_TIMES])
        width = len(array)
        columns = self._layers.setdefault(which, {})
        have = columns[key].array.shape[1] if key in columns else 0
        if not width or max(width, have) * self._room > _MOST_NUMBERS:
            return
        if key not in columns:
            columns[key] = self._new((width,))
        elif width > have:
            columns[key].widen((width,))
        columns[key].array[event, :width] = array
        if key == "h":
            self.lengths.array[event] = max(self.lengths.array[event], width - 1)

    def view(self, count: int) -> Sequences:
        return Sequences(
            tuple(
                LayerSequence(
                    layer, reverse, columns["h"].view(count), columns["c"].view(count) if "c" in columns else None,
                    {key: growing.view(count) for key, growing in columns.items() if key not in ("h", "c")},
                )
                for (layer, reverse), columns in sorted(self._layers.items())
                if "h" in columns
            ),
            self.lengths.view(count), self.check.view(count), self.samples.view(count),
        )  # fmt: skip


def _floats(values: list[Any]) -> Array:
    try:
        array = np.array(values, dtype=float)
        if array.ndim == 1:
            return array
    except (ValueError, TypeError, OverflowError):
        pass
    return np.array([number(value) for value in values])

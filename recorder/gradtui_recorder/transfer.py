"""Numbers on their way from tensors into a line: collected one by one, brought over together.

`tolist` of each would wait for the device each time (and cost a small network +155 % on a CPU): so they are stacked,
and one transfer for each device and precision brings them. On a CUDA device it goes into pinned memory and is not
waited for: the line is written a step later.
"""

from __future__ import annotations

from typing import Any

import torch

from .schema import written

#: Where a number goes: a row and its column, or an entry of a dict.
Place = tuple[Any, Any, float, bool]


class Transfer:
    """Numbers under way; `complete` puts them into their places."""

    def __init__(self, parts: list[tuple[Any, list[Place], list[int]]], scale: Any, ready: list[Any]) -> None:
        self._parts = parts
        self._ready = ready
        self._scale = scale
        self.scale: float | None = None

    @property
    def waits(self) -> bool:
        """Whether a device has still to deliver."""
        return bool(self._ready)

    def complete(self) -> None:
        """Waits for what is under way and puts every number where it belongs, rounded as it is written."""
        for event in self._ready:
            event.synchronize()
        if self._scale is not None:
            self.scale = float(self._scale)
        for tensor, places, lengths in self._parts:
            values = tensor.tolist()
            start = 0
            for (into, key, factor, scaled), length in zip(places, lengths, strict=True):
                if scaled and self.scale:
                    factor /= self.scale
                if length < 0:
                    into[key] = written(values[start] * factor)
                    start += 1
                else:
                    into[key] = [written(value * factor) for value in values[start : start + length]]
                    start += length


class Numbers:
    """The numbers of one step, as tensors, each with the place that it goes to."""

    def __init__(self) -> None:
        self._tensors: list[Any] = []
        self._places: list[Place] = []

    def __len__(self) -> int:
        return len(self._tensors)

    def put(self, tensor: Any, into: Any, key: Any, *, factor: float = 1.0, scaled: bool = False) -> None:
        """into[key] becomes the number (a list of those of a vector) times factor, without the loss scale if scaled."""
        self._tensors.append(tensor)
        self._places.append((into, key, factor, scaled))

    def split(self, start: int) -> Numbers:
        """Takes away what has come since there were `start` of them."""
        rest = Numbers()
        rest._tensors, self._tensors = self._tensors[start:], self._tensors[:start]
        rest._places, self._places = self._places[start:], self._places[:start]
        return rest

    def transfer(self, scale: Any) -> Transfer:
        """Sends them on their way. Raises nothing for tensors of several devices: each device has its own."""
        groups: dict[tuple[Any, Any], tuple[list[Any], list[Place], list[int]]] = {}
        for tensor, place in zip(self._tensors, self._places, strict=True):
            tensors, places, lengths = groups.setdefault((tensor.device, tensor.dtype), ([], [], []))
            tensors.append(tensor)
            places.append(place)
            lengths.append(tensor.numel() if tensor.ndim else -1)
        parts, ready = [], []
        for (device, _), (tensors, places, lengths) in groups.items():
            if max(lengths) < 0:
                together = torch.stack(tensors)
            else:
                together = torch.cat([tensor.reshape(-1) for tensor in tensors])
            if device.type == "cuda":
                together, event = _sent(together)
                ready.append(event)
            parts.append((together, places, lengths))
        if scale is not None and scale.device.type == "cuda":
            scale, event = _sent(scale)
            ready.append(event)
        return Transfer(parts, scale, ready)


def _sent(tensor: Any) -> tuple[Any, Any]:
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    with torch.cuda.device(tensor.device):
        host.copy_(tensor, non_blocking=True)
        event = torch.cuda.Event()
        event.record()
    return host, event

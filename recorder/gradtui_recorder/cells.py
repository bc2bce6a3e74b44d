"""The calls of a recurrent cell (nn.LSTMCell, nn.GRUCell, nn.RNNCell) in a loop: each is a time step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from .arrived import MOST_CALLS, TOO_MANY, Arrived, Finish, Numbers, made_of, norm, states_of


class Cells:
    """One sequence of calls, all of whose states are seen, but for h_0, and the gradient that arrives at each."""

    def __init__(self, counts: Callable[[], bool], samples: int | None, shared: frozenset[int]) -> None:
        self._arrived = Arrived(counts)
        self._last: tuple[Tensor, ...] = ()
        self._count = self._samples = 0
        self._more = False
        self._times: dict[str, list[int]] = {}
        self._measured: dict[str, Tensor] = {}

    @property
    def arrived(self) -> int:
        return self._arrived.times

    def goes_on(self, inputs: Mapping[str, Any]) -> bool:
        state = inputs.get("hx")
        return not self._count or (state is not None and made_of(states_of(state)[0], self._last[0]))

    def add(self, module: Any, inputs: Mapping[str, Any], output: Any) -> None:
        self._last = states_of(output)
        if self._count == MOST_CALLS:
            self._more = True
            return
        self._count += 1
        self._samples = len(self._last[0]) if self._last[0].dim() == 2 else 1
        # Where one kernel makes both, what arrives at c_t is not all: the part that goes through h_t is added inside.
        nodes = {tensor.grad_fn for tensor in self._last}
        for letter, tensor in zip("hc", self._last if len(nodes) == len(self._last) else self._last[:1], strict=False):
            self._arrived.listen((letter, self._count), tensor)

    def replay(self, alone: bool) -> Iterator[str]:
        if self._more:
            yield TOO_MANY
        self._times = {}
        norms: dict[str, list[Tensor]] = {}
        for (letter, time), gradient in sorted(self._arrived.known().items()):
            self._times.setdefault(letter, []).append(time)
            norms.setdefault(letter, []).append(norm(gradient))
        self._measured = {letter: torch.stack(values) for letter, values in norms.items()}

    def put(self, numbers: Numbers, row: dict[str, Any]) -> Finish | None:
        if not self._measured:
            return None
        one: dict[str, Any] = {"layer": 0, "reverse": False}
        row |= {"of": [self._samples, self._samples], "l": [one], "check": None}
        for letter, norms in self._measured.items():
            numbers.put(norms, one, letter, scaled=True)
        times, count = dict(self._times), self._count

        def finish() -> None:
            for letter, known in times.items():
                values = dict(zip(known, one[letter], strict=True))
                # Where no gradient arrived there is none; that at t = 0 arrives nowhere that is seen.
                one[letter] = [None, *(values.get(time, 0.0) for time in range(1, count + 1))]

        return finish

    def leave(self) -> None:
        self._arrived.leave()

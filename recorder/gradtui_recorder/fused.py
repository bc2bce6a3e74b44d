"""The calls of a fused recurrent module in a sampled step: replayed, checked, and made a row of `seq`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from .arrived import MOST_CALLS, TOO_MANY, Arrived, Finish, Impossible, Numbers, made_of, norm, states_of
from .replay import Replay, replayed
from .taken import Taken

#: The largest deviation of the output from the equations, relative to the largest |h_t|, that is rounding: of float32
#: with TF32, which has ten bits. What else changes an output, as a dropout within a subclass, does by 0.1 and more.
ROUNDING: Final[Mapping[Any, float]] = {torch.float64: 1e-6, torch.float32: 1e-2, torch.float16: 0.05}
ROUNDING_OF_BFLOAT16: Final = 0.08
#: Numbers of hidden state (time · samples · width, of all layers) that are replayed at the most: each takes 100 bytes
#: while it is, so that these are 400 MB.
MOST_NUMBERS: Final = 2**22
#: Columns of a row that the loss scale is in.
GRADIENTS: Final = ("h", "c")

CHANGED: Final = "what it gives is not what its weights make of its input: the gradient over time is not recorded"


class Fused:
    """The calls of an nn.LSTM, nn.GRU or nn.RNN: a loop of them is one sequence, each call so many steps of it."""

    def __init__(self, counts: Callable[[], bool], samples: int | None, shared: frozenset[int]) -> None:
        self._counts, self._most, self._shared = counts, samples, shared
        self._calls: list[Taken] = []
        self._parameters = Arrived(counts, copies=True)
        self._more = False
        self._measured: list[dict[str, Tensor]] = []
        self._deviation: Any = None
        self._check: Any = None
        self._samples = 0

    @property
    def arrived(self) -> int:
        return sum(call.arrived.times for call in self._calls)

    def goes_on(self, inputs: Mapping[str, Any]) -> bool:
        if not self._calls:
            return True
        last, state = self._calls[-1], inputs.get("hx")
        return last.directions == 1 and state is not None and made_of(states_of(state)[0], last.states[0])

    def add(self, module: Any, inputs: Mapping[str, Any], output: Any) -> None:
        if len(self._calls) == MOST_CALLS:
            self._more = True
            return
        self._calls.append(Taken(module, inputs, output, self._counts))
        if len(self._calls) == 1 and (self._most is None or self._most >= self._calls[0].samples):
            for at, weight in enumerate(self._recurrent_weights()):
                self._parameters.listen(at, weight)

    def replay(self, alone: bool) -> Iterator[str]:
        if self._more:
            yield TOO_MANY
        batch = self._calls[0].samples
        affordable = max(1, MOST_NUMBERS // sum(call.numbers for call in self._calls))
        self._samples = min(batch, affordable, batch if self._most is None else self._most)
        calls = [call for taken in self._calls if (call := taken.call(self._samples)) is not None]
        replays = [replayed(call) for call in calls]
        self._measured = [_measured(replays, number) for number in range(len(replays[0].directions))]
        self._deviation = torch.stack([replay.deviation for replay in replays]).amax()
        compared = self._samples == batch and alone and not self._more and self._is_comparable()
        self._check = self._difference(replays) if compared else None

    def put(self, numbers: Numbers, row: dict[str, Any]) -> Finish | None:
        if not self._measured:
            return None
        directions, first = self._calls[0].directions, self._calls[0]
        row |= {"of": [self._samples, first.samples], "l": [], "check": None}
        for number, values in enumerate(self._measured):
            one: dict[str, Any] = {"layer": number // directions, "reverse": bool(number % directions)}
            row["l"].append(one)
            for name, tensor in values.items():
                numbers.put(tensor, one, name, scaled=name in GRADIENTS)
        if self._check is not None:
            numbers.put(self._check, row, "check")
        off: dict[str, Any] = {}
        numbers.put(self._deviation, off, "deviation")
        allowed = ROUNDING.get(first.output.dtype, ROUNDING_OF_BFLOAT16)

        def finish() -> None:
            # What is not finite is a word, and no deviation: it follows from what is not finite. No call is held here:
            # a line may wait for its device.
            if isinstance(off["deviation"], float) and off["deviation"] > allowed:
                raise Impossible(CHANGED)

        return finish

    def leave(self) -> None:
        self._parameters.leave()
        for call in self._calls:
            call.arrived.leave()

    def _recurrent_weights(self) -> list[Tensor]:
        first = self._calls[0]
        return list(first.weights[1 :: 4 if first.biased else 2])

    def _is_comparable(self) -> bool:
        """Whether the gradients of all W_hh are known, and are of these calls alone."""
        weights = self._recurrent_weights()
        return len(self._parameters.gradients) == len(weights) and not any(id(one) in self._shared for one in weights)

    def _difference(self, replays: Sequence[Replay]) -> Tensor:
        """The largest ‖ΔW - ΔW′‖ / ‖ΔW‖ of all W_hh, ΔW being the real ∂L/∂W_hh and ΔW′ the one that follows."""
        apart = []
        for number, real in self._parameters.known().items():
            follows: Tensor = sum(replay.directions[number].weight_gradient() for replay in replays)
            difference = norm(real.to(follows.dtype) - follows)
            apart.append(torch.where(difference == 0, difference, difference / norm(real)))
        return torch.stack(apart).amax()


def _measured(replays: Sequence[Replay], number: int) -> dict[str, Tensor]:
    """Of a layer and direction: norms of ∂L/∂h_t and ∂L/∂c_t for t = 0 … T, and each gate's mean."""
    found = [replay.directions[number] for replay in replays]
    norms = {"h": _norms_over_time([one.hidden for one in found])}
    if found[0].cell is not None:
        norms["c"] = _norms_over_time([one.cell for one in found])
    means = {letter: torch.cat([one.gates[letter].mean((1, 2)) for one in found]) for letter in found[0].gates}
    return norms | means


def _norms_over_time(gradients: Sequence[Tensor | None]) -> Tensor:
    """(T + 1,): norms over batch and width of what stands in several calls, each of which begins where one ended."""
    known = [gradient for gradient in gradients if gradient is not None]
    joined = torch.cat([known[0], *(later[1:] for later in known[1:])])
    return norm(joined, (1, 2))

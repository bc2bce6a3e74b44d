"""Recurrent modules in a sampled step: what hooks see of their calls, and the line's `seq` that follows from it.

A fused module (nn.LSTM, nn.GRU, nn.RNN) is replayed (`replay`) once its gradients have arrived. A cell (nn.LSTMCell …)
in a loop shows every h_t itself: its calls are the time steps. A module that is called with the state that it gave last
goes on in time; with another state it begins another sequence, which is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import torch
from torch import Tensor, nn

from .replay import Replay, replayed
from .taken import Arrived, Impossible, Taken, quantised, states_of

#: Samples of the batch that are looked at after the first step: a replay of all of 64 made the step of an LSTM (128
#: wide, 64 steps) longer by 163 %, one of 16 by 57 %.
SAMPLES: Final = 16
#: So many calls of a loop are its time steps; those after them are not looked at.
MOST_CALLS: Final = 512
#: The largest deviation of the output from the equations, relative to the largest |h_t|, that is rounding: of float32
#: with TF32, which has ten bits. What else changes an output, as a dropout within a subclass, does by 0.1 and more.
ROUNDING: Final[Mapping[Any, float]] = {torch.float64: 1e-6, torch.float32: 1e-2, torch.float16: 0.05}
ROUNDING_OF_BFLOAT16: Final = 0.08
#: A state is the one before, or made of it by so few operations: by a mask's, say.
NEAR: Final = 24

#: Columns of a row that the loss scale is in.
GRADIENTS: Final = ("h", "c")

AGAIN: Final = "it is called again in the same step, for another sequence: over time, the first one is recorded"
TOO_MANY: Final = f"it is called more than {MOST_CALLS} times in a step: over time, the first ones are recorded"
CHANGED: Final = "what it gives is not what its weights make of its input: the gradient over time is not recorded"
FAILED: Final = "the gradient over time could not be worked out: {}: {}"

#: What has to be done with a row once its numbers are there. Raises Impossible where they say that it is wrong.
Finish = Callable[[], None]


class Numbers(Protocol):
    """What brings numbers from tensors into a line."""

    def put(self, tensor: Any, into: Any, key: Any, *, factor: float = 1.0, scaled: bool = False) -> None:
        """into[key] becomes the number, or the list of those of a vector; scaled: without the loss scale."""


class _Calls(Protocol):
    """The calls of one module in one sampled step."""

    notes: list[str]

    def add(self, module: Any, inputs: Mapping[str, Any], output: Any) -> None:
        """Another call."""

    def backward_done(self, samples: int | None) -> None:
        """The gradients have arrived: what takes the weights is worked out before they change."""

    def put(self, numbers: Numbers, row: dict[str, Any]) -> Finish | None:
        """Sends the numbers on their way into a row of `seq`; None where no gradient has arrived."""

    def leave(self) -> None:
        """The step is over."""


class Sequences:
    """The recurrent modules of a model.

    `note` takes a text and a module's name; `counts` says whether a gradient that arrives is the loss's, as in a
    backward pass, and not one that the training asks for; `shared` has the ids of parameters of several modules.
    """

    def __init__(
        self, note: Callable[[str, str], None], counts: Callable[[], bool], shared: frozenset[int] = frozenset()
    ) -> None:
        self._note, self._counts, self._shared = note, counts, shared
        self._calls: dict[tuple[int, str], _Calls] = {}
        self._impossible: set[str] = set()
        self._noted: set[tuple[str, str]] = set()
        self._whole = False

    @staticmethod
    def takes(module: Any) -> bool:
        """Whether a module is one that is looked at over time."""
        return isinstance(module, nn.RNNBase | nn.RNNCellBase) or quantised(module)

    def begin(self, whole: bool) -> None:
        """A sampled step begins; whole: all of the batch is looked at, and the result checked."""
        self.end()
        self._whole = whole

    def end(self) -> None:
        """The step is over, and nothing of it is kept."""
        for calls in self._calls.values():
            calls.leave()
        self._calls.clear()
        self._impossible.clear()

    def called(
        self, index: int, name: str, module: Any, given: Sequence[Any], named: Mapping[str, Any], output: Any
    ) -> None:
        """A forward hook's arguments, and the module's index in the file and name."""
        if name in self._impossible:
            return
        key = (index, name)
        try:
            if key not in self._calls:
                made = _Cells if isinstance(module, nn.RNNCellBase) else _Fused
                self._calls[key] = made(self._counts, self._shared)
            self._calls[key].add(module, dict(zip(("input", "hx"), given, strict=False)) | dict(named), output)
        except Impossible as reason:
            self._give_up(key, str(reason))
        except Exception as error:
            self._give_up(key, FAILED.format(type(error).__name__, error))

    def backward_done(self) -> None:
        """A backward pass has ended, the outermost one."""
        for key, calls in list(self._calls.items()):
            try:
                calls.backward_done(None if self._whole else SAMPLES)
                for text in calls.notes:
                    self._note_once(text, key[1])
            except Impossible as reason:
                self._give_up(key, str(reason))
            except Exception as error:  # a training never stops for what a replay cannot do
                self._give_up(key, FAILED.format(type(error).__name__, error))

    def put(self, numbers: Numbers, line: dict[str, Any]) -> Finish:
        """Sends the numbers of all modules on their way into the step line's `seq`, which `Finish` makes whole."""
        rows: list[dict[str, Any]] = []
        finishing: list[tuple[tuple[int, str], dict[str, Any], Finish]] = []
        for key, calls in self._calls.items():
            row: dict[str, Any] = {"m": key[0]}
            if (finish := calls.put(numbers, row)) is not None:
                rows.append(row)
                finishing.append((key, row, finish))
        if rows:
            line["seq"] = rows

        def finish_all() -> None:
            for key, row, finish in finishing:
                try:
                    finish()
                except Impossible as reason:
                    rows.remove(row)
                    self._note_once(str(reason), key[1])
            if not rows:
                line.pop("seq", None)

        return finish_all

    def _give_up(self, key: tuple[int, str], reason: str) -> None:
        if (calls := self._calls.pop(key, None)) is not None:
            calls.leave()
        self._impossible.add(key[1])
        self._note_once(reason, key[1])

    def _note_once(self, text: str, name: str) -> None:
        if (text, name) not in self._noted:
            self._noted.add((text, name))
            self._note(text, name)


class _Fused:
    """The calls of an nn.LSTM, nn.GRU or nn.RNN: a loop of them is one sequence, each call so many steps of it."""

    def __init__(self, counts: Callable[[], bool], shared: frozenset[int]) -> None:
        self._counts, self._shared = counts, shared
        self._calls: list[Taken] = []
        self._parameters = Arrived(counts)
        self._others = False
        self._measured: list[dict[str, Tensor]] = []
        self._deviation: Any = None
        self._check: Any = None
        self._samples = 0
        self._replayed_at = 0
        self.notes: list[str] = []

    def add(self, module: Any, inputs: Mapping[str, Any], output: Any) -> None:
        if self._calls:
            last, state = self._calls[-1], inputs.get("hx")
            goes_on = last.directions == 1 and state is not None and _made_of(states_of(state)[0], last.states[0])
            if not goes_on or len(self._calls) == MOST_CALLS:
                self._others = True
                return
        self._calls.append(Taken(module, inputs, output, self._counts))
        if len(self._calls) == 1:
            for at, weight in enumerate(self._recurrent_weights()):
                self._parameters.listen(at, weight)

    def backward_done(self, samples: int | None) -> None:
        arrived = sum(call.arrived.times for call in self._calls)
        if arrived == self._replayed_at:
            return
        self._replayed_at = arrived
        if self._others:
            self.notes = [TOO_MANY if len(self._calls) == MOST_CALLS else AGAIN]
        batch = self._calls[0].samples
        self._samples = batch if samples is None else min(samples, batch)
        calls = [call for taken in self._calls if (call := taken.call(samples)) is not None]
        replays = [replayed(call) for call in calls]
        self._measured = [_measured(replays, number) for number in range(len(replays[0].directions))]
        self._deviation = torch.stack([replay.deviation for replay in replays]).amax()
        compared = self._samples == batch and not self._others and self._is_comparable()
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

        def finish() -> None:
            # What is not finite is a word, and no deviation: it follows from what is not finite.
            apart = off["deviation"]
            if isinstance(apart, float) and apart > ROUNDING.get(first.output.dtype, ROUNDING_OF_BFLOAT16):
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
            difference = _norm(real.to(follows.dtype) - follows)
            apart.append(torch.where(difference == 0, difference, difference / _norm(real)))
        return torch.stack(apart).amax()


class _Cells:
    """The calls of an nn.LSTMCell, nn.GRUCell or nn.RNNCell: one a time step. ∂L/∂h_0 is not seen."""

    def __init__(self, counts: Callable[[], bool], shared: frozenset[int]) -> None:
        self._arrived = Arrived(counts)
        self._last: tuple[Tensor, ...] = ()
        self._count = self._samples = 0
        self._others = False
        self._times: dict[str, list[int]] = {}
        self._measured: dict[str, Tensor] = {}
        self._done_at = 0
        self.notes: list[str] = []

    def add(self, module: Any, inputs: Mapping[str, Any], output: Any) -> None:
        state = inputs.get("hx")
        if self._count:
            goes_on = state is not None and _made_of(states_of(state)[0], self._last[0])
            if not goes_on or self._count == MOST_CALLS:
                self._others = True
                return
        self._last = states_of(output)
        self._count += 1
        self._samples = len(self._last[0]) if self._last[0].dim() == 2 else 1
        # Where one kernel makes both, what arrives at c_t is not all: the part that goes through h_t is added inside.
        nodes = {tensor.grad_fn for tensor in self._last}
        for letter, tensor in zip("hc", self._last if len(nodes) == len(self._last) else self._last[:1], strict=False):
            self._arrived.listen((letter, self._count), tensor)

    def backward_done(self, samples: int | None) -> None:
        if self._arrived.times == self._done_at:
            return
        self._done_at = self._arrived.times
        if self._others:
            self.notes = [TOO_MANY if self._count == MOST_CALLS else AGAIN]
        self._times = {}
        norms: dict[str, list[Tensor]] = {}
        for (letter, time), gradient in sorted(self._arrived.known().items()):
            self._times.setdefault(letter, []).append(time)
            norms.setdefault(letter, []).append(_norm(gradient))
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
    return _norm(joined, (1, 2))


def _norm(tensor: Tensor, dimensions: tuple[int, ...] | None = None) -> Tensor:
    """In float64 where there is one: the squares of float32's small gradients (1e-23) are 0 in float32."""
    dtype = torch.float32 if tensor.device.type == "mps" else torch.float64
    return torch.linalg.vector_norm(tensor, dim=dimensions, dtype=dtype)


def _made_of(state: Tensor, earlier: Tensor) -> bool:
    """Whether a state is an earlier one, or was made of it by a few operations that carry gradients."""
    if state is earlier:
        return True
    target, near = earlier.grad_fn, [state.grad_fn]
    for node in near:
        if node is not None and node is target:
            return True
        if node is not None and len(near) < NEAR:
            near += [following for following, _ in node.next_functions]
    return False

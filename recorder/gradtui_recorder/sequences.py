"""Recurrent modules in a sampled step: what hooks see of their calls, and the line's `seq` that follows from it.

A fused module (nn.LSTM, nn.GRU, nn.RNN) is replayed once its gradients have arrived. A cell (nn.LSTMCell …) in a loop
shows every h_t itself. A module that is called with the state that it gave last goes on in time; with another one it
begins another sequence: the first one that the loss depends on is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from torch import nn

from .arrived import Finish, Impossible, Numbers
from .cells import Cells
from .fused import Fused
from .taken import quantised

#: Samples of the batch that are looked at after the first step: a replay of all of 64 made the step of an LSTM (128
#: wide, 64 steps) longer by 163 %, one of 16 by 57 %.
SAMPLES: Final = 16
#: So many sequences of a module are held until it is known which one the loss depends on.
MOST_SEQUENCES: Final = 8

AGAIN: Final = "it is called again in the same step, for another sequence: over time, the first one is recorded"
FAILED: Final = "the gradient over time could not be worked out: {}: {}"


class _Calls(Protocol):
    """One sequence of calls of a module."""

    @property
    def arrived(self) -> int:
        """How many gradients have arrived."""

    def goes_on(self, inputs: Mapping[str, Any]) -> bool:
        """Whether a call with these inputs is the next of the sequence."""

    def add(self, module: Any, inputs: Mapping[str, Any], output: Any) -> None:
        """The next call. Raises Impossible where the sequence cannot be looked at."""

    def replay(self, alone: bool) -> Iterator[str]:
        """Works out what takes the weights, before they change; gives texts for notes.

        alone: no other sequence of the module has a gradient, so that the weights' is of this one.
        """

    def put(self, numbers: Numbers, row: dict[str, Any]) -> Finish | None:
        """Sends the numbers on their way into a row of `seq`; None where there are none."""

    def leave(self) -> None:
        """Hear of no more gradients."""


class _Module:
    """The sequences of one module, and how many gradients had arrived when the first of them was replayed."""

    def __init__(self, index: int, name: str) -> None:
        self.index, self.name = index, name
        self.sequences: list[_Calls] = []
        self.more = self.given_up = False
        self.replayed: _Calls | None = None
        self.at = 0

    def drop(self, kept: Sequence[_Calls] = ()) -> None:
        for sequence in self.sequences:
            if sequence not in kept:
                sequence.leave()
        self.sequences = list(kept)


class Sequences:
    """The recurrent modules of a model.

    `note` takes a text and a module's name; `counts` says whether a gradient that arrives is the loss's, as in a
    backward pass, and not one that the training asks for; `shared` has the ids of parameters of several modules, whose
    gradient cannot be compared.
    """

    def __init__(
        self, note: Callable[[str, str], None], counts: Callable[[], bool], shared: frozenset[int] = frozenset()
    ) -> None:
        self._note, self._counts, self._shared = note, counts, shared
        self._modules: dict[int, _Module] = {}
        #: Those of the calls before each step of an optimizer within this training step.
        self._before: list[dict[int, _Module]] = []
        self._whole = False

    @staticmethod
    def takes(module: Any) -> bool:
        """Whether a module is one that is looked at over time."""
        return isinstance(module, nn.RNNBase | nn.RNNCellBase) or quantised(module)

    def begin(self, whole: bool, late: bool = False) -> None:
        """A sampled step begins; whole: all of the batch is looked at, and the result checked.

        late: it has begun already, and the calls since the last mark are its own.
        """
        self.end(late)
        self._whole = whole

    def mark(self) -> None:
        """An optimizer has stepped: the calls so far are of this training step, whatever comes."""
        self._before.append(self._modules)
        self._modules = {}

    def called(
        self, index: int, name: str, module: Any, given: Sequence[Any], named: Mapping[str, Any], output: Any
    ) -> None:
        """A forward hook's arguments, and the module's index in the file and name."""
        known = self._modules.setdefault(index, _Module(index, name))
        if known.given_up:
            return
        inputs = dict(zip(("input", "hx"), given, strict=False)) | dict(named)
        try:
            if not known.sequences or not known.sequences[-1].goes_on(inputs):
                if len(known.sequences) == MOST_SEQUENCES:
                    known.more = True
                    return
                made = Cells if isinstance(module, nn.RNNCellBase) else Fused
                known.sequences.append(made(self._counts, None if self._whole else SAMPLES, self._shared))
            known.sequences[-1].add(module, inputs, output)
        except Impossible as reason:
            self._give_up(known, str(reason))
        except Exception as error:
            self._give_up(known, FAILED.format(type(error).__name__, error))

    def backward_done(self) -> None:
        """A backward pass has ended, the outermost one."""
        for known in self._all():
            try:
                self._replay(known)
            except Impossible as reason:
                self._give_up(known, str(reason))
            except Exception as error:  # a training never stops for what a replay cannot do
                self._give_up(known, FAILED.format(type(error).__name__, error))

    def forget(self) -> None:
        """The gradients were cleared: what has had one is no part of the step."""
        for known in self._all():
            known.drop([sequence for sequence in known.sequences if not sequence.arrived])
            known.replayed, known.at = None, 0

    def end(self, late: bool = False) -> None:
        """The step is over, and nothing of it is kept; late: but for the calls since the last mark."""
        for known in self._all(late):
            known.drop()
        self._before.clear()
        if not late:
            self._modules.clear()

    def put(self, numbers: Numbers, line: dict[str, Any], late: bool = False) -> Finish:
        """Sends the numbers of all modules on their way into the step line's `seq`, which `Finish` makes whole.

        late: calls since the last mark are of the next step.
        """
        rows: list[dict[str, Any]] = []
        finishing: list[tuple[str, dict[str, Any], Finish]] = []
        first = {known.index: known for known in reversed(self._all(late)) if known.replayed is not None}
        for known in sorted(first.values(), key=lambda known: known.index):
            row: dict[str, Any] = {"m": known.index}
            if known.replayed is not None and (finish := known.replayed.put(numbers, row)) is not None:
                rows.append(row)
                finishing.append((known.name, row, finish))
        if rows:
            line["seq"] = rows

        def finish_all() -> None:
            for name, row, finish in finishing:
                try:
                    finish()
                except Impossible as reason:
                    rows.remove(row)
                    self._note(str(reason), name)
            if not rows:
                line.pop("seq", None)

        return finish_all

    def _all(self, late: bool = False) -> list[_Module]:
        """Of each module, for each of the optimizers' steps; late: without those since the last one."""
        generations = self._before if late else [*self._before, self._modules]
        return [known for generation in generations for known in generation.values()]

    def _replay(self, known: _Module) -> None:
        reached = [sequence for sequence in known.sequences if sequence.arrived]
        if not reached or (known.replayed is reached[0] and known.at == reached[0].arrived):
            return
        known.replayed, known.at = reached[0], reached[0].arrived
        alone = len(reached) == 1 and not known.more
        if not alone:
            self._note(AGAIN, known.name)
        for text in reached[0].replay(alone):
            self._note(text, known.name)

    def _give_up(self, known: _Module, reason: str) -> None:
        known.drop()
        known.given_up, known.replayed = True, None
        self._note(reason, known.name)

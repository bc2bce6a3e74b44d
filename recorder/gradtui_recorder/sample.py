"""One step that is looked at, while it is under way: calls of modules, rows of parameters, numbers to bring over."""

from __future__ import annotations

from typing import Any, Final

from .schema import A_COLUMNS, P_COLUMNS
from .transfer import Numbers

#: The columns of a call's row, and of a parameter's, by name.
A: Final = {name: index for index, name in enumerate(A_COLUMNS)}
P: Final = {name: index for index, name in enumerate(P_COLUMNS)}
#: Calls of one module that are recorded in a step. A cell that is called in a loop has one for each time step.
MOST_CALLS: Final = 512


class Call:
    """One call of a module: its row, and what decides whether it belongs to the step.

    forward is the number of the model's forward pass that it is part of, reached says whether a gradient came to its
    output, backward how many backward passes were over before it. A silent one was made without gradients; it becomes
    a real one where checkpointing makes it again.
    """

    __slots__ = ("backward", "channels", "forward", "hooked", "module", "reached", "row", "silent")

    def __init__(self, module: int, forward: int, backward: int, silent: bool) -> None:
        self.module = module
        self.forward = forward
        self.backward = backward
        self.silent = silent
        #: Whether its units are channels, where it is known.
        self.channels: bool | None = None
        self.hooked = self.reached = False
        self.row: list[Any] = [None] * len(A_COLUMNS)


class Sample:
    """What is known of the step so far."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        #: Hooks on tensors that outlive the step.
        self.handles: list[Any] = []
        self.calls: list[Call] = []
        self.counts: dict[int, int] = {}
        self.silent: dict[int, list[Call]] = {}
        #: [module, root of the mean square] of outputs of modules whose calls have no row, and the call before each.
        self.outer: list[tuple[list[Any], Call]] = []
        self.forward = 0
        self.backward = 0
        self.repeated = False
        #: Whether the units of the last layer that was called are channels.
        self.channels: bool | None = None
        self.half: str | None = None
        self.line: dict[str, Any] = {}
        self.rows: dict[int, list[Any]] = {}
        #: Norms of all gradients by (optimizer, device): those before each step of one, and those since the last.
        self.before: list[dict[tuple[int, Any], Any]] = [{}]
        #: The optimizers that have stepped.
        self.stepped: list[int] = []
        self._marked = (0, 0)
        #: GradScaler's, as it was when the last optimizer stepped.
        self.scale: Any = None

    def without_gradients(self, module: int) -> Call | None:
        """A call without gradients has a place: it may be made again, for a checkpoint. None: there are too many."""
        waiting = self.silent.setdefault(module, [])
        if len(waiting) >= MOST_CALLS:
            return None
        call = Call(module, self.forward, self.backward, True)
        self.calls.append(call)
        waiting.append(call)
        return call

    def forget_silent(self) -> None:
        """No call without gradients so far will be made again."""
        if self.silent:
            self.silent = {}
            calls, numbers = self._marked
            self._marked = (sum(not call.silent for call in self.calls[:calls]), numbers)
            self.calls = [call for call in self.calls if not call.silent]

    def parameter_row(self, index: int) -> list[Any]:
        """The row of a parameter, made where there is none."""
        row = self.rows.get(index)
        if row is None:
            # Two more columns are taken away in the end: the sampled norms that the update's ratio is made of.
            row = self.rows[index] = [index, *[None] * (len(P_COLUMNS) + 1)]
        return row

    def leave(self) -> None:
        """The step is over: nothing of it stays on what outlives it."""
        for handle in self.handles:
            handle.remove()
        self.handles.clear()

    def forget(self) -> None:
        """The gradient was cleared: what went into it since the last mark is no part of the step."""
        calls, _ = self._marked
        since = [call for call in self.calls[calls:] if call.backward >= self.backward and not call.reached]
        self.calls = self.calls[:calls] + since
        self.before[-1] = {}

    def mark(self, number: int, scale: Any) -> None:
        """An optimizer has stepped, with a loss scale or none: what is known so far is of this step, whatever comes."""
        self.stepped.append(number)
        if scale is not None:
            self.scale = scale.detach().clone()
        self._marked = (len(self.calls), len(self.numbers))
        self.before.append({})

    def rest(self) -> Sample:
        """Takes away what has come since the last mark: it is of the step that follows."""
        rest = Sample()
        calls, numbers = self._marked
        self.calls, rest.calls = self.calls[:calls], self.calls[calls:]
        # Of each those count whose call before is its own.
        rest.outer = self.outer
        rest.numbers = self.numbers.split(numbers)
        rest.before = [self.before.pop()]
        rest.forward, rest.backward, rest.half = self.forward, self.backward, self.half
        for call in rest.calls:
            rest.counts[call.module] = rest.counts.get(call.module, 0) + 1
        return rest

    def norms_before(self) -> list[Any]:
        """The norms of the gradients that each optimizer had after the last backward pass before its step."""
        norms = []
        for step, number in enumerate(self.stepped):
            for before in reversed(self.before[: step + 1]):
                known = [norm for (of, _), norm in before.items() if of == number]
                if known:
                    norms.extend(known)
                    break
        return norms

    def kept_calls(self) -> list[Call]:
        """The calls that the step's gradient came through, and those of modules that none came to.

        A forward pass that no gradient came to, beside one that has, was a validation with gradients on.
        """
        calls = [call for call in self.calls if not call.silent]
        passes = {call.forward for call in calls if call.reached}
        modules = {call.module for call in calls if call.reached}
        return [
            call
            for call in calls
            if not passes or call.reached or (call.forward in passes and not (call.hooked and call.module in modules))
        ]

    def activation_rows(self) -> list[list[Any]]:
        """The rows of A_COLUMNS, in the order of the calls, which are counted anew for each module."""
        counts: dict[int, int] = {}
        rows = []
        for call in self.kept_calls():
            number = counts[call.module] = counts.get(call.module, -1) + 1
            call.row[A["module"]], call.row[A["call"]] = call.module, number
            rows.append(call.row)
        return rows

    def broken_rows(self) -> list[list[Any]]:
        """[module, root of the mean square, module and call before it] of outputs that are not finite, of modules whose
        calls have no row. After activation_rows, which counts the calls.
        """
        kept = {id(call) for call in self.kept_calls()}
        return [
            [*row, call.row[A["module"]], call.row[A["call"]]]
            for row, call in self.outer
            if id(call) in kept and isinstance(row[1], str)
        ]

    def parameter_rows(self) -> list[list[Any]]:
        """The rows of P_COLUMNS, by index."""
        return [row[: len(P_COLUMNS)] for _, row in sorted(self.rows.items())]

"""All events of a recording as columns that grow: steps and losses first, the long rows of each as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradtui_recorder.schema import A_COLUMNS, P_COLUMNS

from ..core.numerics import Array
from .broken_outputs import BrokenOutput, broken_outputs
from .clean import cleaned
from .columns import Call, Columns
from .every_loss import EveryLoss
from .growing import Growing
from .header import Header, number, whole_numbers
from .rows import Shape, nan_of, rows_of, whole_keys
from .run_lines import HEADS, losses_of
from .sequence_columns import SequenceColumns

#: Bytes that one kind of columns may take; calls that would take more are left out.
MOST_BYTES = 2**30
_MOST_CALLS, _MOST_GROUPS = 2**31, 256
_FLOATS = ("gradient_before", "gradient_after", "scale", "microbatches")
_INPUTS = ("mean", "rms", "min", "max")
_KEPT_A, _KEPT_P = A_COLUMNS[2:], P_COLUMNS[1:]


class Events:
    """The events of one run of a model, in one order. One thread adds to them; others read what was handed out."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.count = 0
        self.calls: tuple[Call, ...] = ()
        #: Another number for each other set of calls.
        self.version = 0
        #: Whether calls were left out that would have taken too much memory.
        self.left_out = False
        self.steps = Growing((), np.int64, 0)
        self.parsed = Growing((), bool, False)
        self.numbers = {name: Growing() for name in (*HEADS.values(), *_FLOATS)}
        self.is_nan = {name: Growing((), bool, False) for name in ("loss", "gradient_before", "gradient_after")}
        self.flags = {name: Growing((), bool, False) for name in ("skipped", "stale")}
        self.half = Growing((), "<U8", "")
        self.stepped = Growing((len(header.optimizers),), bool, False)
        self.learning_rates = Growing((0,), lazy=True)
        self.inputs = {name: Growing() for name in _INPUTS}
        self.activations = {name: Growing((0,), lazy=True) for name in _KEPT_A}
        self.parameters = {name: Growing((len(header.parameters),), lazy=True) for name in _KEPT_P}
        self.activations_nan: dict[str, Growing] = {}
        self.parameters_nan: dict[str, Growing] = {}
        self.sequences: dict[int, SequenceColumns] = {}
        #: Name of the loss's grad_fn, as the last line that was read has it.
        self.root = ""
        #: The shape of the model's input, as the first line that was read has it; () where it is not known.
        self.input_shape: tuple[int, ...] = ()
        #: The matrices that were still symmetric when it was looked at again; None where it was not.
        self.still_symmetric: tuple[str, ...] | None = None
        #: Outputs that are not finite, of modules whose calls have no row, by event.
        self.broken: dict[int, tuple[BrokenOutput, ...]] = {}
        self._shape_a = Shape.of(header.columns.get("a", A_COLUMNS), A_COLUMNS, 2)
        self._shape_p = Shape.of(header.columns.get("p", P_COLUMNS), P_COLUMNS, 1)
        self._places: dict[tuple[int, int], int] = {}
        self._layouts: dict[bytes, tuple[Array, Array]] = {}
        #: Losses of events that the line after theirs corrects.
        self._corrected: dict[int, float] = {}
        self._every_loss = EveryLoss()

    # -- adding --------------------------------------------------------------------------------------------

    def append(self, steps: Array, heads: Mapping[str, Array], expected: int = 0) -> None:
        """Events of which the heads are known; so many are expected at last."""
        first, count = self.count, self.count + len(steps)
        if count > len(self.steps.array):
            for growing in self._all():
                growing.reserve(max(count, expected))
        self.steps.array[first:count] = steps
        for name, values in heads.items():
            self.numbers[name].array[first:count] = values
        self.count = count

    def fill(self, lines: Iterable[tuple[int, Mapping[str, Any], bool, int]]) -> None:
        """What the whole lines of these events hold: (event, line, whether a number in it may be "nan", what its steps
        count from)."""
        rows_a: dict[bytes, tuple[Array, Array, list[int], list[Array]]] = {}
        rows_p: dict[bytes, tuple[Array, Array, list[int], list[Array]]] = {}
        nans: list[tuple[int, Mapping[str, Any]]] = []
        lines = list(lines)
        self._clear([event for event, *_ in lines])
        for event, line, suspicious, offset in lines:
            self.parsed.array[event] = True
            if not line:  # it could not be read: its head is all that is known
                continue
            self._fill_numbers(event, line)
            ring = losses_of(line.get("ring"), offset)
            self._every_loss.keep(event, ring)
            self.correct(event - 1, ring)
            if self._shape_a is not None:
                _gather(rows_a, event, rows_of(line.get("a"), self._shape_a), self._shape_a)
            if self._shape_p is not None:
                _gather(rows_p, event, rows_of(line.get("p"), self._shape_p), self._shape_p)
            for sequence in line.get("seq") or () if isinstance(line.get("seq"), list) else ():
                self._fill_sequence(event, sequence)
            if suspicious:
                nans.append((event, line))
        for keys, group in rows_a.items():
            self._look_for_calls(keys, group[0])
        for keys, (array, _, events, arrays) in rows_a.items():
            columns, fit = self._layout(keys, array)
            _put(self.activations, self._shape_a, events, columns, fit, arrays)
        for _, (array, _, events, arrays) in rows_p.items():
            columns, fit = self._parameter_places(array)
            _put(self.parameters, self._shape_p, events, columns, fit, arrays)
        for event, line in nans:
            self._fill_nan(event, line)

    def correct(self, event: int, ring: Array) -> None:
        """Where the ring that follows an event begins with its step, its loss was said after its line was written."""
        if event >= 0 and len(ring) and ring[0, 0] == self.steps.array[event]:
            self._corrected[event] = ring[0, 1]
            self._fill_corrected(event)

    def _fill_corrected(self, event: int) -> None:
        loss = self._corrected[event]
        self.numbers["loss"].array[event] = loss
        self.is_nan["loss"].array[event] = loss != loss

    def _clear(self, rows: Any) -> None:
        for growing in (self.learning_rates, *self.activations.values(), *self.parameters.values()):
            growing.clear(rows)

    def _fill_numbers(self, event: int, line: Mapping[str, Any]) -> None:
        numbers = self.numbers
        for key, name in HEADS.items():
            numbers[name].array[event] = number(line.get(key))
        gradient = line.get("gn")
        before, after = gradient if isinstance(gradient, list) and len(gradient) == 2 else (None, None)
        numbers["gradient_before"].array[event] = number(before)
        numbers["gradient_after"].array[event] = number(after)
        numbers["scale"].array[event] = number(line.get("scale"))
        numbers["microbatches"].array[event] = number(line.get("mb"))
        for name, value in (("loss", line.get("loss")), ("gradient_before", before), ("gradient_after", after)):
            if value == "nan" or value != value:
                self.is_nan[name].array[event] = True
        if event in self._corrected:
            self._fill_corrected(event)
        for name, flag in self.flags.items():
            flag.array[event] = line.get(name) is True
        half = line.get("half")
        self.half.array[event] = half if half in ("float16", "bfloat16") else ""
        rates = line.get("lr")
        if isinstance(rates, list) and rates:
            if len(rates) > self.learning_rates.array.shape[1]:
                self.learning_rates.widen((min(len(rates), _MOST_GROUPS),))
            self.learning_rates.array[event, : len(rates)] = [number(rate) for rate in rates[:_MOST_GROUPS]]
        stepped = line.get("o")
        if isinstance(stepped, list):
            for index in stepped:
                if isinstance(index, int) and 0 <= index < self.stepped.array.shape[1]:
                    self.stepped.array[event, index] = True
        given = line.get("x")
        if isinstance(given, list):
            for name, value in zip(_INPUTS, given, strict=False):
                self.inputs[name].array[event] = number(value)
            if not self.input_shape and len(given) > len(_INPUTS):
                self.input_shape = whole_numbers(given[len(_INPUTS)])
        if isinstance(line.get("root"), str):
            self.root = cleaned(line["root"])
        if isinstance(line.get("symmetric"), list) and self.still_symmetric is None:
            self.still_symmetric = tuple(cleaned(name) for name in line["symmetric"])

        if isinstance(line.get("broken"), list):
            self.broken[event] = broken_outputs(line["broken"], self.header.modules)

    def _fill_sequence(self, event: int, sequence: Any) -> None:
        module = sequence.get("m") if isinstance(sequence, Mapping) else None
        if not isinstance(module, int) or not 0 <= module < len(self.header.modules):
            return
        if module not in self.sequences:
            self.sequences[module] = SequenceColumns(len(self.steps.array))
        self.sequences[module].fill(event, sequence)

    # -- calls ---------------------------------------------------------------------------------------------

    def _look_for_calls(self, keys: bytes, array: Array) -> None:
        if keys in self._layouts:
            return
        calls, _ = self._calls_of(array)
        new = [call for call in dict.fromkeys(calls) if call not in self._places]
        if new:
            self._add_calls(calls, new)

    def _calls_of(self, array: Array) -> tuple[list[tuple[int, int]], Array]:
        """(module, call) of the rows that have them, and which rows these are."""
        assert self._shape_a is not None, "rows are there"
        whole, fit = whole_keys(array, self._shape_a, (len(self.header.modules), _MOST_CALLS))
        return [(int(module), int(call)) for module, call in whole[fit]], np.flatnonzero(fit)

    def _layout(self, keys: bytes, array: Array) -> tuple[Array, Array]:
        """In which columns rows with these keys go, and which rows these are."""
        if keys not in self._layouts:
            calls, fit = self._calls_of(array)
            # A call that stands twice in a line: the first one counts.
            firsts = {
                self._places[call]: row
                for call, row in reversed([*zip(calls, fit, strict=True)])
                if call in self._places
            }
            self._layouts[keys] = np.array([*firsts], dtype=np.intp), np.array([*firsts.values()], dtype=np.intp)
        return self._layouts[keys]

    def _add_calls(self, calls: Sequence[tuple[int, int]], new: Sequence[tuple[int, int]]) -> None:
        """A new call comes behind the one before it in this line."""
        room = MOST_BYTES // (8 * len(_KEPT_A) * max(len(self.steps.array), 1)) - len(self._places)
        wanted = set(new[: max(room, 0)])
        self.left_out |= len(wanted) < len(new)
        if not wanted:
            return
        behind: dict[tuple[int, int] | None, list[tuple[int, int]]] = {}
        known: tuple[int, int] | None = None
        for call in dict.fromkeys(calls):
            if call in wanted:
                behind.setdefault(known, []).append(call)
            elif call in self._places:
                known = call
        order = [*behind.get(None, ())]
        for call in sorted(self._places, key=self._places.__getitem__):
            order += [call, *behind.get(call, ())]
        places = {call: index for index, call in enumerate(order)}
        moved = [places[call] for call in sorted(self._places, key=self._places.__getitem__)]
        for growing in (*self.activations.values(), *self.activations_nan.values()):
            growing.widen((len(order),), moved)
        self._places, self._layouts = places, {}
        self.calls = tuple(Call(self.header.modules[module].name, call) for module, call in order)
        self.version += 1

    def _parameter_places(self, array: Array) -> tuple[Array, Array]:
        assert self._shape_p is not None, "rows are there"
        whole, fit = whole_keys(array, self._shape_p, (len(self.header.parameters),))
        places, rows = np.unique(whole[fit, 0], return_index=True)
        return places, np.flatnonzero(fit)[rows]

    def _fill_nan(self, event: int, line: Mapping[str, Any]) -> None:
        for kind, shape, all_nan, width in (
            ("a", self._shape_a, self.activations_nan, len(self.calls)),
            ("p", self._shape_p, self.parameters_nan, len(self.header.parameters)),
        ):
            raw = line.get(kind)
            if shape is None or not isinstance(raw, list):
                continue
            array, nan = rows_of(raw, shape), nan_of(raw, shape)
            if len(array) != len(nan) or not nan.any():
                continue
            if kind == "a":
                columns, rows = self._layout(array[:, list(shape.keys)].tobytes(), array)
            else:
                columns, rows = self._parameter_places(array)
            for name, column in shape.kept:
                if nan[rows, column].any():
                    if name not in all_nan:
                        all_nan[name] = Growing((width,), bool, False)
                        all_nan[name].reserve(len(self.steps.array))
                    all_nan[name].array[event, columns] = nan[rows, column]

    def _all(self) -> Iterable[Growing]:
        yield from (self.steps, self.parsed, self.half, self.stepped, self.learning_rates)
        for family in (
            self.numbers, self.is_nan, self.flags, self.inputs, self.activations, self.parameters, self.activations_nan,
            self.parameters_nan,
        ):  # fmt: skip
            yield from family.values()
        for sequence in self.sequences.values():
            yield from sequence.all()

    # -- reading -------------------------------------------------------------------------------------------

    @property
    def nbytes(self) -> int:
        return sum(growing.nbytes for growing in self._all())

    def columns(self) -> Columns:
        """What there is now."""
        count = self.count
        parsed = self.parsed.array[:count]
        if not parsed.all():
            self._clear(np.flatnonzero(~parsed))
        return Columns(
            steps=self.steps.view(count),
            **{name: growing.view(count) for name, growing in (*self.numbers.items(), *self.flags.items())},
            half=self.half.view(count),
            stepped=self.stepped.view(count),
            learning_rates=self.learning_rates.view(count),
            inputs=_views(self.inputs, count),
            activations=_views(self.activations, count),
            parameters=_views(self.parameters, count),
            is_nan=_views(self.is_nan, count),
            activations_nan=self._nan_views(self.activations_nan, _KEPT_A, len(self.calls)),
            parameters_nan=self._nan_views(self.parameters_nan, _KEPT_P, len(self.header.parameters)),
            every_loss=self.every_loss(),
        )

    def _nan_views(self, growing: Mapping[str, Growing], names: Sequence[str], width: int) -> Mapping[str, Array]:
        nothing = np.broadcast_to(False, (self.count, width))
        return {name: growing[name].view(self.count) if name in growing else nothing for name in names}

    def every_loss(self) -> tuple[Array, Array]:
        """(steps, losses) of all steps of which it is known; of the events alone while not all of them are read."""
        steps, losses = self.steps.array[: self.count], self.numbers["loss"].array[: self.count]
        known = ~np.isnan(losses) | self.is_nan["loss"].array[: self.count]
        if self.count and not self.parsed.array[: self.count].all():
            return steps[known], losses[known]
        self._every_loss.extend(steps, losses, known)
        return self._every_loss.view()

    def add_losses(self, pairs: Array) -> None:
        """Losses of steps behind the last event, (steps, 2)."""
        self._every_loss.add(pairs)


def _views(family: Mapping[str, Growing], count: int) -> dict[str, Array]:
    return {name: growing.view(count) for name, growing in family.items()}


def _gather(
    groups: dict[bytes, tuple[Array, Array, list[int], list[Array]]], event: int, array: Array, shape: Shape
) -> None:
    """Lines whose rows have the same keys go together: all of them are put in at once."""
    if not len(array):
        return
    keys = array[:, list(shape.keys)]
    group = groups.setdefault(keys.tobytes(), (array, keys, [], []))
    group[2].append(event)
    group[3].append(array)


def _put(
    columns: Mapping[str, Growing],
    shape: Shape | None,
    events: Sequence[int],
    places: Array,
    rows: Array,
    arrays: Sequence[Array],
) -> None:
    if shape is None or not len(places):
        return
    stack = np.stack(arrays)[:, rows]
    where = np.ix_(np.array(events, dtype=np.intp), places)
    for name, column in shape.kept:
        columns[name].array[where] = stack[:, :, column]

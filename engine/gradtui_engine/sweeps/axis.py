"""An axis of a sweep: the fields that change along it, and their values.

gain=0.5:2                  from 0.5 to 2, as many values as a look takes
depth=5:50:10               ten of them; whole numbers where the field has only those
learning-rate=1e-3:1:13:log at equal factors instead of equal distances
norm=none,batch             these
width,inputs=16:256:5:log   two fields that always have the same value
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.fields import Kind, Number, Rejected, Value, WholeNumber, given
from ..core.figures import cut, exact, typed
from ..core.message import Message, Verbatim
from ..core.options import Option
from ..experiment.experiment import options as experiment_options
from ..experiment.other_names import names_of, unknown_field
from ..experiment.training import options as training_options

#: Values where no number of them is given.
COUNT = 11
#: Cells of a sweep at the most: at 30 cells a second they take an hour, and a picture has some 10,000.
MOST_CELLS = 100_000
#: The word of a range at equal factors, and the one for a field's default.
LOG, DEFAULT = "log", "default"
#: A range's values have so many digits: 0.65 instead of 0.6500000000000001.
_DIGITS = 12
_FORM = "FIELD=FROM:TO[:COUNT][:log], FIELD=VALUE,VALUE"


@functools.cache
def fields() -> Mapping[str, Option]:
    """Every field that can be an axis: the experiment's, and those of the training that hold one value."""
    own = {name: row for name, row in training_options().items() if not row.many}
    return {**experiment_options(), **own}


@functools.cache
def is_of_training(field: str) -> bool:
    """Whether a field is the training's, not the experiment's."""
    return field not in experiment_options()


@dataclass(frozen=True, slots=True)
class Axis:
    """Fields of the Experiment or the Training, set together to each of the values. log: at equal factors.

    Raises Rejected for what cannot be an axis: an unknown field, a value that a field does not take, one value alone.
    """

    fields: tuple[str, ...]
    values: tuple[Value, ...]
    log: bool = False

    def __post_init__(self) -> None:
        names = tuple(_field(name) for name in ((self.fields,) if isinstance(self.fields, str) else self.fields))
        if not names:
            raise Rejected(Message("no field given; written like {form}", form=_FORM))
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise Rejected(Message("{name} given twice", name=Verbatim(twice)))
        values = tuple(dict.fromkeys(_checked(value, names) for value in self.values))
        if len(values) < 2:
            raise Rejected(Message("{count} value given; an axis has two or more", count=len(values)))
        if len(values) > MOST_CELLS:
            raise Rejected(Message("{count} values given; allowed: 2 to {most}", count=len(values), most=MOST_CELLS))
        if self.log and not all(_is_number(value) and float(value) > 0 for value in values):  # type: ignore[arg-type]
            raise Rejected(Message("log needs numbers above 0"))
        object.__setattr__(self, "fields", names)
        object.__setattr__(self, "values", values)

    @classmethod
    def parse(cls, text: str) -> Axis:
        """An axis as a person types it. Raises Rejected."""
        left, equals, right = text.partition("=")
        if not equals or not left.strip() or not right.strip():
            raise Rejected(Message("{given} is no axis; written like {form}", given=given(text), form=_FORM))
        names = tuple(_field(name.strip()) for name in left.split(","))
        log = False
        if ":" in right and all(takes_numbers(fields()[name].kind) for name in names):
            body, _, last = right.rpartition(":")
            log = last.strip() == LOG
            right = body if log else right
            if ":" in right or "," not in right:
                return _range(names, right.strip(), log)
        return cls(names, tuple(_typed(part.strip(), names) for part in right.split(",")), log)

    # -- what it says --------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The fields with commas between."""
        return ",".join(self.fields)

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(map(_is_number, self.values))

    @property
    def text(self) -> str:
        """The axis as it is typed, which `parse` reads again."""
        for log in ("", f":{LOG}") if self.numeric else ():
            text = f"{self.name}={_word(self.values[0])}:{_word(self.values[-1])}:{len(self.values)}{log}"
            try:
                if Axis.parse(text) == self:
                    return text
            except Rejected:
                continue
        return f"{self.name}={','.join(map(_word, self.values))}{f':{LOG}' * self.log}"

    def __str__(self) -> str:
        return self.text

    def changes(self, index: int) -> dict[str, Value]:
        """What the fields are at a place of the axis."""
        return dict.fromkeys(self.fields, self.values[index])

    def position(self, number: float) -> float | None:
        """Where a number stands among the values, 0 being the first, between two by its share of the way (of the
        logarithms where the axis is one of them); None outside, and of an axis of names."""
        if not self.numeric:
            return None
        values = [float(value) for value in self.values if value is not None]
        for index, (one, two) in enumerate(itertools.pairwise(values)):
            if min(one, two) <= number <= max(one, two):
                scaled = map(math.log, (one, number, two)) if self.log else iter((one, number, two))
                start, here, end = scaled
                return index + (here - start) / (end - start)
        return None


def takes_numbers(kind: Kind) -> bool:
    """Whether a range has a meaning for a field."""
    if isinstance(kind, Number | WholeNumber):
        return True
    if kind.names:
        return False
    try:
        return _is_number(kind.check(1))
    except Rejected:
        return False


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _word(value: Value) -> str:
    return DEFAULT if value is None else typed(value) if isinstance(value, float) else str(value)


def _field(text: str) -> str:
    """The field's own name. Raises Rejected with the nearest one."""
    rows = fields()
    plain = text.removeprefix("--").replace("-", "_")
    if plain in rows:
        return plain
    own = names_of(rows).called(text)
    if len(own) == 1:
        return own[0]
    if plain in training_options():
        raise Rejected(Message("{name} holds several values at once; it cannot be an axis", name=Verbatim(plain)))
    raise Rejected(unknown_field(plain, rows))


def _checked(value: Value, names: Sequence[str]) -> Value:
    """The value as all fields take it: whole where one of them is. Raises Rejected."""
    for name in _whole_first(names):
        row = fields()[name]
        if value is None and row.is_optional:
            continue
        try:
            value = _also(value, row.kind.check(value), names)
        except Rejected as error:
            raise Rejected(_of(name, error)) from None
    return value


def _typed(text: str, names: Sequence[str]) -> Value:
    """A value of a list, as it was typed. Raises Rejected."""
    value: Value = text
    for name in _whole_first(names):
        row = fields()[name]
        if text == DEFAULT and DEFAULT not in row.kind.names:
            value = row.default
            continue
        try:
            value = _also(value, row.kind.parse(text), names)
        except Rejected as error:
            raise Rejected(_of(name, error)) from None
    return value


def _whole_first(names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda name: not isinstance(fields()[name].kind, WholeNumber))


def _also(value: Value, taken: Value, names: Sequence[str]) -> Value:
    """What a field makes of a value that others have, too: an int stays one for those that need it.

    A name of another library may decide more than its field (SGD(momentum=0.9)): the experiment reads it itself.
    """
    if isinstance(taken, str):
        return value if getattr(taken, "sets", None) else str(taken)
    whole = isinstance(value, int) and len(names) > 1
    return value if whole and taken == value else taken


def _of(name: str, error: Rejected) -> Message:
    return Message("{field}: {problem}", field=Verbatim(name), problem=error.message)


def _range(names: Sequence[str], text: str, log: bool) -> Axis:
    """FROM:TO[:COUNT]. Raises Rejected."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3:
        raise Rejected(Message("{given} is no range; written like FROM:TO[:COUNT][:log]", given=given(text)))
    low, high = (_end(part.strip()) for part in parts[:2])
    if not low < high:
        raise Rejected(Message("{low} to {high}: the smaller number comes first", low=exact(low), high=exact(high)))
    if log and low <= 0:
        raise Rejected(Message("{low} given; log needs numbers above 0", low=exact(low)))
    count = _count(parts[2].strip()) if len(parts) == 3 else COUNT
    return Axis(tuple(names), tuple(_fitting(number, names) for number in _spread(low, high, count, log)), log)


def _end(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Rejected(Message("{given} is no number; written like FROM:TO[:COUNT][:log]", given=given(text)))
    return number


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if not 2 <= count <= MOST_CELLS:
        raise Rejected(
            Message("{given} values; allowed: a whole number from 2 to {most}", given=given(text), most=MOST_CELLS)
        )
    return count


def _spread(low: float, high: float, count: int, log: bool) -> list[float]:
    """So many numbers, the ends to the bit."""
    shares = [number / (count - 1) for number in range(1, count - 1)]
    start, end = (math.log(low), math.log(high)) if log else (low, high)
    steps = (start + (end - start) * share for share in shares)
    inner = (math.exp(step) if log else step for step in steps)
    return [low, *(cut(number, _DIGITS) for number in inner), high]


def _fitting(number: float, names: Sequence[str]) -> Value:
    """The number as the fields take it: rounded where one of them is whole. Raises Rejected."""
    for name in names:
        kind = fields()[name].kind
        try:
            kind.check(number)
        except Rejected as error:
            if isinstance(kind, Number) and not isinstance(kind, WholeNumber):
                raise Rejected(_of(name, error)) from None  # 1.4 is no momentum, and means none of 1
            try:
                number = int(kind.check(round(number)) or 0)
            except Rejected as of_whole:
                raise Rejected(_of(name, of_whole)) from None
    return number

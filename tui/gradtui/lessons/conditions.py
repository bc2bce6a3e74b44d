"""The small language of a lesson: what is measured ("factor@12", "b.ratio / ratio") and what is claimed of it.

    claim       comparison, or several joined by "and"
    comparison  measured OPERATOR number        ratio < 1e-3
                measured OPERATOR measured      b.ratio > ratio
                measured between low and high   average_factor between 0.9 and 1.1
                kind == NAME, kind != NAME      kind == vanishing
    OPERATOR    <  <=  >  >=  ==  !=
    measured    measure, or measure / measure
    measure     NAME, NAME@STAGE, and either with "b." before it for experiment B
    STAGE       first, middle, last, or a number
    NAME[K]     at iteration K of the training, a number or last: ratio[250], dead[last]@middle; what is measured of a
                training (accuracy) is what it has come to after K iterations, without brackets after all of them
    NAME@X      of a function at a point: sinh@1.5, tan_sum@0.5

It is read by the tables below; nothing is ever handed to Python's eval.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gradtui_engine.analysis.outcome import KINDS
from gradtui_engine.core.fields import Rejected
from gradtui_engine.core.message import Message, Verbatim
from gradtui_engine.core.problems import unknown_name

from .function_measures import OfFunction
from .measured import Measured
from .measures import MEASURES
from .run_measures import PLACES, Measure
from .training_measures import LAST, OfTraining

#: What has been measured, by the text of its expression; None while it is being computed.
Reader = Callable[[str], Measured | None]

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_NAMES_COMPARE = ("==", "!=")
BETWEEN = "between"

_OPERAND = re.compile(
    r"(?:(?P<side>[a-z]+)\.)?(?P<name>[a-z_]+)(?:\[(?P<iteration>\w+)\])?(?:@(?P<place>[\w.]+))?$", re.IGNORECASE
)
_COMPARISON = re.compile(r"(?P<left>.*?)(?P<operator><=|>=|==|!=|<|>|\bbetween\b)(?P<right>.*)$", re.DOTALL)
# The "and" of "between 1 and 2" belongs to its comparison, every other one joins two.
_BETWEEN = re.compile(r"\bbetween\b\s*(\S+)\s+and\s+(\S+)")
_JOIN = re.compile(r"\s+and\s+")


@dataclass(frozen=True, slots=True)
class Operand:
    """One measure of A or B, at a place where it has one ("12", "first"), and of a training at an iteration."""

    row: Measure | OfTraining | OfFunction
    place: str = ""
    of_b: bool = False
    iteration: str = ""

    @property
    def text(self) -> str:
        iteration = f"[{self.iteration}]" if self.iteration else ""
        return f"{'b.' * self.of_b}{self.row.name}{iteration}{'@' * bool(self.place)}{self.place}"

    @property
    def trains(self) -> bool:
        """Whether a training is measured."""
        return bool(self.iteration) or isinstance(self.row, OfTraining)


@dataclass(frozen=True, slots=True)
class Expression:
    """A measure, or the ratio of two."""

    top: Operand
    under: Operand | None = None

    @property
    def text(self) -> str:
        """Its one spelling, under which what it measured is found."""
        return self.top.text if self.under is None else f"{self.top.text} / {self.under.text}"

    @property
    def operands(self) -> tuple[Operand, ...]:
        return (self.top,) if self.under is None else (self.top, self.under)

    @property
    def is_name(self) -> bool:
        """Whether it measures a name (kind) instead of a number."""
        return self.top.row.is_name

    @property
    def trains(self) -> bool:
        """Whether a training is measured."""
        return any(operand.trains for operand in self.operands)


@dataclass(frozen=True, slots=True)
class Comparison:
    """left OPERATOR right; right is a number, a name, two numbers (between) or another measured value."""

    left: Expression
    operator: str
    right: float | str | tuple[float, float] | Expression

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.left, self.right) if isinstance(self.right, Expression) else (self.left,)

    def holds(self, read: Reader) -> bool | None:
        """Whether it is true; None where something it needs is not measured (yet, or at all)."""
        values = [measured.value if (measured := read(side.text)) is not None else None for side in self.expressions]
        left, right = values[0], values[1] if len(values) > 1 else self.right
        if left is None or right is None:
            return None
        if isinstance(left, str) or isinstance(right, str):
            return (left == right) == (self.operator == "==")
        if isinstance(right, tuple):
            return right[0] <= left <= right[1]
        return OPERATORS[self.operator](left, right) if isinstance(right, float) else None


@dataclass(frozen=True, slots=True)
class Condition:
    """Comparisons that must all hold."""

    comparisons: tuple[Comparison, ...]
    source: str

    @property
    def expressions(self) -> Iterator[Expression]:
        for comparison in self.comparisons:
            yield from comparison.expressions

    def holds(self, read: Reader) -> bool | None:
        verdicts = [comparison.holds(read) for comparison in self.comparisons]
        if False in verdicts:
            return False
        return None if None in verdicts else True


def expression(text: str) -> Expression:
    """Read what is measured. Raises Rejected."""
    parts = [part.strip() for part in text.split("/")]
    if len(parts) > 2:
        raise Rejected(Message("{given} divides more than once; allowed: measure, measure / measure", given=repr(text)))
    operands = [_operand(part) for part in parts]
    if len(operands) == 2 and any(operand.row.is_name for operand in operands):
        raise Rejected(Message("{given} divides by a name; allowed: numbers", given=repr(text)))
    return Expression(*operands)


def _operand(text: str) -> Operand:
    match = _OPERAND.match(text)
    if match is None:
        allowed = "ratio, factor@12, factor@first, b.ratio, ratio[250], accuracy"
        raise Rejected(Message("{given} is no measure; written like {allowed}", given=repr(text), allowed=allowed))
    side, name, place = match["side"] or "", match["name"], match["place"] or ""
    if side not in ("", "b"):
        raise Rejected(
            Message("{given} names no experiment; allowed: b. for experiment B, nothing for A", given=repr(f"{side}."))
        )
    if name not in MEASURES:
        raise Rejected(unknown_name(name, MEASURES.names))
    row = MEASURES[name]
    iteration = match["iteration"] or ""
    if iteration and not iteration.isdecimal() and iteration != LAST:
        raise Rejected(Message("[{problem}]; or a number", problem=unknown_name(iteration, (LAST,))))
    iteration = str(int(iteration)) if iteration.isdecimal() else iteration
    if isinstance(row, OfFunction):
        return Operand(row, _point(row, place, side + iteration))
    if isinstance(row, OfTraining):
        return Operand(row, _loss(row, place), bool(side), iteration)
    if row.at and not place:
        raise Rejected(Message("{name} is measured at a stage: {name}@first, {name}@12", name=Verbatim(name)))
    if place and not row.at:
        names = {"name": Verbatim(name), "place": Verbatim(place)}
        raise Rejected(Message("{name} belongs to the whole trace; write it without @{place}", **names))
    if place and not place.isdecimal() and place not in PLACES:
        raise Rejected(
            Message("@{problem}; or a number", problem=unknown_name(place, PLACES)),
        )
    return Operand(row, str(int(place)) if place.isdecimal() else place, bool(side), iteration)


def _point(row: OfFunction, place: str, beside: str) -> str:
    """The point that a function is asked at, as it is written. Raises Rejected."""
    if _number(place) is None or beside:
        raise Rejected(Message("{name} is asked at a point, of neither A nor B: {name}@1.5", name=Verbatim(row.name)))
    return place


def _loss(row: OfTraining, place: str) -> str:
    """The loss that a measure is about, as it is written. Raises Rejected."""
    name = Verbatim(row.name)
    if not row.of_a_loss:
        if place:
            raise Rejected(Message("{name} belongs to the whole training; write it without @{place}", name=name,
                                   place=Verbatim(place)))  # fmt: skip
        return place
    if _number(place) is None:
        raise Rejected(Message("{name} is about a loss: {name}@0.5", name=name))
    return place


def condition(text: str) -> Condition:
    """Read a claim. Raises Rejected."""
    # Joined again with a comma, the "and" of a between is out of the way of those that join comparisons.
    parts = _JOIN.split(_BETWEEN.sub(r"between \1,\2", text).strip())
    return Condition(tuple(_comparison(part) for part in parts), text)


def _comparison(text: str) -> Comparison:
    match = _COMPARISON.match(text)
    if match is None:
        raise Rejected(
            Message(
                "{given} compares nothing; allowed: {allowed}",
                given=repr(text),
                allowed=f"{' '.join(OPERATORS)} {BETWEEN}",
            )
        )
    left, sign, right = expression(match["left"].strip()), match["operator"], match["right"].strip()
    if left.is_name:
        if sign not in _NAMES_COMPARE:
            raise Rejected(Message("{name} is a name; compare it with == or !=", name=Verbatim(left.text)))
        if right not in KINDS:
            raise Rejected(unknown_name(right, KINDS.names))
        return Comparison(left, sign, right)
    if sign == BETWEEN:
        numbers = [_number(bound) for bound in right.split(",")]
        if len(numbers) != 2 or None in numbers:
            raise Rejected(Message("{given} is no range; write: between 0.9 and 1.1", given=repr(right)))
        low, high = (float(bound or 0) for bound in numbers)
        if low > high:
            raise Rejected(Message("between {low} and {high}: the smaller number comes first", low=low, high=high))
        return Comparison(left, sign, (low, high))
    number = _number(right)
    if number is not None:
        return Comparison(left, sign, number)
    if right in KINDS:
        name = Verbatim(left.text)
        raise Rejected(Message("{name} is a number, {given} the name of a kind", name=name, given=repr(right)))
    other = expression(right)
    if other.is_name:
        raise Rejected(Message("{name} is a number, {given} a name", name=Verbatim(left.text), given=Verbatim(right)))
    return Comparison(left, sign, other)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None

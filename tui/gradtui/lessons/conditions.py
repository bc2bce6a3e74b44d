"""The small language of a lesson: what is measured ("factor@12", "b.ratio / ratio") and what is claimed of it.

    claim       comparison, or several joined by "and"
    comparison  measured OPERATOR number        ratio < 1e-3
                measured OPERATOR measured      b.ratio > ratio
                measured between low and high   average_factor between 0.9 and 1.1
                kind == NAME, kind != NAME      kind == vanishing
    OPERATOR    <  <=  >  >=  ==  !=
    measured    a text of `gradtui_engine.measures.expression`: ratio, factor@12, b.ratio / ratio

It is read by the tables below; nothing is ever handed to Python's eval.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gradtui_engine.analysis.outcome import KINDS
from gradtui_engine.core.fields import Rejected
from gradtui_engine.core.message import Message, Verbatim
from gradtui_engine.core.problems import unknown_name
from gradtui_engine.measures.expression import Expression, expression, number_in
from gradtui_engine.measures.measured import Measured

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

_COMPARISON = re.compile(r"(?P<left>.*?)(?P<operator><=|>=|==|!=|<|>|\bbetween\b)(?P<right>.*)$", re.DOTALL)
# The "and" of "between 1 and 2" belongs to its comparison, every other one joins two.
_BETWEEN = re.compile(r"\bbetween\b\s*(\S+)\s+and\s+(\S+)")
_JOIN = re.compile(r"\s+and\s+")


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
        numbers = [number_in(bound) for bound in right.split(",")]
        if len(numbers) != 2 or None in numbers:
            raise Rejected(Message("{given} is no range; write: between 0.9 and 1.1", given=repr(right)))
        low, high = (float(bound or 0) for bound in numbers)
        if low > high:
            raise Rejected(Message("between {low} and {high}: the smaller number comes first", low=low, high=high))
        return Comparison(left, sign, (low, high))
    number = number_in(right)
    if number is not None:
        return Comparison(left, sign, number)
    if right in KINDS:
        name = Verbatim(left.text)
        raise Rejected(Message("{name} is a number, {given} the name of a kind", name=name, given=repr(right)))
    other = expression(right)
    if other.is_name:
        raise Rejected(Message("{name} is a number, {given} a name", name=Verbatim(left.text), given=Verbatim(right)))
    return Comparison(left, sign, other)

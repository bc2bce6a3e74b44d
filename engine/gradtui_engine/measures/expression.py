"""The text of a measure, read: "factor@12", "b.ratio / ratio", "iterations_to 0.04". One parser for lessons and sweeps.

    measured    measure, or measure / measure
    measure     NAME, NAME@STAGE, and in a lesson either with "b." before it for experiment B
    STAGE       first, middle, last, or a number
    NAME[K]     at iteration K of the training, a number or last: ratio[250], dead[last]@middle; what is measured of a
                training (accuracy) is what it has come to after K iterations, without brackets after all of them
    NAME@LOSS   of a training about a loss: iterations_to@0.04
    NAME@X      of a function at a point: sinh@1.5, tan_sum@0.5

"gradient at 3" and "gradient 3" are gradient@3; dashes are read as underscores, and a row's other names as its own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from ..core.fields import Rejected
from ..core.message import Message, Verbatim
from ..core.problems import unknown_name
from .of_functions import OfFunction
from .of_run import PLACES, Measure
from .of_training import LAST, OfTraining
from .table import MEASURES

_OPERAND = re.compile(
    r"(?:(?P<side>[a-z]+)\.)?(?P<name>[a-z][a-z_-]*)(?:\[(?P<iteration>\w+)\])?"
    r"(?:(?:\s*@\s*|\s+at\s+|\s+)(?P<place>[\w.+-]+))?$",
    re.IGNORECASE,
)


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

    @property
    def trained(self) -> Operand:
        """The measure of a training that a name means by itself where one is looked at."""
        name = self.row.trained if isinstance(self.row, Measure) and not self.iteration else ""
        return replace(self, row=MEASURES[name]) if name else self


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

    @property
    def trained(self) -> Expression:
        """What it means where a training is what is looked at: loss is the one at the end."""
        return Expression(*(operand.trained for operand in self.operands))


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
    match = _OPERAND.match(next(iter(MEASURES.known.called(text)), text))
    if match is None:
        allowed = "ratio, factor@12, factor@first, b.ratio, ratio[250], accuracy"
        raise Rejected(Message("{given} is no measure; written like {allowed}", given=repr(text), allowed=allowed))
    side, name, place = match["side"] or "", match["name"], match["place"] or ""
    if side not in ("", "b"):
        raise Rejected(
            Message("{given} names no experiment; allowed: b. for experiment B, nothing for A", given=repr(f"{side}."))
        )
    name = next(iter(MEASURES.known.called(name)), name)
    if name not in MEASURES:
        raise Rejected(unknown_name(name, MEASURES.names, MEASURES.known.nearest(name, MEASURES.names)))
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
    if number_in(place) is None or beside:
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
    if number_in(place) is None:
        raise Rejected(Message("{name} is about a loss: {name}@0.5", name=name))
    return place


def number_in(text: str) -> float | None:
    """The finite number that a text is; None of another text."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None

"""A lesson as data: frozen, checked, and with everything that its steps want of the screen worked out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradtui_engine.measures.expression import Expression, expression

from ..text.measured import measured_text
from .conditions import Condition

if TYPE_CHECKING:
    from gradtui_engine import Experiment
    from gradtui_engine.measures.measured import Measured

    from ..model.state import Changes

#: {ratio}, {factor@12}, {b.ratio / ratio}: where a computed number goes in a text.
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
LETTERS = "ABCDEF"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a step wants of the screen. stage and step are None where the cursor stays.

    plan is how it is trained; train: at once. iteration is the one that is looked at, None where the cursor follows.
    """

    experiment: Experiment
    changes: Changes = ()
    view: str = "explore"
    quantity: str = "gradient"
    stage: int | None = None
    step: str | int | None = None
    plan: Changes = ()
    train: bool = False
    iteration: int | None = None
    #: Of the maths page: sin, cos or tan, and so many terms; of the lab: an activation. "" and 0: what is there stays.
    function: str = ""
    terms: int = 0
    row: str = ""
    #: The pane that is seen beside the lesson where not all have room; "" for the view's first.
    pane: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to choose, and when it is the true one."""

    say: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Question:
    """A prediction to make: one of the choices, or (measure) a number.

    A number is right within a share of the computed one (`within`), or within so many orders of magnitude (`decades`).
    """

    ask: str
    choices: tuple[Choice, ...] = ()
    measure: Expression | None = None
    within: float | None = None
    decades: float | None = None
    reveal: str = ""

    @property
    def expressions(self) -> tuple[str, ...]:
        """Everything that the check and the reveal measure, once each, the check's first."""
        checked = [claim.text for choice in self.choices for claim in choice.when.expressions]
        checked += [self.measure.text] if self.measure is not None else []
        return tuple(dict.fromkeys([*checked, *placeholders(self.reveal)]))


@dataclass(frozen=True, slots=True)
class Step:
    """One page: a heading, a text, and perhaps a question. before, after: the screen until and from its answer on."""

    title: str
    text: str
    before: Setup
    after: Setup
    press: tuple[str, ...] = ()
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson; id is its file's name without the ending, which is the same in every language."""

    id: str
    title: str
    summary: str
    steps: tuple[Step, ...]
    file: str = ""
    #: A name of CHAPTERS, empty for none.
    chapter: str = ""


def placeholders(text: str) -> tuple[str, ...]:
    """The expressions in a text's braces, each in its one spelling. Raises Rejected."""
    return tuple(dict.fromkeys(expression(name).text for name in PLACEHOLDER.findall(text)))


def filled(text: str, measured: Mapping[str, Measured]) -> str:
    """The text with the numbers put in; what is not computed yet shows as an ellipsis."""

    def number(match: re.Match[str]) -> str:
        value = measured.get(expression(match[1]).text)
        return "…" if value is None else measured_text(value)

    return PLACEHOLDER.sub(number, text)

"""What a kind of finding is: one row of the table; and what its test finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template

import numpy as np

from ..core.message import English, Message
from .curve import LEAST, LEAST_STEPS
from .facts import HALF_PRECISION, Facts
from .finding import FINDING_SEVERITIES, Evidence

ERROR, WARNING, NOTE = FINDING_SEVERITIES
#: Evidence while it is put together.
Numbers = dict[str, float | int | str | list[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a test finds: where, since when, and the evidence. layers are all modules that it holds of, the first first.

    cause is the most likely one in this case, remedy the code for this case; None for the kind's own. values stand in
    the remedy for its $names, beside $layer.
    """

    layer: str | None
    step: int | None
    severity: str
    message: Message
    evidence: Evidence
    cause: Message | None = None
    remedy: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


#: Why a rule cannot be asked of a recording; None where it can.
Needs = Callable[[Facts], Message | None]


@dataclass(frozen=True, slots=True)
class FindingKind:
    """A kind: its name, what it is called, and its test with the threshold, in words (rule) and as a number (0 where
    there is none), and where that comes from.

    cause and remedy (PyTorch code, with $layer for the module's name) are those where the test has none of its own.
    lesson is the id of the lesson of gradtui that explains it, "" for none. severity says in words what it depends on.
    """

    name: str
    called: English
    needs: Needs
    test: Callable[[Facts], Found | None]
    threshold: float
    rule: English
    source: English
    severity: English
    cause: English
    remedy: str
    lesson: str = ""

    def code(self, found: Found) -> str:
        """What to change, as PyTorch code."""
        template = self.remedy if found.remedy is None else found.remedy
        return Template(template).safe_substitute(found.values, layer=found.layer or "")


# -- what a rule needs ---------------------------------------------------------------------------------------


def steps(facts: Facts) -> Message | None:
    """A model's parameters: what `gradtui.watch` writes."""
    if not facts.header.parameters:
        return Message("no parameters were recorded")
    return None


def trained(facts: Facts) -> Message | None:
    """How parameters are trained: of what another tool has written their norms are known at the most."""
    lacking = steps(facts)
    header = facts.header
    if lacking is None and header.torch is None and header.experiment is None and not header.optimizers:
        return Message("no optimizer was recorded, and no update")
    return lacking


def activations(facts: Facts) -> Message | None:
    """What each module's output was."""
    if not facts.has_activations:
        return Message("no module's output was recorded")
    return None


def gradients(facts: Facts) -> Message | None:
    """The gradient at the outputs of two weighted modules at the least."""
    lacking = activations(facts)
    if lacking is None and not any(True for _ in facts.chain()):
        return Message("gradients at fewer than two layers were recorded")
    return lacking


def over_time_steps(facts: Facts) -> Message | None:
    """A recurrent module, or a cell in a loop."""
    if not facts.recording.sequences and not facts.loops:
        return Message("there are no gradients over time: no recurrent layer, or none that could be looked at")
    return None


def later(facts: Facts) -> Message | None:
    """That it was looked at again whether matrices are symmetric."""
    lacking = trained(facts)
    if lacking is None and facts.header.symmetric and facts.recording.still_symmetric is None:
        return Message("there are fewer than four recorded steps")
    return lacking


def halves(facts: Facts) -> Message | None:
    """Half precision."""
    if not (facts.columns.half != "").any() and not any(row.dtype in HALF_PRECISION for row in facts.header.parameters):
        return Message("nothing is in half precision")
    return None


def scaled(facts: Facts) -> Message | None:
    """A GradScaler."""
    if not np.isfinite(facts.columns.scale).any() and not facts.columns.skipped.any():
        return Message("there is no GradScaler")
    return None


def losses(facts: Facts) -> Message | None:
    """Losses whose sizes can be compared."""
    if not facts.curve.count:
        return Message("no loss was recorded")
    if facts.has_several_losses:
        return Message("the loss is several in one, which pull against each other: its size says nothing")
    if facts.curve.is_negative:
        return Message("the loss is negative at times, as a policy gradient's: its size says nothing")
    return None


def several_losses(facts: Facts) -> Message | None:
    """Enough losses for what 20 of them can tell."""
    return losses(facts) or too_few(facts.curve.count, LEAST + 1)


def too_few(count: int, least: int) -> Message | None:
    """Why so many losses say nothing; None where there are enough."""
    return Message("too few losses: {count}; it takes {least}", count=count, least=least) if count < least else None


def losses_that_rise(facts: Facts) -> Message | None:
    """Losses of which it can be said whether they rise: many, or a few that rise far."""
    if not facts.curve.count:
        return Message("no loss was recorded")
    return None if facts.curve.rises_far > 1 else too_few(facts.curve.count, LEAST)


def losses_that_stay(facts: Facts) -> Message | None:
    """Losses over so many steps that they would have fallen. A row of a log stands for several steps, mostly."""
    lacking = losses(facts) or too_few(facts.curve.count, LEAST)
    if lacking is not None or facts.is_log:
        return lacking
    steps = facts.curve.steps
    covered = int(steps[-1] - steps[0]) + 1
    if covered < LEAST_STEPS:
        return Message("the losses are of {count} steps: it takes {least}", count=covered, least=LEAST_STEPS)
    return None


def any_loss(facts: Facts) -> Message | None:
    """Any number that can be broken."""
    if not len(facts.curve.every_loss) and not facts.has_activations and not facts.count:
        return Message("neither a loss nor outputs were recorded")
    return None

"""The Outcome: what became of a run, as answers to three questions, each with its number. Never an exception.

Does the gradient arrive (`signal`)? Does the first step do good (`first_step`)? Does it learn (`learning`)? One that
was not asked has no answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ..core.message import English, Message
from ..core.table import Table
from ..core.thresholds import DEAD, EXPLODED, SATURATED, UNDERFLOWN, VANISHED
from ..experiment.remedy import Remedy

#: The questions, in the order in which they are asked, as a person asks them.
QUESTIONS: dict[str, English] = {
    "signal": "does the gradient arrive?",
    "first_step": "does the first step do good?",
    "learning": "does it learn?",
}
#: How a question is put of a later iteration of a training, where it is put otherwise.
LATER: dict[str, English] = {"first_step": "does this step do good?"}
SEVERITIES: tuple[English, ...] = ("ok", "warning", "critical")
#: Beyond this many orders of magnitude past its threshold an answer is critical.
CRITICAL_DECADES = 3.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What an answer can be: what it is called, what that means in plain words, the questions that it answers, the
    threshold (0 where there is none), and its source.
    """

    name: str
    called: English
    says: English
    questions: tuple[str, ...]
    limit: float
    source: English


#: The first loss counts as that of no sane start beyond so many times that of guessing. Of 600 networks that were drawn
#: and trained, those between 3 and 10 times learnt as often as the others (bench/verdicts.py).
OFF_SCALE = 10.0
#: Updates below this share of their weights move nothing: 1,000 iterations of it are a tenth at the most. Of 1,100
#: networks that were drawn and trained, 15 % of those below learnt in 200 iterations, 57 % of those up to 1e-3
#: (bench/verdicts.py).
STILL = 1e-4
#: A weight decay that pulls more than so many times as hard as the gradient lets nothing stay that is learnt: of 30
#: such networks one learnt, of 17 where it pulls a third as hard to three times as hard nine (bench/verdicts.py).
SHRINKING = 3.0

#: An update that raises the loss up to so many times overshoots; beyond it diverges. Of 89 such networks that were
#: drawn and trained 48 learnt, of 83 beyond 14 (bench/verdicts.py).
OVERSHOT = 5.0

#: A loss below this share of that of guessing counts as learnt.
LEARNT = 0.95

_SIGNAL, _STEP, _BOTH = ("signal",), ("first_step",), ("signal", "first_step")
_LEARNING = ("learning",)
KINDS = Table(
    "kind of outcome",
    (
        Kind(
            "healthy", "healthy", "as it should be: nothing of what was tested is wrong",
            _BOTH, 0.0, "nothing of what was tested is wrong",
        ),
        Kind(
            "vanishing", "vanishing", "less than a thousandth of the gradient arrives",
            _SIGNAL, VANISHED, "threshold 1/1,000: AUTOTRAINER, ICSE 2021",
        ),
        Kind(
            "underflow", "underflow", "most of a gradient is exactly 0: it is under the smallest number of its type",
            _SIGNAL, UNDERFLOWN, "over half of ∂L/∂h rounds to 0, in float16 under 3e-8 (Micikevicius et al. 2018)",
        ),
        Kind(
            "exploding", "exploding", "over a thousand times the gradient arrives", _SIGNAL, EXPLODED,
            "threshold 1e3, the mirror image of vanishing; AUTOTRAINER (ICSE 2021) warns from 70 on",
        ),
        Kind(
            "dead", "dead", "almost all units of a layer are off for every sample, and pass nothing on",
            _SIGNAL, DEAD, "after SageMaker Debugger's DeadRelu; 90 % because it is one batch",
        ),
        Kind(
            "saturated", "saturated", "over half of a layer's outputs are at their end, where the slope is almost 0",
            _SIGNAL, SATURATED,
            "|a| > 0.97 counts as saturated (Karpathy, makemore part 3); over half of a layer",
        ),
        Kind(
            "symmetric", "symmetric", "all units of a layer are equal, and no update can tell them apart", _SIGNAL, 0.0,
            "all units of a layer equal: Goodfellow et al. 2016, §8.4 (symmetry must be broken)",
        ),
        Kind(
            "truncated", "truncated", "backpropagation is cut on purpose: what lies before the cut gets exactly 0",
            _SIGNAL, 0.0, "truncated backpropagation through time: Werbos 1990; Williams & Peng 1990",
        ),
        Kind(
            "non_finite", "non-finite", "a number has become infinite, or is none any more", _BOTH, math.inf,
            "IEEE 754: overflow gives inf, and inf − inf or 0 · inf gives NaN",
        ),
        Kind(
            "off_scale", "off scale", "the loss is over ten times that of guessing before anything is learned",
            _STEP, OFF_SCALE,
            "the loss beside that of guessing: Karpathy, A Recipe for Training Neural Networks, 2019 (at the start)",
        ),
        Kind(
            "still", "still", "updates are too small beside their weights: nothing moves",
            _STEP, STILL, "update / weight: about 1e-3 is usual (CS231n); here below 1e-4",
        ),
        Kind(
            "cut_off", "cut off", "the gradient of some weights is exactly 0: they never move",
            _STEP, 0.0, "a weight matrix whose gradient is exactly 0 never moves",
        ),
        Kind(
            "shrinking", "shrinking", "weight decay pulls harder than the gradient: what is learned fades",
            _STEP, SHRINKING,
            "λ‖W‖ beside ‖∂L/∂W‖: where training comes to rest they are equal (Krogh & Hertz 1992)",
        ),
        Kind(
            "starved", "starved", "some weights get under a thousandth of the largest update: they hardly learn",
            _STEP, VANISHED,
            "updates a number, beside the largest: the same 1/1,000 as for the signal",
        ),
        Kind(
            "overshooting", "overshooting", "the update goes too far, and raises the loss", _STEP, 1.0,
            "a step that is small enough lowers the loss (Nesterov 2004, §1.2); after one like this every second "
            "network learns (bench/verdicts.py)",
        ),
        Kind(
            "diverging", "diverging", "one update raises the loss over fivefold", _STEP, OVERSHOT,
            "a loss that one update raises beyond 5 times: every sixth such network learns (bench/verdicts.py)",
        ),
        Kind(
            "trained", "trained", "it has learned: held-out samples come out better than by guessing",
            _LEARNING, LEARNT,
            "the loss on held-out samples, beside that of guessing: 5 % less counts (bench/verdicts.py)",
        ),
        Kind(
            "overfitted", "overfitted", "it knows its batches by heart; held-out samples are no better than guessed",
            _LEARNING, LEARNT,
            "the batches' loss is under that of guessing, that of held-out samples is not",
        ),
        Kind(
            "falling", "falling", "the loss falls, and is not under that of guessing yet",
            _LEARNING, LEARNT, "the loss falls, and is not under that of guessing yet",
        ),
        Kind(
            "stalled", "stalled", "the loss stays where guessing is",
            _LEARNING, LEARNT, "the loss stays at that of guessing, or above it",
        ),
        Kind(
            "diverged", "diverged", "the loss has grown beyond all bounds",
            _LEARNING, OFF_SCALE, "the loss has grown beyond that of any sane start",
        ),
    ),
)  # fmt: skip

#: The kinds of which nothing is wrong.
SOUND_KINDS = ("healthy", "trained")

#: The source of what counts as healthy, by the question.
_SOUND: dict[str, English] = {
    "signal": "ratios between 1/1,000 and 1,000 of the output's: AUTOTRAINER, ICSE 2021, and its mirror image",
    "first_step": "update / weight about 1e-3 is usual (CS231n), and a step that is small enough lowers the loss",
    "learning": "the loss on samples that were held out, beside that of guessing",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question.

    kind is one of KINDS; site is where it shows first on the way from the output (non_finite: in the order of
    computation), stage the stage of that site. severity is one of SEVERITIES. rule is what was tested, measured
    the number that met it, limit the threshold. numbers are what else was measured, by name. carried says what the
    ratio is a share of.
    """

    question: str
    kind: str
    severity: str
    site: str
    stage: int | None
    message: str
    rule: str
    measured: float
    numbers: Mapping[str, float] = field(default_factory=dict)
    carried: English = ""

    @property
    def healthy(self) -> bool:
        return self.kind in SOUND_KINDS

    @property
    def limit(self) -> float:
        """The threshold of the kind; 0 where it has none."""
        return KINDS[self.kind].limit

    @property
    def source(self) -> str:
        return _SOUND[self.question] if self.healthy else KINDS[self.kind].source


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run: the answers, and what is told of the worst of them.

    ratio is the carried gradient of the first stage that learns (layer 1 of an MLP, the initial state of a cell) over
    that of the last stage; average_factor is its geometric mean per stage (see `CarriedPath`). remedies are changes of
    the experiment that are worth trying: `doctor` tries them.
    """

    signal: Answer
    ratio: float
    average_factor: float
    first_step: Answer | None = None
    learning: Answer | None = None
    remedies: tuple[Remedy, ...] = field(default=())

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Of the questions that were asked, in their order."""
        return tuple(answer for answer in (self.signal, self.first_step, self.learning) if answer is not None)

    @property
    def worst(self) -> Answer:
        """The answer of the highest severity; of equals the first that was asked."""
        return max(self.answers, key=lambda answer: SEVERITIES.index(answer.severity))

    @property
    def healthy(self) -> bool:
        """Whether everything that was asked is healthy."""
        return all(answer.healthy for answer in self.answers)

    @property
    def kind(self) -> str:
        return self.worst.kind

    @property
    def severity(self) -> str:
        return self.worst.severity

    @property
    def site(self) -> str:
        return self.worst.site

    @property
    def stage(self) -> int | None:
        return self.worst.stage

    @property
    def message(self) -> str:
        return self.worst.message

    @property
    def rule(self) -> str:
        return self.worst.rule

    @property
    def measured(self) -> float:
        return self.worst.measured

    @property
    def limit(self) -> float:
        return self.worst.limit

    @property
    def source(self) -> str:
        return self.worst.source


def far_beyond(value: float, limit: float) -> bool:
    """Whether a number is more than CRITICAL_DECADES orders of magnitude past its threshold."""
    if not value > 0 or math.isinf(value):
        return True
    return abs(math.log10(value / limit)) > CRITICAL_DECADES


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: the fields of an `Answer`, and whether it is critical."""

    kind: str
    critical: bool
    site: str
    stage: int | None
    message: str
    rule: str
    measured: float

    def answer(self, question: str, numbers: Mapping[str, float], carried: str = "") -> Answer:
        """The answer to a question that it is."""
        ok, warning, critical = SEVERITIES
        severity = ok if self.kind in SOUND_KINDS else (critical if self.critical else warning)
        return Answer(
            question, self.kind, severity, self.site, self.stage, self.message, self.rule, self.measured, numbers,
            carried,
        )  # fmt: skip


Case = TypeVar("Case")
#: Gives what it finds in a case; None where it does not hold.
Rule = Callable[[Case], Finding | None]
#: What the rule asks that comes first wherever numbers are looked at.
FINITE = Message("every number is finite")


def first_finding(rules: Iterable[Rule[Case]], case: Case) -> Finding:
    """What the first rule that holds finds; the last of them always holds."""
    return next(finding for rule in rules if (finding := rule(case)) is not None)

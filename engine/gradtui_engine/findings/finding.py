"""A finding: what is wrong with a recorded training, where, since when, and what would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.message import English, Message

#: How serious a finding is, the most serious first. A note is no fault.
FINDING_SEVERITIES: tuple[English, ...] = ("error", "warning", "note")
#: What `why` says of a run.
VERDICTS: tuple[English, ...] = ("healthy", "fault")

#: What stands in evidence: numbers, and names where a name is the evidence.
Evidence = Mapping[str, float | int | str | list[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found.

    kind is the rule's; layer a module's name as in `named_modules()` (None where it is about the whole), step the
    training step from which on it holds. cause is the most likely one, remedy PyTorch code, experiment a gradtui
    command that shows the same (None where there is none), lesson the id of the lesson that explains it ("" for none).
    """

    kind: str
    layer: str | None
    step: int | None
    severity: str
    message: str
    evidence: Evidence
    cause: str
    remedy: str
    experiment: str | None = None
    lesson: str = ""
    source: English = ""
    #: How the layer is called in a sentence, where that is not its name.
    called: Message | None = None

    @property
    def is_fault(self) -> bool:
        return self.severity != FINDING_SEVERITIES[-1]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, the most important first; and by kind, why a rule could not be asked of this recording.

    is_empty: no step was recorded. doubt is why, though no fault was found, nobody can call it healthy; None where
    that can be said.
    """

    findings: tuple[Finding, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    is_empty: bool = False
    doubt: Message | None = None

    @property
    def verdict(self) -> str:
        return VERDICTS[any(finding.is_fault for finding in self.findings)]

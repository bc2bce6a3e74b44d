"""The diagnosis of a recorded training: every rule is asked, and what they find is put in order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.message import Message
from ..recordings.recording import Recording
from .experiments import experiment_of
from .facts import Facts
from .finding import FINDING_SEVERITIES, Diagnosis, Finding
from .kind import NOTE, FindingKind, Found
from .kinds import KINDS

#: What is a fault only where nothing else is wrong.
_ALONE = ("loss_flat",)
_NOT_ALONE = Message("what else is wrong with it")


def diagnose(recording: Recording, experiments: bool = True) -> Diagnosis:
    """All findings, the most important first: faults before notes; of these the earliest step first, as what comes
    later may have come of it; of one step in the order of the table, causes before what they bring about.

    left_out says of each kind that could not be asked why. experiments: whether to look for an experiment that shows
    the same; each is run once, which takes up to a tenth of a second.
    """
    facts = Facts(recording)
    findings: list[Finding] = []
    left_out: dict[str, str] = {}
    with np.errstate(all="ignore"):
        for kind in KINDS.values():
            lacking = kind.needs(facts)
            if lacking is not None:
                left_out[kind.name] = lacking
                continue
            found = kind.test(facts)
            if found is not None:
                findings.append(_finding(kind, found, facts, experiments))
    if any(finding.is_fault and finding.kind not in _ALONE for finding in findings):
        findings = [
            replace(each, severity=NOTE, cause=_NOT_ALONE) if each.kind in _ALONE else each for each in findings
        ]
    return Diagnosis(tuple(sorted(findings, key=_importance)), left_out)


def _finding(kind: FindingKind, found: Found, facts: Facts, experiments: bool) -> Finding:
    return Finding(
        kind.name,
        found.layer,
        found.step,
        found.severity,
        found.message,
        found.evidence,
        kind.cause if found.cause is None else found.cause,
        kind.code(found),
        experiment_of(kind.name, facts, found.evidence) if experiments else None,
        kind.lesson,
        kind.source,
    )


_PLACES = {name: index for index, name in enumerate(KINDS)}


def _importance(finding: Finding) -> tuple[bool, float, int, int]:
    step = float("inf") if finding.step is None else finding.step
    return not finding.is_fault, step, _PLACES[finding.kind], FINDING_SEVERITIES.index(finding.severity)

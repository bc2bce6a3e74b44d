"""The diagnosis of a recorded training: every rule is asked, and what they find is put in order."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..core.message import Message
from ..core.numerics import Array
from ..recordings.recording import Recording
from .experiments import experiment_of
from .facts import Facts
from .finding import FINDING_SEVERITIES, Diagnosis, Finding
from .kind import NOTE, FindingKind, Found
from .kinds import KINDS

#: What is a fault only where nothing else is wrong.
_ALONE = ("loss_flat",)
_NOT_ALONE = Message("the faults above: the loss cannot fall before they are mended")


#: While a training goes on, a loss that stays at guessing for fewer steps is no fault yet: small networks stay there
#: for 200 iterations and learn then (a GRU on the adding problem for 250).
PATIENCE = 200
_EARLY = Message("the training has just begun: many a loss stays where guessing is at first")
#: Kinds whose step is the loss's own, known of every step; of the others it is the recorded step at which they were
#: seen, and they may have begun right after the one before.
_OF_LOSSES = ("loss_spike", "loss_rises", "loss_flat")


def diagnose(recording: Recording, experiments: bool = True, growing: bool = False) -> Diagnosis:
    """All findings, the most important first: faults before notes; of these the earliest step first, as what comes
    later may have come of it (of what is seen at recorded steps alone, the earliest at which it may have begun); of one
    step in the order of the table, causes before what they bring about.

    left_out says of each kind that could not be asked why. experiments: whether to look for an experiment that shows
    the same; each is run once, which takes up to a tenth of a second. growing: somebody watches it while it is
    written; of a file without an end that is opened afterwards nobody knows whether more will come.
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
    if growing and not facts.over and facts.curve.count < PATIENCE:
        findings = [
            replace(each, severity=NOTE, cause=_EARLY) if each.kind in _ALONE and each.is_fault else each
            for each in findings
        ]
    ordered = sorted(findings, key=functools.partial(_importance, facts.columns.steps))
    return Diagnosis(tuple(ordered), left_out, facts.is_empty, _doubt(facts, findings, left_out))


def _doubt(facts: Facts, findings: Sequence[Finding], left_out: Mapping[str, str]) -> Message | None:
    """Why nobody can say that it is healthy, though nothing is found; None where that can be said."""
    if facts.is_empty:
        return (
            Message("nothing was recorded: the training ended before its first step")
            if facts.over
            else Message("nothing is recorded yet: the training has not made a step")
        )
    if any(finding.kind in _ALONE for finding in findings):
        return Message("no fault found, but the loss does not fall")
    if facts.is_log and "loss_flat" in left_out:
        return Message("no fault found, but this is too little to call it healthy")
    return None


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
        facts.numbered(found.layer or ""),
    )


_PLACES = {name: index for index, name in enumerate(KINDS)}


def _importance(steps: Array, finding: Finding) -> tuple[bool, float, int, int]:
    step = float("inf") if finding.step is None else float(finding.step)
    if finding.step is not None and finding.kind not in _OF_LOSSES:
        event = int(np.searchsorted(steps, finding.step))
        if 0 < event < len(steps) and steps[event] == finding.step:
            step = float(steps[event - 1]) + 1.0
    return not finding.is_fault, step, _PLACES[finding.kind], FINDING_SEVERITIES.index(finding.severity)

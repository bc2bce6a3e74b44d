"""How findings of a recorded training are said: the verdict, one finding in a few words, in one line."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui_engine.findings.finding import Diagnosis, Finding
from gradtui_engine.findings.kinds import KINDS

from .language import tr


def verdict(diagnosis: Diagnosis) -> str:
    """Healthy, why that cannot be said, or the most important finding in a few words."""
    faults = [finding for finding in diagnosis.findings if finding.is_fault]
    if not faults:
        return tr("healthy: no fault found") if diagnosis.doubt is None else tr(diagnosis.doubt)
    first, more = heading(faults[0]), len(faults) - 1
    if not more:
        return tr("fault: {finding}", finding=first)
    return tr("fault: {finding}; and {count} more", finding=first, count=more)


def heading(finding: Finding) -> str:
    """The kind with where and since when: vanishing at net.0 since step 12."""
    called = tr(KINDS[finding.kind].called)
    layer = finding.layer if finding.called is None else tr(finding.called)
    if layer is None:
        return called if finding.step is None else tr("{kind} since step {step}", kind=called, step=finding.step)
    if finding.step is None:
        return tr("{kind} at {layer}", kind=called, layer=layer)
    return tr("{kind} at {layer} since step {step}", kind=called, layer=layer, step=finding.step)


def not_asked(diagnosis: Diagnosis) -> Iterator[str]:
    """The rules that could not be asked, those with one reason together: underflow, update lost: nothing is …"""
    reasons: dict[str, list[str]] = {}
    for kind, reason in diagnosis.left_out.items():
        reasons.setdefault(tr(reason), []).append(tr(KINDS[kind].called))
    for reason, names in reasons.items():
        yield tr("{names}: {problem}", names=tr(", ").join(names), problem=reason)


def line(finding: Finding) -> str:
    """One finding in one line."""
    return tr(
        "{severity}: {finding}: {message}", severity=tr(finding.severity), finding=heading(finding),
        message=tr(finding.message),
    )  # fmt: skip

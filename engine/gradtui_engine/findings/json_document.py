"""The document of `gradtui why --json`."""

from __future__ import annotations

import math
from typing import Any

from ..analysis.json_document import strict
from ..recordings.recording import Recording
from .finding import Diagnosis, Finding

SCHEMA = 1


def document(recording: Recording, diagnosis: Diagnosis) -> dict[str, Any]:
    """{"schema", "run", "verdict", "findings"}, the most important finding first; a number that is not finite is "nan",
    "inf" or "-inf".
    """
    return {
        "schema": SCHEMA,
        "run": _run(recording, diagnosis),
        "verdict": diagnosis.verdict,
        "findings": [_finding(each) for each in diagnosis.findings],
    }


def _run(recording: Recording, diagnosis: Diagnosis) -> dict[str, Any]:
    """What was read; not_asked says of each kind that could not be asked why."""
    header, ended = recording.header, recording.ended
    losses = recording.columns.every_loss[1]
    return {
        "files": list(recording.files),
        "script": header.script,
        "torch": header.torch,
        "time": None if math.isnan(header.time) else header.time,
        "ranks": header.ranks,
        "modules": len(header.modules),
        "parameters": sum(row.size for row in header.parameters),
        "recorded_steps": recording.count,
        "last_step": recording.last_step if recording.last_step >= 0 else None,
        "last_loss": strict(float(losses[-1])) if len(losses) else None,
        "ended": None if ended is None else ended.why,
        "notes": [note.text for note in recording.notes],
        "not_asked": {kind: str(why) for kind, why in diagnosis.left_out.items()},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "layer": finding.layer,
        "step": finding.step,
        "severity": finding.severity,
        "message": str(finding.message),
        "evidence": strict(dict(finding.evidence)),
        "cause": str(finding.cause),
        "remedy": finding.remedy,
        "experiment": finding.experiment,
    }

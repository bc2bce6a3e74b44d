"""An examination as strict JSON types."""

from __future__ import annotations

from typing import Any

from ..analysis.json_document import outcome_document, strict
from .examined import Examination, Examined
from .short_training import Attempt, Trained


def report_document(report: Examination) -> dict[str, Any]:
    """The report as strict JSON types; what was not asked is null."""
    plan = report.plan
    document: dict[str, Any] = strict(
        {
            "schema": 1,
            "experiment": report.before.experiment.to_document(report.before.resolved),
            "given": report.before.experiment.given(),
            "iterations": 0 if plan is None else plan.iterations,
            "complete": report.complete,
            "text": report.text,
            "before": _measured(report.before),
            "remedies": [
                {
                    "name": trial.remedy.name,
                    **trial.remedy.to_document(trial.of(report.before), report.before.resolved),
                    "options": trial.options(report.before),
                    "effect": trial.effect,
                    "text": trial.text,
                    "command": trial.command,
                    "pytorch": [str(line) for line in trial.pytorch(report.before)],
                    **_measured(trial.measured),
                }
                for trial in report.trials
            ],
        }
    )
    return document


def _measured(measured: Examined) -> dict[str, Any]:
    return {
        "outcome": outcome_document(measured.outcome),
        "factor": measured.outcome.average_factor,
        "ratio": measured.outcome.ratio,
        "loss": measured.loss,
        "loss_after_update": measured.loss_after,
        "training": None if measured.trained is None else _training(measured.trained),
    }


def _training(trained: Trained) -> dict[str, Any]:
    """What training has come to at the best rate, and at each."""
    return {
        **_attempt(trained.best),
        "guess": trained.guess,
        "held_out": trained.held_out,
        "rates": [_attempt(attempt) | {"given_up": attempt.given_up} for attempt in trained.attempts],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "kind": attempt.answer.kind,
        "rate": attempt.rate,
        "iterations": attempt.count,
        "loss": attempt.loss,
        "accuracy": attempt.accuracy,
    }

"""A record as one strict JSON document."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from ..core.spelt import told
from ..program.program import place_of
from .jacobian import spectra
from .record import Listed, Record, Source
from .stage_numbers import STAGE_NUMBERS, StageNumbers

if TYPE_CHECKING:
    from .outcome import Answer, Outcome

SCHEMA = 1


def document(record: Record, with_jacobian: bool = False) -> dict[str, Any]:
    """The numbers of a record as JSON types; a non-finite number is the string "inf", "-inf" or "nan".

    Raises ExperimentError if the Jacobian is asked for where there is none (see `jacobian`), and ValueError where the
    record has no arrays to work it out from.
    """
    theory, decay = record.theory, record.decay
    if with_jacobian and record.listed is None:
        raise ValueError("the Jacobian is worked out from a run's arrays, which this record has not")
    contents: dict[str, Any] = strict(
        {
            "schema": SCHEMA,
            **_source(record.source),
            "loss": record.loss,
            "axis": record.axis,
            "outcome": outcome_document(record.outcome),
            "profile": {
                "geometric_mean": decay.geometric_mean,
                "half_life": decay.half_life,
                "vanished_after": decay.vanished_after,
                "subnormal_after": decay.subnormal_after,
            },
            "theory": None
            if theory is None
            else {
                "q_star": theory.q_star,
                "chi": theory.chi,
                "regime": theory.regime,
                "depth_scale": theory.depth_scale,
                "note": theory.note,
            },
            "parameters": {name: dataclasses.asdict(numbers) for name, numbers in record.parameter_numbers.items()},
            **({"jacobian": _spectra(record.listed)} if with_jacobian and record.listed is not None else {}),
            "stages": [_stage(record.axis, stage) for stage in record.stages],
        }
    )
    # The words of theory and verdict in parts: who opens the document may read another language.
    return contents | {"texts": told([contents["outcome"], contents["theory"]])}


def _source(source: Source) -> dict[str, Any]:
    """The experiment, whole and as it was given; null for a recording that knows none."""
    experiment, resolved = source.experiment, source.resolved
    if experiment is None or resolved is None:
        return {"experiment": None, "given": None}
    return {"experiment": experiment.to_document(resolved), "given": experiment.given()}


def _spectra(listed: Listed) -> dict[str, Any]:
    singular = spectra(listed)
    return {
        "sample": singular.sample,
        "end_to_end": singular.end_to_end.tolist(),
        "stages": [values.tolist() for values in singular.stages],
    }


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """The diagnosis: what is told of the worst answer, each answer by its question (null where it was not asked), and
    the remedies as changes of fields.
    """
    return {
        **answer_document(outcome.worst),
        "ratio": outcome.ratio,
        "average_factor": outcome.average_factor,
        "signal": answer_document(outcome.signal),
        "first_step": None if outcome.first_step is None else answer_document(outcome.first_step),
        "learning": None if outcome.learning is None else answer_document(outcome.learning),
        "remedies": [
            {"name": remedy.name, "changes": dict(remedy.changes), "training": dict(remedy.training)}
            for remedy in outcome.remedies
        ],
    }


def answer_document(answer: Answer) -> dict[str, Any]:
    """The answer to one question."""
    return {
        "question": answer.question,
        "kind": answer.kind,
        "severity": answer.severity,
        "site": answer.site,
        "stage": answer.stage,
        "message": answer.message,
        "rule": answer.rule,
        "measured": answer.measured,
        "limit": answer.limit,
        "source": answer.source,
        "numbers": dict(answer.numbers),
        **({"carried": answer.carried} if answer.carried else {}),
    }


def _stage(axis: str, stage: StageNumbers) -> dict[str, Any]:
    """A stage's numbers, each in its place; null where another stage has one, left out where none can.

    A stage with a name of its own (a module) has it, too.
    """
    document: dict[str, Any] = {"index": stage.index}
    if stage.place != place_of(axis, stage.index):
        document["name"] = stage.place
    for row in STAGE_NUMBERS.values():
        value = row.read(stage)
        if row.part or (value is None and row.at_last):
            continue
        *groups, name = row.path
        place = document
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
        if name == "factor":
            # In the order of the backward pass, which is the stage's own.
            document["factors"] = dict(stage.factors)
            if stage.unknown_parts:
                document["unknown_parts"] = stage.unknown_parts
    if stage.layer_gradient_norms:
        document["layer_gradient_norms"] = list(stage.layer_gradient_norms)
    document["parameters"] = dict(stage.parameters)
    return document


def strict(value: Any) -> Any:
    """The value with every non-finite number spelled as a string, at any depth."""
    if isinstance(value, dict):
        return {key: strict(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [strict(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value

"""A trace as one strict JSON document."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..core.numerics import norm
from .jacobian import spectra

if TYPE_CHECKING:
    from ..run.trace import Trace
    from .diagnosis import Outcome
    from .stages import Stage

SCHEMA = 1


def document(trace: Trace, with_jacobian: bool = False) -> dict[str, Any]:
    """The numbers of a trace as JSON types; a non-finite number is the string "inf", "-inf" or "nan".

    Raises ExperimentError if the Jacobian is asked for where there is none (see `jacobian`).
    """
    theory = trace.theory
    along = trace.profile
    found: dict[str, Any] = strict(
        {
            "schema": SCHEMA,
            "experiment": trace.experiment.to_document(trace.resolved),
            "given": trace.experiment.given(),
            "loss": trace.loss,
            "axis": trace.axis,
            "outcome": outcome_document(trace.outcome),
            "profile": {
                "geometric_mean": along.geometric_mean,
                "half_life": along.half_life,
                "vanished_after": along.vanished_after,
                "subnormal_after": along.subnormal_after,
            },
            "theory": {
                "q_star": theory.q_star,
                "chi": theory.chi,
                "regime": theory.regime,
                "depth_scale": theory.depth_scale,
                "note": theory.note,
            },
            "parameters": {name: _parameter(trace, name) for name in trace.parameters},
            **({"jacobian": _spectra(trace)} if with_jacobian else {}),
            "stages": [
                _stage(stage, predicted, product)
                for stage, predicted, product in zip(trace.stages, theory.factors, along.running_product, strict=True)
            ],
        }
    )
    return found


def _parameter(trace: Trace, name: str) -> dict[str, float]:
    """A parameter before and after clipping and update."""
    return {
        "norm": norm(trace.parameters[name]),
        "gradient_norm": norm(trace.parameter_gradients[name]),
        "clipped_norm": norm(trace.clipped[name]),
        "update_ratio": trace.update_ratio(name),
    }


def _spectra(trace: Trace) -> dict[str, Any]:
    found = spectra(trace)
    return {
        "sample": found.sample,
        "end_to_end": found.end_to_end.tolist(),
        "stages": [values.tolist() for values in found.stages],
    }


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """The diagnosis, with its remedies as changes of fields."""
    return {
        "kind": outcome.kind,
        "severity": outcome.severity,
        "site": outcome.site,
        "stage": outcome.stage,
        "message": outcome.message,
        "rule": outcome.rule,
        "measured": outcome.measured,
        "ratio": outcome.ratio,
        "average_factor": outcome.average_factor,
        "source": outcome.source,
        "remedies": [{"name": each.name, "changes": dict(each.changes)} for each in outcome.remedies],
    }


def _stage(stage: Stage, predicted: float | None, product: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "index": stage.index,
        "gradient_norm": stage.gradient_norm,
        "gradient_rms": stage.gradient_rms,
        "factor": stage.factor,
        "factors": dict(stage.factors),
        "predicted_factor": predicted,
        "running_product": product,
    }
    if stage.cell_gradient_norm is not None:
        row["cell_gradient_norm"] = stage.cell_gradient_norm
    if stage.layer_gradient_norms:
        row["layer_gradient_norms"] = list(stage.layer_gradient_norms)
    statistics = stage.activation
    row["activation"] = {
        "mean": statistics.mean,
        "std": statistics.std,
        "saturated": statistics.saturated,
        "dead": statistics.dead,
    }
    row["parameters"] = dict(stage.parameters)
    return row


def strict(value: Any) -> Any:
    """The value with every non-finite number spelled as a string, at any depth."""
    if isinstance(value, dict):
        return {key: strict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [strict(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value

"""Checkpoints, looked at and compared, as plain values for JSON: schema 1."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from ...analysis.json_document import strict
from .changes import Changes, remarks_of
from .checkpoint import Checkpoint
from .look import Look, Weight
from .memory import Memory
from .told import Remark, remarks

SCHEMA: Final = 1


def of_look(look: Look) -> Any:
    """What `gradtui model CHECKPOINT --json` prints: non-finite numbers are strings, null is not known."""
    return strict(
        {
            "schema": SCHEMA,
            **_file(look.checkpoint, ""),
            "remarks": _remarks(remarks(look)),
            "weights": [_weight(weight) for weight in look.weights],
            "recurrent": [_memory(memory) for memory in look.memories],
            "tied": look.checkpoint.tied,
            "gradient_per_layer": {name: look.factor(name) for name in ("tanh", "relu")},
        }
    )


def of_changes(changes: Changes) -> Any:
    """What `gradtui model A B --json` prints."""
    return strict(
        {
            "schema": SCHEMA,
            **_file(changes.a, "_a"),
            **_file(changes.b, "_b"),
            "remarks": _remarks(remarks_of(changes)),
            "parameters": [dataclasses.asdict(row) | {"unchanged": row.is_unchanged} for row in changes.rows],
            "only_a": changes.only_a,
            "only_b": changes.only_b,
            "reshaped": changes.reshaped,
        }
    )


def _file(checkpoint: Checkpoint, ending: str) -> dict[str, Any]:
    return {f"file{ending}": checkpoint.file, f"notes{ending}": list(map(str, checkpoint.notes))}


def _remarks(rows: tuple[Remark, ...]) -> list[dict[str, Any]]:
    return [{"kind": row.kind, "names": row.names, "message": str(row.message)} for row in rows]


def _weight(weight: Weight) -> dict[str, Any]:
    document = dataclasses.asdict(weight)
    if weight.theory is not None:
        document["theory"] = {name: dataclasses.asdict(point) for name, point in weight.theory.items()}
    return document


def _memory(memory: Memory) -> dict[str, Any]:
    return dataclasses.asdict(memory) | {"half_life": memory.half_life, "longest_half_life": memory.longest}

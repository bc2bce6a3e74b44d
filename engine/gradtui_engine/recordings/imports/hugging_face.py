"""trainer_state.json of Hugging Face's Trainer: what it logged, every `logging_steps` steps."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ...core.fields import Rejected
from ...core.message import Message
from .log import LACKS, Log

_ALSO_LACKS = (
    "the Trainer logs means over logging_steps steps, and by default (logging_nan_inf_filter) leaves out of them "
    "what is nan or inf: a spike or a first nan between two lines is not seen; grad_norm is that of one step, before "
    "clipping"
)


def is_one(head: bytes) -> bool:
    """Whether a file that begins so may be one: a JSON document, and no line of a recording."""
    return head.lstrip()[:1] == b"{" and b'"k"' not in head.partition(b"\n")[0]


def log_of(raw: bytes) -> Log | None:
    """What such a file says; None where it is another document. Raises Rejected for a damaged one."""
    if b'"log_history"' not in raw:
        return None
    try:
        # NaN and Infinity stand in it bare: Python writes and reads them.
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise Rejected(Message("is a trainer_state.json that is damaged: it may be cut off")) from None
    history = document.get("log_history") if isinstance(document, dict) else None
    if not isinstance(history, list):
        return None
    log = Log(notes=[LACKS, _ALSO_LACKS])
    losses: dict[int, float] = {}
    gradients: dict[int, float] = {}
    rates: dict[int, float] = {}
    held_out: dict[int, float] = {}
    for entry in history:
        step = entry.get("step") if isinstance(entry, dict) else None
        if not isinstance(step, int) or step < 0:
            continue
        for name, series in (
            ("loss", losses), ("grad_norm", gradients), ("learning_rate", rates), ("eval_loss", held_out),
        ):  # fmt: skip
            value = number(entry.get(name))
            if value is not None:
                series[step] = value
    if not losses and not gradients:
        raise Rejected(Message("is a trainer_state.json without a loss: nothing was logged yet"))
    log.losses, log.gradients, log.rates, log.held_out = losses, gradients, [rates] if rates else [], held_out
    every = _every(document, losses)
    if every is not None:
        log.notes.append(f"a line every {every} steps")
    return log


def number(value: Any) -> float | None:
    """A number as logs have it: also as a text, "nan" too."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _every(document: Mapping[str, Any], losses: Mapping[int, float]) -> int | None:
    given = document.get("logging_steps")
    if isinstance(given, int | float) and math.isfinite(given) and given >= 1:
        return int(given)
    steps = sorted(losses)
    return steps[1] - steps[0] if len(steps) > 1 else None

"""Ratios that say nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtui_engine.analysis.record import Record


def defined(value: float | None, record: Record) -> float | None:
    """The ratio; None for 0/0, where no gradient is left, which is no fault of the network: it prints as a dash.

    In a record with nan or inf of its own a nan stays what it is.
    """
    undefined = value is not None and math.isnan(value) and record.outcome.signal.kind != "non_finite"
    return None if undefined else value

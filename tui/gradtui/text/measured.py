"""What came out of measuring, as it is shown: 2.2e-12, 43 %, vanishing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradtui_engine.core.figures import percent, short

from .summary import kind_name

if TYPE_CHECKING:
    from gradtui_engine.measures.measured import Measured


def measured_text(measured: Measured) -> str:
    """A dash where there is none."""
    value = measured.value
    if value is None:
        return "–"
    if isinstance(value, str):
        return kind_name(value)
    if measured.whole and math.isfinite(value):
        return str(round(value))
    return percent(value) if measured.share else short(value)

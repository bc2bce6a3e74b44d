"""What of the error signal is left at each stage: what each multiplies it by, and the verdict's colour of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from gradtui_engine.analysis.record import Record
from gradtui_engine.core.numerics import ratio
from gradtui_engine.core.thresholds import crossed

from ...text.undefined import defined


def factors_of(shares: Sequence[float], record: Record) -> tuple[float | None, ...]:
    """What each stage multiplies by; the last one nothing."""
    factors = (ratio(here, above) for here, above in itertools.pairwise(shares))
    return (*(defined(factor, record) for factor in factors), None)


def style_of(share: float, record: Record) -> str:
    """The verdict's colour of a share. Of a signal that is 0 at the output already nothing arrives, too."""
    if defined(share, record) is not None and not math.isfinite(share):
        return "broken"
    return crossed(share) or "healthy"

"""Where a gradient counts as vanished or exploded, and a layer as dead or saturated: for the verdict and every stage.

Relative to the output's gradient: published absolute cut-offs for "vanished" differ by seven orders of magnitude.
"""

from __future__ import annotations

from .figures import many, part_of

#: AUTOTRAINER (ICSE 2021); the upper one is its mirror image.
VANISHED = 1e-3
EXPLODED = 1e3
# Of one batch. SageMaker's 50 % is over a whole window: in a deep ReLU network half the units of a layer can be off
# for every sample of one batch without harm, as its samples become alike.
DEAD = 0.9
SATURATED = 0.5
# The share of a gradient that a 16-bit type has rounded to 0: beyond it more is lost than kept.
UNDERFLOWN = 0.5

#: As they are said: 1/1,000 and 1,000.
VANISHED_TEXT, EXPLODED_TEXT = part_of(VANISHED), many(EXPLODED)


def crossed(relative: float) -> str:
    """vanishing or exploding, by a gradient's norm over that at the output; empty between the thresholds."""
    # Written so that a zero gradient at the output itself (relative is nan) counts as vanished.
    if not relative >= VANISHED:
        return "vanishing"
    return "exploding" if relative > EXPLODED else ""

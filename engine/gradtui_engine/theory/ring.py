"""How far a diagonal recurrence carries a gradient whose eigenvalues start on a ring of the complex plane.

|λ|² uniform in (a, b) = (r_min², r_max²): of a gradient that is spread evenly over the units the share
√E|λ|^2T = √((b^(T+1) − a^(T+1)) / ((T + 1)(b − a))) is left after T steps, so that the factor from T to T + 1 steps
below the end is √(E|λ|^(2T+2) / E|λ|^2T): it rises towards r_max, as what is left sits in the slowest units
(Orvieto et al. 2023, section 3).
"""

from __future__ import annotations

import math


def left_after(r_min: float, r_max: float, steps: int) -> float:
    """√E|λ|^2T of T steps; r_min may not be above r_max."""
    low, high = r_min**2, r_max**2
    if high == low:
        return float(r_max**steps)
    # In powers of the larger one: no difference of two numbers that are nearly the same.
    share = -math.expm1((steps + 1) * math.log(low / high)) if low > 0 else 1.0
    return float(r_max**steps * math.sqrt(share / ((steps + 1) * (1 - low / high))))


def scatter(r_min: float, r_max: float, steps: int, width: int) -> float:
    """The relative standard deviation of what is left after T steps from one draw of so many units to another.

    √((ρ − 1) / 2W) with ρ = E|λ|^4T / (E|λ|^2T)²: half of that of the mean of |λ|^2T over units, each weighted by its
    own share of the gradient at the end, of which a complex Gaussian's fourth moment is twice the square of its second.
    """
    inner = r_min / r_max
    spread = (left_after(inner, 1.0, 2 * steps) / left_after(inner, 1.0, steps) ** 2) ** 2
    return math.sqrt(max(0.0, spread - 1) / (2 * width))


def factors(r_min: float, r_max: float, steps: int) -> tuple[float, ...]:
    """The factor of each stage from the initial state on."""
    low, high = r_min**2, r_max**2
    found = []
    for below in range(steps):
        if high == low:
            found.append(r_max)
            continue
        shares = [-math.expm1(power * math.log(low / high)) if low > 0 else 1.0 for power in (below + 2, below + 1)]
        found.append(r_max * math.sqrt(shares[0] / shares[1] * (below + 1) / (below + 2)))
    return tuple(reversed(found))

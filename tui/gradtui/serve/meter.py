"""A token bucket: so many bytes (or connections) a second, and so many at once. It knows no clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Meter:
    """rate a second, burst at once."""

    rate: float
    burst: float
    _left: float = -1.0
    _at: float = 0.0

    def available(self, now: float) -> float:
        """How much may be taken now."""
        self._left = self.burst if self._left < 0 else min(self.burst, self._left + (now - self._at) * self.rate)
        self._at = now
        return self._left

    def take(self, amount: float, now: float) -> bool:
        """Take it, if there is as much."""
        if self.available(now) < amount:
            return False
        self._left -= amount
        return True

    def wait(self, amount: float, now: float) -> float:
        """Seconds until there is as much; for no more than burst."""
        return max(0.0, (amount - self.available(now)) / self.rate)

    def full(self, now: float) -> bool:
        """Whether it need not be remembered: a new one would say the same."""
        return self.available(now) >= self.burst

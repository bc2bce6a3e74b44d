"""Token buckets: so many bytes (or connections) a second, and so many at once. They know no clock."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Addresses that are remembered for their rate.
_MOST = 4096


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


@dataclass(slots=True)
class Meters:
    """The same rate and burst for each of many, one taken at a time."""

    rate: float
    burst: float
    _each: dict[str, Meter] = field(default_factory=dict)

    def take(self, name: str, now: float) -> bool:
        """Take one for this name, if it has one left."""
        if len(self._each) >= _MOST:
            self._each = {name: meter for name, meter in self._each.items() if not meter.full(now)}
        return self._each.setdefault(name, Meter(self.rate, self.burst)).take(1, now)

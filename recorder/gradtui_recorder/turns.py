"""Several optimizers: each is to be seen to step now and then, also where each line falls on steps of some alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: So many lines show nothing of an optimizer that steps between them, before the steps after one are looked at too:
#: a critic's lines would otherwise all be of steps without its generator, as lines begin where both have stepped.
_LINES: Final = 2
#: So many steps are looked at for it, at the most. Of one that has not come by then it takes twice as many lines.
_STEPS: Final = 8


class Turns:
    """Which optimizers have stepped in steps that nobody looked at alone."""

    def __init__(self) -> None:
        #: Whether the next step is to be looked at because of them.
        self.wanted = False
        self._hidden: set[int] = set()
        self._lines = 0
        self._wait = _LINES
        self._left = 0

    def hid(self, stepped: Iterable[int]) -> None:
        """These stepped in a step that was not looked at."""
        self._hidden.update(stepped)

    def shown(self, stepped: Iterable[int]) -> None:
        """These stepped in one that was."""
        self._hidden.difference_update(stepped)
        if not self._hidden:
            if self._left:
                self._wait = _LINES
            self._lines = self._left = 0
        elif self._left:
            self._left -= 1
            if not self._left:
                self._wait *= 2
        else:
            self._lines += 1
            if self._lines >= self._wait:
                self._lines, self._left = 0, _STEPS
        self.wanted = self._left > 0

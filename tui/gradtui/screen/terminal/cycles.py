"""When Python looks for cycles of dead objects: when nobody waits.

A look at all objects takes 20 ms, with a deep trace 100, and by itself it comes while a trace is made or arrives. What
takes memory has no cycles and goes by counting (a test holds that for traces): closed dialogs are what is left.
"""

from __future__ import annotations

import gc

#: Seconds without a frame after which nobody waits.
REST = 1.0
#: Allocations between looks at the young objects, such looks between those at the middle-aged, and of those between
#: looks at all, which so never come by themselves. Python's own: 700, 10, 10. The more a look finds the longer nobody
#: else runs, whoever's turn it is: 10,000 objects are 1 ms, the 100,000 of a deep trace 8 to 18.
_SELDOM = 2_000, 5, 1_000_000


def seldom() -> None:
    """From now on the program looks at all objects only when it is told to."""
    gc.set_threshold(*_SELDOM)


def collect() -> bool:
    """Look at all objects, if the young ones have been looked at since: an idle program stays idle."""
    worth = gc.get_count()[2] > 0
    if worth:
        gc.collect()
    return worth

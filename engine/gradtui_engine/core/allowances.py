"""What the engine may do in this process: a value that is put into force once, and handed on to worker processes.

Everything else of the engine depends on its arguments alone. This cannot be one: an Experiment that names a file is
refused when it is made, wherever that is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowances:
    """tables: whether files are read (csv:PATH); largest_trace: bytes of a trace, where there is less than usual;
    iterations and checkpoints: of a training so many, and bytes of them, at the most; cells and swept: of a sweep so
    many, and iterations of all of them together; processes: whether they are computed in processes of their own."""

    tables: bool = True
    largest_trace: float = math.inf
    iterations: float = math.inf
    checkpoints: float = math.inf
    cells: float = math.inf
    swept: float = math.inf
    processes: bool = True


_in_force = Allowances()


def put_in_force(allowances: Allowances) -> None:
    """Let this hold from now on, in this process alone."""
    global _in_force
    _in_force = allowances


def current() -> Allowances:
    """What holds in this process."""
    return _in_force

"""What holds for a whole process: one value, put into force at its start, read back by `current`.

A terminal has one reader, one set of glyphs and one set of keys, and a machine one owner: handing these to every
function that writes a word would be the same argument a thousand times. A worker process has none of it by itself:

    ProcessPoolExecutor(initializer=put_in_force, initargs=(current(),))
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gradtui_engine.core import allowances
from gradtui_engine.core.allowances import Allowances


@dataclass(frozen=True)
class ProcessSettings:
    """language and glyphs by their names; keys of the commands whose keys are not the table's; what is allowed."""

    language: str = "en"
    glyphs: str = "block"
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Whether lessons of a person's own are looked for, beside those of the package.
    own_lessons: bool = True
    engine: Allowances = field(default_factory=Allowances)
    #: MB that all results together may take before the oldest of those that nobody looks at go.
    kept_results: int = 256
    #: The folder in which the cells of sweeps are kept from one session to the next; "" for none.
    sweep_store: str = ""


_in_force = ProcessSettings()


def put_in_force(settings: ProcessSettings) -> None:
    """Let this hold from now on, for the engine too; in a worker process, its initializer."""
    global _in_force
    _in_force = settings
    allowances.put_in_force(settings.engine)


def current() -> ProcessSettings:
    """What holds in this process."""
    return _in_force


def change(**changes: Any) -> None:
    """Let some of it be otherwise from now on."""
    put_in_force(replace(_in_force, **changes))


@contextlib.contextmanager
def during(**changes: Any) -> Iterator[None]:
    """Let some of it be otherwise for as long as the block runs, whatever ends it."""
    before = {name: getattr(_in_force, name) for name in changes}
    change(**changes)
    try:
        yield
    finally:
        change(**before)

"""How long ago and how large, in a word or two."""

from __future__ import annotations

from gradtui_engine.core.figures import rounded
from gradtui_engine.core.message import English

from .language import tr

#: Seconds of each unit, and what is said of so many of it.
_AGES: tuple[tuple[float, English], ...] = (
    (86400.0, "{count} d ago"),
    (3600.0, "{count} h ago"),
    (60.0, "{count} min ago"),
    (1.0, "{count} s ago"),
)
_SIZES = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))


def age(seconds: float) -> str:
    """3 min ago: of the largest unit that is full."""
    for unit, said in _AGES:
        if seconds >= unit:
            return tr(said, count=int(seconds // unit))
    return tr("now")


def size(count: int) -> str:
    """4.1 MiB."""
    for unit, name in _SIZES:
        if count >= unit:
            return f"{rounded(count / unit, 2 if count < 10 * unit else 4 if count >= 1000 * unit else 3)} {name}"
    return f"{count} B"

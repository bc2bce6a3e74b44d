"""What goes into someone's training program: torch alone, and only once `watch` is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .recorder import Recorder as Recorder
    from .recorder import watch as watch

__all__ = ["Recorder", "watch"]


def __getattr__(name: str) -> Any:
    """`watch` and `Recorder`, loaded when they are asked for: so is torch."""
    if name in __all__:
        from . import recorder

        return getattr(recorder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

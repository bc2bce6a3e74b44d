"""gradtui: see where the gradient goes, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtui_engine.core.version import VERSION

if TYPE_CHECKING:
    from gradtui_recorder import watch as watch

__version__ = VERSION


def __getattr__(name: str) -> Any:
    """`watch`, for training programs: `import gradtui` itself loads neither torch, NumPy nor Textual."""
    if name == "watch":
        import gradtui_recorder

        return gradtui_recorder.watch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

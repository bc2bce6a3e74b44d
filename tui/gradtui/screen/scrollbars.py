"""Scroll bars in the terminal's glyphs: Textual's end within a cell, in blocks that not every font has."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.segment import Segments
from textual.scrollbar import ScrollBar, ScrollBarRender

from ..text import glyphs


class _Whole(ScrollBarRender):
    """Whole cells alone."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.VERTICAL_BARS)
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * len(ScrollBarRender.HORIZONTAL_BARS)


class _Fitting(ScrollBarRender):
    """As fine as the glyphs allow."""

    @classmethod
    def render_bar(cls, *given: Any, **named: Any) -> Segments:
        chosen = ScrollBarRender if glyphs.current() == glyphs.BLOCK else _Whole
        return chosen.render_bar(*given, **named)


def fit_glyphs() -> None:
    """From now on every scroll bar of the program."""
    ScrollBar.renderer = _Fitting

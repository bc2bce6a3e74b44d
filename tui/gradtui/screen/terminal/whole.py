"""All that stands on the screen, dialogs and what is behind them, for pictures."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.app import App


def rows_of(app: App[Any]) -> list[list[Segment]]:
    """The screen's rows in the colours of its theme, from the top to the bottom."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    return [[segment for strip in strips for segment in strip] for strips in update.strips]

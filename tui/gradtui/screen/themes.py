"""Our palettes as themes for Textual's own widgets: dialogs, inputs, frames."""

from __future__ import annotations

from textual.theme import Theme

from .palette import Colours


def textual_theme(colours: Colours) -> Theme:
    """Textual's theme for a palette."""

    def colour(style: str) -> str:
        return colours.styles[style].removeprefix("bold ")

    return Theme(
        name=colours.name,
        dark=colours.dark,
        primary=colour("formula"),
        secondary=colour("hidden"),
        accent=colour("cursor"),
        warning=colour("exploding"),
        error=colour("broken"),
        success=colour("healthy"),
        foreground=colour("text"),
        background=colours.background,
        surface=colours.surface,
        panel=colours.surface,
    )

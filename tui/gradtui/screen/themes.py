"""Our palettes as themes for Textual's own widgets: dialogs, inputs, frames."""

from __future__ import annotations

from rich.style import Style
from textual.theme import Theme

from .palette import Colours, palette

#: Where a theme names no background and no surface Textual takes these, by whether it is dark (`textual.design`).
_BEHIND = {True: ("#121212", "#1e1e1e"), False: ("#efefef", "#f5f5f5")}


def styles_of(theme: Theme) -> dict[str, Style]:
    """What the views' styles look like in a theme, ours or not."""
    background, surface = _BEHIND[theme.dark]
    return palette(theme.name, theme.dark, theme.background or background, theme.surface or surface)


def textual_theme(colours: Colours) -> Theme:
    """Textual's theme for a palette."""

    def colour(style: str) -> str:
        return colours.styles[style].removeprefix("bold ")

    # What Textual draws in its first and second colour, or as a success or a warning, means none of ours: grey.
    grey, here = colour("label"), colour("cursor")
    return Theme(
        name=colours.name,
        dark=colours.dark,
        primary=grey,
        secondary=grey,
        accent=colour("key"),
        warning=colour("text"),
        error=colour("broken"),
        success=colour("text"),
        foreground=colour("text"),
        background=colours.background,
        surface=colours.surface,
        panel=colours.surface,
        variables={
            "border": colour("text"),
            "block-cursor-background": here,
            "block-cursor-foreground": colours.background,
            "input-cursor-background": here,
            "input-cursor-foreground": colours.background,
        },
    )

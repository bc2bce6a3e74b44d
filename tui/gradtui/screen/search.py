"""The command palette: what it finds, and how it looks."""

from __future__ import annotations

import re

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider, SearchIcon

from ..text import glyphs
from ..text.glyphs import render
from ..text.language import tr
from .terminal.quiet_palette import QuietPalette

#: A hit in the title stands before every one in the words beside it, whose scores are at most this.
_BESIDE = 0.5


class Search(Provider):
    """Finds an entry by its title, as Textual does, and by words that stand in its title or in what is told of it."""

    async def discover(self) -> Hits:
        for name, help, action, *_ in sorted(self.app.get_system_commands(self.screen), key=lambda command: command[0]):
            yield DiscoveryHit(name, action, help=help)

    async def search(self, query: str) -> Hits:
        matcher, wanted = self.matcher(query), words(query)
        for name, help, action, *_ in self.app.get_system_commands(self.screen):
            told = " ".join(words(f"{name} {help}"))
            if (score := matcher.match(name)) > 0:
                yield Hit(1 + score, matcher.highlight(name), action, name, help)
            elif wanted and all(word in told for word in wanted):
                yield Hit(_BESIDE, name, action, name, help)


def words(text: str) -> list[str]:
    """The words of a text; forget_bias and forget-bias are two."""
    return re.sub(r"[-_]", " ", text.casefold()).split()


class Palette(QuietPalette):
    """Textual's words are English, its sign is an emoji and its lines are blocks: here they are the person's and the
    terminal's.
    """

    DEFAULT_CSS = """
    Palette.ascii #--input { border: none; border-top: ascii $foreground; border-bottom: ascii $foreground; }
    Palette.ascii #--input.--list-visible { border-bottom: none; }
    Palette.ascii CommandList { border-bottom: ascii $foreground; }
    Palette.ascii LoadingIndicator { display: none; }
    """

    def __init__(self) -> None:
        super().__init__(id="--command-palette", placeholder=render(tr("a command, field, preset, theme or lesson")))
        self.set_class(glyphs.current() != glyphs.BLOCK, "ascii")

    def on_mount(self) -> None:
        self.query_one(SearchIcon).icon = render("▸")

    def nothing_found(self) -> Text:
        return Text(f"   {render(tr('nothing is called so'))}", "not bold")

"""The command palette: what it finds, and how it looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider, SearchIcon

from ..text import glyphs
from ..text.glyphs import render
from ..text.language import tr
from .palette_entries import Entry, palette_entries
from .ranking import words
from .terminal.quiet_palette import QuietPalette

if TYPE_CHECKING:
    from .host import Host

#: So many results are shown at the most.
_MOST = 30
#: What the score of letters in order counts, which Textual gives.
_BY_LETTERS = 0.1


class Search(Provider):
    """Finds a thing by its name, its title, what is told of it, a lesson's words, in this order; where nothing is
    called so, by the letters of a title, as Textual does: a slip of the finger finds it all the same.
    """

    #: What there is to be found, looked up when the palette is first asked.
    _entries: tuple[Entry, ...] = ()

    def _all(self) -> tuple[Entry, ...]:
        if not self._entries:
            self._entries = tuple(palette_entries(cast("Host", self.app)))
        return self._entries

    async def discover(self) -> Hits:
        for entry in sorted(self._all(), key=lambda entry: entry.title):
            if entry.listed:
                yield DiscoveryHit(render(entry.title), entry.act, help=render(entry.help))

    async def search(self, query: str) -> Hits:
        matcher, hits = self.matcher(query), best(self._all(), query)
        if not hits:
            hits = [(_BY_LETTERS * score, entry) for entry in self._all() if (score := matcher.match(entry.title)) > 0]
        for score, entry in hits:
            title = render(entry.title)
            yield Hit(score, matcher.highlight(title), entry.act, title, render(entry.help))


def best(entries: Iterable[Entry], query: str) -> list[tuple[float, Entry]]:
    """What fits, the best first, with how well it does; no more than anybody reads."""
    wanted = words(query)
    scored = ((entry.thing.score(wanted), entry) for entry in entries)
    fitting = [(score, entry) for score, entry in scored if score > 0]
    return sorted(fitting, key=lambda pair: (-pair[0], pair[1].title))[:_MOST]


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
        super().__init__(
            id="--command-palette", placeholder=render(tr("a command, field, preset, value, lesson or theme"))
        )
        self.set_class(glyphs.current() != glyphs.BLOCK, "ascii")

    def on_mount(self) -> None:
        self.query_one(SearchIcon).icon = render("▸")

    def nothing_found(self) -> Text:
        return Text(f"   {render(tr('nothing is called so'))}", "not bold")

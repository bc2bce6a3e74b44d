"""The command palette: Textual's, for people who type faster than it opens and closes."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from rich.text import Text
from textual import on
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.widgets import Input
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from ..text import glyphs
from ..text.glyphs import render
from ..text.language import tr

#: A hit in the title stands before every one in the words beside it, whose scores are at most this.
_BESIDE = 0.5


class Search(Provider):
    """Finds an entry by its title, as Textual does, and by words that stand in its title or in what is told of it."""

    async def discover(self) -> Hits:
        for name, help, action, *_ in sorted(self.app.get_system_commands(self.screen), key=lambda each: each[0]):
            yield DiscoveryHit(name, action, help=help)

    async def search(self, query: str) -> Hits:
        matcher, wanted = self.matcher(query), words(query)
        for name, help, action, *_ in self.app.get_system_commands(self.screen):
            told = " ".join(words(f"{name} {help}"))
            if (score := matcher.match(name)) > 0:
                yield Hit(1 + score, matcher.highlight(name), action, name, help)
            elif wanted and all(each in told for each in wanted):
                yield Hit(_BESIDE, name, action, name, help)


def words(text: str) -> list[str]:
    """The words of a text; forget_bias and forget-bias are two."""
    return re.sub(r"[-_]", " ", text.casefold()).split()


class Palette(CommandPalette):
    """What is in the queue when the palette closes (an enter, an escape, its own search) is nobody's any more.

    Textual 8.2's ends the program there: it closes the screen under it, or looks for its list, which is gone. Its words
    are English, its sign is an emoji and its lines are blocks: here they are the person's and the terminal's.
    """

    DEFAULT_CSS = """
    Palette.ascii #--input { border: none; border-top: ascii $border; border-bottom: ascii $border; }
    Palette.ascii #--input.--list-visible { border-bottom: none; }
    Palette.ascii CommandList { border-bottom: ascii $border; }
    Palette.ascii LoadingIndicator { display: none; }
    """

    def __init__(self) -> None:
        super().__init__(id="--command-palette", placeholder=render(tr("a command, field, preset, theme or lesson")))
        self.set_class(glyphs.current() != glyphs.BLOCK, "ascii")

    def on_mount(self) -> None:
        self.query_one(SearchIcon).icon = render("▸")

    def _start_no_matches_countdown(self, search_value: str) -> None:
        self._stop_no_matches_countdown()

        def nothing() -> None:
            if search_value and self.app.screen is self:
                text = Text(f"   {render(tr('nothing is called so'))}", "not bold")
                self.query_one(CommandList).add_option(Option(text, disabled=True, id=self._NO_MATCHES))
            self._list_visible = bool(search_value)

        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, nothing)

    @on(Input.Submitted)
    def _once(self, event: Input.Submitted) -> None:
        if self.app.screen is not self:
            event.stop()
            event.prevent_default()

    def dismiss(self, result: None = None) -> AwaitComplete:
        return super().dismiss(result) if self.app.screen is self else AwaitComplete.nothing()  # type: ignore[no-untyped-call]

    def _action_command_list(self, action: str) -> None:
        # A list that has not been laid out yet knows no pages.
        with contextlib.suppress(KeyError):
            super()._action_command_list(action)

    def run_worker(self, *given: Any, **named: Any) -> Worker[Any]:
        return super().run_worker(*given, **(named | {"exit_on_error": False}))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None and self.app.screen is self:
            raise event.worker.error

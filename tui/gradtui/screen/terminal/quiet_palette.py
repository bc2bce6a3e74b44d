"""Textual's command palette, for people who type faster than it opens and closes."""

from __future__ import annotations

import contextlib
from typing import Any

from rich.text import Text
from textual import on
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette
from textual.widgets import Input
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState


class QuietPalette(CommandPalette):
    """What is in the queue when the palette closes (an enter, an escape, its own search) is nobody's any more.

    Textual 8.2's ends the program there: it closes the screen under it, or looks for its list, which is gone.
    """

    def nothing_found(self) -> Text:
        """What stands in the list where nothing is called so."""
        raise NotImplementedError

    def _start_no_matches_countdown(self, search_value: str) -> None:
        self._stop_no_matches_countdown()

        def nothing() -> None:
            if search_value and self.app.screen is self:
                option = Option(self.nothing_found(), disabled=True, id=self._NO_MATCHES)
                self.query_one(CommandList).add_option(option)
            self._list_visible = bool(search_value)

        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, nothing)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
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

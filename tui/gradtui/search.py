"""The command palette: Textual's, for people who type faster than it opens and closes."""

from __future__ import annotations

import contextlib
from typing import Any

from textual import on
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.widgets import Input
from textual.worker import Worker, WorkerState


class Palette(CommandPalette):
    """What is in the queue when the palette closes (an enter, an escape, its own search) is nobody's any more.

    Textual 8.2's ends the program there: it closes the screen under it, or looks for its list, which is gone.
    """

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

"""How a program ends that has failed: in one line of its own, or with Textual's traceback."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from textual.app import App

from . import guard


class Ending(App[int]):
    """An app that may say in its own words that it has failed: Textual's traceback shows what variables hold."""

    #: The exit status of a program that has said so.
    FAILED = 1

    def __init__(self) -> None:
        super().__init__()
        self._last_words = ""
        guard.install()

    def words_of(self, error: BaseException | None) -> str:
        """What to say of a failure (None: nobody knows of which); empty: Textual's traceback."""
        return ""

    def _handle_exception(self, error: Exception) -> None:
        """Textual's; of several failures the first one is the one that counts."""
        self._last_words = self._last_words or self.words_of(error)
        super()._handle_exception(error)
        if self._last_words:
            self.exit(return_code=self.FAILED)

    def panic(self, *renderables: Any) -> None:
        """Textual's; words of our own stand for whatever it would say."""
        self._last_words = self._last_words or self.words_of(None)
        super().panic(*renderables)

    def _fatal_error(self) -> None:
        if self._last_words:
            self.panic()
        else:
            super()._fatal_error()

    def _print_error_renderables(self) -> None:
        """On the restored terminal: Textual's would wrap or cut the line, and read brackets in it as markup."""
        if not self._last_words:
            super()._print_error_renderables()
            return
        with contextlib.suppress(OSError, ValueError):  # nobody is there to read it
            print(self._last_words, file=sys.stderr, flush=True)

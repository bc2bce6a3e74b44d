"""How a program ends that has failed: with Textual's traceback, or in words of its own."""

from __future__ import annotations

from typing import Any

from textual.app import App


class Ending(App[int]):
    """An app that may say in its own words that it has failed: Textual's traceback shows what variables hold."""

    #: The exit status of a program that has said so.
    FAILED = 1

    def __init__(self) -> None:
        super().__init__()
        self._last_words, self._has_said = "", False

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
        """Textual's; words of our own stand for whatever it would say, and are said once."""
        words, said = self._last_words or self.words_of(None), self._has_said
        self._last_words, self._has_said = words, True
        if not words:
            super().panic(*renderables)
        elif not said:
            super().panic(words)

    def _fatal_error(self) -> None:
        if self._last_words:
            self.panic()
        else:
            super()._fatal_error()

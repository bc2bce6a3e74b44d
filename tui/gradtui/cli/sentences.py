"""Sentences of a report, as wide as the terminal."""

from __future__ import annotations

import shutil
import textwrap

from gradtui_engine.recordings.clean import printable

#: Width where the output is not a terminal, beyond which lines are hard to read, and below which nothing fits.
_COLUMNS, _MOST_COLUMNS, _LEAST_COLUMNS = 100, 110, 40


def page_width() -> int:
    """Columns of a page of sentences."""
    return min(shutil.get_terminal_size((_COLUMNS, 24)).columns, _MOST_COLUMNS)


def wrapped(text: str, width: int, indent: str = "", hanging: str = "") -> list[str]:
    """Its lines, indented, from the second on by `hanging` more. Names and paths, which may hold anything, stay whole;
    what a terminal would obey is a question mark.
    """
    return textwrap.wrap(
        printable(text), max(width, _LEAST_COLUMNS), initial_indent=indent, subsequent_indent=indent + hanging,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip

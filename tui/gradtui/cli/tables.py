"""Rich on a command's output: tables that have sentences to break, and colours."""

from __future__ import annotations

from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..text.glyphs import render

#: Width where the output is not a terminal.
_COLUMNS = 120


def console_on(out: TextIO) -> Console:
    """A console that writes on this stream."""
    # Rich reads COLUMNS and NO_COLOR itself.
    return _Console(file=out, highlight=False, soft_wrap=False, width=None if out.isatty() else _COLUMNS)


class _Console(Console):
    """Breaks lines where they are broken in the glyphs that will be written."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*map(rendered, objects), **options)


class _Table(Table):
    """As wide as what will be written."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        super().add_row(*map(rendered, cells), **options)


def rendered(cell: Any) -> Any:
    """What will be written of a text."""
    if isinstance(cell, Text):
        return Text(render(cell.plain), cell.style)
    return render(cell) if isinstance(cell, str) else cell


def table_of(*columns: str) -> Table:
    """A table with these headings, the first and the last column to the left; the last is broken into lines."""
    table = _Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        last = index == len(columns) - 1
        # Chinese has no spaces to break a line at: what has no room goes on in the next line, and is not cut.
        table.add_column(
            render(column),
            justify="left" if index == 0 or last else "right",
            no_wrap=not last,
            overflow="fold" if last else "ellipsis",
        )
    return table

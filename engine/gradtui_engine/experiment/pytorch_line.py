"""A line of PyTorch, and what makes some of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.message import English

if TYPE_CHECKING:
    from .resolved import Resolved


@dataclass(frozen=True, slots=True)
class Line:
    """A statement of Python, which may go over several lines, and where it stands, as a comment on the first of them.

    Without code the comment is all that there is to say.
    """

    code: str
    where: English = ""

    def text(self, where: str) -> str:
        """With the comment as it is in the reader's language."""
        first, newline, rest = self.code.partition("\n")
        return f"{first}{'  ' if first and where else ''}{f'# {where}' if where else ''}{newline}{rest}"

    def __str__(self) -> str:
        return self.text(self.where)


#: lines(before, after): what a row of the table makes of a change.
Lines = Callable[["Resolved", "Resolved"], Iterator[Line]]

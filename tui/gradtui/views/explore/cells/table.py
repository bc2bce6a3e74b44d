"""The cells in words, by name: each file of this folder that exports `WORDS` is one."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from .. import cells
from .words import CellWords


def _rows() -> Iterator[CellWords]:
    for module in pkgutil.iter_modules(cells.__path__):
        name = f"{cells.__name__}.{module.name}"
        words = getattr(import_module(name), "WORDS", None) if name != __name__ else None
        if words is not None:
            yield words


WORDS = {words.cell: words for words in _rows()}

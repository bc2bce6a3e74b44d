"""A width for all layers, or one for each: 64, or 512,256,128. A list is kept as one text, in the layers' order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .fields import Integer, Kind, Rejected, given, not_allowed
from .message import Message

#: A list as a text: numbers with something between them. `512,` is a list of one, as Python writes it.
_LIST = re.compile(r"\s*\d+\s*(?:[,x×·\s]\s*\d+\s*)*,?\s*")
_BETWEEN = re.compile(r"[,x×·\s]+")


class _OfLayers(Integer):
    """One of the numbers; what is allowed instead is a list, too."""

    @property
    def allowed(self) -> str:
        return Message("{number}, or one for each layer: {example}", number=super().allowed, example="512,256,128")


@dataclass(frozen=True)
class Widths(Kind):
    """A whole number in a range, or a list of them of at most `most`: as a list, a tuple, or a text with commas."""

    minimum: int
    maximum: int
    most: int

    @property
    def one(self) -> Integer:
        return _OfLayers(self.minimum, self.maximum)

    @property
    def allowed(self) -> str:
        return self.one.allowed

    @property
    def form(self) -> str:
        return "N[,N…]"

    def check(self, value: Any) -> int | str:
        if isinstance(value, str):
            if not _LIST.fullmatch(value) or not _BETWEEN.search(value.strip()):
                raise not_allowed(given(value), self.allowed)
            return self._joined([int(part) for part in _BETWEEN.split(value.strip(" ,")) if part])
        if isinstance(value, Sequence) and not isinstance(value, bytes):
            return self._joined([self.one.check(each) for each in value])
        return self.one.check(value)

    def parse(self, text: str) -> int | str:
        return self.check(text) if _LIST.fullmatch(text) and _BETWEEN.search(text.strip()) else self.one.parse(text)

    def _joined(self, numbers: Sequence[int]) -> str:
        if not 0 < len(numbers) <= self.most:
            raise Rejected(
                Message("{count} widths given; allowed: 1 to {most}", count=len(numbers), most=self.most)
            )  # fmt: skip
        checked = [str(self.one.check(number)) for number in numbers]
        return ",".join(checked) if len(checked) > 1 else f"{checked[0]},"


def in_order(width: int | str) -> tuple[int, ...]:
    """The widths of a list, layer by layer; empty of one width for all."""
    return () if isinstance(width, int) else tuple(int(part) for part in width.split(",") if part)


#: So many widths are told one by one.
_TOLD = 6


def told(widths: Sequence[int], between: str = ", ") -> str:
    """Widths in a sentence: 512, 256, 128; of many the first two and the last."""
    texts = [*map(str, widths)]
    return between.join(texts if len(texts) <= _TOLD else [*texts[:2], "…", texts[-1]])

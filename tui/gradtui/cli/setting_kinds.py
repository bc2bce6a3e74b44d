"""What settings accept and no field of an experiment does: yes or no, numbers that are names, themes, a few numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradtui_engine.core.fields import Choice, Kind, given, not_allowed

_WORDS = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)


@dataclass(frozen=True)
class Boolean(Kind):
    """True or false; as text also yes and no, on and off, 1 and 0."""

    @property
    def allowed(self) -> str:
        return "true, false"

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise not_allowed(given(value), self.allowed)
        return value

    def parse(self, text: str) -> bool:
        found = _WORDS.get(text.strip().lower())
        if found is None:
            raise not_allowed(given(text), f"{self.allowed} (yes, no, on, off, 1, 0)")
        return found


@dataclass(frozen=True)
class Word(Choice):
    """A name of which some look like numbers: TOML's 256 means "256"."""

    def check(self, value: Any) -> str:
        return super().check(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


@dataclass(frozen=True)
class Theme(Choice):
    """A theme's name; `allowed` names ours alone, because all names take half a screen and palettes 20 ms to load."""

    @property
    def allowed(self) -> str:
        return "gradtui, gradtui-light, high-contrast, colour-blind, or one of Textual's, such as nord"


@dataclass(frozen=True)
class OneOf(Kind):
    """One of a few whole numbers."""

    numbers: Callable[[], tuple[int, ...]]

    @property
    def allowed(self) -> str:
        return ", ".join(map(str, self.numbers()))

    def check(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value not in self.numbers():
            raise not_allowed(given(value), self.allowed)
        return value

    def parse(self, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise not_allowed(given(text), self.allowed) from None
        return self.check(value)

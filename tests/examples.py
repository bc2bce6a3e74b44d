"""How many examples of a property are drawn: all in `make soak`, a quarter in `make test`."""

from __future__ import annotations

from typing import Any

from hypothesis import settings


def examples(count: int, **more: Any) -> settings:
    """Hypothesis settings for `count` examples in `make soak`."""
    soak = settings.get_current_profile_name() == "soak"
    return settings(max_examples=count if soak else max(3, count // 4), deadline=None, **more)

"""Waiting in an event loop for what becomes true."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tests.tui.terminal import DEADLINE


async def until(condition: Callable[[], bool], what: str, seconds: float = DEADLINE) -> None:
    """Look again and again until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        await asyncio.sleep(0.02)

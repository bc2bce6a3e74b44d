"""Values for every setting that are not its default, and an environment that says nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradtui.cli.settings import SETTINGS

LOCALE = {"LANG": "en_GB.UTF-8"}
#: For every setting a value that is no default, as text and as TOML gives it.
OTHER: dict[str, tuple[str, Any]] = {
    "lang": ("zh", "zh"),
    "theme": ("high-contrast", "high-contrast"),
    "glyphs": ("braille", "braille"),
    "color": ("256", "256"),
    "fps": ("7", 7),
    "speed": ("60", 60),
    "reduced_motion": ("true", True),
    "mouse": ("false", False),
    "kept_results": ("64", 64),
    "sweep_store": ("~/cells", "~/cells"),
}
#: And one that differs from that too.
THIRD: dict[str, tuple[str, Any]] = {
    "lang": ("en", "en"),
    "theme": ("nord", "nord"),
    "glyphs": ("ascii", "ascii"),
    "color": ("truecolor", "truecolor"),
    "fps": ("8", 8),
    "speed": ("1", 1),
    "reduced_motion": ("false", False),
    "mouse": ("true", True),
    "kept_results": ("0", 0),
    "sweep_store": ("cells", "cells"),
}
every_setting = pytest.mark.parametrize("name", SETTINGS)


def written(value: Any) -> str:
    """A value as TOML has it: of these, as JSON has it."""
    return json.dumps(value)

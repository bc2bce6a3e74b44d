"""Tests that this machine cannot run, for want of a package or a program: left out, and pytest's last lines say so.

What a file needs of Python it imports at its top, and is read there; the rest stands in the table of folders and files.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent
#: Debian's and others' names.
CHROMIUM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
#: Packages of pyproject.toml's torch-tests, as they are imported.
TRAINING: Final = ("torch", "accelerate", "lightning", "safetensors", "tensorboard", "transformers")
_TRAINING_LACKS: Final = "{} (make install-torch)"
_SERVE_LACKS: Final = "{} (pip install 'gradtui[serve]')"
_DASK_LACKS: Final = "{} (pip install 'gradtui[dask]')"
#: Files and folders → what all that is in them needs, whatever each file imports by itself.
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "recorder": ("torch",),
    "tui/cli/test_sweep_dask.py": ("distributed",),
    "tui/serve": ("Linux", "asyncssh", "ssh", "aiohttp", "textual_serve"),
    "tui/serve/test_web_page.py": ("Chromium",),
    "tui/serve/test_web_lecture.py": ("Chromium",),
}


@functools.cache
def lacking(name: str) -> str:
    """What is missing, and how it is had: "" where it is there."""
    if name in TRAINING:
        return "" if importlib.util.find_spec(name) else _TRAINING_LACKS.format(name)
    if name in ("asyncssh", "aiohttp", "textual_serve"):
        return "" if importlib.util.find_spec(name) else _SERVE_LACKS.format(name)
    if name == "distributed":
        return "" if importlib.util.find_spec(name) else _DASK_LACKS.format(name)
    return {
        "Linux": "" if sys.platform == "linux" else "Linux",
        "ssh": "" if shutil.which("ssh") else "the OpenSSH client (apt-get install openssh-client)",
        "Chromium": "" if CHROMIUM is not None else "Chromium (apt-get install chromium)",
    }[name]


@functools.cache
def _imported() -> re.Pattern[str] | None:
    """An import at the top of a file of a package that is not here; None where all are."""
    names = [name for name in TRAINING if lacking(name)]
    return re.compile(rf"^(?:import|from) ({'|'.join(names)})\b", re.MULTILINE) if names else None


def wants(path: Path) -> list[str]:
    """What a file of tests or a folder needs and this machine lacks, nothing where it can run."""
    place = path.relative_to(TESTS)
    needs = (_NEEDS.get(parent.as_posix(), ()) for parent in (place, *place.parents))
    lacks = {lacking(name): None for names in needs for name in names}
    if _imported() is not None and path.suffix == ".py" and not any(lacks):
        lacks |= {lacking(name): None for name in _imported().findall(path.read_text(encoding="utf-8"))}
    return [text for text in lacks if text]


def said(asked: Iterable[Path]) -> Iterator[str]:
    """A line for each want: which of the tests in these files and folders are left out."""
    if not (_imported() or any(lacking(name) for names in _NEEDS.values() for name in names)):
        return
    left_out: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        if any(path.is_relative_to(folder) for folder in asked):
            for want in wants(path):
                left_out.setdefault(want, []).append(path.relative_to(TESTS.parent).as_posix())
    for want, files in left_out.items():
        yield f"left out for want of {want}: {len(files)} file{'s' * (len(files) > 1)}: {', '.join(files)}"

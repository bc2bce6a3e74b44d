"""The language of the interface: English texts in the code, one catalogue of translations per other language.

A text is looked up by its English. Texts with values are templates: `tr("{place} gets {share}", place=…, share=…)`.
What the engine says arrives as a `Message`, a string that still knows its template and values.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib import resources

from gradtui_engine.core.message import Message

from . import process

#: Code → name in the language itself.
LANGUAGES = {"en": "English", "zh": "简体中文"}
ENGLISH = "en"


def use(code: str) -> None:
    """Speak this language from now on: one per process, as the terminal has one reader."""
    process.change(language=_known(code))


def current() -> str:
    return process.current().language


def speaking(code: str) -> AbstractContextManager[None]:
    """Speak this language for as long as the block runs; after it, whatever was spoken before it."""
    return process.during(language=_known(code))


def _known(code: str) -> str:
    if code not in LANGUAGES:
        raise KeyError(code)
    return code


def of_locale(environment: Mapping[str, str]) -> str:
    """The language that the locale asks for: LC_ALL before LC_MESSAGES before LANG; English where there is none."""
    name = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    code = name.split("_")[0].split(".")[0].lower()
    return code if code in LANGUAGES else ENGLISH


@functools.cache
def catalogue(code: str) -> Mapping[str, str]:
    """English → the other language; empty for English."""
    if code == ENGLISH:
        return {}
    text = (resources.files(__package__) / "languages" / f"{code}.toml").read_text(encoding="utf-8")
    return {str(key): str(value) for key, value in tomllib.loads(text)["texts"].items()}


def tr(text: str, /, **values: object) -> str:
    """The text in the current language, its values put in. A text that the catalogue lacks stays English."""
    if isinstance(text, Message):
        values = {name: tr(value) if isinstance(value, str) else value for name, value in text.values.items()} | values
        text = text.template
    code = process.current().language
    found = catalogue(code).get(text, text) if code != ENGLISH else text
    return found.format(**values) if values else found

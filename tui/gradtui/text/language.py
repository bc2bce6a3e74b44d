"""The language of the interface: English texts in the code, one gettext catalogue for each other language.

A text is looked up by its English. Texts with values are templates: `tr("{place} gets {share}", place=…, share=…)`.
What the engine says arrives as a `Message`, a string that still knows its template and values. The catalogues are
locale/CODE/LC_MESSAGES/gradtui.po; `make texts` puts new texts into them.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib import resources
from typing import TYPE_CHECKING, TypeAlias

from gradtui_engine.core.message import English, Message

from . import process

if TYPE_CHECKING:
    from gettext import GNUTranslations

#: An English text that is the name of a field: in the catalogues it has the context "field".
FieldName: TypeAlias = str

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
    code = re.split(r"[-_.@]", _name_of(environment))[0].lower()
    return code if code in LANGUAGES else ENGLISH


def is_of_other_script(environment: Mapping[str, str]) -> bool:
    """Whether the locale asks for Chinese in traditional characters, as zh_TW does: ours is in simplified ones."""
    name = _name_of(environment).partition(".")[0].partition("@")[0].replace("-", "_").lower()
    code, *parts = name.split("_")
    return code == "zh" and "hans" not in parts and not _TRADITIONAL.isdisjoint(parts)


#: The script, and where it is written.
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})


def _name_of(environment: Mapping[str, str]) -> str:
    return environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""


@functools.cache
def catalogue(code: str) -> GNUTranslations:
    """The translations into a language. A checkout reads what translators edit, an installed program what is built."""
    # English needs none of it.
    from gettext import GNUTranslations

    folder = resources.files("gradtui") / "locale" / code / "LC_MESSAGES"
    source = folder / "gradtui.po"
    if source.is_file():
        from .po import compiled

        return GNUTranslations(io.BytesIO(compiled(source.read_text(encoding="utf-8"))))
    return GNUTranslations(io.BytesIO((folder / "gradtui.mo").read_bytes()))


@functools.lru_cache(maxsize=4096)
def _said(translations: GNUTranslations, text: str) -> str:
    """A text's translation, remembered: gettext takes 0.7 µs for it, and a frame asks for hundreds."""
    return translations.gettext(text)


#: A value's place, in a translation, and whether it touches a Chinese character.
_HAN = "[\u3400-\u9fff]"
_SEAM = re.compile(rf"(?P<before>(?<={_HAN}))?{{(?P<name>\w+)}}(?P<after>(?={_HAN}))?")


@functools.lru_cache(maxsize=4096)
def _touches(said: str) -> bool:
    return any("" in (seam["before"], seam["after"]) for seam in _SEAM.finditer(said))


def _apart(said: str, values: Mapping[str, object]) -> str:
    """The template with a space where a letter or a digit of a value would touch a Chinese character (W3C, Requirements
    for Chinese Text Layout §3.2.4): one template has the place "第 1 层" put in, and the place "t = 0".
    """

    def spaced(seam: re.Match[str]) -> str:
        value = values.get(seam["name"])
        if not isinstance(value, str) or not value:
            return seam[0]
        before = " " if seam["before"] is not None and _is_western(value[0]) else ""
        return before + seam[0] + (" " if seam["after"] is not None and _is_western(value[-1]) else "")

    return _SEAM.sub(spaced, said)


def _is_western(character: str) -> bool:
    return character in "∂‖" or (character.isalnum() and character < "\u3000")


def tr(text: English, /, **values: object) -> str:
    """The text in the current language, its values put in. A text that the catalogue lacks stays English."""
    if isinstance(text, Message):
        values = {name: tr(value) if isinstance(value, str) else value for name, value in text.values.items()} | values
        text = text.template
    code = process.current().language
    said = _said(catalogue(code), text) if text and code != ENGLISH else text
    if code != ENGLISH and values and _touches(said):
        said = _apart(said, values)
    return said.format(**values) if values else said


def plural(one: English, many: English, count: int, **values: object) -> str:
    """The text for one, or for another number of things: plural("1 layer", "{count} layers", 3)."""
    if current() != ENGLISH:
        return catalogue(current()).ngettext(one, many, count).format(count=count, **values)
    return (one if count == 1 else many).format(count=count, **values)


def tr_in(context: str, text: str) -> str:
    """A text that means something else elsewhere, in the current language."""
    return text if current() == ENGLISH else catalogue(current()).pgettext(context, text)

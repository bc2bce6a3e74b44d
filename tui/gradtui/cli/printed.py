"""What a command prints, on an output that may be poorer than its texts: in glyphs and a language that it can show.

Texts are written with the field's symbols (σ, ∂, √), and `Output` says them in the glyphs that are in force. Whoever
aligns columns has to measure what will be written: `glyphs.render` before the width is taken.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO, cast

from ..text import glyphs, language, process
from ..text.language import tr
from .settings import DEFAULT, SettingsInForce

#: What an output has to show for a set of glyphs to be of use.
_SAMPLES = {glyphs.BLOCK: "█▏│∂‖σ√", glyphs.BRAILLE: "⣿│"}
#: A value of TOML, and behind it a comment. A commented line is a comment whole.
_TOML = re.compile(r"""^((?:[^"#\n]|"(?:[^"\\\n]|\\.)*")*)(.*)$""", re.MULTILINE)


class Output:
    """A stream on which texts are written in the glyphs in force. All but writing is the stream's own.

    plain: the locale is an ASCII one, though Python writes UTF-8 there.
    """

    def __init__(self, stream: TextIO, plain: bool = False) -> None:
        self.stream, self._plain = stream, plain

    def write(self, text: str) -> int:
        shown = glyphs.render(text)
        if self._plain and glyphs.current() == glyphs.ASCII and language.current() == language.ENGLISH:
            # Letters of a file's name.
            shown = shown if shown.isascii() else shown.encode("ascii", "backslashreplace").decode()
        self.stream.write(shown)
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextlib.contextmanager
def printing(environment: Mapping[str, str]) -> Iterator[None]:
    """Let what is printed on stdout and stderr be written in the glyphs in force: the environment's, to begin with.

    What is no text of the program, as a file's name, is written by escapes where the encoding lacks it.
    """
    with _opened():
        settle(language.ENGLISH, glyphs.of_locale(environment))
        for stream in (sys.stdout, sys.stderr):
            cast(Any, stream).reconfigure(errors="backslashreplace")
        plain = glyphs.encoding_of(environment) == "ascii"
        stdout, stderr = (cast(TextIO, Output(stream, plain)) for stream in (sys.stdout, sys.stderr))
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            yield


@contextlib.contextmanager
def _opened() -> Iterator[None]:
    """A stream that was closed before the program began is None: meanwhile what is written to it goes nowhere."""
    with contextlib.ExitStack() as stack:
        for stream, redirect in ((sys.stdout, contextlib.redirect_stdout), (sys.stderr, contextlib.redirect_stderr)):
            if stream is None:
                stack.enter_context(redirect(stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))))
        yield


def exactly(out: TextIO) -> TextIO:
    """The stream as it is, for what another program reads."""
    return out.stream if isinstance(out, Output) else out


def settle(lang: str, glyph_set: str) -> None:
    """Put both into force; where the output's encoding lacks the letters, English, and ASCII where it lacks glyphs."""
    process.change(
        language=lang if shows(language.LANGUAGES[lang]) else language.ENGLISH,
        glyphs=glyph_set if shows(_SAMPLES.get(glyph_set, "")) else glyphs.ASCII,
    )


def shows(text: str) -> bool:
    """Whether the output's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def of_language(loaded: SettingsInForce, environment: Mapping[str, str], guest: bool = False) -> Iterator[str]:
    """What a person is told of the language that they read. guest: one who gives no options here."""
    asked = loaded.settings.lang
    if language.current() != asked:
        encoding = sys.stdout.encoding
        yield tr("language {code} cannot be written in {encoding}: English instead", code=asked, encoding=encoding)
    elif loaded.sources.get("lang") == DEFAULT and language.is_of_other_script(environment):
        # To readers of traditional characters, in these.
        if guest:
            yield tr("the Chinese here has simplified characters; for English, come with an English locale")
            return
        yield tr("the Chinese here has simplified characters; English: --lang en; without this line: --lang zh")


def toml(text: str) -> str:
    """A TOML document in the glyphs in force: comments in words, values by escapes, so that they stay what they are."""
    if glyphs.current() == glyphs.BLOCK:
        return text
    return _TOML.sub(lambda match: _escaped(match[1]) + glyphs.render(match[2]), text)


def _escaped(value: str) -> str:
    return value if value.isascii() else "".join(each if each.isascii() else _escape(each) for each in value)


def _escape(character: str) -> str:
    """\\u00e9, or \\U0001f600: TOML has no pairs of surrogates, as JSON has."""
    code = ord(character)
    return rf"\u{code:04x}" if code < 0x10000 else rf"\U{code:08x}"

"""The glyphs that the terminal can show: blocks, braille (never double width), or ASCII alone.

Views are written with block glyphs and the field's symbols; `render` replaces what the chosen set lacks, and
`views.spans` measures what `render` gives. Graphics are replaced one for one, so bars keep their length; symbols in
prose by words (σ → sigma).
"""

from __future__ import annotations

import locale
import re
import unicodedata
from collections.abc import Mapping
from contextlib import AbstractContextManager

from . import process

BLOCK, BRAILLE, ASCII = "block", "braille", "ascii"
GLYPHS = (BLOCK, BRAILLE, ASCII)

_SYMBOLS = {
    "∂": "d", "‖": "|", "σ": "sigma", "φ": "phi", "Φ": "Phi", "δ": "delta", "η": "eta", "θ": "theta", "λ": "lambda",
    "ν": "nu", "μ": "mu", "β": "beta", "ε": "eps", "χ": "chi", "α": "alpha", "π": "pi", "ρ": "rho", "γ": "gamma",
    "ξ": "xi", "∅": "0", "•": "*", "ⁿ": "^n", "⁺": "^+",
    "Σ": "sum", "∏": "prod ", "√": "sqrt ", "½": "1/2", "⅔": "2/3", "ā": "a", "Ā": "A", "ṭ": "t",
    "¼": "1/4", "¾": "3/4", "×": "x", "⊙": "*", "·": ".", "−": "-", "–": "-", "…": "...", "′": "'",
    "²": "^2", "³": "^3", "⁴": "^4",
    "ᵀ": "^T", "∞": "inf", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "≫": ">>", "⊘": "/", "«": "<", "»": ">", "›": ")",
    "→": "->", "←": "<-", "↑": "^", "↓": "v", "↔": "<->",
    "Δ": "delta ", "∈": "in", "∫": "int ", "∑": "sum ", "±": "+-",
    "§": "sec. ",
    "‘": "'", "’": "'", "“": '"', "”": '"', "—": "-", "°": " deg", "̂": "^", "⟨": "<", "⟩": ">", "⌊": "floor(", "⌋": ")",
    "⁻": "^-", "⁰": "^0", "¹": "^1", "⁵": "^5", "⁶": "^6", "⁷": "^7", "⁸": "^8", "⁹": "^9",
    "ₜ": "_t", "ₖ": "_k", "ₗ": "_l",
    **{chr(0x2080 + digit): str(digit) for digit in range(10)}, "₊": "+", "₋": "-",
}  # fmt: skip
_MARKS = {
    "▸": ">", "▴": "^", "▾": "v", "▶": ">", "◀": "<", "●": "o", "▼": "v", "▲": "^", "○": "O", "▬": "-", "≡": "=",
    "✗": "x", "✓": "+", "◆": "*", "◇": "o", "■": "#", "□": "o", "★": "*", "☆": "*", "↘": "\\", "↗": "!", "◑": "%",
    "◐": "%",
}  # fmt: skip
_LINES = {
    "─": "-", "━": "=", "┄": ".", "│": "|", "┃": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "├": "+", "┤": "+",
    "┬": "+", "┴": "+", "┼": "+", "╸": "=", "╺": "=", "┆": ":", "┌": "+", "┐": "+", "└": "+", "┘": "+", "▕": "|",
    "╌": "-", "╎": ":", "┊": ":",
}  # fmt: skip
#: Eighths of a cell, across and up, and shades: from empty to full. Half a cell looks like no less than half: there the
#: reference line stands. What looks like a line, |, is never the end of a bar.
_ACROSS, _UP, _SHADES = "▏▎▍▌▋▊▉█", "▁▂▃▄▅▆▇█", "░▒▓"
_BLOCKS_ASCII = {
    **dict(zip(_UP, "__.--=+#", strict=True)),
    **dict(zip(_ACROSS, "...--==#", strict=True)),
    **dict(zip(_SHADES, ".:+", strict=True)),
    "▀": '"', "▐": "-",
}  # fmt: skip
_BLOCKS_BRAILLE = {
    **dict(zip(_UP, "⣀⣀⣀⣤⣤⣶⣶⣿", strict=True)),
    **dict(zip(_ACROSS, "⠄⠄⠄⡇⡇⣇⣷⣿", strict=True)),
    **dict(zip(_SHADES, "⠂⠕⢕", strict=True)),
    "▀": "⠛", "▐": "⢸", "█": "⣿",
}  # fmt: skip


def _braille_as_ascii() -> dict[str, str]:
    """Braille by how many of its dots are set: plots and bars that were drawn in dots."""
    return {chr(0x2800 + bits): " .::-=+*#"[bits.bit_count()] for bits in range(256)}


_TABLES = {
    BLOCK: {},
    BRAILLE: str.maketrans(_SYMBOLS | _MARKS | _LINES | _BLOCKS_BRAILLE),
    ASCII: str.maketrans(_SYMBOLS | _MARKS | _LINES | _BLOCKS_ASCII | _braille_as_ascii()),
}


def use(name: str) -> None:
    """Draw with this set from now on: one per process, as it has one terminal."""
    process.change(glyphs=_known(name))


def current() -> str:
    return process.current().glyphs


def drawing(name: str) -> AbstractContextManager[None]:
    """Draw with this set for as long as the block runs, whatever ends it."""
    return process.during(glyphs=_known(name))


def _known(name: str) -> str:
    if name not in GLYPHS:
        raise KeyError(name)
    return name


def of_locale(environment: Mapping[str, str]) -> str:
    """Blocks where what is written is UTF-8, else ASCII: by Python's own variables, then by the locale."""
    return BLOCK if encoding_of(environment).startswith("utf8") else ASCII


def encoding_of(environment: Mapping[str, str]) -> str:
    """What is written: ascii, utf8, latin1, by Python's own variables or the locale."""
    encoding = environment.get("PYTHONIOENCODING", "").partition(":")[0] or _encoding_of_locale(environment)
    return encoding.lower().replace("-", "").replace("_", "")


def _encoding_of_locale(environment: Mapping[str, str]) -> str:
    if environment.get("PYTHONUTF8") == "1":
        return "utf-8"
    name = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or ""
    if not environment.get("LC_ALL") and environment.get("LANG") in _PLAIN and name in _COERCED:
        name = "C"
    # Python itself would write UTF-8 there (PEP 540); who asks for C by name wants what C has.
    return "ascii" if name in _PLAIN else name.partition(".")[2] or locale.getpreferredencoding(False)


#: Locales whose characters are ASCII.
_PLAIN = ("C", "POSIX")
#: What Python sets LC_CTYPE to at its start where the locale is a plain one (PEP 538).
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


def render(text: str) -> str:
    """The text in glyphs that the terminal has."""
    name = process.current().glyphs  # every span of a frame comes through here
    return text if name == BLOCK else _ROWS.sub(_row, text).translate(_TABLES[name])


#: What reads as one in a row: superscripts are one power (x¹² is x^12), arrows are keys (↑↓ is up/down).
_ROWS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]{2,}|[↑↓←→]{2,}")
_KEYS = {"↑": "up", "↓": "down", "←": "left", "→": "right"}


def _row(match: re.Match[str]) -> str:
    if match[0][0] in _KEYS:
        return "/".join(_KEYS[arrow] for arrow in match[0])
    return "^" + unicodedata.normalize("NFKD", match[0]).replace("\u2212", "-")

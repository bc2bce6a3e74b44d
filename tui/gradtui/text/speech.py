"""Text of the screen as words that a screen reader says: no frames, bars or shades, and symbols by their names."""

from __future__ import annotations

import re
import unicodedata

from gradtui_engine.core.message import English

from .language import tr

#: Symbols by the words for them; what is in neither table and not in a script's letters is drawing, and left out.
WORDS: dict[str, English] = {
    "×": "times", "⊙": "times", "·": "times", "≤": "at most", "≥": "at least", "≈": "about", "≠": "not equal to",
    "→": "to", "←": "becomes", "√": "root of", "±": "plus or minus", "∈": "in", "∞": "infinity", "′": "prime",
    "ᵀ": "transposed", "∫": "integral of", "°": "degrees",
}  # fmt: skip
_LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "Δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta",
    "λ": "lambda", "μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma", "Σ": "sum", "∑": "sum", "φ": "phi", "Φ": "Phi",
    "χ": "chi", "∂": "d", "−": "-", "–": "-", "—": ", ", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"',
    "§": "section ",
}  # fmt: skip
_NORM = re.compile(r"‖([^‖]*)‖")
_SUPERSCRIPTS = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
#: Frames, bars, shades, marks and braille plots; and what keeps columns of text apart, which becomes a comma.
_DRAWING = re.compile(r"[\u2500-\u25ff\u2800-\u28ff]+")
_OPERATORS = re.compile(r"\s*(?<=\s)([+=])(?=\s)\s*(?:×(?=\d))?")
#: Marks before a key: whether what it switches is on.
_SWITCH = re.compile(r"\s([✓·])(?=\S)")
_APART = re.compile(r"\s{2,}|\s+·\s+")
_COMMAS = re.compile(r"\s*,(?:\s*,)*(?!\d)\s*")
#: From here on are the scripts of East Asia, which stay as they are, their punctuation too.
_EAST = 0x2E80


def plain(text: str) -> str:
    """One line in words; English becomes pure ASCII."""
    text = _SWITCH.sub(lambda match: f"  {tr('on') if match[1] == '✓' else tr('off')} ", text)
    text = _OPERATORS.sub(r" \1 ", _DRAWING.sub("  ", text).strip())
    text = _COMMAS.sub(", ", _APART.sub(", ", text)).strip(", ").replace(":, ", ": ")
    # A size, 30×64, is not a product.
    text = re.sub(r"(?<=\d)×(?=\d)", f" {tr('by')} ", text)
    text = _NORM.sub(lambda match: tr("the norm of {what}", what=match[1]), text)
    text = _SUPERSCRIPTS.sub(lambda match: "^" + unicodedata.normalize("NFKD", match[0]), text)
    text = " ".join("".join(map(_said, text)).split())
    return re.sub(r" (?=[,;:.](?:\s|$))", "", text)


def _said(char: str) -> str:
    if char.isascii() or ord(char) >= _EAST:
        return char
    if char in WORDS:
        return f" {tr(WORDS[char])} "
    if char in _LETTERS:
        return _LETTERS[char]
    # Subscripts and fractions fall into digits, é into e and its accent.
    parts = unicodedata.normalize("NFKD", char).replace("\u2044", "/").replace("\u2212", "-")
    return "".join(part for part in parts if part.isascii()) or ("" if unicodedata.combining(char) else " ")

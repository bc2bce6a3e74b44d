"""What a colour means: the one table that views, themes, the legend in the help and the tests share.

A style's name is its meaning. Few meanings have a colour, and a colour has one meaning in every view; all else is grey,
white or black: quantities are told apart by glyph, letter and place.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gradtui_engine.core.message import English


@dataclass(frozen=True, slots=True)
class Meaning:
    """A style that has a colour of its own, and what that says. kind: those of one kind are explained together."""

    style: str
    kind: str
    says: English


MEANINGS = {
    row.style: row
    for row in (
        Meaning("healthy", "verdict", "as it should be: enough arrives and not too much, or it learns"),
        Meaning("vanishing", "verdict", "too little: it vanishes on its way, or nothing moves"),
        Meaning("exploding", "verdict", "too much: it explodes on its way, or leaps about"),
        Meaning("broken", "verdict", "wrong: no number, impossible, all units alike, learned by heart, a wrong choice"),
        Meaning("cursor", "place", "where you are: the layer, step or point that is chosen"),
        Meaning("key", "key", "a key to press, or a link"),
        Meaning("curve_1", "curves", "of two curves in one plot the first"),
        Meaning("curve_2", "curves", "of two curves in one plot the second"),
    )
}
#: Styles without a meaning: shades of grey, bold or not, by how much they are to be seen.
NEUTRAL = ("text", "label", "dim", "strong", "brand", "formula", "message", "reference")


def legend(drawn: Collection[str]) -> list[Meaning]:
    """The meanings to explain where these styles are drawn: of a kind all, as each is what the others are not."""
    kinds = {MEANINGS[style].kind for style in drawn if style in MEANINGS}
    return [row for row in MEANINGS.values() if row.kind in kinds]

"""Words that the panes of the Theory view share, and how text stands around a drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gradtui_engine.core.message import English

from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.spans import Line, page, width_of, wrap
from ..frame.scene import Scene

#: (style, text), as in the why pane's notes.
Sentence = tuple[str, str]

#: Networks still train at so many depth scales (Schoenholz et al. 2017, who measured it in the ordered phase).
REACH = 6
#: A drawing has at least so many cells; under that there is text only.
_LEAST_WIDTH, _LEAST_ROWS = 28, 4

#: Regime → (style, what it does), passed through tr where it is shown.
REGIMES: dict[str, tuple[str, English]] = {
    "ordered": ("vanishing", "ordered: it vanishes"),
    "chaotic": ("exploding", "chaotic: it explodes"),
    "critical": ("healthy", "at the edge of chaos: it stays"),
}


def stages(scene: Scene) -> str:
    """What depth is counted in."""
    return tr(AXIS_WORDS[scene.record.axis].stages)


def a_stage(scene: Scene) -> str:
    return tr(AXIS_WORDS[scene.record.axis].a_stage)


def flow(chunks: Iterable[Line], width: int) -> list[Line]:
    """Pieces of text side by side, two cells apart, as many to a line as fit; none is broken."""
    lines: list[Line] = []
    for chunk in chunks:
        if lines and width_of(lines[-1]) + 2 + width_of(chunk) <= width:
            lines[-1] = [*lines[-1], ("  ", "text"), *chunk]
        else:
            lines.append(list(chunk))
    return lines


def sentences(texts: Iterable[Sentence], width: int, rows: int) -> list[Line]:
    """As many whole sentences as fit into so many rows; one that does not is left out."""
    lines: list[Line] = []
    for style, text in texts:
        wrapped = wrap(text, width, style)
        if len(lines) + len(wrapped) <= rows:
            lines += wrapped
    return lines


def text_only(texts: Sequence[Sentence], width: int, height: int) -> list[Line]:
    """A pane that has room for words alone: whole sentences, or the beginning of the first."""
    style, text = texts[0]
    return page(sentences(texts, width, height) or wrap(text, width, style), width, height)


def drawn_over(
    draw: Callable[[int], list[Line]], legend: Iterable[Line], texts: Sequence[Sentence], width: int, height: int
) -> list[Line]:
    """A drawing in so many rows, its axis among them, the legend, and whole sentences; in a small pane words alone."""
    if width < _LEAST_WIDTH or height < _LEAST_ROWS + 4:
        return text_only(texts, width, height)
    signs = flow(legend, width)
    # The drawing gets two thirds at least; sentences that then have no room are left out.
    least = max(_LEAST_ROWS + 2, height * 2 // 3)
    text = sentences(texts, width, height - least - len(signs))
    rows = max(_LEAST_ROWS + 2, height - len(signs) - len(text))
    return page([*draw(rows), *signs, *text], width, height)

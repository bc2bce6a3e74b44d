"""A column of the story: what is left of the error signal from the output down to the input, row by row."""

from __future__ import annotations

from gradtui_engine.core.figures import percent, short
from gradtui_engine.core.message import English

from ...model.names import WAVE_END
from ...model.story import passed
from ...text.language import tr
from ...text.spans import Line, Span, first_fit, first_title, fit, page, wrap
from ..frame.scene import Scene
from ..frame.stage_rows import StageRow, each_row, label_room, stage_rows, stride
from . import words
from .layout import lines_of
from .sides import Both, Side

#: Cells of what stands beside a bar: "× 0.233", "4.6e-19".
_NUMBER = 9
#: What the ends are called, by the axis; the lower one in a long form and, where that is long, in a short one.
_TOP: dict[str, English] = {"layer": "output ↑", "time": "last step ↑", "module": "output ↑"}
_BOTTOM: dict[str, tuple[English, ...]] = {
    "layer": ("input ↓",), "time": ("first step ↓", "first ↓"), "module": ("input ↓",),
}  # fmt: skip


def title(scene: Scene, width: int, of_cure: bool) -> str:
    both = Both.of(scene)
    side = both.cure if of_cure else both.disease
    if side is None:
        return tr("the cure")
    return first_title(width, *words.names(scene.state, side))


def view(scene: Scene, width: int, height: int, of_cure: bool) -> list[Line]:
    both = Both.of(scene)
    side = both.cure if of_cure else both.disease
    if side is None:
        return page(wrap(_missing(scene), width, "dim"), width, height)
    parts = lines_of(scene.state, height)
    above = _sentences(side, width)
    above += [[]] * (parts.sentences + parts.air - len(above))
    if parts.top:
        above.append(_top(side, parts.rows, width))
    drawn = _rows(both, side, width, parts.rows)
    gap: list[Line] = [[]] * (parts.rows - len(drawn))
    return page([*above, *drawn, *gap, *_foot(side, _lowest(side), width)], width, height)


def _missing(scene: Scene) -> str:
    if not scene.state.changes:
        return tr("Nothing stands beside it: the digits choose a disease and its cure.")
    return tr("computing …")


def _sentences(side: Side, width: int) -> list[Line]:
    """What arrives, and what is made of it; of what does not fit in two lines the second goes."""
    if side.scene.state.wave < WAVE_END:
        return wrap(tr("The error signal comes down from the output, and is multiplied on its way."), width, "text")
    first, second = words.arrives(side), words.learns(side)
    whole = wrap(f"{first}. {second}".strip(), width, side.colour)
    return whole if len(whole) <= 2 else wrap(f"{first}.", width, side.colour)[:2]


def _top(side: Side, rows: int, width: int) -> Line:
    """output ↑, and what a row stands for where it is several stages."""
    axis = side.scene.record.axis
    said = each_row(axis, stride(side.count, rows, side.first))
    end: Line = [(tr(_TOP[axis]), "label")]
    return first_fit(width, [*end, (f" · {said}", "dim")], end) if said else fit(end, width)


def _lowest(side: Side) -> int:
    """The lowest stage that the wave has passed."""
    last = side.count - 1
    return last - passed(side.scene.state, last - side.first)


def _foot(side: Side, low: int, width: int) -> list[Line]:
    """input ↓  0.233 × 0.233 × … 29 times = 4.6e-19, and of a gated cell how open its gates are."""
    style = side.style(side.shares[low])
    whole, brief = ((text, style) for text in words.products(side, low))
    ends: list[Line] = [[(tr(text), "label"), ("  ", "text")] for text in _BOTTOM[side.scene.record.axis]]
    foot = [first_fit(width, *([*end, product] for product in (whole, brief) for end in ends), [brief])]
    gates = _gates(side)
    if gates:
        foot.append(first_fit(width, *([(text, "text")] for text in gates)))
    return foot


def _gates(side: Side) -> list[str]:
    """How open the gates are on average, in a long form and a short one; nothing of a cell that has none."""
    means = side.gates()
    if not means:
        return []
    said = [f"{tr(gate.name)} {percent(mean)}" for gate, mean in means]
    brief = [f"{gate.letter} {percent(mean)}" for gate, mean in means]
    return [tr("gates open: {gates}", gates=" · ".join(said)), " · ".join(said), " · ".join(brief)]


# -- the rows ----------------------------------------------------------------------------------------------


def _rows(both: Both, side: Side, width: int, height: int) -> list[Line]:
    """One row for each stage, or for each group of neighbours; those that the wave has not reached are empty."""
    rows = stage_rows(side.count, height, side.first)
    done = passed(side.scene.state, len(rows))
    # Where there is room a stage has several lines: a bar as thick as the rows allow.
    thick = max(1, min(height // len(rows), 3))
    margin = label_room(side.count, height, side.first)
    lines: list[Line] = []
    for place, row in enumerate(rows):
        label: Span = (row.label(margin).rjust(margin) + " ", "label")
        if place >= done:
            lines += [[label], *([[]] * (thick - 1))]
            continue
        here = place == done - 1 and done < len(rows)
        share = side.shares[row.low]
        style = side.style(share)
        room = max(width - margin - 2 - _NUMBER, 1)
        drawn = _bar(both, share, room, style)
        number: Span = (" " + _number(side, row, place), "cursor" if here else style)
        lines += [[label, *drawn, number], *([[(" " * (margin + 1), "text"), *drawn]] * (thick - 1))]
    return lines


def _bar(both: Both, share: float, room: int, style: str) -> Line:
    """The bar, and beyond it the line that marks 1, which is all of the error signal."""
    before, line, behind = both.scale.bar(share, room).partition("│")
    return [(before, style), (line, "reference"), (behind, "text")]


def _number(side: Side, row: StageRow, place: int) -> str:
    """× 0.233: what the row multiplies by; of the last stage that it is all of it, of nothing that is left a dash."""
    factor = row.product(side.factors)
    if factor is not None:
        return f"× {short(factor)}"
    return "1" if row.low == side.count - 1 else "–"

"""A column of the story: what is left of the error signal from the output down to the input, row by row."""

from __future__ import annotations

from gradtui_engine.core.figures import percent, short
from gradtui_engine.core.message import English

from ...model.names import WAVE_END
from ...model.story import passed
from ...text.axis_words import AXIS_WORDS
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
_TOP: dict[str, English] = {"layer": "output ↑", "block": "output ↑", "time": "last step ↑", "module": "output ↑"}
_BOTTOM: dict[str, tuple[English, ...]] = {
    "layer": ("input ↓",), "block": ("input ↓",), "time": ("first step ↓", "first ↓"), "module": ("input ↓",),
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
        above.append(_top(both, side, parts.rows, width))
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
    if side.behind:
        second = tr("It is at iteration {number} so far.", number=side.at)
    first = first[:1].upper() + first[1:]
    whole = wrap(" ".join(text for text in (tr("{sentence}.", sentence=first), second) if text), width, side.colour)
    return whole if len(whole) <= 2 else wrap(tr("{sentence}.", sentence=first), width, side.colour)[:2]


def _top(both: Both, side: Side, rows: int, width: int) -> Line:
    """output ↑ · each row is 2 layers · log axis 1e-20 … 1, │ marks 1: as much of it as there is room for."""
    axis, several = side.scene.record.axis, stride(side.count, rows, side.first)
    end = tr(_TOP[axis])
    symbol = tr("error signal {symbol}", symbol="‖∂L/∂c‖" if side.scene.follows_cell else "‖∂L/∂h‖")
    scale = tr("log axis {ends}, │ marks 1", ends=both.scale.label)
    row = each_row(axis, several)
    brief = (
        tr("{count} a row · │ marks 1", count=AXIS_WORDS[axis].counted(several))
        if several > 1
        else tr("log axis, │ marks 1")
    )
    forms = ((symbol, row, scale), (row, scale), (brief,), (row,), ())
    lines = [" · ".join(part for part in (end, *form) if part) for form in forms]
    return fit(first_fit(width, *([(line, "label")] for line in lines)), width)


def _lowest(side: Side) -> int:
    """The lowest stage that the wave has passed."""
    last = side.count - 1
    return last - passed(side.scene.state, last - side.first)


def _foot(side: Side, low: int, width: int) -> list[Line]:
    """input ↓  0.233 × 0.233 × … 29 times = 4.6e-19, and of a gated cell how open its gates are."""
    ends: list[Line] = [[(tr(text), "label"), ("  ", "text")] for text in _BOTTOM[side.scene.record.axis]]
    if side.scene.state.wave < WAVE_END:
        # Calm while it runs: of the digits that a calculator needs there are more and fewer from row to row.
        said = [tr("so far {share}", share=short(side.shares[low]))]
    else:
        said = [] if side.thrown_off is not None else [*words.products(side, low)]
    texts = [(text, side.style(side.shares[low])) for text in said]
    foot = [
        first_fit(width, *([*end, text] for text in texts for end in ends), *([text] for text in texts[-1:]), *ends)
    ]
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
    brief = [f"{tr(gate.name).removesuffix(' gate')} {percent(mean)}" for gate, mean in means]
    letters = [f"{gate.letter} {percent(mean)}" for gate, mean in means]
    return [
        tr("gates open: {gates}", gates=" · ".join(said)), *(" · ".join(form) for form in (said, brief, letters))
    ]  # fmt: skip


# -- the rows ----------------------------------------------------------------------------------------------


def _rows(both: Both, side: Side, width: int, height: int) -> list[Line]:
    """One row for each stage, or each group of neighbours; that in which the wave is shows how far it has come."""
    rows = stage_rows(side.count, height, side.first)
    lowest, runs = _lowest(side), side.scene.state.wave < WAVE_END
    # Where there is room a stage has several lines, the last one blank: a bar as thick as the rows allow.
    thick = max(1, min(height // len(rows), 3))
    # As wide in both columns, so that both have one axis.
    margin = max(label_room(shown.count, height, shown.first) for shown in both)
    room = max(width - margin - 2 - _NUMBER, 1)
    lines: list[Line] = []
    for row in rows:
        label: Span = (row.label(margin).rjust(margin) + " ", "label")
        if row.high < lowest:
            lines += [[label], *([[]] * (thick - 1))]
            continue
        part = StageRow(max(row.low, lowest), row.high)
        share = side.shares[part.low]
        drawn = _bar(both, share, room, side.style(share))
        here = runs and lowest in row
        number: Span = (" " + _number(side, part), "cursor" if here else "text")
        more: list[Line] = [[(" " * (margin + 1), "text"), *drawn]] * max(0, thick - 2)
        lines += [[label, *drawn, number], *more, *([[]] if thick > 1 else [])]
    return lines


def _bar(both: Both, share: float, room: int, style: str) -> Line:
    """The bar, and beyond it the line that marks 1, which is all of the error signal; ▸ where it leaves the axis."""
    before, line, behind = both.scale.bar(share, room).partition("│")
    if share > 10.0**both.scale.high:
        before = before[:-1] + "▸"
    return [(before, style), (line, "reference"), (behind, "text")]


def _number(side: Side, row: StageRow) -> str:
    """× 0.233: what the row multiplies by; of the last stage that it is all of it, of nothing that is left a dash."""
    factor = row.product(side.factors)
    if factor is not None:
        return f"× {short(factor)}"
    return "1" if row.low == side.count - 1 else "–"

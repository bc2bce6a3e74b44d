"""The plane pane: how deep a signal goes, for every σ_w and σ_b, and where this network stands.

σ_w to the right, σ_b upwards. Shades for order, other glyphs for chaos, the edge between them as a line: what a cell
means is in its glyph, the colour repeats it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gradtui_engine.cells.recurrent import parameter_name
from gradtui_engine.core.figures import exact, short
from gradtui_engine.theory.prediction import Theory
from gradtui_engine.theory.sigma_plane import Place, Plane, place

from ...model.theory_needs import PlaneOf
from ...text.language import tr
from ...text.spans import Line, Span, first_title, runs, width_of
from ...text.undefined import defined
from ..frame.scene import Scene
from ..frame.timeaxis import MARGIN
from .chain import predicted_chain
from .words import REGIMES, Sentence, a_stage, drawn_over, intervals, stages, text_only

#: Depth scales at which the glyph changes, and the glyphs of order and of chaos, from where nothing passes to where
#: nearly everything does. All of them differ in ASCII too.
_SCALES = (1.0, 5.0, 25.0)
_ORDER, _CHAOS = "·▒▓█", "'-x%"
_ORDER_STYLES = ("heat0", "heat1", "heat2", "heat3")
_CHAOS_STYLES = ("heat8", "heat7", "heat6", "heat5")
_EDGE, _EDGE_ACROSS = "┃", "━"
_HERE, _ELSEWHERE = "◆", "◇"


def title(scene: Scene, width: int) -> str:
    if PlaneOf.of(scene.resolved) is None:
        return tr("plane")
    name = scene.resolved.activation
    return first_title(
        width,
        tr("how deep a signal goes, for every spread of weights σ_w and biases σ_b · {activation}", activation=name),
        tr("how deep a signal goes · σ_w–σ_b plane of {activation}", activation=name),
        tr("σ_w–σ_b plane of {activation}", activation=name),
        tr("plane"),
    )


@dataclass(frozen=True)
class _Mark:
    """A network in the plane."""

    glyph: str
    sigma_w: float
    sigma_b: float


def view(scene: Scene, width: int, height: int) -> list[Line]:
    need = PlaneOf.of(scene.resolved)
    if need is None:
        return text_only(reading(scene), width, height)
    plane = scene.results.get(need)
    marks = _marks(scene)

    def draw(rows: int) -> list[Line]:
        if isinstance(plane, Plane):
            return _map(plane, marks, width - MARGIN, rows)
        waiting = tr("computing the plane of {activation} …", activation=scene.resolved.activation)
        drawn: list[Line] = [[(" " * MARGIN, "text")] for _ in range(rows)]
        drawn[rows // 2] = [(" " * MARGIN + waiting, "dim")]
        return [*drawn, [(" " * MARGIN + "─" * (width - MARGIN), "label")]]

    return drawn_over(draw, _legend(scene, marks), reading(scene), width, height)


# -- the map -----------------------------------------------------------------------------------------------


def _map(plane: Plane, marks: list[_Mark], columns: int, rows: int) -> list[Line]:
    most_w, most_b = float(plane.sigma_w[-1]), float(plane.sigma_b[-1])
    cells = _shades(plane, columns, rows)
    for row in range(rows):
        for column, glyph in _edge_cells(plane, row, columns, rows):
            cells[row][column] = (glyph, "strong")
    placed = [_placed(mark, most_w, most_b, columns, rows) for mark in marks]
    _write_regions(cells, {row for row, _, _ in placed})
    for row, start, text in reversed(placed):
        cells[row][start : start + len(text)] = [(glyph, "cursor") for glyph in text]
    labels = {rows - 1: exact(most_b), rows // 2: exact(most_b / 2), 0: "0"}
    lines: list[Line] = [
        [(labels.get(row, "").rjust(MARGIN - 1) + " ", "label"), *runs(cells[row])] for row in range(rows - 1, -1, -1)
    ]
    return [*lines, _ticks(most_w, columns)]


def _ticks(most: float, columns: int) -> Line:
    """σ_w under the map: whole quarters of the range, each under its cell."""
    text = [" "] * columns
    for quarter in range(5):
        label = exact(most * quarter / 4)
        start = min(columns * quarter // 4, columns - len(label))
        text[start : start + len(label)] = list(label)
    return [(" " * MARGIN + "".join(text), "label")]


def _shades(plane: Plane, columns: int, rows: int) -> list[list[Span]]:
    """A glyph per cell, the lowest row first: of the nearest point of the plane's grid."""
    across = np.round((np.arange(columns) + 0.5) / columns * (len(plane.sigma_w) - 1)).astype(int)
    up = np.round((np.arange(rows) + 0.5) / rows * (len(plane.sigma_b) - 1)).astype(int)
    chi, scale = (grid[np.ix_(up, across)] for grid in (plane.chi, plane.depth_scale))
    levels = np.digitize(scale, _SCALES)
    return [
        [
            (_CHAOS[level], _CHAOS_STYLES[level]) if value > 1 else (_ORDER[level], _ORDER_STYLES[level])
            for value, level in zip(values, found_levels, strict=True)
        ]
        for values, found_levels in zip(chi.tolist(), levels.tolist(), strict=True)
    ]


def _edge_cells(plane: Plane, row: int, columns: int, rows: int) -> Iterable[tuple[int, str]]:
    """The edge of chaos in one row: a line upwards, and across to where it is in the next row."""
    here, above = (_crossings(plane, at, columns, rows) for at in (row, row + 1))
    for index, column in enumerate(here):
        end = above[index] if row + 1 < rows and len(above) == len(here) else column
        step = 1 if end > column else -1
        for between in range(column + step, end, step):
            yield between, _EDGE_ACROSS
        yield column, _EDGE


def _crossings(plane: Plane, row: int, columns: int, rows: int) -> list[int]:
    """The columns in which the edge of chaos lies at a row's σ_b (at the nearest one that has been computed)."""
    most_w, most_b = float(plane.sigma_w[-1]), float(plane.sigma_b[-1])
    wanted = most_b * min((row + 0.5) / rows, 1.0)
    nearest = float(plane.sigma_b[int(np.abs(plane.sigma_b - wanted).argmin())])
    return [
        min(math.floor(sigma_w / most_w * columns), columns - 1)
        for sigma_w, sigma_b in plane.edge
        if sigma_b == nearest
    ]


def _write_regions(cells: list[list[Span]], taken: set[int]) -> None:
    """The regimes' names where they have room: order near the top, chaos near the bottom, beside rows with a mark."""
    rows = len(cells)
    for glyphs, text, wanted in (
        (_ORDER, tr(" ordered: vanishing "), rows - 1 - rows // 4),
        (_CHAOS, tr(" chaotic: exploding "), rows // 4),
    ):
        row = next((near for near in (wanted, wanted + 1, wanted - 1) if near not in taken and 0 <= near < rows), None)
        if row is None:
            continue
        start, size = _longest([glyph in glyphs for glyph, _ in cells[row]])
        need = width_of([(text, "text")])
        if size >= need + 2:
            left = start + (size - need) // 2
            # The text stands in its first cell, the others are empty: a glyph of double width takes two of them.
            cells[row][left : left + need] = [(text, "text"), *[("", "text")] * (need - 1)]


def _longest(inside: list[bool]) -> tuple[int, int]:
    """Start and length of the longest run."""
    best, start = (0, 0), 0
    for index, is_inside in enumerate([*inside, False]):
        if not is_inside:
            best = max(best, (start, index - start), key=lambda run: run[1])
            start = index + 1
    return best


def _placed(mark: _Mark, most_w: float, most_b: float, columns: int, rows: int) -> tuple[int, int, str]:
    """A mark's row, first column and text: a glyph in its cell; off the plane an arrow at the border, with numbers."""
    right, up = mark.sigma_w > most_w, mark.sigma_b > most_b
    column = columns - 1 if right else min(math.floor(mark.sigma_w / most_w * columns), columns - 1)
    row = rows - 1 if up else min(math.floor(mark.sigma_b / most_b * rows), rows - 1)
    if not right and not up:
        return row, column, mark.glyph
    text = f" {mark.glyph} {short(mark.sigma_w)}, {short(mark.sigma_b)} {'▶' if right else '▲'}"
    return row, max(0, min(column - len(text) + 1, columns - len(text))), text


# -- words -------------------------------------------------------------------------------------------------


def _marks(scene: Scene) -> list[_Mark]:
    """This network, or the one that it would be without its norms or skips; and an RNN with its input as a bias."""
    here = place(scene.resolved)
    if here is None:
        return []
    theory = scene.record.theory
    inside = theory is not None and theory.depth_scale is not None
    marks = [_Mark(_HERE if inside else _ELSEWHERE, here.sigma_w, here.sigma_b)]
    if scene.over_time and inside and scene.record.listed is not None:
        marks.append(_Mark(_ELSEWHERE, here.sigma_w, _driven(scene, here)))
    return marks


def _driven(scene: Scene, here: Place) -> float:
    """An RNN's input adds to each pre-activation as a bias does: the σ_b that would add as much."""
    weight = scene.listed.parameters[parameter_name(scene.resolved.cell, "weight_ih", 0)]
    inputs = scene.listed.input
    with np.errstate(all="ignore"):
        drive = float(np.mean(np.square(weight, dtype=np.float64))) * weight.shape[1]
        return math.hypot(here.sigma_b, math.sqrt(drive * float(np.mean(np.square(inputs, dtype=np.float64)))))


def _legend(scene: Scene, marks: list[_Mark]) -> Iterable[Line]:
    yield [(tr("→ weights σ_w"), "label")]
    yield [(tr("↑ biases σ_b"), "label")]
    yield [(tr("depth scale in {unit}, ordered and chaotic:", unit=stages(scene)), "label")]
    for level, bound in enumerate(intervals(_SCALES)):
        yield [
            (_ORDER[level], _ORDER_STYLES[level]),
            (_CHAOS[level], _CHAOS_STYLES[level]),
            (f" {bound}", "label"),
        ]
    yield [(tr("{line} edge of chaos, χ = 1", line=_EDGE), "strong")]
    here = {
        _HERE: tr("{mark} this network", mark=_HERE),
        _ELSEWHERE: tr("{mark} with its input as a bias, where that lies elsewhere", mark=_ELSEWHERE)
        if scene.over_time
        else tr("{mark} this network without norm and skips", mark=_ELSEWHERE),
    }
    for mark in marks:
        yield [(here[mark.glyph], "cursor")]


def reading(scene: Scene) -> list[Sentence]:
    """What the place means, most important first."""
    marks = _marks(scene)
    theory, mean = scene.record.theory, defined(scene.record.decay.geometric_mean, scene.record)
    measured = (
        tr("measured: a factor of {factor} {per} on average", factor=short(mean), per=a_stage(scene))
        if mean is not None
        else tr("measured: no gradient arrives, so there is no factor")
    )
    here = next((mark for mark in marks if mark.glyph == _HERE), None)
    if theory is None:
        return [("text", measured)]
    if here is None or theory.chi is None or theory.depth_scale is None:
        return [("text", tr(theory.note)), ("text", measured)]
    place_words, scale = _place_words(scene, here, theory, theory.chi), _scale(scene, theory.depth_scale)
    if scene.over_time and marks[-1] is not here:
        # With an input the measured factor says more than the depth scale without.
        return [place_words, _input_words(scene, marks[-1]), ("text", measured), ("text", scale)]
    return [place_words, ("text", scale), ("text", measured)]


def _place_words(scene: Scene, here: _Mark, theory: Theory, chi: float) -> Sentence:
    style, regime = REGIMES[theory.regime or "critical"]
    values = {
        "sigma_w": short(here.sigma_w),
        "sigma_b": short(here.sigma_b),
        "chi": short(chi),
        "factor": short(math.sqrt(chi)),
        "per": a_stage(scene),
        "regime": tr(regime),
    }
    if scene.over_time:
        return style, tr(
            "here, σ_w {sigma_w} and σ_b {sigma_b}, without input: χ {chi}, the gradient's factor √χ {factor} {per}; "
            "{regime}",
            **values,
        )
    return style, tr(
        "here, σ_w {sigma_w} and σ_b {sigma_b}: χ {chi}, the gradient's factor √χ {factor} {per}; {regime}", **values
    )


def _input_words(scene: Scene, driven: _Mark) -> Sentence:
    return "text", tr(
        "its input drives each step like biases of σ_b {sigma_b}; with it theory predicts a factor of {factor} a step "
        "on average",
        sigma_b=short(driven.sigma_b),
        factor=short(predicted_chain(scene).average()),
    )


def _scale(scene: Scene, scale: float) -> str:
    if math.isinf(scale):
        return tr("depth scale without bound: a signal and its gradient go as deep as the network is")
    return tr(
        "depth scale {scale} {unit}: over so many the squared gradient, and the squared distance of two inputs that "
        "are close, change by a factor of e",
        scale=short(scale),
        unit=stages(scene),
    )

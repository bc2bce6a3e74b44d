"""The plane pane: how deep a signal goes, for every σ_w and σ_b, and where this network stands.

σ_w to the right, σ_b upwards. Order and chaos each have their name, a glyph and a colour; between them the edge as a
line, and on both sides of it how far a signal still reaches all layers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradtui_engine.cells.recurrent import parameter_name
from gradtui_engine.core.figures import exact, short
from gradtui_engine.core.message import English
from gradtui_engine.theory.prediction import Theory
from gradtui_engine.theory.sigma_plane import Place, Plane, place

from ...model.theory_needs import PlaneOf
from ...text.graph import Axes, Graph, Tip
from ...text.language import tr
from ...text.spans import Line, Span, first_title, width_of
from ...text.undefined import defined
from ..frame.scene import Scene
from .chain import measured_chain, predicted_chain
from .words import REACH, REGIMES, Sentence, a_stage, drawn_over, stages, text_only

#: A glyph for each phase; the network, and where it would be.
_ORDER, _CHAOS = "·", "×"
_HERE, _ELSEWHERE = "◆", "◇"


def title(scene: Scene, width: int) -> str:
    if PlaneOf.of(scene.resolved) is None:
        return tr("plane")
    name = scene.resolved.activation
    return first_title(
        width,
        tr(
            "where gradients vanish and where they explode, by the spread of weights and biases · {activation}",
            activation=name,
        ),
        tr("where gradients vanish, where they explode · {activation}", activation=name),
        tr("σ_w–σ_b plane of {activation}", activation=name),
        tr("plane"),
    )


@dataclass(frozen=True)
class _Mark:
    """A network in the plane."""

    glyph: str
    sigma_w: float
    sigma_b: float

    @property
    def style(self) -> str:
        """Where the network stands, or a place that is only compared with it."""
        return "cursor" if self.glyph == _HERE else "strong"


def view(scene: Scene, width: int, height: int) -> list[Line]:
    need = PlaneOf.of(scene.resolved)
    if need is None:
        return text_only(reading(scene), width, height)
    plane = scene.results.get(need)
    marks = _marks(scene)

    def draw(rows: int) -> list[Line]:
        if isinstance(plane, Plane):
            return _map(scene, plane, marks, width, rows)
        waiting = tr("computing the plane of {activation} …", activation=scene.resolved.activation)
        drawn: list[Line] = [[] for _ in range(rows)]
        drawn[rows // 2] = [(waiting, "dim")]
        return drawn

    return drawn_over(draw, _legend(scene, marks), _shown(scene), width, height)


# -- the map -----------------------------------------------------------------------------------------------


def _map(scene: Scene, plane: Plane, marks: list[_Mark], width: int, height: int) -> list[Line]:
    """The edge of chaos as a line, on either side how far a signal reaches, and what the two sides do by name."""
    most_w, most_b = float(plane.sigma_w[-1]), float(plane.sigma_b[-1])
    labels = tuple((most_w * quarter / 4, exact(most_w * quarter / 4)) for quarter in range(5))
    up = tuple((most_b * half / 2, exact(most_b * half / 2)) for half in range(3))
    graph = Graph(Axes((0.0, most_w), (0.0, most_b), labels, up), width, height - 2)
    for level in _reaching(scene):
        _lines(graph, _contour(plane, level), "reference", ":")
    _lines(graph, plane.edge, "strong", "#")
    # The first one on top, where both are in one place.
    placed = {_placed(graph, mark, most_w, most_b): mark for mark in reversed(marks)}
    ordered = _ordered(plane, graph.columns, graph.rows)
    _write_regions(graph, ordered)
    for tip, mark in placed.items():
        graph.name(tip, (_mark_name(scene, mark), mark.style), (tr("here"), mark.style))
    _name_edge(graph, plane.edge, (tr("edge of chaos"), "strong"), (tr("edge"), "strong"))
    _texture(graph, ordered)
    return graph.lines()


#: What the mark is that stands for a network which is not one of the plane's own.
_NAMED: dict[str, English] = {
    "layer": "{mark} this network without norm and skips",
    "block": "{mark} layers of such weights, without attention, norm and skips",
    "time": "{mark} with its input as a bias, where that lies elsewhere",
}


def _mark_name(scene: Scene, mark: _Mark) -> str:
    if mark.glyph == _HERE:
        return tr("this network")
    return tr("with its input") if scene.over_time else tr("without norm and skips")


def _reaching(scene: Scene) -> tuple[float, ...]:
    """ln χ at which a signal still reaches all layers, to both sides; over time none, where the input drives too."""
    depth = len(scene.stages) - 1
    return () if scene.over_time else (-REACH / depth, REACH / depth)


Points = Sequence[tuple[float, float]]


def _contour(plane: Plane, level: float) -> Points:
    """(σ_w, σ_b) where ln χ goes through a level: between neighbours of the grid along σ_w, by interpolation."""
    with np.errstate(all="ignore"):
        over = np.log(plane.chi) - level
        crossed = np.isfinite(over[:, :-1]) & np.isfinite(over[:, 1:]) & ((over[:, :-1] < 0) != (over[:, 1:] < 0))
        share = over[:, :-1] / (over[:, :-1] - over[:, 1:])
    step = float(plane.sigma_w[1])
    return [
        (float(plane.sigma_w[column] + share[row, column] * step), float(plane.sigma_b[row]))
        for row, column in np.argwhere(crossed).tolist()
    ]


def _name_edge(graph: Graph, points: Points, *texts: Span) -> None:
    """The first of the texts that has room right beside the edge, on no other line: from above down."""
    rows: dict[int, set[int]] = {}
    for column, row in filter(None, (graph.cell(*point) for point in points)):
        rows.setdefault(row, set()).add(column)
    for text, row in itertools.product(texts, sorted(rows)):
        size = width_of([text])
        for start in (max(rows[row]) + 2, max(rows[row]) + 3, min(rows[row]) - size - 1, min(rows[row]) - size - 2):
            if graph.free(start, row, size):
                graph.write(start, row, text)
                return


def _lines(graph: Graph, points: Points, style: str, letter: str) -> None:
    """Points by σ_b, as lines upwards: one for each that there is at every σ_b, as far as their number stays."""
    rows = [list(group) for _, group in itertools.groupby(points, key=lambda point: point[1])]
    for _, same in itertools.groupby(rows, key=len):
        for line in zip(*same, strict=True):
            graph.path(np.array([x for x, _ in line]), np.array([y for _, y in line]), style, letter)


def _ordered(plane: Plane, columns: int, rows: int) -> NDArray[np.bool_]:
    """Whether a cell is ordered, (rows, columns) with the uppermost row first: at the nearest point of the grid."""
    across = np.round((np.arange(columns) + 0.5) / columns * (len(plane.sigma_w) - 1)).astype(int)
    up = np.round((np.arange(rows)[::-1] + 0.5) / rows * (len(plane.sigma_b) - 1)).astype(int)
    return np.asarray(plane.chi[np.ix_(up, across)] <= 1)


def _texture(graph: Graph, ordered: NDArray[np.bool_]) -> None:
    """A sparse glyph of its own for each phase, where nothing else stands."""
    for row, cells in enumerate(graph.cells):
        for column in range(row % 2 * 2, graph.columns, 4):
            if all(text == " " for text, _ in cells[max(0, column - 1) : column + 2]):
                cells[column] = (_ORDER, "vanishing") if ordered[row, column] else (_CHAOS, "exploding")


def _write_regions(graph: Graph, ordered: NDArray[np.bool_]) -> None:
    """The phases' names where they have room: order above the middle, chaos below it, or on the rows near those."""
    for inside, style, texts, wanted in (
        (ordered, "vanishing", (tr("ordered: gradients vanish"), tr("vanish")), graph.rows // 4),
        (~ordered, "exploding", (tr("chaotic: gradients explode"), tr("explode")), graph.rows * 3 // 4),
    ):
        for text, row in itertools.product(texts, sorted(range(graph.rows), key=lambda row: abs(row - wanted))):
            free = [bool(here) and _coverable(cell) for here, cell in zip(inside[row], graph.cells[row], strict=True)]
            start, size = _longest(free)
            need = width_of([(text, "")])
            if size >= need + 2:
                graph.write(start + (size - need) // 2, row, (text, style))
                break


def _coverable(cell: Span) -> bool:
    """A name covers no line: it would cut it."""
    return cell[0] == " "


def _longest(inside: list[bool]) -> tuple[int, int]:
    """Start and length of the longest run."""
    best, start = (0, 0), 0
    for index, is_inside in enumerate([*inside, False]):
        if not is_inside:
            best = max(best, (start, index - start), key=lambda run: run[1])
            start = index + 1
    return best


def _placed(graph: Graph, mark: _Mark, most_w: float, most_b: float) -> Tip:
    """A mark in its cell; off the plane an arrow at the border, with its numbers."""
    right, up = mark.sigma_w > most_w, mark.sigma_b > most_b
    place = graph.cell(min(mark.sigma_w, most_w), min(mark.sigma_b, most_b))
    assert place is not None  # at the border at most
    column, row = place
    if not right and not up:
        graph.cells[row][column] = (mark.glyph, mark.style)
        return place
    text = f" {mark.glyph} {short(mark.sigma_w)}, {short(mark.sigma_b)} {'▶' if right else '▲'}"
    graph.write(max(0, min(column - len(text) + 1, graph.columns - len(text))), row, (text, mark.style))
    return None


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
    yield [(tr("→ spread of the weights σ_w"), "label")]
    yield [(tr("↑ of the biases σ_b"), "label")]
    yield [(tr("edge of chaos: the factor √χ is 1"), "strong")]
    if _reaching(scene):
        yield [(tr("between the fainter lines a signal reaches all {depth} {unit}", depth=len(scene.stages) - 1,
                   unit=stages(scene)), "label")]  # fmt: skip
    elsewhere = tr(_NAMED.get(scene.record.axis, _NAMED["layer"]), mark=_ELSEWHERE)
    # ◆ has its name beside it.
    yield from ([(elsewhere, mark.style)] for mark in marks if mark.glyph == _ELSEWHERE)


def _shown(scene: Scene) -> list[Sentence]:
    """The reading, and behind its first sentence what theory and measurement say of the stage under the cursor."""
    first, *others = reading(scene)
    measured, predicted = measured_chain(scene).factors, predicted_chain(scene).factors
    factor = measured[scene.stage] if scene.stage < len(measured) else None
    if factor is None:
        return [first, *others]
    values = {"place": scene.name(scene.stage), "factor": short(factor), "predicted": short(predicted[scene.stage])}
    here = tr("{place}: measured factor {factor}, predicted {predicted}", **values)
    return [first, ("text", here), *others]


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

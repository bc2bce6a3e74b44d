"""The depth pane: each stage's factor as theory predicts it and as it was measured, their products, and the reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradtui_engine.core.figures import short

from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.spans import Line, first_title, page, runs
from ..frame.plots import FIRST, SECOND
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.timeaxis import TimeAxis
from .chain import Chain, measured_chain, predicted_chain
from .marks import Marks, band, margin, ruler
from .words import REACH, Sentence, a_stage, flow, sentences, stages, text_only

_MEASURED, _PREDICTED, _BOTH = "■", "◇", "◆"
#: Under this there is text only.
_LEAST_WIDTH, _LEAST_HEIGHT = 30, 10
#: Rows from which on the products get a band of their own.
_TWO_FROM = 7


def title(scene: Scene, width: int) -> str:
    path = scene.gated
    return first_title(
        width,
        tr("predicted and measured factor of the direct path, along time")
        if path
        else tr("predicted and measured factor of every {stage}", stage=_stage(scene)),
        tr("predicted and measured"),
        tr("depth"),
    )


def _stage(scene: Scene) -> str:
    return tr(AXIS_WORDS[scene.record.axis].stage)


def view(scene: Scene, width: int, height: int) -> list[Line]:
    measured, predicted = measured_chain(scene), predicted_chain(scene)
    if width < _LEAST_WIDTH or height < _LEAST_HEIGHT:
        return text_only(reading(scene), width, height)
    legend = flow(_legend(measured, predicted), width)
    reach = _reach(scene)
    fixed = len(legend) + 1 + (reach is not None)
    # The bands get at least half; sentences that then have no room are left out.
    text = sentences(reading(scene), width, height // 2 - fixed)
    rows = height - fixed - len(text)
    axis = TimeAxis.of(len(scene.stages), width)
    lower = rows // 2 if rows >= _TWO_FROM else 0
    lines = _band(scene, axis, measured.factors, predicted.factors, rows - lower, tr("factor"))
    if lower:
        # The product is made as the gradient comes down: what it has not reached yet is faint.
        lines += _band(scene, axis, measured.products, predicted.products, lower, tr("product"), scene.known)
    lines.append(ruler(axis, scene.stage, scene.record.axis, scene.walls))
    if reach is not None:
        lines.append(_reach_line(axis, reach))
    return page([*lines, *legend, *text], width, height)


def _band(
    scene: Scene,
    axis: TimeAxis,
    measured: Sequence[float | None],
    predicted: Sequence[float | None],
    rows: int,
    name: str,
    known: int = 0,
) -> list[Line]:
    series = [Marks(_MEASURED, FIRST, measured), Marks(_PREDICTED, SECOND, predicted, sparse=True)]
    return band(axis, scene.stage, series, _BOTH, rows, name, known)


def _reach(scene: Scene) -> float | None:
    """None over time: the depth scale is that of an RNN without input, and the factors above are those with it."""
    if scene.over_time:
        return None
    theory = scene.record.theory
    return None if theory is None or theory.depth_scale is None else REACH * theory.depth_scale


def _reach_line(axis: TimeAxis, reach: float) -> Line:
    """How far from the input a signal gets: a bar under the stages."""
    cells = [("━", "text") if stage <= reach else ("┄", "dim") for stage in axis.columns]
    return [margin(tr("reach")), *runs(cells), (f" {short(reach) if math.isfinite(reach) else '∞'}", "text")]


def _legend(measured: Chain, predicted: Chain) -> list[Line]:
    lines: list[Line] = []
    if measured.known:
        lines.append([(tr("{mark} measured", mark=_MEASURED), FIRST)])
    if predicted.known:
        lines.append([(tr("{mark} predicted", mark=_PREDICTED), SECOND)])
    if measured.known and predicted.known:
        lines.append([(tr("{mark} both in one place", mark=_BOTH), SECOND)])
    lines.append([(tr("{line} 1: nothing lost, nothing gained", line="─"), "label")])
    return lines


def reading(scene: Scene) -> list[Sentence]:
    """The average factors and the reach, most important first."""
    theory, measured, predicted = scene.record.theory, measured_chain(scene), predicted_chain(scene)
    sentences: list[Sentence] = []
    real, wanted = measured.average(), predicted.average()
    if real is not None and wanted is not None:
        sentences.append(
            (
                "text",
                tr("on average a factor of {measured} {per}, predicted {predicted}",
                   measured=short(real), predicted=short(wanted), per=a_stage(scene)),
            )
        )  # fmt: skip
    elif real is not None:
        sentences.append(
            ("text", tr("on average a factor of {measured} {per}", measured=short(real), per=a_stage(scene)))
        )
    elif not measured.known:
        sentences.append(("text", tr("measured: no gradient arrives, so there is no factor")))
    reach, depth = _reach(scene), len(scene.stages) - 1
    if reach is not None:
        sentences.append(_reach_words(scene, reach, depth))
    note = tr(theory.note) if theory is not None else tr("Not in this recording: what theory predicts.")
    sentences.append(("dim", note))
    return sentences


def _reach_words(scene: Scene, reach: float, depth: int) -> Sentence:
    values = {"reach": short(reach), "depth": depth, "unit": stages(scene)}
    if math.isinf(reach):
        return "healthy", tr("no depth is too much: the network is at the edge of chaos")
    if reach >= depth:
        return "healthy", tr(
            "reach: 6 depth scales, {reach} {unit}, no less than the {depth} that there are; networks train up to "
            "about there (Schoenholz et al. 2017)",
            **values,
        )
    if scene.record.theory is not None and scene.record.theory.regime == "chaotic":
        return "exploding", tr(
            "reach: 6 depth scales, {reach} of {depth} {unit}; beyond, the gradient has grown over e³ = 20 times",
            **values,
        )
    return "vanishing", tr(
        "reach: 6 depth scales, {reach} of {depth} {unit}; networks train up to about there (Schoenholz et al. 2017)",
        **values,
    )


def said(scene: Scene) -> Lines:
    """The reading, then a line per stage from the output down."""
    for _, text in reading(scene):
        yield text
    measured, predicted = measured_chain(scene), predicted_chain(scene)
    for index in range(len(scene.stages) - 2, -1, -1):
        factor, wanted = measured.factors[index], predicted.factors[index]
        product = short(measured.products[index])
        if wanted is None:
            yield tr(
                "{place}: factor {factor}, product {product}",
                place=scene.name(index),
                factor=short(factor),
                product=product,
            )
        else:
            yield tr(
                "{place}: factor {factor}, predicted {predicted}, product {product}",
                place=scene.name(index),
                factor=short(factor),
                predicted=short(wanted),
                product=product,
            )

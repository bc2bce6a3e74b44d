"""The spectrum pane: singular values of the exact Jacobian, end to end as a histogram, and stage by stage."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui_engine.analysis.jacobian import Spectra
from gradtui_engine.core.figures import percent, power_of_ten, short
from gradtui_engine.core.message import English
from gradtui_engine.core.thresholds import EXPLODED, VANISHED

from ...model.needs import Failed, need_of
from ...model.theory_needs import SpectraOf
from ...text.language import plural, tr
from ...text.scale import counted, upwards
from ...text.spans import Line, Span, first_title, page, runs, text_of
from ..frame.plots import FIRST, SECOND
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.timeaxis import MARGIN, RIGHT, TimeAxis
from .marks import Marks, band, ruler
from .words import Sentence, flow, sentences, text_only

Array = NDArray[Any]

#: Singular values within a factor of 2 of 1 count as near 1.
_NEAR = 2.0
_LEAST_BINS = 12
#: Under this there is text only; from so many rows on the stages get a band.
_LEAST_WIDTH, _LEAST_HEIGHT = 30, 8
_STAGES_FROM = 12
_LARGEST, _MEAN, _SMALLEST, _SEVERAL = "▲", "■", "▼", "◆"

#: By what the stages are: what end to end is, and what the marks are of.
_WAYS: dict[str, English] = {
    "layer": "from layer 1 to the last",
    "block": "from block 1 to the last",
    "time": "from the initial state to the last step",
    "module": "from the first module to the last",
}
_ALONE: dict[str, English] = {
    "layer": "each layer alone:",
    "block": "each block alone:",
    "time": "each step alone:",
    "module": "each module alone:",
}


def title(scene: Scene, width: int) -> str:
    end = tr(_WAYS[scene.record.axis])
    return first_title(
        width,
        tr("singular values of the Jacobian, {way} · log", way=end),
        tr("singular values of the Jacobian · log"),
        tr("singular values"),
        tr("spectrum"),
    )


@dataclass(frozen=True, eq=False)
class _Values:
    """Singular values, largest first; those under `floor` are rounding, not numbers."""

    known: Array
    count: int
    floor: float

    @classmethod
    def of(cls, values: Array) -> _Values:
        """A singular value is worked out to about size · ε of the largest (Golub & Van Loan)."""
        floor = len(values) * float(np.finfo(values.dtype).eps) * float(values[0])
        return cls(values[values > floor], len(values), floor)

    @property
    def lost(self) -> int:
        return self.count - len(self.known)


def _found(scene: Scene) -> Spectra | Sentence:
    """The spectra, or why there are none to draw."""
    result = scene.results.get(SpectraOf(need_of(scene.record.source)))
    if result is None:
        count = len(scene.stages) - 1
        return "dim", tr("computing the exact Jacobian of {count} stages and its singular values …", count=count)
    if isinstance(result, Failed):
        return "broken", tr("no singular values: {reason}", reason=tr(result.problem))
    whole: Array = result.end_to_end
    if not np.isfinite(whole).all():
        return "broken", tr("the Jacobian is not finite: it has no singular values")
    if not whole[0] > 0:
        return "vanishing", tr("all {count} singular values are 0: nothing passes", count=len(whole))
    assert isinstance(result, Spectra)
    return result


def reading(scene: Scene) -> list[Sentence]:
    """What the singular values say, most important first; or why there are none."""
    spectra = _found(scene)
    return [*(_counts(_Values.of(spectra.end_to_end)) if isinstance(spectra, Spectra) else [spectra]), _isometry()]


def numbers(scene: Scene) -> list[Line]:
    """Largest, median, smallest, condition number, each with its name; none where there are no singular values."""
    spectra = _found(scene)
    return _numbers(_Values.of(spectra.end_to_end)) if isinstance(spectra, Spectra) else []


def view(scene: Scene, width: int, height: int) -> list[Line]:
    spectra = _found(scene)
    if not isinstance(spectra, Spectra):
        return text_only(reading(scene), width, height)
    values = _Values.of(spectra.end_to_end)
    head = flow(_numbers(values), width)
    if width < _LEAST_WIDTH or height < _LEAST_HEIGHT:
        return page([*head, *sentences(reading(scene), width, height - len(head))], width, height)
    with_stages = height >= _STAGES_FROM
    legend = flow(_legend(scene), width) if with_stages else []
    fixed = len(head) + 1 + len(legend) + with_stages
    # The drawings get at least half; sentences that then have no room are left out.
    text = sentences(reading(scene), width, height // 2 - fixed)
    rows = height - fixed - len(text)
    below = max(3, rows * 2 // 5) if with_stages else 0
    lines = [*head, *_histogram(values, width, rows - below)]
    if with_stages:
        lines += _stages(scene, spectra, width, below) + legend
    return page([*lines, *text], width, height)


def _numbers(values: _Values) -> list[Line]:
    known, lost = values.known, values.lost
    low, high = values.count // 2, (values.count - 1) // 2
    under = f"<{short(values.floor)}"
    median = short(float(known[low] + known[high]) / 2) if low < len(known) else under
    shown = (
        (tr("largest"), short(float(known[0]))),
        (tr("median"), median),
        (tr("smallest"), short(float(known[-1])) if not lost else under),
        (
            tr("condition number"),
            short(float(known[0]) / float(known[-1])) if not lost else f">{short(float(known[0]) / values.floor)}",
        ),
    )
    return [[(f"{name} ", "label"), (number, "strong")] for name, number in shown]


# -- end to end --------------------------------------------------------------------------------------------


def _histogram(values: _Values, width: int, rows: int) -> list[Line]:
    """Bars over whole powers of ten that hold 1, by the rule of the verdict: so much of a direction arrives."""
    exponents = np.log10(values.known.astype(np.float64))
    low, high = math.floor(min(exponents[-1], -1.0)), math.ceil(max(exponents[0], 1.0))
    columns = width - MARGIN - RIGHT
    # Two values a bin on average, or the bars would be a comb; every bin is as many cells wide.
    cells_each = math.ceil(columns / min(columns, max(_LEAST_BINS, values.count // 2)))
    bins = columns // cells_each
    counts, edges = np.histogram(exponents, bins=bins, range=(low, high))
    columns, most = bins * cells_each, int(counts.max())
    one = min(math.floor(-low / (high - low) * columns), columns - 1)
    styles = [
        "vanishing" if end <= math.log10(VANISHED) else "exploding" if start >= math.log10(EXPLODED) else "healthy"
        for start, end in itertools.pairwise(edges.tolist())
    ]
    lines: list[Line] = []
    ticks = {rows - 1: str(most), 0: "0"} if rows > 1 else {0: str(most)}
    bars = upwards(counted(counts.tolist(), rows), rows)
    for row, glyphs in zip(range(rows - 1, -1, -1), bars, strict=True):
        cells: list[Span] = [cell for cell in zip(glyphs, styles, strict=True) for _ in range(cells_each)]
        if cells[one][0] == " ":
            cells[one] = ("│", "reference")
        lines.append([(ticks.get(row, "").rjust(MARGIN - 1) + " ", "label"), *runs(cells)])
    lines[0].append((" " + plural("1 value", "{count} values", values.count), "label"))
    return [*lines, _ruler(low, high, columns, one)]


def _ruler(low: int, high: int, columns: int, one: int) -> Line:
    """The ends of the axis, and 1."""
    text = ["─"] * columns
    left, right = power_of_ten(low), power_of_ten(high)
    text[one] = "1"
    if len(left) < one:
        text[: len(left)] = list(left)
    if columns - len(right) > one + 1:
        text[columns - len(right) :] = list(right)
    return [(" " * MARGIN + "".join(text), "label")]


# -- stage by stage ----------------------------------------------------------------------------------------


def _stages(scene: Scene, spectra: Spectra, width: int, rows: int) -> list[Line]:
    axis = TimeAxis.of(len(scene.stages), width)
    series = [
        # The mean lies so near the largest that lines of both would be one.
        Marks(glyph, style, [*map(number, spectra.stages), None], sparse=glyph == _MEAN)
        for glyph, style, number in (
            (_MEAN, "label", _mean),
            (_LARGEST, FIRST, lambda values: float(values[0])),
            (_SMALLEST, SECOND, _smallest),
        )
    ]
    lines = band(axis, scene.stage, series, _SEVERAL, rows, tr("selected"))
    return [*lines, ruler(axis, scene.stage, scene.record.axis, scene.walls)]


def _mean(values: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.mean(values))


def _smallest(values: Array) -> float:
    """0 where it is rounding: ReLU's units that are off would draw the axis down to 1e-90."""
    numbers = _Values.of(values)
    return float(numbers.known[-1]) if not numbers.lost else (0.0 if np.isfinite(values).all() else math.nan)


def _legend(scene: Scene) -> list[Line]:
    return [
        [(tr(_ALONE[scene.record.axis]), "label")],
        [(tr("{mark} largest", mark=_LARGEST), FIRST)],
        [(tr("{mark} mean", mark=_MEAN), "label")],
        [(tr("{mark} smallest", mark=_SMALLEST), SECOND)],
        [(tr("{mark} several", mark=_SEVERAL), "label")],
    ]


# -- words -------------------------------------------------------------------------------------------------


def _counts(values: _Values) -> list[Sentence]:
    near = int(np.count_nonzero((values.known >= 1 / _NEAR) & (values.known <= _NEAR)))
    counts: list[Sentence] = [
        (
            "strong" if near == values.count else "text",
            tr("{count} of {all} ({share}) lie within a factor of 2 of 1",
               count=near, all=values.count, share=percent(near / values.count)),
        )
    ]  # fmt: skip
    if values.lost:
        counts.append(
            (
                "dim",
                tr("{count} are 0 or lost in rounding, under {floor}: those directions are gone",
                   count=values.lost, floor=short(values.floor)),
            )
        )  # fmt: skip
    return counts


def _isometry() -> Sentence:
    return "dim", tr(
        "dynamical isometry is all of them near 1: then every direction of the gradient keeps its length, not only the "
        "average one (Saxe et al. 2014; Pennington et al. 2017)"
    )


def said(scene: Scene) -> Lines:
    known = numbers(scene)
    if known:
        yield ", ".join(text_of(line) for line in known)
    for _, text in reading(scene):
        yield text

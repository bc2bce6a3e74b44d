"""The lab's curve: f and f′ of a row of the table, with the pre-activations that this network really has on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gradtui_engine.core.figures import short
from gradtui_engine.core.numerics import Array

from ...text.graph import Axes, Graph
from ...text.language import tr
from ...text.spans import Line, first_title, page
from ..frame import curves, plots
from ..frame.parts import Part, fitting, kept
from ..frame.plots import FIRST, SECOND
from ..frame.scene import Scene
from ..frame.spoken import Lines
from .comparison import Subject, subject_of

#: The unit's z, in a row under the axis.
_MARK = "●"
#: Of all z so many percent lie between the ends of the area under f′.
_MIDDLE = (5.0, 95.0)
#: Cells beside the plot, for the names of the curves.
_NAMES = 4
#: x runs from −6 to 6, where every row has shown its bends, or as far as the pre-activations go.
_LEAST_BOUND = 6.0
_TICKS = (-6.0, -3.0, 0.0, 3.0, 6.0)
#: A canvas of fewer rows shows no curve.
_LEAST_ROWS = 4


def title(scene: Scene, width: int) -> str:
    subject = subject_of(scene)
    values = {
        "row": subject.row.name,
        "place": scene.name(subject.stage),
        "unit": subject.unit + 1,
        "all": subject.z.shape[1],
    }
    if not subject.own:
        values["own"] = subject.source.activation
        return first_title(
            width,
            tr("f and f′ · if: {row} instead of {own} · {place} · unit {unit} of {all}", **values),
            tr("if: {row} · {place} · unit {unit}", **values),
            tr("if: {row}", **values),
        )
    if subject.gated:
        values["part"] = _part_name(subject.source.part)
        if subject.source.pinned:
            values["part"] = tr("pinned {part}", part=values["part"])
        return first_title(
            width,
            tr("f and f′ · {row} of the {part} · {place} · unit {unit} of {all}", **values),
            tr("{row} · {part} · {place} · unit {unit}", **values),
            tr("{row} · {place}", **values),
        )
    return first_title(
        width,
        tr("f and f′ · {row} · {place} · unit {unit} of {all}", **values),
        tr("{row} · {place} · unit {unit}", **values),
        tr("{row} · {place}", **values),
    )


def _part_name(part: str) -> str:
    return {
        "forget gate": tr("forget gate"), "update gate": tr("update gate"), "candidate": tr("candidate"),
    }[part]  # fmt: skip


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """f and f′ on one scale, and under the axis the unit's z, one for each sample, and how all units' z are spread."""
    subject = subject_of(scene)
    bars = 1 if height < 16 else 2 if height < 30 else 3
    axes = _axes(subject)
    least = _LEAST_ROWS + 3 + bars
    parts = [
        _legend(subject, width),
        Part(0, least=least, draw=lambda rows: _drawing(subject, axes, width, rows, bars)),
        _lost(subject, width),
    ]
    if height < least or width < axes.margin + 12:
        return page([*_bare(subject, axes, width)], width, height)
    return page(kept(parts, height), width, height)


def _legend(subject: Subject, width: int) -> Part:
    unit, samples, units = subject.unit + 1, subject.z.shape[0], subject.z.shape[1]
    mark = (f"{_MARK} ", "cursor")
    whole = tr("z of unit {unit}, {samples} samples", unit=unit, samples=samples)
    bars = tr("z of all {units} units", units=units)
    under: Line = [("  ░ ", SECOND), (tr("f′ where 9 of 10 lie"), "label")]
    every: Line = [mark, (f"{whole}  ", "label"), ("▂▅▂ ", "text"), (bars, "label")]
    brief: Line = [mark, (tr("z of unit {unit}", unit=unit), "label"), ("  ▂▅▂ ", "text"), (tr("all z"), "label")]
    return fitting(
        0,
        width,
        [*every, *under],
        [*brief, *under],
        every,
        brief,
        [mark, (tr("z of unit {unit}", unit=unit), "label")],
        [mark, ("z", "label")],
    )


def _lost(subject: Subject, width: int) -> Part:
    """What has no place on the axis."""
    count = subject.z.size - int(np.count_nonzero(np.isfinite(subject.z)))
    if not count:
        return Part(1)
    values = {"count": count, "all": subject.z.size}
    return fitting(
        1,
        width,
        [(tr("{count} of {all} z are not finite: they have no place here", **values), "broken")],
        [(tr("{count} of {all} not finite", **values), "broken")],
    )


def _axes(subject: Subject) -> Axes:
    """x holds every z; y holds f′, f at this unit's z, and the rest of f as far as it is near."""
    finite = subject.z[np.isfinite(subject.z)].astype(np.float64)
    farthest = float(np.abs(finite).max()) if finite.size else 0.0
    bound = _LEAST_BOUND if farthest <= _LEAST_BOUND else farthest * 1.05
    # Beyond this no curve can be told from a step, and spans overflow.
    bound = min(bound, 1e300)
    value, slope = curves.curves(subject.row, np.linspace(-bound, bound, 401), subject.slope)
    own = subject.z[:, subject.unit].astype(np.float64)
    here, _ = curves.curves(subject.row, own[np.isfinite(own)], subject.slope)
    low = min(0.0, _extreme(np.min, slope), _extreme(np.min, here), max(_extreme(np.min, value), -1.2))
    high = max(1.0, _extreme(np.max, slope), _extreme(np.max, here), min(_extreme(np.max, value), 1.2))
    edge = 0.04 * (high - low)
    y = (low - (edge if low < 0 else 0.0), high + edge)
    x_ticks = _TICKS if bound == _LEAST_BOUND else plots.ticks(-bound, bound, 5)
    return Axes((-bound, bound), y, plots.labelled(x_ticks), plots.labelled(plots.ticks(*y, 6)))


def _extreme(of: Callable[[Array], float], values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(of(finite)) if finite.size else 0.0


def _drawing(subject: Subject, axes: Axes, width: int, height: int, bars: int) -> list[Line]:
    """The curves with their names, the axis, the rugs under it, the labels of x."""
    graph = Graph(axes, width, height - bars - 3, _NAMES)

    def f(z: Array) -> Array:
        return curves.curves(subject.row, z, subject.slope)[0]

    def slope(z: Array) -> Array:
        return curves.curves(subject.row, z, subject.slope)[1]

    graph.across(0.0)
    finite = subject.z[np.isfinite(subject.z)].astype(np.float64)
    if finite.size:
        start, end = np.percentile(finite, _MIDDLE)

        def under(x: Array, y: Array) -> NDArray[np.bool_]:
            at = slope(np.ascontiguousarray(x, dtype=np.float64))
            return np.asarray((x >= start) & (x <= end) & (np.minimum(at, 0) <= y) & (y <= np.maximum(at, 0)))

        graph.fill(under, SECOND)
    values, slopes = graph.function(f, FIRST, "f"), graph.function(slope, SECOND, "'", dashed=True)
    graph.name(values, ("f", FIRST))
    graph.name(slopes, ("f′", SECOND))
    x = np.linspace(*axes.x, 401)
    at = slope(x)
    if np.isfinite(at).any():
        peak = int(np.nanargmax(np.where(np.isfinite(at), at, np.nan)))
        text = tr("f′ at most {value}", value=short(float(at[peak])))
        graph.name(graph.cell(float(x[peak]), float(at[peak])), (text, SECOND), (short(float(at[peak])), SECOND))
    *canvas, labels = graph.lines()
    rug = plots.rug(subject.z, axes, graph.columns, bars)
    return [*canvas, _own(subject, axes, graph.columns), *rug, labels]


def _own(subject: Subject, axes: Axes, columns: int) -> Line:
    """Where the unit's z lie."""
    cells = [" "] * columns
    for column in plots.columns_of(subject.z[:, subject.unit], axes, columns).tolist():
        cells[column] = _MARK
    return [(" " * axes.margin, "text"), ("".join(cells), "cursor")]


def _bare(subject: Subject, axes: Axes, width: int) -> list[Line]:
    """Where there is no room for a curve: how the z are spread, and the range."""
    graph = Graph(axes, width, 1)
    return [*plots.rug(subject.z, axes, graph.columns, 1), graph.lines()[-1]]


def said(scene: Scene) -> Lines:
    """Where the z of the unit and of all units lie: the curve itself is in the reading's formulas."""
    subject = subject_of(scene)
    own, finite = subject.z[:, subject.unit], subject.z[np.isfinite(subject.z)]
    if not subject.own:
        yield tr("if: {row} at the z that {own} really got", row=subject.row.name, own=subject.source.activation)
    yield f"{subject.row.formula}; {subject.row.derivative_formula}"
    yield tr(
        "unit {unit}: z from {low} to {high}",
        unit=subject.unit + 1,
        low=short(float(own.min())),
        high=short(float(own.max())),
    )
    if finite.size:
        low, middle, high = (short(float(share)) for share in np.percentile(finite.astype(np.float64), (5, 50, 95)))
        yield tr("all {count} z: 5 % below {low}, half below {middle}, 5 % above {high}", count=subject.z.size, low=low,
                 middle=middle, high=high)  # fmt: skip

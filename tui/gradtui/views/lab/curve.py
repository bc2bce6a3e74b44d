"""The lab's curve: f and f′ of a row of the table, with the pre-activations that this network really has on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradtui_engine.core.figures import short
from gradtui_engine.core.numerics import Array

from ...text.language import tr
from ...text.plot import Axes, Series, plot
from ...text.spans import Line, first_title, page
from ..frame import curves, plots
from ..frame.parts import Part, fitting, kept
from ..frame.scene import Scene
from ..frame.spoken import Lines
from .comparison import Subject, subject_of

#: f is a line, f′ a row of crosses, the unit's z are dots on f: told apart without colour, in ASCII as well.
_SLOPE, _MARK = "×", "●"
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
    """f and f′, the unit's z on f for every sample, and under the axis how all units' z are spread."""
    subject = subject_of(scene)
    bars = 1 if height < 16 else 2 if height < 30 else 3
    axes = _axes(subject)
    least = _LEAST_ROWS + 2 + bars
    parts = [
        _legend(subject, width),
        Part(0, least=least, draw=lambda rows: _drawing(subject, axes, width, rows, bars)),
        _lost(subject, width),
    ]
    if height < least or width < axes.margin + 12:
        return page([*_bare(subject, axes, width, height)], width, height)
    return page(kept(parts, height), width, height)


def _legend(subject: Subject, width: int) -> Part:
    f: Line = [("⠒⠒ ", "forward"), ("f ", "label"), (f"{_SLOPE} {_SLOPE} ", "backward"), ("f′ ", "label")]
    unit, samples, units = subject.unit + 1, subject.z.shape[0], subject.z.shape[1]
    mark = (f" {_MARK} ", "cursor")
    whole = tr("z of unit {unit}, {samples} samples", unit=unit, samples=samples)
    bars = tr("z of all {units} units", units=units)
    return fitting(
        0,
        width,
        [*f, mark, (f"{whole}  ", "label"), ("▂▅▂ ", "histogram"), (bars, "label")],
        [*f, mark, (tr("z of unit {unit}", unit=unit), "label"), ("  ▂▅▂ ", "histogram"), (tr("all z"), "label")],
        [*f, mark, (tr("z of unit {unit}", unit=unit), "label")],
        [*f, mark, ("z", "label")],
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
    x_ticks = _TICKS if bound == _LEAST_BOUND else tuple(plots.ticks(-bound, bound, 5))
    return Axes((-bound, bound), y, x_ticks, plots.labelled(plots.ticks(*y, 5)))


def _extreme(of: Callable[[Array], float], values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(of(finite)) if finite.size else 0.0


def _drawing(subject: Subject, axes: Axes, width: int, height: int, bars: int) -> list[Line]:
    """Canvas and axis, the rug under it, the labels of x."""
    rows = height - bars - 1
    axes = replace(axes, y=plots.with_zero_on_a_row(axes.y, rows - 1))
    cells = width - axes.margin
    own = subject.z[:, subject.unit].astype(np.float64)
    own = own[np.isfinite(own)]

    def f(z: Array) -> Array:
        return curves.curves(subject.row, z, subject.slope)[0]

    def slope(z: Array) -> Array:
        return curves.curves(subject.row, z, subject.slope)[1]

    drawn = (
        plots.level(0.0, axes.x, cells),
        plots.dotted(slope, axes.x, cells, "backward", _SLOPE),
        plots.curve(f, axes.x, cells, "forward"),
        Series(plots.numbers(own), plots.numbers(f(own)), "cursor", _MARK),
    )
    canvas = plot(drawn, axes, width, rows)
    rug = plots.rug(subject.z, axes, width, bars)
    return [*(list(line) for line in canvas), *rug, plots.labels_under(axes, plots.labelled(axes.x_ticks), width)]


def _bare(subject: Subject, axes: Axes, width: int, height: int) -> list[Line]:
    """Where there is no room for a curve: how the z are spread, and the range."""
    return [*plots.rug(subject.z, axes, width, 1), plots.labels_under(axes, plots.labelled(axes.x_ticks), width)]


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

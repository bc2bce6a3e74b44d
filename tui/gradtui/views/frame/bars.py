"""The bars: the stages on one axis, in rows or (over time) upwards in columns; what they are called, and clicks."""

from __future__ import annotations

from gradtui_engine.core.figures import exact

from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.spans import Line, first_title, page, wrap
from ...text.summary import kind_name
from . import asking, bar_columns, bar_rows
from .bar_data import Bars, bars_of
from .quantities import absent
from .scene import Scene


def title(scene: Scene, width: int) -> str:
    drawn = bars_of(scene)
    symbols = tr(" and ").join(tr(line.symbol) for line in drawn.series)
    place = tr(AXIS_WORDS[scene.record.axis].stage)
    held = tr("scale locked") if scene.state.lock is not None else tr("scale auto")
    # Its ends tell how far the bars will reach.
    axis = tr(drawn.scale.kind) if asking.untold(scene) else f"{tr(drawn.scale.kind)} {drawn.scale.label}"
    whole = tr(drawn.quantity.title, symbols=symbols, place=place)
    label = tr(drawn.quantity.label)
    mark = ""
    if drawn.quantity.reference:
        value = exact(drawn.quantity.reference)
        # Upright bars have their reference across.
        upright = scene.over_time and not scene.state.rows
        mark = " · " + (tr("─ marks {value}", value=value) if upright else tr("│ marks {value}", value=value))
    follows, slope = _followed(scene), _slope(scene)
    return first_title(
        width,
        *((f"{whole} · {axis} · {held}{mark}{slope}",) if slope else ()),
        *((f"{label} {symbols} · {axis}{slope}", f"{label} · {axis}{slope}") if slope else ()),
        *((f"{whole} · {axis} · {held}{mark}{follows}", f"{label} {symbols} · {axis}{follows}") if follows else ()),
        f"{whole} · {axis} · {held}{mark}",
        f"{label} {symbols} · {axis} · {held}{mark}",
        f"{label} {symbols} · {axis} · {held}",
        f"{label} {symbols} · {axis}",
        f"{label} · {axis}",
        # In ASCII an ellipsis is three cells: what is drawn comes before its axis.
        *(() if asking.untold(scene) else (f"{label} · {drawn.scale.label}",)),
        label,
    )


def _slope(scene: Scene) -> str:
    """Upright bars in time: that they fall to the left, and whether that is good."""
    signal, factor = scene.record.outcome.signal, scene.record.outcome.average_factor
    upright = scene.over_time and not scene.state.rows and scene.state.quantity == "gradient"
    if not upright or asking.untold(scene) or "ratio_with_every_loss" in signal.numbers or factor != factor:
        return ""
    values = {"symbol": "‖∂L/∂c‖" if scene.follows_cell else "‖∂L/∂h‖", "kind": kind_name(signal.kind)}
    if factor == 1:
        return " · " + tr("{symbol} is level: {kind}", **values)
    text = tr("{symbol} falls to the left: {kind}", **values)
    return " · " + (text if factor < 1 else tr("{symbol} rises to the left: {kind}", **values))


def _followed(scene: Scene) -> str:
    """What the verdict follows, where these bars could be taken for something else."""
    signal = scene.record.outcome.signal
    if scene.state.quantity != "gradient" or not scene.over_time or not signal.carried:
        return ""
    if "ratio_with_every_loss" in signal.numbers:
        return f" · {tr('verdict: the last loss alone')}"
    return f" · {tr('verdict: {symbol}', symbol='‖∂L/∂c‖')}" if scene.follows_cell else ""


def view(scene: Scene, width: int, height: int, drawn: Bars | None = None) -> list[Line]:
    """The bars of the quantity that was asked for, or those that are given."""
    drawn = drawn or bars_of(scene)
    if drawn.absent:
        return page(wrap(absent(scene, drawn.quantity), width), width, height)
    if scene.over_time and not scene.state.rows:
        return bar_columns.view(scene, drawn, width, height)
    return bar_rows.view(scene, drawn, width, height)


def stage_at(scene: Scene, width: int, height: int, x: int, y: int) -> int | None:
    """The stage under a cell of the pane's inside (a mouse click)."""
    if scene.over_time and not scene.state.rows:
        return bar_columns.stage_at(scene, width, x)
    return bar_rows.stage_at(scene, height, y)

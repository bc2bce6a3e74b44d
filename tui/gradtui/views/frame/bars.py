"""The bars: the stages on one axis, in rows or (over time) upwards in columns; what they are called, and clicks."""

from __future__ import annotations

from gradtui_engine.core.figures import exact

from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.spans import Line, first_title, page, wrap
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
    follows = _followed(scene)
    return first_title(
        width,
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

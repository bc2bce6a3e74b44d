"""The lab's reading: what f′ does to a gradient at these pre-activations, measured, predicted, and put together."""

from __future__ import annotations

import numpy as np

from gradtui_engine import StageNumbers
from gradtui_engine.analysis.pre_activations import weight_spread
from gradtui_engine.core.figures import exact, percent, short
from gradtui_engine.core.thresholds import DEAD, SATURATED
from gradtui_engine.theory.meanfield import moments

from ...text.language import tr
from ...text.spans import Line, first_title, page, wrap
from ...text.undefined import defined
from ..frame import curves
from ..frame.parts import Part, fitting, kept
from ..frame.scene import Scene
from .comparison import Subject, subject_of

#: What keeps two statements of one line apart.
_GAP = ("   ", "text")


def title(scene: Scene, width: int) -> str:
    subject = subject_of(scene)
    place = scene.name(subject.stage)
    if not subject.own:
        return first_title(width, tr("what f′ would do · {place}", place=place), tr("if: {row}", row=subject.row.name))
    if subject.source.pinned:
        return first_title(width, tr("what f′ would do, were the gate free · {place}", place=place), tr("if free"))
    return first_title(width, tr("what f′ does to the gradient · {place}", place=place), tr("reading"))


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The row's own facts, what was measured at these z, what theory predicts, and the factor that follows."""
    subject = subject_of(scene)
    with np.errstate(all="ignore"):
        parts = [
            _pinned(scene, subject, width),
            *_row_facts(subject, width),
            *_measured(subject, width),
            _predicted(subject, width),
            *_factor(scene, subject, width),
            _of_unit(subject, width),
            _shares(subject, width),
            Part(8, tuple(wrap(tr(subject.row.note), width, "dim"))),
        ]
    return page(kept(parts, height), width, height)


def _pinned(scene: Scene, subject: Subject, width: int) -> Part:
    """Whatever its z is, a pinned gate stays where it is: all that follows holds for a free one."""
    if not subject.source.pinned:
        return Part(0)
    value = exact(scene.resolved.pin_forget)
    return fitting(
        0,
        width,
        [
            (
                tr("the gate is pinned at {value}, so that its f′ is 0; all below is as if it were free", value=value),
                "message",
            )
        ],
        [(tr("pinned at {value}: f′ is 0; below as if free", value=value), "message")],
        [(tr("the gate is pinned"), "message")],
    )


def _row_facts(subject: Subject, width: int) -> list[Part]:
    row = subject.row
    condition = Part(0)
    if not subject.own:
        names = {"row": row.name, "own": subject.source.activation}
        condition = fitting(
            0,
            width,
            [(tr("if: {row} at the z that {own} really got", **names), "message")],
            [(tr("if: {row}, not {own}", **names), "message")],
            [(tr("if: {row}", **names), "message")],
        )
    low, high = row.bounds_at(subject.slope)
    bounds = {"low": short(low), "high": short(high), "gain": short(row.gain_at(subject.slope))}
    name = row.name if row.symbol == row.name else f"{row.symbol}  {row.name}"
    return [
        condition,
        fitting(
            1,
            width,
            [(name, "strong"), ("   ", "text"), (tr(row.formula), "formula")],
            [(tr(row.formula), "formula")],
            [(row.name, "strong")],
        ),
        fitting(3, width, [(tr(row.derivative_formula), "formula")]),
        fitting(
            7,
            width,
            [(tr("f′ lies between {low} and {high} · gain of the initialiser {gain}", **bounds), "label")],
            [(tr("f′ from {low} to {high} · gain {gain}", **bounds), "label")],
            [(tr("f′ {low} … {high}", **bounds), "label")],
        ),
    ]


def _measured(subject: Subject, width: int) -> list[Part]:
    slopes = subject.slopes()
    share: Line = [(short(slopes.factor), "strong")]
    square: Line = [("E f′² ", "label"), (short(slopes.square), "text")]
    mean: Line = [(tr("mean f′ {mean}", mean=short(slopes.mean)), "text")]
    count: Line = [(tr("over {count} z", count=subject.z.size), "label")]
    said: Line = [(tr("what f leaves of the gradient:") + " ", "text"), *share]
    if not subject.own or subject.source.pinned:
        said = [(tr("what f would leave of the gradient:") + " ", "text"), *share]
    symbol: Line = [_GAP, (tr("√E f′², measured at these z"), "label")]
    return [
        fitting(
            0, width, [*said, *symbol], [*said, ("  √E f′²", "label")], said, [("√E f′² ", "label"), *share], share
        ),
        fitting(2, width, [*square, _GAP, *mean, _GAP, *count], [*square, _GAP, *mean], square),
    ]


def _predicted(subject: Subject, width: int) -> Part:
    """E f′² of a normal z of the same mean square: mean-field theory's assumption, beside the measured one."""
    q = float(np.mean(np.square(subject.z, dtype=np.float64)))
    if q == 0:  # all z are 0, and no normal distribution is as narrow
        return Part(4)
    square = moments(subject.row.name, q, subject.slope if subject.row.slope is not None else None).slope_square
    values = {"square": short(square), "q": short(q)}
    return fitting(
        4,
        width,
        [(tr("E f′² {square} predicted for a normal z with E z² = {q}", **values), "label")],
        [(tr("predicted {square} for z ~ N(0, {q})", **values), "label")],
        [(tr("predicted {square}", **values), "label")],
    )


def _factor(scene: Scene, subject: Subject, width: int) -> list[Part]:
    """The weights' share times the activation's, and under it the factor that was measured, with its own parts."""
    if subject.gated:
        return _gate(scene, subject, width)
    listed = scene.record.listed
    spread = weight_spread(listed, subject.stage) if listed is not None else None
    stage = scene.stages[subject.stage - 1]
    if spread is None:
        return []
    share = subject.slopes().factor
    product = f"{short(spread)} × {short(share)} = {short(spread * share)}"
    return [
        fitting(
            0,
            width,
            [(tr("factor ≈ σ_w · √E f′² = {product}", product=product), "formula"), *_condition(subject)],
            [("σ_w·√E f′² = ", "label"), (product, "formula")],
            [(product, "formula")],
        ),
        fitting(2, width, *([(text, "text")] for text in _measured_factor(subject, stage))),
    ]


def _condition(subject: Subject) -> Line:
    return [] if subject.own else [_GAP, (tr("if the weights stayed"), "message")]


def _measured_factor(subject: Subject, stage: StageNumbers) -> list[str]:
    """The texts for the measured factor, the longest first. Where paths meet, the parts' product is the branch's."""
    if defined(stage.factor, subject.record) is None:
        return [tr("measured: no gradient arrives here, so there is no factor"), tr("measured: no gradient arrives")]
    values = {"factor": short(stage.factor), "own": subject.source.activation}
    if not subject.own:
        return [tr("measured, with {own}: {factor}", **values), tr("{own}: {factor}", **values)]
    texts = [tr("measured factor {factor}", **values), tr("measured {factor}", **values)]
    # What is 0 after one part has no factor for the next.
    parts = {name: defined(value, subject.record) for name, value in stage.factors.items()}
    named = [f"{name} {short(parts[part])}" for part, name in _part_names() if parts.get(part) is not None]
    if named:
        values["parts"] = " × ".join(named)
        if "skip" in parts:
            values["branch"] = short(parts["branch"])
            texts.insert(0, tr("measured {factor} with the skip; branch {branch} = {parts}", **values))
        else:
            texts.insert(0, tr("measured {factor} = {parts}", **values))
    return texts


def _part_names() -> tuple[tuple[str, str], ...]:
    return (
        ("weight", tr("weight")), ("activation", tr("activation")), ("norm", tr("norm")), ("scale", tr("scale")),
    )  # fmt: skip


def _gate(scene: Scene, subject: Subject, width: int) -> list[Part]:
    """Of a gated cell: which path f′ acts on at all."""
    if subject.source.pinned:
        return []
    if subject.source.part == "candidate":
        text = tr("f′ acts on the path through the candidate, not on the direct path")
        return [Part(5, tuple(wrap(text, width, "text")))]
    gates = subject.record.arrays.gates(subject.stage) if subject.record.arrays is not None else None
    assert gates is not None  # the cell has some
    cell, units = scene.resolved.kind, subject.z.shape[1]
    path = cell.path
    if path is None:
        return []
    start = cell.block(path.gate) * units
    gate = path.factor(float(np.mean(gates[:, start : start + units], dtype=np.float64)))
    itself = tr("direct path: × the gate itself, {gate} on average, not × f′", gate=short(gate))
    if path.complement:
        itself = tr("direct path: × {symbol}, {factor} on average, not × f′", symbol=path.symbol, factor=short(gate))
    return [
        fitting(
            0,
            width,
            [(itself, "formula")],
            [(tr("direct path × {gate}, not × f′", gate=short(gate)), "formula")],
            [(tr("direct × {gate}", gate=short(gate)), "formula")],
        ),
        Part(5, tuple(wrap(tr("f′ acts on the path through the gate alone."), width, "text"))),
    ]


def _of_unit(subject: Subject, width: int) -> Part:
    own = subject.z[:, subject.unit]
    _, slope = curves.curves(subject.row, own, subject.slope)
    mean = float(np.mean(slope, dtype=np.float64))
    values = {"unit": subject.unit + 1, "low": short(float(own.min())), "high": short(float(own.max()))}
    return fitting(
        6,
        width,
        [(tr("unit {unit}: z from {low} to {high}, mean f′ {mean}", mean=short(mean), **values), "text")],
        [(tr("unit {unit}: mean f′ {mean}", unit=values["unit"], mean=short(mean)), "text")],
    )


def _shares(subject: Subject, width: int) -> Part:
    slopes = subject.slopes()
    dead: Line = [(tr("dead units {share}", share=percent(slopes.dead)), _alarm(slopes.dead, DEAD))]
    if slopes.saturated is None:
        return fitting(5, width, dead)
    saturated: Line = [(tr("saturated {share}", share=percent(slopes.saturated)), _alarm(slopes.saturated, SATURATED))]
    return fitting(5, width, [*saturated, _GAP, *dead], saturated)


def _alarm(share: float, most: float) -> str:
    return "vanishing" if share > most else "text"

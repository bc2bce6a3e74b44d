"""The activation pane: the selected stage's outputs as a histogram and as units × samples."""

from __future__ import annotations

import numpy as np

from gradtui_engine.analysis.record import Record
from gradtui_engine.core.figures import percent, short
from gradtui_engine.core.thresholds import DEAD, SATURATED
from gradtui_engine.rules.activations import ACTIVATIONS

from ...text import glyphs, language
from ...text.heat import Array, finite_range, heat_rows, histogram, legend, shade_range
from ...text.language import tr
from ...text.spans import Line, first_fit, first_title, page, wrap
from ..frame.curves import histogram_with_curves
from ..frame.once import once
from ..frame.pre_activations import sources_of
from ..frame.scene import Scene
from ..frame.spoken import Lines

#: A unit's spread over the samples, as a share of the spread over units: under this the forward pass has collapsed.
_ALIKE = 0.02
#: Bins of the histogram in sentences.
_BINS = 10
#: Rows of the histogram from which on f and f′ can be told from noise.
_CURVES_FROM = 4


def title(scene: Scene, width: int) -> str:
    name = scene.name(scene.stage)
    if scene.stage == 0:
        what = name
    elif scene.over_time:
        what = tr("hidden state h · {place}", place=name)
    else:
        what = _title(scene, name)
    return first_title(width, what, name)


def _title(scene: Scene, name: str) -> str:
    if scene.experiment is None:
        return tr("activations · {place}", place=name)
    symbol = ACTIVATIONS[scene.resolved.activation].symbol
    return tr("activations · {place} · a = {symbol}(z)", place=name, symbol=symbol)


def view(scene: Scene, width: int, height: int) -> list[Line]:
    values = scene.arrays.state(scene.stage)
    lines = [_numbers(scene, width)]
    alike, low, high = _seen(scene.record, values, scene.stage)
    if alike and height > 8:
        lines += wrap(tr("all samples alike: this stage tells none apart"), width, "message")
    rest = height - len(lines)
    tall = 2 if rest < 11 else min(6, rest // 4)
    if rest >= 4:
        lines += _distribution(scene, min(width, 64), tall)
        rest = height - len(lines)
    if rest >= 2:
        units, samples = min(values.shape[1], rest - 1), min(values.shape[0], width)
        key = legend(low, high)
        whole = tr(
            "units 1–{units} of {all} ↓ × samples 1–{samples} of {batch} →",
            units=units,
            all=values.shape[1],
            samples=samples,
            batch=values.shape[0],
        )
        some = tr("{units} of {all} units ↓ × samples →", units=units, all=values.shape[1])
        heads = [(f"{text}  ", "label") for text in (whole, some, tr("units ↓ samples →"))]
        lines.append(first_fit(width, *([head, *key] for head in heads), key, []))
        lines += heat_rows(values[:samples, :units].T, low, high)
    return page(lines, width, height)


def _seen(record: Record, values: Array, stage: int) -> tuple[bool, float, float]:
    """Whether a stage's samples are alike, and what its shades span: the same whenever the cursor comes by."""
    known = _known(record)
    if stage not in known:
        known[stage] = _alike(values), *shade_range(values)
    return known[stage]


@once
def _known(record: Record) -> dict[int, tuple[bool, float, float]]:
    return {}


def _alike(values: Array) -> bool:
    """Whether the samples have become one: the units differ, but each is the same for every sample."""
    with np.errstate(all="ignore"):
        whole, within = float(values.std()), float(values.std(axis=0).mean())
    return values.shape[0] > 1 and within < _ALIKE * whole


def _numbers(scene: Scene, width: int) -> Line:
    """Mean, spread, saturated and dead share of the stage."""
    numbers = scene.stages[scene.stage].activation
    # A cell's share is that of its gates: what it passes on is no activation's output.
    gates = scene.stage > 0 and not scene.chooses_activation
    shown = (
        (tr("mean"), tr("mean"), (short(numbers.mean), "text")),
        (tr("std"), tr("std"), (short(numbers.std), "text")),
        (
            tr("gates saturated") if gates else tr("saturated"),
            tr("gates sat.") if gates else tr("sat."),
            (percent(numbers.saturated), "vanishing" if numbers.saturated > SATURATED else "text"),
        ),
        (tr("dead"), tr("dead"), (percent(numbers.dead), "vanishing" if numbers.dead > DEAD else "text")),
    )
    wide = [span for name, _, value in shown for span in ((f"{name} ", "label"), value, ("  ", "label"))][:-1]
    narrow = [span for _, name, value in shown for span in ((f"{name} ", "label"), value, (" ", "label"))]
    # Names shorten first; then whole numbers are left out, from the right.
    return first_fit(width, wide, *(narrow[: 3 * count] for count in range(len(shown), -1, -1)))


def _distribution(scene: Scene, width: int, height: int) -> list[Line]:
    """The histogram of a stage: the same picture whenever the cursor comes by, in playback again and again."""
    pictures = _pictures(scene.record)
    key = scene.stage, width, height, language.current(), glyphs.current()
    if key not in pictures:
        if len(pictures) >= _MOST_PICTURES:
            pictures.clear()
        pictures[key] = _drawn(scene, width, height)
    return pictures[key]


#: So many histograms of a record are kept: 10 KB each.
_MOST_PICTURES = 128


@once
def _pictures(record: Record) -> dict[tuple[int, int, int, str, str], list[Line]]:
    return {}


def _drawn(scene: Scene, width: int, height: int) -> list[Line]:
    """The histogram of the outputs; where one activation makes them, of its z, with the network's f and f′ behind."""
    if scene.stage == 0 or height < _CURVES_FROM or not scene.chooses_activation:
        return histogram(scene.arrays.state(scene.stage), width, height)
    (source,) = sources_of(scene.record, scene.stage)
    return histogram_with_curves(source.z, width, height, ACTIVATIONS[source.activation], source.slope)


def said(scene: Scene) -> Lines:
    """The statistics, the histogram as counts, and the selected unit."""
    numbers = scene.stages[scene.stage].activation
    values = scene.arrays.state(scene.stage)
    yield tr("{place}: {units} units, {samples} samples.", place=scene.name(scene.stage), units=values.shape[1],
             samples=values.shape[0])  # fmt: skip
    yield tr("mean {value}", value=short(numbers.mean))
    yield tr("standard deviation {value}", value=short(numbers.std))
    yield tr("saturated {share}", share=percent(numbers.saturated))
    yield tr("dead {share}", share=percent(numbers.dead))
    with np.errstate(all="ignore"):
        mean = float(values[:, scene.unit].mean())
    yield tr("unit {unit}, selected: mean over the samples {value}", unit=scene.unit + 1, value=short(mean))
    finite = values[np.isfinite(values)].astype(np.float64)
    if finite.size < values.size:
        yield tr("values that are not finite: {count}", count=values.size - finite.size)
    low, high = finite_range(values)
    if not high > low:
        if finite.size:
            yield tr("All values are {value}.", value=short(low))
        return
    yield tr("Histogram, {bins} bins:", bins=_BINS)
    # In quarters, so that the span of the largest numbers is a number too.
    counts, edges = np.histogram(finite * 0.25, bins=_BINS, range=(low * 0.25, high * 0.25))
    for count, start, end in zip(counts, edges[:-1], edges[1:], strict=True):
        yield tr(
            "from {low} to {high}: {count} values, {share}",
            low=short(float(start) * 4),
            high=short(float(end) * 4),
            count=int(count),
            share=percent(int(count) / finite.size),
        )

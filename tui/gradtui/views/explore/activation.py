"""The activation pane: what the selected stage does to the gradient, and how its values are spread."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from gradtui_engine.analysis.record import Record
from gradtui_engine.core.figures import percent, short
from gradtui_engine.core.thresholds import DEAD, SATURATED

from ...model.keys import shown_keys
from ...text import glyphs, language
from ...text.heat import Array, finite_range, histogram
from ...text.language import tr
from ...text.spans import Line, first_fit, first_title, page, wrap
from ..frame.asking import first, untold
from ..frame.once import once
from ..frame.parts import Part, fitting, kept
from ..frame.scene import Scene
from ..frame.spoken import Lines
from . import disc
from .carry_gates import carried
from .distribution import figure
from .response import response_of
from .slope_words import sentence
from .unit_map import unit_map

#: A unit's spread over the samples, as a share of the spread over units: under this the forward pass has collapsed.
_ALIKE = 0.02
#: Bins of the histogram in sentences.
_BINS = 10


def title(scene: Scene, width: int) -> str:
    if disc.fits(scene) and not scene.state.units:
        return disc.title(scene, width)
    name = scene.name(scene.stage)
    if scene.state.units:
        return first_title(width, tr("units × samples · {place}", place=name), name)
    response = response_of(scene)
    if response is None:
        return first_title(width, tr("how the values of {place} are spread", place=name), name)
    what = tr("what {place} does to the gradient", place=name)
    slope = tr("{what} · slope {symbol}", what=what, symbol=response.symbol)
    brief = tr("{place} and the gradient", place=name)
    return first_title(width, slope if response.row is not None else what, what, brief, name)


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The sentence, the numbers, the figure; or the numbers and every unit of every sample.

    Of a diagonal recurrence its λ on the unit disc, as nothing else multiplies the gradient.
    """
    if disc.fits(scene) and not scene.state.units:
        return disc.view(scene, width, height)
    if scene.state.units:
        shown = Part(1, least=2, draw=lambda rows: unit_map(scene, width, rows))
        parts = [_numbers(scene, width, 0), shown, _foot(tr("back to how they are spread"), width)]
        return page(kept(parts, height), width, height)
    said = wrap(first(), width, "dim") if untold(scene, scene.stage) else wrap(sentence(scene), width, "strong")
    parts = [
        Part(0, tuple(said)),
        _numbers(scene, width, 1),
        Part(2, () if untold(scene, scene.stage) else tuple(carried(scene, width))),
        Part(3, tuple(_all_alike(scene, width))),
        Part(2, least=3, draw=lambda rows: _figure(scene, width, rows)),
        _foot(tr("units × samples"), width),
    ]
    return page(kept(parts, height), width, height)


def reads(scene: Scene) -> Hashable:
    unit = scene.unit if disc.fits(scene) else 0
    return scene.stage, scene.state.units, untold(scene, scene.stage), unit


def _foot(what: str, width: int) -> Part:
    """The key that leads to what is not shown."""
    return fitting(4, width, [(shown_keys("units"), "key"), (f" {what}", "label")])


def _all_alike(scene: Scene, width: int) -> list[Line]:
    known = _known(scene.record)
    if scene.stage not in known:
        known[scene.stage] = _alike(scene.arrays.state(scene.stage))
    if not known[scene.stage]:
        return []
    return wrap(tr("all samples alike: this stage tells none apart"), width, "message")


@once
def _known(record: Record) -> dict[int, bool]:
    """Whether a stage's samples are alike."""
    return {}


def _alike(values: Array) -> bool:
    """Whether the samples have become one: the units differ, but each is the same for every sample."""
    with np.errstate(all="ignore"):
        whole, within = float(values.std()), float(values.std(axis=0).mean())
    return values.shape[0] > 1 and within < _ALIKE * whole


def _numbers(scene: Scene, width: int, rank: int) -> Part:
    """Mean and spread of what is drawn, saturated and dead share of the stage."""
    numbers = scene.stages[scene.stage].activation
    mean, spread = numbers.mean, numbers.std
    response = None if scene.state.units else response_of(scene)
    if response is not None:
        with np.errstate(all="ignore"):
            mean, spread = float(response.z.mean()), float(response.z.std())
    # A cell's share is that of its gates: what it passes on is no activation's output.
    gates = scene.stage > 0 and not scene.chooses_activation
    named = tr("mean of z") if response is not None else tr("mean")
    shown = (
        (named, named, (short(mean), "text")),
        (tr("spread"), tr("spread"), (short(spread), "text")),
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
    return Part(rank, (first_fit(width, wide, *(narrow[: 3 * count] for count in range(len(shown), -1, -1))),))


def _figure(scene: Scene, width: int, height: int) -> list[Line]:
    """The figure of a stage: the same picture whenever the cursor comes by, in playback again and again."""
    pictures = _pictures(scene.record)
    key = scene.stage, width, height, language.current(), glyphs.current()
    if key not in pictures:
        if len(pictures) >= _MOST_PICTURES:
            pictures.clear()
        pictures[key] = _drawn(scene, width, height)
    return pictures[key]


#: So many figures of a record are kept: 10 KB each.
_MOST_PICTURES = 128


@once
def _pictures(record: Record) -> dict[tuple[int, int, int, str, str], list[Line]]:
    return {}


def _drawn(scene: Scene, width: int, height: int) -> list[Line]:
    """What the gradient is multiplied by over the z that occur; where nothing is, how the outputs are spread."""
    response = response_of(scene)
    if response is not None:
        return figure(response, width, height)
    return histogram(scene.arrays.state(scene.stage), width, height - 1)


def said(scene: Scene) -> Lines:
    """What it does to the gradient, the statistics of its outputs, their histogram as counts, and the selected unit."""
    if disc.fits(scene):
        yield from disc.said(scene)
    numbers = scene.stages[scene.stage].activation
    values = scene.arrays.state(scene.stage)
    if told := sentence(scene):
        yield told
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

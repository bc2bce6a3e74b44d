"""What the panes show of a network in sentences, each a function of the scene: `panes` says which pane says what.

Of the lab, the maths page and the Theory view: `maths_readout`, `theory_readout`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from gradtui_engine.core.thresholds import EXPLODED_TEXT, VANISHED_TEXT

from ...model.commands import shown_keys
from ...text.formats import percent, short
from ...text.heat import finite_range
from ...text.language import tr
from ...text.quotients import defined
from ...text.spans import GAP, Line, text_of
from ..compare import compare
from ..explore import paths
from ..explore.cell import GATES
from ..frame.quantities import QUANTITIES
from ..frame.scene import Scene

Lines = Iterator[str]
#: The pane in words.
Reading = Callable[[Scene], Lines]

_BINS = 10
#: What a view without a reading of its own is drawn in, to be stripped of its drawing.
_COLUMNS, _ROWS = 100, 60
#: Wider than any note, so that none is broken into lines.
WIDE = 2000


def verdict(scene: Scene) -> str:
    """The diagnosis as a sentence."""
    outcome = scene.trace.outcome
    kind = tr(outcome.kind.replace("_", "-"))
    if outcome.healthy:
        return tr("Verdict: {kind}; {message}.", kind=kind, message=tr(outcome.message))
    severity = tr(outcome.severity)
    return tr("Verdict: {kind}, {severity}; {message}.", kind=kind, severity=severity, message=tr(outcome.message))


def drawn(view: Callable[[Scene, int, int], list[Line]], width: int = _COLUMNS) -> Reading:
    """The text of a view itself, with its drawing."""

    def reading(scene: Scene) -> Lines:
        for line in view(scene, width, _ROWS):
            yield from (part for part in text_of(line).rstrip().split(GAP) if part.strip())

    return reading


# -- the stages --------------------------------------------------------------------------------------------


def bars(scene: Scene) -> Lines:
    """What the bars show: the gradient with its factors, or the quantity that was chosen."""
    return _gradients(scene) if scene.state.quantity in ("gradient", "factor") else _quantity(scene)


#: Style of a stage's gradient → what to say where it sets in.
CROSSINGS = {
    "vanishing": "From {place} down the gradient has vanished: it is under {low} of that at the output.",
    "exploding": "From {place} down the gradient explodes: it is over {high} times that at the output.",
    "broken": "From {place} down the gradient is not a finite number.",
    "healthy": "From {place} down the gradient is between {low} and {high} times that at the output again.",
}


def _gradients(scene: Scene) -> Lines:
    last = len(scene.stages) - 1
    if scene.known > last:
        yield tr("No gradient has been computed yet at this step.")
        return
    health = "healthy"
    for index in range(last, scene.known - 1, -1):
        stage = scene.stages[index]
        here = scene.health(stage.gradient_norm)
        if here != health:
            yield tr(CROSSINGS[here], place=scene.name(index), low=VANISHED_TEXT, high=EXPLODED_TEXT)
            health = here
        yield _facts(scene, index, _of_stage(scene, index))
    if scene.known > 0:
        yield tr("The gradient has not come further down than {place} yet.", place=scene.name(scene.known))


def _of_stage(scene: Scene, index: int) -> Lines:
    """The numbers of a stage's gradient, each with its name."""
    stage = scene.stages[index]
    if stage.cell_gradient_norm is not None:
        yield tr("cell gradient {value}", value=short(stage.cell_gradient_norm))
    if "cell" in stage.factors:
        yield tr("cell factor {value}", value=short(defined(stage.factors["cell"], scene.trace)))
    yield tr("gradient {value}", value=short(stage.gradient_norm))
    if stage.factor is None:
        return
    yield tr("factor {value}", value=short(defined(stage.factor, scene.trace)))
    predicted = scene.trace.theory.factors[index]
    if predicted is not None:
        yield tr("predicted {value}", value=short(predicted))


def _facts(scene: Scene, index: int, facts: Lines) -> str:
    """A stage's line; the selected one says so."""
    values = tr(", ").join(facts)
    if index == scene.stage:
        return tr("{place}, selected: {facts}", place=scene.name(index), facts=values)
    return tr("{place}: {facts}", place=scene.name(index), facts=values)


def _quantity(scene: Scene) -> Lines:
    """Another quantity, in the order of its bars."""
    quantity = QUANTITIES[scene.state.quantity]
    series = quantity.series(scene.trace)
    text_of_number = percent if quantity.share else short
    yield tr("Quantity: {name}. {help}", name=tr(quantity.label), help=tr(quantity.help))
    if all(value is None for each in series for value in each.values):
        yield tr(quantity.lacking, key=shown_keys("end")) if quantity.lacking else tr("This network has none.")
        return
    for index in range(len(scene.stages) - 1, -1, -1):
        values = [(each.symbol, each.values[index]) for each in series]
        facts = [
            tr("{name} {value}", name=tr(name), value=text_of_number(defined(value, scene.trace)))
            for name, value in values
            if value is not None
        ]
        if facts:
            yield _facts(scene, index, iter(facts))


def side_b(scene: Scene) -> Lines:
    """B's stages; why there is none, as the view says it."""
    return bars(scene.other) if scene.other is not None else drawn(compare.view_b)(scene)


def both(scene: Scene) -> Lines:
    """A, then B."""
    yield tr("Experiment A:")
    yield from bars(scene)
    if scene.other is not None:
        yield tr("Experiment B. {verdict}", verdict=verdict(scene.other))
        yield from bars(scene.other)


# -- one stage, and time -----------------------------------------------------------------------------------


def activation(scene: Scene) -> Lines:
    """The statistics, the histogram as counts, and the selected unit."""
    numbers = scene.stages[scene.stage].activation
    values = scene.trace.values[scene.trace.program.stages[scene.stage]]
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


def cell(scene: Scene) -> Lines:
    states = scene.trace.values["c"]
    unit = scene.unit
    yield tr("Size: mean of c without its sign, over units and samples. Unit {unit}: in sample 1.", unit=unit + 1)
    with np.errstate(all="ignore"):
        sizes = np.abs(states).mean(axis=(1, 2))
    for index, (size, value) in enumerate(zip(sizes, states[:, 0, unit], strict=True)):
        facts = (
            tr("size {value}", value=short(float(size))),
            tr("unit {unit}: {value}", unit=unit + 1, value=short(float(value))),
        )
        yield _facts(scene, index, iter(facts))


def gates(scene: Scene) -> Lines:
    rows = GATES[scene.trace.resolved.cell]
    for name, _, meaning in rows:
        yield tr("gate {name}: {meaning}", name=name, meaning=tr(meaning))
    gates = scene.trace.values["gates"]
    steps, samples, units = gates.shape
    with np.errstate(all="ignore"):
        means = gates.reshape(steps, samples, len(rows), units // len(rows)).mean(axis=(1, 3))
    for index in range(steps):
        facts = (f"{name} {short(float(means[index, block]))}" for name, block, _ in rows)
        yield _facts(scene, index + 1, facts)


def two_paths(scene: Scene) -> Lines:
    """Each step's two parts of the factor of c, from the last step down."""
    for index in range(len(scene.stages) - 1, 0, -1):
        parts = scene.stages[index - 1].factors
        if "direct" not in parts:
            continue
        facts = (
            tr("direct {value}", value=short(defined(parts["direct"], scene.trace))),
            tr("through the gates {value}", value=short(defined(parts["gates"], scene.trace))),
        )
        yield _facts(scene, index, iter(facts))
    yield from itertools.islice(drawn(paths.view)(scene), 2)  # the unit's sum, and the shares, in numbers

"""A pane in sentences, for screen readers and for pasting into a mail: what the pane is, the verdict, then its numbers.

The bars of hundreds of stages become a line each, "layer 12: gradient 2.2e-12, factor 0.237, predicted 0.236".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .. import glyphs
from ..commands import shown_keys
from ..formats import percent, short
from ..language import tr
from . import maths_readout, theory_readout
from .cell import GATES
from .heat import finite_range
from .panes import TABLE
from .quantities import QUANTITIES
from .scene import Scene
from .spans import GAP, text_of
from .speech import plain

Lines = Iterator[str]

_BINS = 10
#: What a view without a reading of its own is drawn in, to be stripped of its drawing.
_COLUMNS, _ROWS = 100, 60
#: Wider than any note, so that none is broken into lines.
_WIDE = 2000


def readout(scene: Scene, pane: str) -> list[str]:
    """The pane as lines of text: what it is, the verdict, where the cursor stands, and what it shows."""
    read = _READ.get(pane)
    if pane == "side_b" and scene.other is not None:
        scene, read = scene.other, _bars
    before = glyphs.current()
    # `plain` knows bars and frames from text in block glyphs; in ASCII a bar is made of signs that text has too.
    glyphs.use(glyphs.BLOCK)
    try:
        lines = [_name(scene, pane), verdict(scene), _cursor(scene)]
        lines += list(read(scene)) if read is not None else _drawn(scene, pane, _COLUMNS)
    finally:
        glyphs.use(before)
    return [text for line in lines if (text := plain(line))]


def verdict(scene: Scene) -> str:
    """The diagnosis as a sentence."""
    outcome = scene.trace.outcome
    kind = tr(outcome.kind.replace("_", "-"))
    if outcome.healthy:
        return tr("Verdict: {kind}; {message}.", kind=kind, message=tr(outcome.message))
    severity = tr(outcome.severity)
    return tr("Verdict: {kind}, {severity}; {message}.", kind=kind, severity=severity, message=tr(outcome.message))


def _name(scene: Scene, pane: str) -> str:
    if pane in _NAMES:
        return tr(_NAMES[pane])
    return tr("Pane: {title}.", title=TABLE[pane].title(scene, _WIDE))


def _cursor(scene: Scene) -> str:
    return tr(
        "Step {step} of {count}, {phase}; selected: {place}.",
        step=scene.timeline.clamp(scene.state.step) + 1,
        count=scene.timeline.last + 1,
        phase=tr(str(scene.step.phase)),
        place=scene.name(scene.stage),
    )


_NAMES = {
    "gradient": "Gradient pane: what reaches each stage, from the output down to the input.",
    "activation": "Activation pane: what the units of the selected stage put out.",
    "cell": "Cell state pane: the LSTM's memory c, step by step.",
    "gates": "Gates pane: how far each gate is open, step by step; means over units and samples.",
    "paths": "Two paths pane: how the gradient of c comes down each step, directly or through h and the gates.",
    "why": "Why pane: the equation of the current step, with its numbers.",
    "side_a": "Experiment A: what reaches each stage, from the output down to the input.",
    "side_b": "Experiment B: what reaches each stage, from the output down to the input.",
    "both": "Experiments A and B: what reaches each stage, from the output down to the input.",
}


# -- the stages --------------------------------------------------------------------------------------------


def _bars(scene: Scene) -> Lines:
    """What the bars show: the gradient with its factors, or the quantity that was chosen."""
    return _gradients(scene) if scene.state.quantity in ("gradient", "factor") else _quantity(scene)


#: Style of a stage's gradient → what to say where it sets in.
_CROSSINGS = {
    "vanishing": "From {place} down the gradient has vanished: it is under 1e-3 of that at the output.",
    "exploding": "From {place} down the gradient explodes: it is over 1e3 times that at the output.",
    "broken": "From {place} down the gradient is not a finite number.",
    "healthy": "From {place} down the gradient is between 1e-3 and 1e3 times that at the output again.",
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
            yield tr(_CROSSINGS[here], place=scene.name(index))
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
        yield tr("cell factor {value}", value=short(stage.factors["cell"]))
    yield tr("gradient {value}", value=short(stage.gradient_norm))
    if stage.factor is None:
        return
    yield tr("factor {value}", value=short(stage.factor))
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
    yield tr("Quantity: {name}. {help}", name=tr(quantity.label), help=tr(quantity.help))
    if all(value is None for each in series for value in each.values):
        yield tr(quantity.lacking, key=shown_keys("end")) if quantity.lacking else tr("This network has none.")
        return
    for index in range(len(scene.stages) - 1, -1, -1):
        values = [(each.symbol, each.values[index]) for each in series]
        facts = [
            tr("{name} {value}", name=tr(name), value=percent(value) if quantity.share else short(value))
            for name, value in values
            if value is not None
        ]
        if facts:
            yield _facts(scene, index, iter(facts))


def _both(scene: Scene) -> Lines:
    """A, then B."""
    yield tr("Experiment A:")
    yield from _bars(scene)
    if scene.other is not None:
        yield tr("Experiment B. {verdict}", verdict=verdict(scene.other))
        yield from _bars(scene.other)


# -- one stage, and time -----------------------------------------------------------------------------------


def _activation(scene: Scene) -> Lines:
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


def _cell(scene: Scene) -> Lines:
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


def _gates(scene: Scene) -> Lines:
    rows = GATES[scene.trace.experiment.cell]
    for name, _, meaning in rows:
        yield tr("gate {name}: {meaning}", name=name, meaning=tr(meaning))
    gates = scene.trace.values["gates"]
    steps, samples, units = gates.shape
    with np.errstate(all="ignore"):
        means = gates.reshape(steps, samples, len(rows), units // len(rows)).mean(axis=(1, 3))
    for index in range(steps):
        facts = (f"{name} {short(float(means[index, block]))}" for name, block, _ in rows)
        yield _facts(scene, index + 1, facts)


def _paths(scene: Scene) -> Lines:
    """Each step's two parts of the factor of c, from the last step down."""
    for index in range(len(scene.stages) - 1, 0, -1):
        parts = scene.stages[index - 1].factors
        if "direct" not in parts:
            continue
        facts = (
            tr("direct {value}", value=short(parts["direct"])),
            tr("through the gates {value}", value=short(parts["gates"])),
        )
        yield _facts(scene, index, iter(facts))
    yield from _drawn(scene, "paths", _COLUMNS)[:2]  # the unit's sum, and the shares, in numbers


def _why(scene: Scene) -> Lines:
    """The notes, a line each."""
    yield from _drawn(scene, "why", _WIDE)


def _drawn(scene: Scene, pane: str, width: int) -> list[str]:
    """The text of the view itself, with its drawing."""
    lines = [text_of(line).rstrip() for line in TABLE[pane].view(scene, width, _ROWS)]
    return [part for line in lines for part in line.split(GAP) if part.strip()]


_READ: dict[str, Callable[[Scene], Lines]] = {
    "gradient": _bars,
    "activation": _activation,
    "cell": _cell,
    "gates": _gates,
    "paths": _paths,
    "curve": maths_readout.curve,
    "rows": maths_readout.rows,
    "circular": maths_readout.circular,
    "hyperbolic": maths_readout.hyperbolic,
    "circle": maths_readout.both_curves,
    "plane": theory_readout.plane,
    "depth": theory_readout.depth,
    "spectrum": theory_readout.spectrum,
    "why": _why,
    "side_a": _bars,
    "both": _both,
}

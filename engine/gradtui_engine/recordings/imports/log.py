"""What a log says of a training, step by step, and the lines that a recorder would have written of it."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradtui_recorder.schema import written

from ...core.figures import loss_text
from .lines import Line, end_line, note_line, run_line, step_line

#: A log of more steps has so many step lines, evenly spread; the losses between them stand in rings, as a recorder's.
MOST_LINES = 20_000
#: What no log of numbers by the step has.
LACKS = (
    "a log of numbers by the step: activations, weights, updates and the gradient of each layer are not in it, so that "
    "what goes wrong can be dated, not located"
)

Series = Mapping[int, float]


@dataclass
class Log:
    """Numbers by step. norms and weights are of parameters, by name; rates one series a group."""

    losses: Series = field(default_factory=dict)
    gradients: Series = field(default_factory=dict)
    rates: Sequence[Series] = ()
    scales: Series = field(default_factory=dict)
    times: Series = field(default_factory=dict)
    held_out: Series = field(default_factory=dict)
    norms: Mapping[str, Series] = field(default_factory=dict)
    weights: Mapping[str, Series] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    optimizers: Sequence[Mapping[str, Any]] = ()


def lines_of(log: Log) -> Iterator[Line]:
    """A line for every step at which something is known, see gradtui_recorder.schema."""
    names = list(dict.fromkeys((*log.norms, *log.weights)))
    at_parameters = {step for series in (*log.norms.values(), *log.weights.values()) for step in series}
    steps = sorted({*log.losses, *log.gradients, *at_parameters})
    times = log.times
    yield run_line(
        [(name, (), "") for name in names], optimizers=log.optimizers, time=times.get(steps[0]) if steps else None
    )
    yield from map(note_line, (*log.notes, *_of_held_out(log.held_out)))
    rates = [(sorted(series), series) for series in log.rates]
    every = math.ceil(len(steps) / MOST_LINES) or 1
    ring: list[list[Any]] = []
    for place, step in enumerate(steps):
        # What is not finite has a line of its own, and so have the last one and those with numbers of parameters.
        loss = log.losses.get(step)
        kept = place % every == 0 or place == len(steps) - 1 or step in at_parameters
        if not kept and (loss is None or math.isfinite(loss)):
            if loss is not None:
                ring.append([step, written(loss)])
            continue
        norms = [
            (index, norm, weight)
            for index, name in enumerate(names)
            for norm, weight in [(_at(log.norms, name, step), _at(log.weights, name, step))]
            if norm is not None or weight is not None
        ]
        yield step_line(
            step, norms, t=times.get(step), loss=written(loss), ring=ring, lr=[_before(*one, step) for one in rates],
            gn=[written(log.gradients.get(step)), None], scale=written(log.scales.get(step)),
        )  # fmt: skip
        ring = []
    yield end_line(steps[-1] + 1 if steps else 0)


def _at(of: Mapping[str, Series], name: str, step: int) -> float | None:
    return of[name].get(step) if name in of else None


def _before(steps: Sequence[int], series: Series, step: int) -> float | str | None:
    """A learning rate holds until it is logged anew."""
    place = bisect.bisect_right(steps, step)
    return written(series[steps[max(place - 1, 0)]]) if steps else None


def _of_held_out(series: Series) -> Iterator[str]:
    finite = {step: loss for step, loss in series.items() if math.isfinite(loss)}
    if not finite:
        return
    steps = sorted(series)
    best = min(finite, key=lambda step: (finite[step], step))
    yield (
        f"loss on held-out data, which no rule looks at: {loss_text(series[steps[0]])} at step {steps[0]}, at its "
        f"lowest {loss_text(series[best])} at step {best}, {loss_text(series[steps[-1]])} at step {steps[-1]}"
    )

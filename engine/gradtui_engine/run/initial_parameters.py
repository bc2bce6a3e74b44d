"""How parameters start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..core.numerics import Array, Purpose, generator
from ..core.progress import Watch, part, told
from ..experiment.weight_rules import weight_rule
from ..program.program import Parameter, Program
from ..rules.initialisers import INITIALISERS

if TYPE_CHECKING:
    from ..experiment.resolved import Resolved


def initialise(program: Program, resolved: Resolved, watch: Watch | None = None) -> dict[str, Array]:
    """Every parameter of a program, read-only, in the experiment's dtype: of a 16-bit one in float32, or rounded to it
    where there are no master weights.
    """
    parameters = {}
    count = len(program.parameters)
    with np.errstate(over="ignore", invalid="ignore"):
        for number, (name, parameter) in told(enumerate(program.parameters.items()), count, watch):
            share = part(watch, number / count, (number + 1) / count)
            parameters[name] = start(name, parameter, resolved, share).astype(resolved.storage)
            if resolved.rounds_weights:
                parameters[name] = resolved.number_type.cast(parameters[name])
            parameters[name].flags.writeable = False
    return parameters


def start(name: str, parameter: Parameter, resolved: Resolved, watch: Watch | None = None) -> Array:
    """One parameter's start, in float64. Its random stream is its own, whatever stands beside it."""
    if parameter.fans is not None:
        rng = generator(resolved.seed, Purpose.PARAMETER, name)
        rule = weight_rule(resolved, parameter.place)
        weights = rule.draw(rng, parameter.fans, parameter.blocks, parameter.module_fan, watch)
        for first, last, factor in parameter.factors:
            if factor != 1.0:
                weights[first:last] *= factor
        return weights if parameter.scale == 1.0 else weights * parameter.scale
    if parameter.draw is not None:
        own = name.rpartition(".")[2].rpartition("_l")[0]
        stream = name.replace(own, parameter.stream) if parameter.stream else name
        drawn: Array = parameter.draw(generator(resolved.seed, Purpose.PARAMETER, stream), parameter.shape[0])
        return drawn
    values = np.full(parameter.shape, parameter.fill)
    # A generator takes 15 µs to make: only where there is something to draw.
    if resolved.sigma_b is not None:
        if parameter.bias:
            rng = generator(resolved.seed, Purpose.PARAMETER, name)
            values += resolved.sigma_b * rng.standard_normal(parameter.shape)
    elif parameter.module_fan and resolved.module_rule is not None:
        rng = generator(resolved.seed, Purpose.PARAMETER, name)
        scale = resolved.module_rule(parameter.module_fan)
        values += INITIALISERS[resolved.init].draw(rng, len(values), 1, 1.0, scale)[:, 0]
    for first, last, value in parameter.offsets:
        values[first:last] += value
    if parameter.timed:
        rng = generator(resolved.seed, Purpose.PARAMETER, f"{name} chrono")
        first, last, _ = parameter.timed[0]
        lives = np.log(rng.uniform(1.0, max(1.0, parameter.longest - 1.0), last - first))
        for first, last, sign in parameter.timed:
            values[first:last] += sign * lives
    return values

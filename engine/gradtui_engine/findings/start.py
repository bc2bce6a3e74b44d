"""Rules about how a training starts: units that are all the same, scales that grow or fade with depth."""

from __future__ import annotations

import math

import numpy as np

from ..core.figures import many, short
from ..core.message import Message
from ..recordings.header import ParameterRow
from .facts import Facts
from .kind import ERROR, Found

# -- symmetric -----------------------------------------------------------------------------------------------


def symmetric(facts: Facts) -> Found | None:
    """Matrices all of whose rows are equal at the start and still at the fourth event.

    LoRA's B and a last layer that was zeroed part with the first update. What says nothing: a matrix that nothing was
    fed to (an idle expert), one that is not trained, steps in which nothing moved (the first of a warm-up is one of
    rate 0).
    """
    still = facts.recording.still_symmetric
    if not still or not _anything_moved(facts):
        return None
    places = {row.name: index for index, row in enumerate(facts.header.parameters)}
    names = [
        name
        for name in facts.header.symmetric
        if name in still and name in places and _is_fed(facts, places[name]) and _is_trained(facts, places[name])
    ]
    if not names:
        return None
    name = _first_in_order(facts, names)
    module = name.rpartition(".")[0]
    zero = facts.parameter("weight")[0, places[name]] == 0
    units = _units(facts, facts.header.parameters[places[name]])
    return Found(
        module or None,
        facts.step_of(0),
        ERROR,
        Message(
            "all {units} units of {layer} are the same, and no update can ever tell them apart",
            units=units, layer=facts.place(module or name),
        ),
        {"units": units, "matrices": names, "symmetric_matrices": len(names)},
        Message("its weights began as zeros") if zero else Message("all rows of its weights began the same"),
    )  # fmt: skip


def _units(facts: Facts, row: ParameterRow) -> int:
    """How many units a matrix has: its rows, of a recurrent module's those of one gate."""
    module = facts.modules.get(row.module)
    size = module.settings.get("hidden_size") if module is not None else None
    of_gates = row.name.rpartition(".")[2].startswith(("weight_ih", "weight_hh"))
    return size if of_gates and isinstance(size, int) else row.shape[0]


def _first_in_order(facts: Facts, names: list[str]) -> str:
    order = {module: index for index, module in enumerate(facts.order)}
    return min(names, key=lambda name: order.get(name.rpartition(".")[0], len(order)))


def _anything_moved(facts: Facts) -> bool:
    update = facts.parameter("update")[:3]
    gradient = facts.columns.gradient_before[:3]
    # Where all is zero no weight moves, whatever the rate; biases do, and there a gradient arrives.
    return bool((update > 0).any() or ((gradient > 0) & (facts.rate[:3] > 0)).any())


def _is_fed(facts: Facts, index: int) -> bool:
    module = facts.header.parameters[index].module
    if module not in facts.columns_of:
        return module not in facts.modules or any(name.startswith(f"{module}.") for name in facts.columns_of) or (
            module.rpartition(".")[0] in facts.columns_of
        )  # fmt: skip
    return bool(np.isfinite(facts.largest("rms", module)[:4]).any())


def _is_trained(facts: Facts, index: int) -> bool:
    row = facts.header.parameters[index]
    return row.trainable and row.optimizer is not None


# -- bad_init ------------------------------------------------------------------------------------------------

#: Outputs of healthy networks, too, differ tenfold in scale from layer to layer (a sigmoid, an embedding of std 0.02, a
#: last layer that was made small): SageMaker's limit, 10 of the variance, alarms on 48 of 79 healthy runs.
RANGE = 100.0
#: A trend, not one layer: so many of the factors from layer to layer go the same way. A factor of 0.7 or 1.4 is what a
#: missing √2 (He et al. 2015) makes of one.
SHARE, SHRINKS, GROWS = 0.6, 0.7, 1.4
#: Fewer layers have no trend: one factor is the inputs' scale.
_LEAST_LAYERS = 3


def bad_init(facts: Facts) -> Found | None:
    """At step 0 the scale of the outputs changes over a hundredfold over depth, and most layers change it one way.

    Not counted: the last layer, which often starts at a hundredth of the others or at 0 on purpose (a policy's, a
    diffusion model's), others that start at 0, and recurrent modules, whose scale grows over time. The median factor
    alone, over all layers, must come to a tenfold change: one layer of another scale is no trend.
    """
    if not facts.count or facts.step_of(0) != 0:
        return None
    names, scales = [], []
    for name in facts.weighted:
        if name in facts.recording.sequences or name in facts.loops or name in facts.last_weighted:
            continue
        if facts.began_at_zero.issuperset(facts.weights[name]):
            continue
        rms = float(facts.largest("rms", name)[0])
        # A layer whose weights are 0 on purpose has no scale.
        if math.isfinite(rms) and rms > 0:
            names.append(name)
            scales.append(rms)
    if len(names) < _LEAST_LAYERS:
        return None
    sizes = np.array(scales)
    factors = sizes[1:] / sizes[:-1]
    spread = float(sizes.max() / sizes.min())
    shrinking, growing = float((factors < SHRINKS).mean()), float((factors > GROWS).mean())
    if not spread > RANGE or max(shrinking, growing) < SHARE:
        return None
    if abs(math.log(float(np.median(factors)))) * len(factors) < math.log(RANGE) / 2:
        return None
    grows = growing >= shrinking
    average = float(np.exp(np.log(factors).mean()))
    odd = int(np.argmax(factors > GROWS if grows else factors < SHRINKS)) + 1
    evidence = {
        "range": spread, "average_factor": average, "share_of_layers": max(shrinking, growing),
        "first_rms": scales[0], "last_rms": scales[-1], "layers": len(names),
    }  # fmt: skip
    values = {"factor": short(average)}
    if grows:
        message = Message(
            "outputs grow from layer to layer, ×{factor} on average: {times} times over {layers} layers",
            factor=short(average), times=many(spread), layers=len(names),
        )  # fmt: skip
        cause = Message("the weights' scale at the start is too large for this activation and width")
    else:
        message = Message(
            "outputs fade from layer to layer, ×{factor} on average: {times} times over {layers} layers",
            factor=short(average), times=many(spread), layers=len(names),
        )  # fmt: skip
        cause = Message("the weights' scale at the start is too small for this activation and width")
    return Found(names[odd], 0, ERROR, message, evidence, cause, None, values)

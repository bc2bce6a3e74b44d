"""The record of one event: the numbers of its stages and parameters, how the gradient decays, and the answer to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..analysis.carried import CarriedPath
from ..analysis.decay import Decay, decay_of
from ..analysis.json_reading import Numbers, steps_of_stages
from ..analysis.outcome import FINITE, Answer, Finding, Outcome
from ..analysis.record import ParameterNumbers, Source
from ..analysis.signal import judge_numbers
from ..analysis.stage_numbers import ActivationStatistics, StageNumbers
from ..core.message import Message
from ..core.numerics import ratio
from ..program.program import place_of
from ..program.slots import CELL_STATE, HIDDEN
from .axes import TimeAxis
from .events import Events
from .stage_columns import numbers_of, over_calls, sequence_of
from .stages import Stage

_NAN = math.nan


def record_of(events: Events, stages: Sequence[Stage], axis: TimeAxis | None, event: int, source: Source) -> Numbers:
    """Of an event that has been read: along its modules, or over the time steps of an axis."""
    with np.errstate(all="ignore"):
        parameters = parameter_numbers(events, event)
        names = [row.name for row in events.header.parameters]
        if axis is None:
            numbers = [_of_module(events, stage, event, parameters, names) for stage in stages]
            numbers = numbers or [_whole_model(events, event, parameters)]
            kind, path, state = "module", [stage.gradient_norm for stage in numbers], HIDDEN
        else:
            numbers = _over_time(events, axis, event)
            cells = [stage.cell_gradient_norm for stage in numbers]
            known = [_NAN if cell is None else cell for cell in cells]
            has_cells = not all(map(math.isnan, known))
            kind, state = "time", CELL_STATE if has_cells else HIDDEN
            path = known if has_cells else [stage.gradient_norm for stage in numbers]
        loss = float(events.numbers["loss"].array[event])
        lost = bool(events.is_nan["loss"].array[event]) or math.isinf(loss)
        numbers, decay = _with_factors(numbers, path, kind)
        signal, ratio_, factor = _signal(numbers, path, kind, state, lost, loss, _broken(events, stages, axis, event))
        return Numbers(
            source, kind, tuple(numbers), tuple(steps_of_stages(kind, numbers)), decay,
            Outcome(signal, ratio_, factor), None if math.isnan(loss) and not lost else loss, None, parameters,
        )  # fmt: skip


def parameter_numbers(events: Events, event: int) -> dict[str, ParameterNumbers]:
    """Of each parameter of which anything is known in this event."""
    rows = {name: growing.array[event].tolist() for name, growing in events.parameters.items()}
    found = {}
    for index, row in enumerate(events.header.parameters):
        grad, weight, update = (_known(rows[name][index]) for name in ("grad", "weight", "update"))
        if weight is not None or grad is not None:
            norm = _NAN if weight is None else weight
            moved = None if update is None or weight is None else update * weight
            found[row.name] = ParameterNumbers(norm, grad, grad, update, moved)
    return found


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _of_module(
    events: Events, stage: Stage, event: int, parameters: Mapping[str, ParameterNumbers], names: Sequence[str]
) -> StageNumbers:
    values = {name: float(array[0]) for name, array in numbers_of(events, stage, [event]).items()}
    gradient = values["gradient"]
    return _with_parameters(
        StageNumbers(
            0, stage.place, 10.0**gradient if gradient < _LARGEST else gradient,
            activation_mean=_known(values["mean"]), activation_std=_known(values["std"]),
            activation_saturated=_known(values["saturated"]), activation_dead=_known(values["dead"]),
        ),
        {names[index]: parameters[names[index]] for index in stage.parameters if names[index] in parameters},
    )  # fmt: skip


#: log10 of the largest float64 is a little more.
_LARGEST = 308.0


def _whole_model(events: Events, event: int, parameters: Mapping[str, ParameterNumbers]) -> StageNumbers:
    """All that there is of a recording that knows no modules."""
    norm = _known(float(events.numbers["gradient_after"].array[event]))
    stage = _with_parameters(StageNumbers(0, "model", _NAN), parameters)
    return replace(stage, parameter_gradient_norm=norm) if stage.parameter_gradient_norm is None else stage


def _with_parameters(stage: StageNumbers, own: Mapping[str, ParameterNumbers]) -> StageNumbers:
    """The norm of all gradients of a stage together, and of all updates over that of all weights."""
    norms = {name: row.gradient_norm for name, row in own.items() if row.gradient_norm is not None}
    moved = [(row.update_norm, row.norm) for row in own.values() if row.update_norm is not None]
    return replace(
        stage,
        parameters=norms,
        parameter_gradient_norm=math.hypot(*norms.values()) if norms else None,
        update_ratio=ratio(math.hypot(*(update for update, _ in moved)), math.hypot(*(norm for _, norm in moved)))
        if moved
        else None,
    )


def _over_time(events: Events, axis: TimeAxis, event: int) -> list[StageNumbers]:
    if axis.layer is None:
        h = over_calls(events, axis, [event])[0]
        known = np.flatnonzero(~np.isnan(h))
        h, c, others = h[: int(known[-1]) + 1 if known.size else 1], None, []
    else:
        sequences = sequence_of(events, axis)
        layer = sequences.layers[axis.layer]
        length = int(sequences.lengths[event]) + 1
        h, c = layer.h[event, :length], None if layer.c is None else layer.c[event, :length]
        others = [other.h[event, :length] for other in sequences.layers if other.reverse == layer.reverse]
    stages = []
    for time in range(len(h)):
        cell = None if c is None or time >= len(c) else _known(float(c[time]))
        layers = tuple(float(other[time]) if time < len(other) else _NAN for other in others) if len(others) > 1 else ()
        stage = StageNumbers(
            time, place_of("time", time), float(h[time]), cell_gradient_norm=cell, layer_gradient_norms=layers
        )
        if 0 < time <= len(axis.columns):
            column = axis.columns[time - 1]
            mean, rms, off, sat = (
                float(events.activations[name].array[event, column]) for name in ("mean", "rms", "off", "sat")
            )
            stage = replace(
                stage, activation_mean=_known(mean), activation_std=_known(max(rms * rms - mean * mean, 0.0) ** 0.5),
                activation_dead=_known(off), activation_saturated=_known(sat),
            )  # fmt: skip
        stages.append(stage)
    return stages


def _with_factors(stages: Sequence[StageNumbers], path: Sequence[float], axis: str) -> tuple[list[StageNumbers], Decay]:
    """The stages with their factors; the decay along those whose gradient is known."""
    norms = [stage.gradient_norm for stage in stages]
    known = [index for index, value in enumerate(path) if not math.isnan(value)]
    along = [path[index] for index in known]
    of_h = [norms[index] for index in known]
    if known:
        decay = decay_of(of_h, of_h if along == of_h else along, axis)
        products = dict(zip(known, decay.running_product, strict=True))
        decay = replace(
            decay,
            running_product=tuple(products.get(index, _NAN) for index in range(len(stages))),
            vanished_after=_distance(decay.vanished_after, known),
            subnormal_after=_distance(decay.subnormal_after, known),
        )
    else:
        decay = Decay((_NAN,) * len(stages), _NAN, _NAN, None, None)
    last = len(stages) - 1
    numbered = []
    for index, stage in enumerate(stages):
        factor = _known(ratio(norms[index], norms[index + 1])) if index < last else None
        factors: dict[str, float | None] = {}
        if axis == "time" and factor is not None:
            factors["whole"] = factor
            cell, after = stage.cell_gradient_norm, stages[index + 1].cell_gradient_norm
            if cell is not None and after is not None:
                factors = {"cell": ratio(cell, after)}
        numbered.append(
            replace(
                stage, index=index, factor=factor, running_product=_known(decay.running_product[index]), factors=factors
            )
        )
    return numbered, decay


def _distance(after: int | None, known: Sequence[int]) -> int | None:
    """So many stages below the output, counting those that are not known, too."""
    return None if after is None else known[-1] - known[len(known) - 1 - after]


def _signal(
    stages: Sequence[StageNumbers],
    path: Sequence[float],
    axis: str,
    state: str,
    lost: bool,
    loss: float,
    broken: tuple[int | None, float, bool] | None,
) -> tuple[Answer, float, float]:
    """The answer, the ratio from end to end, and the average factor."""
    known = [index for index, value in enumerate(path) if not math.isnan(value)]
    names = [stages[index].place for index in known]
    norms = tuple(path[index] for index in known)
    carried = CarriedPath(axis, state, False, norms, _NAN) if norms else None
    ratio_ = carried.ratio if carried is not None else _NAN
    factor = _NAN if carried is None else 1.0 if carried.factor is None else carried.factor
    numbers = {"ratio": ratio_, "average_factor": factor}
    if broken is not None and (broken[2] or not lost):
        stage, value, _ = broken
        return (
            _non_finite(stages[stage].place if stage is not None else Message("loss"), stage, value).answer(
                "signal", numbers
            ),
            ratio_,
            factor,
        )
    if lost:
        return _non_finite(Message("loss"), None, loss).answer("signal", numbers), ratio_, factor
    if carried is None:
        message = Message("no gradient was recorded here")
        return Finding("healthy", False, "", None, message, FINITE, _NAN).answer("signal", numbers), ratio_, factor
    last = len(stages) - 1
    statistics = [
        ActivationStatistics(
            0.0, 0.0,
            # What comes out of the model is made to be at its ends.
            0.0 if index == last and axis == "module" else stages[index].activation_saturated or 0.0,
            0.0 if index == last and axis == "module" else stages[index].activation_dead or 0.0,
        )
        for index in known
    ]  # fmt: skip
    answer = judge_numbers(axis, names.__getitem__, carried, statistics)
    stage = answer.stage if answer.stage is None else known[answer.stage]
    return replace(answer, stage=stage), ratio_, factor


def _non_finite(site: str, stage: int | None, value: float) -> Finding:
    template = (
        Message("NaN at {site}: nothing computed after it can be trusted", site=site)
        if math.isnan(value)
        else Message("overflow to inf at {site}: nothing computed after it can be trusted", site=site)
    )
    return Finding("non_finite", True, site, stage, template, FINITE, value)


def _broken(
    events: Events, stages: Sequence[Stage], axis: TimeAxis | None, event: int
) -> tuple[int | None, float, bool] | None:
    """The first stage with a number that is not finite: (stage, number, whether on the way forward)."""
    if axis is not None:
        return None
    for name, order, forward in (
        ("rms", range(len(stages)), True), ("grad", reversed(range(len(stages))), False),
    ):  # fmt: skip
        values = events.activations[name].array[event]
        nan = events.activations_nan.get(name)
        for index in order:
            columns = list(stages[index].columns)
            beyond = np.isinf(values[columns])
            if nan is not None and nan.array[event, columns].any():
                return index, _NAN, forward
            if beyond.any():
                return index, math.inf, forward
    return None

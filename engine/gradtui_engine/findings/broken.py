"""The rule about numbers that are none any more: where it began, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.figures import cut, exact, many, part_of, short
from ..core.message import Message
from ..core.numerics import Array
from .code import CLIP, DETECT_ANOMALY, SET_RATE_AND_CLIP
from .facts import Facts
from .kind import ERROR, WARNING, Found, Numbers

#: Columns of a call that show whether its output is finite. The mean of none (an expert without samples) is none.
_OUTPUT = ("rms", "min", "max")
#: An update that is this share of a weight, at the most so many events before, is why.
_THREW, _SHORTLY = 0.1, 3


@dataclass(frozen=True, slots=True)
class _Where:
    """Where it began: what is broken ("output", "loss", "gradient", "weights"), and in which module. after: the last
    output before it, which is finite, where the module has others inside.
    """

    what: str
    layer: str | None
    value: float
    after: str | None = None


def non_finite(facts: Facts) -> Found | None:
    """The first step in which the loss, a gradient that counts, or a weight is not finite; and in it what is broken
    first.

    In forward order, then the loss, then backward. An output that is infinite while all else stays finite (−inf in a
    mask before a softmax) is none. Gradients of a step that the scaler left out are not looked at: that is what it is
    for.
    """
    event, ring = facts.fell_apart, facts.curve.first_broken
    weights = _first_event(_broken(facts.parameter("weight"), facts.columns.parameters_nan["weight"]))
    known = [each for each in (event, weights) if each is not None]
    event = min(known) if known else None
    if event is None and ring is None:
        return None
    # Between two recorded steps the loss alone is known.
    between = ring is not None and (event is None or ring[0] < facts.step_of(event))
    if between:
        assert ring is not None
        return _between(facts, ring[0], ring[1], event)
    assert event is not None
    return _recorded(facts, event)


def _first_event(broken: Array) -> int | None:
    """The first row with anything broken in it."""
    indices = np.flatnonzero(broken.any(axis=1))
    return int(indices[0]) if len(indices) else None


def _broken(values: Array, is_nan: Array) -> Array:
    return is_nan | np.isinf(values)


def _recorded(facts: Facts, event: int) -> Found:
    step = facts.step_of(event)
    loss = float(facts.columns.loss[event])
    broken = facts.columns.is_nan["loss"][event] or np.isinf(loss)
    if broken and not facts.calls and not facts.header.parameters:
        return _between(facts, step, loss, event)  # a log of losses has no more
    weights = _broken_weights(facts, event)
    where = _where(facts, event)
    evidence: Numbers = {"what": where.what, "value": where.value}
    evidence |= _before(facts, event)
    layer = where.layer
    cause = _cause(facts, event, where, weights)
    if weights:
        evidence["broken_parameters"] = weights[:20]
    return Found(
        layer or None,
        step,
        _severity(facts, event),
        _message(facts, where),
        evidence,
        cause[0],
        cause[1],
        _rates(facts, event),
    )


def _severity(facts: Facts, event: int) -> str:
    """A warning where it passed: later losses are finite again, and the weights."""
    losses = facts.curve.every_loss[facts.curve.every_step > facts.step_of(event)]
    weights = _broken(facts.parameter("weight")[-1:], facts.columns.parameters_nan["weight"][-1:]).any()
    passed = len(losses) and np.isfinite(losses[-1]) and not weights
    return WARNING if passed else ERROR


def _where(facts: Facts, event: int) -> _Where:
    activations, is_nan = facts.columns.activations, facts.columns.activations_nan
    usual = _usually_infinite(facts, event)
    outer = _outer(facts, event)
    for index, call in enumerate(facts.calls):
        if index - 1 in outer:
            return outer[index - 1]
        if index in usual:
            continue
        for column in _OUTPUT:
            value = float(activations[column][event, index])
            if is_nan[column][event, index] or np.isinf(value):
                return _Where("output", call.module, value)
    if len(facts.calls) - 1 in outer:
        return outer[len(facts.calls) - 1]
    loss = float(facts.columns.loss[event])
    if facts.columns.is_nan["loss"][event] or np.isinf(loss):
        return _Where("loss", None, loss)
    for index in range(len(facts.calls) - 1, -1, -1):
        value = float(activations["grad"][event, index])
        if is_nan["grad"][event, index] or np.isinf(value):
            return _Where("gradient", facts.calls[index].module, value)
    for column in ("grad", "weight"):
        broken = np.flatnonzero(_broken(facts.parameter(column)[event], facts.columns.parameters_nan[column][event]))
        if len(broken):
            number = int(broken[-1])
            what = "gradient" if column == "grad" else "weights"
            return _Where(what, facts.header.parameters[number].module, float(facts.parameter(column)[event, number]))
    return _Where("gradient", None, float(facts.columns.gradient_after[event]))


def _outer(facts: Facts, event: int) -> dict[int, _Where]:
    """Modules with others inside whose output is not finite, the first after each call, by the place of that call. Not
    one whose output was so before, too, while all else was finite.
    """
    before = {output.module for e, outputs in facts.recording.broken.items() if e < event for output in outputs}
    places = {call: index for index, call in enumerate(facts.calls)}
    outer: dict[int, _Where] = {}
    for output in facts.recording.broken.get(event, ()):
        if output.module not in before and output.after in places:
            where = _Where("output", output.module, output.value, output.after.module)
            outer.setdefault(places[output.after], where)
    return outer


def _usually_infinite(facts: Facts, event: int) -> set[int]:
    """Calls whose output was infinite before, too, while all else was finite: masks."""
    usual: set[int] = set()
    for column in _OUTPUT:
        before = _broken(facts.columns.activations[column][:event], facts.columns.activations_nan[column][:event])
        usual |= {int(index) for index in np.flatnonzero(before.any(0))}
    return usual


def _broken_weights(facts: Facts, event: int) -> list[str]:
    broken = _broken(facts.parameter("weight")[event], facts.columns.parameters_nan["weight"][event])
    return [facts.header.parameters[int(index)].name for index in np.flatnonzero(broken)]


def _before(facts: Facts, event: int) -> Numbers:
    """What the last events before were like."""
    evidence: Numbers = {}
    if event:
        if np.isfinite(facts.columns.loss[event - 1]):
            evidence["loss_before"] = float(facts.columns.loss[event - 1])
        gradient = facts.columns.gradient_after[event - 1]
        if np.isfinite(gradient):
            evidence["gradient_before"] = float(gradient)
        size = facts.largest_update(event, _SHORTLY)
        if size > 0:
            evidence["largest_update_before"] = size
    return evidence


def _message(facts: Facts, where: _Where) -> Message:
    value, layer = short(where.value), facts.place(where.layer or "")
    if where.what == "output":
        return Message("the output of {layer} is not finite: {value}", layer=layer, value=value)
    if where.what == "loss":
        return Message("the loss is not finite: {value}; all outputs before it are", value=value)
    if where.what == "weights":
        return Message("the weights of {layer} are not finite: {value}", layer=layer, value=value)
    if where.layer:
        return Message(
            "the gradient at {layer} is not finite: {value}; all outputs and the loss are", layer=layer, value=value
        )
    return Message("the gradient is not finite: {value}; all outputs and the loss are", value=value)


_CHECK_BATCH = """\
for x, y in loader:
    assert torch.isfinite(x).all(), "the batch has NaN or inf in it\""""
_SAFE_LOSS = """\
# a loss of logits (cross_entropy, binary_cross_entropy_with_logits), not of probabilities; and
loss = -torch.log(p.clamp_min(1e-7)).mean()  # where there is a logarithm
# labels: assert torch.isfinite(y).all()"""
_SAFE_GRADIENT = """\
# the slope is infinite where the argument is 0: sqrt, norm, pow below 1, division
y = torch.sqrt(x + 1e-8)"""


def _cause(facts: Facts, event: int, where: _Where, weights: list[str]) -> tuple[Message | None, str | None]:
    """The most likely cause, and what to change."""
    size = facts.largest_update(event, _SHORTLY)
    inputs = {name: values[event] for name, values in facts.columns.inputs.items()}
    first = facts.order[0] if facts.order else None
    leaf = next((name for name in facts.order if name in facts.weights), first)
    if where.after is not None and not weights and size <= _THREW:
        return (
            Message(
                "what {layer} computes in its own code: the output of {before} before it is finite; an overflow of "
                "exp, a logarithm or a root of something not above 0, a division by 0, a softmax of −inf alone",
                layer=facts.place(where.layer or ""), before=facts.place(where.after),
            ),
            DETECT_ANOMALY,
        )  # fmt: skip
    if weights:
        if size > _THREW or np.isinf(size):
            return _too_far(facts, event, size)
        return (
            Message("the update before this step made the weights so: its gradient was not finite"),
            DETECT_ANOMALY + "\n" + CLIP,
        )
    if where.what == "output":
        fresh = where.layer in (first, leaf)
        finite_before = bool(np.isfinite(facts.columns.loss[:event]).any()) or event == 0
        if fresh and not _fed_with_finite(inputs) and finite_before:
            return (
                Message("the batch has numbers in it that are not finite: the layer's own weights are"),
                _CHECK_BATCH,
            )
        if size > _THREW:
            return _too_far(facts, event, size)
        if np.isinf(where.value) and facts.columns.half[event] == "float16":
            return (
                Message("the output is larger than float16's largest number, 65,504"),
                "with torch.autocast(\"cuda\", dtype=torch.bfloat16):\n    loss = criterion(model(x), y)",
            )  # fmt: skip
        if np.isnan(where.value) and where.layer in facts.weights and facts.columns.half[event] != "float16":
            return (
                Message(
                    "not {layer}, whose own weights are finite: what comes into it is not, from the code between "
                    "{before} and it",
                    layer=facts.place(where.layer or ""), before=facts.place(_called_before(facts, where.layer or "")),
                ),
                DETECT_ANOMALY,
            )  # fmt: skip
        return (
            Message("what it computes: a logarithm or a root of something not above 0, or a division by 0"),
            DETECT_ANOMALY,
        )
    if where.what == "loss":
        if size > 1:
            return _too_far(facts, event, size)
        return (
            Message("the loss itself: a logarithm of 0, a division by 0, or labels that are not finite"),
            _SAFE_LOSS,
        )
    if size > 1:
        return _too_far(facts, event, size)
    return (
        Message("a slope that is infinite on the way back: a root or a norm of 0, a division by nearly 0"),
        _SAFE_GRADIENT + "\n" + DETECT_ANOMALY,
    )


def _called_before(facts: Facts, module: str) -> str:
    """The module that was called before this one; the model where there is none."""
    index = facts.order.index(module)
    return facts.order[index - 1] if index else ""


def _fed_with_finite(inputs: dict[str, float]) -> bool:
    """Whether the model's input is known to be finite."""
    values = [inputs.get(name, np.nan) for name in ("rms", "min", "max")]
    return all(np.isfinite(value) for value in values)


def _too_far(facts: Facts, event: int, size: float) -> tuple[Message, str]:
    """The cause and the remedy of updates that were too large."""
    rate = facts.rate[max(event - 1, 0)]
    text = part_of(size) if size < 1 else many(size)
    if np.isfinite(rate):
        return (
            Message(
                "updates of {size} of the weights just before: a learning rate of {rate} is too large",
                size=text, rate=exact(float(rate)),
            ),
            SET_RATE_AND_CLIP,
        )  # fmt: skip
    return Message(
        "updates of {size} of the weights just before: the learning rate is too large", size=text
    ), SET_RATE_AND_CLIP


def _rates(facts: Facts, event: int) -> dict[str, str]:
    rate = facts.rate[max(event - 1, 0)] if facts.count else np.nan
    return {"lr": exact(cut(rate / 10, 1)) if np.isfinite(rate) and rate > 0 else "1e-4"}


def _around(parameters: list[str]) -> str | None:
    """The innermost module that all of these are in; None for the model."""
    paths = [name.split(".")[:-1] for name in parameters]
    common = [parts[0] for parts in zip(*paths, strict=False) if len(set(parts)) == 1]
    return ".".join(common) or None


def _between(facts: Facts, step: int, value: float, event: int | None) -> Found:
    """The loss broke in a step of which nothing else was recorded. event: the first one after it, if any."""
    before = int(np.searchsorted(facts.columns.steps, step)) - 1
    size = facts.largest_update(before + 1, _SHORTLY) if before >= 0 else 0.0
    evidence: Numbers = {"what": "loss", "value": value}
    if before >= 0:
        evidence["last_recorded_step"] = facts.step_of(before)
        if np.isfinite(facts.columns.loss[before]):
            evidence["loss_before"] = float(facts.columns.loss[before])
    if size > 0:
        evidence["largest_update_before"] = size
    layer: str | None = None
    at = int(np.searchsorted(facts.curve.steps, step)) - 1
    rising = at >= 4 and facts.curve.losses[at] > 3 * np.median(facts.curve.losses[max(0, at - 20) : at])
    # What lies between was not looked at: an update of it, as much as the batch.
    unseen = step - facts.step_of(before) - 1 if before >= 0 else step
    if size > _THREW or rising:
        cause, remedy = _too_far(facts, before + 1, max(size, 0.0)) if size > _THREW else (
            Message("the loss rose before: updates went too far"), SET_RATE_AND_CLIP,
        )  # fmt: skip
    elif unseen:
        cause = Message(
            "not known: nothing but the loss was recorded of the steps before it ({count}); an update that went too "
            "far or was not finite, a batch with NaN, or a logarithm or a division by 0",
            count=unseen,
        )
        remedy = f"# look at every step: rec = gradtui.watch(model, optimizer, every=1)\n{_CHECK_BATCH}\n{_SAFE_LOSS}"
    else:
        cause = Message(
            "not of what was before: the loss and the updates were as usual; a batch with NaN, or a logarithm or a "
            "division by 0"
        )
        remedy = _CHECK_BATCH + "\n" + _SAFE_LOSS
    if event is not None:
        # What only the batch broke is whole again in the next recorded step; weights that broke are not.
        weights = _broken_weights(facts, event)
        if weights:
            evidence["broken_parameters"] = weights[:20]
            layer = _around(weights)
    losses = facts.curve.every_loss[facts.curve.every_step > step]
    passed = event is None and len(losses) and np.isfinite(losses[-1])
    return Found(
        layer,
        step,
        WARNING if passed else ERROR,
        Message("the loss is not finite: {value}; nothing else was recorded of this step", value=short(value)),
        evidence,
        cause,
        remedy,
        _rates(facts, max(before + 1, 0)),
    )

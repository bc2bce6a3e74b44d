"""What stands out in a checkpoint, as sentences, the most important first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...core.figures import many, part_of, percent, short, times
from ...core.message import English, Message, made
from .look import Look, Weight
from .memory import Memory
from .roles import WEIGHTS

#: A scale that is so many times off the nearest initialiser's stands out: at three times He's ten ReLU layers make a
#: signal 3¹⁰ = 59,000 times larger.
FAR = 3.0
#: A matrix whose σ₁ is so many times its smallest singular value keeps no float32 apart in that direction.
SINGULAR = 1e6
#: A matrix with at least so many directions, of which one has so many times what chance gives, and most of the whole.
_DIRECTIONS, _BEYOND, _ALONE = 8, 3.0, 2.0
#: Names in a sentence, at the most.
_NAMES = 3


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that stands out: its kind, the tensors it is about, and a sentence."""

    kind: str
    names: tuple[str, ...]
    message: Message


def remarks(look: Look) -> tuple[Remark, ...]:
    """Everything that is to be said of a checkpoint."""
    wrong = tuple(remark for rule in _WRONG for remark in rule(look))
    return (*(wrong or (_nothing(look),)), *(remark for rule in _PLAIN for remark in rule(look)))


def named(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    first = ", ".join(names[:_NAMES])
    more = len(names) - _NAMES
    return first if more <= 0 else Message("{names} and {count} more", names=first, count=more)


def _nothing(look: Look) -> Remark:
    count = sum(weight.kind in WEIGHTS for weight in look.weights)
    return Remark("healthy", (), Message("nothing stands out among {count} weights", count=count))


def _of(look: Look, is_meant: Callable[[Weight], bool]) -> list[Weight]:
    return [weight for weight in look.weights if is_meant(weight)]


def _remark(kind: str, weights: Iterable[Weight], template: English, **values: object) -> Iterator[Remark]:
    names = tuple(weight.name for weight in weights)
    if names:
        yield Remark(kind, names, made(template, {"names": named(names), "count": len(names), **values}))


# -- rules -------------------------------------------------------------------------------------------------


def _non_finite(look: Look) -> Iterator[Remark]:
    broken = _of(look, lambda weight: weight.non_finite > 0)
    total = sum(weight.non_finite for weight in broken)
    yield from _remark("non_finite", broken, "nan or inf: {total} numbers, in {names}; training is broken", total=total)


def _symmetric(look: Look) -> Iterator[Remark]:
    same = _of(look, lambda weight: weight.is_symmetric)
    yield from _remark(
        "symmetric", same,
        "all units are copies of each other in {names}: they get the same gradient and stay one unit",
    )  # fmt: skip
    for weight in _of(look, lambda weight: weight.copies > 0 and not weight.is_symmetric):
        yield Remark(
            "copies", (weight.name,),
            Message("{name}: {count} of {units} units are copies of another one", name=weight.name,
                    count=weight.copies, units=weight.units),
        )  # fmt: skip


def _zero(look: Look) -> Iterator[Remark]:
    zero = _of(look, lambda weight: weight.kind in WEIGHTS and weight.norm == 0 and not weight.non_finite)
    yield from _remark("zero", zero, "all weights are 0 in {names}: nothing comes through (LoRA's B starts so)")


_DEAD_UNITS: English = "{name}: {count} of {units} units are dead: their weights are 0, or 1/1,000 of the others"
_DEAD_WORDS: English = "{name}: {count} of {units} rows are 0, or 1/1,000 of the others: words that never come"


def _dead(look: Look) -> Iterator[Remark]:
    for is_word, template in ((False, _DEAD_UNITS), (True, _DEAD_WORDS)):
        dead = [weight for weight in look.weights if weight.dead_count and (weight.kind == "embedding") == is_word]
        for weight in dead[:_NAMES]:
            values = {"name": weight.name, "count": weight.dead_count, "units": weight.units}
            yield Remark("dead", (weight.name,), made(template, values))
        total = sum(weight.dead_count for weight in dead[_NAMES:])
        yield from _remark("dead", dead[_NAMES:], "{total} more in {count} others: {names}", total=total)


def _far(look: Look) -> Iterator[Remark]:
    far = sorted(_of(look, lambda weight: _off(weight) > math.log(FAR)), key=_off, reverse=True)
    for weight in far[:_NAMES]:
        assert weight.nearest is not None
        ratio = weight.nearest.times
        message = Message(
            "{name}: its weights are {ratio} times those of {initialiser}, the nearest initialiser",
            name=weight.name,
            ratio=many(ratio) if ratio > 1 else part_of(ratio),
            initialiser=called(weight.nearest.initialiser),
        )
        yield Remark("scale", (weight.name,), message)
    limit = many(FAR)
    yield from _remark(
        "scale", far[_NAMES:], "{count} others are over {limit} times larger or smaller, too: {names}", limit=limit
    )


def _singular(look: Look) -> Iterator[Remark]:
    lost = _of(
        look,
        lambda weight: weight.spectrum is not None and weight.norm > 0 and not weight.dead_count and not weight.copies
        and weight.kind != "embedding" and (weight.spectrum.condition or 0.0) > SINGULAR,
    )  # fmt: skip
    yield from _remark("singular", lost, "some directions are lost (condition number above 1e6) in {names}")


def _alone(look: Look) -> Iterator[Remark]:
    def is_meant(weight: Weight) -> bool:
        of = weight.spectrum
        return (
            of is not None and of.count >= _DIRECTIONS and of.stable_rank < _ALONE and of.largest > _BEYOND * of.edge
            and not weight.is_symmetric
        )  # fmt: skip

    yield from _remark("one_direction", _of(look, is_meant), "one direction has more than half of all in {names}")


def _memories(look: Look) -> Iterator[Remark]:
    for memory in look.memories:
        if memory.opening is not None:
            message = _of_gate(memory)
        elif memory.radius is not None:
            message = Message(
                "{name}: W_hh has the spectral radius {radius}: by itself it makes a signal {factor} a step, "
                "in one step {largest} at the most",
                name=_place(memory), radius=short(memory.radius), factor=times(memory.radius),
                largest=times(memory.largest),
            )  # fmt: skip
        else:
            continue
        yield Remark("memory", (memory.module,), message)


def _of_gate(memory: Memory) -> Message:
    """How long a gate keeps a state: an LSTM's f, or a GRU's z."""
    values = {
        "name": _place(memory), "share": percent(memory.opening), "steps": short(memory.half_life),
        "longest": short(memory.longest),
    }  # fmt: skip
    if memory.gate == "f":
        return Message(
            "{name}: its forget gate is open by {share} where nothing else speaks: the cell state is halved in {steps} "
            "steps, in the unit that remembers the longest in {longest}",
            **values,
        )
    return Message(
        "{name}: its update gate keeps {share} where nothing else speaks: the hidden state is halved in {steps} "
        "steps, in the unit that remembers the longest in {longest}",
        **values,
    )


def _place(memory: Memory) -> str:
    return ".".join(filter(None, (memory.module, memory.layer)))


def _theory(look: Look) -> Iterator[Remark]:
    depth = len(look.chain)
    tanh, relu = look.factor("tanh"), look.factor("relu")
    if depth < 2 or tanh is None or relu is None or look.memories:
        return
    values = {
        "depth": depth, "tanh": times(tanh), "relu": times(relu), "tanh_scale": short(scale_of(tanh)),
        "relu_scale": short(scale_of(relu)),
    }  # fmt: skip
    message = Message(
        "mean field: were the {depth} matrices between its first and its last layer random of these scales, and one "
        "behind another, a gradient would "
        "change by {tanh} a layer with tanh, by {relu} with ReLU (√χ); depth scales ξ of {tanh_scale} and {relu_scale} "
        "layers",
        **values,
    )
    yield Remark("theory", (), message)
    if look.is_normalised:
        yield Remark(
            "normalised", (),
            Message("there are normalisations: forward, the scale of what stands before one does not count"),
        )  # fmt: skip


def scale_of(factor: float) -> float:
    """The depth scale ξ = 1/|ln χ| of a factor √χ a layer: inf where nothing changes, 0 where nothing comes through."""
    if factor <= 0 or math.isinf(factor):
        return 0.0
    return math.inf if abs(math.log(factor)) < 1e-12 else 1 / abs(2 * math.log(factor))


def _tied(look: Look) -> Iterator[Remark]:
    for group in look.checkpoint.tied:
        yield Remark("tied", group, Message("tied, one and the same numbers: {names}", names=named(group)))


#: What may be wrong, the worst first, and what is to be known.
_WRONG = (_non_finite, _symmetric, _zero, _dead, _far, _singular, _alone)
_PLAIN = (_memories, _theory, _tied)
#: Persons' names, which are the same in every language.
_NAMES_OF = {"xavier_normal": "Xavier", "he_normal": "He", "lecun_normal": "LeCun"}


def called(initialiser: str) -> str:
    """An initialiser in a sentence."""
    return Message("PyTorch's own") if initialiser == "torch_default" else _NAMES_OF.get(initialiser, initialiser)


def _off(weight: Weight) -> float:
    return abs(math.log(weight.nearest.times)) if weight.nearest is not None else 0.0


def badness(weight: Weight) -> tuple[float, ...]:
    """What weights are sorted by, the worst first."""
    spectrum = weight.spectrum
    units = max(weight.units, 1)
    condition = spectrum.condition if spectrum is not None and spectrum.condition is not None else 1.0
    return (
        -float(weight.non_finite > 0), -weight.copies / units, -weight.dead_count / units,
        -float(_off(weight) > math.log(FAR)) * _off(weight), -float(condition > SINGULAR), -_off(weight),
    )  # fmt: skip

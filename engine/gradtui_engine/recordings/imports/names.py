"""What the columns of a log are, by their names: everyone calls them something else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_HELD_OUT = frozenset({"val", "valid", "validation", "eval", "evaluation", "test", "testing", "dev", "heldout"})
_TRAINED = frozenset({"train", "training", "trn"})
#: A loss of every step says more than a mean over an epoch.
_OF_STEPS, _OF_EPOCHS = frozenset({"step", "batch", "iter", "iteration"}), frozenset({"epoch", "epochs"})
#: What says nothing of which loss it is.
_PLAIN = _TRAINED | _HELD_OUT | _OF_STEPS | _OF_EPOCHS | {
    "loss", "losses", "total", "mean", "avg", "average", "running", "smooth", "smoothed", "global", "trainer",
    "metrics", "metric", "objective", "nll", "cost", "model", "scalar", "scalars", "raw", "final", "overall", "all",
}  # fmt: skip
_LOSSES = frozenset({"loss", "losses", "nll", "objective", "cost"})
_STEPS = frozenset({"step", "steps", "iteration", "iterations", "iter", "iters", "it", "update", "updates"})
_BEFORE_STEPS = frozenset({"global", "trainer", "num", "train", "training", "opt", "optimizer", "total", "x"})
_TIMES = frozenset({"timestamp", "walltime", "wall_time", "time", "created", "datetime"})
#: Words that are written as one.
_JOINED = re.compile(r"^(train|training|val|valid|validation|test|eval)(loss)$|^(grad|gradient|total)(norm)$")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The names of a log's columns by what they hold; others are further losses, which are not used."""

    loss: str | None = None
    held_out: str | None = None
    gradient: str | None = None
    rates: tuple[str, ...] = ()
    scale: str | None = None
    step: str | None = None
    epoch: str | None = None
    time: str | None = None
    others: tuple[str, ...] = ()

    @property
    def used(self) -> Iterator[str]:
        """ "what: its name", for each of them."""
        for what, name in (
            ("loss", self.loss), ("step", self.step or self.epoch), ("norm of all gradients", self.gradient),
            ("learning rate", ", ".join(self.rates) or None), ("loss scale", self.scale),
            ("loss on held-out data", self.held_out),
        ):  # fmt: skip
            if name is not None:
                yield f"{what}: {name}"


def words_of(name: str) -> tuple[str, ...]:
    """A name in small words: trainLoss, train/loss, Loss/train and train_loss are two each."""
    spread = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
    words: list[str] = []
    for word in re.split(r"[^a-z0-9]+", spread):
        joined = _JOINED.match(word)
        words += [part for part in joined.groups() if part] if joined else [word] if word else []
    return tuple(words)


def chosen(counts: Mapping[str, int]) -> Chosen:
    """What the columns are. counts: of each name how many numbers there are, in the order of the log."""
    words = {name: words_of(name) for name, count in counts.items() if count}
    losses = [name for name in words if _is_loss(words[name])]
    trained = [name for name in losses if not _HELD_OUT & {*words[name]}]
    held_out = [name for name in losses if _HELD_OUT & {*words[name]}]
    loss = _best(trained, words, counts)
    return Chosen(
        loss,
        _best(held_out, words, counts),
        _best([name for name in words if _is_gradient(words[name])], words, counts),
        tuple(name for name in words if _is_rate(words[name])),
        next((name for name in words if _is_scale(words[name])), None),
        _step(words),
        next((name for name in words if {*words[name]} - _TRAINED - {"trainer"} <= _OF_EPOCHS), None),
        next((name for name in words if {*words[name]} and {*words[name]} <= _TIMES | {"wall"}), None),
        tuple(name for name in trained if name != loss),
    )


def _best(names: Iterable[str], words: Mapping[str, tuple[str, ...]], counts: Mapping[str, int]) -> str | None:
    """The one with the fewest words that make it a part of a whole; the training's, of steps, the longest."""

    def worth(name: str) -> tuple[int, ...]:
        known = {*words[name]}
        level = 2 if known & _OF_STEPS else 0 if known & _OF_EPOCHS else 1
        return -len([word for word in words[name] if word not in _PLAIN]), bool(known & _TRAINED), level, counts[name]

    return max(names, key=worth, default=None)


def _is_loss(words: tuple[str, ...]) -> bool:
    return bool(_LOSSES & {*words}) and not {"scale", "scaler", "weight"} & {*words}


def _is_gradient(words: tuple[str, ...]) -> bool:
    known = {*words}
    return "gnorm" in known or ("norm" in known and bool({"grad", "grads", "gradient", "gradients"} & known))


def _is_rate(words: tuple[str, ...]) -> bool:
    return "lr" in words or ("learning" in words and "rate" in words)


def _is_scale(words: tuple[str, ...]) -> bool:
    return "scale" in words and {*words} <= {"loss", "grad", "scale", "scaler", "amp", "train", "training"}


def _step(words: Mapping[str, tuple[str, ...]]) -> str | None:
    """global_step before step: of several there is one that counts through."""
    names = [name for name in words if (known := {*words[name]}) & _STEPS and known <= _STEPS | _BEFORE_STEPS]
    names += [name for name in words if words[name] in (("batch",), ("batch", "idx"))]
    return next((name for name in names if "global" in words[name]), names[0] if names else None)

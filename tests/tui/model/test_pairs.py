"""The pairs of the story: on the default seed and on four others the disease is one, and the cure learns."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import numpy as np
import pytest

from gradtui.model.pair import Pair
from gradtui.model.pairs import PAIRS
from gradtui.text import language
from gradtui.text.language import tr
from gradtui.text.spans import cell_len, wrap
from gradtui_engine import Run, Training, TrainingSnapshot, train
from gradtui_engine.core.thresholds import EXPLODED, VANISHED
from tests.tui.helpers import trace_of

every_pair = pytest.mark.parametrize("name", PAIRS)
#: A stand's seed, and those that a person gets by `r`.
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (1, 2, 3, 4))]


def arrives(run: Run) -> float:
    """The share of the gradient that gets to the first stage that learns, from the gradients themselves."""
    return norm(run, 1 if run.axis != "time" else 0) / norm(run, len(run.stages) - 1)


def norm(run: Run, stage: int) -> float:
    """‖∂L/∂s‖ of the state that carries: an LSTM's cell state, else the hidden one."""
    state = "c" if "c/0" in run.values else "h"
    return float(np.linalg.norm(run.gradient(f"{state}/{stage}").astype(float)))


def factor(run: Run) -> float:
    """The geometric mean of the factors."""
    return float(arrives(run) ** (1 / (len(run.stages) - (2 if run.axis != "time" else 1))))


def same_gradients(a: Run, b: Run) -> bool:
    return all(np.array_equal(a.gradient(f"h/{stage}"), b.gradient(f"h/{stage}")) for stage in range(len(a.stages)))


#: What the first gradient says, of the disease and of the cure, as the points have it.
FIRST: dict[str, Callable[[Run, Run], bool]] = {
    "relu": lambda a, b: factor(a) < 0.25 and arrives(a) < 1e-17 and 0.5 < arrives(b) < 3,
    "small": lambda a, b: (
        1e-9 < arrives(a) < 3e-9 and 0.15 < arrives(b) < 0.3 and abs(factor(a) / factor(b) - 0.5) < 0.05
    ),
    "large": lambda a, b: arrives(a) > EXPLODED and abs(factor(a) / factor(b) - 1.5) < 0.02 and 0.5 < arrives(b) < 3,
    "residual": lambda a, b: arrives(a) < 1e-4 and 1 < arrives(b) < 3,
    "batchnorm": lambda a, b: 1 < arrives(a) < arrives(b) < EXPLODED,
    "clipping": lambda a, b: arrives(a) > 20 and same_gradients(a, b),
    "lstm": lambda a, b: arrives(a) < 1e-9 and arrives(b) > 1 and norm(a, 1) < 1e-6 * norm(b, 1),
    "depth": lambda a, b: arrives(a) < 1e-30 and 2e-3 < arrives(b) < 5e-3 and factor(b) < 0.25,
}
#: The share of held-out samples that the cure gets right on the default seed, and on the others, at least.
RIGHT = {
    "relu": (0.9, 0.85),
    "small": (0.9, 0.85),
    "large": (0.9, 0.9),
    "residual": (0.95, 0.9),
    "batchnorm": (0.95, 0.95),
    "clipping": (0.9, 0.85),
    "lstm": (0.99, 0.85),
    "depth": (0.9, 0.9),
}
#: The diseases by which the numbers run off, and after how many updates at the most; the others learn nothing.
DESTROYED = {"large": 2, "batchnorm": 5, "clipping": 3}
#: What `make test` trains: a third of a second's worth. Presets train two more of them.
QUICK = ("batchnorm",)


@functools.cache
def trained(training: Training) -> TrainingSnapshot:
    return train(training).snapshot()


def on_seed(pair: Pair, seed: int) -> tuple[Training, Training]:
    both = (pair.training, pair.training_of_other)
    a, b = (training.replace(experiment=training.experiment.replace(seed=seed)) for training in both)
    return a, b


def test_the_story_has_eight_pairs_in_this_order() -> None:
    assert PAIRS.names == ("relu", "small", "large", "residual", "batchnorm", "clipping", "lstm", "depth")
    assert [*FIRST] == [*RIGHT] == [*PAIRS]


@every_pair
@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_gradient_is_what_the_point_says(name: str, seed: int) -> None:
    a, b = on_seed(PAIRS[name], seed)
    assert FIRST[name](trace_of(a.experiment), trace_of(b.experiment))


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        pytest.param(name, seed, marks=[] if name in QUICK and seed == 0 else [pytest.mark.soak])
        for name in PAIRS
        for seed in range(5)
    ],
)
def test_the_disease_learns_nothing_and_the_cure_learns(name: str, seed: int) -> None:
    ill, well = map(trained, on_seed(PAIRS[name], seed))
    assert ill.outcome is not None
    assert well.outcome is not None
    if name in DESTROYED:
        assert ill.outcome.kind == "diverged"
        assert ill.count - 1 <= DESTROYED[name]
    else:
        assert ill.outcome.kind == "stalled"
        # As good as guessing among ten digits, or eight symbols.
        assert (ill.validations[-1].accuracy or 0.0) < 0.16
    assert well.outcome.kind == "trained"
    assert well.count == well.training.iterations
    assert (well.validations[-1].accuracy or 0.0) > RIGHT[name][seed > 0]


@pytest.mark.soak
@every_pair
def test_the_cure_keeps_the_gradient_while_it_learns(name: str) -> None:
    """What passes at the end passes: nothing that learns has a gradient that has vanished or exploded."""
    well = trained(PAIRS[name].training_of_other)
    norms = well.columns["gradient"][-1].astype(float)
    share = float(10 ** (norms[1 if well.axis != "time" else 0] - norms[-1]))
    assert VANISHED < share < EXPLODED


@every_pair
def test_both_sides_read_the_same_samples(name: str) -> None:
    """So that the loss alone decides: the same data, batches and random numbers, and the same way of descending."""
    pair = PAIRS[name]
    a, b = pair.training, pair.training_of_other
    same = ("data", "batch", "steps", "seed", "loss", "optimizer", "learning_rate", "momentum", "weight_decay", "dtype")
    assert all(getattr(a.experiment.resolved, field) == getattr(b.experiment.resolved, field) for field in same)
    assert a.replace(experiment=b.experiment) == b
    assert pair.changes


@pytest.mark.parametrize("lang", ["en", "zh"])
@every_pair
def test_texts_fit_a_screen_of_80(name: str, lang: str) -> None:
    """The titles two frames of 40 cells, the point two lines, all labels one."""
    pair = PAIRS[name]
    language.use(lang)
    try:
        assert max(cell_len(tr(text)) for text in (pair.disease, pair.cure)) <= 34
        assert len(wrap(tr(pair.point), 78)) <= 2
        assert sum(cell_len(tr(row.short)) + 3 for row in PAIRS.values()) <= 80 - len("9 idea")
    finally:
        language.use("en")


@every_pair
def test_the_point_is_one_sentence(name: str) -> None:
    point = PAIRS[name].point
    assert point[0].isupper()
    assert re.findall(r"[.!](?!\d)", point) == ["."]


def test_no_two_pairs_are_called_the_same() -> None:
    for texts in zip(
        *((row.label, row.short, row.disease, row.point, row.idea) for row in PAIRS.values()), strict=True
    ):
        assert len(set(texts)) == len(PAIRS)

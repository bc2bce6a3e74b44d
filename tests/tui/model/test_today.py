"""The pairs of today's networks: on five seeds the disease keeps next to nothing and guesses, and the cure learns."""

from __future__ import annotations

import numpy as np
import pytest

from gradtui.model.today import TODAY
from gradtui_engine import Run, train
from gradtui_engine.core.thresholds import VANISHED
from tests.tui.helpers import trace_of

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (1, 2, 3, 4))]
#: What arrives of the disease at the most, and of the cure at the least; and the share of held-out samples that the
#: cure gets right at the least, of which guessing gets a tenth (of recall's symbols an eighth).
FIRST = {"transformer": (1e-4, 0.5), "lru": (1e-9, 0.1), "highway": (1e-17, 0.1)}
RIGHT = {"transformer": 0.85, "lru": 0.95, "highway": 0.9}


def arrives(run: Run) -> float:
    first = 1 if run.axis != "time" else 0
    norms = [np.linalg.norm(run.gradient(f"h/{stage}").astype(float)) for stage in (first, len(run.stages) - 1)]
    return float(norms[0] / norms[1])


@pytest.mark.parametrize("name", TODAY)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_disease_keeps_next_to_nothing_and_the_cure_most(name: str, seed: int) -> None:
    pair = TODAY[name]
    disease, cure = (trace_of(experiment.replace(seed=seed)) for experiment in (pair.experiment, pair.other))
    most, least = FIRST[name]
    assert arrives(disease) < most < VANISHED
    assert least < arrives(cure) < 3


@pytest.mark.soak
@pytest.mark.parametrize("name", TODAY)
@pytest.mark.parametrize("seed", range(5))
def test_the_disease_guesses_and_the_cure_learns(name: str, seed: int) -> None:
    pair = TODAY[name]
    trainings = [
        training.replace(experiment=training.experiment.replace(seed=seed))
        for training in (pair.training, pair.training_of_other)
    ]
    guessed, learned = (train(training).snapshot().validations[-1].accuracy for training in trainings)
    assert guessed < 0.3
    assert learned > RIGHT[name]

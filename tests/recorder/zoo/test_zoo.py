"""Every fault of the zoo is found, in its layer and at its step, and nothing is said of what is healthy."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from .judge import judge, plain, record
from .table import HELD_OUT, KINDS, QUICK, TRAININGS
from .training import Training

#: PyTorch warns of what the trainings do on purpose (a scheduler before a step that was left out); the recorder never.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:torch")

SEEDS = (0, 1, 2)


def named(trainings: tuple[Training, ...]) -> Callable[[Any], Any]:
    return pytest.mark.parametrize("training", trainings, ids=[training.name for training in trainings])


def test_the_zoo_has_every_kind_twice_and_twenty_five_healthy_ones() -> None:
    faults = [training.kind for training in TRAININGS if training.kind]
    assert {kind: faults.count(kind) for kind in KINDS if faults.count(kind) < 2} == {}
    assert set(faults) == set(KINDS)
    assert sum(not training.kind for training in TRAININGS) >= 25
    assert {training.kind for training in QUICK} == {*KINDS, ""}
    names = [training.name for training in TRAININGS]
    assert len(set(names)) == len(names)


@named(QUICK)
def test_what_is_wrong_is_found_where_it_is(training: Training, tmp_path: Path) -> None:
    judgement = judge(training, 0, tmp_path)
    assert judgement.right, str(judgement)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
@named(TRAININGS)
def test_every_one_is_judged_right_with_several_seeds(training: Training, seed: int, tmp_path: Path) -> None:
    judgement = judge(training, seed, tmp_path)
    assert judgement.right, str(judgement)


@pytest.mark.soak
@named((*TRAININGS, *HELD_OUT))
def test_the_results_are_the_same_to_the_bit_with_and_without_a_recorder(training: Training, tmp_path: Path) -> None:
    alone, watched = plain(training, 1), record(training, 1, tmp_path, every=3)
    assert alone.onset == watched.onset
    for one, other in itertools.zip_longest(alone.state, watched.state):
        assert torch.equal(one.nan_to_num(nan=-7e7), other.nan_to_num(nan=-7e7)), training.name

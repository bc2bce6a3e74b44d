"""The zoo has what it is there for."""

from __future__ import annotations

from .table import KINDS, QUICK, TRAININGS


def test_the_zoo_has_every_kind_twice_and_twenty_five_healthy_ones() -> None:
    faults = [training.kind for training in TRAININGS if training.kind]
    assert {kind: faults.count(kind) for kind in KINDS if faults.count(kind) < 2} == {}
    assert set(faults) == set(KINDS)
    assert sum(not training.kind for training in TRAININGS) >= 25
    assert {training.kind for training in QUICK} == {*KINDS, ""}
    names = [training.name for training in TRAININGS]
    assert len(set(names)) == len(names)

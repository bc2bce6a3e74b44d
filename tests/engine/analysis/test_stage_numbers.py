"""The table of what a stage has: each row reads its own number, and says where it stands, what it is and when."""

from __future__ import annotations

import math
import pickle

import pytest

from gradtui_engine.analysis.stage_numbers import (
    FACTOR_PARTS,
    MOMENTS,
    STAGE_NUMBERS,
    UNITS,
    StageNumber,
    StageNumbers,
)
from gradtui_engine.cells.table import CELLS

#: A stage that has every number, each another one.
FULL = {name: float(number) for number, name in enumerate(STAGE_NUMBERS, 1)}

every_number = pytest.mark.parametrize("row", STAGE_NUMBERS.values(), ids=STAGE_NUMBERS.names)


def test_a_stage_gives_back_the_numbers_that_it_was_made_of() -> None:
    stage = StageNumbers.of(3, "layer 3", FULL)
    assert stage.numbers == FULL
    assert pickle.loads(pickle.dumps(stage)) == stage


def test_a_number_that_is_not_known_is_none_and_is_not_among_the_numbers() -> None:
    stage = StageNumbers.of(3, "encoder.3", {"gradient_norm": 0.5, "factor": None, "factor_weight": None})
    assert stage.numbers == {"gradient_norm": 0.5}
    assert stage.factors == {}
    assert math.isnan(stage.activation.std)


@every_number
def test_a_row_reads_its_own_number(row: StageNumber) -> None:
    stage = StageNumbers.of(1, "layer 1", {"gradient_norm": 0.0, row.name: 42.0})
    assert [name for name, other in STAGE_NUMBERS.items() if other.read(stage) == 42.0] == [row.name]


@every_number
def test_a_row_says_what_its_number_is_and_when_it_is_known(row: StageNumber) -> None:
    assert row.unit in UNITS
    assert row.when in MOMENTS
    assert row.axis in ("", "layer", "block", "time")
    assert all((row.head, row.label, row.description))
    assert row.name == f"factor_{row.part}" if row.part else not row.name.startswith("factor_")


@every_number
def test_a_cell_has_a_number_only_on_the_axis_of_the_number(row: StageNumber) -> None:
    cells = [cell for cell in CELLS.values() if row.in_cell(cell)]
    assert cells
    if row.axis:
        assert {cell.axis for cell in cells} == {row.axis}


def test_every_number_has_a_place_of_its_own_in_the_document() -> None:
    assert len({row.path for row in STAGE_NUMBERS.values()}) == len(STAGE_NUMBERS)
    assert len(set(FACTOR_PARTS)) == len(FACTOR_PARTS)

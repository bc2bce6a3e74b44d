"""Tables: rows by name, in order, complete."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from gradtui_engine.cells.table import CELLS, OPERATIONS
from gradtui_engine.core.table import Table
from gradtui_engine.data.datasets import DATA_SETS
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.initialisers import INITIALISERS
from gradtui_engine.rules.losses import LOSSES

TABLES: list[Table[Any]] = [ACTIVATIONS, INITIALISERS, LOSSES, CELLS, DATA_SETS, OPERATIONS]
every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
# Words that a row may leave out: an operation without a share of its stage's factor.
MAY_BE_EMPTY = {("operation", "part"), ("cell", "heading"), ("activation", "proper_name")}


@every_table
def test_a_row_is_found_by_its_own_name_in_the_tables_order(table: Table[Any]) -> None:
    assert len(table) == len(table.names) > 0
    assert tuple(table) == table.names == tuple(row.name for row in table.values())
    assert all(table[name].name == name for name in table.names)


@every_table
def test_every_word_of_every_row_is_written(table: Table[Any]) -> None:
    for row in table.values():
        for field in dataclasses.fields(row):
            value = getattr(row, field.name)
            if isinstance(value, str) and (table.title, field.name) not in MAY_BE_EMPTY:
                assert value.strip() == value != "", (row.name, field.name)


@every_table
def test_an_unknown_row_is_answered_with_the_title_and_the_nearest(table: Table[Any]) -> None:
    name = table.names[-1]
    with pytest.raises(KeyError) as caught:
        table[name + "x"]
    message = str(caught.value.args[0])
    assert message.startswith(f"{table.title}: {name + 'x'!r} is unknown; allowed: {', '.join(table.names)}")
    assert message.endswith(f"did you mean {name!r}?")
    assert name + "x" not in table
    assert table.get(name + "x") is None


def test_two_rows_of_one_name_are_refused() -> None:
    row = next(iter(ACTIVATIONS.values()))
    with pytest.raises(ValueError, match="activation: two rows are named 'linear'"):
        Table("activation", (row, row))


@every_table
def test_a_table_cannot_be_changed(table: Table[Any]) -> None:
    row = next(iter(table.values()))
    with pytest.raises(TypeError):
        table["other"] = row  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.name = "other"

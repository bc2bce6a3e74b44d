"""The program: a network that can be listed, and whose scratch buffers never overlap in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, Site, build
from gradtui_engine.cells.table import CELLS
from gradtui_engine.program.output_layer import Sizes
from gradtui_engine.program.program import Program
from gradtui_engine.rules.losses import LOSSES
from tests.engine.helpers import drawn

every_cell = pytest.mark.parametrize("cell", CELLS.names)


def program_of(cell: str, depth: int = 3, width: int = 4, steps: int = 5, loss: str = "mse") -> Program:
    return CELLS[cell].build(Experiment(cell=cell, depth=depth, width=width).resolved, Sizes(2, 3, 1, steps), loss)


def test_an_mlp_is_linear_and_activation_in_turn_then_the_output_and_the_loss() -> None:
    listed = [(each.operation, str(each.site), each.choice) for each in program_of("mlp", depth=2).instructions]
    assert listed == [
        ("linear", "layer 1 · linear", ""),
        ("activation", "layer 1 · activation", "sigmoid"),
        ("linear", "layer 2 · linear", ""),
        ("activation", "layer 2 · activation", "sigmoid"),
        ("linear", "output", ""),
        ("loss", "loss", "mse"),
    ]


def test_an_lstm_is_one_projection_and_one_fused_operation_a_step() -> None:
    listed = [(each.operation, str(each.site)) for each in program_of("lstm", steps=3).instructions]
    assert listed == [
        ("lstm_projection", "input projection"),
        ("lstm_step", "t = 1 · cell"),
        ("lstm_step", "t = 2 · cell"),
        ("lstm_step", "t = 3 · cell"),
        ("linear", "output"),
        ("loss", "loss"),
    ]


@every_cell
@pytest.mark.parametrize("loss", LOSSES.names)
def test_every_instruction_reads_what_is_there_and_every_name_is_known(cell: str, loss: str) -> None:
    program = program_of(cell, loss=loss)
    known = {program.input, *program.initial}
    for each in program.instructions:
        assert all(name in known or program.slots[name].whole in known for name in each.inputs), each.site
        assert not known & set(each.outputs), each.site
        assert program.parameters.keys() >= {*each.parameters, *each.shared}
        assert program.slots.keys() >= {*each.reads, *each.outputs}
        known |= set(each.outputs)
    assert known >= {*program.stages, *program.cells}
    owners = [name for each in program.instructions for name in each.parameters]
    assert sorted(owners) == sorted(program.parameters)  # each parameter's gradient is written exactly once


@every_cell
@drawn(30)
@given(data=st.data())
def test_no_scratch_buffer_is_written_while_its_gradient_is_still_wanted(cell: str, data: st.DataObject) -> None:
    program = program_of(cell, *(data.draw(st.integers(1, 6)) for _ in range(3)))
    buffers = program.scratch()
    alive: dict[tuple[int, tuple[int, ...]], str] = {}
    for each in reversed(program.instructions):
        for name in each.inputs:
            if name in buffers:
                key = buffers[name], program.slots[name].shape
                assert alive.setdefault(key, name) == name
        for name in each.outputs:
            if name in buffers:
                assert alive.pop((buffers[name], program.slots[name].shape)) == name
    assert not alive


@every_cell
def test_the_number_of_scratch_buffers_does_not_grow_with_the_number_of_stages(cell: str) -> None:
    few, many = (len(set(program_of(cell, depth=size, steps=size).scratch().values())) for size in (3, 50))
    # A Transformer's block has arrays of several sizes: width, 3 and 4 widths.
    assert few == many <= (6 if cell == "transformer" else 2)


@pytest.mark.parametrize(
    ("site", "place", "text"),
    [
        (Site("linear", layer=3), "layer 3", "layer 3 · linear"),
        (Site("attention", layer=3, axis="block"), "block 3", "block 3 · attention"),
        (Site("cell", time=40), "t = 40", "t = 40 · cell"),
        (Site("loss"), "loss", "loss"),
    ],
)
def test_a_site_says_where_it_is(site: Site, place: str, text: str) -> None:
    assert (site.place, str(site)) == (place, text)


@every_cell
def test_every_stage_is_a_row_of_one_whole_so_that_one_pass_serves_all(cell: str) -> None:
    network = build(Experiment(cell=cell, depth=3, width=4, batch=2))
    trace = network.run()
    stages = [name for name in trace.program.stages if not (CELLS[cell].axis != "time" and name == "h/0")]
    assert all(np.shares_memory(trace.values[name], trace.values["h"]) for name in stages)
    first = 1 if CELLS[cell].axis != "time" else 0
    assert trace.values["h"].shape[0] == len(stages)
    for index, name in enumerate(stages):
        assert name == f"h/{index + first}"
        assert trace.values[name].tobytes() == trace.values["h"][index].tobytes()

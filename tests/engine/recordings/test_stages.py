"""The stages of models as people build them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gradtui_engine.recordings.axes import axes_of
from gradtui_engine.recordings.columns import Call
from gradtui_engine.recordings.header import Header, ModuleRow, ParameterRow
from gradtui_engine.recordings.stages import MOST_STAGES, Stage, every_stage, stages_of


def model(
    modules: Iterable[tuple[str, str]], parameters: Iterable[str], tied: tuple[tuple[str, ...], ...] = ()
) -> Header:
    return Header(
        tuple(ModuleRow(name, kind, kind) for name, kind in modules),
        tuple(ParameterRow(name) for name in parameters),
        tied,
    )


def once(header: Header, *names: str) -> tuple[Call, ...]:
    """Each of these modules called, or all but the model itself, in their order."""
    return tuple(Call(name) for name in names or [row.name for row in header.modules if row.name])


def owned(header: Header, stage: Stage) -> list[str]:
    return [header.parameters[index].name for index in stage.parameters]


def test_a_normalisation_belongs_to_the_stage_before_and_h_comes_behind_the_activation() -> None:
    header = model(
        [("0", "Conv2d"), ("1", "BatchNorm2d"), ("2", "ReLU"), ("3", "MaxPool2d"), ("4", "Flatten"), ("5", "Linear")],
        ["0.weight", "0.bias", "1.weight", "1.bias", "5.weight"],
    )
    first, last = stages_of(header, once(header))
    assert (first.place, first.columns) == ("0", (0, 1, 2, 3, 4))
    assert owned(header, first) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert (last.place, last.columns, owned(header, last)) == ("5", (5,), ["5.weight"])


def test_what_comes_before_the_first_weights_is_a_part_of_it() -> None:
    header = model([("norm", "LayerNorm"), ("fc", "Linear")], ["norm.weight", "fc.weight"])
    (stage,) = stages_of(header, once(header))
    assert (stage.place, stage.columns) == ("fc", (0, 1))
    assert owned(header, stage) == ["fc.weight", "norm.weight"]


def test_what_is_never_called_belongs_to_what_it_is_a_part_of() -> None:
    header = model(
        [("att", "MultiheadAttention"), ("att.out_proj", "NonDynamicallyQuantizableLinear"), ("fc", "Linear")],
        ["att.in_proj_weight", "att.out_proj.weight", "fc.weight"],
    )
    attention, linear = stages_of(header, once(header, "att", "fc"))
    assert owned(header, attention) == ["att.in_proj_weight", "att.out_proj.weight"]
    assert linear.place == "fc"


def test_a_custom_module_with_parameters_is_a_stage_and_a_block_around_others_is_none() -> None:
    header = model(
        [("", "Net"), ("scale", "MyScale"), ("block", "Block"), ("block.fc", "Linear")],
        ["token", "scale.gamma", "block.beta", "block.fc.weight"],
    )
    stages = stages_of(header, once(header, "scale", "block.fc", "block", ""))
    assert [stage.place for stage in stages] == ["scale", "block.fc"]
    # The block's own parameter and the model's belong to the stage that they end with.
    assert owned(header, stages[1]) == ["block.fc.weight", "block.beta", "token"]


def test_a_model_that_is_one_module_is_one_stage() -> None:
    header = model([("", "Linear")], ["weight", "bias"])
    (stage,) = stages_of(header, once(header, ""))
    assert (stage.place, stage.module, owned(header, stage)) == ("model", "", ["weight", "bias"])


def test_a_module_that_is_called_several_times_is_a_stage_each_time() -> None:
    header = model([("shared", "Linear"), ("act", "ReLU")], ["shared.weight"])
    calls = [Call(name, call) for call in range(3) for name in ("shared", "act")]
    stages = stages_of(header, calls)
    assert [stage.place for stage in stages] == ["shared · 1", "shared · 2", "shared · 3"]
    assert [stage.columns for stage in stages] == [(0, 1), (2, 3), (4, 5)]


def test_a_tied_parameter_belongs_to_both() -> None:
    header = model(
        [("emb", "Embedding"), ("head", "Linear")], ["emb.weight", "head.bias"], (("emb.weight", "head.weight"),)
    )
    embedding, head = stages_of(header, once(header))
    assert owned(header, embedding) == ["emb.weight"]
    assert owned(header, head) == ["emb.weight", "head.bias"]


def test_without_calls_the_modules_with_parameters_are_the_stages() -> None:
    header = model([("", "Net"), ("a", "Linear"), ("b", "ReLU"), ("c", "Linear")], ["a.weight", "c.weight"])
    assert [(stage.place, owned(header, stage)) for stage in stages_of(header, ())] == [
        ("a", ["a.weight"]), ("c", ["c.weight"]),
    ]  # fmt: skip


PARTS = ("attn.q", "attn.k", "attn.v", "attn.o", "mlp.fc1", "mlp.fc2")


def transformer(blocks: int) -> tuple[Header, tuple[Call, ...]]:
    leaves = [f"encoder.layer.{block}.{part}" for block in range(blocks) for part in PARTS]
    names = ["embedding", *leaves, "head"]
    header = model([(name, "Linear") for name in names], [f"{name}.weight" for name in names])
    return header, once(header)


@pytest.mark.parametrize("blocks", [9, 10])
def test_the_blocks_of_a_large_model_fold(blocks: int) -> None:
    header, calls = transformer(blocks)
    stages = stages_of(header, calls)
    if 6 * blocks + 2 <= MOST_STAGES:
        assert [stage.place for stage in stages[:2]] == ["embedding", "encoder.layer.0.attn.q"]
        return
    assert [stage.place for stage in stages] == [
        "embedding", *(f"encoder.layer.{block}" for block in range(blocks)), "head",
    ]  # fmt: skip
    assert owned(header, stages[1]) == [f"encoder.layer.0.{part}.weight" for part in PARTS]
    assert stages[1].columns == (1, 2, 3, 4, 5, 6)
    assert len(every_stage(header, calls)) == 6 * blocks + 2


def test_of_nested_blocks_the_innermost_fold() -> None:
    names = [f"stages.{s}.blocks.{b}.conv{c}" for s in range(4) for b in range(6) for c in range(3)]
    header = model([(name, "Conv2d") for name in names], [f"{name}.weight" for name in names])
    assert [stage.place for stage in stages_of(header, once(header))] == [
        f"stages.{s}.blocks.{b}" for s in range(4) for b in range(6)
    ]


def test_a_plain_stack_has_nothing_to_fold() -> None:
    header = model([(f"layers.{n}", "Linear") for n in range(100)], [f"layers.{n}.weight" for n in range(100)])
    assert [stage.place for stage in stages_of(header, once(header))] == [f"layers.{n}" for n in range(100)]


def test_a_cell_in_a_loop_and_what_is_called_with_it_are_one_stage_each() -> None:
    header = model([("cell", "LSTMCell"), ("read", "Linear"), ("head", "Linear")], ["cell.w", "read.w", "head.w"])
    calls = [*(Call(name, time) for time in range(5) for name in ("cell", "read")), Call("head")]
    stages, over_time = axes_of(header, calls, [])
    assert [stage.place for stage in stages] == ["cell", "read", "head"]
    assert over_time["cell"].columns == (0, 2, 4, 6, 8)

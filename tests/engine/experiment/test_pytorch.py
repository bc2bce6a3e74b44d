"""The lines of PyTorch that apply a change: every change has some, they are Python, and say what was meant."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment
from gradtui_engine.analysis.outcome import KINDS, SOUND_KINDS
from gradtui_engine.cells.residual_blocks import BLOCKS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.experiment.pytorch import OF_DATA, TABLE, Line, lines
from gradtui_engine.experiment.remedies import REMEDIES, remedies_for
from gradtui_engine.experiment.remedy import Remedy
from gradtui_engine.experiment.resolved import Resolved
from gradtui_engine.experiment.training import Training
from gradtui_engine.program.dropout import DROPOUTS
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.initialisers import INITIALISERS
from gradtui_engine.rules.losses import LOSSES
from gradtui_engine.rules.optimisers import OPTIMISERS
from gradtui_engine.rules.schedules import SCHEDULES
from tests.engine.helpers import drawn
from tests.engine.strategies import valid_experiments

ILL = [kind for kind in KINDS if kind not in SOUND_KINDS]
TABLES = {
    "activation": ACTIVATIONS,
    "init": INITIALISERS,
    "norm": NORMALISATIONS,
    "dropout_kind": DROPOUTS,
    "optimizer": OPTIMISERS,
    "clip": CLIPPINGS,
    "loss": LOSSES,
    "residual_block": BLOCKS,
    "cell": CELLS,
}
#: What a row needs beside it.
BESIDE: dict[str, dict[str, Any]] = {"cell": {"data": "digits-rows"}, "dropout_kind": {"dropout": 0.5}}


def between(before: Experiment, **changes: Any) -> list[str]:
    training = Training(experiment=before)
    return [str(line) for line in lines(training, training.replace(**changes))]


def between_lines(before: Experiment, after: Experiment) -> tuple[Line, ...]:
    return lines(Training(experiment=before), Training(experiment=after))


def assert_python(texts: list[str]) -> None:
    assert texts
    for text in texts:
        compile(text, "<line>", "exec")
        assert text == text.rstrip()
    compile("\n".join(texts), "<lines>", "exec")


# -- every change has lines ----------------------------------------------------------------------------------


def test_every_field_of_an_experiment_is_in_the_table_once_or_is_of_the_data() -> None:
    named = [name for fields, _ in TABLE for name in fields] + [*OF_DATA]
    assert sorted(named) == sorted(field.name for field in dataclasses.fields(Resolved))


def rows() -> list[tuple[str, str]]:
    return [(field, name) for field, table in TABLES.items() for name in table]


@pytest.mark.parametrize(("field", "name"), rows())
def test_every_row_of_every_table_is_python(field: str, name: str) -> None:
    first = {"cell": "mlp", "depth": 4, "width": 8, "residual": "add"} | BESIDE.get(field, {})
    base = Experiment(**first)
    other = next(each for each in TABLES[field] if each not in (name, "lsuv"))
    assert_python(between(base.replace(**{field: other}), **{field: name}))
    for cell in ("rnn", "lstm", "gru", "mgu", "mingru"):
        if field == "init" and not INITIALISERS[name].data_dependent:
            assert_python(between(Experiment(cell=cell, init=other, layers=2), init=name))


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "constant"])
@pytest.mark.parametrize("more", [{}, {"warmup": 7}, {"step_every": 5, "step_factor": 0.3}])
def test_the_scheduler_has_the_rate_of_every_iteration(name: str, more: dict[str, Any]) -> None:
    before = Training(experiment=Experiment(learning_rate=1.0), iterations=40)
    after = before.replace(schedule=name, **more)
    first, *_ = map(str, lines(before, after))
    code = first.removeprefix("scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, ").removesuffix(")")
    share: Callable[[int], float] = eval(code, {"math": math})
    assert [share(k) for k in range(40)] == [after.learning_rate(k) for k in range(40)]


@drawn(60)
@given(valid_experiments(), st.sampled_from(ILL))
def test_every_remedy_of_every_experiment_has_lines_that_are_python(experiment: Experiment, kind: str) -> None:
    training = Training(experiment=experiment)
    for remedy in remedies_for(experiment, (kind,)):
        assert_python([str(line) for line in remedy.pytorch(training)])


@pytest.mark.parametrize("cell", CELLS.names)
def test_what_only_compare_switches_has_lines_too(cell: str) -> None:
    experiment = Experiment(cell=cell, clip="value", data="digits-rows", width=8)
    for row in REMEDIES.values():
        if cell in row.cells and "target" not in row.name:
            remedy = Remedy(row.name, row.changes_of(experiment.resolved), row.why, row.no_cure, row.training)
            if remedy.training or remedy.apply(experiment).resolved != experiment.resolved:
                assert_python([str(line) for line in remedy.pytorch(Training(experiment=experiment))])


# -- and they say what was meant -----------------------------------------------------------------------------


def test_a_layer_norm_has_the_width() -> None:
    assert between(Experiment(width=48), norm="layer") == ["nn.LayerNorm(48)  # before each activation"]


def test_relu_and_he_are_an_activation_and_kaiming() -> None:
    assert between(Experiment(), activation="relu", init="he_normal") == [
        "nn.ReLU()  # in place of nn.Sigmoid(), after each hidden layer",
        "for layer in model.modules():\n"
        "    if isinstance(layer, nn.Linear):\n"
        '        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")\n'
        "        nn.init.zeros_(layer.bias)",
    ]


def test_the_update_has_the_experiments_own_numbers() -> None:
    (clip,) = between(Experiment(), clip="norm", clip_threshold=0.5)
    assert clip.startswith("torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)")
    assert between(Experiment(), optimizer="adam") == ["optimizer = torch.optim.Adam(model.parameters(), lr=0.001)"]
    (nesterov,) = between(Experiment(), optimizer="nesterov", momentum=0.8, learning_rate=0.3, weight_decay=1e-4)
    assert nesterov.endswith("SGD(model.parameters(), lr=0.3, momentum=0.8, nesterov=True, weight_decay=0.0001)")


def test_a_warmup_multiplies_the_rate() -> None:
    assert between(Experiment(), schedule="warmup", warmup=50) == [
        "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: min(1.0, (k + 1) / 50))",
        "scheduler.step()  # after each optimizer.step()",
    ]


def test_a_forget_bias_is_that_of_the_second_block_of_every_layer() -> None:
    assert between(Experiment(cell="lstm", width=32, layers=2), forget_bias=4.0) == [
        "lstm.bias_ih_l0.data[32:64].fill_(4.0)  # forget gate",
        "lstm.bias_ih_l1.data[32:64].fill_(4.0)  # forget gate",
        "lstm.bias_hh_l0.data[32:64].zero_()",
        "lstm.bias_hh_l1.data[32:64].zero_()",
    ]
    # Where biases are drawn it is added to what was drawn, and to what has been added.
    assert between(Experiment(cell="lstm", init="torch_default", width=32, forget_bias=1.0), forget_bias=3.0) == [
        "lstm.bias_ih_l0.data[32:64] += 2.0  # forget gate"
    ]


def test_another_cell_is_another_module_that_starts_as_the_experiment_does() -> None:
    made = between(Experiment(cell="gru", width=16, data="adding"), cell="lstm")
    assert made[0] == "lstm = nn.LSTM(2, 16)"
    assert "nn.init.xavier_normal_(block)" in made[1]
    assert made[-1] == "lstm.bias_ih_l0.data[16:32].fill_(1.0)  # forget gate"


def test_what_pytorch_has_not_is_said() -> None:
    first, made, *_ = between(Experiment(cell="gru", width=8), cell="mgu")
    assert first.startswith("class MGU(nn.Module):  # PyTorch has no mgu: a module of your own\n")
    assert made == "mgu = MGU(1, 8)"
    assert str(Line("", "nothing")) == "# nothing"
    assert str(Line("a = 1\nb = 2", "here")) == "a = 1  # here\nb = 2"


#: Rows that are no one call of PyTorch's, and what the engine reads as another one's.
WITHOUT_A_CALL = {"none", "sin", "adaptive"}


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (field, name)
        for field in ("activation", "norm", "clip", "optimizer")
        for name in TABLES[field]
        if name not in WITHOUT_A_CALL and (field, name) != ("clip", "layer")
    ],
)
def test_the_engine_reads_its_own_lines_as_pytorchs(field: str, name: str) -> None:
    """A name from elsewhere is taken for what it means: the other way round."""
    wanted = Experiment(width=24, **{field: name}).resolved
    other = next(each for each in TABLES[field] if each != name)
    (line,) = between_lines(Experiment(width=24, **{field: other}), Experiment(width=24, **{field: name}))
    again = Experiment(width=24, **{field: line.code.removeprefix("optimizer = ")})
    assert again.resolved == dataclasses.replace(wanted, asks_for_update=again.resolved.asks_for_update)

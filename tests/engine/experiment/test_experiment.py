"""The Experiment: what it accepts, what it refuses with which words, what follows from what."""

from __future__ import annotations

import dataclasses
import math
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.fields import Choice, Integer, Number
from gradtui_engine.core.widths import in_order
from gradtui_engine.data.datasets import CSV, DATA_SETS
from gradtui_engine.experiment.data_fields import OF_FILES
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.resolved import Resolved
from tests.engine.helpers import drawn, refused
from tests.engine.strategies import SHAPE, allowed, data_names, valid_experiments, valid_fields
from tests.examples import in_one

INTEGERS = [name for name, each in options().items() if isinstance(each.kind, Integer)]
NUMBERS = [name for name, each in options().items() if isinstance(each.kind, Number)]
NAMES = [name for name, each in options().items() if isinstance(each.kind, Choice)]


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", INTEGERS)
@in_one("value", [True, "7", 7.0, math.nan, [7], 7j, b"7"])
def test_a_whole_number_is_an_int_and_nothing_that_looks_like_one(name: str, value: Any) -> None:
    (problem,) = refused(Experiment, **{name: value})
    kind = options()[name].kind
    assert problem == f"{name}: {value!r} given; allowed: {kind.allowed}"
    assert kind.allowed.startswith("a whole number from ")


@pytest.mark.parametrize("name", NUMBERS)
@in_one("value", [True, "0.5", [0.5], 1j])
def test_a_number_is_real_and_no_text_and_no_truth_value(name: str, value: Any) -> None:
    (problem,) = refused(Experiment, **{name: value})
    assert problem == f"{name}: {value!r} given; allowed: {options()[name].kind.allowed}"


@pytest.mark.parametrize("name", NUMBERS)
@in_one("value", [math.nan, math.inf, -math.inf, 1e31, -1e31, 10**400, -(10**400)])
def test_a_number_is_finite_and_within_its_range(name: str, value: float) -> None:
    (problem,) = refused(Experiment, **{name: value})
    assert problem.startswith(f"{name}: ")
    assert f"allowed: {options()[name].kind.allowed}" in problem
    assert len(problem) < 120


@pytest.mark.parametrize("name", INTEGERS)
def test_a_whole_number_one_beyond_its_range_is_refused_and_its_ends_are_not(name: str) -> None:
    kind = options()[name].kind
    assert isinstance(kind, Integer)
    data = "csv:table.csv" if name in OF_FILES else "gaussian"
    for beyond in (kind.minimum - 1, kind.maximum + 1, 10**5000, -(10**5000)):
        problem = refused(Experiment, data=data, **{name: beyond})[0]
        assert problem.startswith(f"{name}: ")
        assert len(problem) < 120
    for end in (kind.minimum, kind.maximum):
        assert getattr(Experiment(cell="lstm", data=data, **{name: end}), name) == end


@pytest.mark.parametrize("name", [name for name in options() if not options()[name].is_optional])
def test_only_what_may_be_left_out_may_be_none(name: str) -> None:
    (problem,) = refused(Experiment, **{name: None})
    assert problem == f"{name}: None given; allowed: {options()[name].kind.allowed}"


@pytest.mark.parametrize("name", NAMES)
@in_one("value", [7, True, b"mlp", ["mlp"]])
def test_a_name_is_text(name: str, value: Any) -> None:
    (problem,) = refused(Experiment, **{name: value})
    assert problem == f"{name}: {value!r} given; allowed: {options()[name].kind.allowed}"


@pytest.mark.parametrize(
    ("name", "given_name", "meant"),
    [
        ("cell", "LTSM", "lstm"),
        ("cell", "mpl", "mlp"),
        ("activation", "rleu", "relu"),
        ("activation", "Sigmod", "sigmoid"),
        ("init", "xavier", "xavier_normal"),
        ("init", "he-norml", "he_normal"),
        ("data", "digit", "digits"),
        ("data", "digits_row", "digits-rows"),
        ("dtype", "float", "float32"),
        ("dtype", "q", None),
        ("activation", "", None),
    ],
)
def test_an_unknown_name_is_answered_with_what_is_allowed_and_the_nearest(
    name: str, given_name: str, meant: str | None
) -> None:
    (problem,) = refused(Experiment, **{name: given_name})
    allowed = ", ".join(options()[name].kind.names)
    hint = f"; did you mean {meant!r}?" if meant else ""
    assert problem == f"{name}: {given_name!r} is unknown; allowed: {allowed}{hint}"


def test_every_problem_is_reported_at_once_in_the_order_of_the_fields() -> None:
    wrong = {"cell": "cnn", "depth": 0, "width": "wide", "activation": "rleu", "gain": math.nan, "seed": -1}
    problems = refused(Experiment, **dict(reversed(wrong.items())))
    assert [problem.split(":")[0] for problem in problems] == list(wrong)


def test_what_contradicts_the_data_is_reported_beside_what_is_wrong_by_itself() -> None:
    problems = refused(Experiment, cell="lstm", data="digits", width=0, batch=5000)
    assert [problem.split(":")[0] for problem in problems] == ["width", "data", "batch"]
    problems = refused(Experiment, cell="lstm", data="digits-rows", steps=9, inputs=7)
    assert problems == [
        "steps: 9 given; digits-rows has 8: leave it out",
        "inputs: 7 given; digits-rows has 8: leave it out",
    ]


@pytest.mark.parametrize("batch", ["7", [7], None, 0, 10**9, 2.5])
def test_a_batch_of_the_wrong_kind_does_not_hide_the_other_problems(batch: Any) -> None:
    problems = refused(Experiment, batch=batch, seed=-1)
    assert {problem.split(":")[0] for problem in problems} == {"seed"} | ({"batch"} if batch is not None else set())


def test_more_samples_than_there_are_is_refused() -> None:
    assert refused(Experiment, batch=1798) == ["batch: 1798 given; allowed: 1 to 1797, the samples of digits"]
    assert Experiment(batch=1797).batch == 1797
    assert Experiment(batch=1798, data="gaussian").batch == 1798


def test_a_csv_without_a_path_is_refused() -> None:
    assert refused(Experiment, data="csv:") == ["data: 'csv:' names no file; give csv:PATH"]


@pytest.mark.parametrize("row", [row for row in DATA_SETS.values() if not row.over_time], ids=lambda row: row.name)
def test_a_recurrent_cell_refuses_data_without_a_time_axis_and_says_which_have_one(row: Any) -> None:
    (problem,) = refused(Experiment, cell="lstm", data=row.name)
    assert problem.startswith(f"data: {row.name!r} has no time axis, which lstm needs; allowed: ")
    assert problem.endswith(", ".join(row.name for row in DATA_SETS.values() if row.over_time))


# -- what is accepted --------------------------------------------------------------------------------------


def test_numpys_numbers_become_pythons() -> None:
    experiment = Experiment(depth=np.int64(3), gain=np.float32(0.5), learning_rate=1, forget_bias=Fraction(1, 2))
    assert experiment == Experiment(depth=3, gain=0.5, learning_rate=1.0, forget_bias=0.5)
    types = [type(each) for each in (experiment.depth, experiment.gain, experiment.learning_rate)]
    assert types == [int, float, float]


@drawn(100)
@given(valid_fields())
def test_a_valid_experiment_keeps_what_it_was_given_and_resolves_the_rest(fields: dict[str, Any]) -> None:
    experiment = Experiment(**fields)
    given_fields = {name: value for name, value in fields.items() if value is not None}
    assert {name: getattr(experiment, name) for name in given_fields} == given_fields
    assert {name for name, value in experiment.to_mapping().items() if value is not None} == set(given_fields)
    resolved = experiment.resolved
    widths = in_order(given_fields.pop("width"))
    assert {name: getattr(resolved, name) for name in given_fields} == given_fields
    if widths:
        assert (resolved.depth, resolved.width) == (len(widths), max(widths))
        assert resolved.widths == (widths if len({*widths}) > 1 else ())
    else:
        assert (resolved.width, resolved.widths) == (experiment.width, ())
    if resolved.is_complete:
        assert resolved.batch is not None
        assert resolved.inputs is not None
        assert resolved.loss is not None
        assert resolved.steps is not None or experiment.cell == "mlp"


def test_resolved_has_the_fields_of_an_experiment_in_their_order_each_of_its_type() -> None:
    names = [each.name for each in dataclasses.fields(Resolved)]
    assert names == [*options(), "asks_for_update", "widths"]
    types = {"str": str, "int": int, "float": float, "bool": bool, "None": type(None), "tuple[int, ...]": tuple}
    for cell in CELLS:
        resolved = Experiment(cell=cell).resolved
        for each in dataclasses.fields(Resolved):
            allowed = tuple(types[name] for name in str(each.type).split(" | "))
            assert isinstance(getattr(resolved, each.name), allowed), each.name


@drawn(100)
@given(valid_experiments())
def test_giving_all_that_an_experiment_comes_to_comes_to_the_same(experiment: Experiment) -> None:
    resolved = experiment.resolved
    whole = Experiment(**{name: resolved.said(name) for name in options()})
    assert dataclasses.replace(whole.resolved, asks_for_update=resolved.asks_for_update) == resolved
    assert whole.resolved.asks_for_update


def test_the_defaults_are_those_of_the_issue() -> None:
    plain = Experiment().resolved
    assert (plain.cell, plain.depth, plain.width, plain.activation) == ("mlp", 30, 64, "sigmoid")
    assert (plain.init, plain.batch, plain.data, plain.dtype) == ("xavier_normal", 64, "digits", "float64")
    assert (plain.inputs, plain.steps) == (64, None)
    assert (plain.optimizer, plain.learning_rate, plain.weight_decay, plain.loss) == ("sgd", 0.1, 0.0, "cross_entropy")
    lstm = Experiment(cell="lstm").resolved
    assert (lstm.data, lstm.steps, lstm.inputs, lstm.batch) == ("digits-pixels", 64, 1, 64)


def test_what_is_left_out_comes_to_what_could_have_been_given_and_is_another_experiment() -> None:
    pairs = [
        (Experiment(), Experiment(data="digits", batch=64, inputs=64, activation="sigmoid")),
        (Experiment(cell="lstm"), Experiment(cell="lstm", data="digits-pixels", steps=64, inputs=1)),
        (Experiment(activation="prelu"), Experiment(activation="prelu", slope=0.25)),
        (Experiment(depth=4, residual="scaled"), Experiment(depth=4, residual="scaled", residual_scale=0.5)),
    ]
    for left_out, written in pairs:
        assert left_out.resolved == written.resolved
        assert left_out != written


# Plain SGD's own rate is 0.1.
@pytest.mark.parametrize("rate", [0.1, 0.01])
def test_a_learning_rate_that_was_given_stays_whatever_the_optimiser_and_one_that_was_not_follows(rate: float) -> None:
    assert Experiment(learning_rate=rate).replace(optimizer="adam").resolved.learning_rate == rate
    assert Experiment().replace(optimizer="adam").resolved.learning_rate == 0.001
    assert Experiment(optimizer="adam").replace(optimizer=None).resolved.learning_rate == 0.1


def test_a_given_value_is_never_silently_another() -> None:
    assert refused(Experiment(loss="cross_entropy").replace, data="gaussian") == [
        "loss: 'cross_entropy' is for classes; gaussian has numbers; allowed: mse"
    ]
    assert refused(Experiment(loss="bce").replace, data="adding") == [
        "loss: 'bce' is for targets from 0 to 1; adding has others; allowed: mse"
    ]
    assert Experiment(data="gaussian", loss="mse").replace(data="digits").resolved.loss == "mse"
    assert refused(Experiment(activation="sigmoid").replace, cell="rnn") == [
        "activation: 'sigmoid' is not for rnn; allowed: tanh, relu"
    ]
    assert refused(Experiment(cell="lstm", data="gaussian", steps=10).replace, data="digits-rows") == [
        "steps: 10 given; digits-rows has 8: leave it out"
    ]
    assert refused(Experiment(data="gaussian", inputs=3).replace, data=None) == [
        "inputs: 3 given; digits has 64: leave it out"
    ]


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, False),
        ({"momentum": 0.5, "clip_threshold": 2.0}, False),
        ({"optimizer": "sgd"}, True),
        ({"learning_rate": 0.1}, True),
        ({"weight_decay": 0.0}, True),
        ({"clip": "norm"}, True),
    ],
)
def test_an_update_is_asked_for_where_something_about_it_was_given(fields: dict[str, Any], asked: bool) -> None:
    assert Experiment(**fields).resolved.asks_for_update == asked


# -- a value among values ----------------------------------------------------------------------------------


@drawn(50)
@given(valid_fields())
def test_equal_experiments_are_one_key_and_survive_pickling(fields: dict[str, Any]) -> None:
    one, other = Experiment(**fields), Experiment(**fields)
    assert one == other
    assert len({one, other}) == 1
    before = pickle.dumps(one)
    assert pickle.loads(before) == one
    assert pickle.loads(before).resolved == one.resolved
    assert pickle.dumps(one) == before


@pytest.mark.parametrize("name", [name for name in options() if name not in SHAPE])
@drawn(20)
@given(data=st.data())
def test_experiments_that_differ_in_one_field_differ(name: str, data: st.DataObject) -> None:
    value = data.draw(allowed(name, "mlp"))
    plain = Experiment()
    assert (Experiment(**{name: value}) == plain) == (value == getattr(plain, name))


def test_an_experiment_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Experiment().depth = 3  # type: ignore[misc]


# -- replace -----------------------------------------------------------------------------------------------


@drawn(100)
@given(valid_experiments())
def test_replacing_nothing_and_replacing_a_field_by_itself_change_nothing(experiment: Experiment) -> None:
    assert experiment.replace() == experiment
    for name in ("width", "seed", "activation", "cell", "data"):
        assert experiment.replace(**{name: getattr(experiment, name)}) == experiment, name


@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("other", CELLS.names)
@pytest.mark.parametrize("data", [None, "gaussian", "csv:table.csv"])
def test_switching_the_cell_there_and_back_gives_back_an_equal_experiment(
    cell: str, other: str, data: str | None
) -> None:
    # relu is the one beside tanh that a plain RNN can have, linear the only one of a linear recurrence.
    pair = {cell, other}
    activation = None if pair == {"rnn", "lru"} else "linear" if "lru" in pair else "relu"
    experiment = Experiment(cell=cell, data=data, width=7, seed=3, activation=activation, forget_bias=2.0, batch=32)
    switched = experiment.replace(cell=other)
    assert switched == Experiment(**(_plain(experiment) | {"cell": other, "data": data}))
    assert switched.replace(cell=cell) == experiment


@pytest.mark.parametrize("other", [name for name in CELLS if name not in ("mlp", "rnn", "lru", "transformer")])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "gelu"])
def test_a_cell_that_does_not_use_the_activation_does_not_change_it(other: str, activation: str) -> None:
    assert not options()["activation"].applies_to(other)
    assert Experiment(activation=activation).replace(cell=other).replace(cell="mlp").activation == activation


def _plain(experiment: Experiment) -> dict[str, Any]:
    """The fields that neither the cell nor the data set decides."""
    fixed = ("cell", "data", "steps", "inputs", "loss")
    return {name: value for name, value in experiment.to_mapping().items() if name not in fixed}


@pytest.mark.parametrize("cell", CELLS.names)
def test_switching_the_data_gives_what_making_it_with_that_data_would(cell: str) -> None:
    sources = [*data_names(cell), "csv:table.csv"]
    for before in sources:
        for after in sources:
            found = Experiment(cell=cell, data=before, width=7).replace(data=after)
            assert found == Experiment(cell=cell, data=after, width=7), (before, after)


def test_a_size_that_was_chosen_stays_where_the_new_data_leaves_it_open() -> None:
    experiment = Experiment(cell="lstm", data="gaussian", steps=10, inputs=3)
    wider = experiment.replace(width=5).resolved
    assert (wider.steps, wider.inputs) == (10, 3)
    assert experiment.replace(data="gaussian", steps=20) == Experiment(cell="lstm", data="gaussian", steps=20, inputs=3)
    assert Experiment(batch=20).replace(data="gaussian").batch == 20


def test_a_small_table_can_follow_the_digits_and_the_digits_it(tmp_path: Path) -> None:
    path = tmp_path / "small.csv"
    path.write_text("a,b,y\n" + "1,2,x\n3,5,y\n" * 5)
    trace = simulate(Experiment(depth=2).replace(data=f"csv:{path}"))
    assert (trace.resolved.batch, trace.resolved.inputs, trace.resolved.loss) == (10, 2, "cross_entropy")
    # What the table decided was not given, and goes with the table.
    assert trace.experiment.given() == {"depth": 2, "data": f"csv:{path}"}
    assert trace.experiment.replace(data=None) == Experiment(depth=2)
    assert trace.experiment.replace(cell="lstm") == Experiment(depth=2, cell="lstm", data=f"csv:{path}")


def test_replacing_by_something_wrong_is_refused_like_making_it() -> None:
    assert refused(Experiment().replace, width=0, activation="rleu") == refused(Experiment, width=0, activation="rleu")


def test_the_csv_row_itself_is_no_file() -> None:
    assert CSV in DATA_SETS
    assert Experiment(data=CSV).resolved.inputs is None


def test_the_gate_on_the_direct_path_is_that_of_the_cells_that_can_be_pinned() -> None:
    pinned = {cell for cell in CELLS if options()["pin_forget"].applies_to(cell)}
    assert {cell for cell, row in CELLS.items() if row.gated} == pinned == {"lstm", "gru", "mgu", "mingru"}
    symbols = {cell: row.path.symbol for cell, row in CELLS.items() if row.path}
    assert symbols == {"lstm": "f", "gru": "z", "mgu": "1 − f", "mingru": "1 − z"}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_has_a_cell_state_where_its_trace_holds_one(cell: str) -> None:
    experiment = Experiment(cell=cell, depth=3, width=4, batch=2)
    assert experiment.resolved.kind.has_cell_state == ("c" in simulate(experiment).values)

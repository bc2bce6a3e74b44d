"""The Sweep: what it accepts, what a cell of it is, and its spellings."""

from __future__ import annotations

import pytest

from gradtui_engine import Experiment, ExperimentError, Sweep, Training
from gradtui_engine.sweeps.axis import Axis

from .plans import SMALL, TRAINED

X = Axis.parse("gain=0.5:2:4")


def problem(**fields: object) -> str:
    with pytest.raises(ExperimentError) as error:
        Sweep(**{"x": X, **fields})  # type: ignore[arg-type]
    return str(error.value)


def test_a_cell_is_the_base_with_the_values_of_both_axes() -> None:
    assert SMALL.shape == (3, 2)
    assert SMALL.experiment_at(2, 1) == SMALL.base.replace(sigma_w=2.5, depth=6)
    assert SMALL.training_at(2, 1) is None
    line = Sweep(x=X)
    assert line.shape == (4, 1)
    assert line.experiment_at(3, 0) == Experiment(gain=2.0)
    assert set(SMALL.cells()) == {(i, j) for i in range(3) for j in range(2)}
    with pytest.raises(IndexError, match="3 × 2"):
        SMALL.experiment_at(3, 0)


def test_a_field_of_the_training_can_be_an_axis_and_several_go_together() -> None:
    sweep = Sweep(
        x=Axis.parse("iterations=10,20"), y=Axis.parse("width,batch=8:32:3:log"),
        training=Training(iterations=5, hold_out=0.5), measures=("accuracy",), repeats=(7, 8),
    )  # fmt: skip
    training = sweep.training_at(1, 2)
    assert training == Training(experiment=Experiment(width=32, batch=32, seed=7), iterations=20, hold_out=0.5)
    assert sweep.experiment_at(1, 2) == training.experiment


def test_the_experiment_of_the_training_is_not_read() -> None:
    one = Sweep(x=X, training=Training(experiment=Experiment(depth=3), iterations=5), measures=("loss",))
    two = Sweep(x=X, training=Training(iterations=5), measures=("loss",))
    assert one == two
    assert one.key(0, 0) == two.key(0, 0)


def test_coarse_cells_come_first() -> None:
    order = list(Sweep(x=Axis.parse("gain=1:2:17"), y=Axis.parse("depth=1:17")).cells())
    assert len(order) == 17 * 11 == len(set(order))
    assert order[:6] == [(0, 0), (8, 0), (16, 0), (0, 8), (8, 8), (16, 8)]
    assert order[-1] == (16, 10) or order[-1][0] % 2


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"y": X}, "gain is on both axes"),
        ({"y": Axis.parse("gain,width=8,16")}, "gain is on both axes"),
        ({"x": Axis.parse("forget_bias=0:4")}, "forget_bias is not used by mlp; it is for lstm"),
        ({"x": Axis.parse("iterations=1:4")}, "iterations is of a training"),
        ({"measures": ("accuracy",)}, "accuracy is measured of a training"),
        ({"measures": ("ratio[3]",)}, "ratio[3] is measured of a training"),
        ({"measures": ("b.ratio",)}, "a sweep has no experiment B"),
        ({"measures": ("sinh@1",)}, "sinh@1 is of a function"),
        ({"measures": ("ratoi",)}, "did you mean 'ratio'"),
        ({"measures": ()}, "none given"),
        ({"repeats": (1, 1)}, "given twice"),
        ({"repeats": (-1,)}, "-1 given"),
        ({"x": Axis.parse("seed=1:4"), "repeats": (1, 2)}, "seed is on an axis already"),
        ({"x": Axis.parse("gain=0:1:400"), "y": Axis.parse("sigma_b=0:1:400")}, "160000 cells; allowed: up to 100000"),
    ],
)
def test_what_cannot_be_a_sweep_is_refused(fields: dict[str, object], says: str) -> None:
    assert says in problem(**fields)


def test_every_problem_is_told_at_once() -> None:
    told = problem(measures=("ratoi", "accuracy"), y=X, repeats=(1, 1))
    assert all(part in told for part in ("ratoi", "accuracy is measured", "both axes", "given twice"))


def test_a_field_that_another_cell_of_the_axis_uses_is_allowed() -> None:
    Sweep(x=Axis.parse("cell=lstm,gru"), y=Axis.parse("forget_bias=0:4"))


def test_measures_have_one_spelling() -> None:
    sweep = Sweep(x=X, measures=("gradient at 3", "half-life", "ratio", "gradient@3"))
    assert sweep.measures == ("gradient@3", "half_life", "ratio")
    assert Sweep(x=X, measures="ratio").measures == ("ratio",)  # type: ignore[arg-type]


@pytest.mark.parametrize("sweep", [SMALL, TRAINED, Sweep(x=X)], ids=["small", "trained", "line"])
def test_it_reads_back_from_its_spellings(sweep: Sweep) -> None:
    assert Sweep.from_mapping(sweep.to_mapping()) == sweep
    assert Sweep.from_toml(sweep.to_toml()) == sweep


def test_a_plan_is_an_experiment_with_a_table_more() -> None:
    sweep = Sweep.from_toml(
        """
        hidden_size = 8
        activation = "tanh"
        [training]
        iterations = 7
        turns = ["3:learning-rate=0.01"]
        [sweep]
        x = "lr=1e-3:1:4:log"
        y = "norm=none,batch"
        measure = "accuracy"
        repeats = [1, 2]
        """
    )
    assert sweep.base == Experiment(width=8, activation="tanh")
    assert (sweep.x.fields, sweep.shape, sweep.measures, sweep.repeats) == (
        ("learning_rate",), (4, 2), ("accuracy",), (1, 2),
    )  # fmt: skip
    training = sweep.training_at(0, 1)
    assert training is not None
    assert (training.iterations, len(training.turns), training.experiment.seed) == (7, 1, 1)
    assert Sweep.from_toml(sweep.to_toml()) == sweep


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[sweep]", "sweep.x: is missing"),
        ("depth = 3", "sweep.x: is missing"),
        ("sweep = 5", "it is a table: [sweep]"),
        ('[sweep]\nx = "gian=0:1"', "sweep.x: 'gian' is unknown"),
        ("[sweep]\nx = 5", "sweep.x: 5 given"),
        ('[sweep]\nx = "gain=0:1"\nz = "depth=1:2"', "sweep.z: 'z' is unknown; allowed: x, y, measure, repeats"),
        ('[sweep]\nx = "gain=0:1"\nmeasure = 5', "sweep.measure: 5 given"),
        ('[sweep]\nx = "gain=0:1"\nmeasure = "ratoi"', "sweep.measure: 'ratoi' is unknown"),
        ('[sweep]\nx = "gain=0:1"\nrepeats = "1"', "sweep.repeats: '1' given"),
        ('dept = 3\n[sweep]\nx = "gain=0:1"', "did you mean 'depth'"),
        ('[training]\niteratoins = 3\n[sweep]\nx = "gain=0:1"', "did you mean 'iterations'"),
    ],
)
def test_what_is_wrong_in_a_plan_is_told_where_it_is(text: str, says: str) -> None:
    with pytest.raises(ExperimentError) as error:
        Sweep.from_toml(text)
    assert says in str(error.value)


def test_the_key_is_of_all_that_decides_a_cell_and_of_nothing_else() -> None:
    keys = {SMALL.key(i, j) for i, j in SMALL.cells()}
    assert len(keys) == 6
    # Where the cell stands does not matter, nor how many others there are.
    wider = SMALL.replace(x=Axis.parse("sigma_w=0.5,1.5,2.5,3"))
    assert wider.key(2, 1) == SMALL.key(2, 1)
    others = [
        SMALL.replace(base=SMALL.base.replace(seed=1)), SMALL.replace(measures=("ratio",)),
        SMALL.replace(repeats=(0,)), SMALL.replace(training=Training(iterations=1)),
        SMALL.replace(training=Training(iterations=2)),
    ]  # fmt: skip
    assert len({other.key(0, 0) for other in others} | {SMALL.key(0, 0)}) == 6

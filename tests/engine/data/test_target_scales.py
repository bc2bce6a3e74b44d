"""How numbers of a file become a target: by hand, and what a training that holds samples out takes them from."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Stream, Training, build
from gradtui_engine.core.numerics import Array
from gradtui_engine.data.datasets import standardise
from gradtui_engine.data.target_scales import TARGET_SCALES
from gradtui_engine.run.forward import loss_and_output
from gradtui_engine.training.history import TrainingHistory
from gradtui_engine.training.json_document import document
from gradtui_engine.training.trainer import Trainer
from tests.engine.helpers import refused

PRICES = [12.0, 18.0, 15.0, 40.0, 11.0, 13.0, 17.0, 12.5, 16.0, 14.0]


@pytest.fixture
def table(tmp_path: Path) -> Callable[[list[float]], str]:
    def write(numbers: list[float]) -> str:
        rows = (f"{math.sin(k)},{k % 3},{number!r}" for k, number in enumerate(numbers))
        (tmp_path / "prices.csv").write_text("a,b,price\n" + "\n".join(rows) + "\n")
        return f"csv:{tmp_path / 'prices.csv'}"

    return write


@pytest.mark.parametrize(
    ("name", "numbers", "centre", "unit", "wanted"),
    [
        ("standard", [2, 4, 4, 4, 5, 5, 7, 9], 5, 2, [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2]),
        ("minmax", [10, 20, 15], 10, 10, [0, 1, 0.5]),
        ("minmax", [-3, 1], -3, 4, [0, 1]),
        # The quartiles of five numbers are the second and the fourth.
        ("robust", [1, 2, 3, 4, 103], 3, 2, [-1, -0.5, 0, 0.5, 50]),
        *((name, [7, 7, 7], 7, 1, [0, 0, 0]) for name in ("standard", "minmax", "robust")),
        # More than half of the numbers alike: no interquartile range to count in, so the numbers stay as they are.
        ("robust", [5, 5, 5, 5, 9], 5, 1, [0, 0, 0, 0, 4]),
        ("standard", [1e307, 3e307], 2e307, 1e307, [-1, 1]),
        ("minmax", [1e-300, 3e-300, 2e-300], 1e-300, 2e-300, [0, 1, 0.5]),
    ],
)
def test_each_scale_by_hand(name: str, numbers: list[float], centre: float, unit: float, wanted: list[float]) -> None:
    values = np.array(numbers, dtype=float)
    scale = TARGET_SCALES[name].of(values)
    assert scale is not None
    assert (scale.name, scale.rows) == (name, len(numbers))
    assert (scale.centre, scale.unit) == pytest.approx((centre, unit), rel=1e-15)
    scaled = scale.scaled(values)
    assert scaled == pytest.approx(np.array(wanted), abs=1e-15)
    assert scale.own(scaled) == pytest.approx(values, rel=1e-15)


def test_minmax_ends_at_0_and_1_exactly_and_none_has_no_scale() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        values = rng.normal(size=7) * 10.0 ** rng.integers(-9, 9)
        scale = TARGET_SCALES["minmax"].of(values)
        assert scale is not None
        assert (scale.scaled(values).min(), scale.scaled(values).max()) == (0.0, 1.0)
    assert TARGET_SCALES["none"].of(values) is None


def test_standard_over_a_whole_file_is_bit_for_bit_what_inputs_get() -> None:
    rng = np.random.default_rng(2)
    for size in (2, 9, 130, 1000):
        values = rng.normal(3.0, 0.7, size) * 10.0 ** rng.integers(-200, 200)
        scale = TARGET_SCALES["standard"].of(values)
        assert scale is not None
        assert np.array_equal(scale.scaled(values), standardise(values, axes=(0,)))


@pytest.mark.parametrize(
    ("given", "name"),
    [("StandardScaler", "standard"), ("sklearn.preprocessing.MinMaxScaler()", "minmax"), ("min-max", "minmax"),
     ("z-score", "standard"), ("RobustScaler", "robust"), ("raw", "none")],
)  # fmt: skip
def test_other_names(given: str, name: str) -> None:
    assert Experiment(data="csv:x.csv", target_scale=given).target_scale == name


@pytest.mark.parametrize("name", [name for name, row in TARGET_SCALES.items() if row.fit is not None])
@pytest.mark.parametrize("window", [None, 3])
def test_a_training_scales_by_the_samples_that_it_does_not_hold_out(
    table: Callable[[list[float]], str], name: str, window: int | None
) -> None:
    """Of windows a sample's number is that of the row after it. Nothing held out, or one iteration alone: all rows."""
    fields: dict[str, Any] = {"cell": "gru"} if window else {}
    experiment = Experiment(data=table(PRICES), target_scale=name, window=window, batch=3, width=4, **fields)
    targets = np.array(PRICES[window or 0 :])
    stream = Stream(Training(experiment=experiment, hold_out=0.5))
    assert stream.samples is not None
    assert stream.about is not None
    kept = targets[stream.training_rows]
    assert 0 < len(stream.held_rows) == len(targets) - len(kept)
    centre, unit = {
        "standard": (kept.mean(), kept.std()),
        "minmax": (kept.min(), kept.max() - kept.min()),
        "robust": (np.median(kept), np.quantile(kept, 0.75) - np.quantile(kept, 0.25)),
    }[name]
    scale = stream.about.scale
    assert scale is not None
    assert (scale.centre, scale.unit, scale.rows) == (pytest.approx(centre), pytest.approx(unit), len(kept))
    assert stream.samples.target[:, 0] == pytest.approx((targets - centre) / unit)
    assert stream.batch(0).target[:, 0] == pytest.approx((targets[stream.rows(0)] - centre) / unit)
    whole = TARGET_SCALES[name].of(np.array(PRICES))
    assert build(experiment).batch.scale == whole
    free = Stream(Training(experiment=experiment, hold_out=0.0))
    assert free.about is not None
    assert free.about.scale == whole
    assert np.array_equal(free.batch(0).target, build(experiment).batch.target)


def test_bce_goes_with_minmax_and_what_is_held_out_beyond_0_and_1_counts_as_these(
    table: Callable[[list[float]], str],
) -> None:
    beyond = False
    for seed in range(6):
        experiment = Experiment(
            data=table(PRICES), target_scale="minmax", loss="bce", batch=3, depth=1, width=4, seed=seed
        )
        stream = Stream(Training(experiment=experiment, hold_out=0.5))
        assert stream.samples is not None
        kept = np.array(PRICES)[stream.training_rows]
        raw = (np.array(PRICES) - kept.min()) / (kept.max() - kept.min())
        beyond |= bool((raw > 1).any() or (raw < 0).any())
        assert stream.samples.target[:, 0] == pytest.approx(raw.clip(0, 1))
    assert beyond
    for name in ("standard", "robust"):
        assert refused(Experiment, data="csv:x.csv", loss="bce", target_scale=name) == [
            f"target_scale: {name!r} given; 'bce' is for targets from 0 to 1; allowed: minmax, none"
        ]
    assert refused(lambda: build(Experiment(data=table(PRICES), loss="bce")))[0].endswith(
        "has others; allowed: mse, or --target-scale minmax"
    )


@pytest.mark.parametrize("name", TARGET_SCALES.names)
def test_losses_in_the_targets_own_units_are_what_the_answers_miss_the_file_by(
    table: Callable[[list[float]], str], name: str
) -> None:
    """Answers of the trained network, turned back into prices, beside the file's."""
    experiment = Experiment(
        data=table(PRICES), target_scale=name, batch=4, depth=1, width=5, optimizer="adam", learning_rate=0.01
    )
    history = TrainingHistory(Trainer(Training(experiment=experiment, iterations=7, hold_out=0.3)))
    history.advance()
    trainer, stream = history.trainer, history.trainer.stream
    assert stream.samples is not None

    def answers(inputs: Array, target: Array) -> Array:
        _, output = loss_and_output(
            trainer.program, trainer.layout, trainer.parameters().__getitem__, inputs, target, None
        )
        return np.array(output[:, 0])

    # As many rows as a batch has, for which the network is bound: those held out are 3, and one of the others.
    rows = np.append(stream.held_rows, stream.training_rows[0])
    assert len(rows) == 4
    output = answers(stream.samples.inputs[rows], stream.samples.target[rows])
    scale = stream.about.scale if stream.about is not None else None
    prices = output * scale.unit + scale.centre if scale is not None else output
    off = (prices - np.array(PRICES)[rows])[:-1]
    found = document(history)["target"]
    assert found["column"] == "price"
    assert found["validation_rmse"][-1] == pytest.approx(math.sqrt(np.mean(off**2)), rel=1e-9)
    unit = scale.unit if scale is not None else 1.0
    assert found["validation_rmse_scaled"][-1] == pytest.approx(math.sqrt(np.mean(off**2)) / unit, rel=1e-9)
    assert len(found["rmse"]) == 7
    assert found["rmse_scaled"] == pytest.approx(np.sqrt(history.columns["loss"]).tolist(), rel=1e-12)
    assert (found["scale"] is None) == (name == "none")


def test_only_numbers_of_a_file_have_units(table: Callable[[list[float]], str]) -> None:
    small: dict[str, Any] = {"depth": 1, "width": 4, "batch": 4}
    for fields in (
        {"data": table(PRICES), "loss": "bce", "target_scale": "minmax"},
        {"data": table([0.0, 1.0] * 5), "loss": "cross_entropy"},
        {"data": "gaussian"},
    ):
        history = TrainingHistory(Trainer(Training(experiment=Experiment(**small | fields), iterations=1)))
        history.advance()
        assert "target" not in document(history)

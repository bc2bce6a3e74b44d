"""Losses of numbers in the units of their column: what `train`, `data` and the loss pane say of them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gradtui.text import language
from gradtui.views.train import loss
from gradtui_engine.data.target_scales import TARGET_SCALES
from gradtui_engine.data.yardstick import Yardstick
from gradtui_engine.rules.losses import LOSSES
from tests.tui.helpers import Command, texts
from tests.tui.views.train.snapshots import sides, snapshot

SMALL = ("--depth", "1", "--width", "4", "--batch", "3", "--iterations", "2")
#: The mean is 20, the standard deviation (of all eight) 8.
PRICES = (8, 16, 16, 16, 20, 20, 28, 36)


@pytest.fixture
def table(tmp_path: Path) -> str:
    (tmp_path / "p.csv").write_text("a,b,price\n" + "\n".join(f"{k * k},{k % 3},{p}" for k, p in enumerate(PRICES)))
    return f"csv:{tmp_path / 'p.csv'}"


def test_a_training_ends_with_the_error_in_both_units(command: Command, table: str) -> None:
    """At a rate of 1e-9 answers stay those of zero weights: the mean, off by 8, one standard deviation."""
    still = ("--sigma-w", "0", "--sigma-b", "0", "--learning-rate", "1e-9", "--hold-out", "0", "--batch", "8")
    done = command("train", "--data", table, *SMALL, *still)
    said = r"error of the last batch: (1|1\.0+|0\.9999*) of a standard deviation, 8 in the units of price\n"
    assert re.search(said, done.out)
    assert "target scaled: mean 20, standard deviation 8 are now 0 and 1" in done.err
    assert "not held out" not in done.err
    done = command("train", "--data", table, *SMALL, *still, "--target-scale", "minmax")
    # All answers are 0, which is the least number, 8: off by the root of the mean of (p − 8)².
    own = float(np.sqrt(np.mean((np.array(PRICES) - 8.0) ** 2)))
    assert f"{own / 28:.3f} of the range, {own:.4g} in the units of price" in done.out
    done = command("train", "--data", table, *SMALL, *still, "--target-scale", "none")
    assert "root mean square error of the last batch: 21.54 in the units of price" in done.out
    assert "target scaled" not in done.err


def test_of_what_is_held_out_it_is_said_whose_numbers_scale(command: Command, table: str) -> None:
    done = command("train", "--data", table, *SMALL, "--hold-out", "0.5")
    assert "held out: " in done.out
    assert " in the units of price" in done.out
    assert "(of the 4 samples that are not held out)" in done.err
    assert done.err.count("target scaled") == 1


def test_data_tells_what_answering_the_mean_costs(command: Command, table: str) -> None:
    out = command("data", table.removeprefix("csv:")).out
    assert "always to answer the mean, 20, is off by 8 (root mean square)" in out
    out = command("data", table.removeprefix("csv:"), "--target-scale", "min-max").out
    assert "target scaled: 8 and 36 are now 0 and 1" in out


@pytest.mark.parametrize("code", ["en", "zh"])
def test_the_loss_pane_has_the_error_in_the_columns_units(code: str) -> None:
    given = snapshot(np.linspace(2.0, 1.0, 400), validations={400: 0.25})
    scale = TARGET_SCALES["standard"].of(np.array(PRICES, dtype=float))
    distance = LOSSES["mse"].distance
    assert distance is not None
    object.__setattr__(given, "yardstick", Yardstick("price", scale, distance))
    language.use(code)
    try:
        for width in (80, 100, 120):
            rows = "\n".join(texts(loss.view(sides(given, iteration=399), width, 12)))
            # Half a standard deviation of what is held out.
            assert ("off by 4" if code == "en" else "4") in rows
    finally:
        language.use("en")

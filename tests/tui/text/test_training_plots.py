"""The loss over iterations and the map of stages × iterations, as text."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui.text.heat import SHADES
from gradtui.text.plot import step_of
from gradtui.text.training_plots import Curve, Map, bucketed, heat_maps, loss_plot


def plotted(curves: list[Curve], levels: list[float], width: int = 60, height: int = 16) -> list[str]:
    return loss_plot(curves, levels, width, height, colour=False, blocks=False)


def test_a_cell_is_the_mean_of_its_logarithms() -> None:
    values = np.arange(24.0).reshape(6, 4)
    np.testing.assert_array_equal(
        bucketed(values, 2, 3),
        [[values[0:2, 0:2].mean(), values[2:4, 0:2].mean(), values[4:6, 0:2].mean()],
         [values[0:2, 2:4].mean(), values[2:4, 2:4].mean(), values[4:6, 2:4].mean()]],
    )  # fmt: skip


def test_what_is_0_counts_for_nothing_beside_others_and_what_broke_hides_them() -> None:
    values = np.array([[-math.inf, -2.0, 1.0], [-math.inf, -math.inf, math.nan]])
    np.testing.assert_array_equal(bucketed(values, 3, 1).ravel(), [-math.inf, -2.0, math.nan])
    assert math.isnan(bucketed(np.array([[math.inf]]), 1, 1)[0, 0])


def test_both_maps_are_on_one_scale_with_the_last_stage_on_top() -> None:
    iterations = np.zeros((10, 1))
    faint, strong = (Map(name, iterations + np.array([[low, high]]), 1) for name, low, high in
                     (("A", -20.0, -19.5), ("B", -0.5, 0.0)))  # fmt: skip
    lines = heat_maps([faint, strong], 80)
    assert lines[0].split() == ["A", "B"]
    assert [line[0] for line in lines[1:3]] == ["2", "1"]
    left, right = lines[1][2:39], lines[1][43:]
    assert set(left) <= set(SHADES[:2])
    assert set(right) == {SHADES[-1]}
    assert lines[-1].startswith("shades: 1e-20 |")
    assert lines[-1].endswith("| 1")


def test_where_there_is_no_room_they_are_under_one_another() -> None:
    each = Map("A", np.zeros((3, 2)), 1)
    lines = heat_maps([each, Map("B", np.zeros((3, 2)), 1)], 40)
    assert [lines.index("A"), lines.index("B")] == [0, 4]


def test_what_is_not_finite_is_marked_and_said() -> None:
    values = np.array([[0.0, -1.0], [math.nan, -1.0]])
    lines = heat_maps([Map("", values, 0)], 40)
    assert "!" in lines[1]
    assert "!" not in lines[0]
    assert lines[-1].endswith("; not finite: !")
    assert "not finite" not in heat_maps([Map("", values[:1], 0)], 40)[-1]


@pytest.mark.parametrize(("high", "label"), [(2.0, "1.00"), (200.0, "1e1")])
def test_the_axis_is_logarithmic_where_losses_span_much(high: float, label: str) -> None:
    curve = Curve(tuple(map(float, range(30))), tuple(np.linspace(high, 1.0, 30)), "a")
    assert any(line.startswith(label) or f" {label}" in line[:7] for line in plotted([curve], [1.5]))


def test_one_spike_of_a_hundred_thousand_losses_is_seen() -> None:
    losses = np.full(100_000, 1.0)
    losses[61_803] = 3.0
    lines = plotted([Curve(tuple(map(float, range(100_000))), tuple(losses.tolist()), "a")], [])
    assert min(row for row, line in enumerate(lines) if "a" in line) <= 2


def test_what_is_not_finite_leaves_the_others_where_they_are() -> None:
    curve = Curve((0.0, 1.0, 2.0), (2.0, math.nan, 1.0), "a", joined=False)
    assert "".join(plotted([curve], [])).count("a") == 2
    assert plotted([Curve((0.0,), (math.nan,), "a")], []) == ["no finite value"]


def test_a_level_line_runs_over_the_whole_width() -> None:
    curve = Curve((0.0, 10.0), (0.0, 4.0), "a", joined=False)
    lines = plotted([curve], [2.0])
    assert any(line.count("-") > 40 for line in lines[4:-4])


@pytest.mark.parametrize(
    ("low", "high", "step"), [(0.0, 299.0, 50.0), (0.0, 1.0, 0.2), (2.2, 2.5, 0.05), (0.0, 1e308, 2e307)]
)
def test_labels_are_at_round_numbers(low: float, high: float, step: float) -> None:
    assert step_of(low, high, 6) == pytest.approx(step)

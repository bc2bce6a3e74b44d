"""The colours of a verdict: the same rule in every view, and on nothing that has no verdict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradtui.model.names import QUANTITIES
from gradtui.text.scale import UP
from gradtui.views.frame import bars
from gradtui.views.train import heat
from gradtui_engine import Experiment, TrainingSnapshot
from gradtui_engine.core.thresholds import EXPLODED, VANISHED
from tests.tui.helpers import CASES, scene_of
from tests.tui.views.train.snapshots import sides, snapshot

VERDICT = {"vanishing", "healthy", "exploding", "broken"}


def mlp(gradient: list[float], **fields: Any) -> TrainingSnapshot:
    """log₁₀ ‖∂L/∂h‖: a number for each of five stages, the same in each of ten iterations."""
    return snapshot(np.full(10, 2.0), gradient=np.tile(gradient, (10, 1)), iterations=10, **fields)


def expected(value: float, output: float) -> str:
    """The rule: under a thousandth of what left the output, over a thousand times as much, or between."""
    share = value / output
    return "vanishing" if share < VANISHED else "exploding" if share > EXPLODED else "healthy"


@pytest.mark.parametrize("name", ["lstm", "rnn", "gru"])
def test_over_time_each_bar_of_what_the_verdict_follows_has_its_colour(name: str) -> None:
    """∂L/∂c of an LSTM, ∂L/∂h of the others; ∂L/∂h of an LSTM carries nothing and is grey."""
    scene = scene_of(CASES[name])
    drawn = bars.bars_of(scene)
    judged = drawn.series[0].values
    wanted = {expected(value, judged[-1]) for value in judged if value is not None and judged[-1]}
    lines = bars.view(scene, 120, 20)
    band = lines[: 10 if len(drawn.series) > 1 else 19]
    found = {style for line in band for text, style in line if set(text) & set(UP[1:])}
    assert found & VERDICT <= wanted
    assert found <= wanted | {"cursor"}
    if len(drawn.series) > 1:
        lower = {style for line in lines[10:19] for text, style in line if set(text) & set(UP[1:])}
        assert lower <= {"label", "cursor"}


@pytest.mark.parametrize("quantity", [name for name in QUANTITIES if name != "gradient"])
@pytest.mark.parametrize("name", ["mlp", "lstm"])
def test_no_other_quantity_has_the_colour_of_a_verdict(name: str, quantity: str) -> None:
    for rows in (False, True):
        lines = bars.view(scene_of(CASES[name], quantity=quantity, rows=rows), 110, 20)
        assert not {style for line in lines for _, style in line} & VERDICT


def test_in_trains_map_every_cell_has_the_colour_that_its_stage_would_have_in_explore() -> None:
    """log₁₀ of the norms: −2.9 and 2.9 of the output's are healthy, −3.1 vanishes, 3.1 explodes."""
    given = sides(mlp([-3.1, -2.9, 2.9, 3.1, 0.0]), iteration=9)
    rows = [
        {style for text, style in line[1:] if "│" not in text and text.strip()}
        for line in heat.view(given, "A", 80, 12)[:5]
    ]
    assert rows == [{"healthy"}, {"exploding"}, {"healthy"}, {"healthy"}, {"vanishing"}]


def test_in_trains_map_the_colour_follows_the_gradient_at_the_output_of_its_own_iteration() -> None:
    """As large as ever, but a thousandth of what leaves the output now: it vanishes."""
    gradient = np.full((10, 5), -4.0)
    gradient[5:, 4] = 0.0
    given = sides(snapshot(np.full(10, 2.0), gradient=gradient), iteration=9)
    axis = heat.axis_of(next(iter(given)), given, 80, 12)
    line = [(glyph, style) for text, style in heat.view(given, "A", 80, 12)[4][2:] for glyph in text]
    assert {style for _, style in line[: axis.cell(4)]} == {"healthy"}
    assert {style for _, style in line[axis.cell(6) : axis.cell(8)]} == {"vanishing"}


def test_what_the_maps_colours_mean_stands_under_it_in_those_colours() -> None:
    given = sides(mlp([-4.0, -2.0, 0.0, 0.0, 0.0]), iteration=9)
    under = heat.view(given, "A", 120, 12)[6]
    assert [(text.strip(), style) for text, style in under if style in VERDICT] == [
        ("vanishing", "vanishing"),
        ("healthy", "healthy"),
    ]


def test_a_map_of_what_has_no_verdict_is_grey() -> None:
    dead = np.full((10, 5), 0.5)
    given = sides(mlp([0.0] * 5, dead=dead), quantity="saturated", iteration=9)
    assert not {style for line in heat.view(given, "A", 80, 12) for _, style in line} & VERDICT


def test_a_gradient_that_is_nothing_at_the_output_too_has_vanished() -> None:
    scene = scene_of(Experiment(init="zeros", depth=5))
    found = {style for line in bars.view(scene, 80, 12) for _, style in line}
    assert found & VERDICT == {"vanishing"}

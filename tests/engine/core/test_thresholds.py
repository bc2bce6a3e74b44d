"""The thresholds: what counts as vanished and exploded, for the verdict and for every stage."""

from __future__ import annotations

import math

import pytest

from gradtui_engine.core.thresholds import EXPLODED, VANISHED, crossed


@pytest.mark.parametrize(
    ("relative", "kind"),
    [
        (0.0, "vanishing"),
        (math.nextafter(VANISHED, 0), "vanishing"),
        (VANISHED, ""),
        (1.0, ""),
        (EXPLODED, ""),
        (math.nextafter(EXPLODED, math.inf), "exploding"),
        (math.inf, "exploding"),
    ],
)
def test_a_gradient_has_crossed_where_it_lies_beyond_a_threshold(relative: float, kind: str) -> None:
    assert crossed(relative) == kind


def test_where_no_gradient_arrives_at_the_output_itself_it_has_vanished() -> None:
    assert crossed(math.nan) == "vanishing"

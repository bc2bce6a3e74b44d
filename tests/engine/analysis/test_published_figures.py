"""The reference figures: every published one is met, and they are the ones that the literature has."""

from __future__ import annotations

import functools
import math

import pytest

from gradtui_engine.analysis.published_figures import Figure, figures

# What is published (THEORY.md, with its sources), by a part of the figure's name.
PUBLISHED = {
    "sigmoid, σ_w² = 1: q*": 0.26469,
    "sigmoid, σ_w² = 1: √χ": 0.23605,
    "tanh, σ_w² = 2.25: q*": 0.79335,
    "tanh, σ_w² = 2.25: √χ": 1.06739,
    "ReLU, σ_w² = 1: √χ": math.sqrt(0.5),
    "ReLU, σ_w² = 2 (He): √χ": 1.0,
    "forget gate at bias 0": 0.5,
    "forget gate at bias 1": 0.731,
    "forget gate at bias 2": 0.881,
    "forget gate at bias 4": 0.982,
    "half-life at f = 0.5": 1.0,
    "half-life at f = 0.731": 2.2,
    "half-life at f = 0.982": 38.0,
    "xavier_normal 400×600": 2 / 1000,
    "he_normal 400×600": 2 / 600,
    "lecun_uniform 400×600": 1 / 600,
    "leaky ReLU, slope 0.01: gain": math.sqrt(2 / (1 + 0.01**2)),
    "leaky ReLU, slope 0.25: gain": math.sqrt(2 / (1 + 0.25**2)),
    "leaky ReLU, slope 0.5: gain": math.sqrt(2 / (1 + 0.5**2)),
    "leaky ReLU, slope 0.9: gain": math.sqrt(2 / (1 + 0.9**2)),
    "truncated_normal: standard deviation": 0.87962566103423978,
    "batch norm, linear, batch of 8": math.sqrt((8 - 2) / (8 - 3)),
    "batch norm + ReLU": math.sqrt(math.pi / (math.pi - 1)),
    "residual + ReLU + He": math.sqrt(2),
    "pinned at 0.9, 50 steps": 0.9**50,
}


@functools.cache
def found() -> tuple[Figure, ...]:
    return tuple(figures())


def test_every_figure_is_within_its_tolerance() -> None:
    off = [row for row in found() if not math.isclose(row.published, row.computed, rel_tol=row.tolerance)]
    assert not off


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_figure_is_among_them(name: str) -> None:
    (row,) = [row for row in found() if name in row.name]
    assert row.published == pytest.approx(PUBLISHED[name], rel=5e-6)  # 1.21117 is rounded


def test_every_figure_has_a_name_of_its_own_and_a_source() -> None:
    assert len({row.name for row in found()}) == len(found())
    assert all(row.source for row in found())


def test_what_is_exact_is_held_to_the_published_digits_and_what_is_measured_to_a_few_percent() -> None:
    for row in found():
        # σ and half-lives are published to two or three digits: half a unit of the last is 7e-4, and 2 %.
        assert row.tolerance <= (0.02 if row.exact else 0.06), row.name


def test_a_figure_that_is_measured_scatters_and_one_that_is_exact_does_not() -> None:
    for row in found():
        if not row.exact:
            assert row.computed != row.published, row.name

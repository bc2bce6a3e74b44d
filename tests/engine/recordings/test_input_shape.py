"""The shape of what a recorded model was given."""

from __future__ import annotations

import pytest

from tests.recordings import mlp_lines, recorded


@pytest.mark.parametrize(
    ("shape", "said"), [([64, 8], (64, 8)), ([], ()), (["a", 3], ()), ({"a": 1}, ()), ([-1], ()), (None, ())]
)
def test_the_shape_is_the_first_that_is_known(shape: object, said: tuple[int, ...]) -> None:
    assert recorded(mlp_lines(x=[[0.0, 1.0, -3.0, 3.0, shape]] * 4)).input_shape == said
    assert recorded(mlp_lines()).input_shape == ()

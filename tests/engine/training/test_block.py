"""One block for all parameters: where each lies in it, and the norms of all of them."""

from __future__ import annotations

import numpy as np
import pytest

from gradtui_engine.core.numerics import norm
from gradtui_engine.training.block import PartNorms, block_of, in_one_block, spans_of

SHAPES = [
    [(64, 64), (64,)] * 5 + [(10, 64), (10,)],
    [(3, 5)],
    [(7, 2), (7,), (7,), (7, 7), (1,), (14,), (7, 2)],
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shapes", SHAPES, ids=["layers", "one", "mixed"])
def test_norms_of_all_parts_are_those_of_each(shapes: list[tuple[int, ...]], dtype: type[np.floating]) -> None:
    rng = np.random.default_rng(0)
    arrays = {str(index): rng.normal(size=shape).astype(dtype) for index, shape in enumerate(shapes)}
    arrays["0"] *= dtype(1e-30)  # whose squares are lost in float32
    block, views = in_one_block(arrays, np.dtype(dtype))
    norms = PartNorms(block, spans_of(views, block))
    with np.errstate(all="ignore"):
        assert norms.read().tolist() == [norm(array) for array in arrays.values()]
        # What is in the block now counts.
        views["0"][...] = 3.0
        assert norms.read()[0] == norm(views["0"])


def test_a_blocks_parts_are_the_arrays_copied_in_order() -> None:
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.arange(3.0)}
    block, views = in_one_block(arrays, np.dtype(np.float64))
    for name, span in spans_of(views, block).items():
        assert np.array_equal(block[span].reshape(arrays[name].shape), arrays[name])
        assert not np.shares_memory(arrays[name], block)
    block[spans_of(views, block)["b"]] = 7.0
    assert views["b"].tolist() == [7.0, 7.0, 7.0]
    assert block_of(views).size == block.size

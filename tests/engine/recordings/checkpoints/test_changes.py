"""What has changed between two checkpoints, by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from gradtui_engine.core.numerics import Array
from gradtui_engine.recordings.checkpoints.changes import Changes, changes, remarks_of
from tests.engine.recordings.checkpoints.files import opened


def pair(folder: Path, a: dict[str, Array], b: dict[str, Array]) -> Changes:
    return changes(opened(folder, a, "a"), opened(folder, b, "b"))


def kinds(found: Changes) -> list[str]:
    return [remark.kind for remark in remarks_of(found)]


def test_norms_and_the_relative_change(tmp_path: Path) -> None:
    before, after = np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([[3.0, 0.0], [0.0, 7.0]])
    (row,) = pair(tmp_path, {"l.weight": before}, {"l.weight": after}).rows
    assert row.before == 5.0
    assert row.after == pytest.approx(math.sqrt(58))
    assert row.relative == pytest.approx(3 / 5)
    assert row.same == 0.75
    assert not row.is_unchanged


def test_what_has_not_changed(tmp_path: Path) -> None:
    same = {"body.weight": np.ones((2, 3)), "body.bias": np.zeros(2)}
    found = pair(tmp_path, same | {"head.weight": np.ones((1, 2))}, same | {"head.weight": np.ones((1, 2)) * 1.1})
    assert [row.is_unchanged for row in found.rows] == [True, True, False]
    remark = next(remark for remark in remarks_of(found) if remark.kind == "unchanged")
    assert remark.names == ("body.weight", "body.bias")
    assert "2 of 3" in remark.message
    assert kinds(pair(tmp_path, same, same)) == ["unchanged"]


def test_numbers_that_have_become_nan(tmp_path: Path) -> None:
    found = pair(tmp_path, {"l.weight": np.ones((2, 2))}, {"l.weight": np.array([[1.0, math.nan], [1.0, math.inf]])})
    assert found.rows[0].non_finite == 2
    assert kinds(found)[0] == "non_finite"


def test_names_that_do_not_fit(tmp_path: Path) -> None:
    found = pair(
        tmp_path,
        {"a.weight": np.ones((2, 2)), "old.weight": np.ones((2, 2)), "head.weight": np.ones((10, 2))},
        {"a.weight": np.ones((2, 2)) * 2, "new.weight": np.ones((2, 2)), "head.weight": np.ones((3, 2))},
    )
    assert (found.only_a, found.only_b, found.reshaped) == (("old.weight",), ("new.weight",), ("head.weight",))
    assert {"only_a", "only_b", "reshaped", "moved"} <= {*kinds(found)}
    assert kinds(pair(tmp_path, {"a": np.ones((2, 2))}, {"b": np.ones((2, 2))}))[0] == "no_match"


def test_another_type_of_number_is_compared_by_its_value(tmp_path: Path) -> None:
    values = np.array([[1.0, 0.5], [0.25, 2.0]])
    found = pair(tmp_path, {"l.weight": values.astype(np.float32)}, {"l.weight": values.astype(np.float16)})
    assert found.rows[0].is_unchanged


def test_a_norm_that_has_grown(tmp_path: Path) -> None:
    found = pair(tmp_path, {"l.weight": np.ones((2, 2))}, {"l.weight": np.ones((2, 2)) * 50})
    assert "grown" in kinds(found)

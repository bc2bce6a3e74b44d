"""The file of progress: what is written is found again, and nothing in a file can hurt or be lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.lessons import kept
from gradtui.model.studies import Study

ONE = Study("03-relu-and-he", 2, ((0, 1), (2, 0.25)), False)
TWO = Study("07-batchnorm", 4, (), True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "gradtui" / "lessons.json"


def test_what_is_kept_is_found_again(path: Path) -> None:
    assert kept.read(path) == kept.Kept()
    assert not kept.write(path, (ONE, TWO))
    assert kept.read(path).studies == (ONE, TWO)
    assert [each.name for each in path.parent.iterdir()] == [path.name], "no draft is left"


def test_two_sessions_keep_both_and_what_is_done_stays_done(path: Path) -> None:
    kept.write(path, (ONE, TWO))
    kept.write(path, (Study(ONE.lesson, 3), Study(TWO.lesson, 0)))
    assert kept.read(path).studies == (Study(ONE.lesson, 3), Study(TWO.lesson, 0, (), True))


def test_what_is_not_understood_is_written_again_as_it_was(path: Path) -> None:
    path.parent.mkdir(parents=True)
    document = {
        "gradtui lessons": 1,
        "later": {"a": [1]},
        "lessons": {"99-mine": {"step": 1, "answers": {}, "done": False, "stars": 3}, ONE.lesson: {"note": "x"}},
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    assert not kept.write(path, (ONE,))
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["later"] == {"a": [1]}
    assert found["lessons"]["99-mine"] == document["lessons"]["99-mine"]
    assert found["lessons"][ONE.lesson]["note"] == "x"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[1, 2]",
        b"null",
        b'{"lessons": {}}',
        b"\xff\xfe",
        b'{"gradtui lessons": 1, "lessons": 3}',
        b"[" * 9000,
    ],
)
def test_what_is_no_such_file_is_said_and_stays_beside_the_new_one(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(raw)
    found = kept.read(path)
    assert (found.studies, found.broken) == ((), True)
    assert str(path) in found.problem
    assert not kept.write(path, (ONE,))
    assert kept.read(path).studies == (ONE,)
    assert (path.parent / "lessons.broken-1.json").read_bytes() == raw
    path.write_bytes(b"again")
    kept.write(path, (TWO,))
    assert (path.parent / "lessons.broken-1.json").read_bytes() == raw
    assert (path.parent / "lessons.broken-2.json").read_bytes() == b"again"


def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    raw = b'{"gradtui lessons": 2, "lessons": [{"name": "x"}]}'
    path.write_bytes(raw)
    found = kept.read(path)
    assert (found.studies, found.foreign) == ((), True)
    assert "later gradtui" in found.problem
    assert kept.write(path, (ONE,)) == found.problem
    assert path.read_bytes() == raw


def test_where_nothing_can_be_written_it_is_said(path: Path) -> None:
    path.parent.parent.mkdir()
    path.parent.write_text("a file where the folder should be", encoding="utf-8")
    assert "progress is not kept" in kept.write(path, (ONE,))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("step", "answers", "done", "0", "x")), inner)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=4), _JSON, max_size=3))
def test_whatever_stands_in_a_lessons_row_is_read_as_far_as_it_makes_sense(rows: dict[str, Any]) -> None:
    for name, row in rows.items():
        study = kept._study(name, row)
        assert study.lesson == name
        assert study.step >= 0
        assert all(isinstance(value, int | float) and value == value for _, value in study.answers)
        assert kept._study(name, kept._row(study)) == study

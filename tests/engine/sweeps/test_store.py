"""The store: what was computed is not computed again, whatever happened to who computed it."""

from __future__ import annotations

import errno
import io
import json
import os
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gradtui_engine import ExperimentError, run_sweep
from gradtui_engine.core.problems import Problem
from gradtui_engine.sweeps import run as runs
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.cell import compute, failed
from gradtui_engine.sweeps.store import FILE, Store

from .plans import SMALL, TRAINED, by_place, contents


def rows(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / FILE).read_text().splitlines()]


def test_each_finished_cell_is_a_line_of_json_and_is_known_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = list(run_sweep(SMALL, store=tmp_path))
    assert {row["key"] for row in rows(tmp_path)} == {SMALL.key(i, j) for i, j in SMALL.cells()}
    assert all({"experiment", "training", "measures", "values", "seconds"} <= set(row) for row in rows(tmp_path))

    def never(plain: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(runs, "compute", never)
    again = list(run_sweep(SMALL, store=tmp_path))
    assert contents(first) == contents(again)
    assert all(cell.known for cell in again)
    assert not any(cell.known for cell in first)
    assert len(rows(tmp_path)) == 6


def test_a_larger_sweep_takes_over_the_cells_that_it_shares(tmp_path: Path) -> None:
    list(run_sweep(SMALL, store=tmp_path))
    wider = SMALL.replace(x=Axis.parse("sigma_w=0.5,1,1.5,2.5"))
    cells = list(run_sweep(wider, store=tmp_path))
    # Known ones come first.
    assert [cell.known for cell in cells] == [True] * 6 + [False] * 2
    assert {cell.i for cell in cells if not cell.known} == {1}


def test_a_line_that_was_cut_off_costs_its_own_cell_alone(tmp_path: Path) -> None:
    list(run_sweep(SMALL, store=tmp_path))
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-25])
    cells = list(run_sweep(SMALL, store=tmp_path))
    assert [cell.known for cell in cells] == [True] * 5 + [False]
    # The new line did not become part of the torn one.
    assert all(cell.known for cell in run_sweep(SMALL, store=tmp_path))


def test_lines_that_are_none_and_those_of_others_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / FILE
    other = SMALL.replace(measures=("loss",))
    list(run_sweep(other, store=tmp_path))
    key = SMALL.key(0, 0)
    odd = [b"", b"\xff\xfe", b"[1, 2]", b"5", b'{"key": 7}', b'{"key": "x"}', json.dumps({"key": key}).encode()]
    odd.append(json.dumps({"key": key, "status": "computed", "values": {}, "repeats": 5}).encode())
    odd.append(json.dumps({"key": key, "status": "computed", "values": {"ratio": [1]}}).encode())
    path.write_bytes(path.read_bytes() + b"\n".join(odd))
    cells = list(run_sweep(SMALL, store=tmp_path))
    assert not any(cell.known for cell in cells)
    assert len(cells) == 6
    assert contents(cells) == contents(run_sweep(SMALL))


def test_what_may_pass_is_tried_again_and_what_lasts_is_not(tmp_path: Path) -> None:
    sweep = SMALL.replace(x=Axis.parse("batch=8,16"), y=None)
    store = Store(tmp_path)
    store.add(sweep.key(0, 0), sweep.plain(0, 0), failed("its worker died"))
    store.add(sweep.key(1, 0), sweep.plain(1, 0), compute(sweep.plain(1, 0)) | {"seconds": 77.0})
    store.close()
    cells = by_place(run_sweep(sweep, store=tmp_path))
    assert (cells[0, 0].known, cells[0, 0].reason) == (False, "")
    assert (cells[1, 0].known, cells[1, 0].seconds) == (True, 77.0)
    # The later line of a cell counts.
    assert all(cell.known for cell in run_sweep(sweep, store=tmp_path))


def test_impossible_cells_are_kept_with_their_reason(tmp_path: Path) -> None:
    sweep = SMALL.replace(x=Axis.parse("norm=none,batch"), y=Axis.parse("batch=1,8"))
    first = by_place(run_sweep(sweep, store=tmp_path))
    again = by_place(run_sweep(sweep, store=tmp_path))
    assert "one sample has no variance" in first[1, 0].reason
    assert again[1, 0].known
    assert again[1, 0].reason == first[1, 0].reason
    assert again[1, 0].failed


def test_several_programs_write_to_one_store(tmp_path: Path) -> None:
    """Each with a file of its own open, at the same time."""
    count, stores = 50, [Store(tmp_path) for _ in range(4)]
    plain = {"experiment": {}, "training": None, "measures": ["ratio"]}

    def write(number: int) -> None:
        for line in range(count):
            stores[number].add(f"{number} {line}", plain, {"values": {"ratio": "x" * 5000}})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with closing(Store(tmp_path)) as store:
        assert len(store.results()) == 4 * count == len(rows(tmp_path))
    for store in stores:
        store.close()


def test_a_store_that_cannot_be_is_an_error_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExperimentError, match=r"store: .*file"):
        list(run_sweep(SMALL, store=tmp_path / "file"))


def test_a_disk_that_is_full_ends_it_with_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, line: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store = Store(tmp_path)
    store.close()
    monkeypatch.setattr(store, "_file", Full())
    monkeypatch.setattr("gradtui_engine.sweeps.store.fcntl", None)
    with pytest.raises(ExperimentError, match=r"store: .*No space left"):
        store.add("key", SMALL.plain(0, 0), {})


def test_the_cell_that_a_full_disk_has_not_taken_comes_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Store.add

    def full(self: Store, key: str, *about: Any) -> None:
        if len(rows(tmp_path)) == 2:
            raise ExperimentError([Problem("store", "full")])
        add(self, key, *about)

    monkeypatch.setattr(Store, "add", full)
    cells = run_sweep(SMALL, store=tmp_path)
    assert len([next(cells) for _ in range(3)]) == 3
    with pytest.raises(ExperimentError, match="store: full"):
        next(cells)


def test_a_device_is_no_store(tmp_path: Path) -> None:
    """It would be read for ever."""
    (tmp_path / FILE).symlink_to("/dev/zero")
    with pytest.raises(ExperimentError, match=f"{FILE} is not a file"):
        Store(tmp_path)


def test_a_data_file_that_has_changed_is_another_cell(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1,2\n2,3\n3,5\n")
    sweep = SMALL.replace(base=SMALL.base.replace(data=f"csv:{path}", inputs=None, batch=None))
    before = sweep.key(0, 0)
    assert sweep.key(0, 0) == before
    path.write_text("a,b\n1,2\n2,3\n3,50\n")
    assert sweep.key(0, 0) != before


def test_seeds_and_names_come_back_from_the_store(tmp_path: Path) -> None:
    first = list(run_sweep(TRAINED, store=tmp_path))
    again = list(run_sweep(TRAINED, store=tmp_path))
    assert contents(first) == contents(again)
    assert all(len(cell.repeats["loss"]) == 2 for cell in again)

"""A user's own CSV: what is read, and what is refused with which words."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, build, simulate
from gradtui_engine.data import table as tables
from gradtui_engine.data.reading import Reading
from gradtui_engine.data.target_scales import Scale
from tests.engine.helpers import drawn, refused

GOOD = "a,b,kind\n1,2.5,yes\n-3,4e-1,no\n5,6,yes\n"
Table = Callable[..., str]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Writes a file and gives its csv:PATH."""

    def write(content: str | bytes, name: str = "table.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return f"csv:{path}"

    return write


# -- what is read ------------------------------------------------------------------------------------------


def test_text_in_the_last_column_makes_sorted_classes(table: Table) -> None:
    found = tables.read(table(GOOD))
    assert found.features.tolist() == [[1.0, 2.5], [-3.0, 0.4], [5.0, 6.0]]
    assert found.classes == ("no", "yes")
    assert found.target.tolist() == [1, 0, 1]


def test_numbers_in_the_last_column_make_a_regression(table: Table) -> None:
    found = tables.read(table("a,y\n1,10\n2,-2.5e3\n"))
    assert found.classes is None
    assert found.target.tolist() == [10.0, -2500.0]


def test_one_word_among_numbers_makes_all_of_them_classes(table: Table) -> None:
    found = tables.read(table("a,y\n1,10\n2,9\n3,none\n4,10\n"))
    assert found.classes == ("10", "9", "none")
    assert found.target.tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        GOOD.replace("\n", "\n\n"),
        GOOD.replace(",", ", "),
        '"a","b","kind"\n"1","2.5","yes"\n-3,4e-1,no\n5,6,yes\n',
    ],
    ids=["byte order mark", "CRLF", "no newline at the end", "blank lines", "spaces", "quotes"],
)
def test_the_usual_ways_of_writing_a_table_are_the_same_table(table: Table, content: str) -> None:
    plain, found = tables.read(table(GOOD, "plain.csv")), tables.read(table(content))
    assert np.array_equal(found.features, plain.features)
    assert (found.classes, found.target.tolist()) == (plain.classes, plain.target.tolist())


def test_a_quoted_class_may_hold_commas_and_line_breaks(table: Table) -> None:
    assert tables.read(table('a,y\n1,"b,\nc"\n2,"d ""e"""\n')).classes == ("b,\nc", 'd "e"')


@drawn(30)
@given(
    st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=2).filter(
        lambda rows: len({row[2] for row in rows}) > 1
    )
)
def test_every_finite_number_is_read_as_it_was_written(rows: list[list[float]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "numbers.csv"
        path.write_text("a,b,y\n" + "".join(",".join(map(repr, row)) + "\n" for row in rows))
        found = tables.read(f"csv:{path}", Reading(header="yes", drop="none", target="y"))
    assert np.column_stack([found.features, found.target]).tolist() == rows


def test_a_change_on_disk_is_seen(table: Table, tmp_path: Path) -> None:
    source = table("a,y\n1,2\n")
    assert tables.read(source).target.tolist() == [2.0]
    table("a,y\n1,3\n")  # of the same length; the clock is moved on by hand, since it may tick too slowly
    os.utime(tmp_path / "table.csv", ns=(0, 10**18))
    assert tables.read(source).target.tolist() == [3.0]
    table("a,y\n1,4\n5,6\n")
    os.utime(tmp_path / "table.csv", ns=(0, 10**18))
    assert tables.read(source).target.tolist() == [4.0, 6.0]
    (tmp_path / "table.csv").unlink()
    assert "cannot be read" in refused(tables.read, source)[0]


def test_a_relative_path_and_the_home_directory_are_found(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table(GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for source in ("csv:table.csv", "csv:./table.csv", "csv:~/table.csv"):
        assert len(tables.read(source).features) == 3


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("a,b,y\n1,2,3\n4,5\n", ["line 3 has 2 columns; the table has 3"]),
        ("a,b,y\n1,2,3,4\n", ["line 2 has 4 columns; the table has 3"]),
        ('a,y\n1,"x\ny"\n2\n', ["line 4 has 1 columns; the table has 2"]),
        ("a,b,y\n1,two,3\n4,5,6\n7,8,9\n", ["line 2, column 'b': 'two' is not a finite number", "--drop b"]),
        ("a,b,y\n1,2,3\n1,,4\n", ["column 'b' has gaps in 1 of 2 rows (line 3: '')", "--missing mean", "--drop b"]),
        ("a,b,y\n1,2,3\nnan,2,4\n", ["column 'a' has gaps in 1 of 2 rows (line 3: 'nan')"]),
        ("a,b,y\n1,-inf,3\n2,1,4\n", ["line 2, column 'b': '-inf' is not a finite number"]),
        ("a,b,y\n1,1e999,3\n2,1,4\n", ["line 2, column 'b': '1e999' is not a finite number"]),
        ("a,y\n1,2\n1,inf\n", ["line 3, column 'y'", "'inf' is not a finite number"]),
        ("a,y\n1,2\n1,\n", ["the target 'y' has gaps in 1 of 2 rows (line 3)", "--missing drop"]),
        ("a,y\n1,x\n1,  \n", ["the target 'y' has gaps in 1 of 2 rows (line 3)", "--missing drop"]),
        ("", ["has 0 rows", "at least one row of data under a header"]),
        ("a,b,y\n", ["has 1 rows", "at least one row of data under a header"]),
        ("y\n1\n2\n", ["no input beside the target y", "--window N"]),
        ('a,y\n"1,2\n', ["is not CSV"]),
        (b"\xff\xfea", ["begins like UTF-16 and is none"]),
        (b"a,y\n1,2\n1\0,3\n", ["is no text", "bytes that are 0"]),
        (b"PK\x03\x04 and so on", ["is a ZIP file, as those of Excel are"]),
        ("name,y\n" + "".join(f"row {k},{k}\n" for k in range(9)), ["column 'name' holds 9 different", "--drop name"]),
        ("a,b,y\n1,2,5\n4,5,5\n2,2,5\n", ["the target 'y' is '5' in all 3 rows", "--target"]),
        ("a,b,y\n1,2,x\n4,5,x\n2,2,x\n", ["the target 'y' is 'x' in all 3 rows", "--target"]),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_place(
    table: Table, content: str | bytes, wanted: list[str]
) -> None:
    (problem,) = refused(tables.read, table(content))
    assert problem.startswith("data: ")
    assert all(each in problem for each in wanted), problem


def test_every_wrong_line_is_reported_up_to_five_and_every_wrong_column_once(table: Table) -> None:
    assert len(refused(tables.read, table("a,b,y\n" + "1,2,3\n1,2\n" * 100, "ragged.csv"))) == 5
    two = refused(tables.read, table("a,b,y\nx,2,3\n1,2,4\n1,x,5\n2,3,6\n5,6,7\n2,5,1\n4,x,6\n"))
    assert [problem.split(":")[1] for problem in two] == [" line 2, column 'a'", " line 4, column 'b'"]


def test_a_missing_file_is_said_with_the_nearest_one_beside_it(table: Table, tmp_path: Path) -> None:
    table(GOOD, "flowers.csv")
    (problem,) = refused(tables.read, f"csv:{tmp_path}/flower.csv")
    assert f"'{tmp_path}/flower.csv' cannot be read" in problem
    assert f"did you mean '{tmp_path}/flowers.csv'?" in problem
    (problem,) = refused(tables.read, f"csv:{tmp_path}/something else entirely")
    assert "did you mean" not in problem


def test_a_directory_is_no_table(tmp_path: Path) -> None:
    assert refused(tables.read, f"csv:{tmp_path}") == [f"data: '{tmp_path}' is not a file; give a CSV file as csv:PATH"]


def test_a_file_of_more_than_256_mib_is_not_read(table: Table, tmp_path: Path) -> None:
    source = table("")
    os.truncate(tmp_path / "table.csv", 257 * 2**20)  # a hole: it takes no room on the disk
    assert "has 257 MiB; allowed: up to 256 MiB" in refused(tables.read, source)[0]


@pytest.mark.parametrize(
    "path",
    ["missing/table.csv", "a\0b.csv", "~no such user/table.csv", "x" * 300 + ".csv", "x" * 300 + "/table.csv"],
    ids=["missing directory", "NUL", "unknown user", "long name", "long directory"],
)
def test_a_path_that_no_file_can_have_is_a_problem_of_the_data_and_no_other_error(path: str) -> None:
    for function in (tables.read, lambda source: build(Experiment(data=source))):
        (problem,) = refused(function, f"csv:{path}")
        assert problem.startswith("data: ")
        assert "cannot be read" in problem


# -- as a network's data -----------------------------------------------------------------------------------


def rows(count: int) -> str:
    return "a,b,y\n" + "".join(f"{k},{k * k % 7},{'odd' if k % 2 else 'even'}\n" for k in range(count))


def test_an_mlp_reads_the_columns_at_once_and_an_lstm_one_at_a_time(table: Table) -> None:
    source = table(rows(10))
    flat, over_time = (build(Experiment(cell=cell, data=source, depth=1)) for cell in ("mlp", "lstm"))
    assert flat.batch.inputs.shape == (10, 2)
    assert over_time.batch.inputs.shape == (2, 10, 1)
    # An MLP's columns are scaled one by one; the steps of one variable together, so that what happens over them stays.
    numbers = np.array([[k, k * k % 7] for k in range(10)], dtype=float)
    for network, wanted in (
        (flat, (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)),
        (over_time, (numbers - numbers.mean()) / numbers.std()),
    ):
        read = network.batch.inputs if network is flat else network.batch.inputs[:, :, 0].T
        assert np.array(sorted(read.tolist())) == pytest.approx(np.array(sorted(wanted.tolist())))


def test_the_network_knows_the_sizes_that_the_file_decided(table: Table) -> None:
    source = table(rows(10))
    resolved = build(Experiment(cell="lstm", data=source)).resolved
    assert (resolved.batch, resolved.steps, resolved.inputs) == (10, 2, 1)
    assert build(Experiment(data=table(rows(100), "long.csv"))).resolved.batch == 64
    assert build(Experiment(data=source, batch=4)).resolved.batch == 4


def test_each_column_is_standardised(table: Table) -> None:
    inputs = build(Experiment(data=table("a,b,y\n1,0.1,5\n2,0.1,6\n6,0.1,7\n"))).batch.inputs
    assert sorted(inputs[:, 0]) == pytest.approx(sorted((np.array([1, 2, 6]) - 3) / np.std([1, 2, 6])))
    assert not inputs[:, 1].any()


def test_numbers_as_the_target_are_standardised_over_the_file_and_the_scale_is_told(table: Table) -> None:
    prices = [210_000, 190_000, 250_000, 150_000, 200_000]
    source = table("a,y\n" + "".join(f"{k},{price}\n" for k, price in enumerate(prices)))
    batch = build(Experiment(data=source, batch=3)).batch
    mean, std = 200_000, math.sqrt(np.mean((np.array(prices) - 200_000.0) ** 2))
    assert batch.scale == Scale("standard", mean, pytest.approx(std), 5)
    assert {round(float(value) * std + mean) for value in batch.target[:, 0]} < set(prices)
    plain = build(Experiment(data=source, batch=3, target_scale="none"))
    assert (plain.batch.scale, plain.resolved.target_scale) == (None, "none")
    assert {*plain.batch.target[:, 0].tolist()} < set(prices)


def test_the_scale_is_decided_where_there_are_numbers(table: Table) -> None:
    def decided(source: str, **fields: str) -> str | None:
        return build(Experiment(data=source, **fields)).resolved.target_scale

    shares = table("a,y\n1,0.5\n2,0.25\n3,1\n", "shares.csv")
    assert decided(shares) == "standard"
    assert decided(shares, loss="bce") == "none"
    assert decided(table(GOOD)) is decided(table(GOOD), loss="mse") is decided("digits") is None
    assert refused(Experiment, data=shares, loss="bce", target_scale="standard") == [
        "target_scale: 'standard' given; 'bce' is for targets from 0 to 1; allowed: minmax, none"
    ]
    assert refused(Experiment, data="moons", target_scale="none") == [
        "target_scale: 'none' given; it is for a file, --data csv:PATH, and moons is none: leave it out"
    ]


def test_sizes_that_the_file_does_not_have_are_refused_all_at_once(table: Table) -> None:
    source = table(rows(10))
    problems = refused(build, Experiment(cell="lstm", data=source, batch=11, steps=3, inputs=2))
    assert problems == [
        f"batch: 11 given; {source} has 10: leave it out",
        f"inputs: 2 given; {source} has 1: leave it out",
        f"steps: 3 given; {source} has 2: leave it out",
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numbers_of_any_size_are_read_without_a_warning(table: Table, dtype: str) -> None:
    # Squares and sums overflow float64, and the target overflows float32: outcomes, not warnings or errors.
    source = table("a,b,y\n1e308,1e-308,1e300\n-1e308,3e-308,2\n1e308,2e-308,3\n")
    experiment = Experiment(data=source, depth=1, width=3, dtype=dtype)
    trace = simulate(experiment)
    assert np.isfinite(trace.input).all()
    # Of three numbers of which one is 1e300 and the others are as good as 0: √2 and −1/√2.
    assert sorted(trace.target[:, 0]) == pytest.approx([-math.sqrt(0.5), -math.sqrt(0.5), math.sqrt(2)])
    assert simulate(experiment.replace(target_scale="none")).outcome.signal.kind == "non_finite"

"""Small tables in as many shapes as people have: what each is read as, and what is said of the guesses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradtui_engine import Experiment, build
from gradtui_engine.core.numerics import Array
from gradtui_engine.data.reading import MISSING_RULES, SEPARATORS, Reading
from gradtui_engine.data.table import read
from gradtui_engine.data.understood import TabularData, Understood
from tests.engine.helpers import refused

TABLES = Path(__file__).parent / "tables"


class Meant(NamedTuple):
    """What the owner of a table means: its inputs by name, one row of them, the target, and its values or classes.

    said: parts of what is told, in any order. options: what the owner has to say.
    """

    inputs: str
    first: list[float]
    target: str
    values: list[float] | list[str]
    said: tuple[str, ...] = ()
    options: dict[str, Any] = {}


MEANT = {
    "no-header.csv": Meant(
        "column 1, column 2, column 3, column 4", [5.1, 3.5, 1.4, 0.2], "column 5",
        ["setosa", "setosa", "virginica", "virginica"], ("no header: the first line is data; --header yes",),
    ),
    "class-first.csv": Meant(
        "alcohol, acid", [14.2, 1.7], "class", [1, 1, 2, 3],
        ("target class: by its name; --target", "3 whole numbers: classes? --loss cross_entropy"),
    ),
    "class-first-no-header.csv": Meant(
        "column 2, column 3, column 4", [17.99, 10.38, 122.8], "column 1", ["M", "M", "B", "B", "M"],
        ("the only one of classes; --target",),
    ),
    "date-last.csv": Meant(
        "load", [1.5], "demand", [20, 50, 10], ("the last column holds dates; --target", "day left out", "--window N"),
    ),
    "pandas-index.csv": Meant(
        "length, width", [1.0, 2.0], "species", ["x", "x", "y", "y"], ("column 1 left out", "--drop none keeps it"),
    ),
    "decimal-comma.csv": Meant(
        "ort, t", [1.5, 2.5], "regen", [3.25, 6, 0],
        ("parted by semicolons; --separator", "a comma is the decimal point"),
    ),
    "blanks.txt": Meant(
        "column 2, column 3, column 4, column 5", [8, 307, 3504, 12], "column 1", [18, 15, 27, 26, 24, 25],
        ("parted by blanks; --separator",), {"drop": "6", "target": "1"},
    ),
    "double-tabs.txt": Meant(
        "column 1, column 2, column 3", [15.26, 14.84, 0.871], "column 4", [1, 1, 2, 2],
        ("2 whole numbers: classes? --loss cross_entropy",),
    ),
    "numpy.txt": Meant("speed, torque", [1, 2.5], "power", [3, 6, 10]),
    "comments.csv": Meant("a, b", [1, 2], "y", [3.5, 6.5]),
    "thousands.csv": Meant(
        "population, area", [1200, 2.5], "price", [1300.5, 850, 2000], ("thousands are parted, as in 1,200",),
    ),
    "trailing.csv": Meant("CO, NOx", [2.6, 166], "T", [13.6, 13.3, 11.9], ("Date left out: dates are no input",)),
    "booleans.csv": Meant("smoker, active", [1, 1], "answer", ["no", "yes", "no"]),
    "gaps.csv": Meant(
        "power, weight, colour=blue, colour=red, colour=", [130, 3504, 0, 1, 0], "mpg", [18.5, 15.25, 18.75, 16.5],
        ("gaps filled, the mean of what the column has: power 1, weight 1", "colour (3); --drop colour"),
        {"missing": "mean"},
    ),
    "words.csv": Meant(
        "age, workclass=Private, workclass=State-gov, workclass=, sex=Female, sex=Male", [39, 0, 1, 0, 0, 1], "income",
        ["<=50K", ">50K", "<=50K", ">50K"],
        ("gaps are a value of their own in workclass; --missing drop", "workclass (3), sex (2); --drop workclass,sex"),
    ),
    "names.csv": Meant(
        "Pclass, Age", [3, 22], "Survived", [0, 1, 1, 0],
        ("PassengerId left out: it numbers the rows; --drop none", "target Survived: by its name"), {"drop": "Name"},
    ),
    "counted.csv": Meant("column 1, column 2", [1.5, 2.0], "column 3", ["first", "first", "second", "second"]),
    "two-headers.csv": Meant(
        "LIMIT, AGE", [20000, 24], "default", [1, 1, 0], ("2 lines of header; --header yes takes the first alone",),
    ),
    "units.csv": Meant("speed, torque", [1.5, 2.5], "power", [3.25, 6.5], ("2 lines of header",)),
    "row-names.txt": Meant("cyl, hp", [6, 110], "mpg", [21, 22.8, 18.1], ("column 1 left out: it numbers the rows",)),
    "excel.csv": Meant("größe, gewicht", [1.75, 70], "käufer", ["ja", "nein", "ja"], ("read as Windows-1252",)),
    "utf-16.csv": Meant("a, b", [1, 2], "y", ["north", "south"], ("read as UTF-16", "parted by tabs")),
    "numbered-columns.csv": Meant("0, 1, 2", [5.1, 3.5, 1.4], "3", [0, 0, 1]),
    "measured.arff": Meant("petal length, width", [1.5, 0.2], "class", ["small", "large", "large"]),
    "falling-dates.csv": Meant("Open, Vol.", [104.5, 12500], "Close", [106.25, 104.75, 103.5, 101.25]),
    "years.csv": Meant(
        "Country=Chile, Country=Peru, 1960, 1961", [1, 0, 8.1, 8.2], "1962", [8.3, 10.9, 1.75],
    ),
}  # fmt: skip


def table(name: str, **options: Any) -> TabularData:
    return read(f"csv:{TABLES / name}", Reading(**options))


def said(about: Understood) -> str:
    return "; ".join(about.notes)


def test_every_table_is_looked_at() -> None:
    assert {path.name for path in TABLES.iterdir()} == {*MEANT, "footer.csv"}


@pytest.mark.parametrize("name", MEANT)
def test_a_table_is_read_as_its_owner_means_it_and_the_guesses_are_said(name: str) -> None:
    meant = MEANT[name]
    found = table(name, **meant.options)
    assert ", ".join(found.about.inputs) == meant.inputs
    assert found.features[0].tolist() == pytest.approx(meant.first)
    assert found.about.target == meant.target
    values = found.target.tolist()
    assert ([found.classes[number] for number in values] if found.classes else values) == meant.values
    assert found.about.rows == len(meant.values)
    assert all(part in said(found.about) for part in meant.said), said(found.about)
    if not meant.said and name != "falling-dates.csv":
        assert not any("left out" in note for note in found.about.notes)


# -- what overrules a guess --------------------------------------------------------------------------------


def test_a_header_that_is_given_decides() -> None:
    assert table("no-header.csv", header="yes").about.rows == 3
    assert table("no-header.csv", header="yes").about.inputs == ("5.1", "3.5", "1.4", "0.2")
    assert len(table("numbered-columns.csv", header="no").features) == 4


@pytest.mark.parametrize("target", ["length", "LENGTH", "2", "-3"])
def test_a_target_is_named_or_numbered(target: str) -> None:
    found = table("pandas-index.csv", target=target)
    assert found.about.target == "length"
    assert found.about.inputs == ("width", "species=x", "species=y")


def test_columns_are_dropped_by_name_and_number_and_none_keeps_the_count_of_rows() -> None:
    assert table("pandas-index.csv", drop="length").about.inputs == ("width",)
    assert table("pandas-index.csv", drop="2, width", target="4").about.inputs == ("column 1",)
    kept = table("pandas-index.csv", drop="none")
    assert kept.about.inputs == ("column 1", "length", "width")
    assert "left out" not in said(kept.about)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"target": "lenght"}, "target: 'lenght' is no column; there are column 1, length, width, species, or 1 to 4; "
                               "did you mean 'length'?"),
        ({"target": "5"}, "target: '5' is no column; there are column 1, length, width, species, or 1 to 4"),
        ({"drop": "width,7"}, "drop: '7' is no column; there are column 1, length, width, species, or 1 to 4"),
        ({"drop": "width", "target": "width"}, "drop: 'width' is the target"),
    ],
)  # fmt: skip
def test_a_column_that_there_is_not_is_refused_with_those_that_there_are(options: dict[str, str], wanted: str) -> None:
    assert refused(table, "pandas-index.csv", **options) == [wanted]


@pytest.mark.parametrize("name", SEPARATORS)
def test_every_separator_is_found_and_can_be_given(name: str, tmp_path: Path) -> None:
    sign = SEPARATORS[name]
    path = tmp_path / "table.csv"
    path.write_text(f"a{sign}b{sign}y\n1{sign}2{sign}3.5\n4{sign}5{sign}6.5\n", encoding="utf-8")
    for given in (None, name):
        found = read(f"csv:{path}", Reading(separator=given))
        assert (found.about.separator, found.features.tolist()) == (name, [[1, 2], [4, 5]])
    spelt = Experiment(data=f"csv:{path}", separator=sign)
    assert spelt.separator == name


def test_a_separator_that_is_given_counts_also_where_another_would_fit(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("1,5;2,5\n2,5;3,5\n4,5;1,5\n", encoding="utf-8")
    assert read(f"csv:{path}").features.tolist() == [[1.5], [2.5], [4.5]]
    (problem,) = refused(read, f"csv:{path}", Reading(separator="tab"))
    assert "no input beside the target" in problem


# -- gaps --------------------------------------------------------------------------------------------------


def test_gaps_among_numbers_are_refused_by_column_with_what_to_do() -> None:
    one, two = refused(table, "gaps.csv")
    assert one == (
        "data: column 'power' has gaps in 1 of 4 rows (line 3: '?'): --missing mean fills them, --missing drop leaves "
        "the rows out, --drop power the column"
    )
    assert "'weight' has gaps in 1 of 4 rows (line 4: 'NA')" in two


def test_each_rule_closes_gaps_as_its_name_says(tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("a,b,y\nNA,2,1\n1,?,2\nnull,4,3\n7,-,4\n4,6,5\n", encoding="utf-8")
    wanted: dict[str, list[list[float]]] = {
        "mean": [[4, 2], [1, 4], [4, 4], [7, 4], [4, 6]],
        "median": [[4, 2], [1, 4], [4, 4], [7, 4], [4, 6]],
        "previous": [[1, 2], [1, 2], [1, 4], [7, 4], [4, 6]],
        "drop": [[4, 6]],
    }
    assert wanted.keys() == MISSING_RULES.keys()
    for rule, rows in wanted.items():
        found = read(f"csv:{path}", Reading(missing=rule))
        assert found.features.tolist() == rows
    assert found.about.rows == 1
    assert "rows with gaps left out: 4 of 5" in said(found.about)


@pytest.mark.parametrize("gap", ["", " ", "NA", "?", "NaN", "null", "None", "-", "#N/A", "n/a", "\\N"])
def test_a_gap_is_written_in_many_ways(gap: str, tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text(f"a,b,y\n1,2.5,3\n2,{gap},4\n5,6.5,8\n", encoding="utf-8")
    (problem,) = refused(read, f"csv:{path}")
    assert "column 'b' has gaps in 1 of 3 rows (line 3" in problem
    assert read(f"csv:{path}", Reading(missing="mean")).features[1].tolist() == [2, 4.5]


def test_plus_and_minus_are_classes_and_no_gaps(tmp_path: Path) -> None:
    path = tmp_path / "credit.csv"
    path.write_text("1.5,2,+\n2.5,3,-\n3.5,1,+\n", encoding="utf-8")
    assert read(f"csv:{path}").classes == ("+", "-")


# -- classes -----------------------------------------------------------------------------------------------


def rare(name: str, words: bool) -> str:
    """2,000 rows, 5 of which are of a class of its own."""
    kinds = ("ok", "fraud") if words else ("0", "1")
    lines = [f"{k * 37 % 101 / 50 - 1:.3f},{k * 53 % 97 / 48 - 1:.3f},{kinds[k % 400 == 7]}" for k in range(2000)]
    return f"v1,v2,{name}\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("words", [True, False])
def test_classes_are_those_of_the_file_and_not_of_the_batch(words: bool, tmp_path: Path) -> None:
    path = tmp_path / "rare.csv"
    path.write_text(rare("class", words), encoding="utf-8")
    loss = None if words else "cross_entropy"
    batch = build(Experiment(data=f"csv:{path}", loss=loss, depth=2, seed=1)).batch
    assert {*batch.target.tolist()} == {1} if words else {0}, "the case: a batch without fraud"
    assert batch.outputs == 2
    assert batch.about is not None
    assert dict(batch.about.classes) == ({"fraud": 5, "ok": 1995} if words else {"0": 1995, "1": 5})
    assert "uneven classes: 5 times" in said(batch.about)
    assert "is right in 99.8 %" in said(batch.about)


def test_labels_from_1_to_3_are_three_classes() -> None:
    found = table("class-first.csv", loss="cross_entropy")
    assert (found.classes, found.target.tolist()) == (("1", "2", "3"), [0, 0, 1, 2])
    assert not any("classes?" in note for note in found.about.notes)


# -- series ------------------------------------------------------------------------------------------------


def series(tmp_path: Path, falling: bool = False) -> str:
    days = range(1, 21)
    rows = [f"2020-01-{day:02d},{day * day},{3 * day}\n" for day in (reversed(days) if falling else days)]
    path = tmp_path / "series.csv"
    path.write_text("date,load,price\n" + "".join(rows), encoding="utf-8")
    return f"csv:{path}"


def over(values: Array) -> Array:
    return (values - values.mean()) / values.std()


@pytest.mark.parametrize("falling", [False, True])
def test_a_window_reads_rows_as_steps_and_the_next_row_as_the_target(falling: bool, tmp_path: Path) -> None:
    days = np.arange(1.0, 21.0)
    load, price = over(days**2), over(3 * days)
    network = build(Experiment(cell="lstm", data=series(tmp_path, falling), window=5, width=3))
    inputs, target = network.batch.inputs, network.batch.target
    assert (network.resolved.steps, network.resolved.inputs, network.resolved.batch) == (5, 2, 15)
    starts = np.argsort(inputs[0, :, 0])  # the first day of each window, as loads rise
    for start, sample in enumerate(starts):
        assert inputs[:, sample, 0] == pytest.approx(load[start : start + 5])
        assert inputs[:, sample, 1] == pytest.approx(price[start : start + 5])
        assert target[sample, 0] == pytest.approx(price[start + 5])
    about = network.batch.about
    assert about is not None
    assert (about.samples, about.window) == (15, 5)
    assert ("the dates fall" in said(about)) == falling


def test_an_mlp_reads_a_window_flattened(tmp_path: Path) -> None:
    source = series(tmp_path)
    flat = build(Experiment(data=source, window=5, depth=2)).batch.inputs
    over_time = build(Experiment(cell="rnn", data=source, window=5)).batch.inputs
    assert flat == pytest.approx(over_time.transpose(1, 0, 2).reshape(15, 10))


def test_one_column_is_enough_for_a_series_and_a_footer_is_passed_over() -> None:
    (problem,) = refused(table, "footer.csv")
    assert "no input beside the target" in problem
    assert "--window N" in problem
    found = table("footer.csv", window=2)
    assert found.features.tolist() == [[112], [118], [132], [129]]
    assert "lines left out: 7" in said(found.about)


def test_a_window_is_shorter_than_the_series(tmp_path: Path) -> None:
    source = series(tmp_path)
    assert read(source, Reading(window=19)).about.samples == 1
    assert refused(read, source, Reading(window=20)) == ["window: 20 given; allowed: 1 to 19, as there are 20 rows"]


# -- odd files ---------------------------------------------------------------------------------------------


def test_a_typesetters_minus_lines_above_and_dates_of_a_series_are_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    head = "".join(f"About: number {k} of the lines above\n" for k in range(7))
    rows = "".join(f"Apr-{k}-1995,\u2212{k}.5,\u2013{k}.25\n" for k in range(1, 25))
    path.write_text(head + "day,a,y\n" + rows, encoding="utf-8")
    found = read(f"csv:{path}")
    assert found.features[:2].tolist() == [[-1.5], [-2.5]]
    assert found.target[:2].tolist() == [-1.25, -2.25]
    assert "lines left out: 1, 2, 3, 4, 5, 6, 7" in said(found.about)
    assert "day left out: dates are no input" in said(found.about)


def test_of_many_columns_with_gaps_three_are_told_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("a,b,c,d,e,y\nNA,NA,NA,NA,NA,1\n1,2,3,4,5,6\n2,3,4,5,6,8\n", encoding="utf-8")
    problems = refused(read, f"csv:{path}")
    assert len(problems) == 4
    assert problems[-1] == "data: further columns with gaps (2): d 1, e 1"


@pytest.mark.parametrize("cell", ["1e999", "-inf", "inf"])
def test_a_number_that_is_not_finite_is_refused_wherever_it_stands(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    for row in (f"{cell},2,3", f"1,{cell},3", f"1,2,{cell}"):
        path.write_text(f"4,5,6\n{row}\n7,8,9\n", encoding="utf-8")
        (problem,) = refused(read, f"csv:{path}", Reading(header="no"))
        assert f"{cell!r} is not a finite number" in problem
        assert "line 2" in problem

"""`gradtui sweep`: what it asks, prints and writes, its exit status, and what it refuses."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from gradtui.cli import sweep as command_sweep
from gradtui.cli import sweep_progress
from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui_engine import Experiment, ExperimentError, Training, simulate
from gradtui_engine.core.problems import Problem
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.cell import Cell
from gradtui_engine.sweeps.run import run
from gradtui_engine.sweeps.sweep import Sweep
from gradtui_engine.training.history import train
from tests.tui.helpers import Command, odd_numbers
from tests.tui.terminal import Terminal

SMALL = ("--width", "6", "--batch", "8", "--activation", "tanh", "--executor", "serial")
PLANE = (*SMALL, "--x", "gain=0.5:2:4:log", "--y", "depth=2,5,9")


def planned(*arguments: str) -> Any:
    return read(SUBCOMMANDS["sweep"], arguments).options


# -- what is asked for -------------------------------------------------------------------------------------


def test_options_make_a_sweep() -> None:
    plan = planned(
        *SMALL[:-2], "--x", "sigma-w=0.5:2:4", "--y", "width,depth=3,5", "--measure", "ratio,gradient at 1",
        "--measure", "accuracy", "--train", "7", "--schedule", "cosine", "--repeats", "3,5:6", "--workers", "2",
    )  # fmt: skip
    base = Experiment(width=6, batch=8, activation="tanh")
    assert plan.sweep == Sweep(
        base=base, x=Axis(("sigma_w",), (0.5, 1.0, 1.5, 2.0)), y=Axis(("width", "depth"), (3, 5)),
        measures=("ratio", "gradient@1", "accuracy"), repeats=(3, 5, 6),
        training=Training(experiment=base, iterations=7, schedule="cosine"),
    )  # fmt: skip
    assert (plan.options.executor, plan.options.workers, plan.options.store) == ("processes", 2, None)


def test_without_a_word_of_trainings_the_loss_at_the_end_is_measured() -> None:
    assert planned("--x", "learning-rate=0.1,1", "--train", "3").sweep.measures == ("loss",)
    assert planned("--x", "learning-rate=0.1,1", "--train", "3", "--measure", "ratio").sweep.measures == ("ratio",)


def test_without_a_word_the_ratio_of_iteration_0_is_measured() -> None:
    sweep = planned("--x", "gain=1:2").sweep
    assert (sweep.measures, sweep.training, sweep.repeats, sweep.y) == (("ratio",), None, (), None)
    assert planned("--x", "gain=1:2", "--train", "0").sweep == sweep


PLAN = """activation = "tanh"
depth = 4
[training]
iterations = 9
schedule = "step"
[sweep]
x = "sigma_w=0.5:2:4"
y = "norm=none,batch"
measure = "accuracy, ratio"
repeats = [1, 2]
"""


def test_a_plan_says_what_options_say_and_options_win(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN, encoding="utf-8")
    sweep = planned(str(path)).sweep
    assert sweep == Sweep.from_toml(PLAN)
    assert (sweep.measures, sweep.repeats, sweep.training.iterations) == (("accuracy", "ratio"), (1, 2), 9)
    other = planned(str(path), "--depth", "6", "--y", "gain=1,2", "--train", "3", "--measure", "loss", "--warmup", "1")
    assert other.sweep == Sweep.from_toml(
        PLAN.replace("depth = 4", "depth = 6").replace("norm=none,batch", "gain=1,2").replace("= 9", "= 3\nwarmup = 1")
        .replace("accuracy, ratio", "loss")
    )  # fmt: skip
    assert planned(str(path), "--train", "0", "--measure", "ratio").sweep.training is None
    # What a sweep has beside an experiment others pass over.
    assert command("run", path).status == command("train", path, "--iterations", "1", "--width", "2").status == 0
    assert read(SUBCOMMANDS[""], [str(path)]).experiment == sweep.base


def test_the_plan_can_be_fed_back(tmp_path: Path, command: Command) -> None:
    arguments = (*PLANE, "--train", "3", "--then", "2:clip=norm", "--repeats", "4,5", "--measure", "trains,loss")
    path = tmp_path / "back.toml"
    path.write_text(command("sweep", *arguments, "--print-config").out, encoding="utf-8")
    assert planned(str(path)).sweep == planned(*arguments).sweep
    assert command("sweep", path, "--print-config").out == path.read_text()


def test_a_preset_gives_the_experiment(command: Command) -> None:
    assert planned("xavier-tanh", "--x", "gain=1:2").sweep.base.activation == "tanh"


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "--x: is missing; written like --x gain=0.5:2:16"),
        (("--x",), "--x: needs a value: --x FIELD=FROM:TO[:COUNT][:log]"),
        (("--x", "gain="), "--x: 'gain=' is no axis; written like FIELD="),
        (("--x", "=1:2"), "--x: '=1:2' is no axis; written like FIELD="),
        (("--x", "gain=1"), "--x: 1 value given; an axis has two or more"),
        (("--x", "gain=2:1"), "--x: 2 to 1: the smaller number comes first"),
        (("--x", "gain=1:nan"), "--x: 'nan' is no number"),
        (("--x", "gain=0:1:5:log"), "--x: 0 given; log needs numbers above 0"),
        (("--x", "gian=1:2"), "did you mean 'gain'?"),
        (("--x", "gain=1:2", "--y", "gain=2:3"), "--y: gain is on both axes"),
        (("--x", "gain=1:2", "--y", "width,gain=2:3"), "--y: gain is on both axes"),
        (("--x", "gain=0.5:1:1000", "--y", "depth=1:1000:1000"), "are 1000000 cells; allowed: up to"),
        (("--x", "gain=0:1:1000000000"), "'1000000000' values; allowed: a whole number from 2 to"),
        (("--x", "gain=1:2", "--measure", "accuracy"), "--measure: accuracy is measured of a training; give the"),
        (("--x", "gain=1:2", "--measure", "acuracy"), "did you mean 'accuracy'?"),
        (("--x", "gain=1:2", "--measure", ","), "--measure: ',' given; allowed: measures with commas between"),
        (("--x", "gain=1:2", "--measure", "b.ratio"), "--measure: b.ratio: a sweep has no experiment B"),
        (("--x", "gain=1:2", "--schedule", "cosine"), "--schedule: is of a training; give the iterations: --train N"),
        (("--x", "iterations=1:9"), "--x: iterations is of a training; give the iterations: --train N"),
        (("--x", "forget-bias=1:2"), "--x: forget_bias is not used by mlp; it is for lstm"),
        (("--x", "gain=1:2", "--repeats", "2:1"), "--repeats: '2:1' given; allowed: seeds with commas between"),
        (("--x", "gain=1:2", "--repeats", "0:99"), "--repeats: '0:99' given; allowed: seeds with commas"),
        (("--x", "seed=1,2", "--repeats", "1"), "--repeats: seed is on an axis already"),
        (("--x", "gain=1:2", "--train", "-1"), "--train: -1 given; allowed: a whole number from 0 to"),
        (("--x", "gain=1:2", "--executor", "mpi"), "--executor: 'mpi' is unknown; allowed: serial, threads, processes"),
        (("--x", "gain=1:2", "--workers", "0"), "--workers: 0 given; allowed: a whole number from 1 to 1024"),
        (("--x", "gain=1:2", "--workers", "2", "--executor", "serial"), "--workers: is not for serial"),
        (("--x", "gain=1:2", "--workers", "2", "--address", "tcp://x:1"), "--workers: is not for --address"),
        (("--x", "gain=1:2", "--executor", "serial", "--address", "tcp://x:1"), "--address: is of a Dask scheduler"),
        (("--x", "gain=1:2", "--json", "--plot"), "--plot: is not for --json"),
        (("--x", "gain=1:2", "--csv", "."), "--csv: '.' is a folder; give a file such as run.csv"),
        (("--x", "gain=1:2", "--csv", "no/a.csv"), "--csv: the folder 'no' does not exist"),
        (("--x", "gain=1:2", "--iterations", "9"), "--iterations: is --train here: gradtui sweep --train N"),
        (("--x", "gain=1:2", "--mesure", "loss"), "--mesure: is unknown; did you mean --measure?"),
        (("--x", "gain=1:2", "--b", "gain=2"), "--b: is an option of the screen alone"),
        (("none.toml", "--x", "gain=1:2"), "none.toml: cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(
    arguments: tuple[str, ...], problem: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_sweep, "run", lambda *arguments, **more: pytest.fail("computed"))
    done = command("sweep", *arguments)
    assert (done.status, done.out) == (2, "")
    assert len([line for line in done.problems if problem in line]) == 1, done.err


def test_every_problem_comes_at_once_by_its_option(command: Command) -> None:
    done = command(
        "sweep", "--x", "gian=1:2", "--y", "depth=2:1", "--measure", "los", "--repeats", "x", "--train", "-2",
        "--executor", "x", "--depth", "0", "--shedule", "step",
    )  # fmt: skip
    assert done.status == 2
    flags = ["--shedule", "depth", "--x", "--y", "--measure", "--repeats", "--train", "--executor"]
    assert sorted(line.split(": ")[1] for line in done.problems) == sorted(flags)


def test_a_plan_that_is_wrong_is_named(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "plan.toml"
    text = PLAN.replace("sigma_w", "sigma_q").replace("= 9", "= 0").replace("[1, 2]", '"x"\nfoo = 3')
    path.write_text(text, encoding="utf-8")
    done = command("sweep", path)
    assert done.status == 2
    assert sorted(line.split(": ")[1:3] for line in done.problems) == [
        [str(path), f"{name}"] for name in ("sweep.foo", "sweep.repeats", "sweep.x", "training.iterations")
    ]
    # What options say instead is not wrong.
    done = command("sweep", path, "--x", "gain=1:2", "--train", "4", "--repeats", "2")
    assert [line.split(": ")[2] for line in done.problems] == ["sweep.foo"]
    path.write_text("sweep = 5\n", encoding="utf-8")
    assert f"gradtui sweep: {path}: sweep: 5 given; it is a table: [sweep]" in command("sweep", path).problems


def test_a_store_that_is_none_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = command("sweep", *PLANE, "--store", tmp_path / "file")
    assert (done.status, len(done.problems)) == (2, 1)
    assert done.err.startswith("gradtui sweep: --store: ")


def test_a_disk_that_gets_full_costs_no_number(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any, **more: Any) -> Any:
        cells = run(*arguments, **more)
        yield from (next(cells) for _ in range(5))
        raise ExperimentError([Problem("store", "no space")])

    monkeypatch.setattr(command_sweep, "run", full)
    path = tmp_path / "cells.csv"
    done = command("sweep", *PLANE, "--store", tmp_path / "store", "--csv", path)
    assert done.status == 2
    assert done.err == "gradtui sweep: --store: no space\n"
    assert "interrupted after 5 of 12 cells: this is what there is" in done.out
    assert len(path.read_text().splitlines()) == 6


# -- what it prints ----------------------------------------------------------------------------------------


def table(lines: list[str], title: str) -> dict[tuple[str, int], str]:
    """The numbers of a plane by the label of the row and the place of the column."""
    start = next(index for index, line in enumerate(lines) if line.startswith(title))
    plain = [re.sub("[|:;/]", " ", line) for line in lines[start + 1 : lines.index("", start)]]
    rows = [line.split() for line in plain if re.match(r" *(2|5|9) ", line)]
    return {(row[0], place): text for row in rows for place, text in enumerate(row[1:])}


def test_the_table_has_the_numbers_of_each_experiment_y_upwards(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = command("sweep", *PLANE, "--measure", "ratio,half_life")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "MLP 30×6 · tanh · xavier_normal · digits · batch 8 · seed 0"
    assert lines[1] == "gain 0.5 … 2 (4) × depth 2 … 9 (3) · the first gradient of each"
    assert max(map(len, lines)) <= 80
    found = table(lines, "what arrives")
    rows = [line.split()[0] for line in lines[lines.index("") :] if re.match(r" *(2|5|9) ", line)]
    assert rows == ["9", "5", "2"] * 2
    for place, gain in enumerate((0.5, 0.5 * 4 ** (1 / 3), 4 ** (2 / 3) / 2, 2.0)):
        for depth in (2, 5, 9):
            experiment = Experiment(width=6, batch=8, activation="tanh", gain=gain, depth=depth)
            ratio = simulate(experiment).outcome.ratio
            text = found[str(depth), place]
            assert float(text) in (pytest.approx(ratio, rel=0.06), pytest.approx(round(math.log10(ratio)), abs=0.1))
    assert lines[-1].startswith("12 cells; ")


def test_many_columns_are_powers_of_ten_and_more_are_shades(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = command("sweep", *SMALL, "--x", "gain=0.1:2:18", "--y", "depth=5,12")
    assert "in powers of ten: -12 is 1e-12" in done.out
    rows = [line.split() for line in done.out.splitlines() if line.startswith((" 5 ", "12 "))]
    assert [len(row) for row in rows] == [19, 19]
    lowest = simulate(Experiment(width=6, batch=8, activation="tanh", gain=0.1, depth=12)).outcome.ratio
    assert int(rows[0][1]) == round(math.log10(lowest))
    many = command("sweep", *SMALL, "--width", "2", "--x", "gain=0.1:2:60", "--y", "depth=1,6")
    assert re.search(r"^shades: 1e-\d+ \|[ ░▒▓█]+\| ", many.out, re.MULTILINE)
    shaded = [line for line in many.out.splitlines() if line.startswith(("1 ", "6 "))]
    assert [len(line) for line in shaded] == [62, 62]
    assert shaded[0][2] == " "  # the lowest
    assert set(shaded[1][40:]) <= {"█", *"|:;/"}
    assert max(map(len, many.out.splitlines())) <= 80


def test_theory_passes_between_the_cells_where_it_says(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """ReLU: χ = σ_w²/2 (Poole et al. 2016), 1 at √2, and deeper than 6/|ln χ| no network trains (Schoenholz 2017)."""
    monkeypatch.setenv("COLUMNS", "80")
    done = command(
        "sweep", *SMALL, "--activation", "relu", "--x", "sigma-w=1:2:11", "--y", "depth=4,12,40", "--measure", "kind"
    )
    assert "| theory: χ = 1, the edge of chaos (Poole et al. 2016; Schoenholz et al. 2017)" in done.out
    assert ": theory: 6ξ, ξ = 1/|ln χ| (Schoenholz et al. 2017)" in done.out
    rows = [line for line in done.out.splitlines() if re.match(r" *(4|12|40) ", line)]
    columns = [1.0 + 0.1 * number for number in range(11)]
    for line, depth in zip(rows, (40, 12, 4), strict=True):
        cells = re.findall(r"([a-z])(.|$)", line[3:])
        passing = {mark: [i for i, (_, each) in enumerate(cells) if each == mark] for mark in "|:"}
        assert passing["|"] == [4]  # between 1.4 and 1.5
        ends = [math.sqrt(2 * math.exp(sign * 6 / depth)) for sign in (-1, 1)]
        inside = [max(i for i, value in enumerate(columns) if value <= end + 1e-9) for end in ends if 1 < end < 2]
        assert passing[":"] == [i for i in inside if i != 4]


def test_every_name_of_an_axis_stands_under_its_column_of_letters(command: Command) -> None:
    done = command("sweep", *SMALL, "--x", "norm=none,batch,layer", "--y", "depth=2,4", "--measure", "kind")
    lines = done.out.splitlines()
    (foot,) = [place for place, line in enumerate(lines) if line.split() == ["none", "batch", "layer"]]
    ends = [match.end() for match in re.finditer(r"\S+", lines[foot])]
    assert [match.end() for match in re.finditer(r"\S+", lines[foot - 1])][1:] == ends


def test_names_are_letters_and_told(command: Command) -> None:
    done = command("sweep", *SMALL, "--x", "norm=none,layer", "--y", "init=zeros,xavier_normal", "--measure", "kind")
    assert done.status == 0
    lines = done.out.splitlines()
    rows = [line.split() for line in lines if line.startswith(("        zeros ", "xavier_normal "))]
    told = dict(text.split() for text in next(line for line in lines if re.match(r"\w \w+, ", line)).split(", "))
    for row, init in zip(rows, ("xavier_normal", "zeros"), strict=True):
        for text, norm in zip(row[1:], ("none", "layer"), strict=True):
            kind = simulate(Experiment(width=6, batch=8, activation="tanh", norm=norm, init=init)).outcome.signal.kind
            assert told[text] == kind.replace("_", " ")


def test_without_y_it_is_a_line(command: Command) -> None:
    done = command("sweep", *SMALL, "--x", "depth=2:6:3", "--train", "4", "--measure", "loss,accuracy,trains")
    rows = [line.split() for line in done.out.splitlines() if re.match(r" *[246]  ", line)]
    assert [row[0] for row in rows] == ["2", "4", "6"]
    for row in rows:
        experiment = Experiment(width=6, batch=8, activation="tanh", depth=int(row[0]))
        history = train(Training(experiment=experiment, iterations=4))
        assert history.outcome is not None
        assert float(row[1]) == pytest.approx(history.outcome.numbers["end"], rel=5e-3)
        assert row[2] == f"{100 * (history.validations[-1].accuracy or 0):.0f}"
    assert "each trained for 4 iterations" in done.out


def test_a_cell_that_cannot_be_has_its_reason_and_the_others_come(command: Command) -> None:
    arguments = (*SMALL, "--x", "norm=none,batch", "--y", "batch=1,4")
    done = command("sweep", *arguments)
    assert done.status == 0
    assert "1 cell (norm batch, batch 1): batch: 1 given; norm batch needs at least 2" in done.out
    (row,) = [line.split() for line in done.out.splitlines() if line.startswith("1 ") and "cell" not in line]
    assert row[2] == "–"
    assert float(row[1]) != 0
    none = command("sweep", *SMALL, "--x", "width=60000,65536", "--y", "depth=9000,10000")
    assert none.status == 1
    assert none.err == ""
    assert "needs" in none.out


def test_an_overflow_is_a_number_that_is_not_finite_with_its_reason(command: Command) -> None:
    done = command("sweep", *SMALL, "--activation", "relu", "--x", "gain=1,1e30", "--measure", "loss", "--json")
    assert done.status == 0
    sound, wild = done.json["cells"]
    assert sound["reason"] == ""
    assert isinstance(sound["values"]["loss"], float)
    assert wild["values"]["loss"] in ("inf", "nan")
    outcome = simulate(Experiment(width=6, batch=8, activation="relu", gain=1e30)).outcome
    assert wild["reason"] == outcome.signal.message
    assert wild["reason"] in done.json["texts"]


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize("more", [(), ("--measure", "kind,loss"), ("--x", "norm=none,batch,layer,rms")])
def test_tables_and_plots_keep_to_the_width(
    columns: int, more: tuple[str, ...], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = command("sweep", *PLANE, *more, "--plot")
    assert done.status == 0
    assert odd_numbers(done.out) == []
    assert max(map(len, done.out.splitlines())) <= max(columns, 40)


def test_the_plot_has_a_curve_for_each_row(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = command("sweep", *PLANE, "--plot")
    start = done.out.index("what arrives of the gradient over gain")
    plot = done.out[start:]
    assert "depth: a 2, b 5, c 9" in plot
    assert all(letter * 3 in plot for letter in "abc")


def test_a_poor_terminal_gets_ascii(command: Command) -> None:
    plane = ("--width", "2", "--x", "gain=0.5:2:70", "--y", "depth=1,2")
    done = command("sweep", *SMALL, *plane, "--plot", "--glyphs", "ascii")
    assert done.out.isascii()


def test_it_speaks_chinese(command: Command) -> None:
    done = command(
        "sweep", *PLANE, "--y", "batch=1,4", "--x", "norm=none,batch", "--train", "3", "--measure", "ratio,accuracy",
        "--repeats", "0,1", "--plot", "--lang", "zh",
    )  # fmt: skip
    assert done.status == 0
    told = re.sub(r"xavier_normal|digits|tanh|sgd|none|batch|norm|layer|e-?\d|[a-f]+\b", "", done.out)
    assert re.findall(r"[a-z]{3,}", told) == []


# -- what it writes ----------------------------------------------------------------------------------------


def test_csv_has_a_row_for_each_cell_its_columns_the_fields_and_the_measures(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    arguments = (*PLANE, "--x", "width,inputs=3,4,5", "--data", "gaussian", "--measure", "ratio,kind")
    done = command("sweep", *arguments, "--csv", path)
    assert f"saved {path}" in done.out
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [*rows[0]] == ["width", "inputs", "depth", "ratio", "kind", "reason", "seconds"]
    assert [(row["width"], row["inputs"], row["depth"]) for row in rows] == [
        (each, each, depth) for depth in "259" for each in "345"
    ]
    cells = {(cell.i, cell.j): cell for cell in run(planned(*arguments).sweep)}
    for number, row in enumerate(rows):
        cell = cells[number % 3, number // 3]
        assert float(row["ratio"]) == cell.values["ratio"]
        assert row["kind"] == cell.values["kind"]
        assert row["reason"] == ""
        assert float(row["seconds"]) > 0


def test_csv_of_several_seeds_has_a_row_for_each_and_json_their_median(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    done = command("sweep", *SMALL, "--x", "depth=2,5", "--repeats", "0:2", "--csv", path, "--json")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [(row["depth"], row["seed"]) for row in rows] == [(depth, seed) for depth in "25" for seed in "012"]
    for cell, depth in zip(done.json["cells"], (2, 5), strict=True):
        ratios = [
            simulate(Experiment(width=6, batch=8, activation="tanh", depth=depth, seed=seed)).outcome.ratio
            for seed in (0, 1, 2)
        ]
        assert [float(row["ratio"]) for row in rows if row["depth"] == str(depth)] == ratios
        assert cell["repeats"] == {"ratio": ratios}
        assert cell["values"] == {"ratio": sorted(ratios)[1]}
    assert done.json["repeats"] == [0, 1, 2]


def test_json_is_one_document_with_axes_and_cells(command: Command) -> None:
    arguments = (*PLANE, "--measure", "ratio,dead_units")
    document = command("sweep", *arguments, "--json").json
    assert document["x"]["fields"] == ["gain"]
    assert document["x"]["log"] is True
    assert document["y"] == {"fields": ["depth"], "values": [2, 5, 9], "log": False}
    assert (document["complete"], document["training"], document["measures"]) == (True, None, ["ratio", "dead_units"])
    assert [(cell["column"], cell["row"]) for cell in document["cells"]] == [(i, j) for j in range(3) for i in range(4)]
    sweep = planned(*arguments).sweep
    assert Sweep.from_mapping(document["plan"]) == sweep
    for cell in document["cells"]:
        assert cell["x"] == sweep.x.values[cell["column"]]
        assert cell["y"] == sweep.y.values[cell["row"]]
        assert cell["values"]["dead_units"] == 0.0
    assert document["experiment"] == sweep.base.to_document()


def test_a_table_that_cannot_be_written_in_the_end_costs_no_cells(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command_sweep, "rows_of", full)
    done = command("sweep", *PLANE, "--csv", tmp_path / "a.csv")
    assert done.status == 2
    assert "12 cells; " in done.out
    assert "saved" not in done.out
    assert done.err.endswith("cannot be written: No space left on device\n")


def test_a_second_run_goes_on_where_the_first_was_and_says_so(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "cells"
    assert command("sweep", *PLANE[:-2], "--y", "depth=2,5", "--store", store).err == ""
    first = command("sweep", *PLANE, "--store", store, "--json")
    assert first.err == f"gradtui sweep: 8 of 12 cells were known from {store}\n"
    again = command("sweep", *PLANE, "--store", store, "--json")
    assert again.err == f"gradtui sweep: 12 of 12 cells were known from {store}\n"
    assert again.json == first.json
    assert "12 cells; " in command("sweep", *PLANE, "--store", store).out
    assert "12 were known" in command("sweep", *PLANE, "--store", store).out


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_every_executor_comes_to_the_same_numbers(executor: str, command: Command) -> None:
    def values(*more: str) -> list[Any]:
        return [cell["values"] for cell in command("sweep", *PLANE, "--json", *more).json["cells"]]

    assert values("--executor", executor, "--workers", "2") == values()


# -- interrupted -------------------------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_a_thread_in_a_long_array_operation_holds_nobody_up(executor: str, tmp_path: Path) -> None:
    """The decomposition of 2,600 × 2,600 takes five seconds, in which nothing can be asked of its thread."""
    store = tmp_path / "store"
    arguments = ["--x", "width=4,2600,2700", "--init", "orthogonal", "--depth", "6", "--executor", executor]
    program = subprocess.Popen(
        [sys.executable, "-m", "gradtui", "sweep", *arguments, "--store", str(store)], stdout=subprocess.PIPE, text=True
    )
    while not (store.exists() and any(path.stat().st_size for path in store.iterdir())):
        assert program.poll() is None
    asked = time.monotonic()
    program.send_signal(signal.SIGINT)
    out, _ = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "interrupted after 1 of 3 cells: this is what there is" in out
    # A second, and what a loaded machine takes to print: less than the operation itself.
    assert time.monotonic() - asked < 2.5


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_it_and_what_there_is_is_kept(
    number: int, status: int, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signalled(*arguments: Any, **more: Any) -> Any:
        for count, cell in enumerate(run(*arguments, **more), 1):
            yield cell
            if count == 5:
                os.kill(os.getpid(), number)

    monkeypatch.setattr(command_sweep, "run", signalled)
    before = signal.getsignal(number)
    path, store = tmp_path / "cells.csv", tmp_path / "store"
    done = command("sweep", *PLANE, "--csv", path, "--store", store)
    assert done.status == status
    assert signal.getsignal(number) == before
    assert "interrupted after 5 of 12 cells: this is what there is" in done.out
    assert len(path.read_text().splitlines()) == 6
    monkeypatch.setattr(command_sweep, "run", run)
    after = command("sweep", *PLANE, "--store", store, "--json")
    assert after.err == f"gradtui sweep: 5 of 12 cells were known from {store}\n"
    assert after.json["complete"] is True
    monkeypatch.setattr(command_sweep, "run", signalled)
    short = command("sweep", *PLANE, "--json")
    assert (short.status, short.json["complete"], len(short.json["cells"])) == (status, False, 5)
    assert short.err == "gradtui sweep: interrupted after 5 of 12 cells: this is what there is\n"


LONG = (*SMALL[:-2], "--x", "gain=0.5:2:40", "--y", "depth=100:200:40")


@pytest.mark.parametrize(
    ("executor", "key"),
    [
        ("processes", "\x1b"),
        pytest.param("processes", "\x03", marks=pytest.mark.soak),
        pytest.param("serial", "\x1b", marks=pytest.mark.soak),
        pytest.param("threads", "\x03", marks=pytest.mark.soak),
    ],
)
def test_on_a_terminal_a_line_says_how_far_it_is_until_a_key_stops_it(executor: str, key: str) -> None:
    """ctrl+C or escape, an arrow being no escape; the terminal is as it was."""
    with Terminal("sweep", *LONG, "--executor", executor, size=(80, 24)) as terminal:
        before = termios.tcgetattr(terminal.master)[3] & (termios.ECHO | termios.ICANON)
        assert before == termios.ECHO | termios.ICANON
        terminal.wait_for(lambda text: re.search(r"<1 %  \d+/1,600 cells  \S.* left", text) is not None, "how far")
        terminal.press("\x1b[A")
        terminal.wait_for(lambda text: re.search(r"%  \d\d/1,600 cells", text) is not None, "it to go on")
        terminal.press(key)
        assert terminal.ended() == 130
        assert " left" not in terminal.text
        assert "interrupted after " in terminal.text
        assert termios.tcgetattr(terminal.master)[3] & (termios.ECHO | termios.ICANON) == before


@pytest.mark.parametrize("columns", [10, 30, 60, 300])
def test_the_line_fits_and_tells_what_is_left(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return True

    told: list[str] = []
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Stream())
    monkeypatch.setattr(Progress, "update", lambda self, task, description: told.append(description))
    monkeypatch.setattr(sweep_progress, "_SECONDS", 0.0)
    with sweep_progress.progress(200) as tell:
        tell(Cell(0, 0, {"ratio": 1.0}, known=True))
        tell(Cell(1, 0, {"ratio": None}, "why"))
        for i in range(2, 100):
            tell(Cell(i, 0, {"ratio": 1.0}))
    assert re.findall(r"\d+ %", told[-1]) == ["50 %"]
    assert "1/200 cells  – left" in told[0]
    assert "100/200 cells  1 without a number  0 s left" in told[-1]
    for line in told:
        assert len(line) <= max(columns, len(line.lstrip("█░ ")))


def test_the_time_left_grows_while_a_long_cell_is_under_way() -> None:
    told: list[str] = []
    line = Progress(console=Console(file=io.StringIO(), width=100))
    now = iter([0.0, 1.0, 60.0])
    counting = sweep_progress._Line(line, 3, lambda: next(now))
    counting.tell(Cell(0, 0, {"ratio": 1.0}))
    told.append(line.tasks[0].description)
    counting.tell(None)
    told.append(line.tasks[0].description)
    assert [re.findall(r"(\d+)/3 cells  (.*) left", text) for text in told] == [[("1", "2 s")], [("1", "2:00")]]


def test_nothing_is_said_where_nobody_looks(command: Command) -> None:
    assert command("sweep", *PLANE).err == ""


def test_a_reader_that_goes_is_no_failure() -> None:
    words = [sys.executable, "-m", "gradtui", "sweep", *PLANE]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


# -- Dask ---------------------------------------------------------------------------------------------------


def test_without_dask_it_says_what_to_install(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for more, flag in ((("--executor", "dask"), "--executor"), (("--address", "tcp://127.0.0.1:1"), "--address")):
        done = command("sweep", *SMALL[:-2], "--x", "gain=1,2", *more)
        assert (done.status, done.out) == (2, "")
        assert done.err == f"gradtui sweep: {flag}: needs Dask: pip install 'gradtui[dask]'\n"


def test_dask_is_not_loaded_before_it_is_asked_for() -> None:
    code = (
        "import sys; from gradtui.cli.main import main; status = main(sys.argv[1:]); "
        "names = {name.partition('.')[0] for name in sys.modules}; "
        "assert not names & {'dask', 'distributed', 'textual', 'plotext', 'torch'}, names; sys.exit(status)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code, "sweep", *PLANE], capture_output=True, check=False).returncode == 0
    )

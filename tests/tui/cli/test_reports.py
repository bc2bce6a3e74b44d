"""`gradtui check`, `theory` and `run --jacobian`: exit status, what is printed, documents."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.status import Status

from gradtui.cli import reports
from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui_engine import Experiment, simulate
from gradtui_engine.analysis import gradient_check, published_figures
from gradtui_engine.analysis.gradient_check import ParameterCheck
from gradtui_engine.analysis.jacobian import spectra
from gradtui_engine.analysis.published_figures import Figure
from gradtui_engine.core.figures import short
from gradtui_engine.core.options import flag
from gradtui_engine.experiment.data_fields import OF_FILES
from gradtui_engine.experiment.experiment import options
from tests.tui.helpers import Command, Done

SMALL = ("--depth", "3", "--width", "6", "--batch", "4", "--data", "gaussian")
ILL = ("--depth", "12", "--width", "16", "--batch", "8")


def experiment_of(*arguments: str) -> Experiment:
    pairs = dict(zip(arguments[::2], arguments[1::2], strict=True))
    fields = {name: options()[name].kind.parse(pairs[flag(name)]) for name in options() if flag(name) in pairs}
    return Experiment(**fields)


def words(text: str) -> str:
    """The text with every run of blanks as one: tables break lines anywhere."""
    return " ".join(text.split())


def refused(done: Done) -> list[str]:
    assert (done.status, done.out) == (2, "")
    assert "Traceback" not in done.err
    return done.problems


# -- check -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["mlp", "lstm", "gru", "rnn"])
def test_check_prints_every_parameter_and_exits_0(cell: str, command: Command) -> None:
    arguments = ("--cell", cell, "--steps", "4", *SMALL) if cell != "mlp" else SMALL
    done = command("check", *arguments)
    assert done.status == 0
    names = list(simulate(experiment_of(*arguments)).parameters)
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines[3:-1]] == names
    assert all(line.split()[-1] == "ok" for line in lines[3:-1])
    assert lines[-1] == f"{len(names)} of {len(names)} parameters within 1e-5"


def test_check_says_which_gradient_is_wrong_and_exits_1(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(experiment: Experiment) -> Iterator[ParameterCheck]:
        yield ParameterCheck("layers.1.weight", 1e-9, 25, 0, False)
        yield ParameterCheck("layers.1.bias", 1.2e-3, 6, 0, False)
        yield ParameterCheck("layers.2.bias", 0.0, 4, 2, True)

    monkeypatch.setattr(gradient_check, "check_parameters", rows)
    done = command("check", *SMALL)
    assert done.status == 1
    right, wrong, unresolved = done.out.splitlines()[3:-1]
    assert (words(right), words(wrong)) == ("layers.1.weight 1.0e-9 25 ok", "layers.1.bias 1.2e-3 6 WRONG")
    assert words(unresolved).startswith("layers.2.bias 0 4 2 ok: too small")
    assert done.out.splitlines()[-1] == "2 of 3 parameters within 1e-5"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "pipe"])
def test_check_tells_a_terminal_how_far_it_is_and_nobody_else(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, told = io.StringIO(), []
    with monkeypatch.context() as patch:
        patch.setattr(Status, "update", lambda self, status: told.append(status))
        patch.setenv("TERM", "xterm")
        patch.setattr(sys, "stderr", stream)
        assert reports.check(read(SUBCOMMANDS["check"], SMALL), out) == 0
    total = len(simulate(experiment_of(*SMALL)).parameters)
    assert told == [f"checked {count} of {total} parameters …" for count in range(1, total + 1)]
    assert ("checking the gradient" in stream.getvalue()) == stream.isatty()
    assert stream.isatty() or stream.getvalue() == ""
    assert "checking" not in out.getvalue()


@pytest.mark.parametrize("arguments", [("--width", "0"), ("--norm", "batch", "--batch", "1"), ("--json",)])
def test_check_refuses_what_cannot_be_used(arguments: tuple[str, ...], command: Command) -> None:
    (problem,) = refused(command("check", *arguments))
    assert problem.startswith("gradtui check: ")


# -- theory ------------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_theory_prints_every_figure_with_both_numbers_and_its_source(command: Command) -> None:
    done = command("theory")
    assert (done.status, done.err) == (0, "")
    out = words(done.out)
    for row in published_figures.figures():
        written = re.search(re.escape(words(row.name)) + r" (\S+) (\S+)", out)
        assert written is not None, row.name
        assert [float(each) for each in written.groups()] == [
            float(f"{number:.6g}") for number in (row.published, row.computed)
        ]
        assert row.source in out


def test_theory_exits_1_when_a_figure_is_off(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Figure("made up", 1.0, 1.1, 0.05, "nobody")
    monkeypatch.setattr(published_figures, "figures", lambda: iter([wrong]))
    assert command("theory").status == 1


@pytest.mark.parametrize("arguments", [("--depth", "3"), ("--json",), ("file.toml",), ("--help=x",)])
def test_theory_takes_no_options(arguments: tuple[str, ...], command: Command) -> None:
    problems = refused(command("theory", *arguments))
    assert all(problem.startswith("gradtui theory: ") for problem in problems)


# -- run --jacobian ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), ("--cell", "gru", "--steps", "4")])
def test_the_jacobians_spread_is_printed_for_every_stage_and_end_to_end(
    more: tuple[str, ...], command: Command
) -> None:
    arguments = (*SMALL, *more)
    trace = simulate(experiment_of(*arguments))
    found = spectra(trace)
    *_, text = command("run", *arguments, "--jacobian").out.split("\n\n")
    rows = {words(line[:12]): line[12:].split() for line in text.splitlines()[2:]}
    for stage, values in enumerate(found.stages):
        (row,) = [cells for name, cells in rows.items() if re.fullmatch(rf"{stage + 1} / {stage}", name)]
        assert (row[0], row[2]) == (short(float(values[0])), short(float(values[-1])))
    whole = next(cells for name, cells in rows.items() if name.startswith("end to end"))
    assert (whole[0], whole[2]) == (short(float(found.end_to_end[0])), short(float(found.end_to_end[-1])))


def test_the_document_has_the_jacobian_only_where_it_is_asked_for(command: Command) -> None:
    assert "jacobian" not in command("run", *SMALL, "--json").json
    found = command("run", *SMALL, "--json", "--jacobian").json["jacobian"]
    assert len(found["stages"]) == 3
    assert len(found["end_to_end"]) == 6


@pytest.mark.parametrize("arguments", [("--norm", "batch"), ("--cell", "lstm", "--layers", "2")])
@pytest.mark.parametrize("switch", [(), ("--json",)])
def test_a_jacobian_that_there_is_not_is_refused_before_anything_is_printed(
    arguments: tuple[str, ...], switch: tuple[str, ...], command: Command
) -> None:
    (problem,) = refused(command("run", *arguments, "--jacobian", *switch))
    assert problem.startswith(f"gradtui run: {arguments[-2].removeprefix('--')}: ")


# -- every field -------------------------------------------------------------------------------------------

# A value that is not the default, for every field that does not need a file.
EVERY: dict[str, Any] = {
    "depth": 3, "width": 6, "layers": 2, "activation": "relu", "slope": 0.2, "init": "orthogonal", "gain": "auto",
    "init_scale": 0.3, "sigma_w": 1.2, "sigma_b": 0.1, "init_recurrent": "identity",
    "gain_recurrent": 0.9, "init_output": "zeros", "gain_output": 0.5, "forget_bias": 2.0, "input_bias": -1.0,
    "update_bias": 0.5, "gate_init": "chrono", "chrono_steps": 12, "r_min": 0.3, "r_max": 0.8, "max_phase": 1.5,
    "pin_forget": 0.5, "dropout": 0.2, "dropout_kind": "alpha",
    "readout": "all", "truncate": 2, "output_activation": "tanh",
    "norm": "layer", "norm_position": "after", "residual": "scaled", "residual_scale": 0.4,
    "residual_span": 2, "residual_block": "pre", "highway_bias": -1.0,
    "heads": 2, "mlp_width": 5, "position": "learned", "query_gain": 0.5,
    "data": "gaussian", "loss": "mse", "batch": 4, "steps": 5, "inputs": 3,
    "clip": "adaptive", "clip_threshold": 0.02, "optimizer": "adamw", "learning_rate": 0.02,
    "learning_rate_1": 0.03, "learning_rate_2": 0.04, "momentum": 0.5, "weight_decay": 0.03, "seed": 7,
    "dtype": "float16", "loss_scale": 256.0, "master_weights": "no",
}  # fmt: skip


@pytest.mark.parametrize("cell", ["mlp", "lstm", "gru", "rnn", "transformer"])
def test_an_experiment_with_every_field_set_comes_back_from_its_printed_config(
    cell: str, command: Command, tmp_path: Path
) -> None:
    assert EVERY.keys() | {"cell", *OF_FILES} == options().keys()
    experiment = Experiment(cell=cell, **EVERY)
    arguments = ["--cell", cell]
    for name, value in EVERY.items():
        arguments += [flag(name), str(value)]
    done = command("run", *arguments, "--print-config")
    assert done.status == 0
    path = tmp_path / "every.toml"
    path.write_text(done.out, encoding="utf-8")
    again = Experiment.from_toml(path)
    assert again == experiment
    assert {name: getattr(again, name) for name in EVERY} == EVERY
    assert command("run", path, "--json").json == command("run", *arguments, "--json").json


def test_an_experiment_with_every_field_of_a_file_set_comes_back_from_its_printed_config(
    command: Command, tmp_path: Path
) -> None:
    table, path = tmp_path / "table.csv", tmp_path / "every.toml"
    table.write_text("a,b,y\n1,2,3\n4,5,7\n1,1,2\n", encoding="utf-8")
    given: dict[str, Any] = {
        "target": "b", "drop": "y", "header": "yes", "separator": "comma", "missing": "mean", "window": 1,
        "target_scale": "none",
    }  # fmt: skip
    assert set(given) == set(OF_FILES)
    experiment = Experiment(data=f"csv:{table}", **given)
    path.write_text(command("run", *experiment.to_arguments(), "--print-config").out, encoding="utf-8")
    again = Experiment.from_toml(path)
    assert again == experiment
    assert {name: getattr(again, name) for name in given} == given

"""`gradtui run`: the same numbers without a screen."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from gradtui import __version__
from gradtui.text.summary import MARKS
from gradtui_engine import Experiment, Run, simulate
from gradtui_engine.core.figures import loss_text, short
from gradtui_engine.core.options import flag
from gradtui_engine.experiment.experiment import options
from tests.tui.helpers import Command, strict_json

#: Options → the experiment that they mean.
RUNS = {
    "": Experiment(),
    "--cell lstm": Experiment(cell="lstm"),
    "--depth 1": Experiment(depth=1),
    "--depth 5 --activation tanh --seed 3 --dtype float32": Experiment(
        depth=5, activation="tanh", seed=3, dtype="float32"
    ),
    "--cell lstm --data gaussian --steps 4 --width 3 --inputs 2 --batch 5": Experiment(
        cell="lstm", data="gaussian", steps=4, width=3, inputs=2, batch=5
    ),
    "--init zeros --depth 3": Experiment(init="zeros", depth=3),
    "--activation linear --gain 1e30 --depth 60": Experiment(activation="linear", gain=1e30, depth=60),
}
#: Runs where a number overflows on the way.
OVERFLOW = "--activation linear --gain 1e30 --depth 60"

runs = pytest.mark.parametrize("line", RUNS)


@pytest.fixture(scope="module")
def traces() -> dict[str, Run]:
    return {line: simulate(experiment) for line, experiment in RUNS.items()}


# -- the table -----------------------------------------------------------------------------------------


def table_of(out: str) -> tuple[str, list[str]]:
    """Header and rows of the table."""
    head, *rows = out.split("\n\n")[1].splitlines()
    return head, rows


@runs
def test_the_table_has_one_row_per_stage_the_last_on_top(line: str, command: Command, traces: dict[str, Run]) -> None:
    done = command("run", *line.split())
    assert (done.status, done.err) == (0, "")
    _, rows = table_of(done.out)
    count = len(traces[line].stages)
    assert [int(row.split()[0]) for row in rows] == list(range(count - 1, -1, -1))


@runs
def test_each_row_holds_the_stages_own_numbers(line: str, command: Command, traces: dict[str, Run]) -> None:
    head, rows = table_of(command("run", *line.split()).out)
    names = head.split()[:-5]
    for row, stage in zip(rows, reversed(traces[line].stages), strict=True):
        said = dict(zip(names, row.split(), strict=False))
        assert said["‖∂L/∂h‖"] == short(stage.gradient_norm)
        assert said["factor"] == quotient(stage.factor, traces[line])
        assert said["mean"] == short(stage.activation.mean)
        assert said["std"] == short(stage.activation.std)
        if stage.cell_gradient_norm is not None:
            assert said["‖∂L/∂c‖"] == short(stage.cell_gradient_norm)
        for part in ("weight", "activation", "direct", "gates"):
            if stage.factors.get(part) is not None:
                assert said[part] == quotient(stage.factors[part], traces[line])


def quotient(value: float | None, trace: Run) -> str:
    """0/0 is a dash, unless the network itself has gone wrong."""
    undefined = value is not None and value != value and trace.outcome.signal.kind != "non_finite"
    return short(None if undefined else value)


@runs
def test_the_numbers_of_a_column_end_under_its_name(line: str, command: Command) -> None:
    head, rows = table_of(command("run", *line.split()).out)
    names = head[: head.index("sat.")]
    ends = [found.end() for found in re.finditer(r"\S+", names)]
    for row in rows:
        assert [found.end() for found in re.finditer(r"\S+", row)][: len(ends)] == ends


@runs
def test_the_reference_line_stands_in_one_column(line: str, command: Command) -> None:
    _, rows = table_of(command("run", *line.split()).out)
    assert len({row.index("│") for row in rows if "│" in row}) <= 1
    assert all(row.count("│") <= 1 for row in rows)


@pytest.mark.parametrize("line", ["", "--cell lstm"])
@pytest.mark.parametrize("columns", [80, 100, 200])
def test_the_table_fits_the_terminal(
    line: str, columns: int, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    head, rows = table_of(command("run", *line.split()).out)
    assert max(cell_len(row) for row in (head, *rows)) <= columns


@runs
def test_above_the_table_stand_experiment_loss_and_verdict(line: str, command: Command, traces: dict[str, Run]) -> None:
    first, loss, *rest = command("run", *line.split()).out.split("\n\n")[0].splitlines()
    trace = traces[line]
    assert first.startswith("LSTM " if trace.axis == "time" else f"MLP {trace.experiment.resolved.depth}×")
    assert loss == f"loss {loss_text(trace.loss)}"
    assert rest[0].startswith(MARKS[trace.outcome.kind])
    assert trace.outcome.message in " ".join(rest)


# -- JSON ----------------------------------------------------------------------------------------------


@runs
def test_json_is_one_strict_document_with_the_keys_of_the_contract(line: str, command: Command) -> None:
    done = command("run", "--json", *line.split())
    assert (done.status, done.err) == (0, "")
    assert done.out.count("\n") == 1
    found = done.json
    assert found["schema"] == 1
    assert {"experiment", "loss", "axis", "outcome", "stages"} <= found.keys()
    assert {"kind", "site", "message"} <= found["outcome"].keys()
    for stage in found["stages"]:
        wanted = {"index", "gradient_norm", "gradient_rms", "factor", "factors", "activation"}
        assert wanted | ({"cell_gradient_norm"} if found["axis"] == "time" else set()) <= stage.keys()
        assert {"mean", "std", "saturated", "dead"} <= stage["activation"].keys()


@runs
def test_json_holds_the_numbers_of_the_trace(line: str, command: Command, traces: dict[str, Run]) -> None:
    found, trace = command("run", "--json", *line.split()).json, traces[line]
    assert found["axis"] == trace.axis
    assert Experiment.from_mapping(found["given"]) == trace.experiment
    known = {name: getattr(trace.resolved, name) for name in options()}
    assert found["experiment"] == known | {"optimizer": None, "slope": None, "residual_scale": None}
    assert float(found["loss"]) == pytest.approx(trace.loss, nan_ok=True)
    assert [stage["index"] for stage in found["stages"]] == list(range(len(trace.stages)))
    for stage, wanted in zip(found["stages"], trace.stages, strict=True):
        assert float(stage["gradient_norm"]) == pytest.approx(wanted.gradient_norm, nan_ok=True)
        assert (stage["factor"] is None) == (wanted.factor is None)
    assert found["stages"][-1]["factor"] is None


def test_a_number_that_is_not_finite_is_a_string(command: Command) -> None:
    found = command("run", "--json", *OVERFLOW.split()).json
    assert found["outcome"]["kind"] == "non_finite"
    assert found["loss"] == "nan"
    assert {stage["gradient_norm"] for stage in found["stages"]} == {"nan"}


def test_equal_runs_print_equal_documents_and_another_seed_another(command: Command) -> None:
    first, again = (command("run", "--json", "--depth", 2).out for _ in range(2))
    assert first == again
    assert command("run", "--json", "--depth", 2, "--seed", 1).out != first


# -- plot, archive, TOML -------------------------------------------------------------------------------


def test_the_plot_has_powers_of_ten_on_its_axis_and_says_what_is_across(command: Command) -> None:
    out = command("run", "--plot").out
    labels = [int(label) for label in re.findall(r"^ *1e(-\d+)[┤┼]", out, re.MULTILINE)]
    assert len(labels) >= 4
    assert labels == sorted(labels, reverse=True)
    assert labels[-1] <= -18
    assert re.search(r"^ *1[┤┼]─", out, re.MULTILINE), "the reference line stands at 1"
    assert "layer, 0 = input" in out
    assert "\x1b" not in out


def test_the_plot_of_an_lstm_shows_both_gradients(command: Command) -> None:
    plot = command("run", "--cell", "lstm", "--plot").out.split("\n\n")[2]
    assert "‖∂L/∂h‖" in plot
    assert "‖∂L/∂c‖" in plot
    assert "time step, 0 = initial state" in plot


@pytest.mark.parametrize("line", ["--init zeros --depth 3", OVERFLOW])
def test_values_that_have_no_place_on_a_log_axis_are_counted(line: str, command: Command) -> None:
    done = command("run", "--plot", *line.split())
    assert done.status == 0
    count = 61 if line == OVERFLOW else 4
    assert f"{count} values are 0 or not finite" in done.out


def test_two_plots_in_one_process_do_not_mix(command: Command) -> None:
    first = command("run", "--plot", "--depth", 3).out
    command("run", "--plot", "--cell", "lstm", "--data", "digits-rows")
    assert command("run", "--plot", "--depth", 3).out == first


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("--depth 2", {"param/layers.1.weight", "grad/layers.2.bias", "param/output.weight", "h/2", "dh/0"}),
        (
            "--cell lstm --data digits-rows",
            {"param/lstm.weight_ih_l0", "grad/lstm.bias_hh_l0", "c/8", "dc/0", "gates/8"},
        ),
    ],
)
def test_save_writes_every_array_and_says_so(line: str, names: set[str], command: Command, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    done = command("run", *line.split(), "--save", path)
    assert done.status == 0
    assert f"saved {path}" in done.out
    with np.load(path) as archive:
        assert {"input", "target", "loss"} | names <= set(archive.files)


def test_save_and_json_go_together_and_the_document_stays_alone(command: Command, tmp_path: Path) -> None:
    done = command("run", "--depth", 2, "--json", "--save", tmp_path / "run.npz")
    assert strict_json(done.out)["schema"] == 1
    assert (tmp_path / "run.npz").is_file()


@runs
def test_print_config_can_be_fed_back(line: str, command: Command, tmp_path: Path) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text(command("run", "--print-config", *line.split()).out, encoding="utf-8")
    assert command("run", path, "--json").out == command("run", "--json", *line.split()).out
    assert command("run", path, "--print-config").out == path.read_text(encoding="utf-8")


def test_an_option_overrides_its_field_in_the_file(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text('depth = 3\nactivation = "tanh"\n', encoding="utf-8")
    experiment = command("run", path, "--depth", 2, "--json").json["experiment"]
    assert (experiment["depth"], experiment["activation"]) == (2, "tanh")


def test_a_users_own_table_is_run_and_its_config_fed_back(command: Command, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b,kind\n1,2.5,yes\n-3,4e-1,no\n5,6,yes\n", encoding="utf-8")
    direct = command("run", "--depth", 2, "--data", f"csv:{table}", "--json")
    path = tmp_path / "experiment.toml"
    path.write_text(command("run", "--depth", 2, "--data", f"csv:{table}", "--print-config").out, encoding="utf-8")
    assert command("run", path, "--json").out == direct.out
    assert direct.json["experiment"]["batch"] == 3


# -- options -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", options())
def test_every_field_of_the_experiment_is_an_option_in_both_spellings(name: str, command: Command) -> None:
    """A value that no field takes is refused in the field's name: so the option exists and means the field."""
    for arguments in ([flag(name), "no such value"], [f"{flag(name)}=no such value"]):
        done = command("run", *arguments)
        assert done.status == 2
        assert [problem.split(": ")[1] for problem in done.problems] == [name]


@pytest.mark.parametrize("name", [name for name in options() if getattr(Experiment(), name) is not None])
def test_a_default_given_as_an_option_changes_nothing(name: str, command: Command) -> None:
    assert command("run", flag(name), getattr(Experiment(), name), "--print-config").out == Experiment().to_toml()


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["-h"]])
def test_help_names_every_option_with_what_is_allowed(
    arguments: list[str], command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command(*arguments)
    assert not ended.value.code
    # argparse breaks lines anywhere, also at a name's hyphen.
    text = "".join(capsys.readouterr().out.split())
    for name, option in options().items():
        assert f"[{flag(name)}" in text
        assert all(allowed in text for allowed in option.kind.names)


@pytest.mark.parametrize("value", ["-1e1", "-10", "-0.5e-1"])
def test_a_negative_number_is_a_value_not_an_option(value: str, command: Command) -> None:
    found = command("run", "--cell", "lstm", "--data", "digits-rows", "--forget-bias", value, "--json").json
    assert found["experiment"]["forget_bias"] == float(value)


def test_version(command: Command) -> None:
    assert command("--version").out == f"gradtui {__version__}\n"

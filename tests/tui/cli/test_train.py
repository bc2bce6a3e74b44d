"""`gradtui train`: what it prints and writes, its exit status, and what it refuses."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.progress import Progress

from gradtui.cli import train as command_train
from gradtui.cli import train_progress
from gradtui.cli.reading import read
from gradtui.cli.settings_error import SettingsError
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.cli.train_report import iterations_to_tell
from gradtui.model.presets import PRESETS
from gradtui_engine import Experiment
from gradtui_engine.core.figures import loss_text
from gradtui_engine.experiment.training import Training, Turn
from gradtui_engine.training.history import TrainingHistory, train
from gradtui_engine.training.trainer import Trainer
from tests.tui.helpers import Command, odd_numbers
from tests.tui.terminal import Terminal

SMALL = ("--depth", "3", "--width", "8", "--batch", "16", "--activation", "tanh")
SHORT = (*SMALL, "--iterations", "12")
CELL = ("--cell", "lstm", "--data", "adding", "--steps", "6", "--width", "4", "--batch", "8", "--iterations", "4")
WILD = ("--activation", "relu", "--init", "he_normal", "--learning-rate", "1e30")


class Stream(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def planned(*arguments: str) -> Any:
    return read(SUBCOMMANDS["train"], arguments).options


# -- what is asked for -------------------------------------------------------------------------------------


def test_options_of_the_training_are_read_as_those_of_the_experiment() -> None:
    plan = planned(
        *SMALL, "--iterations", "7", "--schedule", "cosine", "--then", "3:clip=norm", "--then", "5:clip=none"
    )
    assert plan.a == Training(
        experiment=Experiment(depth=3, width=8, batch=16, activation="tanh"),
        iterations=7, schedule="cosine", turns=(Turn(3, (("clip", "norm"),)), Turn(5, (("clip", "none"),))),
    )  # fmt: skip
    assert plan.b is None


def test_b_differs_in_fields_of_the_experiment_and_of_the_training() -> None:
    plan = planned(
        *SMALL, "--b", "residual=scaled", "--b", "lr=0.01", "--b", "schedule=cosine", "--b", "then=2:clip=norm"
    )
    wanted = plan.a.replace(
        residual="scaled", learning_rate=0.01, schedule="cosine", turns=(Turn(2, (("clip", "norm"),)),)
    )
    assert plan.b == wanted


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.changes])
def test_a_preset_brings_its_b(name: str) -> None:
    plan = planned(name)
    assert (plan.a.experiment, plan.b.experiment) == (PRESETS[name].experiment, PRESETS[name].other)
    # One's own wins, and what has been typed may leave nothing that differs.
    assert planned(name, "--b", "seed=5").b.experiment == PRESETS[name].experiment.replace(seed=5)


def test_a_presets_b_that_is_a_is_none() -> None:
    assert planned("relu-he", "--init", "he_normal").b is None


def test_a_file_has_a_table_of_its_own_that_options_override(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('depth = 4\n[training]\niterations = 9\nschedule = "step"\nturns = ["3:clip=norm"]\n')
    plan = planned(str(path), "--iterations", "5")
    assert (plan.a.experiment.depth, plan.a.iterations, plan.a.schedule) == (4, 5, "step")
    assert plan.a.turns == (Turn(3, (("clip", "norm"),)),)
    # One iteration does not care.
    assert command("run", path).status == 0
    assert read(SUBCOMMANDS[""], [str(path)]).experiment == plan.a.experiment


def test_the_configuration_can_be_fed_back(tmp_path: Path, command: Command) -> None:
    arguments = (*SHORT, "--schedule", "warmup", "--hold-out", "0.3", "--then", "3:learning-rate=0.01,clip=norm")
    done = command("train", *arguments, "--print-config")
    path = tmp_path / "back.toml"
    path.write_text(done.out, encoding="utf-8")
    assert planned(str(path)).a == planned(*arguments).a == Training.from_toml(path)
    assert command("train", path, "--print-config").out == done.out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--iterations", "0"), "--iterations: 0 given; allowed: a whole number from 1 to"),
        (("--iterations", "ten"), "--iterations: 'ten' given; allowed: a whole number from 1 to"),
        (("--hold-out", "1"), "--hold-out: 1 given; allowed: a number from 0 to 0.9"),
        (("--batches", "fresh"), "batches: 'fresh' given; allowed for digits: epochs, one"),
        (("--warmup", "400"), "warmup: 400 given; allowed: 0 to 300, the iterations"),
        (("--schedule", "cosin"), "--schedule: 'cosin' is unknown; allowed: constant, warmup, cosine, step; did you"),
        (("--then", "3:depth=2"), "--then: 'depth' is unknown; allowed: learning_rate, learning_rate_1, "),
        (("--epochs", "3"), "--epochs: training is counted in iterations here: gradtui train --iterations N"),
        (("--max-steps=3",), "--max-steps: training is counted in iterations here: gradtui train --iterations N"),
        (("--lr-scheduler", "x"), "--lr-scheduler: a schedule of the learning rate is for training: gradtui train"),
        (("--validation-split", "x"), "--validation-split: samples are held out in training: gradtui train --hold-out"),
        (("--b", "iterations=0"), "--b iterations: 0 given; allowed"),
        (("--b", "batches=fresh"), "--b batches: 'fresh' given; allowed for digits"),
        (("--b", "residul=add"), "--b: 'residul' is unknown; allowed: cell, depth"),
        (("--b", "residual"), "--b: 'residual' given; allowed: FIELD=VALUE"),
        (("--b", "data=csv:nowhere.csv"), "--b data: "),
        (("--json", "--plot"), "--plot: is not for --json, which prints one document; give one of them"),
        (("--save", "x.pt"), "--save: 'x.pt' could not be opened again; give a file that ends in .npz"),
        (("--save", "no/x.npz"), "--save: the folder 'no' does not exist"),
        (("--record", "x.json"), "--record: 'x.json' could not be opened again; give a file that ends in .jsonl"),
        (("--data", "addign", "--batches", "fresh"), "data: 'addign' is unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_what_is_allowed(
    arguments: tuple[str, ...], problem: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command("train", *SMALL, *arguments)
    assert (done.status, done.out) == (2, "")
    (line,) = done.problems
    assert line.startswith(f"gradtui train: {problem}")


def test_a_files_problems_name_the_file(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("depth = 3\n[training]\niterations = 0\nepochs = 3\nturns = 3\n")
    done = command("train", path)
    assert done.status == 2
    assert [re.sub(r" given.*| is unknown.*", "", line) for line in done.problems] == [
        f"gradtui train: {path}: training.epochs: 'epochs'",
        f"gradtui train: {path}: training.iterations: 0",
        f"gradtui train: {path}: training.turns: 3",
    ]
    # What is typed instead is called as it is typed.
    path.write_text("[training]\nwarmup = 3\nbatches = 'fresh'\n")
    assert [line.split(" given")[0] for line in command("train", path, "--warmup", "400").problems] == [
        f"gradtui train: {path}: training.batches: 'fresh'",
        "gradtui train: warmup: 400",
    ]


@pytest.mark.parametrize("name", ["train", "run"])
def test_training_that_is_no_table_is_refused(name: str, tmp_path: Path, command: Command) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("training = 5\n")
    assert command(name, path).problems == [f"gradtui {name}: {path}: training: 5 given; it is a table: [training]"]


def test_the_printed_configuration_says_that_b_is_not_in_it(command: Command) -> None:
    done = command("train", *SHORT, "--b", "schedule=step", "--b", "then=5:lr=1", "--print-config")
    assert done.out == command("train", *SHORT, "--print-config").out
    said = "note: the file has A alone; B is --b schedule=step --b then=5:learning-rate=1.0"
    assert done.err == f"gradtui train: {said}\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--then", "500:clip=norm"), "note: --then 500:clip=norm has no effect: the last iteration is 11"),
        (("--then", "12:clip=norm"), "note: --then 12:clip=norm has no effect: the last iteration is 11"),
        (("--then", "11:clip=norm"), ""),
        (
            ("--then", "5:clip-threshold=1"),
            "note: clip_threshold in --then 5:clip-threshold=1.0 has no effect: there is no --clip",
        ),
        (("--then", "5:clip-threshold=1,clip=norm"), ""),
        (("--then", "5:clip-threshold=1", "--then", "7:clip=norm"), ""),
        (("--then", "5:max_norm=1"), ""),
        (("--then", "5:clip-threshold=1", "--clip", "norm"), ""),
        (("--then", "5:step-factor=2"), "note: step_factor in --then 5:step-factor=2.0 has no effect: it is for "
                                        "--schedule step"),
        (("--step-every", "3"), "note: --step-every has no effect: it is for --schedule step"),
        (("--step-every", "3", "--then", "4:schedule=step"), ""),
        (("--b", "step_every=3"), "B: note: --step-every has no effect: it is for --schedule step"),
        (("--b", "then=12:lr=3"), "B: note: --then 12:learning-rate=3.0 has no effect: the last iteration is 11"),
    ],
)  # fmt: skip
def test_what_has_no_effect_on_the_way_is_told(options: tuple[str, ...], said: str, command: Command) -> None:
    done = command("train", *SHORT, *options)
    assert done.status == 0
    assert done.err == (f"gradtui train: {said}\n" if said else "")


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("3:lr=1", Turn(3, (("learning_rate", 1.0),))),
        ("3:max-norm=2,eta=0.1", Turn(3, (("clip", "norm"), ("clip_threshold", 2.0), ("learning_rate", 0.1)))),
    ],
)
def test_turns_understand_other_names_of_the_fields(text: str, turn: Turn) -> None:
    assert planned(*SMALL, "--then", text).a.turns == (turn,)


@pytest.mark.parametrize("name", ["train", "run"])
@pytest.mark.parametrize(
    ("file", "by", "said"),
    [
        ("i.npz", ("train", "--iterations", "1", "--save"), "is a training, as gradtui train --save writes it"),
        ("i.jsonl", ("train", "--iterations", "1", "--record"), "is a recorded training; an experiment is a TOML"),
        ("a.npz", ("run", "--save"), "is a run that has been saved"),
    ],
)
def test_what_has_been_written_is_no_experiment_and_called_by_what_it_is(
    name: str, file: str, by: tuple[str, ...], said: str, command: Command, tmp_path: Path
) -> None:
    path = tmp_path / file
    assert command(by[0], *SMALL, *by[1:], path).status == 0
    (problem,) = command(name, path).problems
    assert problem.startswith(f"gradtui {name}: {path}: {said}")


@pytest.mark.parametrize("name", ["iterations", "schedule", "hold-out", "then"])
def test_run_says_whose_option_it_is(name: str, command: Command) -> None:
    done = command("run", f"--{name}", "3")
    assert done.status == 2
    assert done.err == f"gradtui run: --{name}: is an option of gradtui train: gradtui train --{name} …\n"


# -- what it prints ----------------------------------------------------------------------------------------


def test_the_table_has_the_numbers_of_the_iterations(command: Command) -> None:
    done = command("train", *SHORT, "--validate-every", "4", "--learning-rate", "0.5")
    assert (done.status, done.err) == (0, "")
    history = train(planned(*SHORT, "--validate-every", "4", "--learning-rate", "0.5").a)
    lines = done.out.splitlines()
    assert lines[0] == "MLP 3×8 · tanh · xavier_normal · digits · batch 16 · rate 0.5 · seed 0"
    assert lines[1] == "12 iterations · epochs · sgd, rate 0.5 · 20 % held out"
    head = next(index for index, line in enumerate(lines) if line.split()[:1] == ["k"])
    rows = [line.split() for line in lines[head + 1 : lines.index("", head)]]
    assert [int(row[0]) for row in rows] == [0, 4, 8, 11, 12] or [int(row[0]) for row in rows][-2:] == [11, 12]
    for row in rows[:-1]:
        assert float(row[1]) == pytest.approx(history.columns["loss"][int(row[0])], rel=1e-3)
    assert float(rows[-1][3]) == pytest.approx(history.validations[-1].loss, rel=1e-3)
    assert history.outcome is not None
    assert lines[-1] == history.outcome.message


@pytest.mark.parametrize(("count", "every"), [(1, 25), (2, 25), (7, 25), (100, 25), (150, 7), (30, 1)])
def test_a_few_iterations_are_told_with_the_first_the_last_and_the_end(count: int, every: int) -> None:
    training = Training(experiment=Experiment(depth=1, width=2, batch=2), iterations=count, validate_every=every)
    told = iterations_to_tell(train(training).snapshot())
    assert {0, count - 1, count} <= set(told)
    assert len(told) <= 8
    if count >= 4 * every:
        assert [k for k in told[:-2] if k % every] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "20 % held out"),
        (("--batch", "1617"), "10 % held out"),  # 180 of 1797 digits are left
        (("--batch", "1797"), "nothing held out: the verdict is of the training batches"),
        (("--hold-out", "0"), "nothing held out: the verdict is of the training batches"),
        ((*CELL, "--hold-out", "0"), "nothing held out: the verdict is of the training batches"),
        ((*CELL,), "sgd, rate 0.1"),  # of a task others are drawn
        (("--schedule", "step", "--step-factor", "2", "--step-every", "3"), "step: × 2 every 3"),
        (("--schedule", "step", "--iterations", "9"), "step: × 0.1 every 3"),
        (("--schedule", "warmup", "--iterations", "20"), "rate 0.1 · warmup over 2 ·"),
        (("--schedule", "cosine", "--warmup", "1"), "rate 0.1 · cosine to 0 · warmup over 1 ·"),
    ],
)
def test_the_heading_says_how_it_is_trained(options: tuple[str, ...], said: str, command: Command) -> None:
    heading = command("train", *SMALL, "--iterations", "2", *options).out.splitlines()[1]
    assert said in heading
    assert ("held out" in said) or "nothing" not in heading


def test_of_one_layer_the_input_stands_beside_it(command: Command) -> None:
    done = command("train", "--depth", "1", "--width", "4", "--iterations", "1")
    (head,) = [line for line in done.out.splitlines() if line.split()[:1] == ["k"]]
    assert head.split()[-5:] == ["the", "input", "layer", "1", "ratio"]
    assert "learns nothing in one iteration: " in done.out


def test_weights_of_zero_have_no_ratio_and_nothing_stands_before_the_input(command: Command) -> None:
    done = command("train", "--depth", "1", "--width", "4", "--init", "zeros", "--iterations", "3")
    row = next(line.split() for line in done.out.splitlines() if line.startswith("0 "))
    assert row[-3:] == ["0", "0", "–"]
    assert "nan" not in done.out
    assert "the input and those before it" not in done.out


def test_a_cells_gates_are_told_and_numbers_have_no_right_answers(command: Command) -> None:
    done = command("train", *CELL, "--lang", "en")
    assert done.status == 0
    (gates,) = [line for line in done.out.splitlines() if line.startswith("gates")]
    means = train(planned(*CELL).a).columns["gates"].mean(axis=2)
    (forget,) = re.findall(r"forget gate (\S+) → (\S+),", gates)
    assert [float(each) for each in forget] == pytest.approx([means[0, 1], means[-1, 1]], rel=1e-2)
    (head,) = [line for line in done.out.splitlines() if line.split()[:1] == ["k"]]
    assert head.split() == ["k", "loss", "held", "out", "rate", "t", "=", "0", "t", "=", "6", "ratio"]


def test_a_race_tells_both_and_compares(command: Command) -> None:
    done = command("train", *SHORT, "--b", "learning-rate=0", "--b", "seed=0", "--learning-rate", "0.5")
    assert done.err == ""
    lines = done.out.splitlines()
    assert {"A", "B"} <= set(lines)
    assert lines[-1].startswith("A ends lower: a loss of ")
    a, b = planned(*SHORT, "--learning-rate", "0.5", "--b", "learning-rate=0").trainings
    for name, training in (("A", a), ("B", b)):
        outcome = train(training).outcome
        assert outcome is not None
        assert f"{name}: {outcome.message}" in lines


def test_a_and_b_go_on_by_turns_and_each_is_as_it_is_alone(command: Command) -> None:
    arguments = (*SHORT, "--b", "residual=add", "--b", "iterations=7", "--json")
    found = command("train", *arguments).json
    for document, training in zip((found, found["b"]), planned(*arguments).trainings, strict=True):
        assert document["loss"] == train(training).columns["loss"].tolist()
    assert len(found["b"]["loss"]) == 7


def test_b_that_reads_other_batches_is_told(command: Command) -> None:
    assert "B reads other batches than A" in command("train", *SHORT, "--b", "seed=1").err
    assert command("train", *SHORT, "--b", "dtype=float32").err == ""


def test_an_option_of_b_without_effect_is_told(command: Command) -> None:
    assert "B: note: --momentum has no effect" in command("train", *SHORT, "--b", "momentum=0.5").err


def test_divergence_is_status_1_of_a_or_of_b(command: Command) -> None:
    done = command("train", *SHORT, *WILD)
    assert done.status == 1
    assert "\ndiverged" in done.out
    assert "Traceback" not in done.err
    found = command("train", *SHORT, "--b", "activation=relu", "--b", "learning-rate=1e30", "--json")
    assert found.status == 1
    assert [found.json["outcome"]["kind"] == "diverged", found.json["b"]["outcome"]["kind"]] == [False, "diverged"]
    assert command("train", *SHORT, "--b", "activation=relu", "--b", "learning-rate=1e30").out.splitlines()[-1] == (
        "B diverges, A does not"
    )


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize("arguments", [SHORT, CELL, (*SHORT, "--b", "depth=5"), (*SHORT, *WILD)])
def test_tables_and_plots_keep_to_the_width(
    columns: int, arguments: tuple[str, ...], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = command("train", *arguments, "--plot")
    assert odd_numbers(done.out) == []
    lines = done.out.splitlines()
    head = next(index for index, line in enumerate(lines) if line.split()[:1] == ["k"])
    table = lines[head : lines.index("", head)]
    assert max(len(line) for line in table if not line.startswith("gates")) <= max(columns, 40)
    start = next(index for index, line in enumerate(lines) if line == "loss over iterations")
    plot = lines[start + 1 : lines.index("", start) - 1]
    assert len(plot) >= 10
    assert max(map(len, plot)) <= max(columns, 30)
    maps = lines[lines.index("", start) + 2 : -1]
    assert max(map(len, maps)) <= max(columns, 30)


def test_a_poor_terminal_gets_ascii(command: Command) -> None:
    done = command("train", *SHORT, "--plot", "--b", "depth=5", "--glyphs", "ascii")
    assert done.out.isascii()
    assert "|dL/dh|" in done.out


def test_both_maps_have_one_scale(command: Command) -> None:
    """A's gradient of 1e-20 and B's near 1: the shades of both span what both have."""
    done = command(
        "train", "--depth", 30, "--width", 8, "--batch", 8, "--iterations", 3, "--b", "residual=add", "--plot"
    )
    (low, high) = re.findall(r"shades: (\S+) \|.*\| (\S+)", done.out)[0]
    assert float(low) < 1e-12
    assert float(high) >= 1
    rows = [line.split("  ") for line in done.out.splitlines() if re.match(r" ?\d+ [ ░▒▓█]+  ", line)]
    assert rows


def test_it_speaks_chinese(command: Command) -> None:
    done = command("train", *SHORT, "--b", "depth=5", "--plot", "--lang", "zh")
    assert done.status == 0
    told = re.sub(r"xavier_normal|digits|tanh|sgd|[AaBb]+", "", done.out)
    assert re.findall(r"[a-z]{2,}", told) == []
    assert re.search(r"损失为 [\d.]+（留出样本，其中 \d+ % 正确）", told)


# -- what it writes ----------------------------------------------------------------------------------------


def test_json_save_and_record_at_once(command: Command, tmp_path: Path) -> None:
    save, record = tmp_path / "run.npz", tmp_path / "run.jsonl"
    done = command("train", *SHORT, "--json", "--save", save, "--record", record, "--b", "depth=2")
    assert (done.status, done.err) == (0, "")
    found = done.json
    with np.load(save) as archive:
        assert archive["history/loss"].tolist() == found["loss"]
        assert archive["b/history/loss"].tolist() == found["b"]["loss"]
    for path, document in ((record, found), (tmp_path / "run.b.jsonl", found["b"])):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["loss"] for line in lines if line["k"] == "step"] == document["loss"]
    first = json.loads(record.read_text().splitlines()[0])
    again = planned(*first["command"].split()[2:])
    assert again.a == planned(*SHORT).a


@pytest.mark.parametrize(("name", "arguments"), [("x.npz", "--save"), ("x.json", "--json")])
def test_open_says_what_such_a_file_is(name: str, arguments: str, command: Command, tmp_path: Path) -> None:
    path = tmp_path / name
    done = command("train", *SHORT, arguments, *([path] if arguments != "--json" else []))
    if arguments == "--json":
        path.write_text(done.out)
    with pytest.raises(SettingsError, match="is a training, as gradtui train --"):
        read(SUBCOMMANDS["open"], [str(path)])


def test_a_file_that_cannot_be_written_in_the_end_costs_no_report(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command_train.archive, "save", full)
    done = command("train", *SHORT, "--save", tmp_path / "run.npz")
    assert done.status == 2
    assert "after 12 iterations" in done.out or "in 12 iterations" in done.out
    assert "saved" not in done.out
    assert done.err.endswith("cannot be written: No space left on device\n")


def test_too_much_is_refused_before_anything_is_trained(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrainingHistory, "advance", lambda *arguments: pytest.fail("trained"))
    done = command("train", *CELL, "--iterations", "1000000", "--save", tmp_path / "run.npz")
    assert done.status == 2
    assert "fresh batches are" in done.err
    assert "allowed: 64 MB" in done.err


# -- interrupted -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_it_and_what_there_is_is_kept(
    number: int, status: int, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes in the middle of B's fifth iteration: both have five."""
    advance, done_so_far = TrainingHistory.advance, []

    def signalled(history: TrainingHistory, *arguments: Any) -> None:
        done_so_far.append(history)
        if len(done_so_far) == 10:
            os.kill(os.getpid(), number)
        advance(history, *arguments)

    monkeypatch.setattr(TrainingHistory, "advance", signalled)
    before = signal.getsignal(number)
    paths = ("--save", tmp_path / "run.npz", "--record", tmp_path / "run.jsonl")
    done = command("train", *SMALL, "--b", "depth=2", "--json", *paths)
    assert done.status == status
    assert signal.getsignal(number) == before
    for document in (done.json, done.json["b"]):
        assert document["interrupted"] is True
        assert len(document["loss"]) == 5
        assert document["outcome"]["numbers"]["iterations"] == 5
        assert document["validation"][-1]["iteration"] == 5
    with np.load(tmp_path / "run.npz") as archive:
        assert len(archive["history/loss"]) == 5
    last = json.loads((tmp_path / "run.jsonl").read_text().splitlines()[-1])
    assert (last["k"], last["why"], last["n"]) == ("end", "interrupted", 5)


def test_the_report_says_that_it_was_interrupted(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    advance = TrainingHistory.advance

    def signalled(history: TrainingHistory, *arguments: Any) -> None:
        advance(history, *arguments)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(TrainingHistory, "advance", signalled)
    done = command("train", *SMALL)
    assert done.status == 130
    assert "interrupted after 1 of 300 iterations: this is what they came to" in done.out


def test_a_killed_process_leaves_what_it_recorded(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    words = [sys.executable, "-m", "gradtui", "train", *SMALL, "--iterations", "1000000", "--record", str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not path.exists() or path.read_bytes().count(b"\n") < 5:
            assert process.poll() is None
        process.kill()
    whole = path.read_text().rpartition("\n")[0].splitlines()
    assert [json.loads(line)["k"] for line in whole[:5]] == ["run", *["step"] * 4]


def test_without_a_terminal_nothing_is_said_of_how_far_it_is(command: Command) -> None:
    assert command("train", *SHORT).err == ""


def test_on_a_terminal_a_line_says_how_far_it_is_until_ctrl_c_stops_it() -> None:
    with Terminal("train", *SMALL, "--iterations", "1000000", "--b", "depth=2", size=(80, 24)) as terminal:
        terminal.wait_for(
            lambda text: re.search(r"<1 %  A 2\.\d+  B 2\.\d+  \S+/s  \S+ left", text) is not None, "how far"
        )
        terminal.press("\x03")
        assert terminal.ended() == 130
        assert " left" not in terminal.text
        assert len(re.findall(r"[AB]: interrupted after \S+ of 1,000,000 iterations", terminal.text)) == 2


@pytest.mark.parametrize("columns", [10, 30, 50, 80, 300])
def test_the_line_fits_and_its_bar_is_what_is_left(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Stream())
    monkeypatch.setattr(Progress, "update", lambda self, task, description: told.append(description))
    monkeypatch.setattr(train_progress, "_SECONDS", 0.0)
    histories = [TrainingHistory(Trainer(training)) for training in planned(*SHORT, "--b", "iterations=4").trainings]
    with train_progress.progress(histories) as tell:
        while not all(history.done for history in histories):
            for history in histories:
                history.advance(1)
            tell()
    assert len(told) == 12
    assert [re.findall(r"\d+ %", line)[0] for line in told] == [
        f"{100 * (k + min(k, 4)) / 16:.0f} %" for k in range(1, 13)
    ]
    assert f"A {loss_text(float(histories[0].columns['loss'][-1]))}  B" in told[-1]
    for line in told:
        bar = re.match("[█░]*", line)
        assert bar is not None
        assert len(bar[0]) <= 20
        assert len(line) <= max(columns, len(line.lstrip("█░ ")))
        if len(bar[0]) == 20:
            share = int(re.findall(r"(\d+) %", line)[0])
            assert bar[0].count("█") == round(share / 5)


@pytest.mark.parametrize(
    ("activation", "said"),
    [
        ("softplus", "50 % of the targets of all samples lie outside of what a softplus output can be (0 to ∞): "
         "over them no mean squared error is below 2.50"),
        ("sigmoid", "75 % of the targets of all samples lie outside of what a sigmoid output can be (0 to 1): "
         "over them no mean squared error is below 2.75"),
        ("tanh", "50 % of the targets of all samples lie outside of what a tanh output can be (-1 to 1): "
         "over them no mean squared error is below 1.25"),
        ("none", ""),
    ],
)  # fmt: skip
def test_targets_that_the_output_cannot_give_are_told(
    command: Command, tmp_path: Path, activation: str, said: str
) -> None:
    """Of −3, −1, 1 and 2: by hand, (9 + 1) / 4 below 0, 1 / 4 above 1, and (4 + 1) / 4 outside of −1 to 1."""
    file = tmp_path / "numbers.csv"
    file.write_text("x,y\n" + "".join(f"{x}.5,{y}.0\n" for x, y in enumerate([-3, -1, 1, 2] * 5)), encoding="utf-8")
    done = command(
        "train", "--data", f"csv:{file}", "--target", "y", "--target-scale", "none", "--depth", "2", "--batch", "4",
        "--iterations", "2", "--output-activation", activation,
    )  # fmt: skip
    assert done.status == 0, done.err
    told = " ".join(line for line in done.out.splitlines() if "outside of what" in line)
    assert told == said


def test_targets_in_the_outputs_range_are_not_told_of(command: Command) -> None:
    """Digits' classes as 0 and 1."""
    done = command(
        "train", "--loss", "mse", "--output-activation", "sigmoid", "--depth", "2", "--iterations", "2", "--batch", "8"
    )
    assert done.status == 0, done.err
    assert "outside of what" not in done.out


def test_of_a_task_without_an_end_the_first_batch_is_told_of(command: Command) -> None:
    """Sums of two numbers from 0 to 1: half are above 1, and of all the mean of (t − 1)² there is 1/12."""
    done = command(
        "train", "--cell", "rnn", "--data", "adding", "--steps", "5", "--iterations", "1", "--batch", "1000",
        "--output-activation", "sigmoid",
    )  # fmt: skip
    assert done.status == 0, done.err
    (told,) = re.findall(r"(\d+) % of the targets of the first batch .* \(0 to 1\): .* below ([\d.]+)", done.out)
    assert abs(int(told[0]) - 50) <= 5  # 3 standard deviations of a share of 1,000
    assert abs(float(told[1]) - 1 / 12) < 0.015  # 3 of that mean

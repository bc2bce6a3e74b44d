"""Names from elsewhere on the command line, in a file and in the form: taken and said, or offered by their meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradtui.cli.arguments import experiment_of, read_words
from gradtui.cli.launch import opening
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.screen.dialogs import form_model
from gradtui_engine import Experiment
from tests.tui.helpers import Command

SMALL = ("--depth", "3", "--batch", "8")


@pytest.mark.parametrize(
    ("arguments", "note", "own"),
    [
        (("--init", "kaiming_uniform"), "kaiming_uniform is he_uniform here", ("--init", "he_uniform")),
        (("--init", "glorot_uniform"), "glorot_uniform is xavier_uniform here", ("--init", "xavier_uniform")),
        (("--activation", "swish"), "swish is silu here", ("--activation", "silu")),
        (("--loss", "binary_crossentropy"), "binary_crossentropy is bce here", ("--loss", "bce")),
        (("--lr", "0.1"), "--lr is --learning-rate here", ("--learning-rate", "0.1")),
        (("--hidden_size=16",), "--hidden_size is --width here", ("--width", "16")),
        (
            ("--optimizer", "sgd(momentum=0.8)"),
            "sgd(momentum=0.8) is momentum with momentum 0.8 here",
            ("--optimizer", "momentum", "--momentum", "0.8"),
        ),
        (
            ("--max-grad-norm", "0.5"),
            "--max-grad-norm is --clip-threshold with clip norm here",
            ("--clip", "norm", "--clip-threshold", "0.5"),
        ),
    ],
)
def test_another_name_runs_as_the_own_one_and_is_said_in_one_line(
    arguments: tuple[str, ...], note: str, own: tuple[str, ...], command: Command
) -> None:
    other = command("run", *SMALL, *arguments)
    assert (other.status, other.err) == (0, f"gradtui run: note: {note}\n")
    same = command("run", *SMALL, *own)
    assert (same.out, same.err) == (other.out, "")


def test_the_cell_decides_which_layers_are_meant(command: Command) -> None:
    layered = command("run", "--batch", "8", "--num_layers", "3", "--print-config")
    assert "\ndepth = 3 " in layered.out
    timed = command("run", "--rnn-type", "GRU", "--num_layers", "2", "--print-config")
    assert "\nlayers = 2 " in timed.out
    assert timed.problems == [
        "gradtui run: note: --rnn-type is --cell here",
        "gradtui run: note: --num_layers is --layers here",
        "gradtui run: note: GRU is gru here",
    ]


def test_a_file_may_have_other_names_and_options_override_them(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "torch.toml"
    path.write_text('lr = 0.1\nactivation = "nn.LeakyReLU(0.2)"\nnum_layers = 3\nbatch_size = 8\n')
    read = command("run", str(path), "--print-config")
    assert read.status == 0
    assert read.err.count("note: ") == 4
    wanted = Experiment(learning_rate=0.1, activation="leaky_relu", slope=0.2, depth=3, batch=8)
    assert Experiment.from_toml(read.out) == wanted
    changed = command("run", str(path), "--learning-rate", "0.5", "--activation", "LeakyReLU(0.3)", "--print-config")
    assert Experiment.from_toml(changed.out) == wanted.replace(learning_rate=0.5, slope=0.3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--epochs", "10"), "--epochs: training is counted in iterations here: gradtui train --iterations N"),
        (("--num-epochs=10",), "--num-epochs: training is counted in iterations here: gradtui train --iterations N"),
        (("--bias_init", "0"), "--bias_init: is unknown; did you mean --sigma-b?"),
        (("--unit_forget_bias", "True"), "--unit_forget_bias: is unknown; did you mean --forget-bias?"),
        (("--lr",), "--lr: needs a value"),
        (("--lr", "fast"), "learning_rate: 'fast' given; allowed: a number from 0 to 1e30"),
        (("--lr", "0.1", "--learning-rate", "0.1"), "--lr: means the same as --learning-rate, which is given too"),
        (("--optimizer", "SGD(momentum=0.8)", "--momentum", "0.5"), "momentum: 0.5 given, and 0.8 by"),
    ],
)
def test_what_there_is_not_is_told_by_its_meaning(arguments: tuple[str, ...], words: str, command: Command) -> None:
    done = command("run", *SMALL, *arguments)
    assert done.status == 2
    (problem,) = done.problems
    assert problem.startswith(f"gradtui run: {words}")
    assert "--steps" not in problem


def test_what_takes_no_experiment_has_no_names_of_its_fields(command: Command) -> None:
    done = command("theory", "--lr", "0.1")
    assert done.status == 2
    assert "--lr: is unknown" in done.err


def test_b_takes_other_names_too() -> None:
    words, problems = read_words(SUBCOMMANDS[""], ("relu-he", "--b", "init=kaiming_uniform", "--b", "lr=0.5"))
    assert not problems
    state, _, _ = opening(experiment_of(words), words)
    assert dict(state.changes) == {"init": "he_uniform", "learning_rate": 0.5}
    assert [type(value) for _, value in state.changes] == [str, float]


@pytest.mark.parametrize(
    ("field", "text", "wanted"),
    [
        ("init", "kaiming_uniform", {"init": "he_uniform"}),
        ("activation", " nn.GELU ", {"activation": "gelu"}),
        ("optimizer", "SGD(momentum=0.8)", {"optimizer": "momentum", "momentum": 0.8}),
    ],
)
def test_the_form_takes_them(field: str, text: str, wanted: dict[str, object]) -> None:
    state = form_model.edit(form_model.of(Experiment()), field, text)
    reading = form_model.read(state)
    assert reading.problems == {}
    assert reading.experiment == Experiment(**wanted)  # type: ignore[arg-type]
    assert reading.experiment is not None
    assert form_model.of(reading.experiment).texts[field] == wanted[field]

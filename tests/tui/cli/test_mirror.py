"""`gradtui mirror`: the command that it prints is one, and what cannot be mirrored is said."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from gradtui.cli.arguments import read_words
from gradtui.cli.mirror import asked, beside
from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.model.shown import source_of_a, source_of_b
from gradtui.share.address import command
from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Source
from gradtui_engine.findings.mirror import mirror
from tests import recordings
from tests.tui.helpers import run_main


def test_of_a_log_without_a_model_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n0,2.0\n1,1.5\n")
    assert "there is no model in it" in run_main(capsys, "mirror", path).err


@pytest.mark.parametrize(
    "lines", [recordings.mlp_lines(), recordings.lstm_lines(layers=2), recordings.mlp_lines(activation="GELU", steps=0)]
)
def test_the_command_is_one_line_that_gives_the_experiment(
    lines: list[recordings.Line], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = recordings.written(lines, tmp_path / "run.jsonl")
    done = run_main(capsys, "mirror", path, "--print")
    assert done.status == 0
    assert done.err == ""
    command, nothing, title, *_ = done.out.splitlines()
    assert (nothing, title) == ("", "taken over:")
    program, *arguments = shlex.split(command)
    assert program == "gradtui"
    experiment = read(SUBCOMMANDS[""], arguments).experiment
    assert experiment == mirror(recordings.recorded(lines)).experiment
    assert experiment != Experiment()


@pytest.mark.parametrize(
    ("lines", "along"), [(recordings.mlp_lines(), ""), (recordings.lstm_lines(times=9), "lstm")], ids=["mlp", "lstm"]
)
def test_it_opens_in_compare_with_the_recording_as_a_at_its_first_step(
    lines: list[recordings.Line], along: str, tmp_path: Path
) -> None:
    path = recordings.written(lines, tmp_path / "run.jsonl")
    words, problems = read_words(SUBCOMMANDS["mirror"], [str(path)])
    assert problems == []
    mirrored = asked(words)
    state = beside(mirrored, words).state
    assert (state.view, state.along, state.iteration) == ("compare", along, 0)
    a, b = source_of_a(state), source_of_b(state, None)
    assert (a.recording, a.iteration, a.stages) == (str(path), 0, along)
    assert b == Source(mirrored.mirror.experiment)
    # The command that is copied from the screen opens the same.
    assert command(state, None).startswith(f"gradtui mirror {path}")


def test_what_is_not_near_is_said_with_the_files_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = [recordings.run_line([["conv", "Conv2d"]], [("conv.weight", (4, 1, 3, 3))])]
    path = recordings.written(lines, tmp_path / "run.jsonl")
    done = run_main(capsys, "mirror", path)
    assert done.status == 2
    assert done.out == ""
    assert f"{path}: no experiment is near: conv is a Conv2d" in done.err


@pytest.mark.parametrize(
    ("given", "said"),
    [([], "needs a record of a training"), (["a.jsonl", "b.jsonl"], "takes one run; 2 were given"),
     (["missing.jsonl"], "missing.jsonl")],
)  # fmt: skip
def test_bad_input_is_said_and_the_status_is_2(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recordings.written(recordings.mlp_lines(), tmp_path / "a.jsonl")
    recordings.written(recordings.lstm_lines(), tmp_path / "b.jsonl")
    done = run_main(capsys, "mirror", *given)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_names_out_of_a_record_reach_the_terminal_without_control_characters(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = [recordings.run_line([["conv\x1b[2J", "Conv2d\x07"]], [("conv\x1b[2J.weight", (4, 1, 3, 3))])]
    done = run_main(capsys, "mirror", recordings.written(lines, tmp_path / "run.jsonl"))
    assert done.status == 2
    assert "\x1b" not in done.err
    assert "\x07" not in done.err

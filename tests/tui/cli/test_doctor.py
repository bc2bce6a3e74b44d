"""`gradtui doctor`: exit status, what is printed, the document, what is told on the way, and what ctrl+C leaves."""

from __future__ import annotations

import functools
import io
import json
import re
import shlex
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from rich.cells import cell_len
from rich.status import Status

from gradtui.cli import doctor as module
from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.text.summary import answer_lines
from gradtui_engine import Experiment
from gradtui_engine.core.figures import exact, percent, ratio_text, short
from gradtui_engine.training import doctor as engine
from gradtui_engine.training.doctor_document import report_document
from gradtui_engine.training.examined import Examination
from tests.tui.helpers import Command, run_process

SMALL = ("--depth", "3", "--width", "6", "--batch", "4", "--data", "gaussian")
ILL = ("--depth", "12", "--width", "16", "--batch", "64")
#: Learns in 40 iterations, and is healthy at the start.
LEARNS = ("--depth", "2", "--width", "8", "--batch", "16", "--activation", "tanh", "--learning-rate", "0.3")
FIRST, BRIEFLY = ("--train", "0"), ("--train", "4")


@functools.cache
def report_of(*arguments: str) -> Examination:
    """The engine's report, training as --train at the end says."""
    invocation = read(SUBCOMMANDS["doctor"], arguments)
    return _examined(invocation.experiment, invocation.options.train, None)[-1]


_GENUINE = engine.examinations


@functools.cache
def _examined(experiment: Experiment, training: int, seconds: float | None) -> tuple[Examination, ...]:
    return tuple(_GENUINE(experiment, training=training, seconds=seconds))


@pytest.fixture(autouse=True)
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each experiment is examined once: what is printed of it is asked many times."""

    def examinations(
        experiment: Experiment, begin: Any, watch: Any, training: int, seconds: float | None
    ) -> Iterator[Examination]:
        yield from _examined(experiment, training, seconds)

    monkeypatch.setattr(engine, "examinations", examinations)


def words(text: str) -> str:
    """The text with every run of blanks as one: lines are broken anywhere."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((*ILL, *FIRST), 1),
        ((*SMALL, *FIRST), 0),
        ((*ILL, *BRIEFLY), 1),
        ((*LEARNS, "--train", "40"), 0),
        ((*LEARNS, "--train", "1"), 1),  # healthy, and has not learnt anything yet
        (("--depth", "0"), 2),
        (("--depht", "3"), 2),
        (("--train", "-1"), 2),
        (("--train", "many"), 2),
    ],
)
@pytest.mark.parametrize("switch", [(), ("--json",)])
def test_the_exit_status_is_0_where_it_is_healthy_and_learns_and_1_where_not(
    arguments: tuple[str, ...], status: int, switch: tuple[str, ...], command: Command
) -> None:
    done = command("doctor", *arguments, *switch)
    assert done.status == status
    assert (done.err == "") == (status != 2)


@pytest.mark.parametrize("switch", [FIRST, BRIEFLY])
def test_it_prints_the_diagnosis_and_every_remedy_with_what_was_measured(
    switch: tuple[str, ...], command: Command
) -> None:
    report = report_of(*ILL, *switch)
    out = command("doctor", *ILL, *switch).out
    outcome = report.before.outcome
    for line in answer_lines(outcome):
        assert words(line) in words(out)
    for answer in outcome.answers:
        assert f"  {answer.severity}; rule: {answer.rule}; measured {ratio_text(answer.measured)}" in out
        assert words(answer.source) in words(out)
    rows = out.split("\n\n")[1]
    places = []
    for trial in report.trials:
        (line,) = [line for line in rows.splitlines() if line.startswith(f"{trial.remedy.name}  ")]
        places.append(rows.index(line))
        measured, trained = trial.measured, trial.measured.trained
        numbers = [short(measured.outcome.ratio)]
        if trained is None:
            numbers = [f"×{short(measured.outcome.average_factor)}", *numbers]
            numbers += [short(measured.loss), short(measured.loss_after)]
        else:
            best = trained.best
            numbers += [short(best.loss), percent(best.accuracy), exact(best.rate)]
        assert words(line) == " ".join([trial.remedy.name, trial.effect, *numbers])
        assert words(trial.text) in words(rows)
    assert places == sorted(places)
    assert len(places) > 5


def test_each_remedy_has_the_command_that_applies_it_and_the_lines_of_pytorch(command: Command) -> None:
    lines = command("doctor", *ILL, *BRIEFLY).out.splitlines()
    report = report_of(*ILL, *BRIEFLY)
    for trial in report.trials:
        start = next(index for index, line in enumerate(lines) if line.startswith(f"{trial.remedy.name}  "))
        beneath = lines[start + 1 :]
        # In one line each, to be copied.
        at = beneath.index(f"    {trial.command}")
        python = "\n".join(line.text(line.where) for line in trial.pytorch(report.before)).split("\n")
        assert beneath[at + 1 : at + 1 + len(python)] == [f"    {line}" for line in python]


def test_the_command_of_a_remedy_is_the_experiment_that_was_tried() -> None:
    for trial in report_of(*ILL, *FIRST).trials:
        program, name, *arguments = shlex.split(trial.command)
        assert (program, name) == ("gradtui", "run")
        assert read(SUBCOMMANDS["run"], arguments).experiment == trial.measured.experiment


def test_a_healthy_network_has_no_table(command: Command) -> None:
    out = command("doctor", *SMALL, *FIRST).out
    assert "● does the gradient arrive? healthy: " in out
    assert "● does the first step do good? healthy: " in out
    assert "– does it learn? not asked: this is one iteration\n" in out
    assert "remedy" not in out
    trained = command("doctor", *LEARNS, "--train", "40").out
    assert "✓ does it learn? trained: learns: after 40 iterations" in trained
    assert re.search(r"^The gradient arrives \(.*\), and it learns: loss ", trained, re.M)
    assert "remedy" not in trained


def test_a_healthy_start_that_does_not_learn_is_said_to_be_not_enough(command: Command) -> None:
    out = command("doctor", *LEARNS, "--train", "1").out
    assert re.search(r"^Healthy at the start is not trained: ", out, re.M)
    assert re.search(r"^after 1 iterations? at the best of 3 learning rates: loss on held-out samples$", out, re.M)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ("--learning-rate 100", "diverging"),
        ("--learning-rate 0", "still"),
        ("--weight-decay 10 --learning-rate 0.3", "shrinking"),
        ("--init normal --init-scale 1", "off scale"),
        ("--residual scaled --residual-scale 0", "cut off"),
    ],
)
def test_no_network_is_called_healthy_whose_first_step_does_no_good(options: str, kind: str, command: Command) -> None:
    given = ("--depth", 5, "--activation", "relu", "--init", "he_normal", *options.split(), *FIRST)
    done = command("doctor", *given)
    assert done.status == 1
    assert re.search(rf"^. does the first step do good\? {kind}: ", done.out, re.M)


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("switch", [FIRST, BRIEFLY])
@pytest.mark.parametrize("more", [(), ("--learning-rate", "50", "--weight-decay", "9", "--dtype", "float32")])
@pytest.mark.soak
def test_all_but_what_is_to_be_copied_fits_the_width(
    columns: int, switch: tuple[str, ...], more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Terminal()
    with monkeypatch.context() as patch:
        patch.setenv("TERM", "dumb")
        patch.setenv("COLUMNS", str(columns))
        patch.setattr(sys, "stderr", io.StringIO())
        module.doctor(read(SUBCOMMANDS["doctor"], (*ILL, *more, *switch)), out)
    report = report_of(*ILL, *more, *switch)
    copied = {f"    {trial.command}" for trial in report.trials}
    for trial in report.trials:
        for line in trial.pytorch(report.before):
            copied |= {f"    {part}" for part in line.text(line.where).split("\n")}
    lines = out.getvalue().splitlines()
    assert copied <= set(lines)
    assert max(cell_len(line.rstrip()) for line in lines if line not in copied) <= columns


@pytest.mark.parametrize("arguments", [(*ILL, *FIRST), (*SMALL, *FIRST), (*ILL, *BRIEFLY)])
def test_the_document_is_the_engines_report(arguments: tuple[str, ...], command: Command) -> None:
    found = command("doctor", *arguments, "--json").json
    assert found == json.loads(json.dumps(report_document(report_of(*arguments))))
    assert found["complete"] is True
    assert (found["remedies"] == []) == (found["before"]["outcome"]["kind"] == "healthy")


@pytest.mark.parametrize("switch", [FIRST, BRIEFLY])
@pytest.mark.soak
def test_it_is_strict_json_also_of_a_network_that_overflows(switch: tuple[str, ...], command: Command) -> None:
    found = command("doctor", *ILL, "--activation", "linear", "--gain", "1e30", *switch, "--json").json
    assert found["before"]["outcome"]["signal"]["kind"] == "non_finite"
    assert found["before"]["loss"] == "nan"
    if switch == BRIEFLY:
        assert found["before"]["outcome"]["learning"]["kind"] == "diverged"
        assert found["before"]["training"]["loss"] == "nan"


def test_the_iterations_of_its_trainings_are_called_train(command: Command) -> None:
    done = command("doctor", "--iterations", "5")
    told = "gradtui doctor: --iterations: is --train here: gradtui doctor --train N\n"
    assert (done.status, done.err) == (2, told)


@pytest.mark.soak
def test_as_a_process_it_has_its_status_and_nothing_on_stderr() -> None:
    done = run_process("doctor", *ILL, *BRIEFLY, PYTHONIOENCODING="ascii")
    assert (done.status, done.err) == (1, "")
    assert done.out.isascii()
    assert "\x1b" not in done.out  # no colour where nobody sees it


# -- how long, and on the way --------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "asked"), [((), (200, 120.0)), (("--train", "7"), (7, None)), (FIRST, (0, None))])
def test_how_long_to_train_is_obeyed_and_without_it_two_minutes_are_kept_within(
    given: tuple[str, ...], asked: tuple[int, float | None], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    def examinations(
        experiment: Experiment, begin: Any, watch: Any, training: int, seconds: float | None
    ) -> Iterator[Examination]:
        told.append((training, seconds))
        yield report_of(*ILL, *BRIEFLY)

    monkeypatch.setattr(engine, "examinations", examinations)
    out = command("doctor", *ILL, *given).out
    assert told == [asked]
    # What was done differs from what is usual: said where nobody has asked for it.
    lowered = "trained for 4 iterations instead of 200, so that all of it takes about 2 minutes"
    assert (lowered in words(out)) == (given == ())


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "pipe"])
@pytest.mark.soak
def test_a_terminal_is_told_what_is_tried_at_which_rate_and_nobody_else(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(engine, "examinations", _GENUINE)
    with monkeypatch.context() as patch:
        patch.setattr(Status, "update", lambda self, status: told.append(status))
        patch.setenv("TERM", "xterm")
        patch.setattr(sys, "stderr", stream)
        assert module.doctor(read(SUBCOMMANDS["doctor"], (*ILL, *BRIEFLY)), io.StringIO()) == 1
    assert ("examining" in stream.getvalue()) == stream.isatty()
    assert stream.isatty() or stream.getvalue() == ""
    said = [text.split("  ")[0] for text in told]
    assert "training the experiment as it stands at a rate of 0.03 …" in said
    for trial in report_of(*ILL, *BRIEFLY).trials:
        name, trained = trial.remedy.name, trial.measured.trained
        assert trained is not None
        assert f"trying {name} …" in said
        for attempt in trained.attempts:
            assert f"training {name} at a rate of {exact(attempt.rate)} …" in said
    assert any(re.search(r"  \d+ s left$", text) for text in told)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_ctrl_c_prints_what_there_is(count: int, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def examinations(*arguments: Any) -> Iterator[Examination]:
        for number, report in enumerate(_GENUINE(*arguments)):
            if number == count:
                raise KeyboardInterrupt
            yield report

    monkeypatch.setattr(engine, "examinations", examinations)
    done = command("doctor", *ILL, *BRIEFLY)
    assert (done.status, done.err) == (130, "")
    assert (done.out == "") == (count == 0)
    assert ("interrupted: not every remedy has been tried" in done.out) == (count > 0)
    assert done.out.count("\n    gradtui train ") == max(count - 2, 0)

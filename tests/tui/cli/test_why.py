"""`gradtui why`: exit status, report and document; what it takes; and what it says while a record grows."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gradtui.cli import why_watch
from gradtui.cli.why_watch import BELL
from gradtui_engine.findings.kinds import KINDS
from tests.engine.helpers import fresh_python
from tests.recordings import Line, lstm_lines, mlp_lines, written
from tests.tui.helpers import Command

STEPS = 30
STALE = [False] + [True] * (STEPS - 1)


def healthy() -> list[Line]:
    return mlp_lines(4, STEPS)


def faulty() -> list[Line]:
    return mlp_lines(4, STEPS, stale=STALE)


@pytest.fixture
def record(tmp_path: Path) -> Callable[[list[Line]], str]:
    return lambda lines: str(written(lines, tmp_path / "run.jsonl"))


def document_of(command: Command, *arguments: str) -> dict[str, Any]:
    return json.loads(command("why", *arguments, "--json").out)


# -- what it is given --------------------------------------------------------------------------------------


def test_of_a_folder_it_is_the_run_in_it(tmp_path: Path, command: Command) -> None:
    for name, lines in (("one", healthy()), ("two", faulty())):
        (tmp_path / name).mkdir()
        written(lines, tmp_path / name / "gradtui-run.jsonl")
    assert command("why", str(tmp_path / "one")).status == 0
    done = command("why", str(tmp_path))
    assert done.status == 2
    for name in ("has 2 runs", "one/gradtui-run.jsonl", "two/gradtui-run.jsonl"):
        assert name in done.err


def test_a_pipe_is_read_whole(tmp_path: Path, record: Callable[[list[Line]], str], command: Command) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = Path(record(faulty())).read_bytes()
    writer = threading.Thread(target=lambda: pipe.write_bytes(content))
    writer.start()
    done = command("why", str(pipe), "--json")
    writer.join()
    assert done.status == 1
    assert json.loads(done.out)["run"]["files"] == [str(pipe)]
    assert "cannot be followed" in command("why", str(pipe), "--watch").err


def test_a_long_name_is_input(command: Command) -> None:
    done = command("why", f"{'a' * 300}.jsonl")
    assert (done.status, "output" in done.err) == (2, False)
    assert "cannot be read: File name too long" in done.err


def test_what_is_cut_in_its_first_line_is_not_empty(
    tmp_path: Path, record: Callable[[list[Line]], str], command: Command
) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(Path(record(healthy())).read_bytes()[:200])
    assert "cut off in its first line" in command("why", str(cut)).err


def test_what_else_takes_a_recording_is_said(record: Callable[[list[Line]], str], command: Command) -> None:
    path = record(healthy())
    for arguments in (("open", path), ("doctor", path), (path,)):
        done = command(*arguments)
        assert done.status == 2
        assert f"gradtui why {path}" in done.err


def test_a_misspelt_command_is_one_line_with_the_match_first(command: Command) -> None:
    (problem,) = command("oepn", "x").problems
    assert problem.startswith("gradtui: command: 'oepn' is unknown; did you mean 'open'?")


# -- exit status -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", [(), ("--json",)])
@pytest.mark.parametrize(("lines", "status"), [(healthy(), 0), (faulty(), 1)])
def test_0_where_it_is_healthy_and_1_where_it_has_a_fault(
    lines: list[Line], status: int, switch: Sequence[str], record: Callable[[list[Line]], str], command: Command
) -> None:
    done = command("why", record(lines), *switch)
    assert (done.status, done.err) == (status, "")


@pytest.mark.parametrize(
    ("end", "said"),
    [(None, "the training has not made a step"), ("closed", "the training ended before its first step")],
)
def test_of_no_step_nothing_is_claimed(
    end: str | None, said: str, record: Callable[[list[Line]], str], command: Command
) -> None:
    path = record(mlp_lines(steps=0, end=end))
    done = command("why", path)
    assert done.status == 2
    assert said in " ".join(done.out.split())
    assert "healthy" not in done.out
    assert document_of(command, path)["verdict"] == "healthy"


def test_the_last_step_is_the_last_that_is_known(record: Callable[[list[Line]], str], command: Command) -> None:
    lines = mlp_lines(steps=30, every=10)
    path = record(lines)
    out = " ".join(command("why", path).out.split())
    assert lines[-1]["n"] == 300
    assert document_of(command, path)["run"]["last_step"] == 299
    assert "last step 299, 30 recorded" in out


def test_a_note_is_no_fault(record: Callable[[list[Line]], str], command: Command) -> None:
    still = {"grad": None, "update": None}
    lines = mlp_lines(steps=30, at={(None, "layers.0.weight"): still, (None, "layers.0.bias"): still})
    lines[0]["params"][0][3:] = lines[0]["params"][1][3:] = [False, None]
    done = command("why", record(lines))
    assert done.status == 0
    assert "note: frozen" in done.out


@pytest.mark.parametrize("content", ["", "hello\n", "{}\n", '{"k": "run", "schema": 99}\n', "[" * 10_000])
def test_2_and_a_sentence_where_it_cannot_be_read(content: str, tmp_path: Path, command: Command) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(content)
    done = command("why", str(path))
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(r"gradtui why: .*run\.jsonl: .+\n", done.err)


@pytest.mark.parametrize("arguments", [(), ("nowhere.jsonl",), ("tests",), ("nowhere.jsonl", "--json")])
def test_2_where_there_is_nothing(arguments: Sequence[str], command: Command) -> None:
    done = command("why", *arguments)
    assert done.status == 2
    assert done.err.startswith("gradtui why: ")


# -- the document ------------------------------------------------------------------------------------------


def test_the_document_is_as_it_was_promised(record: Callable[[list[Line]], str], command: Command) -> None:
    document = document_of(command, record(faulty()))
    assert list(document) == ["schema", "run", "verdict", "findings"]
    assert (document["schema"], document["verdict"]) == (1, "fault")
    (finding,) = document["findings"]
    assert list(finding) == [
        "kind", "layer", "step", "severity", "message", "evidence", "cause", "remedy", "experiment",
    ]  # fmt: skip
    assert (finding["kind"], finding["layer"], finding["step"]) == ("stale_gradient", None, 1)
    assert (finding["severity"], finding["experiment"]) == ("error", None)
    assert document["run"]["recorded_steps"] == STEPS


def test_what_is_not_finite_is_a_string(record: Callable[[list[Line]], str], command: Command) -> None:
    lines = healthy()
    lines[20]["loss"] = "nan"
    text = command("why", record(lines), "--json").out
    (finding,) = json.loads(text, parse_constant=pytest.fail)["findings"]
    assert finding["evidence"]["value"] == "nan"


def test_a_healthy_one_is_short(record: Callable[[list[Line]], str], command: Command) -> None:
    document = document_of(command, record(healthy()))
    assert (document["verdict"], document["findings"]) == ("healthy", [])
    assert set(document["run"]["not_asked"]) <= set(KINDS)


# -- the report --------------------------------------------------------------------------------------------


def test_the_report_says_where_since_when_and_what_to_change(
    record: Callable[[list[Line]], str], command: Command
) -> None:
    lines = lstm_lines(STEPS, 60, factor=0.8)
    for line in lines[1:-1]:
        line["loss"] = 1.0
    out = command("why", record(lines)).out
    assert "last step 29, 30 recorded" in " ".join(out.split())
    assert "\nfault: vanishing over time at lstm since step 0\n" in out
    for part in ("evidence: ", "cause: ", "rule: ", "source: ", "what to change:", "the same in gradtui:", "lesson: "):
        assert f"\n  {part}" in out
    assert "\n      gradtui --cell lstm " in out
    assert "not asked:" in out


def test_nothing_of_a_name_reaches_the_terminal_but_letters(
    record: Callable[[list[Line]], str], command: Command
) -> None:
    lines = faulty()
    lines[0]["modules"][0][0] = lines[0]["params"][0][0] = "\x1b[2Jgone\x07"
    lines.insert(3, {"k": "note", "n": 1, "text": "a\x1b]0;b\x07c", "module": "\x1b[1m"})
    out = command("why", record(lines)).out
    assert all(letter.isprintable() or letter == "\n" for letter in out)


def test_the_report_is_in_the_language_of_the_reader_and_the_document_in_english(
    record: Callable[[list[Line]], str], command: Command
) -> None:
    path = record(faulty())
    assert "梯度" in command("why", path, "--lang", "zh").out
    assert command("why", path, "--json", "--lang", "zh").out.isascii()


# -- files -------------------------------------------------------------------------------------------------


def test_several_runs_are_told_one_after_the_other(tmp_path: Path, command: Command) -> None:
    one = written(healthy(), tmp_path / "one.jsonl")
    two = written(faulty(), tmp_path / "two.jsonl")
    done = command("why", str(one), str(two))
    assert done.status == 1
    assert done.out.index("healthy: ") < done.out.index("fault: ")
    refused = command("why", str(one), str(two), "--json")
    assert refused.status == 2
    assert "one run" in refused.err


def test_one_that_cannot_be_read_does_not_hide_the_other(tmp_path: Path, command: Command) -> None:
    done = command("why", str(written(faulty(), tmp_path / "two.jsonl")), str(tmp_path / "one.jsonl"))
    assert done.status == 2
    assert "fault: " in done.out


def test_the_other_ranks_files_are_read_along(tmp_path: Path, command: Command) -> None:
    for rank, name in enumerate(("run.jsonl", "run.rank1.jsonl")):
        lines = mlp_lines(3, STEPS, header={"rank": [rank, 2]})
        written(lines, tmp_path / name)
    document = document_of(command, str(tmp_path / "run.jsonl"))
    assert [Path(file).name for file in document["run"]["files"]] == ["run.jsonl", "run.rank1.jsonl"]


def test_a_log_of_losses_is_asked_what_losses_can_tell(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "log.csv"
    losses = [1.0] * 60 + [9.0] + [1.0] * 20
    path.write_text("step,loss\n" + "".join(f"{step},{loss}\n" for step, loss in enumerate(losses)))
    document = document_of(command, str(path))
    (spike, *_) = document["findings"]
    assert (spike["kind"], spike["step"]) == ("loss_spike", 60)
    assert {"dead", "vanishing", "stale_gradient"} <= set(document["run"]["not_asked"])


def test_our_own_trainings_records_are_read_too(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "own.jsonl"
    arguments = ("--depth", "12", "--width", "16", "--batch", "32", "--iterations", "40", "--record", str(path))
    command("train", *arguments)
    document = document_of(command, str(path))
    (vanishing,) = (finding for finding in document["findings"] if finding["kind"] == "vanishing")
    assert vanishing["layer"] == "layers.1"
    assert vanishing["experiment"] == "gradtui --depth 12 --width 16 --batch 32"


def test_textual_is_not_loaded(record: Callable[[list[Line]], str]) -> None:
    path = record(faulty())
    code = "import sys; from gradtui.cli.main import main; main(sys.argv[1:]); print('textual' in sys.modules)"
    code = f"import sys; sys.argv[1:] = ['why', {path!r}]; {code}"
    assert fresh_python(code).splitlines()[-1] == "False"


# -- while it grows ----------------------------------------------------------------------------------------


@pytest.fixture
def growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[object]], str]:
    """A record to which something is added at each pause: text, or a signal that arrives."""

    def grow(parts: Sequence[object]) -> str:
        path, rest = tmp_path / "live.jsonl", iter(parts)

        def wait(stop: object, seconds: float) -> None:
            part = next(rest)
            if isinstance(part, signal.Signals):
                os.kill(os.getpid(), part)
            elif part:
                with path.open("a") as file:
                    file.write(str(part))

        monkeypatch.setattr(why_watch.Stop, "wait", wait)
        return str(path)

    return grow


def texts(lines: list[Line]) -> Iterator[str]:
    return (json.dumps(line) + "\n" for line in lines)


def test_each_finding_is_said_once_as_it_happens(growing: Callable[[Sequence[object]], str], command: Command) -> None:
    lines = faulty()
    path = growing(["", "", *texts(lines), *[""] * 100])
    done = command("why", path, "--watch")
    waiting, said = done.err.splitlines()
    assert waiting == f"waiting for {path}"
    assert said.startswith("error: stale gradient since step 1: ")
    assert said.endswith(BELL)
    assert done.status == 1
    assert "fault: stale gradient since step 1" in done.out


def test_the_bell_can_be_left_out(growing: Callable[[Sequence[object]], str], command: Command) -> None:
    done = command("why", growing([*texts(faulty()), *[""] * 100]), "--watch", "--no-bell", "--json")
    assert BELL not in done.err
    assert json.loads(done.out)["verdict"] == "fault"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("lines", "status"), [(healthy(), 0), (faulty(), 1)])
def test_a_signal_ends_it_with_the_status_of_what_was_found(
    number: signal.Signals,
    lines: list[Line],
    status: int,
    growing: Callable[[Sequence[object]], str],
    command: Command,
) -> None:
    path = growing([*texts(lines[:-1]), "", "", number])
    before = signal.getsignal(number)
    assert command("why", path, "--watch").status == status
    assert signal.getsignal(number) is before


def test_a_signal_before_anything_was_written_is_no_fault(
    growing: Callable[[Sequence[object]], str], command: Command
) -> None:
    done = command("why", growing(["", signal.SIGINT]), "--watch")
    assert (done.status, done.out) == (0, "")


def test_a_first_line_that_is_half_there_is_waited_for(
    growing: Callable[[Sequence[object]], str], command: Command
) -> None:
    first, *others = texts(healthy())
    assert command("why", growing([first[:40], first[40:], *others, *[""] * 100]), "--watch").status == 0


def test_what_is_no_record_is_not_waited_for(growing: Callable[[Sequence[object]], str], command: Command) -> None:
    done = command("why", growing(["hello\nhello\n", "", ""]), "--watch")
    assert done.status == 2

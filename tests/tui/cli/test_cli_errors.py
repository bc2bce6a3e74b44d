"""What cannot be used: exit status 2, one short line per problem, all of them at once, never a traceback."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from gradtui.cli.subcommands import SUBCOMMANDS
from tests.tui.helpers import Command, Done

#: An impossible size: 640 TiB.
HUGE = ("--depth", "10000", "--width", "65536")


def refused(done: Done) -> list[str]:
    """The problems, without the command's name in front."""
    assert done.status == 2
    assert done.out == ""
    assert done.problems
    for problem in done.problems:
        assert problem.startswith("gradtui"), done.err
        assert "Traceback" not in problem
    return [problem.split(": ", 1)[1] for problem in done.problems]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--depht", "3"], ["--depht", "unknown", "did you mean --depth?"]),
        (["--depht=3"], ["--depht", "unknown", "did you mean --depth?"]),
        (["--foo"], ["--foo", "is unknown; --help lists the options"]),
        ([""], ["file: '' names no file or preset"]),
        (["relu-he", "run"], ["run: a command comes first: gradtui run …"]),
        (["--b", "init=he_normal"], ["--b: is an option of the screen alone: gradtui --b …"]),
        (["--view", "lab"], ["--view: is an option of the screen alone: gradtui --view …"]),
        (["--zzz"], ["--zzz", "unknown", "--help lists the options"]),
        (["-x"], ["-x", "unknown"]),
        (["--activation", "rleu"], ["activation", "'rleu'", "sigmoid", "did you mean 'relu'?"]),
        (["--cell", "LTSM"], ["cell", "'LTSM'", "did you mean 'lstm'?"]),
        (["--init", "xavier"], ["init", "'xavier'", "did you mean 'xavier_"]),
        (["--data", "digit"], ["data", "'digit'", "did you mean 'digits'?"]),
        (["--data", "csv:"], ["data", "names no file", "csv:PATH"]),
        (["--dtype", "float8"], ["dtype", "'float8'", "float64, float32"]),
        (["--depth", "0"], ["depth", "0 given", "a whole number from 1 to 10000"]),
        (["--depth", "3.5"], ["depth", "'3.5' given", "a whole number"]),
        (["--depth="], ["depth", "'' given", "a whole number"]),
        (["--seed", "-1"], ["seed", "-1 given", "from 0 to"]),
        (["--seed", "9" * 5000], ["seed", "allowed: a whole number"]),
        (["--gain", "nan"], ["gain", "nan given", "from 0 to 1e30"]),
        (["--gain", "inf"], ["gain", "inf given"]),
        (["--gain", "1e999"], ["gain", "inf given"]),
        (["--gain", "much"], ["gain", "'much' given", "a number"]),
        (["--depth"], ["--depth", "needs a value", "a whole number from 1 to 10000"]),
        (["--depth", "--width", "3"], ["--depth", "needs a value"]),
        (["--save"], ["--save", "needs a value", "--save RUN.npz"]),
        (["--steps", "3"], ["steps"]),
        (["--json=1"], ["--json"]),
        (["--json", "--plot"], ["--plot", "--json"]),
        (["one.toml", "two.toml"], ["two.toml", "one FILE.toml or PRESET at the most"]),
        (["missing.toml"], ["missing.toml", "cannot be read", "No such file"]),
        (["--"], ["--", "unknown"]),
        (HUGE, ["size", "depth 10000", "width 65536", "GiB", "up to 2 GiB"]),
        (["--cell", "lstm", "--data", "digits"], ["data", "no time axis", "digits-pixels"]),
        (["--batch", "1798"], ["batch", "1798 given", "1 to 1797"]),
        (["--inputs", "3"], ["inputs", "3 given", "64"]),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else None,
)
def test_a_problem_says_what_was_given_and_what_is_allowed(
    arguments: list[str], parts: list[str], command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments == ["--steps", "3"]:
        arguments = ["--cell", "lstm", "--data", "digits-rows", *arguments]
    problems = refused(command("run", *arguments))
    assert any(all(part in problem for part in parts) for problem in problems), problems
    assert all(len(problem) < 500 for problem in problems)


@pytest.mark.parametrize("name", ["run", ""])
def test_all_problems_of_the_arguments_come_at_once(name: str, command: Command) -> None:
    arguments = ["--depht", "3", "--activation", "rleu", "--width", "0", "--gain", "x", "--seed"]
    problems = refused(command(*[name][: bool(name)], *arguments))
    assert sorted(problem.split(":")[0] for problem in problems) == ["--depht", "--seed", "activation", "gain", "width"]


def test_the_problems_of_file_and_options_come_at_once(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text('depht = 3\nwidth = "wide"\n', encoding="utf-8")
    problems = refused(command("run", path, "--gain", "x", "--init", "he"))
    named = [problem.removeprefix(f"{path}: ").split(":")[0] for problem in problems]
    assert sorted(named) == ["depht", "gain", "init", "width"]
    in_file = [name for name, problem in zip(named, problems, strict=True) if problem.startswith(str(path))]
    assert sorted(in_file) == ["depht", "width"], "what the file says names the file, what was typed does not"


def test_a_field_of_the_file_that_was_typed_too_is_the_typed_one(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text("depth = 0\n", encoding="utf-8")
    assert refused(command("run", path, "--depth", "-1"))[0].startswith("depth: -1 given")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"depth = ", ["experiment.toml", "is not TOML"]),
        (b"depth = 3\ndepth = 4\n", ["is not TOML"]),
        (b"depth = 3 # \xff\n", ["is not UTF-8"]),
        (b"depht = 3\n", ["depht", "unknown", "did you mean 'depth'?"]),
        (b"[depth]\nvalue = 3\n", ["depth", "given", "a whole number"]),
        (b"depth = true\n", ["depth", "True given"]),
        (b"depth = 3.0\n", ["depth", "3.0 given"]),
        (b"gain = nan\n", ["gain", "nan given"]),
        (b"activation = 3\n", ["activation", "3 given"]),
        (b"depth = 1979-05-27\n", ["depth", "given"]),
        (b"seed = 123456789012345678901234567890\n", ["seed", "allowed"]),
        (b'data = "csv:\\u0000"\n', ["data"]),
        (b'"" = 3\n', ["unknown"]),
    ],
)
def test_a_toml_file_is_refused_by_name_and_place(
    content: bytes, parts: list[str], command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "experiment.toml"
    path.write_bytes(content)
    problems = refused(command("run", path))
    assert any(all(part in problem for part in parts) for problem in problems), problems


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ["0 rows", "under a header"]),
        ("a,b\n", ["1 rows"]),
        ("a,b\n1,2,3\n", ["line 2 has 3 columns", "the table has 2"]),
        ("a,b\n1,2\n2,3\nx,2\n5,6\n8,9\n", ["line 4", "'a'", "'x' is not a finite number"]),
        ("a,b\n1,\n2,3\n", ["the target 'b' has gaps in 1 of 2 rows"]),
        ("a,b\ninf,2\n3,4\n", ["'inf' is not a finite number"]),
    ],
)
def test_a_csv_file_is_refused_with_line_and_column(
    content: str, parts: list[str], command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    problems = refused(command("run", "--depth", 2, "--data", f"csv:{path}"))
    assert any(all(part in problem for part in parts) for problem in problems), problems


@pytest.mark.parametrize("path", ["missing.csv", ".", "x" * 300 + ".csv", "~no-such-user-here/table.csv"])
def test_a_csv_file_that_cannot_be_read_is_named(
    path: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (problem,) = refused(command("run", "--data", f"csv:{path}"))
    assert problem.startswith("data: ")
    assert path.split("/")[0] in problem


def test_a_table_in_an_experiments_place_is_told_where_it_belongs(command: Command) -> None:
    for spelt in ("flowers.csv", "csv:flowers.csv"):
        assert refused(command("run", spelt)) == ["file: a table is given as --data csv:flowers.csv"]


def test_a_csv_file_with_a_slip_in_its_name_is_found(command: Command, tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (problem,) = refused(command("run", "--data", f"csv:{tmp_path}/flower.csv"))
    assert "did you mean" in problem
    assert "flowers.csv" in problem


@pytest.mark.parametrize("path", ["no/such/folder/run.npz", ".", "x" * 300 + ".npz", "run.txt", "run", "run.json"])
def test_save_is_refused_before_anything_is_computed(
    path: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (problem,) = refused(command("run", "--depth", 2, "--save", path))
    assert problem.startswith("--save: ")
    assert list(tmp_path.iterdir()) == []


def test_save_never_replaces_what_is_not_a_file(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--save /dev/null` as root must leave the device a device; a socket stands for it here."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("run.npz")
        command("run", "--depth", 2, "--save", "run.npz")
        assert Path("run.npz").is_socket()


def test_a_refused_size_allocates_nothing(command: Command) -> None:
    """640 TiB asked for: were it tried, this process would not be here to say so."""
    (problem,) = refused(command("run", *HUGE))
    assert problem.startswith("size: ")


def test_an_unknown_command_is_answered_with_the_nearest(command: Command) -> None:
    (problem,) = refused(command("rnu"))
    assert "'rnu' is unknown" in problem
    assert "did you mean 'run'" in problem


@pytest.mark.parametrize("words", [["help"], ["help", "run"], ["usage"], ["HELP"]])
def test_who_looks_for_the_help_is_told_where_it_is(words: list[str], command: Command) -> None:
    assert any("the help is gradtui --help" in problem for problem in refused(command(*words)))


def test_what_looks_like_a_file_is_taken_for_one(command: Command) -> None:
    (problem,) = refused(command("mine.toml"))
    assert problem.startswith("mine.toml: ")


def test_the_screens_command_refuses_bad_input_before_it_asks_for_a_terminal(command: Command) -> None:
    (problem,) = refused(command("--depth", "0"))
    assert problem.startswith("depth: ")


@pytest.mark.parametrize("name", ["theory", "presets", "config"])
@pytest.mark.parametrize("word", ["3", "run"])
def test_a_command_without_arguments_says_so(name: str, word: str, command: Command) -> None:
    assert refused(command(name, word)) == [f"{word}: takes no argument"]


def test_a_second_word_is_one_too_many_and_a_command_comes_first(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(command("vanishing", "relu-he")) == [
        "relu-he: one FILE.toml or PRESET at the most; options start with --"
    ]
    assert refused(command("--stage", "3", "run")) == ["run: a command comes first: gradtui run …"]
    Path("run").write_text("depth = 0\n", encoding="utf-8")
    assert [problem.split(":")[:2] for problem in refused(command("--stage", "3", "run"))] == [["run", " depth"]]


def test_a_lesson_that_is_not_there_cannot_be_used_and_one_with_faults_is_broken(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.md").write_text("no lesson", encoding="utf-8")
    found = refused(command("lessons", "nope.md", "broken.md", "."))
    assert [problem.split(":")[0] for problem in found] == ["nope.md", "."]
    assert all("cannot be read: " in problem for problem in found)
    assert command("lessons", "broken.md").status == 1


def test_the_problems_after_an_unknown_first_word_come_with_it(command: Command) -> None:
    found = refused(command("vanishin", "--depth", "x", "--foo", "--fps", "0", "--view", "y"))
    assert [problem.split(":")[0] for problem in found] == ["command", "--foo", "--fps", "depth", "--view"]
    assert "did you mean 'vanishing'?" in found[0]


def test_after_a_misspelt_command_the_options_are_its_own(command: Command) -> None:
    found = refused(command("docotr", "--json", "--depth", "0"))
    assert [problem.split(":")[0] for problem in found] == ["command", "depth"]
    assert len(refused(command("docotr", "--help"))) == 1


def test_the_help_names_every_command_and_complaints_have_them_in_that_order(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [name for name in SUBCOMMANDS if name]
    (problem,) = refused(command("zzzzzz"))
    assert f"commands: {', '.join(names)}; " in problem
    with pytest.raises(SystemExit):
        command("--help")
    help_text = " ".join(capsys.readouterr().out.split())
    after = help_text.partition("Other commands")[2].partition("positional arguments")[0]
    assert re.findall(r"gradtui (\w+)", after) == names
    assert {"kiosk", "serve"} < set(names)

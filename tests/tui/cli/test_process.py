"""The program as a process: exit status, streams, encodings, and what it loads."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradtui import __version__
from gradtui.cli.main import main
from tests.engine.helpers import fresh_python
from tests.examples import spread
from tests.tui.helpers import run_process, strict_json


def test_python_m_gradtui_prints_its_version() -> None:
    done = run_process("--version")
    assert (done.status, done.out, done.err) == (0, f"gradtui {__version__}\n", "")


def test_without_a_terminal_the_screen_says_so_and_what_to_use() -> None:
    done = run_process()
    assert (done.status, done.out) == (2, "")
    assert done.problems == ["gradtui: terminal: the screen needs a terminal; without one use: gradtui run"]


def test_a_run_has_status_0_and_nothing_on_stderr_with_warnings_as_errors() -> None:
    done = run_process("run", "--json", "--activation", "linear", "--gain", "1e30", "--depth", "60")
    assert (done.status, done.err) == (0, "")
    assert strict_json(done.out)["outcome"]["kind"] == "non_finite"


def test_problems_go_to_stderr_with_status_2_and_no_traceback() -> None:
    done = run_process("run", "--depth", "0", "--activation", "rleu")
    assert (done.status, done.out) == (2, "")
    assert [problem.split(": ")[1] for problem in done.problems] == ["depth", "activation"]


@spread(
    "arguments",
    [["run", "--depth", "3", "--plot"], ["run", "--depth", "3"], ["run", "--print-config"], ["run", "--help"]],
    2,
    ids=" ".join,
)
def test_a_terminal_that_knows_only_ascii_gets_text_not_a_traceback(arguments: list[str]) -> None:
    done = run_process(*arguments, PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.status, done.err) == (0, "")
    assert done.out.isascii()
    assert len(done.out) > 100


def test_in_ascii_bars_are_drawn_with_ascii_and_the_reference_line_too() -> None:
    out = run_process("run", "--depth", "3", PYTHONIOENCODING="ascii", COLUMNS="120").out
    rows = out.split("\n\n")[1].splitlines()
    assert "| = 1" in rows[0]
    for row in rows[1:]:
        assert "#" in row
        assert row.endswith("|")


def test_in_ascii_json_is_the_same_document() -> None:
    """JSON can spell every character in ASCII: a "?" in its place would be another document."""
    arguments = ("run", "--json", "--depth", "3")
    assert strict_json(run_process(*arguments, PYTHONIOENCODING="ascii").out) == strict_json(
        run_process(*arguments, PYTHONIOENCODING="utf-8").out
    )


def piped(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "gradtui", "run", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )


@spread("switch", ["--json", "--seed=0"], 1, ids=["json", "table"])
def test_a_reader_that_has_had_enough_ends_the_program_quietly(switch: str) -> None:
    """`| head -1`: two thousand rows do not fit into a pipe, so the program writes to nobody."""
    with piped("--depth", "2000", "--width", "2", "--batch", "2", switch) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(50)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


class FullDisk(io.TextIOWrapper):
    """A file whose disk is full."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_a_problem_like_any_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with monkeypatch.context() as patch, FullDisk((tmp_path / "out.txt").open("wb"), encoding="utf-8") as disk:
        patch.setattr(sys, "stdout", disk)
        status = main(["run", "--depth", "2"])
    assert status == 2
    assert "No space left on device" in capsys.readouterr().err


# -- what is loaded ------------------------------------------------------------------------------------


#: What is done one after the other in one process; what it has loaded is said after each.
_HEADLESS = """
import contextlib, io, sys
import gradtui.model.state, gradtui.model.commands, gradtui.views.catalogue, gradtui.views.status

def loaded(what):
    print(what, *sorted({"textual", "plotext"} & {name.split(".")[0] for name in sys.modules}), sep="\\t")

loaded("state and views")
from gradtui.cli.main import main

small = ["run", "--depth", "2"]
training = ["train", "--depth", "2", "--iterations", "2"]
for words in (["--help"], ["run", "--help"], ["--version"], [*small, "--json"], [*small, "--print-config"], small,
              ["--depth", "0"], ["train", "--help"], [*training, "--json"], training, [*small, "--plot"]):
    text = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text), contextlib.suppress(SystemExit):
        assert main(words) == 2 * (words == ["--depth", "0"])
    loaded(" ".join(words))
"""


def test_no_command_without_a_screen_loads_textual_and_none_without_a_plot_plotext() -> None:
    """Nor do state and views, bad input, help."""
    (*others, plot) = (line.split("\t") for line in fresh_python(_HEADLESS).splitlines())
    assert len(others) == 11
    for what, *loaded in others:
        assert not {"textual", "plotext"} & {*loaded}, what
    assert plot[0] == "run --depth 2 --plot"
    assert "plotext" in plot
    assert "textual" not in plot


def test_a_server_reads_a_visitors_arguments_without_the_table_of_commands() -> None:
    """The table knows the kiosk by its name; the kiosk knows nothing of the table."""
    code = "from gradtui.serve.kiosk.kiosk import invocation_of; invocation_of(['exploding'], {})"
    loaded = fresh_python(f"import sys; {code}; print(*sys.modules)").split()
    assert "gradtui.cli.reading" in loaded
    assert "gradtui.cli.subcommands" not in loaded


#: gradtui_engine as a folder: its modules can be imported, but the package does not load all of them.
ENGINE_UNLOADED = """
import importlib.util, sys, types
package = types.ModuleType("gradtui_engine")
package.__path__ = list(importlib.util.find_spec("gradtui_engine").submodule_search_locations)
sys.modules["gradtui_engine"] = package
"""


def test_state_takes_names_from_the_engines_tables_and_nothing_that_runs() -> None:
    """update is a pure function without Textual, clock or engine."""
    code = "import gradtui.model.update\nprint(*(name for name in sys.modules if name.startswith('gradtui_engine.')))"
    loaded = {name.partition(".")[2] for name in fresh_python(ENGINE_UNLOADED + code).split()}
    assert "rules.activations" in loaded
    assert not loaded & {
        "experiment.experiment",
        "run.network",
        "program.operations",
        "run.trace",
        "analysis.stages",
        "program.program",
    }


def test_the_program_uses_one_blas_thread_unless_the_user_says_otherwise() -> None:
    code = "import gradtui.cli.main, os; print(os.environ['OPENBLAS_NUM_THREADS'])"
    assert fresh_python(f"import os; os.environ.pop('OPENBLAS_NUM_THREADS', None); {code}") == "1"
    assert fresh_python(f"import os; os.environ['OPENBLAS_NUM_THREADS'] = '3'; {code}") == "3"


def test_a_failure_of_the_program_itself_is_one_line_with_status_70(tmp_path: Path) -> None:
    broken = ["import gradtui_engine.analysis.analyse as a", "def fail(*_, **__): [][0]", "a.analyse = fail"]
    (tmp_path / "sitecustomize.py").write_text("\n".join(broken))
    done = run_process("run", PYTHONPATH=str(tmp_path), XDG_STATE_HOME=str(tmp_path))
    assert done.status == 70
    told = tmp_path / "gradtui" / "failure.txt"
    assert done.problems == [
        f"gradtui run: the program has failed: IndexError: list index out of range; what happened is in {told}"
    ]
    assert "sitecustomize.py" in told.read_text()

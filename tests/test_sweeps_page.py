"""docs/sweeps.md is true: its commands, its keys, its plan, its Python."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui_engine import Training
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.document import document
from gradtui_engine.sweeps.run import run
from gradtui_engine.sweeps.sweep import Sweep
from tests.tooling import ROOT
from tests.tui.helpers import run_main

PAGE = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


COMMANDS = [
    words
    for block in blocks("sh")
    for line in block.splitlines()
    if (words := shlex.split(line, comments=True))[:2] == ["gradtui", "sweep"]
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_one(words: list[str]) -> None:
    assert read(SUBCOMMANDS["sweep"], words[2:]).options.sweep.shape[0] > 1


def test_the_picture_is_what_the_first_command_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own corners: the whole takes seconds."""
    monkeypatch.setenv("COLUMNS", "80")
    (picture,) = blocks("text")
    arguments = COMMANDS[0][2:]
    few = ["--x", "sigma-w=0.6,1.4,2.2", "--y", "depth=10,30", "--executor", "serial"]
    found = run_main(capsys, "sweep", *arguments, *few).out.splitlines()
    plain = re.sub("[|:;/]", " ", picture).splitlines()
    shown = {line.split()[0]: line.split()[1:] for line in plain if re.match(r"\d+ ", line)}
    for line in found:
        if re.match(r"(10|30) ", line):
            depth, *numbers = re.sub("[|:;/]", " ", line).split()
            assert numbers == [shown[depth][place] for place in (0, 4, 8)]
    assert found[0] == picture.splitlines()[0]


def test_the_document_has_the_keys_that_the_page_lists() -> None:
    (part,) = re.findall(r"^<!-- document -->\n(.*?)\n<!-- /document -->$", PAGE, re.DOTALL | re.MULTILINE)
    said = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", part, re.MULTILINE))
    sweep = Sweep(x=Axis.parse("depth=1,2"), repeats=(1,), training=Training(iterations=1))
    found = document(sweep, run(sweep))
    assert said.keys() == found.keys()
    for name in ("x", "cells"):
        row = found[name][0] if name == "cells" else found[name]
        assert set(re.findall(r"`(\w+)`", said[name])) == row.keys()
    assert said["schema"] == str(found["schema"])


def test_the_plan_is_one() -> None:
    (plan,) = blocks("toml")
    sweep = Sweep.from_toml(plan)
    assert (sweep.shape, sweep.measures, sweep.repeats) == ((17, 9), ("accuracy", "ratio"), (0, 1, 2))
    assert sweep.training is not None
    assert sweep.training.iterations == 200


def test_its_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but what needs MPI or a cluster: that has the same lines around another executor."""
    monkeypatch.chdir(tmp_path)
    _, whole, pool, dask = blocks("python")
    space: dict[str, object] = {}
    exec(whole, space)
    exec(pool, space)
    cells, sweep = space["cells"], space["sweep"]
    assert isinstance(cells, dict)
    assert isinstance(sweep, Sweep)
    assert len(cells) == 12
    assert {(cell.i, cell.j): cell.values for cell in run(sweep, store="cells")} == {
        place: cell.values for place, cell in cells.items()
    }
    assert all(cell.known for cell in run(sweep, store="cells"))
    for text in blocks("python"):
        compile(text, "<page>", "exec")
    assert "client.get_executor(pure=False)" in dask


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore")
def test_its_dask_runs(tmp_path: Path) -> None:
    """In a program of its own, as the page says: its lines under a guard."""
    _, whole, _, dask = blocks("python")
    body = "".join(f"    {line}\n" for line in (whole + dask).splitlines())
    script = tmp_path / "sweep.py"
    script.write_text(f'if __name__ == "__main__":\n{body}', encoding="utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len(re.findall(r"^\d \d \{'ratio'", done.stdout, re.MULTILINE)) == 12

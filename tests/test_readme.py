"""The README is true: its generated parts, its commands, its Python, its links, its figures."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from gradtui_engine import Experiment, simulate
from gradtui_engine.experiment import options
from gradtui_engine.spelling import flag
from tests.tui.helpers import run_main, strict_json

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# What makes a command quick where the network's size is not what it is about; the last one given counts.
QUICK = ("--width", "8", "--batch", "8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def headless() -> list[list[str]]:
    """The words of every gradtui command without a screen in the sh blocks, comments left out."""
    lines = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines()]
    return [words for words in lines if words[:1] == ["gradtui"] and words[1:2]]


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme_tool", ROOT / "tools" / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_the_generated_parts_are_what_the_tool_would_write() -> None:
    tool = _tool()
    assert tool.generated(README) == README
    for name, make in tool.PARTS.items():
        assert f"<!-- {name} -->\n{make()}\n<!-- /{name} -->" in README


def test_a_generated_part_that_has_been_changed_is_made_anew() -> None:
    tool = _tool()
    spoiled = README.replace("| `--depth` |", "| `--depht` |")
    assert spoiled != README
    assert tool.generated(spoiled) == README


def test_every_command_shows_up() -> None:
    assert {words[1] for words in headless()} == {"run", "doctor", "check", "theory"}
    assert len(headless()) >= 9


@pytest.mark.parametrize("words", headless(), ids=" ".join)
def test_every_command_without_a_screen_runs(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = words[1:]
    target = tmp_path / arguments[arguments.index(">") + 1] if ">" in arguments else None
    if target is not None:
        arguments = arguments[: arguments.index(">")]
    quick = QUICK if arguments[0] != "theory" else ()
    done = run_main(capsys, *arguments, *quick)
    assert done.status == (1 if arguments[0] == "doctor" else 0)
    assert done.err == ""
    assert done.out
    if "--json" in arguments:
        assert strict_json(done.out)["schema"] == 1
    if "--save" in arguments:
        assert (tmp_path / arguments[arguments.index("--save") + 1]).is_file()
    if target is not None:
        target.write_text(done.out, encoding="utf-8")
        # As the comment beside it says.
        follow = re.search(rf"gradtui (run {target.name}[^#`\n]*)", README)
        assert follow is not None
        assert run_main(capsys, *shlex.split(follow[1])).status == 0


def test_every_option_that_the_readme_names_is_there() -> None:
    known = {flag(name) for name in options()} | {
        "--json",
        "--plot",
        "--save",
        "--print-config",
        "--jacobian",
        "--version",
    }
    named = set(re.findall(r"`(?:gradtui [^`]*)?(--[a-z-]+)", README)) | {
        word for words in headless() for word in words if word.startswith("--")
    }
    assert named <= known
    assert len(named) > 30


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_runs(
    code: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    out = capsys.readouterr().out.splitlines()
    assert out[0] == simulate(Experiment(cell="lstm", width=32, forget_bias=2.0)).outcome.message
    assert len(out) == 1 + 65
    assert (tmp_path / "run.npz").is_file()
    assert names["trace"].experiment == Experiment(depth=50, activation="relu", init="he_normal")  # type: ignore[attr-defined]


def test_every_link_to_a_file_leads_to_one() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_figure_under_the_picture_is_the_default_experiments() -> None:
    (said,) = re.findall(r"the gradient falls to ([0-9.e-]+) of the output's", README)
    assert f"{simulate(Experiment()).outcome.ratio:.1e}" == said


def test_the_document_has_every_key_that_the_readme_names(capsys: pytest.CaptureFixture[str]) -> None:
    (said,) = re.findall(r'`(\{"schema".*?)`', README, re.DOTALL)
    stages, rest = re.search(r"\[\{(.*?)\}", said, re.DOTALL), re.sub(r"\[\{.*?\}.*?\]", "", said, flags=re.DOTALL)
    assert stages is not None
    found = run_main(capsys, "run", "--json", "--cell", "lstm", "--data", "digits-rows").json
    assert set(re.findall(r"\w+", stages[1])) <= found["stages"][0].keys()
    outcome = re.search(r'"outcome": \{(.*?)\}', rest, re.DOTALL)
    assert outcome is not None
    assert set(re.findall(r"\w+", outcome[1])) <= found["outcome"].keys()
    assert set(re.findall(r'"(\w+)"', rest)) == found.keys() - {"stages"} | {"stages"}


def test_the_archive_has_the_names_that_the_readme_lists(tmp_path: Path) -> None:
    simulate(Experiment(cell="lstm", data="digits-rows", width=4, clip="norm")).save(tmp_path / "run.npz")
    (said,) = re.findall(r"`run.npz` holds (.*?)\.\n", README, re.DOTALL)
    kinds = {name.rpartition("/")[0] or name for name in re.findall(r"`([\w/]+)`", said)}
    with np.load(tmp_path / "run.npz") as archive:
        assert kinds <= {name.rpartition("/")[0] or name for name in archive.files}

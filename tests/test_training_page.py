"""docs/training.md is true: its keys, its names, its Python."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from gradtui.cli.arguments import rows_of
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui_engine import Experiment
from gradtui_engine.core.numerics import Array
from gradtui_engine.experiment.training import Training
from gradtui_engine.training import archive
from gradtui_engine.training.history import TrainingHistory, train
from gradtui_engine.training.json_document import document
from tests.tooling import ROOT

PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
LAYERS = Training(experiment=Experiment(depth=2, width=4, batch=8, norm="batch"), iterations=2)
CELL = Training(experiment=Experiment(cell="lstm", data="adding", steps=3, width=2, batch=4), iterations=2)


def part(name: str) -> str:
    (found,) = re.findall(rf"^<!-- {name} -->\n(.*?)\n<!-- /{name} -->$", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


def code(word: str, without: str = "\0") -> str:
    """The block of Python that has a word, and another one not."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (found,) = [block for block in blocks if word in block and without not in block]
    return str(found)


def saved(path: Path, history: TrainingHistory, other: TrainingHistory | None = None) -> dict[str, Array]:
    archive.save(path, history, other)
    with np.load(path) as loaded:
        return dict(loaded)


def test_the_document_has_the_keys_that_the_page_lists_and_no_others(tmp_path: Path) -> None:
    said = {
        name: set(re.findall(r"`(\w+)`", about))
        for name, about in re.findall(r"^\| `(\w+)` \| (.*) \|$", part("document"), re.MULTILINE)
    }
    layers, cell = train(LAYERS), train(CELL)
    race, found = document(layers, cell), document(cell)
    (tmp_path / "prices.csv").write_text("a,price\n1,12.5\n2,18\n3,15\n4,11\n")
    prices = Experiment(data=f"csv:{tmp_path / 'prices.csv'}", depth=1, width=3)
    numbers = document(train(Training(experiment=prices, iterations=2)))
    assert said.keys() == race.keys() | found.keys() | numbers.keys()
    assert said["target"] == {*numbers["target"], *numbers["target"]["scale"], "null"}
    assert said["axis"] == {"layer", "block", "time"}
    for name in ("training", "outcome"):
        assert said[name] == race[name].keys()
    assert said["validation"] == race["validation"][0].keys()
    assert said["stages"] == race["stages"][0].keys() | found["stages"][0].keys()
    assert said["parameters"] == race["parameters"]["output.weight"].keys()


def test_the_archive_has_the_names_that_the_page_lists_and_no_others(tmp_path: Path) -> None:
    said = set(re.findall(r"^\| `(.+?)` \|", part("archive"), re.MULTILINE))
    names = saved(tmp_path / "run.npz", train(LAYERS), train(CELL))
    found = {re.sub(r"^(param|final|running)/.*", r"\1/NAME", name.removeprefix("b/")) for name in names}
    assert said == found


def test_the_python_reads_an_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    history = train(LAYERS)
    saved(tmp_path / "run.npz", history)
    monkeypatch.chdir(tmp_path)
    exec(compile(code("history/batch", "torch"), "training.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == ["2", f"(8, 64) {history.columns['loss'][0]}"]


def test_the_python_trains_and_saves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code("archive.save"), "training.md", "exec"), {})
    assert "50 iterations" in capsys.readouterr().out
    with np.load("run.npz") as loaded:
        assert len(loaded["history/loss"]) == 50


def test_the_file_is_a_training(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    training = Training.from_toml(text)
    assert training.given().keys() == tomllib.loads(text)["training"].keys()


def test_every_option_that_is_named_is_there() -> None:
    known = {name for row in rows_of(SUBCOMMANDS["train"]) for name in row.flags}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE))
    assert named <= known
    assert {"--b", "--save", "--record", "--json", "--plot", "--then", "--print-config"} <= named

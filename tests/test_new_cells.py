"""A cell is a file: rows that differ from all that there are go through the analysis, the commands and every pane."""

from __future__ import annotations

import functools
import json
import math
import re

import pytest

from tests.new_cells import NEW, run

SMALL = ("--data", "gaussian", "--steps", "6", "--width", "4", "--batch", "3")
# A program of its own for each: one kind in `make test`, all in `make soak`.
new_cells = pytest.mark.parametrize(
    "cell", [name if number == 0 else pytest.param(name, marks=pytest.mark.soak) for number, name in enumerate(NEW)]
)
#: Those whose panes are looked at in `make test`, which one program draws.
DRAWN = ("elman", "gates", "turned")

#: Each command's status, and what it prints.
COMMANDS = """
import contextlib, io, json, sys
from gradtui.cli.main import main

told = []
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) as out:
        status = main(words)
    out.seek(0)
    told.append((status, out.read()))
print(json.dumps(told))
"""

#: Every pane of every view at two sizes, and what it says aloud.
PANES = """
import sys
from gradtui.model.names import VIEWS
from gradtui.model.panes_of import panes_of
from gradtui.views.catalogue import PANES
from gradtui_engine import Experiment
from tests.tui.helpers import scene_of, texts

for cell in sys.argv[1:]:
    experiment = Experiment(cell=cell, data="gaussian", steps=6, width=4, batch=3)
    for view in ("explore", "lab", "theory"):
        for stage in (0, 1, 6):
            scene = scene_of(experiment, view=view, selected=stage)
            for pane in panes_of(scene.state):
                row = PANES[pane]
                if stage == 1:
                    print("##", cell, pane, row.title(scene, 100))
                    print("\\n".join(texts(row.view(scene, 100, 20))))
                row.view(scene, 40, 8)
                assert list(row.spoken(scene)), pane
"""

#: What two of Compare's keys make of each.
KEYS = """
import json, sys
from gradtui.model.cure_keys import CURES
from gradtui_engine import Experiment

cells = [Experiment(cell=name, data="gaussian") for name in sys.argv[1:]]
print(json.dumps({a.cell: [CURES[key].choices(a) for key in ("activation", "gate")] for a in cells}))
"""


def shown(cell: str) -> dict[str, str]:
    """The panes by name."""
    return {text.split()[1]: text for text in drawn(DRAWN if cell in DRAWN else (cell,)) if text.split()[0] == cell}


@functools.cache
def drawn(cells: tuple[str, ...]) -> list[str]:
    return run("-c", PANES, *cells).split("## ")[1:]


@functools.cache
def told(cell: str) -> dict[str, tuple[int, str]]:
    """What four commands end with and print."""
    words = {
        "check": ["check"],
        "json": ["run", "--json"],
        "run": ["run"],
        "doctor": ["doctor", "--steps", "40", "--gain", "0.3", "--train", "0"],
    }
    given = [[*each[:1], "--cell", cell, *SMALL, *each[1:]] for each in words.values()]
    return dict(zip(words, json.loads(run("-c", COMMANDS, json.dumps(given))), strict=True))


def stages(cell: str) -> list[dict[str, dict[str, float]]]:
    """Of the document, from the initial state on."""
    status, text = told(cell)["json"]
    assert status == 0
    found = json.loads(text)["stages"]
    assert isinstance(found, list)
    return found


@new_cells
def test_its_gradient_is_right(cell: str) -> None:
    status, text = told(cell)["check"]
    assert status == 0
    assert " within 1e-5" in text


@new_cells
def test_it_has_a_document_a_report_and_remedies(cell: str) -> None:
    assert len(stages(cell)) == 7
    status, text = told(cell)["run"]
    assert status == 0
    assert text.startswith(cell.upper())
    status, report = told(cell)["doctor"]
    assert status == 1
    # A remedy that would choose an activation is none where gates are the activations; and of a gate that is the share
    # that is forgotten, a larger bias forgets more.
    assert ("irnn" in report) == (cell == "elman")
    assert ("forget bias 4" in report) == (cell == "otherwise")


def test_noted_paths_of_a_hidden_state_add_up_from_the_initial_state_on() -> None:
    for stage in stages("noted")[:-1]:
        parts = stage["factors"]
        direct, gates, cosine = (parts[name] for name in ("direct", "gates", "cosine"))
        assert gates > 0
        assert direct**2 + gates**2 + 2 * cosine * direct * gates == pytest.approx(parts["whole"] ** 2)


@new_cells
@pytest.mark.soak
def test_every_pane_has_something_to_show(cell: str) -> None:
    panes = shown(cell)
    assert ("paths" in panes) == (cell == "turned")
    assert ("cell" in panes) == (cell in ("turned", "otherwise"))
    assert ("gates" in panes) == (cell != "elman")


@pytest.mark.soak
def test_a_mean_field_cell_of_another_name_has_its_input_in_the_plane() -> None:
    plane = shown("elman")["plane"]
    assert "with its input as a bias" in plane


def test_without_a_theory_the_plane_says_so() -> None:
    assert "no theory is known for gates" in shown("gates")["plane"]


def test_a_sum_is_read_by_its_gates_letters_and_not_by_their_places() -> None:
    line = next(line for line in shown("turned")["paths"].splitlines() if line.startswith("c "))
    words = re.match(r"c (\S+) = \(1 − f\)·c (\S+) \+ i·g (\S+)   \(1 − f\) (\S+) × c (\S+)   i (\S+) × g (\S+)", line)
    assert words is not None, line
    whole, kept, written, factor, before, inner, candidate = map(float, words.groups())
    assert kept == pytest.approx(factor * before, abs=0.01)
    assert written == pytest.approx(inner * candidate, abs=0.01)
    assert whole == pytest.approx(kept + written, abs=0.01)


def test_a_complements_bias_counts_the_other_way() -> None:
    """f = σ(1) = 0.731 is what is forgotten: the path keeps σ(−1) = 0.269."""
    text = shown("turned")["plane"]
    assert "1 − f = σ(-1) = 0.269" in text
    assert math.isclose(1 / (1 + math.e), 0.269, abs_tol=5e-4)


def test_the_cures_keys_do_what_each_rows_path_asks_for() -> None:
    choices = json.loads(run("-c", KEYS, *NEW))
    relu, lstm = [{"activation": "relu"}], [{"cell": "lstm", "forget_bias": 4.0}, {"cell": "lstm"}]
    assert choices["elman"] == [relu, lstm]
    assert choices["gates"] == [[], lstm]
    opened = [{"update_bias": bias, "pin_forget": None} for bias in (2.0, 4.0)]
    assert choices["noted"] == [[], [*opened, {"pin_forget": 1.0}]]
    # A larger bias of f closes a path whose factor is 1 − f.
    assert choices["turned"] == [[], [{"pin_forget": 0.1}, {"pin_forget": 0.0}]]
    assert [change.get("forget_bias") for change in choices["otherwise"][1]] == [2.0, 4.0, None]

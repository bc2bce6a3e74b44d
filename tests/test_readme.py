"""The README is true: its generated parts, its commands, its Python, its links, its figures."""

from __future__ import annotations

import functools
import itertools
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from gradtui.cli.arguments import rows_of
from gradtui.cli.reading import read
from gradtui.cli.settings import SETTINGS, load
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.model.commands import BY_ID
from gradtui.model.commands import COMMANDS as KEYS
from gradtui.model.keys import key_name
from gradtui.model.presets import PRESETS
from gradtui.screen.app import GradtuiApp
from gradtui.views.status import SMALLEST
from gradtui_engine import Experiment, simulate
from gradtui_engine.analysis.outcome import KINDS, QUESTIONS
from gradtui_engine.experiment.experiment import options
from tests import recordings
from tests.engine.recordings.checkpoints import files
from tests.tooling import tool
from tests.tui.helpers import play, run_main, settled, strict_json, until

ROOT = Path(__file__).parents[1]
LESSON = ROOT / "tui/gradtui/lessons/en/02-vanishing-with-sigmoid.md"
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
HEADLESS = (DOCS / "headless.md").read_text(encoding="utf-8")
SERVING = (DOCS / "serving.md").read_text(encoding="utf-8")
# What makes a command quick where the network's size is not what it is about; the last one given counts.
QUICK = ("--width", "8", "--batch", "8")
# Of the experiment's options; the other commands have none.
OF_EXPERIMENT = {name for name, each in SUBCOMMANDS.items() if each.of_experiment}

# They show a screen, or stay to let visitors in.
STAYING = {"", "kiosk", "serve"}
#: That which shows a file on the screen.
SHOWING = "open"

TOOL = tool("readme")


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def part(name: str, text: str = README) -> str:
    """What stands between a part's marks."""
    (found,) = re.findall(rf"^<!-- {name} -->\n(.*?)\n<!-- /{name} -->$", text, re.DOTALL | re.MULTILINE)
    return str(found)


def written() -> str:
    """The page without its generated parts: what somebody wrote, and may have got wrong."""
    return functools.reduce(lambda text, name: text.replace(part(name), ""), TOOL.PAGES["README.md"], README)


def commands(text: str) -> list[list[str]]:
    """The words of every gradtui command in the sh and console blocks and between backticks, comments left out."""
    lines = [line.removeprefix("$ ") for each in ("sh", "console") for block in blocks(each, text)
             for line in block.splitlines()] + re.findall(r"`(gradtui [^`]+)`", text)  # fmt: skip
    found = [shlex.split(line, comments=True) for line in lines if line.lstrip().startswith("gradtui ")]
    return [words for words in found if words[1:2]]


def headless() -> list[list[str]]:
    """The words of every gradtui command without a screen in the sh blocks, comments left out."""
    lines = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines()]
    return [words for words in lines if words[1:2] and words[1] in set(SUBCOMMANDS) - {*STAYING, SHOWING}]


# -- generated parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", TOOL.PAGES)
def test_the_generated_parts_are_what_the_tool_would_write(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert TOOL.generated(text, TOOL.PAGES[page]) == text
    for name, make in TOOL.PAGES[page].items():
        assert part(name, text) == make()


def test_a_generated_part_that_has_been_changed_is_made_anew() -> None:
    spoiled = README.replace("| `--depth` |", "| `--depht` |")
    assert spoiled != README
    assert TOOL.generated(spoiled, TOOL.PAGES["README.md"]) == README


@pytest.mark.parametrize("page", [*TOOL.PAGES, "docs/headless.md"])
def test_every_row_of_a_table_has_as_many_cells_as_its_heading(page: str) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert tables
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


def test_every_preset_setting_and_command_has_its_row() -> None:
    assert re.findall(r"^\| `(\S+)` \|", part("presets"), re.MULTILINE) == list(PRESETS.names)
    assert [BY_ID[each.id].help in part("keys") for each in KEYS] == [True] * len(KEYS)
    (example,) = blocks("toml", part("config"))
    assert [*tomllib.loads(example)] == [*SETTINGS.names, "keys"]


def test_the_example_of_settings_is_a_file_that_changes_three_keys_and_nothing_else(tmp_path: Path) -> None:
    (example,) = blocks("toml", part("config"))
    path = tmp_path / "config.toml"
    path.write_text(example, encoding="utf-8")
    environment = {"LANG": "en_GB.UTF-8"}
    found, bare = load({}, environment, path).settings, load({}, environment, tmp_path / "none.toml").settings
    assert {name: getattr(found, name) for name in SETTINGS.names} == {
        name: getattr(bare, name) for name in SETTINGS.names
    }
    assert found.keys == {"step": ("n", "full_stop", "f8"), "theme": ("Q",), "suspend": ()}
    # As the comments beside them say.
    assert '"zh" in a Chinese locale' in example
    assert load({}, {"LANG": "zh_CN.UTF-8"}, tmp_path / "none.toml").settings.lang == "zh"
    assert "12 over SSH" in example
    assert load({}, environment | {"SSH_CONNECTION": "x"}, tmp_path / "none.toml").settings.fps == 12


# -- commands, keys, options -------------------------------------------------------------------------------


def test_every_command_shows_up() -> None:
    assert {words[1] for words in headless()} == set(SUBCOMMANDS) - STAYING - {SHOWING}
    assert len(headless()) >= 12
    assert {words[1] for words in commands(README)} >= {"kiosk", "serve", SHOWING}


@pytest.mark.skipif(sys.platform != "linux", reason="visitors are served on Linux alone")
@pytest.mark.parametrize(
    "words", [each for each in commands(README + SERVING) if each[1] in STAYING and "PORT" not in each], ids=" ".join
)
def test_every_command_that_lets_visitors_in_is_one(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with all its checks, but for the terminal that a lecture needs and whose account it is."""
    monkeypatch.setattr("gradtui.serve.command._no_lecture", lambda given: [])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    read(SUBCOMMANDS[words[1]], words[2:])


def test_every_key_that_is_named_is_a_commands() -> None:
    known = {key_name(key) for each in KEYS for key in each.keys} | {"escape"}
    named = set(re.findall(r"`([^`\s\w]|\w|space|enter|escape|tab)`", written()))
    assert named <= known
    assert len(named) > 20


@pytest.mark.parametrize("words", headless(), ids=" ".join)
def test_every_command_without_a_screen_runs(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.toml").touch()
    (tmp_path / "mine.csv").write_text("a,b,kind\n1,2,x\n3,1,y\n4,4,x\n", encoding="utf-8")
    recordings.written(recordings.mlp_lines(), tmp_path / "gradtui-run.jsonl")
    files.written(tmp_path / "model.safetensors", {"layer.weight": np.ones((2, 3)), "layer.bias": np.zeros(2)})
    monkeypatch.setenv("GRADTUI_CONFIG", str(tmp_path / "empty.toml"))
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    arguments = words[1:]
    target = tmp_path / arguments[arguments.index(">") + 1] if ">" in arguments else None
    if target is not None:
        arguments = arguments[: arguments.index(">")]
    quick = QUICK if arguments[0] in OF_EXPERIMENT else ()
    if arguments == ["lessons"]:
        # One of them: all take 15 s, and are checked one by one elsewhere.
        quick = (str(LESSON),)
    if arguments[0] == "check":
        # Two losses of each number of the network.
        quick = ("--width", "4", "--batch", "4")
    quick += ("--train", "2") * (arguments[0] == "doctor")
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


@pytest.mark.soak
def test_the_ten_minutes_by_key_show_what_they_promise() -> None:
    rows = re.findall(r"^\| ((?:`[^`]+` ?(?:… )?)+) \| (.+) \|$", README.split("## Ten views")[0], re.MULTILINE)
    steps = {said: re.findall(r"`([^`]+)`", keys) for keys, said in rows}
    reached: dict[str, object] = {}

    async def tour(app: GradtuiApp, pilot: Pilot[int]) -> None:
        probes: dict[str, Callable[[], object]] = {
            "the multiplication": lambda: (app.state.view, app.state.playing),
            "eight diseases": lambda: len(opened),
            "the one idea": lambda: app.state.view,
            "the first pair's network": lambda: (app.state.view, app.state.experiment.resolved.activation),
            "both in Compare": lambda: (app.state.view, [name for name, _ in app.state.changes]),
            "what learns": lambda: (app.state.view, app.state.training or app.state.finished),
            "an LSTM": lambda: (app.state.view, app.state.experiment.cell),
            "presets": lambda: type(app.screen).__name__,
            "lessons": lambda: app.state.lesson is not None,
            "sinh": lambda: app.state.view,
            "back": lambda: app.state.view,
            "every key": lambda: type(app.screen).__name__,
        }
        opened = set[object]()
        # Without a word the program opens on it.
        await pilot.press("0")
        await settled(app, pilot)
        for (said, keys), (start, probe) in zip(steps.items(), probes.items(), strict=False):
            assert said.startswith(start)
            for key in map(str, range(1, 9)) if start == "eight diseases" else keys:
                await pilot.press({"?": "question_mark"}.get(key, key))
                if key == "space":  # what it starts is over before long
                    await until(pilot, lambda: app.state.playing or app.state.training, "what it starts")
                else:
                    await settled(app, pilot)
                opened.add(app.state.asked)
            reached[start] = probe()
            if app.state.training:  # 400 iterations, which take 3 s
                await pilot.press("space")
            while len(app.screen_stack) > 1:
                await pilot.press("escape")
                await pilot.pause()

    play(tour)
    assert list(steps)[-1] == "quit"
    assert reached == {
        "the multiplication": ("story", True),
        "eight diseases": 8,
        "the one idea": "idea",
        "the first pair's network": ("explore", "sigmoid"),
        "both in Compare": ("compare", ["init"]),
        "what learns": ("train", True),
        "an LSTM": ("explore", "lstm"),
        "presets": "Picker",
        "lessons": True,
        "sinh": "maths",
        "back": "story",
        "every key": "Help",
    }


def test_every_option_that_is_named_is_there() -> None:
    known = {name for command in SUBCOMMANDS.values() for row in rows_of(command) for name in row.flags}
    known |= {"--help", "--version"}
    named = set(re.findall(r"`(?:gradtui [^`]*)?(--[a-z0-9-]+)", README + HEADLESS)) | {
        word for words in headless() for word in words if word.startswith("--")
    }
    assert named <= known
    assert len(named) > 50


def test_every_variable_that_is_named_is_one() -> None:
    known = {each.variable for each in SETTINGS.values()} | {"GRADTUI_CONFIG", "GRADTUI_LESSONS", "GRADTUI_DEBUG"}
    named = set(re.findall(r"GRADTUI_\w+", README))
    assert named <= known
    assert len(named) >= 3


def test_every_theme_and_set_of_glyphs_that_is_named_is_one() -> None:
    for setting in ("theme", "glyphs", "color", "lang"):
        for value in re.findall(rf"`--{setting} ([\w-]+)`", README):
            assert SETTINGS[setting].kind.parse(value) == value
    assert "60×16" in README
    assert SMALLEST == (60, 16)


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


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/headless.md", "docs/lessons.md", "docs/real-runs.md", "docs/serving.md", "docs/training.md"],
)
def test_every_link_to_a_file_leads_to_one(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_the_figure_under_the_picture_is_the_default_experiments() -> None:
    (said,) = re.findall(r"the gradient falls to ([0-9.e-]+) of the output's", README)
    assert f"{simulate(Experiment()).outcome.ratio:.1e}" == said


def test_the_document_has_the_keys_that_the_page_lists_and_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    said = {
        name: set(re.findall(r"`(\w+)`", about))
        for name, about in re.findall(r"^\| `(\w+)` \| (.*) \|$", part("document", HEADLESS), re.MULTILINE)
    }
    small = ("run", "--json", "--data", "digits-rows", "--width", 4)
    found = run_main(capsys, *small, "--cell", "lstm", "--jacobian").json
    stacked = run_main(capsys, *small, "--cell", "gru", "--layers", 2).json
    assert said.keys() == found.keys()
    assert said["axis"] == {"layer", "block", "time"}
    for name in ("outcome", "profile", "theory"):
        assert said[name] == found[name].keys()
    assert said["parameters"] == next(iter(found["parameters"].values())).keys()
    assert said["jacobian"] == found["jacobian"].keys()
    layers = run_main(capsys, "run", "--json", "--depth", 2).json
    assert said["stages"] == set().union(*(each["stages"][1].keys() for each in (found, stacked, layers)))


def test_the_page_names_every_kind_and_every_number_of_each_question() -> None:
    rows = dict(re.findall(r"^\| [^|]+\? \| `(\w+)` \| (.+) \|$", HEADLESS, re.M))
    assert list(rows) == list(QUESTIONS)
    kinds = {name: {kind for kind, row in KINDS.items() if name in row.questions} - {"healthy"} for name in QUESTIONS}
    over_time = Experiment(
        cell="gru", readout="all", data="digits-rows", width=4, batch=4, optimizer="rmsprop", weight_decay=0.1
    )
    outcome, other = simulate(over_time).outcome, simulate(Experiment(depth=8, optimizer="adam")).outcome
    for answer, more in zip(outcome.answers, other.answers, strict=True):
        numbers = answer.numbers.keys() | more.numbers.keys()
        assert set(re.findall(r"`(\w+)`", rows[answer.question])) == kinds[answer.question] | numbers
    assert outcome.learning is None
    said = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", HEADLESS[HEADLESS.index("| kind of first step") :], re.M)
    assert set(said[:7]) == kinds["first_step"] - {"non_finite"}


@pytest.mark.parametrize("cell", ["lstm", "gru", "mgu", "mingru", "rnn"])
def test_with_a_loss_at_every_step_the_parts_go_together_as_the_page_says(cell: str) -> None:
    where = "RNN, with a loss at every step" if cell == "rnn" else "any of these, with a loss at every step"
    (row,) = re.findall(rf"^\| {where} \| (.+?) \|", HEADLESS, re.M)
    named = re.findall(r"`(\w+)`", row)
    stage = simulate(Experiment(cell=cell, readout="all", data="digits-rows", width=4, batch=4)).stages[3]
    parts = [name for name in named if not name.startswith("cosine")]
    whole = stage.factors["cell" if cell == "lstm" else "whole"]
    assert set(named) | {"cell" if cell == "lstm" else "whole"} == stage.factors.keys()
    total = sum((stage.factors[name] or 0.0) ** 2 for name in parts)
    pairs = zip(itertools.combinations(parts, 2), (name for name in named if name.startswith("cosine")), strict=True)
    total += sum(
        2 * (stage.factors[a] or 0.0) * (stage.factors[b] or 0.0) * (stage.factors[c] or 0.0) for (a, b), c in pairs
    )
    assert whole == pytest.approx(total**0.5)


def test_the_parts_of_a_factor_are_those_that_the_page_lists_and_go_together_as_it_says() -> None:
    said = {
        where: set(re.findall(r"`(\w+)`", parts))
        for where, parts in re.findall(r"^\| (.+?) \| (.+?) \|", HEADLESS, re.M)
    }
    plain = simulate(Experiment(depth=6, width=8, batch=8, norm="layer")).stages[3]
    assert set(plain.factors) <= said["MLP"]
    assert np.prod(list(plain.factors.values())) == pytest.approx(plain.factor)
    over_time: dict[str, Any] = {"data": "digits-rows", "width": 4, "batch": 4}
    for where, experiment, whole in (
        ("MLP, where a skip joins", Experiment(depth=6, width=8, batch=8, residual="add"), "factor"),
        ("LSTM", Experiment(cell="lstm", **over_time), "cell"),
        ("GRU", Experiment(cell="gru", **over_time), "factor"),
        ("MGU", Experiment(cell="mgu", **over_time), "factor"),
        ("minGRU", Experiment(cell="mingru", **over_time), "factor"),
    ):
        stage = simulate(experiment).stages[3]
        one, two, cosine = (stage.factors[name] for name in _in_order(where, said[where]))
        total = stage.factors["cell"] if whole == "cell" else stage.factor
        assert total is not None
        assert one**2 + two**2 + 2 * cosine * one * two == pytest.approx(total**2)


def test_the_parts_of_todays_networks_are_those_that_the_page_lists() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|", HEADLESS, re.M))
    branch = set(re.findall(r"`(\w+)`", rows["MLP"]))
    for where, experiment in (
        ("MLP, Highway", Experiment(depth=6, width=8, batch=8, residual="highway")),
        ("Transformer", Experiment(cell="transformer", depth=4, width=8, batch=8)),
        ("MLP", Experiment(depth=6, width=8, batch=8, dropout=0.5)),
    ):
        stage = simulate(experiment).stages[2]
        named = set(re.findall(r"`(\w+)`", rows[where]))
        of_the_branch = branch if experiment.cell == "mlp" else set()
        assert stage.factors.keys() <= named | of_the_branch
        assert named - stage.factors.keys() <= {"norm", "scale", "dropout"}, where


def test_networks_names_every_cell_and_way_to_join_in_commands_that_can_be() -> None:
    section = README[README.index("\n## Networks\n") : README.index("\n## Presets\n")]
    lines = [shlex.split(line, comments=True) for block in blocks("sh", section) for line in block.splitlines()]
    for program, *words in lines:
        assert program == "gradtui"
        read(SUBCOMMANDS[""], words)  # raises where such an experiment cannot be
    assert {word for words in lines for word in words} >= {"--width", "--truncate", "--dropout", "--dtype"}
    for name in ("cell", "residual"):
        names = set(options()[name].choices) - {"mlp", "none"}
        assert {each for each in names if not re.search(rf"\b{each}\b", section)} == set()


def _in_order(where: str, names: set[str]) -> list[str]:
    """The two paths, then the cosine between them."""
    assert "cosine" in names, where
    return [*sorted(names - {"cosine"}), "cosine"]


def test_the_archive_has_the_names_that_the_readme_lists(tmp_path: Path) -> None:
    simulate(Experiment(cell="lstm", data="digits-rows", width=4, clip="norm")).save(tmp_path / "run.npz")
    (said,) = re.findall(r"`run.npz` holds (.*?)\. ", HEADLESS, re.DOTALL)
    kinds = {name.rpartition("/")[0] or name for name in re.findall(r"`([\w/]+)`", said)}
    with np.load(tmp_path / "run.npz") as archive:
        assert kinds <= {name.rpartition("/")[0] or name for name in archive.files}


def test_the_training_that_the_readme_gives_ends_with_a_network_that_learns(capsys: pytest.CaptureFixture[str]) -> None:
    (words,) = re.findall(r"^gradtui (train [a-z]\S+ \S+ \d+) +#", README, re.M)
    assert re.search(r"^B: learns: .* 9\d % of them right", run_main(capsys, *words.split()).out, re.M)

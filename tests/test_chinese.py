"""No English is left on the screen, nor in what the commands print, and everything has room."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from gradtui.cli.headless import summary
from gradtui.lessons.format import LessonError, parse
from gradtui.model.commands import COMMANDS
from gradtui.model.names import VIEWS
from gradtui.model.needs import Failed
from gradtui.model.panes_of import panes_of
from gradtui.model.state import State
from gradtui.model.timeline import Timeline
from gradtui.screen.dialogs import helping
from gradtui.text import language
from gradtui.text.complaints import complaints
from gradtui.text.language import tr
from gradtui.text.summary import answer_lines
from gradtui.views import status
from gradtui.views.arrangement import header_lines
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui.views.plain_text import plain_lines
from gradtui_engine import Experiment, ExperimentError, build, simulate
from gradtui_engine.analysis.json_document import document
from gradtui_engine.analysis.json_reading import read_json
from tests.examples import covering
from tests.tui.helpers import CASES, assert_page, moments, run_main, scene_of, scene_with, state_of
from tests.tui.screens import screens, states

# -- the screen --------------------------------------------------------------------------------------------

#: Three English words in a row: a sentence, or a label of several words.
_ENGLISH = re.compile(r"[A-Za-z][A-Za-z’'-]+(?:,? [A-Za-z][A-Za-z’'-]+){2,}")
#: References, formulas and values of options, which are the same in every language.
_SAME = re.compile(r"[A-Z][\w-]+(?: & [A-Z][\w-]+)* et al\.?|(?:arc)?(?:sin|cos|tan)h? [xt]|\w+ (?:none|–) → \w+")


def english(text: str) -> list[str]:
    return [found for line in text.splitlines() for found in _ENGLISH.findall(_SAME.sub("·", line))]


def without_code(text: str) -> str:
    """What doctor prints, without the lines of Python; their comments stay."""
    return re.sub(r"^(?: {4}){1,4}(?=\S)[^#\n]*", "", text, flags=re.MULTILINE)


def test_english_is_recognised() -> None:
    assert english("it is here") == ["it is here"]
    assert english("动力学等距（Saxe et al. 2014；Pennington et al. 2017） sin x = x − x³/3!") == []


@pytest.mark.usefixtures("chinese")
@covering(name=["mlp", "lstm", "gru", "mgu", "rnn"], view=VIEWS)
def test_no_english_is_left_in_any_view(name: str, view: str) -> None:
    for each in screens(states(CASES[name], view), ((80, 24), (112, 30))):
        assert english(each.text) == [], f"{each.pane}: {each.where}"


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("name", ["cured", "stacked", "growing", "overflow", "no weights", "pre-activation blocks"])
def test_no_english_is_left_whatever_becomes_of_the_network(name: str) -> None:
    shown = (state_of(CASES[name], view=view) for view in ("explore", "lab", "theory"))
    for each in screens(shown, ((80, 24), (112, 30))):
        assert english(each.text) == [], f"{each.pane}: {each.where}"


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("name", ["mlp", "lstm", "gru", "rnn", "cured", "stacked", "pre-activation blocks"])
def test_no_english_is_left_in_the_explanation_of_any_step(name: str) -> None:
    scene = scene_of(CASES[name])
    seen = set()
    for step in scene.record.steps:
        if (step.operation, step.phase, step.completes is None) in seen:
            continue
        seen.add((step.operation, step.phase, step.completes is None))
        here = dataclasses.replace(scene, state=dataclasses.replace(scene.state, step=step.index))
        pane = PANES["why"]
        text = "\n".join(
            [pane.title(here, 80), *("".join(span for span, _ in row) for row in pane.view(here, 110, 20))]
        )
        assert english(text) == [], text
        assert not re.search(r"\b(unit|sample|layer|factor|skip|branch|std|direct)\b", text), text


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("name", ["mlp", "lstm", "gru", "mgu"])
def test_no_english_is_left_in_any_pane_read_aloud(name: str) -> None:
    for view in VIEWS:
        state = state_of(CASES[name], view=view)
        for pane in panes_of(state):
            assert english("\n".join(plain_lines(scene_with(state), pane))) == [], pane


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("view", VIEWS)
def test_no_english_is_left_in_the_help(view: str) -> None:
    for section in helping.sections(state_of(CASES["lstm"], view=view)):
        for front, body in section.rows:
            assert english(f"{section.title}\n{body}") == [], front


@pytest.mark.usefixtures("chinese")
def test_the_help_is_printed_to_its_last_character() -> None:
    """Chinese has no spaces to break a line at."""
    state = state_of(CASES["lstm"])
    console = Console(width=86, file=io.StringIO())
    console.print(helping.Help(state)._text())
    printed = "".join(console.file.getvalue().split())  # type: ignore[attr-defined]
    for section in helping.sections(state):
        for _, body in section.rows:
            assert "".join(body.split()) in printed


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("name", ["mlp", "lstm", "1000 layers", "overflow", "no weights", "growing", "saturated"])
def test_header_timeline_and_footer_are_exactly_as_wide_as_the_screen(name: str) -> None:
    scene = fresh(name)
    for step in moments(scene.timeline).values():
        here = dataclasses.replace(scene, state=dataclasses.replace(scene.state, step=step))
        for width in range(60, 140):
            assert_page(status.header(here, width), width, header_lines(here.state, width), "header")
            assert_page([status.timeline(here, width)], width, 1, "timeline")
            assert_page(status.waiting(CASES[name], width), width, 2, "waiting")
            assert_page([status.footer(here.state, width)], width, 1, "footer")


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("name", ["mlp", "lstm"])
@pytest.mark.parametrize("width", [80, 112])
def test_the_timelines_bar_stands_still(name: str, width: int) -> None:
    scene = fresh(name)
    bars = set()
    for step in range(0, scene.timeline.last + 1, 7):
        here = dataclasses.replace(scene, state=dataclasses.replace(scene.state, step=step))
        text = "".join(span for span, _ in status.timeline(here, width))
        bars.add(sum(text.count(glyph) for glyph in "━┄◆"))
    assert len(bars) == 1


@pytest.mark.usefixtures("chinese")
def test_the_footer_has_room_for_all_its_keys_where_english_has() -> None:
    state: State = state_of(CASES["lstm"])
    line = "".join(span for span, _ in status.footer(state, 80))
    language.use("en")
    said = "".join(span for span, _ in status.footer(state, 80))
    assert len(re.findall(r"   ", line.rstrip())) >= len(re.findall(r"   ", said.rstrip()))


def fresh(name: str) -> Scene:
    """A scene whose timeline is measured in the language of now."""
    scene = scene_of(CASES[name])
    return dataclasses.replace(scene, timeline=Timeline.of(scene.record))


# -- the commands ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "run --depth 4",
        "run --depth 4 --norm layer --residual scaled --jacobian --slope 0.2 --clip-threshold 3",
        "run --cell lstm --data gaussian --steps 5 --width 4",
        "doctor --depth 12 --width 16 --batch 8 --train 2",
        "doctor --depth 4 --activation tanh --init constant --width 8 --batch 8 --train 0",
        "check --depth 2 --width 4 --batch 4",
        "presets",
        "theory",
    ],
)
def test_no_english_is_left_in_what_a_command_prints(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = language.current()
    try:
        done = run_main(capsys, *line.split(), "--lang", "zh")
    finally:
        language.use(before)
    assert re.search("[一-鿿]", done.out)
    assert english(without_code(done.out + done.err)) == []


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    "fields",
    [
        {"activation": "rleu", "depth": 0, "gain": "x", "data": "csv:"},
        {"cell": "lstm", "data": "moons"},
        {"batch": 2000},
        {"cell": "rnn", "activation": "sigmoid"},
        {"norm": "batch", "batch": 1},
        {"depth": 10_000, "width": 1000, "batch": 1000},
    ],
)
def test_what_is_wrong_with_an_experiment_is_said_in_chinese(fields: dict[str, object]) -> None:
    with pytest.raises(ExperimentError) as caught:
        build(Experiment(**fields))  # type: ignore[arg-type]
    text = complaints(caught.value.problems, "\n")
    assert english(re.sub(r"(?<=：)[\w:, -]+(?=；|$)", "…", text, flags=re.MULTILINE)) == []  # lists of names
    assert all(re.search("[一-鿿]", line) for line in text.splitlines())


@pytest.mark.usefixtures("chinese")
def test_a_document_that_is_opened_speaks_the_language_of_who_opens_it(tmp_path: Path) -> None:
    """It was written in English: what the verdict was made from stands beside it."""
    run = simulate(Experiment(depth=12, width=8, batch=4))
    path = tmp_path / "run.json"
    with language.speaking("en"):
        path.write_text(json.dumps(document(run)), encoding="utf-8")
    (opened,) = read_json(path)
    with language.speaking("zh"):
        assert summary(opened)[1:] == summary(run)[1:]
        assert "梯度" in answer_lines(opened.outcome)[0].partition("：")[2]
    assert document(opened) == document(run)


def test_every_command_has_a_label_of_its_own() -> None:
    """The palette finds a command by its label."""
    labels = [tr(each.label) for each in COMMANDS]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    "line",
    [
        "run --dpeth 3 --zzz --json=3 --depth",
        "run --plot --plto",
        "run --json --plot",
        "run --lang",
        "run one.toml two.toml",
        "run missing.toml",
        "relu-he run",
        "--view zzz --pane",
        "--b depth",
        "rnu --dpeth 3",
        "config --foo",
        "lessons --lang zz",
        "lessons missing.md",
        "doctor --depth 0 --gain much --data csv:",
        "",
    ],
)
def test_what_is_wrong_with_the_arguments_is_said_in_the_language_of_the_locale(
    line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert_told_in_chinese(capsys, *line.split())


@pytest.mark.parametrize(
    ("command", "settings", "environment"),
    [
        ("run", "", {"LC_ALL": "zh_CN.UTF-8", "GRADTUI_FPS": "x", "GRADTUI_MOUSE": "maybe", "GRADTUI_SPEDE": "1"}),
        ("run", "", {"GRADTUI_LANG": "zh", "GRADTUI_SPEED": "7", "GRADTUI_CONFIG": "/no/such/file"}),
        ("run", "lang = 'zh'\nfps = 'x'\nmouse = 3\nkeys = 3\nspeed = 2.5\nfpps = 1", {}),
        ("config", "lang = 'zh'\nfps = 'x'\nmouse = 3\nkeys = 3\nspeed = 2.5\nfpps = 1", {}),
        ("run", "lang = 'zh'\n[keys]\nplay = 'zoom'\nplaay = 'x'\nquit = 3", {"LC_ALL": "C"}),
        ("config", "lang = 'xx'", {"GRADTUI_LANG": "zh"}),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_in_the_language_that_they_ask_for(
    command: str,
    settings: str,
    environment: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(settings, encoding="utf-8")
    for name, value in ({"GRADTUI_CONFIG": str(path)} | environment).items():
        monkeypatch.setenv(name, value)
    assert_told_in_chinese(capsys, command)


@pytest.mark.usefixtures("chinese")
def test_an_option_is_suggested_as_it_is_typed(capsys: pytest.CaptureFixture[str]) -> None:
    done = run_main(capsys, "run", "--dpeth", "3", "--lang", "zh")
    assert "--dpeth：未知；是不是想写 --depth？" in done.err


def assert_told_in_chinese(capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
    """Exit status 2, and each problem in Chinese; what was given and lists of names are as they are."""
    with language.speaking(language.ENGLISH):
        done = run_main(capsys, *arguments)
    assert done.status == 2
    assert done.problems
    for problem in done.problems:
        assert re.search("[一-鿿]", problem), problem
        assert english(re.sub(r"(?<=：)[\w:, ()-]+(?=；|$)", "…", problem)) == [], problem


# -- what is typed -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("expressions", "names"),
    [
        ("ask = '?'\nmeasure = 'factor'", ["factor@first", "measure"]),
        ("ask = '?'\nmeasure = 'ratio@first'", ["ratio", "@first"]),
        ("stage = 'here'", ["，stage："]),
        ("step = 'x'", ["，step："]),
        ("ask = '?'\nmeasure = 'b.loss'", ["b.loss"]),
        ("ask = '?'\nmeasure = 'gradient@99'", ["gradient@99"]),
        ("ask = '?'\nmeasure = 'forget_gate@1'", ["forget_gate"]),
        (
            "ask = '?'\nchoices = [{say = 'a', when = 'loss == vanishing'}, {say = 'b', when = 'kind < 3'}]",
            ["loss", "kind"],
        ),
        ("do = {depth = 0}", ["depth"]),
    ],
)
def test_names_that_an_author_types_are_told_as_they_are_typed(expressions: str, names: list[str]) -> None:
    """factor is 因子 on the screen, but an author who reads 因子@first would write what cannot be read."""
    source = f"+++\ntitle = 'T'\nsummary = 'S'\n+++\n## A\n\n```step\n{expressions}\n```\n"
    with pytest.raises(LessonError) as caught:
        parse(source, "x.md")
    told = "\n".join(tr(problem.message) for problem in caught.value.problems)
    for name in names:
        assert name in told


@pytest.mark.usefixtures("chinese")
def test_fields_that_are_wrong_are_called_as_the_command_line_calls_them() -> None:
    with pytest.raises(ExperimentError) as caught:
        Experiment(depth=0, data="csv:")
    told = tr(Failed.of(caught.value).problem)
    assert told == complaints(caught.value.problems, "；")
    assert "depth：" in told
    assert "data：" in told

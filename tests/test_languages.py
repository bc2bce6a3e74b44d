"""Every text is there in every language, says the same, fits where it stands, and no English is left on the screen."""

from __future__ import annotations

import dataclasses
import importlib.util
import io
import itertools
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from rich.cells import cell_len
from rich.console import Console

from gradtui import helping, language
from gradtui.commands import COMMANDS
from gradtui.complaints import complaints
from gradtui.language import LANGUAGES, catalogue, of_locale, tr
from gradtui.palette import THEMES
from gradtui.state import State
from gradtui.tables import VIEWS, panes_of
from gradtui.timeline import Timeline
from gradtui.views import status
from gradtui.views.panes import TABLE
from gradtui.views.readout import readout
from gradtui.views.scene import Scene
from gradtui.views.timeaxis import MARGIN
from gradtui_engine import Experiment, ExperimentError, Message, build
from gradtui_engine.experiment import options

from .tui.helpers import CASES, assert_page, moments, run_main, scene_of, scene_with, state_of
from .tui.screens import screens, states

ROOT = Path(__file__).parents[1]
CODES = [code for code in LANGUAGES if code != language.ENGLISH]
codes = pytest.mark.parametrize("code", CODES)


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages_tool", ROOT / "tools" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


TOOL = _tool()
PAIRS = [(code, text, said) for code in CODES for text, said in catalogue(code).items()]


@pytest.fixture
def chinese() -> Iterator[None]:
    before = language.current()
    language.use("zh")
    yield
    language.use(before)


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def is_template(text: str) -> bool:
    """Some texts without values hold braces: {say = "…", when = "…"}."""
    return re.search(r"\{\w+\}", text) is not None


# -- the catalogue -----------------------------------------------------------------------------------------


def test_nothing_is_missing_and_nothing_is_left_over() -> None:
    assert list(TOOL.report()) == []


def test_the_tool_finds_every_way_in_which_a_text_is_written() -> None:
    found = TOOL.literal_texts()
    assert "no finite value" in found  # tr("…")
    assert {"half-life {count} layers", "half-life {count} steps"} <= found.keys()  # tr("…" if … else "…")
    assert "A has it already" in found  # tr(… or "…")
    assert "layer {number}" in found  # the engine's Message
    assert "With the plus there is no flat place" in next(text for text in found if text.startswith("Only the sign"))
    assert "text in quotes" in found  # what a lesson may hold


def test_the_tool_reports_what_a_catalogue_lacks_and_has_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = dict(catalogue("zh"))
    del changed["no finite value"]
    changed["nobody says this"] = "…"
    monkeypatch.setattr(TOOL, "catalogue", lambda code: changed)
    lines = list(TOOL.report())
    assert any("lacks 'no finite value' (tui/gradtui/views/heat.py:" in line for line in lines)
    assert any("has 'nobody says this', which nothing says" in line for line in lines)
    assert TOOL.main() == 1


def test_the_tool_reports_a_call_whose_text_may_be_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TOOL, "VARIABLE", TOOL.VARIABLE - {"row.note"})
    assert any("tr(row.note)" in line for line in TOOL.report())


def test_no_call_is_listed_that_is_not_there() -> None:
    there = {
        TOOL.ast.unparse(each)
        for _, argument in TOOL.calls("tr", "Message")
        for each in TOOL.texts_of(argument)
        if not isinstance(each, str)
    }
    assert there >= TOOL.VARIABLE


def test_every_template_has_the_same_values_in_both_languages_and_formats() -> None:
    for code, text, said in PAIRS:
        if not is_template(text):
            continue
        assert placeholders(text) == placeholders(said), f"{code}: {text!r} → {said!r}"
        values = dict.fromkeys(placeholders(text), "⟨⟩")
        assert said.format(**values).count("⟨⟩") == text.format(**values).count("⟨⟩")


def test_nothing_is_translated_by_nothing_and_edges_are_kept() -> None:
    for code, text, said in PAIRS:
        assert said.strip(), f"{code}: {text!r}"
        if text.startswith(" ") and text.strip() != "and":
            assert said.startswith(" "), f"{code}: {text!r} → {said!r}"


#: Lower-case words that are names: of functions, keys, files, programs, parts of a lesson's file.
_NAMES = {
    "softmax", "target", "transformer", "makemore", "asciinema", "shell", "gradtui", "tanh", "sinh", "cosh", "auto",
    "float", "nord", "enter", "space", "ctrl", "irnn", "vanishing", "json", "lesson", "step", "play", "first",
    "help", "toml", "pageup", "home", "escape", "shift", "keys", "config", "show", "serve", "textual", "chmod",
    "keygen", "asyncssh", "root",
    "choices", "measure", "within", "decades", "changes", "between",
}  # fmt: skip


def names() -> set[str]:
    found = set(_NAMES)
    for text in itertools.chain(options(), THEMES, *(each.kind.names for each in options().values())):
        found.update(re.split(r"[^a-z]+", text.lower()))
    return found


@pytest.mark.parametrize("code", [code for code in CODES if code == "zh"])
def test_no_english_word_is_left_in_chinese(code: str) -> None:
    known = names()
    for text, said in catalogue(code).items():
        for word in re.findall(r"[A-Za-z]{4,}", re.sub(r"\{\w*\}|--[a-z-]+", "", said)):
            # A capital begins a person's or a program's name, which the English has as well.
            assert word in text, f"{text!r} → {said!r}"
            if text == said:  # code
                continue
            assert word.lower() in known or word[0].isupper(), f"{word}: {text!r} → {said!r}"


def test_a_chinese_sentence_has_chinese_punctuation() -> None:
    for text, said in catalogue("zh").items():
        assert not re.search(r"[一-鿿][,;:?!]|[,;:?!] ?[一-鿿]", re.sub(r"\{\w*\}", "", said)), f"{text!r} → {said!r}"


@pytest.mark.parametrize("text", ["layer", "t", "reach", "via f", "via h"])
@codes
def test_what_stands_in_the_margin_fits_into_it(code: str, text: str) -> None:
    assert cell_len(catalogue(code)[text]) < MARGIN


# -- looking a text up -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": ""}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "zh.GB18030"}, "zh"),
        ({"LANG": "ZH_cn"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C", "LC_MESSAGES": "C", "LC_ALL": "zh_CN"}, "zh"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN"}, "zh"),
    ],
)
def test_the_locale_decides(environment: dict[str, str], code: str) -> None:
    assert of_locale(environment) == code


def test_a_language_that_there_is_not_is_refused_and_changes_nothing() -> None:
    before = language.current()
    with pytest.raises(KeyError):
        language.use("xx")
    assert language.current() == before


def test_english_is_its_own_translation() -> None:
    assert tr("no finite value") == "no finite value"
    assert tr("layer {number}", number=3) == "layer 3"
    assert catalogue("en") == {}


@pytest.mark.usefixtures("chinese")
def test_values_and_messages_inside_messages_are_translated() -> None:
    place = Message("layer {number}", number=3)
    assert tr(place) == "第 3 层"
    assert tr(Message("{place} · {part}", place=place, part="activation")) == "第 3 层 · 激活"
    allowed = Message("a whole number from {minimum} to {maximum}", minimum=1, maximum=9)
    refused = Message("{given} given; allowed: {allowed}", given="'{x}'", allowed=allowed)
    assert tr(refused) == "给出了 '{x}'；允许：1 到 9 的整数"


@pytest.mark.usefixtures("chinese")
def test_a_value_given_beside_a_message_counts_instead_of_its_own() -> None:
    assert tr(Message("layer {number}", number=3), number=4) == "第 4 层"


@pytest.mark.usefixtures("chinese")
def test_what_the_catalogue_lacks_stays_english() -> None:
    assert tr("no such text {x}", x=1) == "no such text 1"
    assert tr(Message("{name} is nowhere", name="it")) == "it is nowhere"
    assert tr("{no template}") == "{no template}"


# -- the screen --------------------------------------------------------------------------------------------

#: Three English words in a row: a sentence, or a label of several words.
_ENGLISH = re.compile(r"[A-Za-z][A-Za-z’'-]+(?:,? [A-Za-z][A-Za-z’'-]+){2,}")
#: References, formulas and values of options, which are the same in every language.
_SAME = re.compile(r"[A-Z][\w-]+(?: & [A-Z][\w-]+)* et al\.?|(?:arc)?(?:sin|cos|tan)h? [xt]|\w+ (?:none|–) → \w+")


def english(text: str) -> list[str]:
    return [found for line in text.splitlines() for found in _ENGLISH.findall(_SAME.sub("·", line))]


def test_english_is_recognised() -> None:
    assert english("it is here") == ["it is here"]
    assert english("动力学等距（Saxe et al. 2014；Pennington et al. 2017） sin x = x − x³/3!") == []


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ["mlp", "lstm", "gru", "rnn"])
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
    for step in scene.trace.steps:
        if (step.operation, step.phase, step.completes is None) in seen:
            continue
        seen.add((step.operation, step.phase, step.completes is None))
        here = dataclasses.replace(scene, state=dataclasses.replace(scene.state, step=step.index))
        pane = TABLE["why"]
        text = "\n".join(
            [pane.title(here, 80), *("".join(span for span, _ in row) for row in pane.view(here, 110, 20))]
        )
        assert english(text) == [], text
        assert not re.search(r"\b(unit|sample|layer|factor|skip|branch|std|direct)\b", text), text


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("name", ["mlp", "lstm", "gru"])
def test_no_english_is_left_in_any_pane_read_aloud(name: str) -> None:
    for view in VIEWS:
        state = state_of(CASES[name], view=view)
        for pane in panes_of(state):
            assert english("\n".join(readout(scene_with(state), pane))) == [], pane


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
            assert_page(status.header(here, width), width, 2, "header")
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
    return dataclasses.replace(scene, timeline=Timeline.of(scene.trace))


# -- the commands ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "run --depth 4",
        "run --depth 4 --norm layer --residual scaled --jacobian --slope 0.2 --clip-threshold 3",
        "run --cell lstm --data gaussian --steps 5 --width 4",
        "doctor --depth 12 --width 16 --batch 8",
        "doctor --depth 4 --activation tanh --init constant --width 8 --batch 8",
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
    assert english(done.out + done.err) == []


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
def test_every_command_has_a_label_of_its_own() -> None:
    """The palette finds a command by its label."""
    labels = [tr(each.label) for each in COMMANDS]
    assert len(labels) == len(set(labels))

"""Every text is there in every language, says the same, and fits where it stands."""

from __future__ import annotations

import itertools
import re
import string

import pytest
from rich.cells import cell_len

from gradtui.screen.palette import THEMES
from gradtui.text import language
from gradtui.text.language import LANGUAGES, catalogue, of_locale, tr
from gradtui.views.frame.timeaxis import MARGIN
from gradtui_engine import Message
from gradtui_engine.experiment.experiment import options
from tests.tooling import tool

CODES = [code for code in LANGUAGES if code != language.ENGLISH]
codes = pytest.mark.parametrize("code", CODES)

TOOL = tool("messages")
PAIRS = [(code, text, said) for code in CODES for text, said in catalogue(code).items()]


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
    assert any("lacks 'no finite value' (tui/gradtui/text/heat.py:" in line for line in lines)
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
    "keygen", "asyncssh", "root", "tmux", "clipboard",
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

"""A text is looked up by its English, and what is put in is translated too."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gradtui.text import language
from gradtui.text.language import of_locale, plural, tr, tr_in
from gradtui_engine import Message


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
        ({"LANG": "zh-Hant-HK"}, "zh"),
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
def test_a_plural_is_chosen_by_the_language() -> None:
    assert [plural("1 layer", "{count} layers", count) for count in (0, 1, 2)] == ["0 层", "1 层", "2 层"]
    assert plural("(1 step, ×{average})", "({count} steps, ×{average} on average)", 3, average="2").startswith("（3 步")
    with language.speaking("en"):
        assert [plural("1 layer", "{count} layers", count) for count in (0, 1, 2)] == [
            "0 layers",
            "1 layer",
            "2 layers",
        ]


@pytest.mark.usefixtures("chinese")
def test_a_word_that_means_something_else_elsewhere_has_a_context() -> None:
    assert (tr("steps"), tr_in("field", "steps")) == ("步", "步数")
    with language.speaking("en"):
        assert tr_in("field", "steps") == "steps"


@pytest.mark.usefixtures("chinese")
def test_no_text_has_no_translation() -> None:
    """gettext keeps its header under the empty text."""
    assert tr("") == ""


def test_what_the_catalogue_lacks_stays_english() -> None:
    with language.speaking("zh"):
        assert tr("no such text {x}", x=1) == "no such text 1"
        assert tr(Message("{name} is nowhere", name="it")) == "it is nowhere"
        assert tr("{no template}") == "{no template}"


def test_english_reads_no_catalogue_and_loads_no_gettext() -> None:
    code = "import sys, gradtui.text.language as l; l.tr('layer'); print('gettext' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("t = 0", "t = 0 得到 4%"),
        ("第 1 层", "第 1 层得到 4%"),
        ("∂L/∂c", "∂L/∂c 得到 4%"),
        ("输入（x）", "输入（x）得到 4%"),
    ],
)
def test_in_chinese_a_letter_or_digit_that_is_put_in_stands_apart(place: str, said: str) -> None:
    with language.speaking("zh"):
        assert tr("{place} gets {share}", place=place, share="4%") == said

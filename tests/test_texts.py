"""Every text is in every catalogue, and every translation says the same with the same values."""

from __future__ import annotations

import ast
import io
import itertools
import re
import string
from gettext import GNUTranslations

import pytest
from babel.messages.mofile import write_mo
from rich.cells import cell_len

from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.screen.palette import THEMES
from gradtui.text import language
from gradtui.text.language import LANGUAGES
from gradtui.text.po import compiled
from gradtui.views.frame.timeaxis import MARGIN
from gradtui_engine.experiment import training
from gradtui_engine.experiment.experiment import options
from gradtui_engine.measures.table import MEASURES
from tests.tooling import ROOT, tool

CODES = [code for code in LANGUAGES if code != language.ENGLISH]
codes = pytest.mark.parametrize("code", CODES)

TOOL = tool("texts")
CATALOGUES = {code: TOOL.read(code) for code in CODES}
# Read where it is asked for: the sources' texts take 2 s, which every worker would else spend on collecting the tests.
extracted = TOOL.extracted


def pairs_of(code: str) -> list[tuple[str, str]]:
    """(English, translation) of every text; of one with a plural each form."""
    found = []
    for message in CATALOGUES[code]:
        if message.id:
            texts = [message.id] if isinstance(message.id, str) else list(message.id)
            said = [message.string] if isinstance(message.string, str) else list(message.string)
            found += [(texts[-1], form) for form in said]
    return found


PAIRS = [(code, text, said) for code in CODES for text, said in pairs_of(code)]


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def is_template(text: str) -> bool:
    """Some texts without values hold braces: {say = "…", when = "…"}."""
    return re.search(r"\{\w+\}", text) is not None


def test_a_per_cent_sign_stands_apart_from_its_number() -> None:
    """As figures.percent writes it: 65 %, in every language."""
    lessons = [path.read_text(encoding="utf-8") for path in (ROOT / "tui/gradtui/lessons").rglob("*.md")]
    assert len(PAIRS) > 1000
    assert len(lessons) > 10
    texts = itertools.chain.from_iterable((text, said) for _, text, said in PAIRS)
    assert not [text for text in (*texts, *lessons) if re.search(r"[\d}]%", text)]


# -- the catalogue -----------------------------------------------------------------------------------------


@codes
def test_every_text_is_translated_and_nothing_is_left_over(code: str) -> None:
    assert list(TOOL.lacking(CATALOGUES[code], extracted())) == []


def test_every_language_has_its_catalogue() -> None:
    assert TOOL.languages() == CODES


@codes
def test_the_file_is_as_the_tool_writes_it(code: str) -> None:
    """Whoever adds a text adds one entry where it belongs, and nothing else moves."""
    assert TOOL.written(TOOL.updated(code)).decode() == TOOL.po_of(code).read_text(encoding="utf-8")


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


@codes
def test_the_program_reads_a_catalogue_as_babel_does(code: str) -> None:
    file = io.BytesIO()
    write_mo(file, CATALOGUES[code])
    theirs = GNUTranslations(io.BytesIO(file.getvalue()))
    ours = GNUTranslations(io.BytesIO(compiled(TOOL.po_of(code).read_text(encoding="utf-8"))))
    for message in CATALOGUES[code]:
        text = message.id
        if not text:
            continue
        if message.context:
            assert ours.pgettext(message.context, text) == theirs.pgettext(message.context, text) == message.string
        elif isinstance(text, str):
            assert ours.gettext(text) == theirs.gettext(text) == message.string
        else:
            for count in range(30):
                assert ours.ngettext(*text, count) == theirs.ngettext(*text, count) == message.string[0]


#: Lower-case words that are names: of functions, keys, files, programs, parts of a lesson's file.
_NAMES = {
    "softmax", "target", "transformer", "makemore", "asciinema", "shell", "gradtui", "tanh", "sinh", "cosh", "auto",
    "float", "nord", "enter", "space", "ctrl", "irnn", "vanishing", "json", "lesson", "step", "play", "first",
    "help", "toml", "pageup", "home", "escape", "shift", "keys", "config", "show", "serve", "textual", "chmod",
    "keygen", "safetensors", "asyncssh", "root", "tmux", "clipboard", "training", "model", "output",
    "sweep", "choices", "measure", "within", "decades", "changes", "between", "backward", "clamp", "jsonl", "bfloat",
    "wandb", "grad", "pickle",
}  # fmt: skip


#: What is no text: values, options, files, code with a dot, an underscore or brackets.
_CODE = r"\{\w*\}|--[a-z-]+|\w+/\w+\.py|\.?[A-Za-z]\w*(?:[._]\w+)+|\w+\(\)|\.data"


def names() -> set[str]:
    found, fields = set(_NAMES), options() | training.options()
    for text in itertools.chain(fields, SUBCOMMANDS, THEMES, MEASURES, *(each.kind.names for each in fields.values())):
        found.update(re.split(r"[^a-z]+", text.lower()))
    return found


def test_no_english_word_is_left_in_chinese() -> None:
    known = names()
    for text, said in pairs_of("zh"):
        for word in re.findall(r"[A-Za-z]{4,}", re.sub(_CODE, "", said)):
            # A capital begins a person's or a program's name, which the English has as well.
            assert word in text, f"{text!r} → {said!r}"
            if text == said:  # code
                continue
            assert word.lower() in known or word[0].isupper(), f"{word}: {text!r} → {said!r}"


def test_a_chinese_sentence_has_chinese_punctuation() -> None:
    for text, said in pairs_of("zh"):
        assert not re.search(r"[一-鿿][,;:?!]|[,;:?!] ?[一-鿿]", re.sub(r"\{\w*\}", "", said)), f"{text!r} → {said!r}"


@pytest.mark.parametrize("text", ["layer", "t", "reach", "via {way}"])
@codes
def test_what_stands_in_the_margin_fits_into_it(code: str, text: str) -> None:
    assert cell_len(CATALOGUES[code].get(text).string.replace("{way}", "f")) < MARGIN


# -- how texts are found -----------------------------------------------------------------------------------


def texts_in(source: str, *others: str) -> list[tuple[str, str, str | None]]:
    """(English, plural, context) of what the tool finds in a module, where there are some others."""
    modules = tuple(
        TOOL.Module(f"package.m{place}", ROOT / "package" / f"m{place}.py", ast.parse(text))
        for place, text in enumerate((source, *others))
    )
    TOOL.callees.cache_clear()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TOOL, "modules", lambda: modules)
            return [(text.english, text.plural, text.context) for text in TOOL.texts_of(modules[0])]
    finally:
        # Also where a text is refused: the next test asks for the callees of the real sources.
        TOOL.callees.cache_clear()


SAYS = "def say(text: English, /, **values: object) -> str: ...\n"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("say('a')", ["a"]),
        ("say('a' if x else 'b')", ["a", "b"]),
        ("say(x or 'a')", ["a"]),
        ("say('a {n}', n='no text')", ["a {n}"]),
        ("say(x)", []),
        ("say('')", []),
        ("GROUPS: tuple[English, ...] = ('a', 'b')", ["a", "b"]),
        ("WORDS: dict[str, English] = {'key': 'a'}", ["a"]),
        ("KEYS: dict[English, tuple[str, ...]] = {'a': ('no', 'text')}", ["a"]),
        ("GATES: dict[str, tuple[tuple[str, int, English], ...]] = {'x': (('f', 1, 'a'), ('i', 0, 'b'))}", ["a", "b"]),
        ("class Row:\n    name: str\n    help: English = ''\nRow('no text', 'a')\nRow('n', help='b')", ["a", "b"]),
        ("class Base:\n    help: English\nclass Row(Base):\n    name: str\nRow('a', 'no text')", ["a"]),
        ("class Row:\n    def __init__(self, help: English) -> None: ...\nRow('a')", ["a"]),
        ("def row(name: str, help: English = 'a') -> str: ...\nrow('no text', 'b')", ["a", "b"]),
        ("def allowed(self) -> English:\n    return 'a'", ["a"]),
        ("def allowed(self) -> str:\n    return 'no text'", []),
        ("name = 'no text'\nprint('no text')", []),
    ],
)
def test_a_text_is_what_is_given_to_something_that_takes_texts(source: str, found: list[str]) -> None:
    assert [english for english, _, _ in texts_in(SAYS + source)] == found


def test_the_name_of_a_field_has_a_context_and_a_plural_has_two_texts() -> None:
    assert texts_in("NAMES: dict[str, FieldName] = {'x': 'a'}") == [("a", "", "field")]
    source = "def plural(one: English, many: English, count: int) -> str: ...\nplural('1 a', '{count} as', 3)"
    assert texts_in(source) == [("1 a", "{count} as", None)]


def test_of_two_classes_of_one_name_the_imported_one_counts() -> None:
    with_texts, without = "class Row:\n    help: English", "class Row:\n    name: str"
    assert texts_in("from .m1 import Row\nRow('a')", with_texts, without) == [("a", "", None)]
    assert texts_in("from .m1 import Row\nRow('no text')", without, with_texts) == []


def test_a_text_that_is_put_together_is_refused() -> None:
    with pytest.raises(TOOL.Unreadable, match=r"package/m0\.py:2"):
        texts_in(SAYS + "say(f'{n} layers')")


def test_the_tool_says_what_a_catalogue_lacks_and_has_too_much() -> None:
    catalogue = TOOL.read("zh")
    catalogue.delete("no finite value")
    catalogue.add("nobody says this", "…")
    catalogue.get("layer").string = ""
    catalogue.get("unit").flags.add("fuzzy")
    assert sorted(TOOL.lacking(catalogue, extracted())) == [
        "does not translate 'layer'",
        "has 'nobody says this', which nothing says",
        "is not sure of 'unit' (fuzzy)",
        "lacks 'no finite value'",
    ]

"""What the catalogues lack, and what they have too much: `python tools/messages.py`. Exit status 1 for either.

A text that a person reads is a literal in a call of `tr` or `Message`, found by its syntax, or stands in a table whose
rows are passed through `tr` where they are shown. A call with anything but a literal has to be one of VARIABLE: a look
at the code says which table its text comes from, and that table has to be in `table_texts`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gradtui.cli import settings
from gradtui.lessons import course
from gradtui.model import commands, cure_keys, ineffective_options, permissions, presets
from gradtui.model.names import AXES
from gradtui.model.timeline import Grain
from gradtui.screen import palette
from gradtui.screen.dialogs import form_model, helping
from gradtui.serve.kiosk import crash
from gradtui.serve.session import endings
from gradtui.share import exports
from gradtui.text import describe, speech
from gradtui.text.language import ENGLISH, LANGUAGES, catalogue
from gradtui.views import catalogue as views
from gradtui.views.explore.cells.table import WORDS
from gradtui.views.frame import quantities, spoken
from gradtui.views.idea import idea
from gradtui.views.lessons import view as lessons
from gradtui.views.theory import words as theory_words
from gradtui_engine import Experiment, simulate
from gradtui_engine.analysis.translatable_texts import table_texts as engine_texts
from gradtui_engine.cells.residual_blocks import BLOCKS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.experiment.experiment import options
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.initialisers import INITIALISERS
from gradtui_engine.rules.losses import LOSSES
from gradtui_engine.rules.optimisers import OPTIMISERS

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT / "engine" / "gradtui_engine", ROOT / "tui" / "gradtui")
#: Function → which of its arguments is the text.
_TEXT_OF = {"tr": 0, "Message": 0}
#: The modules that pass texts on.
_PASSING = ("engine/gradtui_engine/core/message.py", "tui/gradtui/text/language.py")

#: Every call of `tr` whose text is no literal, as its argument is written: all of them take it from a table.
VARIABLE = frozenset(
    (
        "ACTIVATIONS[name].formula",
        "FAILED",
        "REFUSALS['own']",
        "PANES[name].label",
        "PANES[pane].help",
        "_AT[over_time][each.place]",
        "CROSSINGS[here]",
        "IDEA",
        "WORDS[char]",
        "chain.cure",
        "chain.disease",
        "chain.words",
        "command.help",
        "command.label",
        "cure.label_of(acted)",
        "cure.label_of(state.experiment)",
        "cure.lacking",
        "drawn.quantity.label",
        "drawn.quantity.lacking",
        "drawn.quantity.title",
        "drawn.scale.kind",
        "drawn.series[0].symbol",
        "each.help",
        "each.label",
        "each.message",
        "each.row.label",
        "each.symbol",
        "error.message",
        "formula",
        "key(field)",
        "found.problem",
        "gate.meaning",
        "group",
        "hint.words",
        "setting.help",
        "name",
        "note",
        "option.help",
        "option.kind.allowed",
        "options()[field].help",
        "options()[name].help",
        "ours.help",
        "outcome.kind.replace('_', '-')",
        "outcome.message",
        "outcome.rule",
        "outcome.severity",
        "outcome.site",
        "outcome.source",
        "part",
        "preset.point",
        "problem",
        "problem.message",
        "quantity.help",
        "quantity.label",
        "quantity.lacking",
        "regime",
        "row.backward_formula",
        "row.derivative_formula",
        "row.formula",
        "row.head",
        "row.label",
        "row.name",
        "row.note",
        "result.problem",
        "row.intro",
        "seen.row.note",
        "self._option.help",
        "self._option.kind.allowed",
        "self._said[name].formula",
        "self.sentence",
        "self.value.replace('_', '-')",
        "series.symbol",
        "status.computing(share)",
        "step.site.part",
        "step.site.place",
        "str(each)",
        "str(scene.step.phase)",
        "str(state.grain)",
        "str(step.phase)",
        "text",
        "theory.note",
        "theory.regime",
        "trace.axis",
        "trial.effect",
        "trial.remedy.name",
        "trial.text",
        "view.help",
        "view.label",
        "why",
    )
)


# -- the code ----------------------------------------------------------------------------------------------


def calls(*functions: str) -> Iterator[tuple[str, ast.expr]]:
    """Every argument that is a text for a person, of calls of these functions, and where it stands."""
    for folder in SOURCES:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    if name in functions and len(node.args) > _TEXT_OF[name]:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", node.args[_TEXT_OF[name]]


def texts_of(argument: ast.expr) -> Iterator[str | ast.expr]:
    """The literals of an argument; of `a if x else b` both, of `x or "a"` each; what is none comes as it is."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.IfExp):
        yield from (*texts_of(argument.body), *texts_of(argument.orelse))
    elif isinstance(argument, ast.BoolOp):
        for each in argument.values:
            yield from texts_of(each)
    else:
        yield argument


def literal_texts() -> dict[str, str]:
    """Text → the first place where it stands."""
    found: dict[str, str] = {}
    for place, argument in calls(*_TEXT_OF):
        for each in texts_of(argument):
            if isinstance(each, str):
                found.setdefault(each, place)
    return found


def unknown_calls() -> list[str]:
    """The calls that are neither literals nor in VARIABLE."""
    found = []
    for place, argument in calls("tr", "Message"):
        for each in texts_of(argument) if not place.startswith(_PASSING) else ():
            if not isinstance(each, str) and ast.unparse(each) not in VARIABLE:
                found.append(f"{place}: tr({ast.unparse(each)})")
    return found


# -- the tables --------------------------------------------------------------------------------------------

#: Formulas that are more than symbols: "a = z if z > 0 else s z", "mean over the batch of …".
_FORMULAS: tuple[tuple[Mapping[str, Any], tuple[str, ...]], ...] = (
    (ACTIVATIONS, ("formula", "derivative_formula")),
    (INITIALISERS, ("formula",)),
    (CELLS, ("formula",)),
    (NORMALISATIONS, ("formula",)),
    (BLOCKS, ("formula",)),
    (LOSSES, ("formula", "backward_formula")),
    (CLIPPINGS, ("formula",)),
    (OPTIMISERS, ("formula",)),
)
_WORDS = re.compile(r"\b(if|where|mean (?:of|over)|as|of the|all|then)\b")


def table_texts() -> Iterator[tuple[str, str]]:
    """(text, table) of every text that stands in a table."""
    yield from ((text, "the engine's tables") for text in engine_texts())
    for table, fields in _FORMULAS:
        for row in table.values():
            for field in fields:
                if _WORDS.search(getattr(row, field)):
                    yield getattr(row, field), "formulas with words"
    for where, texts in _tables().items():
        yield from ((text, where) for text in texts if text)


def _tables() -> dict[str, Iterable[str]]:
    return {
        "commands": (*commands.GROUPS, *_fields((*commands.COMMANDS, *commands.BROUGHT), "label", "help")),
        "panes": _fields(views.PANES.values(), "label", "help", "intro"),
        "views": _fields(views.VIEWS.values(), "label", "help"),
        "quantities": (*_fields(quantities.QUANTITIES.values(), "label", "title", "help", "lacking"), *_symbols()),
        "axes": AXES,
        "grains": map(str, Grain),
        "presets": _fields(presets.PRESETS.values(), "point"),
        "settings": (*_fields(settings.SETTINGS.values(), "help"), settings.SETTINGS["theme"].kind.allowed),
        "exports": _fields(exports.FORMATS.values(), "label", "help"),
        "footers": (
            hint.words for rows in (*(view.footer for view in views.VIEWS.values()), lessons.BESIDE) for hint in rows
        ),
        "cures": (*_fields(cure_keys.CURES.values(), "label", "lacking"),),
        "gates": (gate.meaning for words in WORDS.values() for gate in words.gates),
        "chains": _fields(idea.CHAINS, "disease", "cure", "words"),
        "lessons": course.texts(),
        "themes": _fields(palette.THEMES.values(), "help"),
        "regimes": (words for _, words in theory_words.REGIMES.values()),
        "readout": spoken.CROSSINGS.values(),
        "speech": speech.WORDS.values(),
        "form": (*form_model.GROUPS, *map(describe.key, options())),
        "help": (helping.IDEA,),
        "notes": (why for _, why in ineffective_options.CONDITIONS.values()),
        "profile": permissions.REFUSALS.values(),
        "kiosk": (crash.FAILED,),
        "serve": (*_fields(endings.ENDS.values(), "sentence"), *_fields(endings.REFUSALS.values(), "sentence")),
    }


def _fields(rows: Iterable[Any], *fields: str) -> tuple[str, ...]:
    return tuple(getattr(row, field) for row in rows for field in fields)


def _symbols() -> Iterator[str]:
    """The bars' symbols that are words: std h, saturated."""
    trace = simulate(Experiment(depth=2, width=4, batch=4))
    for quantity in quantities.QUANTITIES.values():
        for series in quantity.series(trace):
            if re.search("[a-z]{3}", series.symbol):
                yield series.symbol


# -- both --------------------------------------------------------------------------------------------------


def wanted() -> dict[str, str]:
    """Every text that a person can read, and where it stands."""
    found = literal_texts()
    for text, where in table_texts():
        found.setdefault(text, where)
    return found


def report() -> Iterator[str]:
    """What is wrong, one line each."""
    for each in unknown_calls():
        yield f"neither a literal nor known to come from a table: {each}"
    texts = wanted()
    for code in LANGUAGES:
        if code == ENGLISH:
            continue
        found = catalogue(code)
        for text, where in texts.items():
            if text not in found:
                yield f"{code}.toml lacks {text!r} ({where})"
        for text in found:
            if text not in texts:
                yield f"{code}.toml has {text!r}, which nothing says"


def main() -> int:
    lines = list(report())
    print("\n".join(lines) or "nothing is missing, nothing is left over")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())

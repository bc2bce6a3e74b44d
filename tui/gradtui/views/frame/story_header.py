"""The header of the story's pages: their digits, and one sentence that says what to see."""

from __future__ import annotations

from gradtui_engine.core.message import English

from ...model.keys import shown_keys
from ...model.pairs import PAIRS
from ...model.state import State
from ...model.story import pair_of
from ...text.language import tr
from ...text.spans import Line, first_fit, fit, wrap

_IDEA = "idea"
_ONE_IDEA: English = "one idea"
_IDEA_BRIEF: English = "idea"
#: What each sheet of One idea says.
_SHEETS: tuple[English, ...] = (
    "One idea: the gradient is a product of factors; every cure keeps it near 1.",
    "One idea, today: a Transformer's residual stream, λ of a state-space model and a gate in depth are one product.",
)


def header(state: State, width: int) -> list[Line]:
    """The pages, and the sentence, in as many lines as it takes; a lesson that is open says its own."""
    if state.lesson is not None:
        return [fit(_pages(state, width), width)]
    return [fit(_pages(state, width), width), *_sentence(state, width)]


def _sentence(state: State, width: int) -> list[Line]:
    pair = pair_of(state)
    if state.view == "idea":
        text = tr(_SHEETS[state.sheet])
    elif pair is not None:
        text = tr(pair.point)
    else:
        text = tr("What of the error signal arrives, and what learns: your own network, and what it is compared with.")
    return [fit([(" ", "text"), *line], width) for line in wrap(text, width - 2, "strong")]


def _pages(state: State, width: int) -> Line:
    """1 sigmoid → ReLU  2 small → Xavier …: the one that is shown stands out."""
    pair = pair_of(state)
    here = _IDEA if state.view == "idea" else pair.name if pair is not None else ""
    rows = [(row.name, shown_keys(f"pair_{row.name}"), row.label, row.short) for row in PAIRS.values()]
    rows.append((_IDEA, shown_keys("page_idea"), _ONE_IDEA, _IDEA_BRIEF))
    forms: list[Line] = []
    # All in full; the one that is shown in full; all in brief; digits and that one alone.
    for brand, gap, full in (
        (" gradtui ", "  ", {name for name, *_ in rows}), (" gradtui ", "  ", {here}), (" gradtui ", "  ", set()),
        ("", " ", {here}), ("", " ", set()), ("", " ", None),
    ):  # fmt: skip
        line: Line = [(brand, "brand")]
        for name, key, label, brief in rows:
            text = brief if full is None or name not in full else label
            line.append((f"{gap}{key}", "key"))
            if full is not None or name == here:
                line.append((f" {tr(text)}", "strong" if name == here else "dim"))
        forms.append(line)
    return first_fit(width, *forms)

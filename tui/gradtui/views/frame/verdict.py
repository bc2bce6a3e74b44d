"""The verdict in one line: the answer to each question, with as many of its numbers as there is room for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from gradtui_engine.analysis.outcome import QUESTIONS, Answer
from gradtui_engine.core.figures import apart, many, part_of, percent, repeated, short
from gradtui_engine.core.message import English
from gradtui_engine.core.thresholds import EXPLODED_TEXT, VANISHED_TEXT
from gradtui_engine.program.program import stage_place

from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.spans import Line, first_fit, fit, width_of
from ...text.summary import MARKS, kind_name, resolved_of
from ...text.undefined import defined
from .layout import Blocks
from .scene import Scene, Snapshot

#: Verdicts that numbers tell; the others are a sentence.
_IN_NUMBERS = ("healthy", "vanishing", "exploding")
#: Too little is drawn as what vanishes, too much as what explodes; what is none of them is wrong in kind. A loss that
#: falls has no verdict yet, nor has a step that overshoots, after which every second network learns.
STYLES = {
    "healthy": "healthy", "vanishing": "vanishing", "exploding": "exploding", "still": "vanishing",
    "cut_off": "vanishing", "shrinking": "vanishing", "starved": "vanishing", "off_scale": "exploding",
    "overshooting": "strong", "diverging": "exploding", "trained": "healthy", "falling": "strong",
    "stalled": "vanishing", "diverged": "exploding", "dead": "vanishing", "saturated": "vanishing",
    "truncated": "strong", "underflow": "vanishing",
}  # fmt: skip
#: What each question is called before its answer; the first one's answer speaks for itself, unless two networks stand
#: above each other, of which one arrives and does harm.
_NAMES: dict[str, English] = {"signal": "", "first_step": "first step", "learning": "learning"}
#: And of a later iteration of a training, where it is not the first.
_LATER: dict[str, English] = {"first_step": "step"}
_OF_TWO: dict[str, English] = {"signal": "signal"}
_APART: Line = [("  ", "text")]


def style_of(kind: str) -> str:
    return STYLES.get(kind, "broken")


def kinds_in(blocks: Blocks) -> tuple[str, ...]:
    """The kinds of outcome whose marks are drawn as a verdict draws them: in front of its words, in its colour."""
    drawn = {(text[:1], style) for block in blocks.values() for line in block.lines for text, style in line if text}
    return tuple(kind for kind, mark in MARKS.items() if (mark, style_of(kind)) in drawn)


def verdict(scene: Scene, width: int, whose: str = "") -> Line:
    """▼ vanishing ×0.236 a layer, layer 1: 6e-19  first step « starved  learning not asked: as much of it as fits.

    What does not fit is left out whole: no sentence and no number is cut. whose is the letter of the experiment in
    Compare.
    """
    letter: Line = [(f"{whose} ", "label")] if whose else []
    forms = dict(zip(QUESTIONS, _forms(scene, whose), strict=True))
    taken: dict[str, Line] = {}
    for question, level in _wanted(scene, max(map(len, forms.values()))):
        if level < len(forms[question]):
            tried = {**taken, question: forms[question][level]}
            if not taken or width_of(_joined(letter, tried)) <= width:
                taken = tried
    line = _joined(letter, taken)
    return line if width_of(line) <= width else fit(line, width)


def learning(scene: Scene, width: int) -> Line:
    """✓ trained: loss 1.05, 61 % right, or as a sentence; of B as well where both are trained."""
    pairs = [("A", scene.snapshot), ("B", scene.snapshot_b)]
    answers = [(letter, shown) for letter, shown in pairs if shown is not None and shown.outcome is not None]
    lines: list[Line] = []
    for told in (lambda answer, held: tr(answer.message), _learnt, lambda answer, held: ""):
        line: Line = []
        for letter, shown in answers:
            answer = shown.outcome
            assert answer is not None
            name: Line = [(f"{letter} ", "label")] if len(answers) > 1 else []
            style, text = STYLES.get(answer.kind, "broken"), told(answer, _is_held_out(shown))
            line += [*(_APART if line else []), *name, (f"{MARKS[answer.kind]} {kind_name(answer.kind)}", style)]
            line += [(tr("{kind}: {message}", kind="", message=text), "text")] if text else []
        lines.append(line)
    return first_fit(width, *lines)


def _wanted(scene: Scene, levels: int) -> Iterator[tuple[str, int]]:
    """Which form of which answer is to be had next: the name of each, then more of the worst one, then of all."""
    worst = scene.record.outcome.worst.question
    order = sorted(QUESTIONS, key=lambda question: question != worst)
    yield worst, 0
    yield from ((question, 0) for question in order if question != worst)
    # A clause about the gradient comes before the other's number, a long one about the step behind it.
    yield from ((worst, level) for level in ((1, 2, 3) if worst == "signal" else (1,)))
    yield from ((question, 1) for question in order[1:])
    yield from ((question, level) for level in range(2, levels) for question in order)


def _joined(letter: Line, taken: dict[str, Line]) -> Line:
    """The answers in the order of the questions."""
    parts = [taken[question] for question in QUESTIONS if taken.get(question)]
    return [*letter, *(span for index, part in enumerate(parts) for span in ([*_APART] if index else []) + part)]


def _forms(scene: Scene, whose: str) -> Iterator[list[Line]]:
    """Of each question's answer what can be said of it, the shortest first."""
    outcome = scene.record.outcome
    for question, answer in zip(QUESTIONS, (outcome.signal, outcome.first_step, scene.learning), strict=True):
        called = (_NAMES | (_LATER if scene.record.source.iteration else {}) | (_OF_TWO if whose else {}))[question]
        name: Line = [(f"{tr(called)} ", "label")] if called else []
        if answer is None:
            # A dash would be read as a number that is missing.
            yield [[], [*name, (tr("not asked"), "dim")]]
            continue
        if math.isnan(answer.measured) and answer.healthy:
            # A log of losses alone: nothing was asked, and why stands in the answer.
            yield [[(tr(answer.message), "dim")]]
            continue
        style = STYLES.get(answer.kind, "broken")
        start: Line = [*name, (f"{MARKS[answer.kind]} {kind_name(answer.kind)}", style)]
        by = _evened_by(scene, answer)
        if by:
            start.append((f" {by}", style))
        in_numbers = question == "signal" and answer.kind in _IN_NUMBERS
        if in_numbers and defined(outcome.ratio, scene.record) is not None:
            start.append((f" {_pace(scene)}", style))
            yield [start, *([*start, (tr(", ") + text, "text")] for text in _arriving(scene))]
        else:
            # Of a gradient that is 0 at the output, too, the sentence says so: 0/0 is no share.
            texts = (_brief(answer), *(() if answer.healthy else _sentences(answer)))
            yield [start, *([*start, (tr("{kind}: {message}", kind="", message=text), "text")] for text in texts)]


def _evened_by(scene: Scene, answer: Answer) -> str:
    """by adam: whose doing it is that a step is healthy where nothing arrives."""
    resolved = resolved_of(scene.record.source)
    if resolved is None or not answer.healthy or "evened" not in answer.numbers:
        return ""
    return tr("by {optimizer}", optimizer=resolved.optimizer)


def _pace(scene: Scene) -> str:
    factor = repeated(scene.record.outcome.average_factor)
    return tr(AXIS_WORDS[scene.record.axis].pace, factor=factor)


def _arriving(scene: Scene) -> Iterator[str]:
    """What the far end gets, the shortest first, and where a threshold is crossed."""
    outcome = scene.record.outcome
    said = many(outcome.ratio) if outcome.ratio > 1 else part_of(outcome.ratio)
    # A number alone would be taken for a norm, as those of the bars are: what it is a share of comes first.
    values = {"place": scene.name(scene.first_learning), "share": said}
    site = tr(stage_place(scene.record.axis, scene.first_learning)) if scene.record.axis != "module" else scene.name(0)
    carried = tr(outcome.signal.carried) if outcome.signal.carried else tr("the gradient at the output")
    if outcome.ratio > 1:
        whole = tr("{place} gets {share} times {gradient}", **values, gradient=carried)
        yield tr("×{share} arrives", **values)
        yield from (tr("{site}: ×{share}", site=site, **values), whole)
    else:
        whole = tr("{place} gets {share} of {gradient}", **values, gradient=carried)
        yield tr("{share} arrives", **values)
        yield from (tr("{site}: {share}", site=site, **values), whole)
    if outcome.signal.kind in _CROSSED:
        limit, site = _LIMITS[outcome.signal.kind], tr(outcome.signal.site)
        yield tr(_CROSSED[outcome.signal.kind], arriving=whole, limit=limit, site=site)


_LIMITS = {"vanishing": VANISHED_TEXT, "exploding": EXPLODED_TEXT}
_CROSSED: dict[str, English] = {
    "vanishing": "{arriving}, under {limit} from {site} down",
    "exploding": "{arriving}, over {limit} times as much from {site} down",
}


def _brief(answer: Answer) -> str:
    """The number that an answer rests on, where it has one; else the place."""
    if answer.kind in _BRIEF and answer.question == "first_step":
        return _BRIEF[answer.kind](**_texts(answer))
    if answer.question == "learning":
        # Only of what is held out an answer has the share that is right.
        return _learnt(answer, "accuracy" in answer.numbers)
    return tr(answer.site)


def _is_held_out(shown: Snapshot) -> bool:
    """Whether the loss at the end is that of samples that no batch contains."""
    return bool(shown.validations) and shown.validations[-1].iteration >= shown.count


def _learnt(answer: Answer, held: bool) -> str:
    """held out: loss 2.31, 8 % right: the curve of the batches ends elsewhere."""
    share, loss = answer.numbers.get("accuracy"), short(answer.numbers["end"])
    right = "" if share is None else tr(", {share} right", share=percent(share))
    return (tr("held out: loss {loss}", loss=loss) if held else tr("loss {loss}", loss=loss)) + right


def _texts(answer: Answer) -> dict[str, str]:
    """The numbers of a first step; the losses in as many digits as tell one from the other."""
    texts = {name: short(answer.numbers.get(name)) for name in _NUMBERS}
    if answer.kind != "off_scale":
        texts["loss"], texts["loss_after"] = apart(answer.numbers.get("loss"), answer.numbers.get("loss_after"))
    return texts


_NUMBERS = ("loss", "loss_after", "update_ratio_largest")
_BRIEF: dict[str, Callable[..., str]] = {
    **dict.fromkeys(
        ("healthy", "overshooting", "diverging"), lambda **values: tr("loss {loss} → {loss_after}", **values)
    ),
    "off_scale": lambda **values: tr("loss {loss}", **values),
    "still": lambda **values: tr("update / weight {update_ratio_largest}", **values),
}


def _sentences(answer: Answer) -> Iterator[str]:
    """The first clause of what is said, and all of it."""
    whole = tr(answer.message)
    yield from (re.split(mark, whole)[0] for mark in _ENDS[answer.question])
    yield whole


#: What ends a clause that can stand alone, the earliest first.
_ENDS = dict.fromkeys(QUESTIONS, ("[:：]", "[;；]")) | {"signal": (", |，", "[:：]", "[;；]")}

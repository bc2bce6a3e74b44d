"""What the panes of Train have in common to say."""

from __future__ import annotations

from gradtui_engine import TrainingSnapshot
from gradtui_engine.core.figures import counted, short
from gradtui_engine.core.message import English

from ...model.keys import shown_keys
from ...text.language import tr
from ...text.spans import Line, text_of, width_of
from ...text.summary import kind_name
from ..frame.differing import turned
from ..frame.training_sides import Side, Sides
from ..frame.verdict import STYLES


def waiting(sides: Sides, what: English) -> str:
    """What a pane will show, as long as there is nothing; the loss beside it says what to press."""
    return sides.refused or tr(what)


def nothing_yet(sides: Sides) -> str:
    """What to press, as long as there is nothing; why nothing can be trained, where that is so."""
    if sides.refused:
        return sides.refused
    said = tr(
        "Nothing is trained yet: {key} trains, up to iteration {count}, and pauses.",
        key=shown_keys("play"), count=counted(sides.total),
    )  # fmt: skip
    if sides.guess is None:
        return said
    return f"{said} {tr('What learns gets under a loss of {loss}.', loss=short(sides.guess))}"


def absent(side: Side) -> tuple[str, str]:
    """A ended at iteration 4: why a side has no numbers at the cursor; and the same in fewer words."""
    last = side.snapshot.count - 1
    long, short_ = called(side, last), str(number_of(side, last))
    if side.ended:
        long, short_ = (tr("{side} ended at {number}", side=side.letter, number=text) for text in (long, short_))
    else:
        long, short_ = (tr("{side} has come to {number}", side=side.letter, number=text) for text in (long, short_))
    return long, short_


def number_of(side: Side, iteration: int) -> int:
    """The number by which an iteration is called: of a recorded training its own step."""
    snapshot = side.snapshot
    if isinstance(snapshot, TrainingSnapshot) or not snapshot.count:
        return iteration
    return int(snapshot.steps[iteration])


def called(side: Side, iteration: int) -> str:
    """iteration 12; of a recorded training, whose steps have numbers of their own, step 120."""
    number = number_of(side, iteration)
    if isinstance(side.snapshot, TrainingSnapshot):
        return tr("iteration {number}", number=number)
    return tr("step {number}", number=number)


def branched(sides: Sides) -> list[str]:
    """B from 40 on: rate 0.1; and before that, that it is A."""
    said = [tr("B from {number} on: {fields}", number=turn.iteration, fields=turned(turn)) for turn in sides.branches]
    if sides.b_is_a:
        said.insert(0, tr("before {number} B is A", number=sides.branches[0].iteration))
    return said


def verdicts(sides: Sides) -> list[str]:
    """What has become of each so far, in a word."""
    return [f"{side.letter + ' ' if sides.raced else ''}{kind(side)}" for side in sides]


def kind(side: Side) -> str:
    """trained, stalled: what has become of a side, in a word."""
    outcome = side.snapshot.outcome
    return kind_name(outcome.kind) if outcome is not None else ""


def verdict_style(side: Side) -> str:
    """The colour of the verdict: it only repeats the word."""
    outcome = side.snapshot.outcome
    return STYLES.get(outcome.kind, "broken") if outcome is not None else "text"


def with_sign(lines: list[Line], width: int, height: int, zoomed: bool = False) -> list[Line]:
    """As many lines as there is room for, what matters most first; where some are missing, the last one says so, and
    which key shows them: where the pane is alone already, the one that gives it as text.
    """
    if len(lines) <= height:
        return lines
    if height < 1:
        return []
    whole: Line = [(tr("… {key} shows all", key=shown_keys("readout" if zoomed else "zoom")), "key")]
    sign = whole if width_of(whole) < width // 2 else [("…", "key")]
    last = lines[height - 1]
    style = last[-1][1] if last else "text"
    words = text_of(last).split(" ")
    while words and width_of([(" ".join([*words, ""]), style), *sign]) > width:
        words.pop()
    return [*lines[: height - 1], [*([(" ".join([*words, ""]), style)] if words else []), *sign]]

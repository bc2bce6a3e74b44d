"""What stands around the panes: the header with the verdict, the timeline, the footer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from rich.cells import cell_len

from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Source
from gradtui_engine.core.figures import loss_text, percent
from gradtui_engine.core.message import English

from ..model import maths
from ..model.keys import key_name, keys_of
from ..model.lecture import notes
from ..model.names import SPEEDS, STORY, WAVE_END
from ..model.permissions import OPEN, Permissions
from ..model.state import State
from ..model.timeline import Grain, label
from ..model.trainings import iterations_of, recorded
from ..text.language import tr
from ..text.spans import Line, first_fit, fit, padded, runs, spread, width_of
from ..text.summary import WHOLE, describe, describe_source
from ..text.table_words import in_a_line
from .catalogue import VIEWS
from .footers import hints
from .frame import asking, recorded_steps, sweep_progress
from .frame.scene import Scene
from .frame.verdict import learning, verdict

SMALLEST = (60, 16)
#: The least width of the timeline's bar.
_LEAST_BAR = 8
#: The least width of the verdict beside the views' names: all three answers fit.
_BESIDE_TABS = 80


def too_small(width: int, height: int) -> Line:
    """The one line that a terminal below the smallest size gets."""
    wide, tall = SMALLEST
    texts = (
        tr("gradtui needs {wide}×{tall}; this is {width}×{height}", wide=wide, tall=tall, width=width, height=height),
        tr("gradtui needs {wide}×{tall}", wide=wide, tall=tall),
        f"{wide}×{tall}",
        "",
    )
    return fit(first_fit(width, *([(text, "text")] for text in texts)), width)


def waiting(experiment: Experiment, width: int, recordings: Sequence[Source] = ()) -> list[Line]:
    """The header before the first trace has arrived: of the experiment, or of the recording in its place."""
    said = describe_source(recordings[0]) if recordings else describe(experiment.resolved)
    return [
        fit([(" gradtui  ", "brand"), (said, "text")], width),
        fit([(f" {tr('computing …')}", "dim")], width),
    ]


def computing(share: float) -> str:
    """What is said of a computation that takes long."""
    return tr("computing … {share}, esc cancels", share=percent(share)) if share > 0 else tr("computing … esc cancels")


def header(scene: Scene, width: int) -> list[Line]:
    """The view's own, else two lines: what is run, and what became of the gradient: what, how fast, how bad, where."""
    own = VIEWS[scene.state.view].header
    if own is None:
        return [_what_is_run(scene, width), _verdict(scene, width)]
    lines, tabs = own(scene.state, width), _tabs(scene.state)
    room = width - 2 - width_of(tabs)
    if room < _BESIDE_TABS or scene.state.view in STORY:  # whose pages stand there
        return lines
    return [*lines[:-1], spread(own(scene.state, room)[-1], tabs, width)]


def _what_is_run(scene: Scene, width: int) -> Line:
    iteration, loss = _iteration(scene), _loss(scene)
    brand: Line = [(" gradtui  ", "brand")]
    source = scene.record.source
    whole, *names = ([(describe_source(source, detail), "text")] for detail in range(WHOLE, -1, -1))
    file: Line = [(f" · {in_a_line(source.about)}", "text")] if source.about is not None else []
    space: Line = [(" ", "text")]
    shorter = ([*start, *name] for name in (whole, *names[:-1]) for start in (brand, space))
    usual: list[Line] = [[*brand, *whole, *file], *shorter]
    # Names shorten, the seed stays; the program's name goes before the optimiser does, and the loss before the
    # iteration does, which says what all numbers are of.
    between: Line = [(" · ", "label")] if iteration and loss else []
    forms = [([*iteration, *between, *(loss or space)], usual)]
    if iteration:
        forms.append(([*iteration, *space], [*usual[-1:], [*space, *names[-1]], space]))
    for right, lefts in forms:
        # One space at least stands between them.
        left = first_fit(width - width_of(right) - 1, *lefts)
        if width_of(left) < width - width_of(right):
            return spread(left, right, width)
    return fit(first_fit(width, *usual[-1:], [*space, *names[-1]]), width)


def _iteration(scene: Scene) -> Line:
    """Which iteration of a training the record is; nothing of an experiment alone."""
    source = scene.record.source
    number = _cursor(scene)
    if source.recorded:
        step = source.iteration if number is None else recorded_steps.step_of(scene.state)
        return [(tr("step {number}", number=step), "strong")]
    if number is None and source.training is not None:
        number = source.iteration
    return [] if number is None else [(tr("iteration {number}", number=number), "strong")]


def _cursor(scene: Scene) -> int | None:
    """In Train the iteration under the cursor, whose record nobody has asked for yet; None in the other views."""
    known = scene.state.view == "train" and scene.snapshot is not None and scene.snapshot.count
    return scene.state.iteration if known else None


def _loss(scene: Scene) -> Line:
    loss, number = scene.record.loss, _cursor(scene)
    if number is not None and scene.snapshot is not None:
        # A has none beyond its end.
        losses = scene.snapshot.columns["loss"]
        loss = float(losses[number]) if number < len(losses) else None
    return [(f"{tr('loss')} {loss_text(loss)} ", "label")] if loss is not None else []


def _verdict(scene: Scene, width: int) -> Line:
    """The verdict, and the views' names where it leaves room for them."""
    whose, tabs = "A" if scene.state.view == "compare" else "", _tabs(scene.state)
    # Beside a plane of experiments it is none of its cells' verdict.
    own: Line = [(tr("A itself: "), "label")] if scene.state.view == "sweep" else []
    start: Line = [(" ", "text"), *own]
    before = width_of(start)
    room = width - 2 - width_of(tabs)
    said = learning if _cursor(scene) is not None else functools.partial(verdict, whose=whose)
    if asking.asks(scene):
        said = _asked
    if room < _BESIDE_TABS:
        return fit([*start, *said(scene, width - before)], width)
    return spread([*start, *said(scene, room - before)], tabs, width)


def _asked(scene: Scene, width: int) -> Line:
    """Where a lesson asks, the verdict would answer."""
    return fit([(asking.first(), "dim")], width)


def _tabs(state: State) -> Line:
    """The views and the keys that show them, where there is room; lit are the one that is shown, and the lessons
    while one is open beside it."""
    lit = (state.view, "lessons" if state.lesson is not None else "")
    line: Line = []
    for name, row in VIEWS.items():
        keys = keys_of(f"view_{name}")
        line += [
            (f" {key_name(keys[-1]) if keys else ''}", "key"),
            (f" {tr(row.label)} ", "strong" if name in lit else "dim"),
        ]
    return line


def timeline(scene: Scene, width: int) -> Line:
    """Phase, position and speed: a bar over forward, loss and backward, filled up to the cursor."""
    if scene.state.message:
        return fit([(" " + scene.state.message, "message")], width)
    position, progress = _TIMELINES.get(scene.state.view, (_position, _progress))
    long_text, short_text = position(scene)
    for note in notes(scene.state):
        said: Line = [(f" {note} ", "strong"), ("│", "dim")]
        if width_of(said) + _cells(short_text) <= width:
            return [*said, *progress(scene, width - width_of(said), long_text, short_text)]
    return progress(scene, width, long_text, short_text)


def _of_story(scene: Scene) -> tuple[str, str]:
    """What plays: the multiplication, then the training."""
    state = scene.state
    mark = "▶" if state.playing else "■"
    if state.wave < WAVE_END:
        return f" {mark} {tr('the gradient is multiplied, from the output down')} ", f" {mark} {tr('multiplied')} "
    if state.view == "story" and state.iteration:
        return _iterations(scene)
    return f" {mark} {tr('this is one iteration, before any training')} ", f" {mark} {tr('one iteration')} "


def _of_wave(scene: Scene, width: int, long_text: str, short_text: str) -> Line:
    """A bar that the wave fills, and then the training."""
    state = scene.state
    if state.view == "story" and state.wave >= WAVE_END and state.iteration:
        return _of_training(scene, width, long_text, short_text)
    return _share(state.wave / WAVE_END, width, long_text, short_text)


def _share(share: float, width: int, *texts: str) -> Line:
    """A bar that is filled so far, and the first of the texts that leaves room for one."""
    text = next((text for text in texts if _cells(text) + _LEAST_BAR < width), texts[-1])
    room = width - _cells(text) - 1
    if room < 1:
        return fit([(text, "text")], width)
    done = round(share * room)
    return fit([(" ", "text"), ("━" * done, "text"), ("┄" * (room - done), "dim"), (text, "text")], width)


def _of_maths(scene: Scene) -> tuple[str, str]:
    """How many terms there are, or how far around the point is."""
    state = scene.state
    mark = "▶" if state.playing else "■"
    if maths.turns(state):
        said = tr("{angle}° of {all}°", angle=state.angle, all=maths.MOST_ANGLE)
    else:
        said = tr("{terms} of {all} terms", terms=state.terms, all=maths.MOST_TERMS)
    return f" {mark} {said} ", f" {mark} {said} "


def _of_course(scene: Scene) -> tuple[str, str]:
    """How many of the lessons are done, of those that have been read from their files."""
    done, count = _course(scene)
    said = tr("{done} of {count} done", done=done, count=count)
    return f" {tr('the course')} · {said} ", f" {said} "


def _of_course_bar(scene: Scene, width: int, long_text: str, short_text: str) -> Line:
    done, count = _course(scene)
    return _share(done / max(count, 1), width, long_text, short_text)


def _course(scene: Scene) -> tuple[int, int]:
    """Lessons that are done, and all."""
    listed = {entry.id for entry in asking.shelf(scene) or ()}
    return sum(study.done and study.lesson in listed for study in scene.state.studies), len(listed)


def _of_maths_bar(scene: Scene, width: int, long_text: str, short_text: str) -> Line:
    return _share(maths.share(scene.state), width, long_text, short_text)


def _of_sweep(scene: Scene) -> tuple[str, str]:
    """How many cells are there of A and B, and how long the rest takes."""
    done, count, left = sweep_progress.progress(scene)
    mark = "▶" if left is not None else "■"
    said = tr("{done} of {count} cells", done=done, count=count)
    if left is None:
        return f" {mark} {said} ", f" {mark} {done}/{count} "
    rest = tr("{time} left", time=sweep_progress.time_left(left)) if left > 0 else tr("computing …")
    return f" {mark} {said} · {rest} ", f" {mark} {done}/{count} · {rest} "


def _of_sweep_bar(scene: Scene, width: int, long_text: str, short_text: str) -> Line:
    done, count, _ = sweep_progress.progress(scene)
    return _share(done / max(count, 1), width, long_text, short_text)


def _iterations(scene: Scene) -> tuple[str, str]:
    """The iteration under the cursor, and how far the training is, in a long form and a short one."""
    if recorded(scene.state):
        return recorded_steps.said(scene.state)
    state, count = scene.state, iterations_of(scene.state)
    mark = "▶" if (state.playing if state.view in STORY else state.training) else "■"
    number, trained = str(state.iteration).rjust(len(str(count))), state.trained
    place = tr("iteration {number} shown · {trained} of {count} trained", number=number, trained=trained, count=count)
    pace = " · " + tr("{count} a second", count=state.pace) if state.training and state.pace else ""
    brief = tr("shown {number} · trained {trained}/{count}", number=number, trained=trained, count=count)
    return f" {mark} {place}{pace} ", f" {mark} {brief} "


def _of_training(scene: Scene, width: int, long_text: str, short_text: str) -> Line:
    """A bar over all iterations, filled as far as they are there, the cursor in it."""
    state = scene.state
    count = state.trained if recorded(state) else iterations_of(state)
    text = next((text for text in (long_text, short_text) if _cells(text) + _LEAST_BAR < width), short_text)
    room = width - _cells(text) - 1
    if room < 1 or count == 0:
        return fit([(text, "text")], width)
    cursor = round(state.iteration / count * (room - 1))
    if state.steps is not None:
        cursor = round(state.steps[state.iteration] / max(state.steps.end, 1) * (room - 1))
    done = round(state.trained / count * room)
    bar: Line = [
        ("━" if cell < done else "┄", "cursor" if cell == cursor else ("text" if cell < done else "dim"))
        for cell in range(room)
    ]
    return fit([(" ", "text"), *runs(bar), (text, "text")], width)


#: What the timeline says and draws, by the view; in the others, of one iteration operation by operation.
_TIMELINES = {
    "train": (_iterations, _of_training),
    "story": (_of_story, _of_wave),
    "idea": (_of_story, _of_wave),
    "maths": (_of_maths, _of_maths_bar),
    "lessons": (_of_course, _of_course_bar),
    "sweep": (_of_sweep, _of_sweep_bar),
}


def _position(scene: Scene) -> tuple[str, str]:
    """Phase and step, in a long form and a short one."""
    step, count = scene.step, len(scene.record.steps)
    # Not ‖, which is the norm's.
    mark = "▶" if scene.state.playing else "■"
    name = padded(label(step), scene.timeline.label_width(scene.record))
    number = str(step.index + 1).rjust(len(str(count)))
    place = tr("step {number} of {count}", number=number, count=count)
    return f" {mark} {name} · {place}", f" {mark} {name} · {number}/{count}"


def _progress(scene: Scene, width: int, long_text: str, short_text: str) -> Line:
    """The bar, the position, and who can play also sees how fast and by what."""
    state, step = scene.state, scene.step
    speed = f"{SPEEDS[state.speed]}/s".rjust(4)
    # The longest that leaves room for a bar; all of them have one width at every step, so that the bar stands still.
    grain = padded(tr(str(state.grain)), max(cell_len(tr(str(choice))) for choice in Grain))
    tails = [
        (long_text, f" · {tr('{speed} by {grain}', speed=speed, grain=grain)} "),
        (short_text, f" · {speed} {grain} "),
    ]
    text, tail = next((pair for pair in tails if _cells("".join(pair)) + _LEAST_BAR <= width), (short_text, ""))
    if state.following:
        tail = " "
    elif not tail:
        tail = f" {speed} {tr(str(state.grain))[:2]}"
    if _cells(text + tail) > width:
        tail = ""
    room = width - _cells(text) - _cells(tail) - 1
    if room < 1:
        return fit([(text + tail, "text")], width)
    loss = scene.timeline.loss / scene.timeline.last
    position = step.index / scene.timeline.last
    done, turn = round(position * (room - 1)), round(loss * (room - 1))
    bar: Line = []
    for cell in range(room):
        glyph = "◆" if cell == turn else ("━" if cell <= done else "┄")
        bar.append((glyph, "cursor" if cell == done else ("text" if cell <= done else "dim")))
    return fit([(" ", "text"), *runs(bar), (text, "text"), (tail, "dim")], width)


def _cells(text: str) -> int:
    return width_of([(text, "")])


def footer(
    state: State, width: int, permissions: Permissions = OPEN, following: English = "next", answers: str = ""
) -> Line:
    """The keys that matter most in the view, `?` first; the last ones give way where there is no room.

    Where not all of them have room they stand closer together.
    """
    going = _GOING.get(state.view, _plays)(state)
    shown: list[Line] = []
    for hint in hints(state, permissions, following, answers):
        label = tr("pause") if hint.commands == ("play",) and going else tr(hint.words)
        shown.append([(hint.keys, "key"), (f" {label}", "label")])
    gap = "   " if _footer_width(shown, 3) <= width else "  "
    while len(shown) > 1 and _footer_width(shown, len(gap)) > width:
        shown.pop()
    line: Line = [(" ", "text")]
    for number, spans in enumerate(shown):
        line += [*([(gap, "label")] if number else []), *spans]
    return fit(line, width)


def _plays(state: State) -> bool:
    return state.playing


#: Whether what space starts goes on, by the view; in the others it is what plays.
_GOING: dict[str, Callable[[State], bool]] = {
    "train": lambda state: state.training,
    "sweep": lambda state: not (state.resting or state.swept_all),
}


def _footer_width(hints: list[Line], gap: int) -> int:
    return 1 + sum(map(width_of, hints)) + gap * (len(hints) - 1)

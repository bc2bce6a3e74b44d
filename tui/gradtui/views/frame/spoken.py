"""What panes share when they say in sentences what they show; what is a pane's own stands beside the pane."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradtui_engine.analysis.outcome import LATER, QUESTIONS
from gradtui_engine.analysis.stage_numbers import STAGE_NUMBERS
from gradtui_engine.core.figures import percent, short
from gradtui_engine.core.message import English
from gradtui_engine.core.thresholds import EXPLODED_TEXT, VANISHED_TEXT

from ...text.language import tr
from ...text.spans import GAP, Line, text_of
from ...text.summary import NOT_ASKED, kind_name
from ...text.undefined import defined
from .asking import asks, first
from .quantities import QUANTITIES, absent
from .scene import Scene

Lines = Iterator[str]
#: The pane in words.
Spoken = Callable[[Scene], Lines]

#: What a pane without sentences of its own is drawn in, to be stripped of its drawing.
_COLUMNS, _ROWS = 100, 60
#: Wider than any note, so that none is broken into lines.
WIDE = 2000


def verdict(scene: Scene) -> str:
    """The answers to all three questions, each as a sentence; one that was not asked says so. A lesson asks first."""
    if asks(scene):
        return tr("{text}.", text=first())
    outcome = scene.record.outcome
    questions = QUESTIONS | LATER if scene.record.source.iteration else QUESTIONS
    said = [tr("Verdict:")]
    for name, answer in zip(QUESTIONS, (outcome.signal, outcome.first_step, scene.learning), strict=True):
        asked = tr(questions[name])
        question = asked[:1].upper() + asked[1:]
        if answer is None:
            said.append(tr("{question} {answer}.", question=question, answer=tr(NOT_ASKED[name])))
            continue
        values = {"question": question, "kind": kind_name(answer.kind), "message": tr(answer.message)}
        if answer.healthy:
            said.append(tr("{question} {kind}; {message}.", **values))
        else:
            said.append(tr("{question} {kind}, {severity}; {message}.", **values, severity=tr(answer.severity)))
    return " ".join(said)


def drawn(view: Callable[[Scene, int, int], list[Line]], width: int = _COLUMNS) -> Spoken:
    """The text of a view itself, with its drawing."""

    def spoken(scene: Scene) -> Lines:
        for line in view(scene, width, _ROWS):
            yield from (part for part in text_of(line).rstrip().split(GAP) if part.strip())

    return spoken


# -- the stages --------------------------------------------------------------------------------------------


def bars(scene: Scene) -> Lines:
    """What the bars show: the gradient with its factors, or the quantity that was chosen."""
    return _gradients(scene) if scene.state.quantity in ("gradient", "factor") else _quantity(scene)


#: Style of a stage's gradient → what to say where it sets in.
CROSSINGS: dict[str, English] = {
    "vanishing": "From {place} down the gradient has vanished: it is under {low} of that at the output.",
    "exploding": "From {place} down the gradient explodes: it is over {high} times that at the output.",
    "broken": "From {place} down the gradient is not a finite number.",
    "healthy": "From {place} down the gradient is between {low} and {high} times that at the output again.",
}


def _gradients(scene: Scene) -> Lines:
    last = len(scene.stages) - 1
    if scene.known > last:
        yield tr("No gradient has been computed yet at this step.")
        return
    health = "healthy"
    for index in range(last, scene.known - 1, -1):
        here = scene.health(scene.carried(index))
        if here != health:
            yield tr(CROSSINGS[here], place=scene.name(index), low=VANISHED_TEXT, high=EXPLODED_TEXT)
            health = here
        yield facts(scene, index, _of_stage(scene, index))
    if scene.known > 0:
        yield tr("The gradient has not come further down than {place} yet.", place=scene.name(scene.known))


def _of_stage(scene: Scene, index: int) -> Lines:
    """The numbers of a stage's gradient, each with its name."""
    stage = scene.stages[index]
    for name, sentence in OF_GRADIENT.items():
        value = STAGE_NUMBERS[name].read(stage)
        if value is not None:
            yield tr(sentence, value=short(defined(value, scene.record)))


#: What is said of a stage's gradient, in order: a number of STAGE_NUMBERS → its sentence.
OF_GRADIENT: dict[str, English] = {
    "cell_gradient_norm": "cell gradient {value}",
    "factor_cell": "cell factor {value}",
    "gradient_norm": "gradient {value}",
    "factor": "factor {value}",
    "predicted_factor": "predicted {value}",
}


def facts(scene: Scene, index: int, said: Lines) -> str:
    """A stage's line; the selected one says so."""
    values = tr(", ").join(said)
    if index == scene.stage:
        return tr("{place}, selected: {facts}", place=scene.name(index), facts=values)
    return tr("{place}: {facts}", place=scene.name(index), facts=values)


def _quantity(scene: Scene) -> Lines:
    """Another quantity, in the order of its bars."""
    quantity = QUANTITIES[scene.state.quantity]
    series = quantity.series(scene.record)
    text_of_number = percent if quantity.share else short
    yield tr("Quantity: {name}. {help}", name=tr(quantity.label), help=tr(quantity.help))
    if quantity.is_absent(scene.record):
        yield absent(scene, quantity)
        return
    for index in range(len(scene.stages) - 1, -1, -1):
        values = [(line.symbol, line.values[index]) for line in series]
        said = [
            tr("{name} {value}", name=tr(name), value=text_of_number(defined(value, scene.record)))
            for name, value in values
            if value is not None
        ]
        if said:
            yield facts(scene, index, iter(said))

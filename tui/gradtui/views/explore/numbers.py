"""The selected stage in numbers: what a recorded training has of it, and of each of its parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui_engine.analysis.stage_numbers import STAGE_NUMBERS, StageNumber
from gradtui_engine.core.figures import percent, short, times

from ...text.language import tr
from ...text.spans import Line, cut_left, first_title, page, width_of, wrap
from ..frame.scene import Scene
from ..frame.spoken import Lines

#: Cells of a number, and of the blanks between two columns.
_NUMBER, _GAP = 9, 2
#: A parameter's numbers: a column each.
_COLUMNS = ("‖∂L/∂θ‖", "‖θ‖", "‖Δθ‖/‖θ‖")


def title(scene: Scene, width: int) -> str:
    place = scene.name(scene.stage)
    head = tr("{place} in numbers", place="")
    return first_title(
        width, tr("{place} in numbers", place=place), tr("{place} in numbers", place=cut_left(place, width - len(head)))
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    rows = [*_numbers(scene)]
    room = max((width_of([(name, "")]) for name, _ in rows), default=0)
    lines: list[Line] = [[(name.ljust(room + _GAP), "label"), (value.rjust(_NUMBER), "strong")] for name, value in rows]
    lines += _parameters(scene, width)
    for note in _absent(scene):
        lines += [[("", "text")], *wrap(note, width, "dim")]
    return page(lines, width, height)


def said(scene: Scene) -> Lines:
    """The same in sentences."""
    for name, value in _numbers(scene):
        yield tr("{name}: {value}", name=name, value=value)
    for name, numbers in scene.stages[scene.stage].parameters.items():
        yield tr("{name}: {value}", name=name, value=short(numbers))


def _numbers(scene: Scene) -> Iterator[tuple[str, str]]:
    """What is known of the stage, by what it is called."""
    stage = scene.stages[scene.stage]
    for row in STAGE_NUMBERS.values():
        value = row.read(stage)
        if value is not None and not math.isnan(value) and not row.part:
            yield tr(row.label), _text(row, value)


def _text(row: StageNumber, value: float) -> str:
    if row.unit == "share":
        return percent(value)
    return times(value) if row.name == "factor" else short(value)


def _parameters(scene: Scene, width: int) -> list[Line]:
    """Each of the stage's own parameters: its gradient, its size, and how far the update moves it."""
    own = [name for name in scene.stages[scene.stage].parameters if name in scene.record.parameter_numbers]
    room = width - len(_COLUMNS) * (_NUMBER + 1)
    if not own or room < _NUMBER:
        return []
    head: Line = [(" " * room, "dim"), *((f" {text.rjust(_NUMBER)}", "dim") for text in _COLUMNS)]
    lines: list[Line] = [[("", "text")], head]
    for name in own:
        numbers = scene.record.parameter_numbers[name]
        values = (numbers.gradient_norm, numbers.norm, numbers.update_ratio)
        label = cut_left(name, room)
        lines.append(
            [(label + " " * (room - width_of([(label, "")])), "label"),
             *((f" {short(value).rjust(_NUMBER)}", "text") for value in values)]
        )  # fmt: skip
    return lines


def _absent(scene: Scene) -> Iterator[str]:
    """What the recorder cannot have seen of the stage."""
    stage = scene.stages[scene.stage]
    if scene.record.axis == "module" and stage.activation_mean is None and not stage.parameters:
        broken = scene.record.outcome.signal.kind == "non_finite"
        yield (
            tr("What was recorded here is not finite.")
            if broken
            else tr("This recording has nothing of single modules.")
        )
        return
    if stage.activation_dead is None and stage.activation_saturated is None and scene.record.axis == "module":
        yield tr("Dead and saturated: not recorded, as no ReLU, tanh or sigmoid follows here.")
    yield tr("Single values are not recorded: a recording has norms, means and shares.")

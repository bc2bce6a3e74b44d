"""The three paths of a Transformer's gradient, block by block: along the skips, through attention, through the MLP."""

from __future__ import annotations

from collections.abc import Hashable

from gradtui_engine.core.figures import percent, short
from gradtui_engine.core.message import English

from ...text.language import tr
from ...text.scale import LinearScale
from ...text.spans import Line, first_fit, first_title, page, wrap
from ...text.undefined import defined
from ..frame.scene import Scene
from .explain_helpers import angle_of

#: Part of the factor → what it is called.
_PATHS: dict[str, English] = {"skip": "skip", "attention": "attention", "mlp": "MLP"}
#: Cells of a bar, at the most.
_BAR = 12


def title(scene: Scene, width: int) -> str:
    place = scene.name(max(scene.stage, 1))
    return first_title(
        width, tr("three paths of the gradient · through {place}", place=place),
        tr("three paths · {place}", place=place), tr("three paths"),
    )  # fmt: skip


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The selected block in a sentence, then every block's shares as bars."""
    block = max(scene.stage, 1)
    return page([*_said(scene, block - 1, width), *_table(scene, width, height)], width, height)


def _said(scene: Scene, index: int, width: int) -> list[Line]:
    stage = scene.stages[index]
    if stage.unknown_parts:
        return wrap(tr("its parts are not known: {reason}", reason=tr(stage.unknown_parts)), width, "dim")
    parts = {name: defined(stage.factors.get(name), scene.record) for name in stage.factors}
    known = {name: value for name in _PATHS if (value := parts.get(name)) is not None}
    total = sum(known.values())
    if not total:
        return wrap(tr("nothing passes"), width, "dim")
    if "skip" not in known:
        product = " × ".join(f"{tr(_PATHS[name])} {short(value)}" for name, value in known.items())
        return wrap(tr("no skips: {product} = ×{factor}", product=product, factor=short(stage.factor)), width, "strong")
    shares = "  ".join(f"{tr(_PATHS[name])} {percent(value / total)}" for name, value in known.items())
    angle = tr("skip and attention: {angle}", angle=angle_of(parts.get("cosine")))
    return [*wrap(shares, width, "strong"), *wrap(angle, width, "dim")]


def _table(scene: Scene, width: int, height: int) -> list[Line]:
    """A line a block, the last one on top; those around the selected one where there is no room for all."""
    known = [name for name in _PATHS if any(name in stage.factors for stage in scene.stages[:-1])]
    values = {
        name: [defined(stage.factors.get(name), scene.record) for stage in scene.stages[:-1]] for name in known
    }  # fmt: skip
    numbers = [value for row in values.values() for value in row if value is not None and value < float("inf")]
    if not known or not numbers:
        return []
    scale = LinearScale(0.0, max(numbers) or 1.0)
    cells = max(3, min(_BAR, (width - 5) // len(known) - 8))
    head: Line = [("     ", "label")]
    for name in known:
        head.append((tr(_PATHS[name]).ljust(cells + 7)[: cells + 7], "label"))
    lines = [first_fit(width, head, [])]
    room, count = max(1, height - 4), len(scene.stages) - 1
    first = max(0, min(scene.stage - room // 2, count - room))
    for index in range(min(count, first + room) - 1, first - 1, -1):
        style = "cursor" if index == max(scene.stage, 1) - 1 else "text"
        line: Line = [(f"{index + 1:>4} ", "label")]
        for name in known:
            value = values[name][index]
            filled = 0 if value is None else round((scale.position(value) or 0.0) * cells)
            line += [(("█" * filled).ljust(cells), style), (f"{short(value):>6} "[:7], "label")]
        lines.append(first_fit(width, line, []))
    return lines


def reads(scene: Scene) -> Hashable:
    return scene.stage

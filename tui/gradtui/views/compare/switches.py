"""The cures that Compare switches, in words: which are on, which can be, and which show the disease when taken away."""

from __future__ import annotations

from gradtui_engine.core.message import English

from ...model.cure_keys import CURES, has, subject, takes_away
from ...model.keys import shown_keys
from ...text.language import tr
from ...text.spans import Line, width_of
from ..frame.scene import Scene

#: What a cure's key is about: what B has of the cure, what it has instead of it, what it could have, and what the key
#: takes away of a network that has the cure already.
ON, INSTEAD, OFF, TO_SEE = "on", "instead", "off", "to_see"
_HEADS: dict[str, English] = {
    ON: "cures on:",
    INSTEAD: "disease on:",
    OFF: "cures off:",
    TO_SEE: "a disease to switch on:",
}
#: Behind those that are on.
_BEHIND: dict[str, English] = {OFF: "off:"}
#: In brief.
_BRIEF: dict[str, English] = {ON: "on:", INSTEAD: "disease on:", OFF: "off:", TO_SEE: "disease:"}
#: Cures of which the value of a disease says alone what it is of.
_TELLING = ("activation",)


def switches(scene: Scene, width: int, brief: bool = False) -> list[Line]:
    """cures on: ✓activation [A]   off: init [I] …; at the end of each line there is room for an ellipsis.

    A network is never called A or B here: those letters are keys.
    """
    a, changes = scene.experiment, scene.state.changes
    if a is None or len(scene.state.recordings) > 1:
        return []
    found: dict[str, list[tuple[str, str]]] = {group: [] for group in _HEADS}
    for cure in CURES.values():
        acted = subject(cure, a, changes)
        if not cure.choices(acted):
            continue
        disease = takes_away(cure, a, changes)
        own = any(cure.decides(a, field) for field, _ in changes)
        group = ON if has(cure, a, changes) else OFF if not disease else INSTEAD if own else TO_SEE
        label = " ".join([*([] if disease and cure.id in _TELLING else [tr(cure.label_of(acted))]), *disease.split()])
        found[group].append((label, shown_keys(f"cure_{cure.id}")))
    lines: list[Line] = [[]]
    for group, items in found.items():
        style = "text" if group in (ON, INSTEAD) else "label"
        mark = "✓" if group == ON else ""
        named = _BRIEF if brief else _HEADS | _BEHIND if found[ON] else _HEADS
        for place, (label, key) in enumerate(items):
            item: Line = [(f"{mark}{label} ", style), (f"[{key}]", "key")]
            # A head goes with the first of its items, where both have room in one line.
            head: Line = [(f"{tr(named[group])} ", "label")] if place == 0 else []
            whole = [*head, *item]
            for spans in [whole] if not head or width_of(whole) <= width - 2 else [head, item]:
                _add(lines, spans, " " * ((3 if head else 2) - brief), width)
    return [line for line in lines if line]


def _add(lines: list[Line], spans: Line, gap: str, width: int) -> None:
    """In the last line, or in one of their own."""
    if lines[-1] and width_of(lines[-1]) + len(gap) + width_of(spans) <= width - 2:
        lines[-1] += [(gap, "label"), *spans]
    else:
        lines.append(spans)

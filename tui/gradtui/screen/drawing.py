"""What stands on the screen, as blocks of lines in their places: header, panes with their borders, timeline, footer.

A block is made anew only where what it is made of has changed; then it is another object, and else the same one.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import NamedTuple

from ..model.permissions import OPEN, Permissions
from ..model.state import State
from ..text.spans import Line, fit
from ..views import status
from ..views.arrangement import FOOTER, HEADER, TIMELINE, arrange, place
from ..views.catalogue import PANES
from ..views.frame.border import bordered
from ..views.frame.cache_keys import Same
from ..views.frame.layout import Block, Blocks, Box
from ..views.frame.pane import Pane
from ..views.frame.scene import Scene
from ..views.lessons import panes
from ..views.point import point_lines


class _DrawnPane(NamedTuple):
    """A pane as it was drawn last: out of what (of every pane, and of this one alone), and its title and lines."""

    frame: tuple[Hashable, ...]
    reads: Hashable
    title: str
    lines: list[Line]
    #: Whether it had the focus, and its lines in their border.
    focused: bool
    block: Block


class Drawing:
    """Draws moments of one screen; remembers the last one."""

    def __init__(self, permissions: Permissions = OPEN) -> None:
        self._permissions = permissions
        self._panes: dict[str, _DrawnPane] = {}
        self._around: Blocks = {}
        self._told: object = None
        #: Whether every pane shows the last moment that was drawn: a hasty drawing may leave some as they were.
        self.complete = True

    def draw(self, state: State, scene: Scene | None, width: int, height: int, *, hasty: bool = False) -> Blocks:
        """The blocks of a screen of so many cells. Without a scene (no trace yet): that it is on its way.

        hasty: another moment may follow at once. Then a pane that may wait stays what it is.
        """
        self.complete = True
        wide, tall = status.SMALLEST
        if width < wide or height < tall or scene is None:
            return self._without_panes(state, width, height)
        boxes = arrange(state, width, height)
        blocks = self._header_and_footer(scene, width, height)
        timeline = [status.timeline(scene, width)]
        if point := point_lines(state, width):
            blocks["point"] = Block(Box(0, HEADER, width, len(point)), [fit(line, width) for line in point])
        blocks["timeline"] = Block(Box(0, height - FOOTER - TIMELINE, width, TIMELINE), timeline)
        for name, box in boxes.items():
            blocks[name] = self._pane(name, box, scene, place(state, boxes) if name == state.pane else "", hasty)
        return blocks

    def _without_panes(self, state: State, width: int, height: int) -> Blocks:
        wide, tall = status.SMALLEST
        if width < wide or height < tall:
            return _whole([status.too_small(width, height)], [], width, height)
        # A first computation that takes long: how far it is, and the keys.
        long: list[Line] = [[(f" {state.message}", "message")], status.footer(state, width, self._permissions)]
        return _whole(
            status.waiting(state.experiment, width, state.recordings), long if state.message else [], width, height
        )

    def _header_and_footer(self, scene: Scene, width: int, height: int) -> Blocks:
        """The same at every step."""
        following, answers = panes.following(scene), panes.answers(scene)
        told = Same(scene.record), replace(scene.state, step=0), following, answers, width, height
        if told != self._told:
            self._told = told
            header = status.header(scene, width)
            footer = [status.footer(scene.state, width, self._permissions, following, answers)]
            self._around = {
                "header": Block(Box(0, 0, width, len(header)), header),
                "footer": Block(Box(0, height - FOOTER, width, FOOTER), footer),
            }
        return dict(self._around)

    def _pane(self, name: str, box: Box, scene: Scene, before_title: str, hasty: bool) -> Block:
        pane, focused = PANES[name], name == scene.state.pane
        width, height = box.width - 2, box.height - 2
        frame, reads = (Same(scene.record), width, height, before_title), pane.reads(scene)
        made = self._panes.get(name)
        if made is None or made.frame != frame or not self._stays(pane, reads, made.reads, hasty):
            title = before_title + pane.title(scene, width - 4 - len(before_title))
            lines = pane.view(scene, width, height)
        elif (made.focused, made.block.box) == (focused, box):
            return made.block
        else:
            reads, title, lines = made.reads, made.title, made.lines
        block = Block(box, bordered(lines, title, box.width, focused))
        self._panes[name] = _DrawnPane(frame, reads, title, lines, focused, block)
        return block

    def _stays(self, pane: Pane, reads: Hashable, before: Hashable, hasty: bool) -> bool:
        """Whether a pane of the same trace and size stays what it is."""
        if reads is not None and reads == before:
            return True
        if hasty and pane.may_wait:
            self.complete = False
            return True
        return False


def _whole(above: list[Line], below: list[Line], width: int, height: int) -> Blocks:
    """A screen of nothing but lines at its top and at its bottom."""
    between: list[Line] = [[]] * (height - len(above) - len(below))
    lines = [fit(line, width) for line in (*above, *between, *below)]
    return {"whole": Block(Box(0, 0, width, height), lines)}

"""A film of the screen as one SVG that moves by itself, in a README as on a slide, without a player or a script.

Each element (a run of text, a rectangle) is there once, however many frames show it; elements that come and go together
are a group, which CSS shows and hides. Who prefers less motion, and a renderer that knows no CSS animation, sees the
last frame.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from .svg import Row, Run, Usual, brief, rectangles, runs_of, texts, usual_of, window

Elements = Callable[[int, Sequence[Run], Usual], Iterator[str]]


class Frame(NamedTuple):
    """The rows of a screen, and for how many seconds they are shown."""

    rows: Sequence[Row]
    seconds: float


def moving_svg(frames: Sequence[Frame], columns: int, title: str) -> str:
    """The frames one after the other, over and over, in a window with that title."""
    drawn = [[runs_of(row) for row in frame.rows] for frame in frames]
    usual = usual_of(drawn[-1])
    ends = list(itertools.accumulate(frame.seconds for frame in frames))
    # Text stands on rectangles, those of other groups too.
    layers = [_groups(drawn, elements, usual) for elements in (rectangles, texts)]
    kinds = {shown: f"m{number}" for number, shown in enumerate(dict.fromkeys(itertools.chain(*layers)))}
    always = tuple(range(len(frames)))
    body = "\n".join(
        "".join(elements) if shown == always else f'<g class="{kinds[shown]}">{"".join(elements)}</g>'
        for groups in layers
        for shown, elements in groups.items()
    )
    style = "".join(_style(name, shown, ends) for shown, name in kinds.items() if shown != always)
    return window(body, (columns, max(map(len, drawn))), title, usual, style)


def _groups(drawn: Sequence[list[list[Run]]], elements: Elements, usual: Usual) -> dict[tuple[int, ...], list[str]]:
    """Elements by the frames that they are in."""
    shown: dict[str, list[int]] = {}
    for number, rows in enumerate(drawn):
        for y, row in enumerate(rows):
            for element in elements(y, row, usual):
                here = shown.setdefault(element, [])
                if not here or here[-1] != number:
                    here.append(number)
    groups: dict[tuple[int, ...], list[str]] = {}
    for element, numbers in shown.items():
        groups.setdefault(tuple(numbers), []).append(element)
    return groups


def _style(name: str, shown: tuple[int, ...], ends: Sequence[float]) -> str:
    """When the group is there; without motion it is if the last frame has it."""
    still = "" if shown[-1] == len(ends) - 1 else f".{name}{{visibility:hidden}}"
    moments = "".join(_moments(shown, ends))
    return (
        f"{still}@media(prefers-reduced-motion:no-preference){{.{name}{{animation:{name} {brief(ends[-1])}s step-end "
        f"infinite}}}}@keyframes {name}{{{moments}}}\n"
    )


def _moments(shown: Iterable[int], ends: Sequence[float]) -> Iterator[str]:
    """Where it comes and where it goes, as shares of the whole film."""
    there, inside = set(shown), None
    for number in range(len(ends)):
        if (number in there) != inside:
            inside = number in there
            share = 100 * (ends[number - 1] if number else 0.0) / ends[-1]
            yield f"{brief(share)}%{{visibility:{'visible' if inside else 'hidden'}}}"

"""Which files are one recording."""

from __future__ import annotations

import glob
import math
import re
from collections.abc import Sequence
from pathlib import Path

from ..core.problems import ExperimentError
from .header import Header
from .joining import goes_on, weights_of
from .overview import Overview, overview

#: Ranks begin together: what starts further apart, in seconds, are two trainings.
_TOGETHER = 600.0
_RANK = re.compile(r"\.rank\d+$")


def grouped(paths: Sequence[Path]) -> list[list[Path]]:
    """The files of one recording each, in the order of their first: ranks, lowest first, then what was resumed.

    What cannot be read stays by itself: who opens it is told why.
    """
    seen: list[tuple[Path, Overview | None]] = [(path, _overview(path)) for path in paths]
    groups: list[list[Overview]] = []
    for view in sorted((view for _, view in seen if view is not None), key=_order):
        group = next((group for group in groups if _beside(group, view) or _behind(group, view)), None)
        if group is None:
            groups.append([view])
        else:
            group.append(view)
    place = {path: index for index, path in enumerate(paths)}
    files = [[view.path for view in group] for group in groups] + [[path] for path, view in seen if view is None]
    return sorted(files, key=lambda group: min(place[path] for path in group))


def with_ranks(path: Path) -> list[Path]:
    """A file and, of rank 0's, those of the other ranks that stand beside it: run.rank1.jsonl beside run.jsonl."""
    if _RANK.search(path.stem) or not path.is_file():
        return [path]
    others = [
        each for each in path.parent.glob(f"{glob.escape(path.stem)}.rank*{path.suffix}") if _RANK.search(each.stem)
    ]
    return [path, *sorted(others, key=lambda each: int(each.stem.rpartition(".rank")[2]))]


def _overview(path: Path) -> Overview | None:
    try:
        return overview(path)
    except (ExperimentError, OSError):
        return None


def _order(view: Overview) -> tuple[int, float]:
    return view.header.rank, _time(view.header)


def _time(header: Header) -> float:
    return header.time if math.isfinite(header.time) else math.inf


def _beside(group: Sequence[Overview], view: Overview) -> bool:
    """Another rank of a training in the group: named so, or started with it."""
    if view.header.ranks < 2:
        return False
    for other in group:
        same = other.header.ranks == view.header.ranks and other.header.shapes == view.header.shapes
        if same and other.header.rank != view.header.rank:
            named = other.path.parent == view.path.parent and _stem(other.path) == _stem(view.path)
            together = abs(_time(other.header) - _time(view.header)) <= _TOGETHER
            if (named or together) and not any(
                _time(third.header) == _time(view.header) and third.header.rank == view.header.rank for third in group
            ):
                return True
    return False


def _stem(path: Path) -> str:
    return _RANK.sub("", path.stem)


def _behind(group: Sequence[Overview], view: Overview) -> bool:
    """What goes on where the last of the group with its rank stopped."""
    before = [other for other in group if other.header.rank == view.header.rank]
    if (
        not before
        or before[-1].header.shapes != view.header.shapes
        or not _time(before[-1].header) < _time(view.header)
    ):
        return False
    last = before[-1]
    return goes_on(
        weights_of(last.first, last.header), weights_of(last.final, last.header), weights_of(view.first, view.header)
    )

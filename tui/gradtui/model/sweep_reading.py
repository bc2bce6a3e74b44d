"""The texts of a plan, read: the sweep of an experiment that they come to, and everything that is wrong with them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from gradtui_engine import Experiment, ExperimentError, Problem, Training
from gradtui_engine.core.allowances import Allowances
from gradtui_engine.core.fields import Rejected, not_allowed
from gradtui_engine.core.message import Message
from gradtui_engine.measures.expression import expression
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.sweep import Sweep

from .sweep_plan import AT_START, OF_CLASSES, TRAINED, Shown

if TYPE_CHECKING:
    from .state import Changes

#: Fields of a training that a sweep's cells do not share with that of Train.
_OWN = ("iterations", "turns")


def axis(text: str) -> Axis:
    """An axis in words. Raises Rejected or ExperimentError."""
    return Axis.parse(text)


def possible(experiment: Experiment, x: str, y: str) -> bool:
    """Whether the experiment can be at the ends of both axes. Raises ExperimentError where it cannot."""
    across, up = axis(x), axis(y)
    for column in (0, len(across.values) - 1):
        for row in (0, len(up.values) - 1):
            given = dict.fromkeys(across.fields, across.values[column]) | dict.fromkeys(up.fields, up.values[row])
            experiment.replace(**{name: value for name, value in given.items() if name not in _OWN})
    return True


def sweep(base: Experiment, shown: Shown, plan: Changes) -> Sweep:
    """The sweep of an experiment. Raises ExperimentError with every problem, by the plan's fields."""
    problems: list[Problem] = []
    axes: dict[str, Axis | None] = {"x": None, "y": None}
    for name, text in (("x", shown.x), ("y", shown.y)):
        if not text and name == "y":
            continue
        try:
            axes[name] = axis(text)
        except Rejected as error:
            problems.append(Problem(name, error.message))
        except ExperimentError as error:
            problems += [Problem(name, problem.message) for problem in error.problems]
    for name, text in (("measure", shown.measure), ("second", shown.second)):
        try:
            if text:
                expression(text)
        except Rejected as error:
            problems.append(Problem(name, error.message))
    seeds: tuple[int, ...] = ()
    try:
        seeds = repeats(shown.repeats)
    except Rejected as error:
        problems.append(Problem("repeats", error.message))
    training = None
    if shown.train:
        fields: dict[str, Any] = {name: value for name, value in plan if name not in _OWN}
        try:
            training = Training(experiment=base, iterations=shown.train, **fields)
        except ExperimentError as error:
            problems += [Problem("train", problem.message) for problem in error.problems]
    x = axes["x"]
    if problems or x is None:
        raise ExperimentError(problems)
    return Sweep(
        base=base, x=x, y=axes["y"], measures=measures(base, shown), training=training, repeats=seeds
    )  # fmt: skip


def measures(base: Experiment, shown: Shown) -> tuple[str, ...]:
    """All that is measured in each cell: what is asked for, and what costs next to nothing beside it."""
    without = () if base.resolved.loss == "cross_entropy" else OF_CLASSES
    usual = [name for name in (TRAINED if shown.train else AT_START) if name not in without]
    asked = [expression(text).text for text in (shown.measure, shown.second) if text]
    return tuple(dict.fromkeys([*usual, *asked]))


_SEEDS = re.compile(r"\s*(\d{1,18})\s*(?:[:-]\s*(\d{1,18})\s*)?")
#: Seeds of one cell, at the most.
_MOST_REPEATS = 99
#: How seeds are written.
SEEDS = Message("seeds with commas between, or from:to, such as 0,1,2 or 0:4; {most} at most", most=_MOST_REPEATS)


def repeats(text: str) -> tuple[int, ...]:
    """Seeds with commas between, or a first and a last one: 0,1,2 or 0:4. Raises Rejected."""
    seeds: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _SEEDS.fullmatch(part)
        if match is None:
            raise not_allowed(repr(text), SEEDS)
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        if last < first or last - first >= _MOST_REPEATS or len(seeds) + last - first >= _MOST_REPEATS:
            raise not_allowed(repr(text), SEEDS)
        seeds += range(first, last + 1)
    return tuple(dict.fromkeys(seeds))


def beyond(sweep: Sweep, allowed: Allowances) -> str:
    """Why a sweep is more than this process may compute, a visitor's say; "" where it is not."""
    cells = math.prod(sweep.shape) * max(len(sweep.repeats), 1)
    if cells > allowed.cells:
        return Message(
            "{count} cells are more than the {most} that are computed here", count=cells, most=int(allowed.cells)
        )
    iterations = 0 if sweep.training is None else cells * sweep.training.iterations
    if iterations > allowed.swept:
        return Message(
            "{count} iterations in all cells are more than the {most} that are trained here",
            count=iterations, most=int(allowed.swept),
        )  # fmt: skip
    return ""

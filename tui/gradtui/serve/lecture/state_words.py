"""A screen in words and back: the arguments of its address by name, and the cursor beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.fields import Rejected
from gradtui_engine.core.options import flag
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.experiment.experiment import options

from ...model.lecture import OPENING
from ...model.state import State
from ...model.timeline import Timeline
from ...share import address
from .link import Words

_FIELDS = {flag(name): name for name in options()}
_ROWS = {row.flag: row.name for row in address.OPTIONS}
_MANY = {row.flag for row in address.rows() if row.many}
_STEP, _STAGE, _UNIT, _ITERATION = "--step", "--stage", "--unit", "--iteration"
_LESSON = ("--lesson", "--lesson-step")


def words(state: State, timeline: Timeline | None) -> Words | None:
    """What followers are told of a state; None of a table or a recording of the presenter's: it is nobody else's."""
    if (
        address.files(state)
        or state.experiment.resolved.data.startswith(PREFIX)
        or str(dict(state.changes).get("data")).startswith(PREFIX)
    ):
        return None
    texts: Words = {}
    rest = address.arguments(state, timeline if state.loaded else None)
    while rest:
        name = rest.pop(0)
        if name in _MANY:
            texts.setdefault(name, []).append(rest.pop(0))
        else:
            texts[name] = rest.pop(0) if rest and not rest[0].startswith("--") else True
    texts.pop(_STEP, None)
    if state.training and state.follows:
        # Followers train as well, and their cursors go along with that. In the story it goes at a pace of its own.
        texts.pop(_ITERATION, None)
    if state.loaded:
        # Of a trace that is on its way nobody knows the steps yet.
        texts[_STEP] = str(state.step + 1)
    return texts


def read(texts: Mapping[str, Any]) -> State | None:
    """The state that words tell of, what only the presenter has left out; None where they make no sense here.

    A lesson of the presenter's own is not to be had by visitors.
    """
    try:
        values = {_FIELDS[name]: options()[_FIELDS[name]].kind.parse(text) for name, text in texts.items()
                  if name in _FIELDS}  # fmt: skip
        experiment = Experiment.from_mapping(values)
        given = {_ROWS[name]: value for name, value in texts.items() if name in _ROWS}
        given[address.B.name] = texts.get(address.B.flag)
        state, _ = address.read(experiment, given)
    except (ExperimentError, Rejected):
        without = {name: value for name, value in texts.items() if name not in _LESSON and value != "lesson"}
        return read(without) if len(without) < len(texts) else None
    step = int(str(texts.get(_STEP, OPENING + 1))) - 1
    stage, unit = texts.get(_STAGE), int(str(texts.get(_UNIT, 1))) - 1
    selected = None if stage is None else int(str(stage))
    return replace(state, step=step, selected=selected, unit=unit, follows=_ITERATION not in texts)

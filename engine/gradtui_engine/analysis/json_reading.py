"""A record out of the JSON document that `json_document` writes: its numbers, and nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.message import Message
from ..core.problems import ExperimentError, Problem
from ..core.spelt import retold
from ..core.text_files import decoded
from ..experiment.experiment import Experiment
from ..experiment.remedies import remedies_for
from ..experiment.resolved import DECIDED_BY_FILE, Resolved
from ..program.program import AXES, Site, place_of, stage_place
from ..run.steps import Phase, Step
from ..theory.prediction import Theory
from .decay import Decay
from .json_document import SCHEMA
from .outcome import KINDS, SEVERITIES, Answer, Outcome
from .record import Arrays, Listed, ParameterNumbers, Source
from .stage_numbers import STAGE_NUMBERS, StageNumbers

#: What `train --json` writes has it.
_TRAINING = "training"


def is_training(written: str, shown: str) -> Message:
    """Why a file that gradtui has written cannot be shown."""
    return Message(
        "is a training, as gradtui {written} writes it; what can be shown is one iteration, as gradtui {shown} writes "
        "it",
        written=written, shown=shown,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Numbers:
    """A record of tier 1: the numbers of one iteration, without arrays and operations."""

    source: Source
    axis: str
    stages: tuple[StageNumbers, ...]
    steps: tuple[Step, ...]
    decay: Decay
    outcome: Outcome
    loss: float | None = None
    theory: Theory | None = None
    parameter_numbers: Mapping[str, ParameterNumbers] = field(default_factory=dict)

    @property
    def arrays(self) -> Arrays | None:
        return None

    @property
    def listed(self) -> Listed | None:
        return None


def read_json(path: Path) -> tuple[Numbers, ...]:
    """The record of a file that `run --json` or an export wrote; of an export of Compare A's and B's.

    Raises ExperimentError with what is wrong with the file.
    """
    file = str(path)
    try:
        document = json.loads(decoded(path.read_bytes()))
    except OSError as error:
        raise _problem(file, Message("cannot be read: {reason}", reason=error.strerror)) from None
    except (ValueError, RecursionError):
        raise _problem(file, Message("is not a JSON document")) from None
    if isinstance(document, dict) and _TRAINING in document:
        raise _problem(file, is_training("train --json", "run --json"))
    sides = [document]
    if isinstance(document, dict) and document.keys() == {"a", "b"}:
        sides = [document["a"], document["b"]]
    try:
        return tuple(
            _record(_numbers(side), file, name if len(sides) > 1 else "")
            for name, side in zip("AB", sides, strict=False)
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise _problem(file, Message("is not what gradtui run --json writes")) from None


def _problem(file: str, message: Message) -> ExperimentError:
    return ExperimentError([Problem(file, message)])


def _numbers(value: Any) -> Any:
    """The document with its non-finite numbers, which stand in it as strings, as numbers again: outside of texts."""
    if isinstance(value, dict):
        return {name: item if name in _TEXTS else _numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return float(value) if value in ("inf", "-inf", "nan") else value


#: What is no number, whatever it looks like.
_TEXTS = (
    "texts", "experiment", "given", "message", "name", "note", "rule", "site", "source", "unknown_parts", "carried",
)  # fmt: skip


def _record(document: Mapping[str, Any], file: str, words: str) -> Numbers:
    """Raises KeyError, TypeError or ValueError for what is no such document."""
    if document["schema"] != SCHEMA or document["axis"] not in AXES or len(document["stages"]) < 2:
        raise ValueError("another schema")
    axis = document["axis"]
    experiment = _experiment(document)
    parameters = {name: ParameterNumbers(**numbers) for name, numbers in document["parameters"].items()}
    resolved = _as_read(experiment, document) if experiment is not None else None
    stages = tuple(_stage(stage, index, axis, parameters) for index, stage in enumerate(document["stages"]))
    profile = document["profile"]
    outcome, theory = (retold(document[name], document.get("texts", {})) for name in ("outcome", "theory"))
    return Numbers(
        Source(experiment, resolved, file, words),
        axis,
        stages,
        tuple(steps_of_stages(axis, stages)),
        Decay(
            running_product=tuple(
                math.nan if (product := stage.running_product) is None else product for stage in stages
            ),
            **profile,
        ),
        _outcome(outcome, axis, experiment, resolved),
        None if document["loss"] is None else float(document["loss"]),
        Theory(factors=tuple(stage.predicted_factor for stage in stages), **theory) if theory is not None else None,
        parameters,
    )


def _experiment(document: Mapping[str, Any]) -> Experiment | None:
    """The experiment as it was given; an older document has only what it came to."""
    given = document.get("given", document["experiment"])
    if given is None:
        return None
    try:
        return Experiment.from_mapping(given)
    except ExperimentError as error:
        raise ValueError(str(error)) from None


def _as_read(experiment: Experiment, document: Mapping[str, Any]) -> Resolved:
    """What the experiment came to, with what its CSV file decided. The file is not read: the document says it."""
    if experiment.resolved.is_complete:
        return experiment.resolved
    try:
        return experiment.replace(**{name: document["experiment"].get(name) for name in DECIDED_BY_FILE}).resolved
    except ExperimentError as error:
        raise ValueError(str(error)) from None


def _stage(
    document: Mapping[str, Any], index: int, axis: str, parameters: Mapping[str, ParameterNumbers]
) -> StageNumbers:
    numbers = {name: _at(document, row.path) for name, row in STAGE_NUMBERS.items() if not row.part}
    norms: dict[str, float] = document["parameters"]
    if norms and numbers["parameter_gradient_norm"] is None:
        numbers["parameter_gradient_norm"] = math.hypot(*norms.values())
    weight = parameters.get(f"layers.{index}.weight")
    if weight is not None and numbers["update_ratio"] is None:
        numbers["update_ratio"] = weight.update_ratio
    # A module's own name is nobody's to translate.
    place = str(document["name"]) if "name" in document else place_of(axis, index)
    layers = tuple(document.get("layer_gradient_norms", ()))
    return StageNumbers.of(
        index, place, numbers, factors=document["factors"], unknown_parts=document.get("unknown_parts", ""),
        layer_gradient_norms=layers, parameters=norms,
    )  # fmt: skip


def _at(document: Mapping[str, Any], path: Sequence[str]) -> float | None:
    place: Any = document
    for name in path:
        place = place.get(name)
        if place is None:
            return None
    return float(place)


def _outcome(
    document: Mapping[str, Any], axis: str, experiment: Experiment | None, resolved: Resolved | None
) -> Outcome:
    """The answers; a document from before there were three has one, which is that of the signal."""
    signal = _answer(document.get("signal", document), "signal", axis)
    step, learning = (
        _answer(document[question], question, axis) if document.get(question) is not None else None
        for question in ("first_step", "learning")
    )
    unhealthy = tuple(answer.kind for answer in (signal, step) if answer is not None and not answer.healthy)
    return Outcome(
        signal=signal,
        ratio=float(document["ratio"]),
        average_factor=float(document["average_factor"]),
        first_step=step,
        learning=learning,
        remedies=remedies_for(experiment, unhealthy, resolved) if experiment is not None else (),
    )


def _answer(document: Mapping[str, Any], question: str, axis: str) -> Answer:
    kind, severity, stage, site = (document[name] for name in ("kind", "severity", "stage", "site"))
    if kind not in KINDS or question not in KINDS[kind].questions or severity not in SEVERITIES:
        raise ValueError("no such outcome")
    if stage is not None and site == stage_place(axis, stage):
        site = stage_place(axis, stage)  # which can be translated
    numbers = {str(name): float(value) for name, value in document.get("numbers", {}).items()}
    return Answer(
        question, kind, severity, site, stage, document["message"], document["rule"], float(document["measured"]),
        numbers, document.get("carried", ""),
    )  # fmt: skip


#: The axes whose stages a Site numbers.
_NUMBERED = {"layer": "layer", "block": "layer", "time": "time"}


def steps_of_stages(axis: str, stages: Sequence[StageNumbers]) -> Iterator[Step]:
    """The steps of a record that has no program, stage by stage: forward, the loss, backward, the update."""
    count = len(stages)

    def site(stage: int) -> Site:
        # Of modules the part alone says where it is: their own name.
        if axis not in _NUMBERED:
            return Site(stages[stage].place)
        where: dict[str, int] = {_NUMBERED[axis]: stage}
        return Site(stages[stage].place, **where, axis=axis)

    rows: list[tuple[Phase, Site, str, int | None, int | None, int | None]] = []
    for stage in range(1, count):
        rows.append((Phase.FORWARD, site(stage), "stage", stage, None, stage))
    rows.append((Phase.LOSS, Site("loss"), "loss", None, None, None))
    rows.append((Phase.BACKWARD, Site("output"), "output", None, count - 1, None))
    for stage in range(count - 1, 0, -1):
        # The gradient of the stage below comes out of this one.
        rows.append((Phase.BACKWARD, site(stage), "stage", stage, stage - 1, None))
    rows.append((Phase.UPDATE, Site("update"), "update", None, None, None))
    for index, (phase, where, operation, number, completes, reaches) in enumerate(rows):
        yield Step(index, phase, where, operation, number, completes, None, reaches)

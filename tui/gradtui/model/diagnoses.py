"""What is wrong with a recorded training: the need, made anew as the recording grows, and where its findings lead."""

from __future__ import annotations

import bisect
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradtui_engine import ExperimentError
from gradtui_engine.analysis.record import Source
from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.finding import Diagnosis, Finding
from gradtui_engine.recordings.recording import open_recording

from .needs import NOTHING, Failed, Known, Need, Watch
from .state import Place, State
from .trainings import HistoryOf, recorded


@dataclass(frozen=True)
class Diagnosed:
    """What was found in so many iterations, and where each finding leads; how long that took, in seconds."""

    diagnosis: Diagnosis
    places: tuple[Place, ...]
    count: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class DiagnosisOf:
    """The diagnosis of a recorded training, once it has so many iterations: looked for anew at a larger count."""

    source: Source
    count: int

    def compute(self, watch: Watch, known: Known = NOTHING) -> Diagnosed | Failed:
        since = time.perf_counter()
        try:
            recording = known.get(HistoryOf(self.source))
            if recording is None:
                recording = open_recording([Path(file) for file in self.source.files])
                recording.refresh()
            diagnosis = diagnose(recording, growing=recording.ended is None)
        except (ExperimentError, MemoryError) as error:
            return Failed.of(error)
        return Diagnosed(diagnosis, places_of(diagnosis, recording), self.count, time.perf_counter() - since)


def needs(state: State) -> tuple[Need, ...]:
    """The diagnosis of a recorded training that is shown, as soon as it is time for one."""
    return (DiagnosisOf(state.recordings[0].whole, state.diagnosed),) if recorded(state) and state.diagnosed else ()


def diagnosed(state: State, results: Mapping[Need, Any]) -> Diagnosed | Failed | None:
    """The latest diagnosis of what is shown; None before the first."""
    if not recorded(state):
        return None
    source = state.recordings[0].whole
    wanted: Diagnosed | Failed | None = results.get(DiagnosisOf(source, state.diagnosed))
    if wanted is not None:
        return wanted
    # The next one is on its way.
    made = [key for key in results if isinstance(key, DiagnosisOf) and key.source == source]
    return results[max(made, key=lambda key: key.count)] if made else None


# -- where they lead -------------------------------------------------------------------------------------------


def places_of(diagnosis: Diagnosis, recording: Any) -> tuple[Place, ...]:
    """Where each finding leads."""
    modules = {row.name: number for number, row in enumerate(recording.header.modules)}
    stages = tuple(stage.place for stage in recording.stages)
    return tuple(_place(finding, modules, stages, tuple(recording.axes)) for finding in diagnosis.findings)


def _place(finding: Finding, modules: Mapping[str, int], stages: Sequence[str], axes: Sequence[str]) -> Place:
    layer = finding.layer
    if layer and layer in axes and finding.kind.endswith("_time"):
        return Place(finding.kind, finding.step, along=layer)
    return Place(finding.kind, finding.step, stage_of(layer, modules, stages) if layer else None)


def stage_of(layer: str, modules: Mapping[str, int], stages: Sequence[str]) -> int | None:
    """The stage that shows a module, or a parameter of one: its own; that of the block that it is in, or of its last
    part; else the last one before it, as what has no weights belongs to what stands before it.
    """
    owner = layer.rpartition(".")[0]
    if layer not in modules and owner and owner in modules:
        layer = owner
    if layer in stages:
        return stages.index(layer)
    around = [number for number, stage in enumerate(stages) if stage and layer.startswith(f"{stage}.")]
    inside = [number for number, stage in enumerate(stages) if stage.startswith(f"{layer}.")]
    if around or inside:
        return max(around, key=lambda number: len(stages[number])) if around else inside[-1]
    if layer not in modules:
        return None
    order = [modules.get(stage, 0) for stage in stages]
    before = bisect.bisect_right(order, modules[layer]) - 1
    return before if before >= 0 else 0 if stages else None

"""What can be taken away from the screen: one row per format, and files that never overwrite another.

Everything here may run in a worker thread: it reads traces and text, and touches neither the screen nor the state.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from gradtui_engine.analysis.json_document import document
from gradtui_engine.analysis.stage_numbers import STAGE_NUMBERS
from gradtui_engine.core.message import English
from gradtui_engine.core.numerics import Array
from gradtui_engine.core.problems import ExperimentError, in_one
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.recordings.json_document import arrays as recorded_arrays
from gradtui_engine.recordings.json_document import document as recording_document
from gradtui_engine.training import archive
from gradtui_engine.training.json_document import document as training_document

from ..text.language import tr
from ..text.summary import resolved_of
from . import sweep_files, training_table

if TYPE_CHECKING:
    from gradtui_engine import StageNumbers, TrainingHistory, TrainingSnapshot
    from gradtui_engine.analysis.record import Record, Source
    from gradtui_engine.experiment.resolved import Resolved
    from gradtui_engine.recordings.snapshot import RecordingSnapshot

    from ..model.sweep_cells import SweepCells

#: Longer file names than this are a nuisance in a listing; the limit of the file system is 255.
_LONGEST = 100


class NotWritten(Exception):
    """A file that could not be written: one line for the person who asked for it."""


@dataclass(frozen=True)
class Material:
    """What there is to write: the record, B's in Compare, and what the app made of its screen (an SVG, a film).

    trainings are A's and B's, by side, in Train: then those are what is written; or recorded, where they were recorded.
    """

    record: Record
    other: Record | None = None
    screen: str = ""
    trainings: Mapping[str, TrainingHistory] = field(default_factory=dict)
    recorded: Mapping[str, RecordingSnapshot] = field(default_factory=dict)
    #: In Sweep the planes of A and B, by side: then those are.
    swept: Mapping[str, SweepCells] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """What of an experiment it is, as a file's name has it."""
        return "-sweep" if self.swept else "-training" if self.trainings or self.recorded else ""

    @property
    def sides(self) -> Mapping[str, Record]:
        """The records by side."""
        return {"a": self.record} if self.other is None else {"a": self.record, "b": self.other}


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    source says what it is made of: the "record", or a "picture" or "film" of the screen.
    """

    id: str
    label: English
    suffix: str
    help: English
    source: str
    write: Callable[[Material, IO[bytes]], None]


# -- the formats -------------------------------------------------------------------------------------------


def _screen(material: Material, file: IO[bytes]) -> None:
    file.write(material.screen.encode())


def _csv(material: Material, file: IO[bytes]) -> None:
    if material.swept:
        file.write(sweep_files.table(material.swept).encode())
        return
    if material.trainings or material.recorded:
        snapshots: dict[str, TrainingSnapshot | RecordingSnapshot] = {
            **{side: history.snapshot() for side, history in material.trainings.items()}, **material.recorded
        }  # fmt: skip
        file.write(training_table.table(snapshots).encode())
        return
    file.write(table(material.record, material.other).encode())


def _json(material: Material, file: IO[bytes]) -> None:
    whole: dict[str, Any]
    if material.swept:
        whole = sweep_files.whole(material.swept)
    elif material.trainings:
        whole = training_document(*material.trainings.values())
    elif material.recorded:
        whole = recording_document(*material.recorded.values())
    else:
        documents = {side: document(record) for side, record in material.sides.items()}
        whole = documents["a"] if material.other is None else documents
    file.write((json.dumps(whole, allow_nan=False) + "\n").encode())


def _npz(material: Material, file: IO[bytes]) -> None:
    """The arrays of `Run.save`; in Compare each name stands under a/ or b/."""
    if material.swept:
        np.savez(file, **sweep_files.arrays(material.swept))  # type: ignore[arg-type]  # as below
        return
    if material.trainings:
        for history in material.trainings.values():
            try:
                archive.refuse_too_large(history.training, history.trainer.stream, "npz")
            except ExperimentError as error:
                raise NotWritten(tr(in_one(error.problems))) from None
        np.savez(file, **dict(archive.of_both(*material.trainings.values())))  # type: ignore[arg-type]
        return
    named: dict[str, Array] = {}
    for side, snapshot in material.recorded.items():
        start = "" if len(material.recorded) == 1 else f"{side}/"
        named |= {f"{start}{name}": array for name, array in recorded_arrays(snapshot)}
    if material.recorded:
        np.savez(file, **named)  # type: ignore[arg-type]  # savez's stub names allow_pickle only
        return
    for side, record in material.sides.items():
        if record.listed is None:
            raise NotWritten(tr("this recording has numbers alone, no arrays: CSV and JSON hold all of it"))
        start = "" if material.other is None else f"{side}/"
        named |= {f"{start}{name}": array for name, array in record.listed.archive()}
    np.savez(file, **named)  # type: ignore[arg-type]  # savez's stub names allow_pickle only


def table(record: Record, other: Record | None = None) -> str:
    """One row per stage as CSV, in full precision; a number that there is not is left empty.

    With a second record its rows follow, and a first column `side` tells them apart: the two need not have the same
    stages. `NAME_gradient_norm` is of a parameter of the layer (over time: of the step's own contribution to it).
    """
    rows = [dict(_row(stage)) for stage in record.stages]
    if other is not None:
        others = [dict(_row(stage)) for stage in other.stages]
        rows = [{"side": "a", **row} for row in rows] + [{"side": "b", **row} for row in others]
    # Not every stage has every column: the input has no weights, the output no factor.
    columns = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    columns.sort(key=_place_of_column)
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


#: The groups of columns, in order; within a group they stand in the order in which stages have them.
_GROUPS = tuple(
    re.compile(pattern)
    for pattern in (
        r"side|index",
        r"gradient_|cell_gradient_norm|layer_\d+_gradient_norm",
        r"factor$|predicted_factor|running_product",
        r"factor_",
        r"activation_(mean|std|saturated|dead)$",
        r"",
    )
)


def _place_of_column(name: str) -> int:
    return next(place for place, pattern in enumerate(_GROUPS) if pattern.match(name))


#: The columns that every stage has, in full or empty. The norms of all parameters together are not among them.
_COLUMNS = tuple(row for row in STAGE_NUMBERS.values() if not row.part and row.when not in ("parameters", "update"))


def _row(stage: StageNumbers) -> Iterator[tuple[str, Any]]:
    yield "index", stage.index
    for row in _COLUMNS:
        yield row.name, row.read(stage)
    for layer, norm in enumerate(stage.layer_gradient_norms, 1):
        yield f"layer_{layer}_gradient_norm", norm
    for part, factor in stage.factors.items():
        yield f"factor_{part}", factor
    for name, norm in _parameters(stage):
        yield f"{name}_gradient_norm", norm


def _parameters(stage: StageNumbers) -> Iterator[tuple[str, float]]:
    """Without the layer's number, or 10,000 layers would be 20,000 columns of one number each."""
    for name, value in stage.parameters.items():
        yield name.removeprefix(f"layers.{stage.index}."), value


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return repr(value) if isinstance(value, int) else repr(float(value))


FORMATS = {
    row.id: row
    for row in (
        Format(
            "svg",
            "picture of the screen",
            ".svg",
            "The screen as it is, as a vector graphic for slides, papers and web pages.",
            "picture",
            _screen,
        ),
        Format(
            "csv",
            "table of the stages",
            ".csv",
            "One row per layer or time step: gradient norms, factors measured and predicted, the running product, "
            "activation statistics, parameter gradients. In Compare a column tells A from B. In Train one row "
            "per iteration, in Sweep one per cell.",
            "record",
            _csv,
        ),
        Format(
            "json",
            "the whole document",
            ".json",
            "Experiment, verdict, theory and every stage as one strict JSON document, as gradtui run --json prints it. "
            "In Compare one each, under a and b. In Train as gradtui train --json, in Sweep as gradtui sweep --json.",
            "record",
            _json,
        ),
        Format(
            "npz",
            "every array",
            ".npz",
            "Inputs, values, gradients and parameters under PyTorch's names, for NumPy. In Compare under a/ and b/. "
            "In Train as gradtui train --save; in Sweep x, y and a plane for each measure.",
            "record",
            _npz,
        ),
        Format(
            "cast",
            "film of the playback",
            ".cast",
            "The playback from the first step to the last, for asciinema players in a terminal or on a web page.",
            "film",
            _screen,
        ),
    )
}


# -- files -------------------------------------------------------------------------------------------------


def slug(source: Source) -> str:
    """A source as a part of a file name: mlp-30x64-sigmoid-xavier_normal-digits-seed0, or the recording's own name."""
    resolved = resolved_of(source)
    joined = "-".join(_words(resolved)) if resolved is not None else PurePath(source.recording).stem
    return re.sub(r"[^a-z0-9._]+", "-", joined.lower()).strip("-.")[:_LONGEST].rstrip("-.")


def _layers(resolved: Resolved) -> str:
    """30x64; of widths that differ 512-256-128, of many the first and the last."""
    widths = [*map(str, resolved.widths)]
    if len(widths) > 4:
        return f"{len(widths)}x{widths[0]}to{widths[-1]}"
    return "-".join(widths) or f"{resolved.depth}x{resolved.width}"


def _words(resolved: Resolved) -> Iterator[str]:
    yield resolved.cell
    if not resolved.kind.over_time:
        yield _layers(resolved)
    elif resolved.steps is None:
        yield str(resolved.width)
    else:
        yield f"{resolved.steps}x{resolved.width}"
    if resolved.kind.chooses_activation:
        yield resolved.activation
    if resolved.norm != "none":
        yield f"{resolved.norm}norm"
    if resolved.residual != "none":
        yield "residual" if resolved.residual in ("add", "scaled") else resolved.residual
    yield resolved.init if resolved.sigma_w is None else f"sigma_w{resolved.sigma_w:g}"
    data = resolved.data
    # A file's folders are nobody's business who gets the export.
    yield Path(data.removeprefix(PREFIX)).stem if data.startswith(PREFIX) else data
    yield f"seed{resolved.seed}"


def path_for(source: Source, suffix: str, folder: Path) -> Path:
    """The first name that is free: gradtui-SLUG.csv, gradtui-SLUG-2.csv …"""
    start = f"gradtui-{slug(source)}"
    names: Iterable[str] = itertools.chain([start], (f"{start}-{number}" for number in itertools.count(2)))
    # lexists: a link that leads nowhere is a taken name, too.
    return next(path for name in names if not os.path.lexists(path := folder / f"{name}{suffix}"))


def write(format: Format, material: Material, folder: Path | None = None) -> Path:
    """Write the file into the folder (the current one), whole or not at all; where it is. Raises NotWritten."""
    folder = Path() if folder is None else folder
    try:
        of_what = material.suffix if format.source == "record" else ""
        path = _claim(material.record.source, of_what + format.suffix, folder)
    except OSError as error:
        raise NotWritten(_reason(folder, error)) from None
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            format.write(material, file)
        draft.replace(path)
    except BaseException as error:
        for written in (draft, path):
            with contextlib.suppress(OSError):
                written.unlink()
        if isinstance(error, OSError):
            raise NotWritten(_reason(path, error)) from None
        raise
    return path


def _claim(source: Source, suffix: str, folder: Path) -> Path:
    """An empty file under a free name, ours from now on: another program that looks for a name finds the next."""
    while True:
        path = path_for(source, suffix, folder)
        with contextlib.suppress(FileExistsError), path.open("xb"):
            return path


def _reason(path: Path, error: OSError) -> str:
    return tr("{path} cannot be written: {reason}", path=str(path.absolute()), reason=error.strerror or str(error))

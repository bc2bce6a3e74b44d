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
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from gradtui_engine.analysis.json_document import document
from gradtui_engine.core.message import English
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.run.npz import arrays

from ..text.language import tr

if TYPE_CHECKING:
    from gradtui_engine import Run, StageNumbers
    from gradtui_engine.experiment.resolved import Resolved

#: Longer file names than this are a nuisance in a listing; the limit of the file system is 255.
_LONGEST = 100


class NotWritten(Exception):
    """A file that could not be written: one line for the person who asked for it."""


@dataclass(frozen=True)
class Material:
    """What there is to write: the trace, B's in Compare, and what the app made of its screen (an SVG, a film)."""

    trace: Run
    other: Run | None = None
    screen: str = ""

    @property
    def sides(self) -> Mapping[str, Run]:
        """The traces by side."""
        return {"a": self.trace} if self.other is None else {"a": self.trace, "b": self.other}


@dataclass(frozen=True, slots=True)
class Format:
    """One format. source says what it is made of: the "trace", or a "picture" or "film" of the screen."""

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
    file.write(table(material.trace, material.other).encode())


def _json(material: Material, file: IO[bytes]) -> None:
    documents = {side: document(trace) for side, trace in material.sides.items()}
    found = documents["a"] if material.other is None else documents
    file.write((json.dumps(found, allow_nan=False) + "\n").encode())


def _npz(material: Material, file: IO[bytes]) -> None:
    """The arrays of `Run.save`; in Compare each name stands under a/ or b/."""
    if material.other is None:
        found = dict(arrays(material.trace.trace))
    else:
        found = {f"{side}/{name}": array for side, each in material.sides.items() for name, array in arrays(each.trace)}
    np.savez(file, **found)  # type: ignore[arg-type]  # savez's stub names allow_pickle only


def table(trace: Run, other: Run | None = None) -> str:
    """One row per stage as CSV, in full precision; a number that there is not is left empty.

    With a second trace its rows follow, and a first column `side` tells them apart: the two need not have the same
    stages. `NAME_gradient_norm` is of a parameter of the layer (over time: of the step's own contribution to it).
    """
    rows = [dict(_row(trace, index)) for index in range(len(trace.stages))]
    if other is not None:
        others = [dict(_row(other, index)) for index in range(len(other.stages))]
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


def _row(trace: Run, index: int) -> Iterator[tuple[str, Any]]:
    stage = trace.stages[index]
    yield "index", index
    yield "gradient_norm", stage.gradient_norm
    yield "gradient_rms", stage.gradient_rms
    yield "cell_gradient_norm", stage.cell_gradient_norm
    for layer, value in enumerate(stage.layer_gradient_norms, 1):
        yield f"layer_{layer}_gradient_norm", value
    yield "factor", stage.factor
    yield "predicted_factor", trace.theory.factors[index]
    yield "running_product", trace.decay.running_product[index]
    for name, value in stage.factors.items():
        yield f"factor_{name}", value
    for name in ("mean", "std", "saturated", "dead"):
        yield f"activation_{name}", getattr(stage.activation, name)
    for name, value in _parameters(stage):
        yield f"{name}_gradient_norm", value


def _parameters(stage: StageNumbers) -> Iterator[tuple[str, float]]:
    """Without the layer's number, or 10,000 layers would be 20,000 columns of one number each."""
    for name, value in stage.parameters.items():
        yield name.removeprefix(f"layers.{stage.index}."), value


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return repr(value) if isinstance(value, int) else repr(float(value))


FORMATS = {
    each.id: each
    for each in (
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
            "activation statistics, parameter gradients. In Compare a column tells A from B.",
            "trace",
            _csv,
        ),
        Format(
            "json",
            "the whole document",
            ".json",
            "Experiment, verdict, theory and every stage as one strict JSON document, as gradtui run --json prints it. "
            "In Compare one each, under a and b.",
            "trace",
            _json,
        ),
        Format(
            "npz",
            "every array",
            ".npz",
            "Inputs, values, gradients and parameters under PyTorch's names, for NumPy. In Compare under a/ and b/.",
            "trace",
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


def slug(resolved: Resolved) -> str:
    """The experiment as a part of a file name: mlp-30x64-sigmoid-xavier_normal-digits-seed0."""
    joined = "-".join(_words(resolved))
    return re.sub(r"[^a-z0-9._]+", "-", joined.lower()).strip("-.")[:_LONGEST].rstrip("-.")


def _words(resolved: Resolved) -> Iterator[str]:
    yield resolved.cell
    if not resolved.kind.over_time:
        yield f"{resolved.depth}x{resolved.width}"
    elif resolved.steps is None:
        yield str(resolved.width)
    else:
        yield f"{resolved.steps}x{resolved.width}"
    if not resolved.kind.gated:
        yield resolved.activation
    if resolved.norm != "none":
        yield f"{resolved.norm}norm"
    if resolved.residual != "none":
        yield "residual"
    yield resolved.init if resolved.sigma_w is None else f"sigma_w{resolved.sigma_w:g}"
    data = resolved.data
    # A file's folders are nobody's business who gets the export.
    yield Path(data.removeprefix(PREFIX)).stem if data.startswith(PREFIX) else data
    yield f"seed{resolved.seed}"


def path_for(resolved: Resolved, suffix: str, folder: Path) -> Path:
    """The first name that is free: gradtui-SLUG.csv, gradtui-SLUG-2.csv …"""
    start = f"gradtui-{slug(resolved)}"
    names: Iterable[str] = itertools.chain([start], (f"{start}-{number}" for number in itertools.count(2)))
    # lexists: a link that leads nowhere is a taken name, too.
    return next(path for name in names if not os.path.lexists(path := folder / f"{name}{suffix}"))


def write(format: Format, material: Material, folder: Path | None = None) -> Path:
    """Write the file into the folder (the current one), whole or not at all; where it is. Raises NotWritten."""
    folder = Path() if folder is None else folder
    try:
        path = _claim(material.trace.resolved, format.suffix, folder)
    except OSError as error:
        raise NotWritten(_reason(folder, error)) from None
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            format.write(material, file)
        draft.replace(path)
    except BaseException as error:
        for each in (draft, path):
            with contextlib.suppress(OSError):
                each.unlink()
        if isinstance(error, OSError):
            raise NotWritten(_reason(path, error)) from None
        raise
    return path


def _claim(resolved: Resolved, suffix: str, folder: Path) -> Path:
    """An empty file under a free name, ours from now on: another program that looks for a name finds the next."""
    while True:
        path = path_for(resolved, suffix, folder)
        with contextlib.suppress(FileExistsError), path.open("xb"):
            return path


def _reason(path: Path, error: OSError) -> str:
    return tr("{path} cannot be written: {reason}", path=str(path.absolute()), reason=error.strerror or str(error))

"""A run out of the archive that `run --save` wrote, with every tier: its arrays as they were saved, analysed again."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..core.message import Message
from ..core.numerics import Array
from ..core.problems import ExperimentError, Problem
from ..core.progress import Watch, part
from ..experiment.experiment import Experiment
from ..run.network import rebuilt
from ..run.saved import Mismatch, Saved
from .json_reading import is_training
from .run import Run

#: What a broken, truncated or foreign archive can make of NumPy and of what reads it here.
_FAULTS = (KeyError, TypeError, ValueError, EOFError, MemoryError, AttributeError, zipfile.BadZipFile, zlib.error)
#: What `train --save` writes has it.
_TRAINING = "training"
#: The share of putting the trace back, for who watches; the rest is its analysis.
_PUT_BACK = 0.5


def read_npz(path: Path, watch: Watch | None = None) -> tuple[Run, ...]:
    """The run of a file that `run --save` or an export wrote; of an export of Compare A's and B's.

    Nothing is drawn and no data file is read. Raises ExperimentError with what is wrong with the file.
    """
    file = str(path)
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            if _TRAINING in archive:
                raise _problem(file, is_training("train --save", "run --save"))
            sides = {"a/": "A", "b/": "B"} if "a/experiment" in archive else {"": ""}
            return tuple(_run(_under(archive, prefix), file, words, watch) for prefix, words in sides.items())
    except OSError as error:
        raise _problem(file, Message("cannot be read: {reason}", reason=error.strerror or str(error))) from None
    except Mismatch as mismatch:
        raise _problem(file, mismatch.args[0]) from None
    except ExperimentError as error:
        raise ExperimentError([Problem(file, problem.message) for problem in error.problems]) from None
    except _FAULTS:
        raise _problem(file, Message("is not what gradtui run --save writes")) from None


def _problem(file: str, message: str) -> ExperimentError:
    return ExperimentError([Problem(file, message)])


def _run(arrays: Mapping[str, Array], file: str, words: str, watch: Watch | None) -> Run:
    """Raises ExperimentError, Mismatch, and of _FAULTS what the arrays of another program bring."""
    if "experiment" not in arrays:
        raise ExperimentError(
            [Problem(file, Message("has no experiment: an older gradtui or another program wrote it"))]
        )
    text = json.loads(str(arrays["experiment"]))
    experiment = Experiment.from_mapping(text["given"])
    parameters, gradients = (_under(arrays, prefix) for prefix in ("param/", "grad/"))
    network = rebuilt(experiment, text["loss"], arrays["input"], arrays["target"], parameters, arrays)
    states = {f"{name[1:]}": array for name, array in arrays.items() if name.startswith("d")}
    missing = [f"d{name}" for name in network.program.stages if f"d{name}" not in arrays]
    missing += [f"grad/{name}" for name in parameters if name not in gradients]
    if missing:
        raise Mismatch(Message("{name} is missing", name=missing[0]))
    trace = network.run(part(watch, 0.0, _PUT_BACK), Saved(arrays, states, gradients))
    return Run.of(trace, part(watch, _PUT_BACK, 1.0), recording=file, words=words)


def _under(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """The arrays under a prefix, without it."""
    return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}

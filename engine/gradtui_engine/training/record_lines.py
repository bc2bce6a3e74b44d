"""A training as lines of JSON, written while it goes on: the format in which training programs elsewhere are recorded.

One object a line, each written by one call, so that a file whose writer was killed is whole up to its last line. The
first is the run (`k` "run"), then a `step` for each iteration that is recorded, and an `end`; what a reader does not
know it passes over. A number that is not finite is "inf", "-inf" or "nan"; one that is not known is null.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from ..analysis.json_document import strict
from ..core.numerics import Array, norm
from ..program.slots import GATES, HIDDEN, Slot, Span
from .history import TrainingHistory

#: Of the format.
SCHEMA = 1
#: From so many bytes on every second step is left out, and at the most there are so many.
THINNED, MOST = 32 * 2**20, 256 * 2**20
#: All gates of a cell as one array, and all of its states.
_GATES, _STATES = Slot(GATES, time=Span()).name, Slot(HIDDEN, Span()).name
_OUTPUT = "output"


class Recorder:
    """The file of one training's lines. Raises OSError where it cannot be opened.

    Where a line cannot be written (a full disk) the record ends: `failure` has the error, and the training goes on.
    """

    def __init__(self, path: str | Path, history: TrainingHistory, command: str) -> None:
        self.path = Path(path)
        self.failure: OSError | None = None
        self._history, self._trainer = history, history.trainer
        self._file: int | None = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        self._bytes, self._every, self._thinned = 0, 1, THINNED
        self._skipped: list[list[float]] = []
        self._start = self._last = time.monotonic()
        self._names = list(self._trainer.network.parameters)
        self._before = {name: array.copy() for name, array in self._trainer.network.parameters.items()}
        self._own = 0.0
        #: The norms of this iteration's parameter gradients by name: before clipping, and after it.
        self._gradients: list[dict[str, float]] = []
        self._trainer.listener = self._listen
        self._write(self._header(command))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- lines ---------------------------------------------------------------------------------------------

    def step(self) -> None:
        """The iteration that was trained last."""
        if self._file is None:
            return
        now, k = time.monotonic(), self._trainer.k - 1
        columns = self._trainer.columns.read()
        loss = float(columns["loss"][k])
        due = k % self._every == 0 or self._history.done
        if due:
            with np.errstate(all="ignore"):
                line = self._step(k, columns) | {"t": now - self._start, "own": self._own, "dt": now - self._last}
            self._skipped = []
            self._write(line)
        else:
            self._skipped.append([k, loss])
        # By what the next update changes the weights is seen beside what they are now.
        for name, array in self._trainer.live.parameters.items():
            self._before[name][...] = array
        self._gradients = []
        self._last = time.monotonic()
        self._own = self._last - now
        if self._bytes > self._thinned:
            self._every, self._thinned = 2 * self._every, 2 * self._thinned
            self._write({"k": "note", "n": k, "text": f"from here on every {self._every}th step: the file is large"})
        if self._bytes > MOST:
            self.end("size")

    def _listen(self, gradients: Mapping[str, Array]) -> None:
        self._gradients.append({name: norm(gradient) for name, gradient in gradients.items()})

    def end(self, why: str) -> None:
        """The last line: why there are no more ("done", "diverged", "interrupted", "size")."""
        answer = self._history.outcome
        verdict = None if answer is None else {"kind": answer.kind, "site": answer.site, "message": answer.message}
        self._write({"k": "end", "n": self._trainer.k, "why": why, "ring": self._skipped, "outcome": verdict})
        self.close()

    def close(self) -> None:
        self._trainer.listener = None
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        data = (json.dumps(strict(line), allow_nan=False, separators=(",", ":")) + "\n").encode()
        try:
            written = os.write(self._file, data)
            while written < len(data):  # a disk that has just become full, or a pipe
                written += os.write(self._file, data[written:])
        except OSError as error:
            self.failure = error
            self.close()
        self._bytes += len(data)

    # -- what they hold ------------------------------------------------------------------------------------

    def _header(self, command: str) -> dict[str, Any]:
        trainer = self._trainer
        network, resolved = trainer.network, trainer.network.resolved
        training = self._history.training
        return {
            "k": "run",
            "schema": SCHEMA,
            "torch": None,
            "time": time.time(),
            "modules": self._modules(),
            "params": [
                [name, list(array.shape), str(array.dtype), True, 0] for name, array in network.parameters.items()
            ],
            "tied": [],
            "symmetric": [name for name, array in network.parameters.items() if _symmetric(array)],
            "opt": [[resolved.optimizer, resolved.learning_rate]],
            "rank": [0, 1],
            "compiled": False,
            "command": command,
            "fields": {
                "experiment": training.experiment.to_document(resolved),
                "given": training.experiment.given(),
                "training": training.to_document(),
                "guess": self._history.guess,
            },
        }

    def _modules(self) -> list[list[str]]:
        """Each with its class: the layers, or the one cell, and the output layer, under their parameters' names."""
        trainer = self._trainer
        if trainer.program.axis == "time":
            name = next(iter(trainer.network.parameters)).partition(".")[0]
            return [[name, trainer.network.resolved.cell.upper()], [_OUTPUT, "Linear"]]
        stages = len(trainer.program.stages)
        return [*([f"layers.{stage}", "Linear"] for stage in range(1, stages)), [_OUTPUT, "Linear"]]

    def _step(self, k: int, columns: Mapping[str, Array]) -> dict[str, Any]:
        trainer, live = self._trainer, self._trainer.live
        before, after = (norm(np.array([*each.values()])) for each in (self._gradients[0], self._gradients[-1]))
        line: dict[str, Any] = {
            "k": "step",
            "n": k,
            "loss": float(columns["loss"][k]),
            "ring": self._skipped,
            "mb": 1,
            "lr": [float(columns["learning_rate"][k])],
            "gn": [before, after],
            "scale": None,
            "skipped": False,
            "stale": [],
            "a": list(self._activations(k, columns)),
            "p": [
                [
                    index,
                    self._gradients[-1][name],
                    norm(self._before[name]),
                    float(columns["update_ratio"][k, index]),
                    float(np.mean(live.parameters[name] == self._before[name])),
                ]
                for index, name in enumerate(self._names)
            ],
        }
        if trainer.program.axis == "time":
            line["seq"] = [self._sequence(k, columns)]
        return line

    def _activations(self, k: int, columns: Mapping[str, Array]) -> Iterator[Sequence[Any]]:
        """[module, call, mean, rms, min, max, off, saturated, gradient, zero]: of a cell each time step is a call."""
        live, over_time = self._trainer.live, self._trainer.program.axis == "time"
        states, gradients = live.values[_STATES], live.gradients
        stages = live.program.stages
        for stage in range(1, len(stages)):
            state = states[stage - len(stages)]
            yield [
                *((0, stage - 1) if over_time else (stage - 1, 0)),
                *_statistics(state),
                float(columns["dead"][k, stage]),
                float(columns["saturated"][k, stage]),
                10.0 ** float(columns["gradient"][k, stage]),
                _zero(gradients.get(stages[stage])),
            ]
        module = 1 if over_time else len(stages) - 1
        gradient = gradients.get(_OUTPUT)
        size = None if gradient is None else norm(gradient)
        yield [module, 0, *_statistics(live.values[_OUTPUT]), None, None, size, _zero(gradient)]

    def _sequence(self, k: int, columns: Mapping[str, Array]) -> dict[str, Any]:
        """The gradient's norm at every time step, from the initial state on, and each gate's mean, by its letter."""
        layer: dict[str, Any] = {"h": (10.0 ** columns["gradient"][k]).tolist()}
        if "cell_gradient" in columns:
            layer["c"] = (10.0 ** columns["cell_gradient"][k]).tolist()
        if "gates" in columns:
            for gate, means in zip(self._trainer.network.resolved.kind.gates, columns["gates"][k], strict=True):
                layer[gate.letter] = means.tolist()
        # Of a stacked cell the highest layer is the one whose states are the stages.
        layers = int(self._trainer.network.resolved.layers or 1)
        size = self._trainer.stream.size
        return {"m": 0, "of": [size, size], "l": [*({} for _ in range(layers - 1)), layer], "check": None}


def _statistics(values: Array) -> tuple[float, float, float, float]:
    """Mean, root of the mean square, smallest and largest."""
    return (
        float(values.mean()), norm(values) / float(values.size) ** 0.5, float(values.min()), float(values.max()),
    )  # fmt: skip


def _zero(gradient: Array | None) -> float | None:
    """The share of numbers that are exactly 0."""
    return None if gradient is None else float(np.mean(gradient == 0))


def _symmetric(array: Array) -> bool:
    """Whether all rows of a matrix are equal: no update can ever tell its units apart."""
    return array.ndim == 2 and len(array) > 1 and bool((array == array[0]).all())

"""A training as lines of JSON, written while it goes on: the format in which training programs elsewhere are recorded.

See `gradtui_recorder.schema`. Numbers have all of their digits, and the last line says what became of the training.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from gradtui_recorder.schema import A_COLUMNS, MOST, P_COLUMNS, SCHEMA, SYMMETRY_AGAIN, THINNED

from ..analysis.json_document import strict
from ..core.numerics import Array, norm
from ..experiment.pytorch_names import CELLS, OPTIMISERS
from ..experiment.resolved import RATES_OF_LAYERS
from ..program.slots import GATES, Slot, Span
from .history import TrainingHistory

#: All gates of a cell as one array.
_GATES = Slot(GATES, time=Span()).name
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
        self._lines = 0
        self._symmetric = [name for name, array in self._trainer.network.parameters.items() if _symmetric(array)]
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
                line = {"k": "step", "n": k, "t": time.time(), "dt": now - self._last, "own": self._own}
                line |= self._step(k, columns)
            if self._lines == SYMMETRY_AGAIN:
                line["symmetric"] = [name for name in self._symmetric if _symmetric(self._before[name])]
            self._skipped = []
            self._lines += 1
            self._write(line)
        else:
            self._skipped.append([k, loss])
        # By what the next update changes the weights is seen beside what they are now.
        for name, array in self._trainer.live.parameters.items():
            self._before[name][...] = array
        self._gradients = []
        self._last = time.monotonic()
        self._own += self._last - now
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
        wall = time.monotonic() - self._start
        self._write(
            {"k": "end", "n": self._trainer.k, "why": why, "own": self._own, "wall": wall, "ring": self._skipped}
            | {"outcome": verdict}
        )
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
            "id": secrets.token_hex(8),
            "torch": None,
            "time": time.time(),
            "rank": [0, 1],
            "compiled": False,
            "command": command,
            "modules": self._modules(),
            "params": [
                [name, list(array.shape), str(array.dtype), True, 0] for name, array in network.parameters.items()
            ],
            "tied": [],
            "symmetric": self._symmetric,
            "opt": [self._optimizer()],
            "fields": {
                "a": list(A_COLUMNS),
                "p": list(P_COLUMNS),
                "experiment": training.experiment.to_document(resolved),
                "given": training.experiment.given(),
                "training": training.to_document(),
                "guess": self._history.guess,
            },
        }

    def _optimizer(self) -> dict[str, Any]:
        resolved = self._trainer.network.resolved
        name, more = OPTIMISERS[resolved.optimizer]
        row = {"name": name, "lr": resolved.learning_rate, "weight_decay": resolved.weight_decay}
        return row | {"momentum": resolved.momentum, "nesterov": "nesterov" in more} if more else row

    def _modules(self) -> list[list[Any]]:
        """The layers, or the one cell, and the output layer, under their parameters' names."""
        trainer = self._trainer
        width, parameters = trainer.network.resolved.width, trainer.network.parameters
        outputs = trainer.program.slots[_OUTPUT].shape[-1]
        state = trainer.program.slots[trainer.program.stages[-1]]
        output = _linear(_OUTPUT, int(state.shape[-1]), outputs)
        if trainer.program.axis == "time":
            cell = trainer.network.resolved.cell
            name = next(iter(parameters)).partition(".")[0]
            settings = {
                "input_size": trainer.program.slots[trainer.program.input].shape[-1],
                "hidden_size": width,
                "num_layers": int(trainer.network.resolved.layers or 1),
            }
            return [[name, cell.upper(), CELLS.get(cell, "").rpartition(".")[2], settings], output]
        stages = len(trainer.program.stages)
        widths = [int(trainer.program.slots[name].shape[-1]) for name in trainer.program.stages]
        return [
            *(_linear(f"layers.{stage}", widths[stage - 1], widths[stage]) for stage in range(1, stages)),
            output,
        ]

    def _rates_of_layers(self, k: int) -> list[float]:
        """Of the layers that have a rate of their own: groups of the optimiser."""
        resolved = self._history.training.update_at(k)
        rates = (getattr(resolved, field) for field in RATES_OF_LAYERS.values())
        return [rate for rate in rates if rate is not None]

    def _step(self, k: int, columns: Mapping[str, Array]) -> dict[str, Any]:
        trainer, live = self._trainer, self._trainer.live
        before, after = (norm(np.array([*each.values()])) for each in (self._gradients[0], self._gradients[-1]))
        line: dict[str, Any] = {
            "loss": float(columns["loss"][k]),
            "ring": self._skipped,
            "mb": 1,
            "o": [0],
            "lr": [float(columns["learning_rate"][k]), *self._rates_of_layers(k)],
            "gn": [before, after],
            "scale": None,
            "skipped": False,
            "stale": False,
            "half": None,
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
        gradients = live.gradients
        stages = live.program.stages
        for stage in range(1, len(stages)):
            state = live.values[stages[stage]]
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
        # Of a stacked cell the highest layer is the one whose states are the stages.
        top = int(self._trainer.network.resolved.layers or 1) - 1
        layer: dict[str, Any] = {"layer": top, "reverse": False, "h": (10.0 ** columns["gradient"][k]).tolist()}
        if "cell_gradient" in columns:
            layer["c"] = (10.0 ** columns["cell_gradient"][k]).tolist()
        if "gates" in columns:
            for gate, means in zip(self._trainer.network.resolved.kind.gates, columns["gates"][k], strict=True):
                layer[gate.letter] = means.tolist()
        size = self._trainer.stream.size
        return {"m": 0, "of": [size, size], "l": [layer], "check": None}


def _linear(name: str, inputs: int, outputs: int) -> list[Any]:
    return [name, "Linear", "Linear", {"in_features": inputs, "out_features": outputs}]


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

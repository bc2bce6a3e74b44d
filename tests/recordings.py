"""Lines of records, as the recorder writes them, made without torch: what a test is about is overridden.

run(mlp_lines(layers=4, steps=6, at={(2, "layers.1"): {"grad": "nan"}}))
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradtui_engine.recordings.recording import Recording
from gradtui_recorder.schema import A_COLUMNS, P_COLUMNS, SCHEMA

Line = dict[str, Any]
#: (step, module's or parameter's name) → what is other there, by the names of the columns; step None: at every one.
At = Mapping[tuple[int | None, str], Mapping[str, Any]]


def run_line(modules: Sequence[Sequence[Any]], parameters: Sequence[tuple[str, Sequence[int]]], **other: Any) -> Line:
    """The first line; parameters are (name, shape). Other fields as in the schema."""
    return {
        "k": "run", "schema": SCHEMA, "id": "0", "torch": "2.13.0", "time": 1.8e9, "rank": [0, 1], "compiled": False,
        "script": "train.py", "modules": [[*row, *(row[-1], {})[: 4 - len(row)]] for row in modules],
        "params": [[name, list(shape), "float32", True, 0] for name, shape in parameters], "tied": [], "symmetric": [],
        "opt": [{"name": "SGD", "lr": 0.1}], "fields": {"a": list(A_COLUMNS), "p": list(P_COLUMNS)},
    } | other  # fmt: skip


def step_line(n: int, calls: Sequence[tuple[int, int]], parameters: int, loss: Any = 1.0, **other: Any) -> Line:
    """A step of a healthy training: calls are (module's index, call)."""
    return {
        "k": "step", "n": n, "t": 1.8e9 + n, "dt": 0.01, "own": 0.001 * n, "loss": loss, "ring": [],
        "root": "MseLossBackward0", "mb": 1, "o": [0], "lr": [0.1], "gn": [1.0, 1.0], "scale": None, "skipped": False,
        "stale": False, "half": None, "x": [0.0, 1.0, -3.0, 3.0],
        "a": [[module, call, 0.1, 1.0, -2.0, 2.0, None, None, 0.5, None] for module, call in calls],
        "p": [[index, 0.1, 2.0, 1e-3, None] for index in range(parameters)],
    } | other  # fmt: skip


def mlp_lines(
    layers: int = 3, steps: int = 4, *, activation: str = "ReLU", at: At | None = None, header: Line | None = None,
    every: int = 1, end: str | None = "closed", **other: Any,
) -> list[Line]:  # fmt: skip
    """A healthy MLP, "layers.0" … Linear, each but the last followed by "acts.0" …, 8 wide, whose loss falls.

    at overrides columns of modules and parameters, header fields of the first line, other those of every step line
    (a list: one for each). every: how many steps lie between two lines; the losses between are in the ring.
    """
    modules, parameters = [], []
    for layer in range(layers):
        modules.append([f"layers.{layer}", "Linear", "Linear", {"in_features": 8, "out_features": 8}])
        parameters += [(f"layers.{layer}.weight", (8, 8)), (f"layers.{layer}.bias", (8,))]
        if layer < layers - 1:
            modules.append([f"acts.{layer}", activation])
    calls = [(index, 0) for index in range(len(modules))]
    shares = {"off": 0.1} if activation == "ReLU" else {"sat": 0.1}
    functions = {(None, f"acts.{layer}"): shares for layer in range(layers - 1)}
    lines = [run_line(modules, parameters, **(header or {}))]
    for count in range(steps):
        n = count * every
        mine = {key: value[count] if isinstance(value, list) else value for key, value in other.items()}
        ring = [[k, _loss(k)] for k in range(n - every + 1, n)] if count else []
        lines.append(step_line(n, calls, len(parameters), **({"loss": _loss(n), "ring": ring} | mine)))
    _override(lines, {**functions, **(at or {})})
    if end is not None:
        lines.append({"k": "end", "n": steps * every, "why": end, "own": 0.1, "wall": 10.0})
    return lines


def _loss(step: int) -> float:
    return round(2.0 * 0.97**step, 5)


def lstm_lines(
    steps: int = 4, times: int = 5, layers: int = 1, *, bidirectional: bool = False, factor: float = 0.8,
    at: At | None = None, end: str | None = "closed", **other: Any,
) -> list[Line]:  # fmt: skip
    """An LSTM "lstm" and a Linear "head"; ‖∂L/∂h_t‖ and ‖∂L/∂c_t‖ are factor^(T − t)."""
    modules = [["lstm", "LSTM", "LSTM", {"input_size": 4, "hidden_size": 8, "num_layers": layers}], ["head", "Linear"]]
    parameters = [(f"lstm.weight_hh_l{layer}", (32, 8)) for layer in range(layers)] + [("head.weight", (2, 8))]
    gradients = [factor ** (times - t) for t in range(times + 1)]
    directions = (False, True) if bidirectional else (False,)
    entries = [
        {"layer": layer, "reverse": reverse, "h": gradients, "c": gradients} | {gate: [0.5] * times for gate in "ifgo"}
        for layer in range(layers)
        for reverse in directions
    ]
    sequence = {"m": 0, "of": [16, 64], "l": entries, "check": 1e-7}
    lines = [run_line(modules, parameters)]
    for n in range(steps):
        mine = {key: value[n] if isinstance(value, list) else value for key, value in other.items()}
        lines.append(step_line(n, [(0, 0), (1, 0)], len(parameters), **({"loss": _loss(n), "seq": [sequence]} | mine)))
    _override(lines, at or {})
    if end is not None:
        lines.append({"k": "end", "n": steps, "why": end, "own": 0.1, "wall": 10.0})
    return lines


def _override(lines: Sequence[Line], at: At) -> None:
    modules, parameters = ([row[0] for row in lines[0][kind]] for kind in ("modules", "params"))
    for (step, name), numbers in at.items():
        kind, names, columns = ("a", modules, A_COLUMNS) if name in modules else ("p", parameters, P_COLUMNS)
        index = names.index(name)
        for line in lines[1:]:
            if line["k"] == "step" and step in (None, line["n"]):
                for row in line[kind]:
                    if row[0] == index:
                        for column, value in numbers.items():
                            row[columns.index(column)] = value


def recorded(lines: Iterable[Line]) -> Recording:
    return Recording.of_lines(lines)


def written(lines: Iterable[Line], path: Path) -> Path:
    """The file of these lines."""
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), encoding="utf-8")
    return path

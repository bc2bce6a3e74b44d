"""The lines that the ranks of a distributed training wrote of one step, as one line.

Losses and shares are averaged. The gradients of a parameter are the same on every rank where they were exchanged before
the step (DDP); where each rank has a part of the parameter (FSDP), whose norms differ, the norm of the whole is the
root of the sum of the squares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradtui_recorder.schema import A_COLUMNS, P_COLUMNS

from .header import number

#: Norms that differ by less are the same on every rank: they are written with five digits, and sums differ in the last.
_SAME = 1e-3
Combine = Callable[[Sequence[float]], float]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _root_mean_square(values: Sequence[float]) -> float:
    return math.hypot(*values) / math.sqrt(len(values))


def _norm(values: Sequence[float]) -> float:
    return math.hypot(*values)


def _first(values: Sequence[float]) -> float:
    return values[0]


#: Of a unit that is off on every rank each of them has one that is off: no more can be than on the one with the least.
_OF_CALLS: dict[str, Combine] = {
    "mean": _mean, "rms": _root_mean_square, "min": min, "max": max, "off": min, "sat": _mean,
    "grad": _root_mean_square, "zero": _mean,
}  # fmt: skip


def merged(lines: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """One line of several, the first rank's first; what no rule is for is the first's."""
    if len(lines) == 1:
        return lines[0]
    sharded = _sharded(lines)
    whole = _norm if sharded else _first
    of_parameters: dict[str, Combine] = {"grad": whole, "weight": whole, "update": _mean, "still": _mean}
    line = dict(lines[0])
    line["loss"] = _together([each.get("loss") for each in lines], _mean)
    line["own"] = _together([each.get("own") for each in lines], max)
    gradients = [gradient for each in lines if isinstance(gradient := each.get("gn"), list) and len(gradient) == 2]
    if gradients:
        line["gn"] = [_together([gradient[side] for gradient in gradients], whole) for side in (0, 1)]
    for name in ("skipped", "stale"):
        line[name] = any(each.get(name) is True for each in lines)
    line["a"] = _rows([each.get("a") for each in lines], 2, A_COLUMNS, _OF_CALLS)
    line["p"] = _rows([each.get("p") for each in lines], 1, P_COLUMNS, of_parameters)
    line["ring"] = _ring([each.get("ring") for each in lines])
    return line


def _sharded(lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the ranks have different weights: each a part of them."""
    weights: dict[Any, list[float]] = {}
    for line in lines:
        for row in _lists(line.get("p")):
            if len(row) > 2 and isinstance(row[0], int):
                weights.setdefault(row[0], []).append(number(row[2]))
    return any(max(norms) - min(norms) > _SAME * max(norms) for norms in weights.values())


def _together(values: Sequence[Any], combine: Combine) -> Any:
    """What is known of the values, combined; "nan" where one of them is none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if any(value == "nan" or value != value for value in known):
        return "nan"
    return combine([number(value) for value in known])


def _rows(
    families: Sequence[Any], keys: int, columns: Sequence[str], combine: Mapping[str, Combine]
) -> list[list[Any]]:
    by_key: dict[tuple[Any, ...], list[list[Any]]] = {}
    for rows in families:
        for row in _lists(rows):
            if all(isinstance(key, int) for key in row[:keys]):
                by_key.setdefault(tuple(row[:keys]), []).append(row)
    return [
        [
            *key,
            *(
                _together([row[place] for row in rows if len(row) > place], combine[name])
                for place, name in enumerate(columns[keys:], keys)
            ),
        ]
        for key, rows in by_key.items()
    ]


def _ring(rings: Sequence[Any]) -> list[list[Any]]:
    """The losses between two lines, of every step the mean."""
    by_step: dict[int, list[Any]] = {}
    for ring in rings:
        for pair in _lists(ring):
            if len(pair) == 2 and isinstance(pair[0], int):
                by_step.setdefault(pair[0], []).append(pair[1])
    return [[step, _together(losses, _mean)] for step, losses in sorted(by_step.items())]


def _lists(value: Any) -> list[list[Any]]:
    return [row for row in value if isinstance(row, list) and row] if isinstance(value, list) else []

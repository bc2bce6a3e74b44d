"""Lines as a recorder writes them (see gradtui_recorder.schema), of what another tool knows: the rest is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradtui_recorder.schema import A_COLUMNS, P_COLUMNS, SCHEMA, written

Line = dict[str, Any]


def run_line(
    parameters: Iterable[tuple[str, Sequence[int], str]],
    modules: Iterable[str] = (),
    tied: Iterable[Sequence[str]] = (),
    optimizers: Iterable[Mapping[str, Any]] = (),
    time: float | None = None,
) -> Line:
    """Of parameters their names, shapes and types; of modules the names."""
    return {
        "k": "run", "schema": SCHEMA, "id": "", "torch": None, "time": time, "rank": [0, 1], "compiled": False,
        "modules": [[name, "", "", {}] for name in modules],
        "params": [[name, list(shape), dtype, True, None] for name, shape, dtype in parameters],
        "tied": [list(names) for names in tied], "symmetric": [], "opt": list(optimizers),
        "fields": {"a": list(A_COLUMNS), "p": list(P_COLUMNS)},
    }  # fmt: skip


def note_line(text: str) -> Line:
    return {"k": "note", "n": None, "text": text, "module": None}


def step_line(n: int, norms: Iterable[tuple[int, float | None, float | None]], **known: Any) -> Line:
    """norms: index of a parameter, norm of its gradient, and its own."""
    rows = [[index, written(gradient), written(weight), None, None] for index, gradient, weight in norms]
    return {"k": "step", "n": n, "loss": None, "ring": [], "a": [], "p": rows} | known


def end_line(n: int) -> Line:
    """What is read once, and not followed: what is asked of a whole training is asked of it."""
    return {"k": "end", "n": n, "why": "closed", "own": None, "wall": None}

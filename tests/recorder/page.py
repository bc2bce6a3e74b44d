"""The Python of docs/real-runs.md, taken from the page and run, with the recorder and without it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch

import gradtui
from gradtui_recorder.schema import A_COLUMNS, P_COLUMNS
from tests.tooling import ROOT

PAGE = (ROOT / "docs" / "real-runs.md").read_text(encoding="utf-8")
#: Of a parameter that learns: what every step that is looked at tells of it. Of a module's output likewise.
_OF_PARAMETERS, _OF_OUTPUTS = ("grad", "weight", "update"), ("mean", "rms", "min", "max", "grad")

Line = dict[str, Any]


def code_under(heading: str) -> str:
    """The first block of Python behind these words in bold or in a heading."""
    _, rest = re.split(rf"\*\*{re.escape(heading)}\.\*\*|^## {re.escape(heading)}$", PAGE, flags=re.MULTILINE)
    match = re.search(r"^```python\n(.*?)^```", rest, re.DOTALL | re.MULTILINE)
    assert match is not None
    return match[1]


class Silent:
    """What `gradtui.watch` gives where nothing is recorded."""

    def __init__(self, *given: object, **more: object) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@contextmanager
def unwatched() -> Iterator[None]:
    watch = gradtui.watch
    gradtui.watch = Silent
    try:
        yield
    finally:
        gradtui.watch = watch


def lines(path: Path) -> list[Line]:
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]


def complete(path: Path, steps: int, unused: tuple[str, ...] = ()) -> list[Line]:
    """The step lines of a record that lacks nothing: the loss of every step, and of each that was looked at every
    weighted module and every parameter that learns; unused: modules that PyTorch does not call, or whose output has no
    gradient."""
    run, *rest = lines(path)
    assert run["k"] == "run"
    assert rest[-1]["k"] == "end"
    looked_at = [line for line in rest if line["k"] == "step"]
    assert [line["text"] for line in rest if line["k"] == "note" and "error" in line["text"].lower()] == []
    losses = {n: loss for line in rest for n, loss in line.get("ring", ())} | {
        line["n"]: line["loss"] for line in looked_at
    }
    assert sorted(losses) == list(range(steps))
    assert all(math.isfinite(loss) for loss in losses.values())
    weighted = {name.rpartition(".")[0] for name, shape, *_ in run["params"] if len(shape) > 1} - {*unused}
    learning = {index for index, (_, _, _, trainable, _) in enumerate(run["params"]) if trainable}
    for line in looked_at:
        outputs = [dict(zip(A_COLUMNS, row, strict=False)) for row in line["a"]]
        assert weighted <= {run["modules"][row["module"]][0] for row in outputs}
        for row in outputs:
            if run["modules"][row["module"]][0] in weighted:
                assert None not in [row[name] for name in _OF_OUTPUTS], run["modules"][row["module"]]
        rows = [dict(zip(P_COLUMNS, row, strict=False)) for row in line["p"]]
        assert learning <= {row["param"] for row in rows}
        for row in rows:
            if row["param"] in learning:
                # Of what is 0 no update is a share.
                of_it = [row[name] for name in _OF_PARAMETERS if name != "update" or row["weight"]]
                assert None not in of_it, run["params"][row["param"]]
    return looked_at


def equal(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    """Whether all weights and buffers are the same, bit by bit."""
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)

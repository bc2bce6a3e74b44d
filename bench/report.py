"""Measures a case and prints its table."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cases import Case, Extra
from contestants import PLAIN, RECORDED, TORCH, check, has_torch, steps
from gradtui_engine import Experiment, build
from limits import limits
from timing import Times, measure, ratio


@dataclass(frozen=True, slots=True)
class Result:
    """A measured ratio that has a goal."""

    case: str
    text: str
    met: bool


def print_machine() -> None:
    """Versions, and what the numbers mean."""
    torch = torch_version() if has_torch() else "not installed: no comparison with it"
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch}; one BLAS thread")
    print(f"OpenBLAS' kernels (OPENBLAS_CORETYPE): {os.environ.get('OPENBLAS_CORETYPE', 'its own choice')}")
    print("Times are medians; ratios are medians of the rounds' ratios, with their quartiles.")


def print_case(case: Case, seconds: float, everyone: bool) -> list[Result]:
    """Check that all contestants compute the same, time them in turns, print times and ratios."""
    experiment = Experiment.from_mapping(case.experiment)
    torch = has_torch() and (everyone or case.torch_over is not None)
    plain = Extra.UPDATE not in case.extras
    # float64 first: there, equal means equal.
    for dtype in dict.fromkeys(("float64", experiment.dtype)):
        network = build(experiment.replace(dtype=dtype))
        found = steps(network, case.extras, torch, plain)
        check(found, network)
    bare = limits(network) if everyone or case.over_limit is not None else {}
    times = measure({**bare, **found}, seconds)
    print(f"\n{case.name}: {_described(case)}; {len(next(iter(times.values())))} rounds")
    rows = {row.shown: row for row in _rows(case, times)}
    results = []
    for name, values in times.items():
        told = ""
        if name in rows:
            row, spread = rows[name], ratio(times, rows[name].numerator, rows[name].denominator)
            told = f"{f'{row.numerator} / {row.denominator}':<43}{spread!s:<22}{row.verdict(spread.median)}"
            if row.has_goal:
                results.append(Result(case.name, told, row.meets(spread.median)))
        print(f"  {name:<22}{statistics.median(values) * 1e3:9.3f} ms   {told}".rstrip(), flush=True)
    return results


def print_goals(results: list[Result]) -> None:
    """How many goals are met, and those that are not."""
    missed = [each for each in results if not each.met]
    print(f"\n{len(results)} goals, {len(results) - len(missed)} met, {len(missed)} missed{':' if missed else ''}")
    for each in missed:
        print(f"  {each.case:<18}{each.text}")


@dataclass(frozen=True, slots=True)
class _Row:
    """One ratio, printed beside the contestant `shown`, with its goal if it has one."""

    shown: str
    numerator: str
    denominator: str
    most: float | None = None
    least: float | None = None

    @property
    def has_goal(self) -> bool:
        return self.most is not None or self.least is not None

    def meets(self, value: float) -> bool:
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    def verdict(self, value: float) -> str:
        if not self.has_goal:
            return ""
        goal = f"≥ {self.least:g}" if self.most is None else f"≤ {self.most:g}"
        return f"  {goal:<6} {'met' if self.meets(value) else 'MISSED'}"


def _rows(case: Case, times: Times) -> Iterator[_Row]:
    """The ratios of a case: PyTorch against what was asked of it, the others against the first row."""
    first = RECORDED + case.extras[0]
    for name in times:
        if name.startswith(RECORDED):
            continue
        if name.startswith(TORCH):
            yield _Row(name, name, name.replace(TORCH, RECORDED), least=case.torch_over)
        else:
            yield _Row(name, first, name, most=None if name == PLAIN else case.over_limit)


def _described(case: Case) -> str:
    """The experiment without what the case's name says already."""
    said = ("cell", "width", "norm", "optimizer", "data")
    return ", ".join(f"{key} {value}" for key, value in case.experiment.items() if key not in said)


def torch_version() -> str:
    """PyTorch's version; it must be installed."""
    import torch

    return str(torch.__version__)

"""Measures a case and prints its table."""

from __future__ import annotations

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
    torch = _torch_version() if has_torch() else "not installed: no comparison with it"
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch}; one BLAS thread")
    print("Times are medians; ratios are medians of the rounds' ratios, with their quartiles.")


def print_case(case: Case, seconds: float, everyone: bool) -> list[Result]:
    """Check that all contestants compute the same, time them in turns, print times and ratios."""
    experiment = Experiment.from_mapping(case.experiment)
    torch = has_torch() and (everyone or case.torch_over is not None)
    plain = Extra.UPDATE not in case.extras
    for dtype in ("float64", experiment.dtype):
        network = build(experiment.replace(dtype=dtype))
        found = steps(network, case.extras, torch, plain)
        check(found, network)
    bare = limits(network) if everyone or case.over_limit is not None else {}
    times = measure({**bare, **found}, seconds)
    print(f"\n{case.name}: {_described(case)}; {len(times[RECORDED + case.extras[0]])} rounds")
    rows = {row.shown: row for row in _rows(case, times)}
    results = []
    for name, values in times.items():
        line = f"  {name:<24}{statistics.median(values) * 1e3:9.3f} ms"
        row = rows.get(name)
        if row is not None:
            spread = ratio(times, row.numerator, row.denominator)
            verdict = row.verdict(spread.median)
            line += f"   {f'{row.numerator} / {row.denominator}':<43}{spread!s:<22}{verdict}"
            if verdict:
                results.append(Result(case.name, line.strip(), not verdict.endswith("MISSED")))
        print(line.rstrip(), flush=True)
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

    def verdict(self, value: float) -> str:
        if self.most is not None:
            return f"≤ {self.most:g} {'met' if value <= self.most else 'MISSED'}"
        if self.least is not None:
            return f"≥ {self.least:g} {'met' if value >= self.least else 'MISSED'}"
        return ""


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
    return ", ".join(f"{key} {value}" for key, value in case.experiment.items())


def _torch_version() -> str:
    import torch

    return str(torch.__version__)

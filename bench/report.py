"""Measures a case and prints its table."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cases import Case
from contestants import PLAIN_NAME, RECORDED, STATISTICS, TORCH, check, has_torch, limits, steps
from gradtui_engine import Experiment, build
from timing import measure, ratio


def print_machine() -> None:
    """Versions, and what the numbers mean."""
    torch = _torch_version() if has_torch() else "not installed: no comparison with it"
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch}; one BLAS thread")
    print("Times are medians; ratios are medians of the rounds' ratios, with their quartiles.")


def print_case(case: Case, rounds: int) -> None:
    """Check that all contestants compute the same, time them in turns, print times and ratios."""
    network = build(Experiment.from_mapping(case.experiment))
    found, bare = steps(network), limits(network)
    check(found, network.experiment.dtype)
    print(f"\n{case.name}: {_described(case)}; {rounds} rounds")
    times = measure({**bare, **found}, rounds)
    for name, values in times.items():
        print(f"  {name:<34}{statistics.median(values) * 1e3:9.3f} ms")
    for row in _ratios(case, list(bare), torch=TORCH in times):
        found_ratio = ratio(times, row.numerator, row.denominator)
        print(f"  {f'{row.numerator} / {row.denominator}':<66}{found_ratio}{row.verdict(found_ratio.median)}")


@dataclass(frozen=True, slots=True)
class _Row:
    """One ratio to print, with its goal if it has one."""

    numerator: str
    denominator: str
    most: float | None = None
    least: float | None = None

    def verdict(self, value: float) -> str:
        if self.most is not None:
            return f"  goal ≤ {self.most:g}: {'met' if value <= self.most else 'MISSED'}"
        if self.least is not None:
            return f"  goal ≥ {self.least:g}: {'met' if value >= self.least else 'MISSED'}"
        return ""


def _ratios(case: Case, bare: list[str], torch: bool) -> Iterator[_Row]:
    """The ratios of a case; the statistics' rows repeat those of the gradient with more told."""
    for part in ("", STATISTICS):
        for name in bare:
            # The limit has no statistics: what they cost on top of it is shown without a goal.
            yield _Row(RECORDED + part, name, most=None if part else case.over_limit)
        yield _Row(RECORDED + part, PLAIN_NAME)
        if torch:
            yield _Row(TORCH + part, RECORDED + part, least=case.torch_over)


def _described(case: Case) -> str:
    return ", ".join(f"{key} {value}" for key, value in case.experiment.items())


def _torch_version() -> str:
    import torch

    return str(torch.__version__)

"""Measures a case and prints its table."""

from __future__ import annotations

import platform
import statistics

import numpy as np

from cases import Case
from contestants import PLAIN_NAME, RECORDED, STATISTICS, TORCH, check, has_torch, limits, steps
from gradtui_engine import Experiment, build
from timing import Spread, Times, measure, ratio


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
    times = measure({**bare, **found}, rounds)
    print(
        f"\n{case.name}   ({', '.join(f'{key} {value}' for key, value in case.experiment.items())}; {rounds} rounds)"
    )
    for name, values in times.items():
        print(f"  {name:<36}{statistics.median(values) * 1e3:9.3f} ms")
    _print_ratios(case, times, list(bare))


def _print_ratios(case: Case, times: Times, bare: list[str]) -> None:
    for part in ("", STATISTICS):
        recorded = RECORDED + part
        # The goals are about the gradient; what the statistics cost on top is shown without one.
        for name in bare:
            _print_ratio(times, recorded, name, most=None if part else case.over_limit)
        _print_ratio(times, recorded, PLAIN_NAME)
        if TORCH in times:
            _print_ratio(times, TORCH + part, recorded, least=None if part else case.torch_over)


def _print_ratio(
    times: Times, numerator: str, denominator: str, most: float | None = None, least: float | None = None
) -> None:
    found = ratio(times, numerator, denominator)
    print(
        f"  {f'{numerator} / {denominator}':<64}{found.median:6.2f}  ({found.low:.2f}–{found.high:.2f})"
        f"{_verdict(found, most, least)}"
    )


def _verdict(found: Spread, most: float | None, least: float | None) -> str:
    if most is not None:
        return f"  goal ≤ {most:g}: {'met' if found.median <= most else 'MISSED'}"
    if least is not None:
        return f"  goal ≥ {least:g}: {'met' if found.median >= least else 'MISSED'}"
    return ""


def _torch_version() -> str:
    import torch

    return str(torch.__version__)

"""How much of a fact `make test` looks at, where there are many examples of it: `make soak` looks at all the others."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import settings


def examples(count: int, **more: Any) -> settings:
    """Hypothesis settings for `count` examples in `make soak`, and a quarter of them in `make test`."""
    soak = settings.get_current_profile_name() == "soak"
    return settings(max_examples=count if soak else max(3, count // 4), deadline=None, **more)


def covering(*, indirect: Sequence[str] = (), **axes: Iterable[Any]) -> pytest.MarkDecorator:
    """A test of every combination of some axes' values. `make test` has so few that each value comes at least once.

    covering(a="xyz", b="uv") tests (x, u), (y, v) and (z, v) in `make test`, the other three in `make soak`.
    indirect: the axes that are parameters of fixtures.
    """
    values = [list(axis) for axis in axes.values()]
    longest = max(map(len, values))
    # At each turn an axis starts as many places later as there are axes before it: two of equal length are not in step.
    chosen = {
        tuple((place + number * (place // len(axis))) % len(axis) for number, axis in enumerate(values))
        for place in range(longest)
    }
    combinations = [
        pytest.param(
            *(axis[place] for axis, place in zip(values, places, strict=True)),
            marks=() if places in chosen else pytest.mark.soak,
        )
        for places in itertools.product(*(range(len(axis)) for axis in values))
    ]
    return pytest.mark.parametrize(tuple(axes), combinations, indirect=list(indirect))


def spread(name: str | tuple[str, ...], values: Iterable[Any], count: int, **more: Any) -> pytest.MarkDecorator:
    """A test of every value: so many, from the first to the last, in `make test`, the rest in `make soak`.

    A dictionary is tested by its keys. more: what else pytest's parametrize takes.
    """
    rows = [
        pytest.param(*([value] if isinstance(name, str) else value), marks=() if few else pytest.mark.soak)
        for value, few in _chosen(values, count)
    ]
    return pytest.mark.parametrize(name, rows, **more)


def together(name: str, values: Iterable[Any], count: int) -> pytest.MarkDecorator:
    """Two tests, of a list of values each: of so many of them in `make test`, of the rest in `make soak`."""
    pairs = _chosen(values, count)
    few, rest = ([value for value, chosen in pairs if chosen is wanted] for wanted in (True, False))
    return pytest.mark.parametrize(
        name, [pytest.param(few, id="few"), pytest.param(rest, id="rest", marks=pytest.mark.soak)]
    )


def in_one(name: str | tuple[str, ...], values: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """One test of all values: what takes microseconds is no test of its own each, which takes pytest 1 ms of a core.

    Of several axes every combination. What fails says of which values.
    """
    names = (name,) if isinstance(name, str) else name
    rows = [(value,) if isinstance(name, str) else tuple(value) for value in values]

    def decorated(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def of_all(**given: Any) -> None:
            for row in rows:
                here = dict(zip(names, row, strict=True))
                try:
                    test(**given, **here)
                except BaseException as error:
                    error.add_note(f"where {here}")
                    raise

        signature = inspect.signature(test)
        left = [each for key, each in signature.parameters.items() if key not in names]
        of_all.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return of_all

    return decorated


def _chosen(values: Iterable[Any], count: int) -> list[tuple[Any, bool]]:
    """Each value, and whether it is one of so many that are spread evenly."""
    values = list(values)
    chosen = {round(place * (len(values) - 1) / max(1, count - 1)) for place in range(count)}
    return [(value, place in chosen) for place, value in enumerate(values)]

"""One BLAS thread, as in the program itself: more only get in each other's way at these sizes."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from gradtui.text import language

# Machines are shared: how long an example takes says nothing. The first text of a process alone takes seconds, in which
# hypothesis makes its table of characters. `make soak` draws eight times as many examples of every property.
for _profile, _count in (("test", 25), ("soak", 200)):
    settings.register_profile(
        _profile, deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=_count
    )
settings.load_profile("test")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every property is checked twice: by `make test` and, with more examples, by `make soak`."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.property)


@pytest.fixture
def chinese() -> Iterator[None]:
    with language.speaking("zh"):
        yield

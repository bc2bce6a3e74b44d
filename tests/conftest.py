"""One BLAS thread, as in the program itself: more only get in each other's way at these sizes."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from gradtui.text import language

# Machines are shared: how long an example takes says nothing. The first text of a process alone takes seconds, in which
# hypothesis makes its table of characters.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture
def chinese() -> Iterator[None]:
    with language.speaking("zh"):
        yield

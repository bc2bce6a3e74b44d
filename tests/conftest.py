"""One BLAS thread, as in the program itself: more only get in each other's way at these sizes."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Iterator

import pytest

from gradtui import language


@pytest.fixture
def chinese() -> Iterator[None]:
    with language.speaking("zh"):
        yield

"""One BLAS thread, as in the program itself: more only get in each other's way at these sizes."""

import os
import tempfile

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import copy
import functools
import gc
import re
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from gradtui.text import language
from gradtui_engine.experiment.experiment import options
from tests import left_out

# Machines are shared: how long an example takes says nothing. The first text of a process alone takes seconds, in which
# hypothesis makes its table of characters. `make soak` draws eight times as many examples of every property.
for _profile, _count in (("test", 25), ("soak", 200)):
    settings.register_profile(
        _profile, deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=_count
    )
settings.load_profile("test")


# The tests of views and of the screen make objects by the million and hardly any cycles: to look for those after every
# 700 objects, as Python does, took a tenth of their time.
gc.set_threshold(100_000, 20, 20)

#: What the program keeps of a session (progress in the lessons, the last copied command) is not the developer's own.
STATE_HOME = tempfile.TemporaryDirectory(prefix="gradtui-state-")
os.environ["XDG_STATE_HOME"] = STATE_HOME.name

_SERVERS = "tests/tui/serve/"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """What this machine lacks something for is left out; None: pytest's own rules hold."""
    return bool(left_out.wants(collection_path)) or None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """At the end, where it is read: the workers, which leave the tests out, have no terminal."""
    asked = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    for line in left_out.said(asked):
        terminalreporter.write_line(line, yellow=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every property is checked twice: by `make test` and, with more examples, by `make soak`.

    The tests of servers come first, and so to one worker: else each starts a server of every kind, 2 s of a core. They
    wait most of their time, in which other workers have the cores.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(_SERVERS))
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.property)


def pytest_collection_finish() -> None:
    """No look for cycles looks at what stays to the end: with twelve thousand tests one took 1.4 s instead of 0.1 s."""
    gc.collect()
    gc.freeze()


class _Untranslated(NullTranslations):
    """What a catalogue was asked for and lacks: sentences, and single words that are no names."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def gettext(self, message: str) -> str:
        word = re.fullmatch("[a-z][a-z-]+", message) and message not in _names()
        if word or re.search(r"[a-z]{3,} [a-z]{2,}", message):
            self.texts.append(message)
        return message


@functools.cache
def _names() -> frozenset[str]:
    """Names as they are typed: of fields, and of what a field can be."""
    fields = options()
    words = (getattr(field.kind, "word", "") for field in fields.values())
    return frozenset((*fields, *words, *(name for field in fields.values() for name in field.kind.names)))


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Chinese is spoken, and whatever words the catalogue lacks are a fault: wherever in the code they come from."""
    catalogue, untranslated = copy.copy(language.catalogue("zh")), _Untranslated()
    catalogue.add_fallback(untranslated)
    monkeypatch.setattr(language, "catalogue", lambda code: catalogue)
    with language.speaking("zh"):
        yield
    assert untranslated.texts == []

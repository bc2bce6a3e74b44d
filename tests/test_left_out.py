"""What a machine lacks something for is left out and named, and CI lacks nothing."""

from __future__ import annotations

import importlib.util
import os
import re
import tomllib
from collections.abc import Iterator

import pytest

from tests import left_out
from tests.left_out import TESTS, TRAINING, said, wants
from tests.tooling import ROOT

PYTORCH = TESTS / "engine/training/test_pytorch.py"


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The packages that cannot be found: a test puts their names in."""
    missing, find = set[str](), importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in missing else find(name, *rest))
    for cached in (left_out.lacking, left_out._imported):
        cached.cache_clear()
    yield missing
    for cached in (left_out.lacking, left_out._imported):
        cached.cache_clear()


def test_without_torch_what_imports_it_is_left_out_and_the_rest_runs(without: set[str]) -> None:
    without |= set(TRAINING)
    assert wants(PYTORCH) == ["torch (make install-torch)"]
    assert wants(TESTS / "recorder") == ["torch (make install-torch)"]
    assert wants(TESTS / "recorder/test_anything.py") == ["torch (make install-torch)"]
    assert wants(TESTS / "engine/training/test_trainer.py") == []


def test_each_want_is_said_once_with_its_files_of_those_that_were_asked_for(without: set[str]) -> None:
    without.add("torch")
    (line,) = said([TESTS / "engine/training"])
    assert line.startswith("left out for want of torch (make install-torch): 4 files: tests/engine/training/test_")
    assert list(said([TESTS / "engine/theory"])) == []


def test_what_is_missing_for_servers_leaves_out_servers_alone(without: set[str]) -> None:
    without.add("asyncssh")
    assert wants(TESTS / "tui/serve/test_limits.py") == ["asyncssh (pip install 'gradtui[serve]')"]
    assert wants(TESTS / "engine/training/test_trainer.py") == []


def test_ci_installs_torch_by_its_name_before_the_tests_and_lacks_nothing_of_it() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    names = {text.partition("=")[0].partition(">")[0] for text in extras["torch-tests"]}
    assert names == set(TRAINING)
    assert "torch==2.13.0" in extras["torch-tests"]
    assert not names & {text.partition(">")[0] for text in extras["dev"]}
    assert re.findall("^make (.+)$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.M) == [
        "install-torch",
        "test",
        "soak",
    ]
    assert os.environ.get("CI") != "true" or not any(left_out.lacking(name) for name in TRAINING)

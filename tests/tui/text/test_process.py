"""What holds for a process holds in its workers, once they are handed it."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from gradtui.lessons import library
from gradtui.model import keys
from gradtui.text import glyphs, language, process
from gradtui.text.complaints import complaints
from gradtui.text.process import ProcessSettings
from gradtui_engine import Experiment, ExperimentError, build
from gradtui_engine.core import allowances
from gradtui_engine.core.allowances import Allowances

ROOT = Path(__file__).parents[3]
CLOSED = ProcessSettings("zh", "ascii", {"quit": ("Q",)}, False, Allowances(tables=False, largest_trace=2.0**20))


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = process.current()
    yield
    process.put_in_force(before)


def refusal(**fields: object) -> str:
    """What is said of an experiment, as a person reads it; empty where nothing is."""
    try:
        build(Experiment(**fields))  # type: ignore[arg-type]
    except ExperimentError as error:
        return complaints(error.problems)
    return ""


def seen() -> dict[str, object]:
    """What a process does with all that holds in it; it runs in workers too."""
    return {
        "settings": process.current(),
        "error": refusal(depth=0),
        "table": refusal(data="csv:/no/such/table.csv"),
        "size": refusal(depth=500),
        "glyphs": glyphs.render("‖∂L/∂h‖ ▸ σ"),
        "key": keys.shown_keys("quit"),
        "lessons": library.names("en"),
    }


def in_worker(method: str) -> dict[str, object]:
    context = get_context(method)
    with ProcessPoolExecutor(1, context, process.put_in_force, (process.current(),)) as pool:
        return pool.submit(seen).result(timeout=60)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@pytest.mark.soak
def test_a_worker_process_speaks_draws_and_refuses_as_its_parent(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.md").write_text("a lesson of one's own", encoding="utf-8")
    monkeypatch.setenv(library.VARIABLE, str(tmp_path))
    usual = seen()
    process.put_in_force(CLOSED)
    here, there = seen(), in_worker(method)
    assert there == here
    assert there["settings"] == CLOSED
    assert there["error"] == "depth：给出了 0；允许：1 到 10000 的整数"
    assert "csv:" in str(there["table"])
    assert "No such file" not in str(there["table"])
    assert "GiB" in str(there["size"])
    assert str(there["glyphs"]).isascii()
    assert there["key"] == "Q"
    differ = {name for name in usual if usual[name] != there[name]}
    assert differ == set(usual), "each is told apart from what holds where nothing was put into force"


def test_what_holds_is_read_back_as_it_was_put() -> None:
    process.put_in_force(CLOSED)
    assert process.current() == CLOSED
    assert allowances.current() == CLOSED.engine
    assert (language.current(), glyphs.current()) == ("zh", "ascii")
    assert pickle.loads(pickle.dumps(CLOSED)) == CLOSED


def test_a_change_for_a_while_leaves_the_rest_and_ends_whatever_ends_it() -> None:
    process.put_in_force(CLOSED)

    def fail() -> None:
        with process.during(language="en", engine=Allowances()):
            glyphs.use(glyphs.BRAILLE)
            assert (language.current(), allowances.current()) == ("en", Allowances())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (language.current(), glyphs.current(), allowances.current()) == ("zh", "braille", CLOSED.engine)


def test_nothing_else_of_a_process_is_assigned_at_run_time() -> None:
    """A worker process would not have it."""
    files = [path for source in ("engine", "tui") for path in (ROOT / source).rglob("*.py")]
    assigning = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if any(isinstance(node, ast.Global) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert assigning == {"engine/gradtui_engine/core/allowances.py", "tui/gradtui/text/process.py"}

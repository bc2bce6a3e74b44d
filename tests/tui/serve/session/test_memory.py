"""A session has 512 MB: what does not fit is refused in a sentence, and the session goes on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gradtui.model.pairs import PAIRS
from gradtui.model.permissions import largest_trace
from gradtui.model.presets import PRESETS
from gradtui.text import process
from gradtui_engine import build
from gradtui_engine.core.allowances import Allowances
from gradtui_engine.run import size
from tests.tui.serve.servers import Server, memory
from tests.tui.terminal import DEADLINE

MEBIBYTE = 2**20


@pytest.mark.soak
def test_a_network_that_needs_a_gibibyte_is_refused_in_one_sentence_and_the_session_goes_on(server: Server) -> None:
    with server.visit(size=(160, 30)) as visitor:
        visitor.shows("vanishing")
        visitor.press("\r")
        visitor.shows("MLP 30×64")
        before = memory(next(iter(server.sessions())), "VmHWM")
        visitor.press("W")
        visitor.shows("enter keeps")
        visitor.press("1500\r")
        visitor.shows("GiB of trace; allowed: up to 0.115 GiB")
        # Refused before anything of it was allocated.
        assert memory(next(iter(server.sessions())), "VmHWM") - before < 20_000
        visitor.press("16\r")
        visitor.shows("MLP 30×16")
        visitor.press("q")
        assert visitor.ended() == 0


def test_every_preset_and_every_pair_of_the_story_fits_into_a_session() -> None:
    """Its trace and, in Compare, that of B: `build` is what refuses."""
    with process.during(engine=Allowances(largest_trace=largest_trace(512 * MEBIBYTE))):
        for row in (*PRESETS.values(), *PAIRS.values()):
            build(row.experiment)
            build(row.other)


def test_less_memory_means_smaller_traces_and_no_limit_means_the_engines_own() -> None:
    sizes = [largest_trace(most * MEBIBYTE) for most in (64, 128, 256, 512, 1024)]
    assert sizes == sorted(sizes)
    assert all(3 * size < most * MEBIBYTE for size, most in zip(sizes, (64, 128, 256, 512, 1024), strict=True))
    with process.during(engine=Allowances(largest_trace=largest_trace(float("inf")))):
        assert size.largest() == size.MOST_BYTES


#: Computes in a process that has room for the program and no more; prints what it is told.
_SHORT = """
import resource
from gradtui.model.needs import Simulation
from gradtui_engine import Experiment
Simulation(Experiment(depth=2, width=2)).compute(lambda share: None)
def data():
    text = open("/proc/self/status").read()
    return int(text.split("VmData:")[1].split()[0]) << 10
most = data() + (60 << 20)
resource.setrlimit(resource.RLIMIT_DATA, (most, most))
print(Simulation(Experiment(depth=30, width=1000)).compute(lambda share: None).problem)
print(Simulation(Experiment(depth=2, width=2)).compute(lambda share: None).record.outcome.kind)
"""


def test_where_memory_runs_out_while_computing_the_program_says_so_and_computes_what_fits() -> None:
    done = subprocess.run([sys.executable, "-c", _SHORT], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["not enough memory for this size", "healthy"]

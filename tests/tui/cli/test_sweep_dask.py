"""`gradtui sweep` on Dask: a real scheduler and two worker processes on loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

from gradtui.cli import sweep_dask
from gradtui.cli.sweep_dask import dask_executor
from gradtui_engine import Experiment
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.run import run
from gradtui_engine.sweeps.sweep import Sweep
from tests.tui.helpers import Command
from tests.tui.terminal import Terminal

SMALL = ("--width", "6", "--batch", "8", "--activation", "tanh")
PLANE = (*SMALL, "--x", "gain=0.5:2:4:log", "--y", "depth=2,5,9")
#: Dask's own warnings are about its own.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        host="127.0.0.1",
        silence_logs=50,
    )
    with closing(cluster):
        yield cluster.scheduler_address


def values(document: Any) -> list[Any]:
    return [(cell["column"], cell["row"], cell["values"]) for cell in document["cells"]]


def test_workers_of_a_scheduler_come_to_the_same_numbers(address: str, command: Command) -> None:
    done = command("sweep", *PLANE, "--measure", "ratio,kind", "--json", "--address", address)
    assert (done.status, done.err) == (0, "")
    here = command("sweep", *PLANE, "--measure", "ratio,kind", "--json", "--executor", "serial")
    assert values(done.json) == values(here.json)
    assert len(done.json["cells"]) == 12


def test_where_nobody_answers_it_says_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_dask, "PATIENCE", 1.0)
    for given, said in (
        ("tcp://127.0.0.1:1", "no Dask scheduler answers at 'tcp://127.0.0.1:1' within 1 s; dask scheduler starts one"),
        ("127.0.0.1", "'127.0.0.1' is no address of a scheduler, such as tcp://10.0.0.1:8786"),
        ("spam://x:1", "'spam://x:1' is no address of a scheduler, such as tcp://10.0.0.1:8786"),
    ):
        done = command("sweep", *PLANE, "--address", given)
        assert (done.status, done.out) == (2, "")
        assert done.err == f"gradtui sweep: --address: {said}\n"


@pytest.mark.soak
def test_a_worker_that_is_killed_costs_no_cell(address: str, tmp_path: Path) -> None:
    """Both workers, one after the other, while they are at cells: Dask makes new ones, and the cells come."""
    sweep = Sweep(
        base=Experiment(width=32, batch=32, activation="tanh"),
        x=Axis.parse("gain=0.5:2:10"),
        y=Axis.parse("depth=100:300:6"),
    )
    with dask_executor(address, 1) as executor, Client(address, set_as_default=False) as client:
        cells = []
        for count, cell in enumerate(run(sweep, executor, tmp_path)):
            cells.append(cell)
            if count in (5, 20):
                (pid, *_) = client.run(os.getpid).values()
                os.kill(pid, signal.SIGKILL)
    assert len({(cell.i, cell.j) for cell in cells}) == len(cells) == 60
    assert [cell.reason for cell in cells if cell.reason] == []
    assert {(cell.i, cell.j): cell.values for cell in run(sweep, store=tmp_path)} == {
        (cell.i, cell.j): cell.values for cell in cells
    }


@pytest.mark.soak
def test_a_cluster_of_its_own_starts_and_leaves_nothing_behind(command: Command) -> None:
    done = command("sweep", *PLANE, "--json", "--executor", "dask", "--workers", "2")
    assert (done.status, done.err) == (0, "")
    assert values(done.json) == values(command("sweep", *PLANE, "--json", "--executor", "serial").json)
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    names = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    assert [name for name in names if b"spawn_main" in name] == []


@pytest.mark.soak
@pytest.mark.parametrize("key", ["\x03", "\x1b"])
def test_a_key_ends_it_and_what_there_is_is_kept(key: str) -> None:
    plane = ("--x", "gain=0.5:2:40", "--y", "depth=100:200:40")
    with Terminal("sweep", *SMALL, *plane, "--executor", "dask", "--workers", "2") as terminal:
        terminal.wait_for(lambda text: re.search(r"\d\d/1,600 cells", text) is not None, "how far")
        terminal.press(key)
        pressed = time.monotonic()
        terminal.shows("interrupted after ")
        assert time.monotonic() - pressed < 5
        assert terminal.ended() == 130
        assert "Traceback" not in terminal.text


@pytest.mark.soak
def test_the_commands_of_the_page_start_one_on_several_machines(command: Command) -> None:
    """`dask scheduler` and `dask worker`, each a process of its own."""
    with ExitStack() as stack:

        def started(*words: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen([sys.executable, "-m", *words], stderr=subprocess.PIPE)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        scheduler = started("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        assert scheduler.stderr is not None
        address = next(
            found[0]
            for line in iter(scheduler.stderr.readline, b"")
            if (found := re.findall(rb"tcp://[\d.]+:\d+", line))
        ).decode()
        assert "has no workers; dask worker" in command("sweep", *PLANE, "--address", address).err
        for _ in range(2):
            started("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard")
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        done = command("sweep", *PLANE, "--json", "--address", address)
        assert (done.status, len(done.json["cells"])) == (0, 12)

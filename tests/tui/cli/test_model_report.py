"""`gradtui model`: what it prints of one checkpoint and of two, and its exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.engine.recordings.checkpoints.files import written
from tests.tui.helpers import Command, strict_json


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    rng = np.random.default_rng(0)
    arrays = {f"l{place}.weight": rng.uniform(-0.2, 0.2, (25, 25)) for place in range(30)}
    arrays["l7.weight"][4] = 0
    arrays["l9.weight"][2, 2] = np.nan
    arrays["l9.bias"] = np.zeros(25)
    return str(written(tmp_path / "a.safetensors", arrays))


def test_a_sentence_first_then_the_table_with_the_worst_on_top(checkpoint: str, command: Command) -> None:
    done = command("model", checkpoint)
    assert (done.status, done.err) == (0, "")
    sentences, table = done.out.split("\n\n")
    assert "an or inf: 1 numbers, in l9.weight" in sentences.splitlines()[0]
    assert "l7.weight: 1 of 25 units are dead" in sentences
    names = [line.split()[0] for line in table.splitlines()]
    assert names[:3] == ["weight", "l9.weight", "l7.weight"]
    assert len(names) == 22
    assert names[-1] == "10"


def test_all_is_every_tensor(checkpoint: str, command: Command) -> None:
    lines = command("model", checkpoint, "--all").out.split("\n\n")[1].splitlines()
    assert len(lines) == 32
    assert any(line.startswith("l9.bias") for line in lines)


def test_json(checkpoint: str, command: Command) -> None:
    document = strict_json(command("model", checkpoint, "--json").out)
    assert document["schema"] == 1
    assert document["remarks"][0]["kind"] == "non_finite"
    assert {row["name"] for row in document["weights"] if row["dead_count"]} == {"l7.weight"}
    first = document["weights"][0]
    assert first["spectrum"]["count"] == 25
    assert set(first["theory"]) == {"tanh", "relu"}


def test_two_are_compared(tmp_path: Path, command: Command) -> None:
    a, b = np.ones((3, 4)), np.ones((3, 4))
    first = str(written(tmp_path / "a.safetensors", {"body.weight": a, "head.weight": b}))
    second = str(written(tmp_path / "b.safetensors", {"body.weight": a, "head.weight": 1.5 * b}))
    done = command("model", first, second)
    assert done.status == 0
    assert "1 of 2 parameters have not changed, frozen or without a gradient: body.weight" in done.out
    rows = [line.split() for line in done.out.split("\n\n")[1].splitlines()]
    assert rows[1][:2] == ["head.weight", "3×4"]
    assert rows[1][-1] == "0.500"
    document = strict_json(command("model", first, second, "--json").out)
    assert [row["unchanged"] for row in document["parameters"]] == [True, False]


def test_what_cannot_be_read_is_said_of_every_file(tmp_path: Path, command: Command) -> None:
    other = tmp_path / "x.pt"
    other.write_bytes(b"hello")
    done = command("model", str(other), str(tmp_path / "none.pt"))
    assert (done.status, done.out) == (2, "")
    assert len(done.problems) == 2
    assert command("model").status == 2
    assert command("model", "a", "b", "c").status == 2


def test_neither_textual_nor_torch_is_loaded(checkpoint: str) -> None:
    program = (
        "import sys; from gradtui.cli.main import main; main(['model', sys.argv[1]]);"
        "print({'textual', 'torch'} & {*sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, checkpoint], capture_output=True, text=True, check=True)
    assert done.stderr == "set()\n"

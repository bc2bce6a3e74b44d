"""The loops of docs/real-runs.md, run as they stand there: the record is complete, and the training what it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.recorder import page
from tests.recorder.page import code_under, complete, equal, lines, unwatched

#: Where the first block begins to train; the other loops begin with what stands before.
_WATCHED = "recorder = gradtui.watch"
START = code_under("In ten minutes").split(_WATCHED)[0]
RECORD = "gradtui-run.jsonl"


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "docs/real-runs.md", "exec"), names)
    if "recorder" in names:
        names["recorder"].close()
    return names


@pytest.mark.parametrize(
    ("loop", "steps"),
    [(code_under("In ten minutes").removeprefix(START), 32), (code_under("Accumulated gradients"), 8),
     (code_under("Mixed precision"), 32)],
    ids=["plain", "accumulation", "mixed precision"],
)  # fmt: skip
def test_the_loop_is_recorded_whole_and_trains_what_it_trained_without(
    loop: str, steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with unwatched():
        bare = run(START + loop)
    watched = run(START + loop)
    assert equal(watched["model"], bare["model"])
    assert torch.equal(watched["loss"], bare["loss"])
    first, *_ = complete(tmp_path / RECORD, steps)
    assert first["x"][4] == [32, 20]


def test_an_accumulated_step_has_the_loss_of_its_micro_batches_and_how_many_there_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(START + code_under("Accumulated gradients"))
    first, *_ = complete(tmp_path / RECORD, 8)
    assert first["mb"] == 4
    started = run(START)
    losses = [
        torch.nn.functional.cross_entropy(started["model"](inputs), target).item()
        for inputs, target in started["batches"][:4]
    ]
    assert first["loss"] == pytest.approx(sum(losses) / 4, rel=1e-4)  # of a number with five digits


def test_clipping_between_micro_batches_clears_nothing_and_zeros_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    backward = "    loss.backward()\n"
    loop = code_under("Accumulated gradients")
    assert backward in loop
    run(START + loop.replace(backward, backward + "    nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"))
    assert {line["mb"] for line in complete(tmp_path / RECORD, 8)} == {4}
    (tmp_path / RECORD).unlink()
    run(START + loop.replace(backward, "    optimizer.zero_grad(set_to_none=False)\n" + backward))
    assert {line["mb"] for line in complete(tmp_path / RECORD, 8)} == {1}


def test_mixed_precision_is_recorded_without_the_scale_and_with_what_was_clipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(START + code_under("Mixed precision"))
    for line in complete(tmp_path / RECORD, 32):
        assert line["half"] == "float16"
        assert line["scale"] == 65536.0
        before, after = line["gn"]
        assert after == pytest.approx(min(before, 1.0), rel=1e-3)  # float16 of the outputs, five digits of the norm
        assert before < 100.0


@pytest.mark.soak
def test_two_processes_write_a_record_each(tmp_path: Path) -> None:
    """Started by torchrun, as the page says."""
    (tmp_path / "train.py").write_text(code_under("Several processes"), encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "train.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    ranks = [tmp_path / RECORD, tmp_path / "gradtui-run.rank1.jsonl"]
    for rank, path in enumerate(ranks):
        complete(path, 16)
        assert lines(path)[0]["rank"] == [rank, 2]
    norms = [[line["gn"][1] for line in lines(path) if line["k"] == "step"] for path in ranks]
    assert norms[0] == norms[1]  # DDP gives every process the mean gradient


def test_every_block_of_the_page_is_run_by_a_test() -> None:
    """The blocks of the two callbacks by test_lightning.py and test_hugging_face.py."""
    assert page.PAGE.count("```python") == 6

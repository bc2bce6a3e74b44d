"""What can be said of another tool's log: what it lacks is not asked, and nothing is made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.kinds import KINDS
from gradtui_engine.recordings.recording import open_recording
from tests.engine.recordings.checkpoints.files import written

#: What the losses alone say.
OF_LOSSES = {"non_finite", "loss_spike", "loss_rises", "loss_flat"}
#: What the weights alone say, before and after.
OF_WEIGHTS = {"non_finite", "loss_rises"}


def log(folder: Path, losses: list[object]) -> Path:
    path = folder / "log.csv"
    path.write_text("step,loss\n" + "".join(f"{step},{loss}\n" for step, loss in enumerate(losses)))
    return path


def test_of_a_log_the_losses_are_asked(tmp_path: Path) -> None:
    diagnosis = diagnose(open_recording([log(tmp_path, [2 * 0.98**step for step in range(100)])]))
    assert diagnosis.verdict == "healthy"
    assert set(KINDS) - set(diagnosis.left_out) == OF_LOSSES


def test_a_loss_that_is_nan_is_dated_and_not_explained(tmp_path: Path) -> None:
    losses: list[object] = [2 * 0.98**step for step in range(50)]
    (finding,) = diagnose(open_recording([log(tmp_path, [*losses, "nan", "nan"])])).findings
    assert (finding.kind, finding.step, finding.layer) == ("non_finite", 50, None)
    assert "nothing else was recorded" in finding.message


def test_of_two_checkpoints_the_weights_are_asked(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {f"l{place}.weight": rng.standard_normal((8, 8)) for place in range(3)} | {"frozen.bias": np.ones(8)}
    moved = {name: array + (0.1 if "l" in name else 0.0) for name, array in arrays.items()}
    paths = [written(tmp_path / f"{name}.safetensors", held) for name, held in (("a", arrays), ("b", moved))]
    diagnosis = diagnose(open_recording(paths))
    assert diagnosis.verdict == "healthy"
    assert set(KINDS) - set(diagnosis.left_out) <= OF_WEIGHTS
    moved["l1.weight"][2, 2] = np.nan
    written(tmp_path / "b.safetensors", moved)
    (finding,) = diagnose(open_recording(paths)).findings
    assert (finding.kind, finding.layer) == ("non_finite", "l1")

"""What can be said of another tool's log: what it lacks is not asked, and nothing is made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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


@pytest.mark.parametrize(
    ("losses", "fault"),
    [
        ([2.3, 2.2, 9e9], True), ([0.5 * 2.857**row for row in range(5)], True),
        ([0.5 * 1.69**row for row in range(10)], True), ([0.5, 0.6, 0.55, 0.7, 90.0, 80.0], True),
        # Noise, a value function that grows with the rewards, and a spike that is over.
        ([0.5, 2.0, 0.6, 3.0, 4.0], False), ([0.5, 0.9, 1.1, 2.0, 3.0], False), ([0.5, 0.6, 900.0, 0.5], False),
    ],
)  # fmt: skip
def test_a_few_losses_are_enough_where_they_rise_far(losses: list[object], fault: bool, tmp_path: Path) -> None:
    diagnosis = diagnose(open_recording([log(tmp_path, losses)]))
    assert [finding.kind for finding in diagnosis.findings] == ["loss_rises"] * fault
    few = f"too few losses: {len(losses)}; it takes"
    assert {kind for kind, why in diagnosis.left_out.items() if few in why} == OF_LOSSES - {"non_finite"} - (
        {"loss_rises"} if fault else set()
    )
    assert fault or diagnosis.doubt == "no fault found, but this is too little to call it healthy"


def test_a_log_of_20_rows_whose_loss_stays_says_so(tmp_path: Path) -> None:
    diagnosis = diagnose(open_recording([log(tmp_path, [0.69 + 0.001 * (row % 3) for row in range(20)])]))
    assert [(finding.kind, finding.is_fault) for finding in diagnosis.findings] == [("loss_flat", False)]
    assert diagnosis.doubt == "no fault found, but the loss does not fall"


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

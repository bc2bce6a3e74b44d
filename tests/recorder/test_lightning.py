"""The callback for Lightning, as docs/real-runs.md has it, in the real Trainer."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import nn

from tests.recorder.page import code_under, complete, equal, unwatched

pytestmark = [
    # Lightning takes 4 s to load.
    pytest.mark.soak,
    # Of Lightning about its own use: workers of the loader, no logger, its own imports.
    pytest.mark.filterwarnings("ignore"),
]
STEPS = 12


class Net(LightningModule):
    """A classifier, which is validated between its steps."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.1), nn.ReLU(), nn.Linear(16, 3))

    def training_step(self, batch: Any, k: int) -> torch.Tensor:
        inputs, target = batch
        return nn.functional.cross_entropy(self.layers(inputs), target)

    def validation_step(self, batch: Any, k: int) -> None:
        self.training_step(batch, k)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-2)


class TwoPlayers(LightningModule):
    """A generator and a critic, each with its optimiser, which the module steps itself."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.generator, self.critic = nn.Linear(8, 8), nn.Linear(8, 1)

    def training_step(self, batch: Any, k: int) -> None:
        inputs, _ = batch
        of_generator, of_critic = self.optimizers()
        of_critic.zero_grad()
        self.manual_backward(self.critic(self.generator(inputs).detach()).mean() - self.critic(inputs).mean())
        of_critic.step()
        of_generator.zero_grad()
        self.manual_backward(-self.critic(self.generator(inputs)).mean())
        of_generator.step()

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        return [torch.optim.SGD(part.parameters(), lr=0.01) for part in (self.generator, self.critic)]


def trained(kind: type[LightningModule], folder: Path, **options: Any) -> LightningModule:
    torch.manual_seed(0)
    module = kind()
    samples = torch.randn(64, 8)
    loader = torch.utils.data.DataLoader([*zip(samples, samples[:, :3].argmax(dim=1), strict=True)], batch_size=8)
    names: dict[str, Any] = {}
    exec(code_under("Lightning"), names)
    trainer = Trainer(
        accelerator="cpu", devices=1, max_steps=STEPS, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, callbacks=[names["Gradtui"]()],
        default_root_dir=folder, **options,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(module, loader, *([loader] if kind is Net else []))
    return module


@pytest.mark.parametrize(
    "options",
    [{}, {"gradient_clip_val": 0.05}, {"accumulate_grad_batches": 2}, {"precision": "bf16-mixed"}],
    ids=["plain", "clipped", "accumulated", "bfloat16"],
)
def test_the_record_is_complete_and_the_training_what_it_was(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with unwatched():
        bare = trained(Net, tmp_path, **options)
    watched = trained(Net, tmp_path, **options)
    assert equal(watched, bare)
    steps = complete(tmp_path / "gradtui-run.jsonl", STEPS)
    assert {line["mb"] for line in steps} == {options.get("accumulate_grad_batches", 1)}
    if "gradient_clip_val" in options:
        for line in steps:
            before, after = line["gn"]
            assert after == pytest.approx(min(before, 0.05), rel=1e-3)
        assert max(line["gn"][0] for line in steps) > 0.05


def test_two_optimisers_that_the_module_steps_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with unwatched():
        bare = trained(TwoPlayers, tmp_path)
    assert equal(trained(TwoPlayers, tmp_path), bare)
    # Lightning counts the steps of both.
    complete(tmp_path / "gradtui-run.jsonl", STEPS // 2)

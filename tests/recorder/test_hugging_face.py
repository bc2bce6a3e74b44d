"""The callback for Hugging Face's Trainer, as docs/real-runs.md has it, and Accelerate; tiny models from a config."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch
from accelerate import Accelerator
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
)

import gradtui
from tests.recorder.page import code_under, complete, equal, unwatched

pytestmark = [
    # transformers' Trainer takes 4 s to load.
    pytest.mark.soak,
    # Of transformers and accelerate about their own use.
    pytest.mark.filterwarnings("ignore"),
]
STEPS = 10
TOKENS = 32


def bert() -> PreTrainedModel:
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=TOKENS, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
            max_position_embeddings=16, num_labels=3,
        )
    )  # fmt: skip


def gpt2() -> PreTrainedModel:
    """Its output layer and its embedding are one matrix."""
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=TOKENS, n_embd=16, n_layer=2, n_head=2, n_positions=16, bos_token_id=0, eos_token_id=0)
    )


def samples(model: PreTrainedModel) -> list[dict[str, torch.Tensor]]:
    tokens = torch.randint(1, TOKENS, (32, 8), generator=torch.Generator().manual_seed(0))
    labels = tokens if isinstance(model, GPT2LMHeadModel) else tokens[:, 0] % 3
    return [{"input_ids": row, "labels": label} for row, label in zip(tokens, labels, strict=True)]


def trained(make: Any, folder: Path, **options: Any) -> PreTrainedModel:
    torch.manual_seed(0)
    model = make()
    names: dict[str, Any] = {}
    exec(code_under("Hugging Face"), names)
    arguments = TrainingArguments(
        output_dir=str(folder / "out"), max_steps=STEPS, per_device_train_batch_size=4, use_cpu=True,
        report_to="none", save_strategy="no", disable_tqdm=True, logging_steps=5, learning_rate=1e-3, **options,
    )  # fmt: skip
    Trainer(model=model, args=arguments, train_dataset=samples(model), callbacks=[names["Gradtui"]()]).train()
    return model


@pytest.mark.parametrize("make", [bert, gpt2])
@pytest.mark.parametrize(
    "options", [{}, {"gradient_accumulation_steps": 2}, {"bf16": True}], ids=["plain", "accumulated", "bfloat16"]
)
def test_the_record_is_complete_and_the_training_what_it_was(
    make: Any, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with unwatched():
        bare = trained(make, tmp_path, **options)
    watched = trained(make, tmp_path, **options)
    assert equal(watched, bare)
    steps = complete(tmp_path / "gradtui-run.jsonl", STEPS)
    assert {line["mb"] for line in steps} == {options.get("gradient_accumulation_steps", 1)}
    # Trainer clips at a norm of 1 by itself.
    assert all(line["gn"][1] <= 1.001 for line in steps)


def test_what_accelerate_has_prepared_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def loop() -> torch.nn.Module:
        torch.manual_seed(0)
        accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
        model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
        loader = torch.utils.data.DataLoader(torch.randn(64, 8), batch_size=8)
        model, optimizer, loader = accelerator.prepare(model, torch.optim.Adam(model.parameters()), loader)
        with gradtui.watch(model, optimizer):
            for inputs in loader:
                with accelerator.accumulate(model):
                    accelerator.backward(model(inputs).square().mean())
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()
                    optimizer.zero_grad()
        return model

    with unwatched():
        bare = loop()
    assert equal(loop(), bare)
    assert {line["mb"] for line in complete(tmp_path / "gradtui-run.jsonl", 4)} == {2}

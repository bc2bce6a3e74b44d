"""What the columns of a log are: names out of programs that people use."""

from __future__ import annotations

import pytest

from gradtui_engine.recordings.imports.names import Chosen, chosen, words_of

#: Columns or tags, and what is expected of them.
LOGS: dict[str, tuple[list[str], Chosen]] = {
    "a plain one": (["step", "loss", "lr"], Chosen("loss", rates=("lr",), step="step")),
    "Lightning, metrics.csv": (
        ["epoch", "lr-Adam", "step", "train_loss_epoch", "train_loss_step", "val_acc", "val_loss"],
        Chosen(
            "train_loss_step", "val_loss", rates=("lr-Adam",), step="step", epoch="epoch", others=("train_loss_epoch",)
        ),
    ),
    "Lightning, two groups and a norm": (
        ["lr-AdamW/pg1", "lr-AdamW/pg2", "grad_2.0_norm_total", "grad_2.0_norm/layer.weight", "step", "train/loss"],
        Chosen("train/loss", gradient="grad_2.0_norm_total", rates=("lr-AdamW/pg1", "lr-AdamW/pg2"), step="step"),
    ),
    "Keras, CSVLogger": (
        ["epoch", "accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"],
        Chosen("loss", "val_loss", rates=("learning_rate",), epoch="epoch"),
    ),
    "PyTorch's tutorial on TensorBoard": (
        ["Loss/train", "Loss/test", "Accuracy/train", "Accuracy/test"], Chosen("Loss/train", "Loss/test"),
    ),
    "Keras in TensorBoard": (
        ["train/epoch_loss", "validation/epoch_loss", "train/epoch_learning_rate"],
        Chosen("train/epoch_loss", "validation/epoch_loss", rates=("train/epoch_learning_rate",)),
    ),
    "Hugging Face in TensorBoard": (
        ["train/loss", "train/grad_norm", "train/learning_rate", "train/epoch", "eval/loss", "eval/runtime"],
        Chosen("train/loss", "eval/loss", "train/grad_norm", ("train/learning_rate",), epoch="train/epoch"),
    ),
    "parts and a total": (
        ["iter", "loss_classifier", "loss_box_reg", "total_loss", "loss_mask"],
        Chosen("total_loss", step="iter", others=("loss_classifier", "loss_box_reg", "loss_mask")),
    ),
    "fp16": (
        ["num_updates", "train_loss", "gnorm", "loss_scale", "wall_time"],
        Chosen("train_loss", gradient="gnorm", scale="loss_scale", step="num_updates", time="wall_time"),
    ),
    "an export of wandb": (
        ["Step", "honest-river-3 - train/loss", "_timestamp"],
        Chosen("honest-river-3 - train/loss", step="Step", time="_timestamp"),
    ),
    "camels": (["globalStep", "trainLoss", "valLoss", "learningRate"],
               Chosen("trainLoss", "valLoss", rates=("learningRate",), step="globalStep")),
    "words in one": (
        ["iteration", "trainloss", "gradnorm"], Chosen("trainloss", gradient="gradnorm", step="iteration"),
    ),
    "two networks": (["step", "d_loss", "g_loss"], Chosen("d_loss", step="step", others=("g_loss",))),
    "no training": (["sepal_length", "species"], Chosen()),
}  # fmt: skip


@pytest.mark.parametrize("log", LOGS)
def test_columns_are_told_by_their_names(log: str) -> None:
    names, expected = LOGS[log]
    assert chosen(dict.fromkeys(names, 10)) == expected


def test_a_column_without_a_number_is_none() -> None:
    assert chosen({"loss": 0, "train_loss": 3}).loss == "train_loss"


def test_of_equals_the_longest() -> None:
    assert chosen({"loss_a": 3, "loss_b": 9}).loss == "loss_b"


def test_words() -> None:
    assert words_of("trainLoss") == words_of("train/loss") == words_of("train_loss") == ("train", "loss")
    assert words_of("lr-AdamW/pg1") == ("lr", "adam", "w", "pg1")

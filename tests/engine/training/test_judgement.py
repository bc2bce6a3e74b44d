"""What a training has come to, from its losses alone."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Trainer, Training, TrainingHistory, train
from gradtui_engine.rules.losses import LOSSES
from gradtui_engine.training.evaluation import Validation
from gradtui_engine.training.judgement import Progress, guess_before, judge_learning

GUESS = math.log(10)


def progress(*losses: float, held_out: float | None = None, accuracy: float | None = None, **more: Any) -> Progress:
    validations = () if held_out is None else (Validation(len(losses), held_out, accuracy),)
    gradients = np.array([-2.0, -1.0, 0.0])
    return Progress(len(losses), np.array(losses), gradients, validations, GUESS, "layer", **more)


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        ("trained", progress(2.3, 1.0, 0.5)),
        ("trained", progress(2.3, 2.2, held_out=1.0)),
        ("stalled", progress(2.3, 2.3, 2.3, held_out=2.3)),
        ("falling", progress(40.0, 9.0, 9.0, 9.0, held_out=9.0)),
        # Knows its own samples and no others: it learns, and has not diverged, however much others cost.
        ("overfitted", progress(2.3, 0.5, 0.02, held_out=3.1)),
        ("overfitted", progress(2.3, 0.5, 0.02, held_out=80.0)),
        ("diverged", progress(2.3, 40.0, 70.0, held_out=80.0)),
        # One batch that jumps out is no end.
        ("stalled", progress(*[2.3] * 12, 1e6, *[2.3] * 9, held_out=2.3)),
        ("diverged", progress(2.3, 9.0, math.nan, broken=("layer 2", 2))),
        # As it is seen by another thread, before the place is known.
        ("diverged", progress(2.3, 9.0, math.inf)),
    ],
)
def test_what_the_losses_come_to(kind: str, case: Progress) -> None:
    assert judge_learning(case).kind == kind


def test_a_batch_that_is_learnt_by_heart_is_no_lesson_for_others() -> None:
    """One batch of 8 digits, again and again: its loss goes to 0, that of the others up."""
    experiment = Experiment(depth=2, width=64, batch=8, activation="relu", init="he_normal", learning_rate=0.5)
    history = train(Training(experiment=experiment, batches="one", iterations=100))
    outcome = history.outcome
    assert outcome is not None
    assert history.columns["loss"][-1] < 0.01
    assert outcome.numbers["end"] > 0.95 * outcome.numbers["guess"]
    assert outcome.kind == "overfitted"


@pytest.mark.parametrize("loss", ["cross_entropy", "bce", "mse"])
def test_the_share_of_right_answers_is_known_of_classes_whatever_the_loss(loss: str) -> None:
    experiment = Experiment(depth=1, width=32, activation="relu", loss=loss, optimizer="adam", learning_rate=0.01)
    history = train(Training(experiment=experiment, iterations=100))
    last = history.validations[-1].accuracy
    assert last is not None
    assert last > 0.8
    assert history.columns["accuracy"][-20:].mean() > 0.8
    numbers = train(Training(experiment=Experiment(depth=1, data="gaussian"), iterations=2))
    assert numbers.validations[-1].accuracy is None
    assert np.isnan(numbers.columns["accuracy"]).all()


def test_the_few_pairs_that_are_held_out_have_a_loss_of_guessing_of_their_own() -> None:
    """Two uniform numbers are added: the mean, 1, costs 1/6 of all pairs, of 256 of them what their spread is."""
    history = TrainingHistory(Trainer(Training(experiment=Experiment(cell="rnn", data="adding", width=2, steps=4))))
    held = history.trainer.stream.validation
    assert held is not None
    assert held.target.size >= 256
    assert history.batch_guess == pytest.approx(1 / 6)
    assert history.guess == pytest.approx(min(1 / 6, float(np.var(held.target))))


def test_without_anything_held_out_the_batches_are_beside_a_task_s_own_loss() -> None:
    experiment = Experiment(cell="rnn", data="adding", width=2, steps=4)
    history = TrainingHistory(Trainer(Training(experiment=experiment, hold_out=0)))
    assert history.guess == history.batch_guess == pytest.approx(1 / 6)


def test_the_samples_that_are_held_out_are_guessed_by_the_shares_of_the_others() -> None:
    """Digits, by counting: -sum q ln p, p of what is trained with, q of what is held out."""
    history = TrainingHistory(Trainer(Training(experiment=Experiment(depth=1, width=2))))
    stream = history.trainer.stream
    assert stream.samples is not None
    assert stream.validation is not None
    shares = np.bincount(stream.samples.target[stream.training_rows], minlength=10) / len(stream.training_rows)
    answers = -np.log(shares)[stream.validation.target]
    assert history.guess == pytest.approx(float(answers.mean()), rel=1e-12)
    assert history.batch_guess == pytest.approx(float(-(shares * np.log(shares)).sum()), rel=1e-12)


@pytest.mark.parametrize(("guess", "kind"), [(GUESS, "trained"), (2.15, "stalled")])
def test_whoever_answers_without_looking_has_learnt_nothing_however_lucky_the_held_out_samples_are(
    guess: float, kind: str
) -> None:
    reached = replace(progress(*[GUESS] * 30, held_out=2.15), guess=guess, batch_guess=GUESS)
    assert judge_learning(reached).kind == kind


def test_batches_that_are_known_by_their_shares_alone_are_not_known_by_heart() -> None:
    """Among the few that are held out the rare class happens to be frequent: guessing those costs more."""
    reached = replace(progress(*[0.33] * 30, held_out=1.2), guess=1.2, batch_guess=0.33)
    assert judge_learning(reached).kind == "stalled"


@pytest.mark.parametrize(
    ("gradients", "said"),
    [
        ([-9.0, -1.0, 0.0], "the input gets under 1/1,000 of the gradient"),
        ([-9.0, -8.0, 0.0], "layer 1 and those before it get under 1/1,000 of the gradient"),
    ],
)
def test_where_the_gradient_ends_is_said_with_what_is_before_it(gradients: list[float], said: str) -> None:
    answer = judge_learning(replace(progress(2.3, 2.3), gradients=np.array(gradients)))
    assert answer.message.endswith(f"; {said}")


@pytest.mark.parametrize("loss", ["cross_entropy", "bce", "mse"])
def test_noise_is_not_learnt_though_nine_of_ten_are_right(tmp_path: Path, loss: str) -> None:
    """The inputs say nothing of the class, which is katze in nine of ten rows: the shares alone are all there is."""
    drawn = np.random.default_rng(0)
    labels = np.where(drawn.random(2000) < 0.1, "hund", "katze")
    rows = [f"{x:.4f},{y:.4f},{label}" for (x, y), label in zip(drawn.normal(size=(2000, 2)), labels, strict=True)]
    (tmp_path / "noise.csv").write_text("\n".join(["x,y,label", *rows]) + "\n")
    experiment = Experiment(
        data=f"csv:{tmp_path / 'noise.csv'}", depth=2, activation="relu", init="he_normal", learning_rate=0.05,
        loss=loss,
    )  # fmt: skip
    outcome = train(Training(experiment=experiment, iterations=300)).outcome
    assert outcome is not None
    assert outcome.numbers["accuracy"] > 0.87
    assert outcome.kind in ("stalled", "falling")  # bce is still on its way down to the shares


@pytest.mark.parametrize(
    ("loss", "target", "seen", "outputs", "guess"),
    [
        ("cross_entropy", [0, 1], [0, 0, 0, 1], 2, -(math.log(0.75) + math.log(0.25)) / 2),
        ("cross_entropy", [0, 0], [0, 0], 3, 0.0),
        ("cross_entropy", [2, 0], [0, 0, 1, 1], 3, -(math.log(0.5 / 4.5) + math.log(2 / 4.5)) / 2),  # 2: never seen
        ("mse", [[1.0], [3.0]], [[0.0], [0.0]], 1, 5.0),
        ("bce", [[1.0], [1.0]], [[0.0], [1.0], [1.0], [1.0]], 1, -math.log(0.75)),
        ("bce", [[1.0], [0.0]], [[0.0], [0.0]], 1, -(math.log(0.25) + math.log(0.75)) / 2),  # 0.5 of 2 samples
    ],
)
def test_guessing_costs_what_the_best_constant_answer_to_what_was_seen_does(
    loss: str, target: list[Any], seen: list[Any], outputs: int, guess: float
) -> None:
    assert LOSSES[loss].guess(np.array(target), np.array(seen), outputs) == pytest.approx(guess, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"data": "spirals", "loss": "mse"},
        {"cell": "rnn", "data": "recall", "steps": 5},
        {"cell": "lstm", "data": "adding", "steps": 4},
    ],
    ids=lambda fields: fields.get("data", "digits"),
)
def test_guessing_costs_before_a_training_what_it_costs_after_it(fields: dict[str, Any]) -> None:
    training = Training(experiment=Experiment(width=4, depth=2, batch=8, **fields), iterations=1)
    assert guess_before(training) == train(training).snapshot().guess


def test_of_a_file_that_nobody_has_read_the_loss_of_guessing_is_not_known() -> None:
    assert guess_before(Training(experiment=Experiment(data="csv:nowhere.csv"))) is None

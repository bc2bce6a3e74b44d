"""The sentence beside a slider: what arrives, what one update does, what a clipping leaves."""

from __future__ import annotations

import math

import numpy as np

from gradtui.text.spans import text_of
from gradtui.views.frame.effect import effect
from gradtui_engine import Experiment
from gradtui_engine.core.figures import apart, many, part_of, short
from tests.tui.helpers import CASES, scene_with, state_of, trace_of

QUESTIONS = ("signal", "first_step", "clip")


def said(experiment: Experiment, of: str) -> str:
    return text_of(effect(scene_with(state_of(experiment)), of))


def test_what_arrives_is_the_verdicts_ratio() -> None:
    for name in ("mlp", "lstm", "rnn", "cured", "growing"):
        ratio = trace_of(CASES[name]).outcome.ratio
        assert (part_of(ratio) if ratio <= 1 else many(ratio)) in said(CASES[name], "signal"), name


def test_one_update_takes_the_loss_from_and_to_what_was_computed() -> None:
    run = trace_of(CASES["mlp"])
    before, after = apart(run.trace.loss, run.trace.loss_after)
    assert f"loss {before} → {after}" in said(CASES["mlp"], "first_step")


def test_a_threshold_that_cuts_says_from_what_to_what() -> None:
    gradients = trace_of(CASES["mlp"]).trace.parameter_gradients
    length = math.sqrt(sum(float(np.sum(gradient**2)) for gradient in gradients.values()))
    for threshold, cut in ((length / 2, True), (length * 2, False)):
        text = said(CASES["mlp"].replace(clip="norm", clip_threshold=threshold), "clip")
        assert f"the gradient is {short(length)} long" in text
        assert (f"cut to {short(length / 2)}" in text) == cut


def test_there_is_a_sentence_whatever_became_of_the_run() -> None:
    for name, experiment in CASES.items():
        for of in QUESTIONS:
            assert len(said(experiment, of)) > 10, (name, of)

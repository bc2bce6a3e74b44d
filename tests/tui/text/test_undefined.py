"""Networks whose gradient is exactly 0: what would be 0/0 is a dash or a sentence, in every pane of every view."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest

from gradtui.model.names import QUANTITIES, VIEWS
from gradtui.model.panes_of import panes_of
from gradtui.text.spans import text_of
from gradtui.text.undefined import defined
from gradtui.views import status
from gradtui.views.catalogue import PANES
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.verdict import verdict
from gradtui.views.idea.chains import Product
from gradtui_engine import Experiment
from tests.examples import covering
from tests.tui.helpers import moments, scene_with, state_of, texts, timeline_of, trace_of

OVER_TIME = Experiment(cell="lstm", data="gaussian", steps=6, width=4, batch=4)
#: Dead from the output on, from somewhere on the way, and by underflow; over layers and over time.
DEAD = {
    "zero weights": Experiment(activation="relu", init="zeros", depth=5, width=4, batch=4),
    "zero weights and skips": Experiment(init="zeros", depth=4, batch=4, norm="batch", residual="add"),
    "equal weights": Experiment(init="constant", init_scale=1.0, depth=5, width=4, batch=4),
    "underflow": Experiment(depth=300, width=4, batch=4, dtype="float32"),
    "an lstm's gate pinned to 0": OVER_TIME.replace(pin_forget=0.0, init="zeros"),
    "an lstm that forgets all": OVER_TIME.replace(forget_bias=-1000.0, input_bias=-1000.0),
    "an lstm that forgets nothing": OVER_TIME.replace(pin_forget=1.0),
    "a gru without weights": OVER_TIME.replace(cell="gru", init="zeros"),
    "an rnn without weights": OVER_TIME.replace(cell="rnn", init="zeros"),
}  # fmt: skip
dead = pytest.mark.parametrize("name", DEAD)
#: A weight of 0 that the update changes has a ratio: inf.
_UNDEFINED = re.compile(r"\b(nan|(?<!weight )inf)\b")


def scenes(name: str, view: str) -> list[Scene]:
    """A view at every moment, and at every quantity of its bars; A beside a B that is as dead."""
    experiment = DEAD[name]
    changes = (("seed", 1),) if view == "compare" else ()
    start = scene_with(state_of(experiment, changes, view=view))
    states = [
        dataclasses.replace(start.state, step=step, selected=selected, quantity=quantity)
        for step in moments(timeline_of(experiment)).values()
        for selected in (None, 0, len(start.stages) - 2)
        for quantity in (QUANTITIES if view == "explore" else QUANTITIES[:1])
    ]
    return [dataclasses.replace(start, state=each) for each in states]


@covering(name=DEAD, view=VIEWS)
def test_no_pane_and_no_header_says_nan_or_inf(name: str, view: str) -> None:
    assert trace_of(DEAD[name]).outcome.kind != "non_finite"
    for scene in scenes(name, view):
        said = [line for width in (80, 200) for line in texts(status.header(scene, width))]
        for pane in panes_of(scene.state):
            for width, height in ((78, 20), (150, 40)):
                said += [PANES[pane].title(scene, width), *texts(PANES[pane].view(scene, width, height))]
        assert [line.strip() for line in said if _UNDEFINED.search(line)] == []


def test_where_nothing_arrives_the_verdict_is_a_sentence_the_same_in_the_header_and_in_compare() -> None:
    (scene, *_) = scenes("zero weights and skips", "compare")
    assert math.isnan(scene.record.outcome.ratio)
    sentence = "A signal ▼ vanishing: the gradient is exactly 0 from layer 4 down  first step ⊘ cut off"
    assert sentence in texts(status.header(scene, 120))[1]
    assert scene.other is not None
    said = [line.rstrip() for line in texts(PANES["difference"].view(scene, 118, 7))]
    assert text_of(verdict(scene.other, 118, "B")) in said
    assert " A signal ▼ vanishing: layer 4  first step ⊘ cut off" in texts(status.header(scene, 80))[1]


@pytest.mark.parametrize(("pane", "view"), [("reading", "lab"), ("plane", "theory"), ("depth", "theory")])
def test_where_nothing_arrives_the_lab_and_theory_say_that_there_is_no_factor(pane: str, view: str) -> None:
    (scene, *_) = scenes("zero weights", view)
    shown = " ".join(" ".join(texts(PANES[pane].view(scene, 100, 40))).split())
    assert "no gradient arrives here, so there is no factor" in shown.replace("arrives,", "arrives here,")


def test_where_nothing_is_measured_nothing_is_marked_as_measured_and_nothing_is_predicted_of_no_spread() -> None:
    (scene, *_) = scenes("zero weights", "theory")
    assert "■" not in "".join(texts(PANES["depth"].view(scene, 100, 30)))
    (scene, *_) = scenes("zero weights", "lab")
    assert "predicted" not in "".join(texts(PANES["reading"].view(scene, 100, 30)))


def test_the_direct_path_of_a_shut_gate_has_the_factor_0_and_without_a_loss_no_half_life() -> None:
    for name, words in (
        ("an lstm that forgets all", "measured on the direct path: a factor of 0 a step on average, half-life 0 steps"),
        ("an lstm that forgets nothing", "measured on the direct path: nothing is lost, the factor is 1"),
    ):
        (scene, *_) = scenes(name, "theory")
        assert words in " ".join(" ".join(texts(PANES["plane"].view(scene, 150, 40))).split())


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (
            3,
            "∂L/∂c: its parts are not known: no gradient arrives at the next stage, and nothing is no share of nothing",
        ),
        (6, "∂L/∂c: direct ×0  through h and the gates ×0   nothing passes"),
    ],
)
def test_of_a_gradient_that_does_not_arrive_or_does_not_pass_the_two_paths_have_no_share(
    stage: int, words: str
) -> None:
    scene = scene_with(state_of(DEAD["an lstm that forgets all"], selected=stage))
    assert words in texts(PANES["paths"].view(scene, 110, 5))[1]


def test_a_norm_of_equal_values_divides_by_its_epsilon_and_by_no_zero() -> None:
    experiment = DEAD["zero weights and skips"]
    timeline = timeline_of(experiment)
    steps = trace_of(experiment).steps
    step = next(each for each in range(timeline.loss, timeline.arrived) if steps[each].operation == "norm")
    shown = " ".join(texts(PANES["why"].view(scene_with(state_of(experiment, step=step)), 200, 10)))
    assert "about 1/σ = 316" in shown  # 1/√1e-5, PyTorch's ε


def test_the_one_idea_has_a_dash_where_a_chain_had_no_gradient() -> None:
    trace = trace_of(DEAD["zero weights"])
    assert Product(trace).factors == (None,) * len(trace.stages)
    assert [defined(each.factor, trace) for each in trace.stages[:-1]] == [None] * (len(trace.stages) - 1)

"""The two panes of tokens: their numbers against softmax and norms written out here."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from gradtui.views.explore import attention, branches
from gradtui.views.theory import plane
from gradtui_engine import Experiment
from gradtui_engine.core.figures import percent, short
from tests.tui.helpers import SIZES, assert_page, scene_of, texts, trace_of

SMALL = Experiment(cell="transformer", depth=3, width=8, heads=2, batch=3)
CASES = {
    "digits by rows": SMALL,
    "recall": SMALL.replace(data="recall", steps=6),
    "no skips": SMALL.replace(residual="none"),
    "uniform": SMALL.replace(query_gain=0.0),
    "one token": SMALL.replace(data="gaussian", steps=1, inputs=4),
}
cases = pytest.mark.parametrize("name", CASES)


@cases
def test_the_pane_of_attention_has_the_entropy_of_softmax_and_the_cosines_of_tokens(name: str) -> None:
    trace = trace_of(CASES[name])
    projected = trace.values["qkv/2"]
    tokens = len(projected)
    query, key = projected[..., 4:8], projected[..., 12:16]  # head 2 of 2, of 4 units each
    scores = np.einsum("tbu,sbu->bts", query, key) / 2
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    entropy = float(-(weights * np.log(weights)).sum(-1).mean())
    scene = scene_of(CASES[name], selected=2, unit=1)
    assert attention.title(scene, 80) == "attention of block 2 · head 2 of 2"
    shown = "\n".join(texts(attention.view(scene, 80, 30)))
    said = re.search(r"entropy (\S+) of ln (\d+) = (\S+) nats", shown)
    assert said is not None
    if entropy > 1e-12:
        assert said[1] == short(entropy)
    assert (said[2], said[3]) == (str(tokens), short(math.log(tokens)))
    if tokens > 1:
        state = trace.values["h/2"]
        unit = state / np.linalg.norm(state, axis=-1, keepdims=True)
        cosines = np.einsum("tbu,sbu->bts", unit, unit)[:, ~np.eye(tokens, dtype=bool)]
        assert f"   2 cosine {short(float(cosines.mean()))}" in shown
    assert f"1/√T = {short(1 / math.sqrt(tokens))}" in shown


@cases
def test_the_pane_of_paths_has_a_blocks_shares(name: str) -> None:
    trace = trace_of(CASES[name])
    scene = scene_of(CASES[name], selected=2)
    assert branches.title(scene, 80) == "three paths of the gradient · through block 2"
    shown = " ".join(texts(branches.view(scene, 80, 20)))
    parts = trace.stages[1].factors
    if "skip" in parts:
        total = sum(parts[part] or 0.0 for part in ("skip", "attention", "mlp"))
        for part, says in (("skip", "skip"), ("attention", "attention"), ("mlp", "MLP")):
            assert f"{says} {percent((parts[part] or 0.0) / total)}" in shown
    else:
        before, after = (np.linalg.norm(trace.gradients[stage]) for stage in ("h/1", "h/2"))
        assert f"= ×{short(float(before / after))}" in shown


@cases
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_both_panes_fit_into_any_room(name: str, size: tuple[int, int]) -> None:
    for selected in (0, 3):
        scene = scene_of(CASES[name], selected=selected)
        for pane in (attention, branches):
            assert_page(pane.view(scene, *size), *size, name)


def test_the_plane_of_theory_says_that_it_is_none_of_attention() -> None:
    shown = " ".join(texts(plane.view(scene_of(SMALL, view="theory"), 110, 40)))
    assert "layers of such weights, without attention, norm and skips" in shown
    assert "this network without norm" not in shown

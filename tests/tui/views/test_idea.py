"""One idea: three diseases and their cures as the same product, held against independent runs."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re

import numpy as np
import pytest

from gradtui.model.changes import differences
from gradtui.model.needs import Failed, Simulation
from gradtui.model.state import State
from gradtui.text import glyphs
from gradtui.views.frame.scene import Scene
from gradtui.views.idea import idea
from gradtui_engine import Experiment, Run, simulate
from gradtui_engine.core.figures import short, superscript
from tests.tui.helpers import assert_page, cut_numbers, scene_of, texts, trace_of

SIZES = ((58, 12), (78, 18), (118, 30), (198, 46))
SEEDS = range(5)
chains = pytest.mark.parametrize("chain", idea.CHAINS, ids=lambda each: each.disease)


def scene(**fields: object) -> Scene:
    return scene_of(Experiment(depth=4, width=8, batch=8), view="idea", **fields)


def shown(width: int, height: int, given: Scene | None = None) -> list[str]:
    lines = idea.view(given or scene(), width, height)
    assert_page(lines, width, height, "idea")
    return texts(lines)


def gradient_norms(trace: Run) -> list[float]:
    """‖∂L/∂c‖ of an LSTM at each stage, else ‖∂L/∂h‖, out of the arrays themselves."""
    states = trace.program.cells or trace.program.stages
    return [float(np.linalg.norm(trace.gradients[name])) for name in states]


def test_it_needs_six_experiments_on_the_persons_own_seed() -> None:
    needs = idea.needs(State(Experiment(seed=7)))
    assert len(set(needs)) == 6
    assert {each.experiment.seed for each in needs} == {7}
    assert [each.experiment.cell for each in needs] == ["mlp"] * 4 + ["rnn", "lstm"]


@chains
def test_each_cure_differs_from_its_disease_in_what_its_name_says(chain: idea.Chain) -> None:
    before, after = chain.experiments(3)
    named = {"sigmoid": {"activation", "init"}, "plain": {"residual"}, "RNN": {"cell", "forget_bias"}}
    assert {name for name, _ in differences(before, after)} == named[chain.disease]


@chains
@pytest.mark.parametrize("side", [0, 1], ids=["disease", "cure"])
def test_what_is_left_at_a_stage_is_the_product_of_the_factors_above_it(chain: idea.Chain, side: int) -> None:
    trace = simulate(chain.experiments(11)[side])
    found = idea.running_products(trace)
    norms = gradient_norms(trace)
    factors = [below / above for below, above in itertools.pairwise(norms)]
    assert len(found) == 31
    for stage, value in enumerate(found):
        assert value == pytest.approx(math.prod(factors[stage:]), rel=1e-9)
    key = "cell" if trace.program.cells else ""
    measured = [stage.factors[key] if key else stage.factor for stage in trace.stages[:-1]]
    assert measured == pytest.approx(factors, rel=1e-9)


@chains
@pytest.mark.parametrize("seed", SEEDS)
def test_the_disease_vanishes_and_the_cure_keeps_the_gradient_whatever_the_seed(chain: idea.Chain, seed: int) -> None:
    disease, cure = (idea.running_products(trace_of(each)) for each in chain.experiments(seed))
    first = 0 if chain.disease == "RNN" else 1
    assert disease[first] < 1e-3
    assert all(1e-2 < value < 1e2 for value in cure)


@pytest.mark.parametrize("glyph_set", glyphs.GLYPHS)
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_at_any_size(size: tuple[int, int], glyph_set: str) -> None:
    glyphs.use(glyph_set)
    try:
        lines = shown(*size)
        ends = "…~" if glyph_set == glyphs.BLOCK else "…"
        assert not re.search(f"[{ends}]", "".join(lines).replace("f_t ~ 1", ""))
        assert cut_numbers("\n".join(lines)) == []
    finally:
        glyphs.use(glyphs.BLOCK)
    assert idea.title(scene(), size[0] - 4)


@pytest.mark.parametrize("size", SIZES)
def test_the_three_results_and_what_makes_them_one_idea_stand_at_every_size(size: tuple[int, int]) -> None:
    text = "\n".join(shown(*size))
    for chain in idea.CHAINS:
        assert f"▼ {chain.disease}" in text
        assert f"● {chain.cure}" in text
        assert chain.formula in text
        for experiment, mark in zip(chain.experiments(0), "▼●", strict=True):
            products = idea.running_products(trace_of(experiment))
            first = 0 if chain.disease == "RNN" else 1
            count = 30 - first
            printed = rf"{mark} ([0-9.]+){superscript(count)} ?= ?{re.escape(short(products[first]))}"
            bases = [float(each) for each in re.findall(printed, text)]
            assert bases == [pytest.approx(products[first] ** (1 / count), abs=5e-4)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_calculator_agrees_with_every_power_that_is_printed(seed: int, size: tuple[int, int]) -> None:
    text = "\n".join(shown(*size, scene_of(Experiment(depth=4, width=8, batch=8, seed=seed), view="idea")))
    powers = re.findall(rf"([0-9.]+)({superscript(29)}|{superscript(30)}) ?= ?([-0-9.e]+)", text)
    assert len(powers) == 6 or size == SIZES[0]
    for base, exponent, total in powers:
        assert short(float(base) ** (29 if exponent == superscript(29) else 30)) == total


def test_the_rows_show_the_factors_of_disease_and_cure_where_there_is_room() -> None:
    lines = shown(198, 46)
    for column, chain in enumerate(idea.CHAINS):
        traces = [trace_of(each) for each in chain.experiments(0)]
        for line in lines[1:31]:
            stage, *factors = line[column * 66 : column * 66 + 64].split()
            wanted = [trace.stages[int(stage)] for trace in traces]
            measured = [each.factors.get("cell", each.factor) for each in wanted]
            expected = [f"×{short(value)}" for value in measured if value is not None]
            assert factors[: len(expected)] == expected


def test_the_marks_stand_on_one_axis_in_the_order_of_the_values() -> None:
    """▼ left of ●, further the further down; at the output both are 1, where the line stands."""
    lines = shown(198, 46)
    for column in range(3):
        rows = [line[column * 66 : column * 66 + 64] for line in lines[1:31]]
        places = [row.index("▼") for row in rows]
        assert places == sorted(places, reverse=True)
        assert all("●" not in row or row.index("●") > row.index("▼") for row in rows)
        assert places[0] - places[-1] > 5
    ends = [lines[1][column * 66 : column * 66 + 64].index("▼") for column in range(3)]
    assert len(set(ends)) == 1, "1 is at the same place in all three"


def test_while_it_computes_and_where_it_cannot_it_says_so() -> None:
    whole = scene()
    six = idea.needs(whole.state)
    waiting = dataclasses.replace(whole, results={each: whole.results[each] for each in six[:5]})
    assert shown(58, 12, waiting)[0].startswith("computing six networks …")
    failed = dataclasses.replace(whole, results={**whole.results, six[2]: Failed("not enough memory")})
    assert shown(58, 12, failed)[0].startswith("not enough memory")


def test_the_selected_stage_of_another_network_does_not_matter() -> None:
    deep = scene_of(Experiment(depth=100, width=2, batch=2), view="idea", selected=90)
    assert "▼ sigmoid" in shown(78, 18, deep)[0]
    assert {Simulation(each) for chain in idea.CHAINS for each in chain.experiments(0)} <= set(deep.results)


@pytest.mark.parametrize("size", SIZES)
def test_it_says_that_the_header_names_another_network(size: tuple[int, int]) -> None:
    assert "not the one in the header" in shown(*size)[-1]


def test_each_column_names_its_experiments_where_there_is_room() -> None:
    lines = shown(198, 46)
    columns = ["\n".join(line[at : at + 64] for line in lines[:-1]) for at in (0, 66, 132)]
    for column, before, after in zip(
        columns,
        (
            "sigmoid · xavier_normal · digits",
            "relu · xavier_normal · digits",
            "RNN 30 steps × 64 · xavier_normal · gaussian",
        ),
        ("init xavier_normal → he_normal", "residual none → scaled", "forget bias – → 4"),
        strict=True,
    ):
        assert before in column
        assert after in column

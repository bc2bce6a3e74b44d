"""One idea: three pairs of the story as the same product, held against independent runs, while it is multiplied."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re

import numpy as np
import pytest

from gradtui.model import events as e
from gradtui.model.names import SHEETS, WAVE_END
from gradtui.model.needs import Failed, Simulation
from gradtui.model.pairs import PAIRS
from gradtui.model.state import State
from gradtui.model.update import update
from gradtui.text import glyphs, language
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.stage_rows import stage_rows
from gradtui.views.idea import chains, idea
from gradtui_engine import Experiment, Run, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.figures import short, superscript
from tests.tui.helpers import assert_page, cut_numbers, scene_of, texts, trace_of

#: The insides of 60×16, 80×24, 120×36 and 200×50.
SIZES = ((58, 9), (78, 18), (118, 30), (198, 44))
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 5))]
each_chain = pytest.mark.parametrize("chain", list(itertools.chain(*chains.SHEETS)), ids=lambda each: each.pair.name)
each_sheet = pytest.mark.parametrize("sheet", range(SHEETS))
each_size = pytest.mark.parametrize("size", SIZES)


def scene(**fields: object) -> Scene:
    return scene_of(Experiment(depth=4, width=8, batch=8), view="idea", **fields)


def shown(width: int, height: int, given: Scene | None = None) -> list[str]:
    lines = idea.view(given or scene(), width, height)
    assert_page(lines, width, height, "idea")
    return texts(lines)


def columns(width: int, height: int, given: Scene | None = None, sheet: int = 0) -> list[list[str]]:
    """The lines of each chain."""
    room = (width - 4) // 3
    lines = shown(width, height, given or scene(sheet=sheet))
    return [[line[at : at + room] for line in lines] for at in (0, room + 2, 2 * room + 4)]


def gradient_norms(trace: Run) -> list[float]:
    """‖∂L/∂c‖ of an LSTM at each stage, else ‖∂L/∂h‖, out of the arrays themselves."""
    states = trace.program.cells or trace.program.stages
    return [float(np.linalg.norm(trace.gradients[name].astype(float))) for name in states]


def first_of(chain: chains.Chain) -> int:
    """The first stage that learns: layer 1, or the initial state."""
    return 0 if CELLS[chain.pair.experiment.cell].over_time else 1


def test_it_needs_both_sides_of_three_pairs_on_the_persons_own_seed() -> None:
    needs = chains.needs(State(Experiment(seed=7)))
    rows = [PAIRS[name] for name in ("relu", "residual", "lstm")]
    assert [each.experiment for each in needs] == [
        experiment.replace(seed=7) for row in rows for experiment in (row.experiment, row.other)
    ]


@each_chain
@pytest.mark.parametrize("side", [0, 1], ids=["disease", "cure"])
def test_what_is_left_at_a_stage_is_the_product_of_the_factors_above_it(chain: chains.Chain, side: int) -> None:
    trace = simulate(chain.experiments(11)[side])
    found = chains.Product(trace)
    norms = gradient_norms(trace)
    factors = [below / above for below, above in itertools.pairwise(norms)]
    # float32 has seven digits, and its norms are rounded to them.
    close = 1e-9 if chain.experiments(0)[0].dtype == "float64" else 1e-6
    for stage, value in enumerate(found.values):
        assert value == pytest.approx(math.prod(factors[stage:]), rel=close * 100)
    assert found.factors[:-1] == pytest.approx(factors, rel=close)
    assert found.factors[-1] is None


@each_chain
@pytest.mark.parametrize("seed", SEEDS)
def test_the_disease_vanishes_and_the_cure_keeps_the_gradient_whatever_the_seed(chain: chains.Chain, seed: int) -> None:
    disease, cure = (chains.Product(trace_of(each)) for each in chain.experiments(seed))
    assert (disease.style, cure.style) == ("vanishing", "healthy")
    assert disease.learning[0] < 1e-3
    assert all(1e-2 < value < 1e2 for value in cure.learning)


@each_sheet
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("glyph_set", glyphs.GLYPHS)
@each_size
def test_nothing_is_cut_at_any_size(sheet: int, size: tuple[int, int], glyph_set: str, lang: str) -> None:
    glyphs.use(glyph_set)
    language.use(lang)
    try:
        lines = shown(*size, scene(sheet=sheet))
        ends = "…~" if glyph_set == glyphs.BLOCK else "…"
        assert not re.search(f"[{ends}]", "".join(lines).replace(" ~ 1", ""))
        assert cut_numbers("\n".join(lines)) == []
        assert not re.search("…", idea.title(scene(), size[0] - 4))
    finally:
        glyphs.use(glyphs.BLOCK)
        language.use("en")


@each_sheet
@each_size
def test_names_results_and_what_makes_them_one_idea_stand_at_every_size(sheet: int, size: tuple[int, int]) -> None:
    for chain, lines in zip(chains.SHEETS[sheet], columns(*size, sheet=sheet), strict=True):
        text = "\n".join(lines)
        assert f"▼ {chain.pair.left}" in lines[0]
        assert f"● {chain.pair.right}" in lines[0]
        assert chain.formula in text
        said = " ".join(" ".join(lines).split())
        assert (chain.pair.idea in said) == (size != SIZES[0])
        for experiment, mark in zip(chain.experiments(0), "▼●", strict=True):
            norms = gradient_norms(trace_of(experiment))
            total, count = norms[first_of(chain)] / norms[-1], len(norms) - 1 - first_of(chain)
            printed = rf"{mark} ([0-9.]+){superscript(count)} ?= ?{re.escape(short(total))}"
            bases = [float(each) for each in re.findall(printed, text)]
            assert bases == [pytest.approx(total ** (1 / count), abs=5e-4)]


@each_size
@pytest.mark.parametrize("seed", SEEDS)
def test_a_calculator_agrees_with_every_power_that_is_printed(seed: int, size: tuple[int, int]) -> None:
    text = "\n".join(shown(*size, scene_of(Experiment(depth=4, width=8, batch=8, seed=seed), view="idea")))
    counts = {superscript(count): count for count in (29, 50)}
    powers = re.findall(rf"([0-9.]+)({'|'.join(counts)}) ?= ?([-0-9.e]+)", text)
    assert len(powers) == 6 or size == SIZES[0]
    for base, exponent, total in powers:
        assert short(float(base) ** counts[exponent]) == total


def test_the_rows_show_the_factors_of_disease_and_cure_where_there_is_room() -> None:
    for chain, lines in zip(chains.SHEETS[0], columns(198, 44), strict=True):
        norms = [gradient_norms(trace_of(each)) for each in chain.experiments(0)]
        last, seen = len(norms[0]) - 1, []
        for line in lines[2:]:
            found = re.match(r" *(?:(\d+)–)?(\d+) +(?:×(\S+) +×(\S+) +)?[█▼]", line)
            if found is None:
                continue
            low = int(found[2])
            high = int(found[1] or low)
            seen += range(high, low - 1, -1)
            expected = [short(side[low] / side[min(high + 1, last)]) for side in norms]
            assert [found[3], found[4]] == (expected if high < last or low < high else [None, None])
        assert seen == list(range(last, first_of(chain) - 1, -1)), "every stage is in one row"


@each_sheet
@each_size
def test_the_cure_stands_and_the_disease_goes_down_a_straight_line(sheet: int, size: tuple[int, int]) -> None:
    """▼ never right of where it was a row above, and far left of ● at the end; ● hardly moves."""
    for lines in columns(*size, sheet=sheet):
        rows = [line for line in lines[2:] if re.search("[▼●]", line) and line[0] not in "▼●"]
        down = [row.index("▼") for row in rows]
        up = [max(row.rfind("●"), row.index("▼")) for row in rows]
        assert down == sorted(down, reverse=True)
        assert max(up) - min(up) <= max(2, (max(up) - min(down)) // 6)
        assert down[-1] < (min(up) + min(down)) / 1.5
        assert len(rows) > 3


@each_sheet
@each_size
def test_the_axis_of_each_chain_is_its_own_and_its_ends_stand_over_it(sheet: int, size: tuple[int, int]) -> None:
    """The lowest end is the power of ten under the disease's last value; 1 stands where the cure begins."""
    for chain, lines in zip(chains.SHEETS[sheet], columns(*size, sheet=sheet), strict=True):
        norms = gradient_norms(trace_of(chain.experiments(0)[0]))
        lowest = math.floor(math.log10(norms[first_of(chain)] / norms[-1]))
        axis = lines[1]
        assert re.findall(r"1e-\d+", axis) == [f"1e{lowest}"]
        one = re.search(r"(?<![\d.e-])1(?!\d|e)", axis)
        assert one is not None
        # At the output all of it is left: both marks stand on 1, and the disease's is in front.
        assert lines[2][one.start()] in "▼●│"
        assert "│" not in idea.title(scene(), size[0])


@each_sheet
@pytest.mark.parametrize("size", [*SIZES, (238, 80), (118, 90)])
def test_rows_are_all_equally_high_and_the_rest_is_blank(sheet: int, size: tuple[int, int]) -> None:
    """A row that is thicker than its neighbours would look like more layers."""
    heights = set()
    for lines in columns(*size, sheet=sheet):
        end = next(at for at, line in enumerate(lines) if re.match("▼ [0-9]", line))
        body = [line.rstrip() for line in lines[2:end]]
        while not body[-1]:
            body.pop()
        assert all(re.search("[▼●]", line) for line in body), "no gap between rows"
        begins = [at for at, line in enumerate(body) if re.match(r" *\d", line)] + [len(body)]
        heights |= {below - above for above, below in itertools.pairwise(begins)}
    assert len(heights) == 1


@pytest.mark.parametrize("size", SIZES[1:])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_factors_of_both_stand_before_the_bars_under_their_marks(size: tuple[int, int], seed: int) -> None:
    given = scene_of(Experiment(depth=4, width=8, batch=8, seed=seed), view="idea")
    for chain, lines in zip(chains.SHEETS[0], columns(*size, given), strict=True):
        places = [lines[1].index(mark) for mark in "▼●"]
        norms = [gradient_norms(trace_of(each)) for each in chain.experiments(seed)]
        rows = [line for line in lines[2:] if re.match(r" *[0-9–]+ +[×█▼]", line)]
        assert len(rows) >= 9
        lows = [int(re.match(r" *(?:\d+–)?(\d+)", row)[1]) for row in rows]  # type: ignore[index]
        for row, above, low in zip(rows[1:], lows, lows[1:], strict=False):
            for place, side in zip(places, norms, strict=True):
                found = re.match(r"×([0-9.e-]+) ", row[place:])
                assert found is not None, row
                # Two digits at the least: half of the second one.
                assert float(found[1]) == pytest.approx(side[low] / side[above], rel=0.051)


# -- the wave ----------------------------------------------------------------------------------------------


@each_size
def test_nothing_is_multiplied_before_it_runs(size: tuple[int, int]) -> None:
    for lines in columns(*size, scene(wave=0)):
        assert not re.search("[█░]|×[0-9]+[.]", "".join(lines[2:]))
        assert [line.split()[:2] for line in lines if re.match("[▼●] 1", line)] == [["▼", "1.00"], ["●", "1.00"]]


@each_size
@pytest.mark.parametrize("wave", [1, 7, WAVE_END // 2, WAVE_END - 1])
def test_the_rows_that_the_wave_has_passed_stay_and_the_result_is_theirs(size: tuple[int, int], wave: int) -> None:
    whole, part = columns(*size), columns(*size, scene(wave=wave))
    for chain, done, going in zip(chains.SHEETS[0], whole, part, strict=True):
        drawn = [at for at, line in enumerate(going) if at > 1 and "▼" in line and line[0] != "▼"]
        assert drawn == list(range(2, 2 + len(drawn))), "from the top, without a gap"
        assert [going[at] for at in drawn] == [done[at] for at in drawn]
        low = min(int(each) for at in drawn for each in re.findall(r"^ *(?:\d+–)?(\d+) ", going[at]))
        norms = [gradient_norms(trace_of(each)) for each in chain.experiments(0)]
        results = [line for line in going if re.match("[▼●] [0-9]", line)]
        said = [re.split("[= ]+", line.split("(")[0].strip())[-1] for line in results]
        assert said == [short(side[low] / side[-1]) for side in norms]


def test_all_three_run_down_together_and_end_together() -> None:
    """In equal shares of their rows, whatever each one's length."""
    start = scene()
    state = update(start.state, e.TogglePlay(), start.timeline)
    assert (state.playing, state.wave) == (True, 0)
    shares = []
    rows = [len(stage_rows(count, 38, first)) for count, first in ((31, 1), (31, 1), (51, 0))]
    for _ in range(WAVE_END):
        state = update(state, e.Tick(1), start.timeline)
        drawn = [
            sum("▼" in line and line[0] != "▼" for line in lines[2:]) / all_rows
            for lines, all_rows in zip(columns(198, 44, dataclasses.replace(start, state=state)), rows, strict=True)
        ]
        assert max(drawn) - min(drawn) < 0.1
        shares.append(drawn[0])
    assert shares == sorted(shares)
    assert not state.playing


def test_the_factor_that_is_being_multiplied_stands_out() -> None:
    lines = idea.view(scene(wave=WAVE_END // 2), 78, 18)
    flashing = [text.strip() for line in lines for text, style in line if style == "cursor"]
    assert len(flashing) == 6, "the disease's and the cure's"
    assert all(re.fullmatch(r"×[0-9.e-]+", text) for text in flashing)
    assert not any(style == "cursor" for line in idea.view(scene(), 78, 18) for _, style in line)


# -- what is there, and what is not ------------------------------------------------------------------------


def test_while_it_computes_and_where_it_cannot_it_says_so() -> None:
    whole = scene()
    six = chains.needs(whole.state)
    waiting = dataclasses.replace(whole, results={each: whole.results[each] for each in six[:5]})
    assert shown(58, 12, waiting)[0].startswith("computing six networks …")
    failed = dataclasses.replace(whole, results={**whole.results, six[2]: Failed("not enough memory")})
    assert shown(58, 12, failed)[0].startswith("not enough memory")


def test_the_selected_stage_of_another_network_does_not_matter() -> None:
    deep = scene_of(Experiment(depth=100, width=2, batch=2), view="idea", selected=90)
    assert shown(78, 18, deep) == shown(78, 18)
    assert {Simulation(each) for chain in chains.SHEETS[0] for each in chain.experiments(0)} <= set(deep.results)


def test_rows_stand_for_as_many_neighbours_each() -> None:
    lines = columns(78, 18)[0][2:]
    labels = [found[1] for line in lines if (found := re.match(r" *(\d+) [ ×]", line))]
    assert labels == [str(row.low) for row in stage_rows(31, 10, 1)]
    lines = columns(118, 30)[0][2:]
    labels = [found[1] for line in lines if (found := re.match(r" *(\d+(?:–\d+)?) [ ×]", line))]
    assert labels == [row.label(9) for row in stage_rows(31, 21, 1)]


def test_each_column_names_its_experiments_where_there_is_room() -> None:
    said = [" ".join(" ".join(lines).split()) for lines in columns(198, 44)]
    for column, before, after in zip(
        said,
        (
            "sigmoid · xavier_normal · digits",
            "relu · xavier_normal · digits",
            "RNN 50 steps × 32 · clip by norm · float32 · torch_default · recall",
        ),
        ("init xavier_normal → he_normal", "residual none → scaled", "forget bias – → 3"),
        strict=True,
    ):
        assert before in column
        assert after in column

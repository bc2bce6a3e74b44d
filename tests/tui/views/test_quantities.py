"""What the bars can show beside the gradient: the trace's own numbers, each on any axis, each at its time."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Sequence

import pytest

from gradtui.model.names import AXES, QUANTITIES
from gradtui.text.scale import ACROSS, LinearScale, LogScale, bar, cell_of, marked
from gradtui.views.frame import quantities
from gradtui.views.frame.bar_data import bars_of
from gradtui.views.frame.bars import title, view
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.stage_rows import StageRow
from gradtui_engine import Run, StageNumbers
from gradtui_engine.analysis.stage_numbers import STAGE_NUMBERS
from gradtui_engine.core.figures import percent, short
from tests.examples import in_one
from tests.tui.helpers import CASES, moments, scene_of, texts, timeline_of, trace_of
from tests.tui.rows import body, parts, row_of

#: What each quantity shows of a stage, read straight from the trace; of two series both.
ORACLE: dict[str, Callable[[StageNumbers], tuple[float | None, ...]]] = {
    "gradient": lambda stage: (
        (stage.gradient_norm,) if stage.cell_gradient_norm is None else (stage.cell_gradient_norm, stage.gradient_norm)
    ),
    "parameters": lambda stage: (stage.parameter_gradient_norm,),
    "update": lambda stage: (stage.update_ratio,),
    "std": lambda stage: (stage.activation.std,),
    "mean": lambda stage: (stage.activation.mean,),
    "saturated": lambda stage: (stage.activation.saturated, stage.activation.dead),
    "factor": lambda stage: (stage.factor,),
    "entropy": lambda stage: (stage.attention_entropy,),
    "similarity": lambda stage: (stage.token_similarity,),
    "zeros": lambda stage: (stage.gradient_zeros,),
}
FORWARD = ("std", "mean", "saturated", "entropy", "similarity")


def of_row(quantity: str, row: StageRow, scene: Scene) -> tuple[float | None, ...]:
    """What a row of several stages shows: what is left of the gradient at its lowest one, of all else their mean."""
    if quantity == "gradient":
        return ORACLE[quantity](scene.stages[row.low])
    quotient = quantity == "factor" and scene.record.outcome.kind != "non_finite"
    shown = []
    for values in zip(*(ORACLE[quantity](scene.stages[stage]) for stage in row.stages), strict=True):
        # 0/0, where nothing is left to compare, is no number; of what broke it is one.
        known = [value for value in values if value is not None and not (quotient and math.isnan(value))]
        if not known or not all(map(math.isfinite, known)) or len(known) == 1:
            shown.append(sum(known) if known else None)
        elif quantity in ("mean", "saturated"):
            shown.append(statistics.fmean(known))
        else:
            shown.append(statistics.geometric_mean(known) if all(known) else 0.0)
    return tuple(shown)


each_quantity = in_one("quantity", QUANTITIES)
#: Glyphs that are no part of a number.
DRAWN = set(ACROSS + "▐│◇·▀▄")


#: The operations that have weights, and so compute their gradients.
WEIGHTED = ("linear", "rnn_step", "lstm_step", "gru_step")


def numbers_of(text: str) -> list[str]:
    """The numbers of a row, the selected stage's mark and its number left out."""
    words = re.sub(r"(\S) %", r"\1%", text.replace("▸", " ")).split()[1:]
    return [word for word in words if not set(word) <= DRAWN]


def test_there_is_a_quantity_for_every_name_and_the_other_way_round() -> None:
    assert tuple(quantities.QUANTITIES) == QUANTITIES
    assert set(ORACLE) == set(QUANTITIES)
    trace = trace_of(CASES["mlp"])
    forward = {name for name, row in quantities.QUANTITIES.items() if row.series(trace)[0].when == "forward"}
    assert forward == set(FORWARD)


@each_quantity
@pytest.mark.parametrize("name", CASES)
def test_beside_a_bar_stands_the_number_that_the_trace_holds(name: str, quantity: str) -> None:
    scene = scene_of(CASES[name], quantity=quantity, rows=True, step=timeline_of(CASES[name]).last)
    if quantity == "update" and scene.over_time:
        assert "share their weights" in " ".join(texts(view(scene, 70, 12)))
        return
    for text in body(scene, 70, 12):
        wanted: Sequence[float | None] = of_row(quantity, row_of(text)[0], scene)
        if quantity in ("factor", "update") and scene.record.outcome.kind != "non_finite":
            # 0/0, where no gradient is left to compare, or no weight.
            wanted = [None if each is not None and math.isnan(each) else each for each in wanted]
        as_text = [percent(each or 0.0).replace(" ", "") if quantity == "saturated" else short(each) for each in wanted]
        if quantity == "gradient" and len(wanted) == 1:
            as_text += numbers_of(text)[1:]
        assert numbers_of(text) == as_text


@pytest.mark.parametrize("quantity", ["gradient", "parameters", "update"])
def test_the_symbol_of_a_bar_is_the_one_of_the_table(quantity: str) -> None:
    row = quantities.QUANTITIES[quantity]
    heads = [STAGE_NUMBERS[shown.name].head for shown in row.bars]
    record = trace_of(CASES["lstm" if quantity == "gradient" else "mlp"])
    assert [series.symbol for series in row.series(record)] == heads


@each_quantity
@pytest.mark.parametrize("name", ["mlp", "cured", "stacked", "gru", "300 steps"])
def test_what_the_forward_pass_computes_is_there_before_any_gradient_and_nothing_before_its_time(
    name: str, quantity: str
) -> None:
    timeline = timeline_of(CASES[name])
    for step in (0, timeline.loss // 2, *moments(timeline).values()):
        scene = scene_of(CASES[name], quantity=quantity, rows=True, step=step)
        if quantity == "update" and scene.over_time:
            continue
        for text in body(scene, 70, 20):
            row = row_of(text)[0]
            if row.high > 0 or quantity not in ("parameters", "update"):
                # The number of a row is there when that of its last stage on the way is, or those of all are.
                needed = [row.low] if quantity == "gradient" else [stage for stage in row.stages if stage > 0] or [0]
                known = all(is_computed(scene.record, quantity, stage, step) for stage in needed)
                assert bool(numbers_of(text)) == known, f"{text!r} at step {step}"


def is_computed(trace: Run, quantity: str, stage: int, step: int) -> bool:
    """Whether the operation that computes a stage's number has been done by then: read off the trace's own steps."""
    done = trace.steps[: step + 1]
    backward = [each for each in done if each.phase == "backward"]
    if quantity in FORWARD:
        return stage <= timeline_of(trace.experiment).reached[step]
    if quantity == "update":
        # It takes all gradients, and follows once they have arrived.
        return any(each.completes == 0 for each in backward)
    if quantity == "parameters":
        return any(each.stage == stage and each.operation in WEIGHTED for each in backward)
    return any(each.completes is not None and each.completes <= stage for each in backward)


@each_quantity
@in_one("kind", AXES)
@pytest.mark.parametrize("name", ["mlp", "cured", "rnn", "overflow", "no weights"])
def test_on_any_axis_a_bar_is_as_long_as_its_number_asks(name: str, kind: str, quantity: str) -> None:
    scene = scene_of(CASES[name], quantity=quantity, axis_kind=kind, rows=True)
    if len(ORACLE[quantity](scene.stages[1])) > 1 or (quantity == "update" and scene.over_time):
        return
    scale, reference = bars_of(scene).scale, quantities.QUANTITIES[quantity].reference
    assert scale.kind == kind
    for line in body(scene, 70, 12):
        row, _ = row_of(line)
        if len(row.stages) == 2:
            continue  # half blocks: `test_two_stages_in_a_row_are_half_bars_each_as_long_as_its_own_number`
        text = parts(scene, 70, 12)[row.low][0]
        (value,) = of_row(quantity, row, scene)
        shown = text.replace("│", " ").replace("◇", "·")
        plain = bar(marked(scale, reference, len(text)), value, len(text)) if value is not None else " " * len(text)
        assert all(one == other for one, other in zip(shown, plain, strict=True) if one != "·")


@each_quantity
def test_the_title_says_what_the_bars_are_on_which_axis_and_whether_it_is_held(quantity: str) -> None:
    row = quantities.QUANTITIES[quantity]
    scene = scene_of(CASES["mlp"], quantity=quantity)
    assert f"{row.axis} {bars_of(scene).scale.label}" in title(scene, 120)
    assert title(scene, 120).count("auto") == 1
    held = scene_of(CASES["mlp"], quantity=quantity, lock=LogScale(-7, 2))
    assert "log 1e-7 … 1e2" in title(held, 120)
    assert title(held, 120).count("locked") == 1
    assert len({title(scene_of(CASES["mlp"], quantity=each), 120) for each in QUANTITIES}) == len(QUANTITIES)


def test_a_held_scale_stays_whatever_is_shown_on_it() -> None:
    held = LogScale(-7, 2)
    for name in ("mlp", "growing", "lstm"):
        assert bars_of(scene_of(CASES[name], lock=held)).scale == held


def test_a_share_has_the_whole_from_0_to_1_as_its_axis() -> None:
    assert bars_of(scene_of(CASES["mlp"], quantity="saturated")).scale == LinearScale(0.0, 1.0)


@pytest.mark.parametrize("name", ["mlp", "growing", "one number"])
def test_the_prediction_is_marked_in_the_cell_of_its_value(name: str) -> None:
    trace = trace_of(CASES[name])
    scene = scene_of(CASES[name], quantity="factor", rows=True)
    assert any(trace.theory.factors), "theory predicts something here"
    for stage, (text, _) in parts(scene, 70, 40).items():
        predicted = trace.theory.factors[stage]
        wanted = (
            [] if predicted is None else [cell_of(marked(bars_of(scene).scale, 1.0, len(text)), predicted, len(text))]
        )
        assert [index for index, glyph in enumerate(text) if glyph == "◇"] == wanted
